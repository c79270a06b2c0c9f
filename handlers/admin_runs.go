package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/views"
)

const runsAt = "/admin/invoices/runs"

// adminRuns lists how invoices were drawn up, by schedule and by hand.
func (h *House) adminRuns(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	ctx, t := c.Request().Context(), se.Tenant()
	list, err := h.Store.Runs(ctx, t, page)
	if err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(r models.Run) (time.Time, fmt.Stringer) { return r.StartedAt, r.ID })
	v := views.AdminRuns{Now: h.Now(), Shown: shown(len(list), "run", "runs", next != "")}
	for _, r := range list {
		v.Lines = append(v.Lines, runLine(r))
	}
	v.Newest, v.Older = pageLinks(runsAt, page, next)
	settings, err := h.Store.PayoutSettings(ctx, t)
	if err != nil {
		return err
	}
	v.Next = nextDraw(settings, h.Now())
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Runs"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "When invoices were drawn up, by schedule or by hand, and how many."
	return show(c, http.StatusOK, views.AdminRunsPage(v), nil)
}

func runLine(r models.Run) views.RunLine {
	l := views.RunLine{Href: runsAt + "/" + r.ID.String(), Started: r.StartedAt, By: r.By, Until: r.Until, Status: string(r.Status), Partners: max(r.Partners, r.Looked),
		Looked: r.Looked, Invoices: r.Invoices, Below: r.Below}
	if r.Scheduled {
		l.By = "Schedule"
	}
	return l
}

// adminRun shows how far a run is, or what it drew up.
func (h *House) adminRun(c echo.Context, se models.Session) error {
	return h.showRun(c, se, http.StatusOK, "")
}

func (h *House) showRun(c echo.Context, se models.Session, status int, refusal string) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.RunID](c.Param("id"))
	if err != nil {
		return err
	}
	r, err := h.Store.Run(ctx, t, id)
	if err != nil {
		return err
	}
	v := views.AdminRun{At: runsAt + "/" + id.String(), Look: withQuery("/admin/invoices", url.Values{"run": {id.String()}}), Line: runLine(r), Now: h.Now()}
	if v.Sums, v.Review, v.Seen, err = h.runWaits(ctx, t, id); err != nil {
		return err
	}
	may, who, err := h.mayApprove(ctx, se)
	if err != nil {
		return err
	}
	if v.Cannot = who; may {
		v.Approve, v.Cannot = v.At+"/approve", ""
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Run of "+views.Day(r.StartedAt)); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("run", r.Status), views.Place{Label: "Runs", Href: runsAt}
	v.Sentence = "Draws up what is payable up to " + views.Day(r.Until) + "."
	if refusal != "" {
		v.Flash = append(v.Flash, views.Flash{Tone: views.Bad, Text: refusal})
	}
	return show(c, status, views.AdminRunPage(v), views.AdminRunMain(v))
}

// runWaits sums what of a run is not paid, counts what waits for approval, and puts the latter into words that change with it.
func (h *House) runWaits(ctx context.Context, t models.Tenant, id models.RunID) (waits []models.Money, review int, seen string, err error) {
	all, err := h.Store.InvoiceSums(ctx, t, store.InvoicesAsked{Run: &id})
	if err != nil {
		return nil, 0, "", err
	}
	for _, s := range all {
		waits = append(waits, models.Money{Minor: s.Minor, Currency: s.Currency})
	}
	open, err := h.Store.InvoiceSums(ctx, t, store.InvoicesAsked{Run: &id, Status: models.InReview})
	for _, s := range open {
		review += s.Number
		seen += fmt.Sprintf("%d %s;", s.Number, models.Money{Minor: s.Minor, Currency: s.Currency})
	}
	return waits, review, seen, err
}

// adminRunBack leads from the address of the approval, to which a browser may come back, to the run.
func (h *House) adminRunBack(c echo.Context, _ models.Session) error {
	id, err := models.ParseID[models.RunID](c.Param("id"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, runsAt+"/"+id.String())
}

// adminRunApprove approves all of a run that wait for it, when they come to what the person saw.
func (h *House) adminRunApprove(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.RunID](c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := h.Store.Run(ctx, t, id); err != nil {
		return err
	}
	_, _, now, err := h.runWaits(ctx, t, id)
	if err != nil {
		return err
	}
	if now != c.FormValue("seen") || now == "" {
		return h.showRun(c, se, http.StatusConflict, "Nothing was approved: what waits is not what you saw any more. Look again, then approve what is right.")
	}
	did, err := h.Payouts.ApproveRun(ctx, t, id, actor(se))
	if err != nil {
		return err
	}
	at := runsAt + "/" + id.String()
	switch {
	case did.Left > 0:
		return goTo(c, at, "left", did.Left)
	case did.First > 0:
		return goTo(c, at, "firsts", did.First)
	}
	return goTo(c, at, "approved", did.Approved)
}

// mayApprove tells whether somebody may approve, and who else may when not.
func (h *House) mayApprove(ctx context.Context, se models.Session) (bool, string, error) {
	s, err := h.Store.PayoutSettings(ctx, se.Tenant())
	return who(s.ApproveRoles).takes(se.Role), payouts.RolesMay(s.ApproveRoles, "approve invoices"), err
}

// mayPay tells whether somebody may pay, and who else may when not.
func (h *House) mayPay(ctx context.Context, se models.Session) (bool, string, error) {
	s, err := h.Store.PayoutSettings(ctx, se.Tenant())
	return who(s.PayRoles).takes(se.Role), payouts.RolesMay(s.PayRoles, "pay invoices"), err
}
