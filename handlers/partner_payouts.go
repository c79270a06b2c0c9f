package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/views"
)

const payoutsAt = "/partner/payouts"

// partnerPayouts shows how a partner is paid (F100).
func (h *House) partnerPayouts(c echo.Context, se models.Session) error {
	return h.showPayouts(c, se, http.StatusOK, nil, nil)
}

// showPayouts shows how a partner is paid; wrong is what was wrong with the country, and said a sentence about what was done.
func (h *House) showPayouts(c echo.Context, se models.Session, status int, wrong map[string]string, said *views.Flash) error {
	side, err := h.asPartner(c, se, "How you are paid", "")
	if err != nil {
		return err
	}
	side.frame.Sentence = "Where the money goes that you earn with " + side.company + "."
	v := views.PartnerPayouts{Frame: side.frame}
	if said != nil {
		v.Flash = append(v.Flash, *said)
	}
	if sentBack, err := h.ownBankWords(c.Request().Context(), side); err != nil {
		return err
	} else if sentBack != "" {
		v.Flash = append(v.Flash, views.Flash{Tone: views.Careful, Text: sentBack})
	}
	if v.Stripe, err = h.stripePanel(c.Request().Context(), side); err != nil {
		return err
	}
	if v.Details, err = h.partnerDetails(c.Request().Context(), side); err != nil {
		return err
	}
	if wrong != nil {
		v.Stripe.Country.Value, v.Stripe.Country.Error, v.Stripe.Country.Autofocus = c.FormValue("country"), wrong["country"], true
	}
	h.allowStripe(c)
	return show(c, status, views.PartnerPayoutsPage(v), nil)
}

// stripePanel says how a partner's Stripe account stands. One that cannot receive is read anew, at most every minute.
func (h *House) stripePanel(ctx context.Context, side partnerSide) (views.StripePanel, error) {
	v := views.StripePanel{Now: side.now}
	a, err := h.Store.PayoutAccount(ctx, side.Tenant, side.partner.ID)
	none := errors.Is(err, models.ErrNotFound)
	if err != nil && !none {
		return v, err
	}
	if off := h.Payouts.Here(side.Mode); off != nil && none {
		_, v.Not = statusOf(off)
		if h.Payouts.Mode == "" {
			v.Not = side.company + " cannot pay through Stripe on this Portal. Give your bank details: you are then paid outside Stripe, and you see the reference here."
		}
		return v, nil
	} else if none {
		return v, h.askCountry(ctx, side, &v)
	}
	if !a.CanReceive() && !a.Rejected() && h.Payouts.Here(side.Mode) == nil && (a.ReadAt == nil || a.ReadAt.Before(side.now.Add(-time.Minute))) {
		if now, err := h.Payouts.Refresh(ctx, side.Tenant, side.partner.ID); err == nil {
			a = now
		} else if v.Warning = "Stripe did not answer, so this is how your account stood when it was last asked."; errors.Is(err, models.ErrNotFound) {
			return v, h.askCountry(ctx, side, &v)
		}
	}
	v.Account = accountShown(a, side.company)
	if w := otherCurrency(a, side.partner); w != "" {
		v.Warning = w
	}
	if a.Account == nil || a.Rejected() {
		return v, nil
	}
	err = h.Payouts.MayLeave(ctx, a)
	if v.Account.Another = err == nil; errors.Is(err, models.ErrConflict) {
		_, v.Account.NotAnother = statusOf(err)
		return v, nil
	}
	return v, err
}

// askCountry offers the countries, the partner's own first chosen, and says which are not served.
func (h *House) askCountry(ctx context.Context, side partnerSide, v *views.StripePanel) error {
	platform, err := h.Payouts.Home(ctx)
	if err != nil {
		_, v.Not = statusOf(err)
		v.Not += " Until then no Stripe account can be connected."
		return nil
	}
	v.Country = views.Choice{Name: "country", Label: "Country in which you live, or your firm is", Options: countryOptions()}
	for i, o := range v.Country.Options {
		if _, served := payouts.Serves(platform, o.Value); !served && o.Value != "" {
			v.Country.Options[i].Label += " (bank details only)"
		}
	}
	if own := side.partner.Country; own != nil {
		v.Country.Value = *own
	}
	return nil
}

// partnerPayoutsDo opens an account, or leads to Stripe.
func (h *House) partnerPayoutsDo(c echo.Context, se models.Session) error {
	var err error
	switch ctx := c.Request().Context(); c.FormValue("do") {
	case "open":
		if err = h.openAccount(ctx, se, c.FormValue("country")); err == nil {
			return h.toStripe(c, se)
		}
	case "continue":
		return h.toStripe(c, se)
	case "dashboard":
		var url string
		if url, err = h.Payouts.LoginLink(ctx, se.Tenant(), *se.Partner); err == nil {
			return c.Redirect(http.StatusSeeOther, url)
		}
	case "another":
		if err = h.Payouts.Leave(ctx, se.Tenant(), *se.Partner, actor(se)); err == nil {
			return goTo(c, payoutsAt, "account-left", 0)
		}
	default:
		err = models.Invalid("do", "choose what to do")
	}
	return h.payoutsRefused(c, se, err)
}

