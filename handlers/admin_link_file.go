package handlers

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// linkRowsShown is how many rows of a file a page shows.
const linkRowsShown = 100

// adminLinkFile shows how far a file has come, and what becomes of each row. While a step is under way it renews itself.
func (h *House) adminLinkFile(c echo.Context, se models.Session) error {
	f, err := h.linkFile(c, se)
	if err != nil {
		return err
	}
	at := linkFilesAt + "/" + f.ID.String()
	v := views.AdminLinkFile{File: f, Now: h.Now(), Download: at + "/verdicts.csv"}
	if f.State == models.FileChecking || f.State == models.FileLinking {
		v.Poll, v.Done = at, max(0, min(f.Progress-1, f.Rows))
	} else if err := h.verdictsShown(c, f, &v); err != nil {
		return err
	}
	if admins.takes(se.Role) {
		v.Commit, v.Recheck = commitWords(f), recheck(f, at)
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", f.Name); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("link_file", f.State), views.Place{Label: "Files of links", Href: linkFilesAt}
	v.Sentence = views.Count(f.Rows, "row", "rows") + ", uploaded " + views.Ago(f.MadeAt, h.Now()) + " by " + f.MadeBy + "."
	return show(c, http.StatusOK, views.AdminLinkFilePage(v), views.AdminLinkFileMain(v))
}

func (h *House) linkFile(c echo.Context, se models.Session) (models.LinkFile, error) {
	id, err := models.ParseID[models.LinkFileID](c.Param("id"))
	if err != nil {
		return models.LinkFile{}, err
	}
	return h.Store.LinkFile(c.Request().Context(), se.Tenant(), id)
}

// verdictsShown fills in what the step that ended found, and a page of rows.
func (h *House) verdictsShown(c echo.Context, f models.LinkFile, v *views.AdminLinkFile) error {
	v.Tone, v.Finding, v.Note = finding(f)
	at, asked := linkFilesAt+"/"+f.ID.String(), models.Verdict(c.QueryParam("verdict"))
	v.Chips = []views.Chip{{Label: "All rows", Href: at, Count: f.Rows, On: asked == ""}}
	for _, verdict := range models.Verdicts {
		if n := f.Counts[verdict]; n > 0 || verdict == asked {
			v.Chips = append(v.Chips, views.Chip{Label: views.StateOf("link_row", verdict).Word, Count: n, On: verdict == asked, Href: withQuery(at, url.Values{"verdict": {string(verdict)}})})
		}
	}
	after, err := strconv.ParseInt(c.QueryParam("after"), 10, 32)
	if err != nil && c.QueryParam("after") != "" {
		return models.Invalid("after", "is not a row of this file")
	}
	rows, err := h.Store.LinkRows(c.Request().Context(), f, asked, int(after), linkRowsShown+1)
	if err != nil {
		return err
	}
	if after > 0 {
		v.First = withQuery(at, url.Values{"verdict": {string(asked)}})
	}
	if len(rows) > linkRowsShown {
		rows = rows[:linkRowsShown]
		v.Next = withQuery(at, url.Values{"verdict": {string(asked)}, "after": {strconv.Itoa(rows[linkRowsShown-1].N)}})
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, views.LinkRowLine{N: r.N, Customer: r.Customer, Partner: r.Partner, Verdict: string(r.Verdict), Because: whyVerdict(r)})
	}
	v.Empty = "No row of this file has this verdict."
	if v.Shown = views.Count(len(rows), "row", "rows"); v.Next != "" {
		v.Shown += ", and further ones"
	}
	return nil
}

// finding says what a step that ended found, and what holds now.
func finding(f models.LinkFile) (tone views.Tone, finding, note string) {
	will, linked := f.Counts[models.WillLink]+f.Counts[models.WillReplace], f.Counts[models.Linked]+f.Counts[models.Replaced]
	switch {
	case f.State == models.FileDone:
		return views.Good, views.Count(linked, "customer was", "customers were") + " linked, from " + views.Exact(*f.CommittedAt) + " on.",
			"What they paid before stays as it is. Each other row says why it linked nobody."
	case will == 0 && f.Counts[models.Already] > 0 && f.Counts[models.Already]+f.Counts[models.Repeated] == f.Rows:
		return views.Good, "Every row is linked already.", "There is nothing to do."
	case will == 0:
		return views.Careful, "No row of this file would link anybody.", "Nothing has changed. Each row says why."
	}
	return views.Telling, views.Count(will, "row would link a customer", "rows would link a customer each") + ", of " + views.Count(f.Rows, "row", "rows") + ".",
		"Nothing has changed yet. Rows that link nobody are left out; each says why."
}

