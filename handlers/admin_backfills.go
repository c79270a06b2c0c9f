package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const (
	backfillsAt  = "/admin/backfills"
	changesShown = 200 // how many payments of a backfill a page shows
)

// adminBackfills lists the batches.
func (h *House) adminBackfills(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.Backfills(c.Request().Context(), se.Tenant(), page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(b models.Backfill) (time.Time, fmt.Stringer) { return b.MadeAt, b.ID })
	v := views.AdminBackfills{Now: h.Now(), Shown: shown(len(list), "backfill", "backfills", next != "")}
	for _, b := range list {
		l := views.BackfillLine{Href: backfillsAt + "/" + b.ID.String(), Customer: backfilled(b), Partner: b.PartnerName, Since: b.Since, By: b.MadeBy, At: b.MadeAt, State: stateOfBackfill(b)}
		for _, p := range b.Effect.Partners {
			if p.Partner == b.Partner {
				l.Sums = append(l.Sums, p.Amount)
			}
		}
		if b.UndoneAt == nil && admins.takes(se.Role) {
			l.Undo = l.Href + "#undo"
		}
		v.Lines = append(v.Lines, l)
	}
	v.Newest, v.Older = around(backfillsAt, nil, page, next)
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", "Backfills"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Unattributed", Href: "/admin/unattributed"}, "Customers linked from a day in the past, each with what that changed."
	begin := views.Action{Label: "Backfill a customer", Icon: "rotate-ccw", Href: backfillsAt + "/new", Kind: views.Primary}
	switch {
	case !admins.takes(se.Role):
	case len(v.Lines) > 0:
		v.Primary = views.Button(begin)
	default:
		v.EmptyDo = begin
	}
	return show(c, http.StatusOK, views.AdminBackfillsPage(v), nil)
}

// backfilled is what the customer of a batch is called.
func backfilled(b models.Backfill) string {
	switch {
	case b.Email != nil && *b.Email != "":
		return *b.Email
	case b.CustomerKey != "":
		return b.CustomerKey
	}
	return "A customer who turned out to be another"
}

func stateOfBackfill(b models.Backfill) string {
	if b.UndoneAt != nil {
		return "undone"
	}
	return "stands"
}

// adminBackfill shows one batch and what it changed.
func (h *House) adminBackfill(c echo.Context, se models.Session) error {
	return h.showBackfill(c, se, http.StatusOK, "")
}

// adminBackfillBack leads from where undoing was asked for to the page of the batch.
func (h *House) adminBackfillBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, backfillsAt+"/"+c.Param("id"))
}

func (h *House) showBackfill(c echo.Context, se models.Session, status int, refused string) error {
	id, err := models.ParseID[models.BackfillID](c.Param("id"))
	if err != nil {
		return err
	}
	b, err := h.Store.Backfill(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	v := views.AdminBackfill{Batch: b, Customer: backfilled(b), Effect: h.effectView(b.Effect), Refused: refused}
	v.Effect.Past = true
	if b.UndoneAt == nil && admins.takes(se.Role) {
		v.Undo = backfillsAt + "/" + b.ID.String() + "/undo"
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", backfilled(b)); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("backfill", stateOfBackfill(b)), views.Place{Label: "Backfills", Href: backfillsAt}
	v.Sentence = "Linked to " + b.PartnerName + " since " + views.Day(b.Since) + "."
	if b.UndoneAt != nil {
		v.Sentence = "Was linked to " + b.PartnerName + " since " + views.Day(b.Since) + ", until it was undone. What stands below was booked, and booked back."
	}
	return show(c, status, views.AdminBackfillPage(v), nil)
}

// effectView shows as much of an effect as a page holds.
func (h *House) effectView(e models.Effect) views.EffectView {
	v := views.EffectView{Effect: e, Now: h.Now()}
	if len(e.Changes) > changesShown {
		v.More = len(e.Changes) - changesShown
		v.Changes = e.Changes[:changesShown]
	}
	return v
}

// adminBackfillUndo takes a batch back as one (B3).
func (h *House) adminBackfillUndo(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.BackfillID](c.Param("id"))
	if err != nil {
		return err
	}
	err = h.Inbox.UndoBackfill(c.Request().Context(), se.Tenant(), id, actor(se))
	var refused models.Refusal
	if errors.As(err, &refused) && errors.Is(err, models.ErrConflict) {
		return h.showBackfill(c, se, http.StatusConflict, refused.Sentence)
	} else if err != nil {
		return err
	}
	return goTo(c, backfillsAt+"/"+id.String(), "undone", 0)
}
