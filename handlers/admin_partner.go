package handlers

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminPartner shows one partner.
func (h *House) adminPartner(c echo.Context, se models.Session) error {
	return h.showPartner(c, se, http.StatusOK, views.CodeForm{})
}

func (h *House) showPartner(c echo.Context, se models.Session, status int, form views.CodeForm) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	v := views.AdminPartner{Now: h.Now(), NewCode: form}
	if admins.takes(se.Role) {
		v.NewCode.Post = "/admin/partners/" + id.String() + "/codes"
	}
	if v.Partner, err = h.Store.Partner(ctx, t, id); err != nil {
		return err
	}
	balances, err := h.Store.BalancesOf(ctx, t, id)
	if err != nil {
		return err
	}
	v.Balances = ownFirst(balances, v.Partner.Currency)
	earned, err := h.Store.Commissions(ctx, t, &id, nil, store.Page{Limit: 10, Desc: true})
	if err != nil {
		return err
	}
	for _, e := range earned[:min(len(earned), 10)] {
		v.Earned = append(v.Earned, commissionLine(e, h.Now()))
	}
	invoices, err := h.Store.Invoices(ctx, t, &id, "", store.Page{Limit: 10, Desc: true})
	if err != nil {
		return fmt.Errorf("list the invoices of %s: %w", id, err)
	}
	v.Invoices = invoiceLines(invoices[:min(len(invoices), 10)])
	if v.Codes, err = h.Store.CodesOf(ctx, t, id); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", v.Partner.Name); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("partner", v.Partner.Status), views.Place{Label: "Partners", Href: "/admin/partners"}
	return show(c, status, views.AdminPartnerPage(v), nil)
}

func commissionLine(c store.CommissionRow, now time.Time) views.CommissionLine {
	l := views.CommissionLine{Href: "/admin/payments/" + c.Payment.String(), Customer: "No e-mail", Payment: c.PaymentKey, PaidAt: c.PaidAt, Status: string(c.Status),
		StatusText: commissionWords(c.Commission, now), Amount: c.Amount, Waits: c.Status == models.Waiting}
	if c.CustomerEmail != nil {
		l.Customer = *c.CustomerEmail
	}
	return l
}
