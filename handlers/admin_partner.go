package handlers

import (
	"context"
	"errors"
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
	return h.showPartnerGiving(c, se, status, form, views.NewCodeForm{})
}

// showPartnerGiving shows a partner with what was typed for a new code.
func (h *House) showPartnerGiving(c echo.Context, se models.Session, status int, form views.CodeForm, give views.NewCodeForm) error {
	return h.showPartnerWith(c, se, status, views.AdminPartner{NewCode: form}, give)
}

// showPartnerWith shows a partner with what was typed into the forms of the page.
func (h *House) showPartnerWith(c echo.Context, se models.Session, status int, v views.AdminPartner, give views.NewCodeForm) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	v.Now = h.Now()
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
	if err := h.adjustmentsOf(ctx, se, &v); err != nil {
		return err
	}
	if err := h.minimumOf(ctx, se, &v); err != nil {
		return err
	}
	invoices, err := h.Store.Invoices(ctx, t, &id, "", store.Page{Limit: 10, Desc: true})
	if err != nil {
		return fmt.Errorf("list the invoices of %s: %w", id, err)
	}
	v.Invoices = invoiceLines(invoices[:min(len(invoices), 10)])
	if v.Codes, err = h.codesShown(ctx, t, id); err != nil {
		return err
	}
	if admins.takes(se.Role) {
		if v.Give, err = h.giving(c, se, v.Partner, give); err != nil {
			return err
		}
	}
	if v.Account, err = h.accountOf(ctx, v.Partner); err != nil {
		return err
	}
	if money.takes(se.Role) && v.Account.ID != "" && v.Account.State != "rejected" {
		v.Account.Leave = "/admin/partners/" + id.String() + "/account"
	}
	if v.Details, err = h.adminDetails(ctx, se, id); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", v.Partner.Name); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("partner", v.Partner.Status), views.Place{Label: "Partners", Href: "/admin/partners"}
	v.More = append(v.More, views.Action{Label: "Statements", Icon: "file-text", Href: "/admin/partners/" + id.String() + "/statements"})
	if money.takes(se.Role) {
		v.Primary = views.Button(views.Action{Label: "Bonus or deduction", Icon: "plus", Href: "/admin/partners/" + id.String() + "/adjust"})
	}
	return show(c, status, views.AdminPartnerPage(v), nil)
}

// accountOf says how a partner can be paid.
func (h *House) accountOf(ctx context.Context, p models.Partner) (views.AccountLine, error) {
	_, bank := h.Store.Bank(ctx, p.Tenant, p.ID)
	a, err := h.Store.PayoutAccount(ctx, p.Tenant, p.ID)
	if errors.Is(err, models.ErrNotFound) {
		return views.AccountLine{Bank: bank == nil}, nil
	}
	return accountLine(a, bank == nil), err
}

// adminPartnerAccount lets a partner use another Stripe account.
func (h *House) adminPartnerAccount(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	p, err := h.Store.Partner(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	if p.StripeAccount == nil {
		return models.Refuse(models.ErrConflict, p.Name+" has no Stripe account here.")
	}
	if err := h.Payouts.LetLeave(c.Request().Context(), se.Tenant(), id, actor(se)); err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+id.String(), "account-let", 0)
}

// adjustmentsShown is how many of a partner's latest bonuses and deductions their page shows.
const adjustmentsShown = 20

// adjustmentsOf fills in what was booked by hand for a partner, and what they owe.
func (h *House) adjustmentsOf(ctx context.Context, se models.Session, v *views.AdminPartner) error {
	t, p := se.Tenant(), v.Partner
	list, err := h.Store.Adjustments(ctx, t, p.ID, store.Page{Limit: adjustmentsShown, Desc: true})
	if err != nil {
		return err
	}
	for _, a := range list[:min(len(list), adjustmentsShown)] {
		v.Adjusted = append(v.Adjusted, adjustmentLine(a, money.takes(se.Role)))
	}
	open, err := h.Store.OpenWriteOffs(ctx, t, &p.ID)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		v.WriteOff = new(writeOffLine(open[0]))
	}
	if due := v.Balances[0].Due; due.Minor < 0 {
		v.Owes = stands(p.Name, due) + " It comes off the next invoice."
		if v.WriteOff == nil && money.takes(se.Role) {
			v.AskWriteOff = "/admin/partners/" + p.ID.String() + "/write-off"
		}
	}
	return nil
}

func commissionLine(c store.CommissionRow, now time.Time) views.CommissionLine {
	l := views.CommissionLine{Href: "/admin/payments/" + c.Payment.String(), Customer: "No e-mail", Payment: c.PaymentKey, PaidAt: c.PaidAt, Status: string(c.Status),
		StatusText: commissionWords(c.Commission, now), Amount: c.Amount, Waits: c.Status == models.Waiting}
	if c.CustomerEmail != nil {
		l.Customer = *c.CustomerEmail
	}
	return l
}

// adminPartnerBack leads from the address of a form, to which a browser may come back, to the partner.
func (h *House) adminPartnerBack(c echo.Context, _ models.Session) error {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/admin/partners/"+id.String())
}
