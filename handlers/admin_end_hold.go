package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// adminEndHoldForm asks an owner to let be paid to a partner's new bank details at once.
func (h *House) adminEndHoldForm(c echo.Context, se models.Session) error {
	return h.showEndHold(c, se, http.StatusOK, views.EndHoldForm{})
}

func (h *House) showEndHold(c echo.Context, se models.Session, status int, v views.EndHoldForm) error {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	p, err := h.Store.Partner(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	b, err := h.Store.Bank(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	v.Bank, v.Now = h.bankShown(b), h.Now()
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "End the wait"); err != nil {
		return err
	}
	v.Post, v.Back = "/admin/partners/"+id.String()+"/end-hold", views.Place{Label: p.Name, Href: "/admin/partners/" + id.String()}
	v.Sentence = "New bank details of " + p.Name + " wait so that a change by somebody else can be stopped. Ask " + p.Name + " in another way than by e-mail before you end it."
	return show(c, status, views.EndHoldPage(v), nil)
}

// adminEndHold ends the wait, when the owner's password is right too (B17).
func (h *House) adminEndHold(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := h.Store.Bank(c.Request().Context(), se.Tenant(), id); err != nil {
		return err
	}
	v := views.EndHoldForm{Reason: c.FormValue("reason")}
	if strings.TrimSpace(v.Reason) == "" {
		err = models.Invalid("reason", "say how you know that the details are the partner's")
	} else if err = h.provenAgain(c, se); err == nil {
		err = h.Payouts.EndHold(c.Request().Context(), se.Tenant(), id, v.Reason, actor(se))
	}
	if wrong, fields := wrongFields(err); fields {
		v.Wrong = wrong
		return h.showEndHold(c, se, statusAgain(err), v)
	} else if err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+id.String(), "hold-ended", 0)
}

// adminDetails are a partner's bank and billing details on the company's page of the partner.
func (h *House) adminDetails(ctx context.Context, se models.Session, partner models.PartnerID) (views.AdminPartnerDetails, error) {
	d, err := h.detailsOf(ctx, se.Tenant(), partner)
	shown := views.AdminPartnerDetails{PartnerDetails: d}
	if d.Bank != nil && d.Bank.HoldsUntil != nil && owners.takes(se.Role) {
		shown.EndHold = "/admin/partners/" + partner.String() + "/end-hold"
	}
	return shown, err
}
