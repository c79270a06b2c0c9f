package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// partnerBank asks for a bank account: its country first, and then what accounts there are named by.
func (h *House) partnerBank(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	v := views.PartnerBank{Country: c.QueryParam("country")}
	if models.CountryName(v.Country) == "" {
		v.Country = ""
	}
	if _, asked := c.QueryParams()["country"]; !asked {
		if v.Country, err = h.likelyCountry(c.Request().Context(), side); err != nil {
			return err
		}
	} else if v.Country == "" {
		v.Wrong = map[string]string{"country": "Choose the country of the account."}
	}
	return h.showBank(c, http.StatusOK, side, v)
}

// likelyCountry is where a partner's account most likely is: where the saved one is, or where the partner is.
func (h *House) likelyCountry(ctx context.Context, side partnerSide) (string, error) {
	b, err := h.Store.Bank(ctx, side.Tenant, side.partner.ID)
	switch {
	case err == nil:
		return b.Country, nil
	case !errors.Is(err, models.ErrNotFound):
		return "", err
	case side.partner.Country != nil && models.CountryName(*side.partner.Country) != "":
		return *side.partner.Country, nil
	}
	return "", nil
}

func (h *House) showBank(c echo.Context, status int, side partnerSide, v views.PartnerBank) error {
	ctx := c.Request().Context()
	settings, err := h.Store.PayoutSettings(ctx, side.Tenant)
	if err != nil {
		return err
	}
	if v.Details, err = h.partnerDetails(ctx, side); err != nil {
		return err
	}
	v.Hold = "You get a mail at every address of yours, also the one before."
	if settings.CoolingDays > 0 {
		v.Hold = "Nothing is paid to it outside Stripe in the first " + views.Count(settings.CoolingDays, "day", "days") + ", so that a change that is not yours can be stopped. " + v.Hold
	}
	v.Frame, v.Countries, v.Kind, v.Chosen = side.frame, countryOptions(), string(models.BankKindOf(v.Country)), models.CountryName(v.Country)
	v.Title, v.Sentence, v.Back = "Bank details", "Where "+side.company+" sends what it pays you outside Stripe. The numbers are kept encrypted.", views.Place{Label: "How you are paid", Href: "/partner/payouts"}
	return show(c, status, views.PartnerBankPage(v), nil)
}

// partnerBankSave keeps a bank account, when the password is right too (F101).
func (h *House) partnerBankSave(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	v := views.PartnerBank{Country: c.FormValue("country"), Holder: c.FormValue("holder"), IBAN: c.FormValue("iban"), BIC: c.FormValue("bic"),
		Routing: c.FormValue("routing"), Account: c.FormValue("account"), Bank: c.FormValue("bank")}
	typed := models.BankDetails{Tenant: side.Tenant, Partner: side.partner.ID, Holder: v.Holder, Country: v.Country,
		Numbers: models.BankNumbers{IBAN: v.IBAN, BIC: v.BIC, Routing: v.Routing, Account: v.Account, Bank: v.Bank}}
	if _, err = models.ParseBank(typed); err == nil {
		err = h.provenAgain(c, se)
	}
	if err == nil {
		_, err = h.Payouts.SetBank(c.Request().Context(), typed, actor(se))
	}
	if wrong, fields := wrongFields(err); fields {
		v.Wrong = wrong
		if wrong["country"] != "" {
			v.Country = ""
		}
		return h.showBank(c, statusAgain(err), side, v)
	} else if err != nil {
		return err
	}
	return goTo(c, "/partner/payouts", "bank-saved", 0)
}

// errTooManyAgain says the same as signing in does after many tries.
var errTooManyAgain = models.Invalid("password", "too many tries; wait 15 minutes, then try again")

// provenAgain asks whoever is signed in for the password, within the limits of signing in. A wrong one is an ErrInvalid of the field password.
func (h *House) provenAgain(c echo.Context, se models.Session) error {
	password := c.FormValue("password")
	if password == "" {
		return models.Invalid("password", "give your password")
	}
	var person models.Person
	err := inTurn(c.Request().Context(), func() (err error) {
		person, err = h.prove(c.Request().Context(), se.Email, c.RealIP(), password)
		return err
	})
	switch {
	case errors.Is(err, errTooMany):
		c.Response().Header().Set("Retry-After", "900")
		return errTooManyAgain
	case errors.Is(err, models.ErrSignedOut), err == nil && person.ID != se.Person:
		return models.Invalid("password", "is not the password that you sign in with; nothing was changed")
	}
	return err
}

// statusAgain is 429 after too many tries, else what the error is.
func statusAgain(err error) int {
	var fields, many models.FieldErrors
	if errors.As(err, &fields) && errors.As(errTooManyAgain, &many) && len(fields) == 1 && fields[0] == many[0] {
		return http.StatusTooManyRequests
	}
	status, _ := statusOf(err)
	return status
}
