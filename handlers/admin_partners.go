package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminPartners lists the partners with where their money stands.
func (h *House) adminPartners(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.Partners(ctx, t, page)
	if err != nil {
		return fmt.Errorf("list partners: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(p models.Partner) (time.Time, fmt.Stringer) { return time.Time{}, p.ID })
	v := views.AdminPartners{MayAdd: can(se, admins), Shown: shown(len(list), "partner", "partners", next != "")}
	if v.Lines, err = h.partnerLines(ctx, t, list); err != nil {
		return err
	}
	v.Newest, v.Older = around("/admin/partners", nil, page, next)
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "Partners"); err != nil {
		return err
	}
	v.Sentence = "Who brings you customers, and where their money stands."
	if v.MayAdd && len(v.Lines) > 0 {
		v.Primary = views.Button(views.Action{Label: "Add a partner", Icon: "plus", Href: "/admin/partners/new", Kind: views.Primary})
	}
	return show(c, http.StatusOK, views.AdminPartnersPage(v), nil)
}

// partnerLines are partners as a list shows them, a line for each currency.
func (h *House) partnerLines(ctx context.Context, t models.Tenant, list []models.Partner) ([]views.PartnerLine, error) {
	ids := make([]models.PartnerID, 0, len(list))
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	balances, err := h.Store.BalancesOfAll(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	var lines []views.PartnerLine
	for _, p := range list {
		for _, b := range ownFirst(balances[p.ID], p.Currency) {
			lines = append(lines, views.PartnerLine{Href: "/admin/partners/" + p.ID.String(), Name: p.Name, Key: p.Key, Status: p.Status, Balance: b})
		}
	}
	return lines, nil
}

// adminPartner shows one partner.
func (h *House) adminPartner(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	v := views.AdminPartner{Now: h.Now()}
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
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", v.Partner.Name); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("partner", v.Partner.Status), views.Place{Label: "Partners", Href: "/admin/partners"}
	return show(c, http.StatusOK, views.AdminPartnerPage(v), nil)
}

func commissionLine(c store.CommissionRow, now time.Time) views.CommissionLine {
	l := views.CommissionLine{Href: "/admin/payments/" + c.Payment.String(), Customer: "No e-mail", Payment: c.PaymentKey, PaidAt: c.PaidAt, Status: string(c.Status),
		StatusText: commissionWords(c.Commission, now), Amount: c.Amount, Waits: c.Status == models.Waiting}
	if c.CustomerEmail != nil {
		l.Customer = *c.CustomerEmail
	}
	return l
}

// adminPartnerNew asks for a new partner.
func (h *House) adminPartnerNew(c echo.Context, se models.Session) error {
	company, err := h.Store.Company(c.Request().Context(), se.Company)
	if err != nil {
		return err
	}
	return h.showPartnerForm(c, se, http.StatusOK, views.PartnerForm{Currency: string(company.Currency)})
}

// offered are the currencies of the form; a partner in another one is added through the API.
var offered = []models.Currency{"usd", "eur", "gbp", "aud", "brl", "cad", "chf", "dkk", "inr", "jpy", "mxn", "nok", "nzd", "pln", "sek", "sgd"}

func (h *House) showPartnerForm(c echo.Context, se models.Session, status int, v views.PartnerForm) error {
	known := false
	for _, currency := range offered {
		known = known || v.Currency == string(currency)
		v.Currencies = append(v.Currencies, views.Option{Value: string(currency), Label: currency.Code()})
	}
	if !known && models.Currency(v.Currency).Known() {
		v.Currencies = append(v.Currencies, views.Option{Value: v.Currency, Label: models.Currency(v.Currency).Code()})
	}
	var err error
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "Add a partner"); err != nil {
		return err
	}
	v.Back = views.Place{Label: "Partners", Href: "/admin/partners"}
	return show(c, status, views.AdminPartnerNewPage(v), nil)
}

// adminPartnerAdd keeps a new partner, active from the start.
func (h *House) adminPartnerAdd(c echo.Context, se models.Session) error {
	v := views.PartnerForm{Name: strings.TrimSpace(c.FormValue("name")), Key: strings.TrimSpace(c.FormValue("key")),
		Email: strings.TrimSpace(c.FormValue("email")), Currency: c.FormValue("currency")}
	p, err := partnerTyped(v)
	if err == nil {
		err = h.addPartner(c.Request().Context(), se, &p)
	}
	var wrong bool
	if v.Wrong, wrong = wrongFields(err); wrong {
		return h.showPartnerForm(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+p.ID.String(), "partner", 0)
}

// partnerTyped reads the form. What is wrong is a FieldErrors.
func partnerTyped(v views.PartnerForm) (models.Partner, error) {
	var wrong models.FieldErrors
	say := func(field, message string) { wrong = append(wrong, models.FieldError{Field: field, Message: message}) }
	p := models.Partner{Name: v.Name, Key: v.Key, Status: models.PartnerActive}
	if v.Name == "" || len(v.Name) > 200 || v.Name != shortened(v.Name, 200) {
		say("name", "give the partner a name of 200 characters at most")
	}
	if !models.IsPartnerKey(v.Key) {
		say("key", "use 1 to 200 letters, digits, _ or -, without spaces")
	}
	if parsed, err := mail.ParseAddress(v.Email); v.Email != "" && (err != nil || parsed.Address != v.Email || len(v.Email) > 320) {
		say("email", "write an address such as jane@example.com, or leave it empty")
	} else if v.Email != "" {
		p.Email = &v.Email
	}
	currency, err := models.ParseCurrency(v.Currency)
	if err != nil {
		say("currency", "choose the currency the partner is paid in")
	}
	p.Currency = currency
	if len(wrong) > 0 {
		return p, wrong
	}
	return p, nil
}

func (h *House) addPartner(ctx context.Context, se models.Session, p *models.Partner) error {
	p.Tenant, p.CreatedAt = se.Tenant(), h.Now()
	p.ID = models.NewID[models.PartnerID](p.CreatedAt)
	err := h.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.AddPartner(ctx, *p); err != nil {
			return err
		}
		return tx.Audited(ctx, se.Company, actor(se), "partner.added", p.ID.String(), p.Key, p.CreatedAt)
	})
	if errors.Is(err, models.ErrConflict) {
		return models.Invalid("key", "another partner has this key already; choose a different one")
	}
	return err
}
