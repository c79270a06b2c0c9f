package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

const companyAt = "/admin/settings/company"

// adminCompany shows who the company is on invoices, and the account that it pays from.
func (h *House) adminCompany(c echo.Context, se models.Session) error {
	form, err := h.billingSaved(c.Request().Context(), se.Tenant(), nil)
	if err != nil {
		return err
	}
	return h.showCompany(c, se, http.StatusOK, form, views.AccountForm{})
}

func (h *House) showCompany(c echo.Context, se models.Session, status int, billing views.BillingForm, account views.AccountForm) error {
	d, err := h.Store.Debtor(c.Request().Context(), se.Tenant())
	if err == nil {
		account.Saved = "Saved: account in " + models.CountryName(d.Country) + " ending " + d.Last4 + ", " + d.Holder + "."
	} else if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	v := views.AdminCompany{Billing: billing, Account: account, Reads: !admins.takes(se.Role)}
	if v.Reads && billing.Name != "" {
		v.Shown = &views.BillingShown{Name: billing.Name, Address: append(strings.Split(billing.Address, "\n"), models.CountryName(billing.Country)), Tax: billing.TaxSaved}
	}
	v.Billing.Post, v.Billing.Countries, v.Account.Countries = companyAt, countryOptions(), countryOptions()
	if v.Frame, err = h.adminFrame(c, se, "/admin/settings/payments", "Company"); err != nil {
		return err
	}
	v.Sentence = "How your company stands on invoices, and the account that it pays from."
	return show(c, status, views.AdminCompanyPage(v), nil)
}

// adminCompanySave keeps who the company is on invoices.
func (h *House) adminCompanySave(c echo.Context, se models.Session) error {
	form, err := h.billingTyped(c, se.Tenant(), nil, actor(se))
	if wrong, fields := wrongFields(err); fields {
		form.Wrong = wrong
		return h.showCompany(c, se, http.StatusUnprocessableEntity, form, views.AccountForm{})
	} else if err != nil {
		return err
	}
	return goTo(c, companyAt, "billing-saved", 0)
}

// adminCompanyBack leads from the address of the account's form to the page.
func (h *House) adminCompanyBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, companyAt)
}

// adminCompanyAccount keeps the account that the company pays from.
func (h *House) adminCompanyAccount(c echo.Context, se models.Session) error {
	form := views.AccountForm{Holder: c.FormValue("holder"), Country: c.FormValue("account_country"), IBAN: c.FormValue("iban"), BIC: c.FormValue("bic")}
	err := h.Payouts.SetDebtor(c.Request().Context(), models.DebtorAccount{Tenant: se.Tenant(), Holder: form.Holder, Country: form.Country,
		Numbers: models.BankNumbers{IBAN: form.IBAN, BIC: form.BIC}}, actor(se))
	if wrong, fields := wrongFields(err); fields {
		form.Wrong = wrong
		billing, err := h.billingSaved(c.Request().Context(), se.Tenant(), nil)
		if err != nil {
			return err
		}
		return h.showCompany(c, se, http.StatusUnprocessableEntity, billing, form)
	} else if err != nil {
		return err
	}
	return goTo(c, companyAt, "account-saved", 0)
}
