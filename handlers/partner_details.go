package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// partnerDetails are the bank and billing details of the partner who looks.
func (h *House) partnerDetails(ctx context.Context, side partnerSide) (views.PartnerDetails, error) {
	return h.detailsOf(ctx, side.Tenant, side.partner.ID)
}

// detailsOf are a partner's bank and billing details as anybody may see them.
func (h *House) detailsOf(ctx context.Context, t models.Tenant, partner models.PartnerID) (views.PartnerDetails, error) {
	d := views.PartnerDetails{Now: h.Now()}
	b, err := h.Store.Bank(ctx, t, partner)
	if err == nil {
		d.Bank = new(h.bankShown(b))
	} else if !errors.Is(err, models.ErrNotFound) {
		return d, err
	}
	billing, err := h.Store.Billing(ctx, t, &partner)
	if err == nil {
		lines := append(strings.Split(billing.Address, "\n"), models.CountryName(billing.Country))
		d.Billing = &views.BillingShown{Name: billing.Name, Address: lines, Tax: models.MaskedTax(billing.TaxNumber)}
	} else if !errors.Is(err, models.ErrNotFound) {
		return d, err
	}
	return d, nil
}

func (h *House) bankShown(b models.BankDetails) views.BankShown {
	shown := views.BankShown{What: "Account in " + models.CountryName(b.Country) + " ending " + b.Last4, Holder: b.Holder, SetAt: b.SetAt}
	if h.now().Before(b.HoldsUntil) {
		shown.HoldsUntil = &b.HoldsUntil
	}
	return shown
}

// countryOptions lists all countries to choose from.
func countryOptions() []views.Option {
	options := []views.Option{{Value: "", Label: "Choose a country"}}
	for _, c := range models.Countries {
		options = append(options, views.Option{Value: c.Code, Label: c.Name})
	}
	return options
}

// partnerBilling asks how a partner stands on invoices.
func (h *House) partnerBilling(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	form, err := h.billingSaved(c.Request().Context(), side.Tenant, &side.partner.ID)
	if err != nil {
		return err
	}
	if form.Name == "" && side.partner.Country != nil {
		form.Country = *side.partner.Country
	}
	return showBilling(c, http.StatusOK, side, form)
}

func showBilling(c echo.Context, status int, side partnerSide, form views.BillingForm) error {
	form.Post, form.Back, form.Countries = "/partner/payouts/billing", "/partner/payouts", countryOptions()
	v := views.PartnerBilling{Frame: side.frame, Form: form}
	v.Title, v.Sentence, v.Back = "Billing details", "How you stand on your invoices. Those drawn up before stay as they are.", views.Place{Label: "How you are paid", Href: "/partner/payouts"}
	return show(c, status, views.PartnerBillingPage(v), nil)
}

// billingSaved is the form with what is saved; the tax number is masked.
func (h *House) billingSaved(ctx context.Context, t models.Tenant, partner *models.PartnerID) (views.BillingForm, error) {
	b, err := h.Store.Billing(ctx, t, partner)
	if errors.Is(err, models.ErrNotFound) {
		return views.BillingForm{}, nil
	}
	return views.BillingForm{Name: b.Name, Address: b.Address, Country: b.Country, TaxSaved: models.MaskedTax(b.TaxNumber)}, err
}

// billingTyped reads the form and keeps it. A tax number that was left empty stays the saved one, unless it is to go.
func (h *House) billingTyped(c echo.Context, t models.Tenant, partner *models.PartnerID, who models.Actor) (views.BillingForm, error) {
	ctx := c.Request().Context()
	form := views.BillingForm{Name: c.FormValue("name"), Address: c.FormValue("address"), Country: c.FormValue("country"), Tax: strings.TrimSpace(c.FormValue("tax_number")), NoTax: c.FormValue("no_tax") == "yes"}
	saved, err := h.Store.Billing(ctx, t, partner)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return form, err
	}
	form.TaxSaved = models.MaskedTax(saved.TaxNumber)
	number := form.Tax
	if number == "" && !form.NoTax {
		number = saved.TaxNumber
	}
	err = h.Payouts.SetBilling(ctx, models.BillingDetails{Tenant: t, Partner: partner, Name: form.Name, Address: form.Address, Country: form.Country, TaxNumber: number}, who)
	return form, err
}

// partnerBillingSave keeps how a partner stands on invoices.
func (h *House) partnerBillingSave(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	form, err := h.billingTyped(c, side.Tenant, &side.partner.ID, actor(se))
	if wrong, fields := wrongFields(err); fields {
		form.Wrong = wrong
		return showBilling(c, http.StatusUnprocessableEntity, side, form)
	} else if err != nil {
		return err
	}
	return goTo(c, "/partner/payouts", "billing-saved", 0)
}
