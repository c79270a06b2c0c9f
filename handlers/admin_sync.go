package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

const syncAt = "/admin/customers/sync"

// adminSync shows how far the customers of a program have been brought from Stripe (F5, F32). While it is under way the
// page renews itself.
func (h *House) adminSync(c echo.Context, se models.Session) error {
	return h.showSync(c, se, http.StatusOK, "")
}

func (h *House) showSync(c echo.Context, se models.Session, status int, trouble string) error {
	ctx := c.Request().Context()
	p, all, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	i, err := h.connection(ctx, se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	y, err := h.Store.Sync(ctx, se.Tenant(), p.ID, models.SyncOfCustomers)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	v := views.AdminSync{Sync: y, Trouble: trouble, Now: h.Now(), Connected: i.Status != "not_connected", At: withQuery(syncAt, url.Values{"program": {c.QueryParam("program")}})}
	if admins.takes(se.Role) {
		v.Post = syncAt
	}
	v.Program, v.Programs = programChips(all, p.ID, syncAt)
	if v.Frame, err = h.adminFrame(c, se, connectionAt, "Customers from Stripe"); err != nil {
		return err
	}
	v.Back = views.Place{Label: "Connection", Href: withQuery(connectionAt, url.Values{"program": {c.QueryParam("program")}})}
	v.Sentence = "Portal knows customers once they pay. Here it also takes those from Stripe who have not paid since it was connected."
	if y.State != "" {
		v.Status = views.Badge("sync", y.State)
	}
	return show(c, status, views.AdminSyncPage(v), views.AdminSyncMain(v))
}

// adminSyncStart begins to bring them.
func (h *House) adminSyncStart(c echo.Context, se models.Session) error {
	return h.steerSync(c, se, func(who models.Caller) error {
		return h.Integrations.StartCustomers(c.Request().Context(), who, actor(se))
	})
}

// adminSyncSteer pauses it, lets it go on, or ends it.
func (h *House) adminSyncSteer(c echo.Context, se models.Session) error {
	to := map[string]models.SyncState{"pause": models.SyncPaused, "resume": models.SyncRunning, "cancel": models.SyncCancelled}[c.FormValue("do")]
	return h.steerSync(c, se, func(who models.Caller) error {
		return h.Integrations.SteerCustomers(c.Request().Context(), who, to, actor(se))
	})
}

// adminSyncBack leads from where a form was sent to the page that it stands on.
func (h *House) adminSyncBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, withQuery(syncAt, url.Values{"program": {c.QueryParam("program")}}))
}

func (h *House) steerSync(c echo.Context, se models.Session, do func(who models.Caller) error) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	_, trouble, err := toldApart(do(models.Caller{Tenant: se.Tenant(), Program: p.ID}))
	switch {
	case err != nil:
		return err
	case trouble != "":
		return h.showSync(c, se, http.StatusUnprocessableEntity, trouble)
	}
	return c.Redirect(http.StatusSeeOther, withQuery(syncAt, url.Values{"program": {c.FormValue("program")}}))
}
