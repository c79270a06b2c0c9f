package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

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
	p := models.Partner{Name: v.Name, Key: v.Key, Status: models.PartnerActive, Active: models.Spans{{}}}
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
	p.Tenant, p.CreatedAt = se.Tenant(), h.now()
	p.ID = models.NewID[models.PartnerID](p.CreatedAt)
	err := h.Inbox.AddPartner(ctx, *p, actor(se))
	if errors.Is(err, models.ErrConflict) {
		return models.Invalid("key", "another partner has this key already; choose a different one")
	}
	return err
}