func commitWords(f models.LinkFile) string {
	will := f.Counts[models.WillLink] + f.Counts[models.WillReplace]
	if f.State != models.FileChecked || will == 0 {
		return ""
	}
	return "Link " + views.Count(will, "customer", "customers")
}

// recheck offers the other answer to whether customers of another partner are linked anew, where it makes a difference.
func recheck(f models.LinkFile, at string) views.Action {
	kept, replaced := f.Counts[models.Kept], f.Counts[models.WillReplace]
	switch {
	case f.State != models.FileChecked:
	case !f.Replaces && kept > 0:
		return views.Action{Label: "Link those of other partners too", Icon: "rotate-ccw", Post: at + "/check", Name: "replace", Value: "yes"}
	case f.Replaces && replaced > 0:
		return views.Action{Label: "Leave those of other partners", Icon: "rotate-ccw", Post: at + "/check", Name: "replace", Value: "no"}
	}
	return views.Action{}
}

// whyVerdict says what stands behind a row's verdict, where the verdict alone does not.
func whyVerdict(r models.LinkRow) string {
	holder, like := "another partner", 0
	if r.Holder != nil {
		holder = *r.Holder
	}
	if r.Like != nil {
		like = *r.Like
	}
	switch r.Verdict {
	case models.WillReplace:
		return "Belongs to " + holder + " until then"
	case models.Replaced:
		return "Belonged to " + holder + " before"
	case models.Kept:
		return "Belongs to " + holder + ", and stays theirs"
	case models.Repeated:
		return fmt.Sprintf("Row %d names this customer and partner already", like)
	case models.Contradicts:
		return fmt.Sprintf("Row %d names another partner for this customer, and counts", like)
	case models.NoCustomer:
		return "No customer has this key, Stripe id or e-mail address"
	case models.NoPartner:
		return "No partner has this key; keys are matched exactly"
	case models.NotActive:
		return "A customer linked to them would earn nothing for anybody"
	case models.Malformed:
		return began(r.Because)
	}
	return ""
}

// adminLinkFileCheck checks a file anew.
func (h *House) adminLinkFileCheck(c echo.Context, se models.Session) error {
	return h.changeLinkFile(c, se, func(f models.LinkFile) error {
		return h.Inbox.CheckLinkFile(c.Request().Context(), f.Tenant, f.ID, c.FormValue("replace") == "yes", actor(se))
	})
}

// adminLinkFileCommit lets a checked file link.
func (h *House) adminLinkFileCommit(c echo.Context, se models.Session) error {
	return h.changeLinkFile(c, se, func(f models.LinkFile) error {
		return h.Inbox.CommitLinkFile(c.Request().Context(), f.Tenant, f.ID, actor(se))
	})
}

// changeLinkFile does something to a file and leads back to it. What the file's state does not allow any more leads there too.
func (h *House) changeLinkFile(c echo.Context, se models.Session, do func(models.LinkFile) error) error {
	f, err := h.linkFile(c, se)
	if err != nil {
		return err
	}
	at := linkFilesAt + "/" + f.ID.String()
	if err := do(f); errors.Is(err, models.ErrConflict) {
		return goTo(c, at, "moved-on", 0)
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, at)
}

// adminLinkFileVerdicts sends the rows of a file with their verdicts, as they are read.
func (h *House) adminLinkFileVerdicts(c echo.Context, se models.Session) error {
	f, err := h.linkFile(c, se)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set("Content-Type", "text/csv; charset=utf-8")
	head.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="verdicts-%s.csv"`, f.MadeAt.UTC().Format(time.DateOnly)))
	if _, err := c.Response().Write([]byte("\uFEFF")); err != nil { // spreadsheets take it for UTF-8 then
		return err
	}
	out := csv.NewWriter(c.Response())
	err = out.Write([]string{"row", "customer", "partner", "verdict", "because"})
	for after, more := 0, true; more && err == nil; {
		var rows []models.LinkRow
		if rows, err = h.Store.LinkRows(c.Request().Context(), f, "", after, 5*store.CountCap); err != nil {
			break
		}
		for _, r := range rows {
			after = r.N
			err = errors.Join(err, out.Write([]string{strconv.Itoa(r.N), cell(r.Customer), cell(r.Partner), views.StateOf("link_row", r.Verdict).Word, cell(whyVerdict(r))}))
		}
		more = len(rows) > 0
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(text string) string {
	if strings.HasPrefix(text, "=") || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") || strings.HasPrefix(text, "@") {
		return "'" + text
	}
	return text
}