// payoutsRefused shows the page with why something was not done.
func (h *House) payoutsRefused(c echo.Context, se models.Session, err error) error {
	wrong, isField := wrongFields(err)
	if isField && wrong["country"] != "" {
		return h.showPayouts(c, se, http.StatusUnprocessableEntity, wrong, nil)
	}
	status, sentence := statusOf(err)
	if status >= 500 && !errors.Is(err, models.ErrLater) {
		return err
	}
	return h.showPayouts(c, se, status, nil, &views.Flash{Tone: views.Bad, Text: sentence})
}

func (h *House) openAccount(ctx context.Context, se models.Session, country string) error {
	if country == "" {
		return models.Invalid("country", "choose a country")
	}
	partner, err := h.Store.Partner(ctx, se.Tenant(), *se.Partner)
	if err != nil {
		return err
	}
	_, err = h.Payouts.OpenAccount(ctx, partner, country, actor(se))
	return err
}

// toStripe mints a link to Stripe's questions for whoever is signed in, and leads there (MONEY.md 4.1).
func (h *House) toStripe(c echo.Context, se models.Session) error {
	here := strings.TrimSuffix(h.PublicURL, "/") + payoutsAt
	url, err := h.Payouts.OnboardingLink(c.Request().Context(), se.Tenant(), *se.Partner, here+"/return", here+"/stripe")
	if err != nil {
		return h.payoutsRefused(c, se, err)
	}
	return c.Redirect(http.StatusSeeOther, url)
}

// partnerPayoutsAgainBack is where Stripe sends somebody whose link was used or is too old: with a new one they go on there.
func (h *House) partnerPayoutsAgainBack(c echo.Context, se models.Session) error {
	if _, err := h.Store.PayoutAccount(c.Request().Context(), se.Tenant(), *se.Partner); errors.Is(err, models.ErrNotFound) {
		return c.Redirect(http.StatusSeeOther, payoutsAt)
	} else if err != nil {
		return err
	}
	return h.toStripe(c, se)
}

// partnerPayoutsReturnBack is where Stripe's questions lead back to. That somebody came back says nothing: Stripe is asked.
func (h *House) partnerPayoutsReturnBack(c echo.Context, se models.Session) error {
	a, err := h.Payouts.Refresh(c.Request().Context(), se.Tenant(), *se.Partner)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return c.Redirect(http.StatusSeeOther, payoutsAt)
	case errors.Is(err, models.ErrLater) || errors.Is(err, models.ErrConflict):
		return goTo(c, payoutsAt, "account-silent", 0)
	case err != nil:
		return err
	}
	return goTo(c, payoutsAt, "account-"+accountState(a), 0)
}

// allowStripe lets the page's forms lead on to Stripe's: browsers hold what a form is answered with against the policy, too.
func (h *House) allowStripe(c echo.Context) {
	if h.Integrations != nil {
		c.Response().Header().Set("Content-Security-Policy", strings.Replace(contentPolicy, "form-action 'self'", "form-action 'self' "+h.Integrations.AuthorizeOrigin(), 1))
	}
}

// paidThrough are the sentences about how partners are paid, and with what.
var paidThrough = map[string]func(int) views.Flash{
	"account-left":     func(int) views.Flash { return done("The account is closed. Choose your country for another one.") },
	"account-let":      func(int) views.Flash { return done("The account is put aside. The partner can connect another one.") },
	"account-silent":   sided(views.Careful, "Stripe did not say how your account stands. Load this page again in a minute."),
	"account-able":     func(int) views.Flash { return done("Stripe says that you can be paid.") },
	"account-papers":   func(int) views.Flash { return done("Stripe says that you can be paid. It asks for more until a day.") },
	"account-asked":    sided(views.Careful, "Stripe still asks for something. You can go on whenever you want."),
	"account-checking": sided(views.Telling, "Stripe has what it asked for, and is checking it."),
	"account-rejected": sided(views.Bad, "Stripe rejected the account."),
	"account-stopped":  sided(views.Careful, "Stripe does not let the account receive money yet."),
	"account-gone":     sided(views.Bad, "This account is closed at Stripe."),
	"card-saved":       func(int) views.Flash { return done("The card is saved. Approved invoices can be paid with it.") },
	"card-open":        sided(views.Careful, "No card was saved yet: Stripe's page was not finished."),
	"card-expired":     sided(views.Careful, "Stripe's page was open for too long. No card was saved; begin again here."),
	"card-older":       sided(views.Careful, "Another card was saved after that one, and is used."),
	"card-foreign":     sided(views.Bad, "That page of Stripe's belongs to another company. Nothing was changed."),
	"card-silent":      sided(views.Careful, "Stripe did not say whether the card was saved. Load this page again in a minute."),
	"card-removed":     func(int) views.Flash { return done("The card is removed.") },
}
