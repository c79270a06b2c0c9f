package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
)

// offers tells whether a page has a form that is sent to an address that ends so.
func offers(t testing.TB, page, ending string) bool {
	t.Helper()
	for _, n := range parsed(t, page) {
		if n.Data == "form" && strings.HasSuffix(attribute(n, "action"), ending) {
			return true
		}
	}
	return false
}

// F102, F103, MONEY.md 4.3: who may change the card is offered to, others only see it; nothing is changed when Stripe is silent or refuses the key.
func TestTheCardsPageSaysHowThingsStand(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	finance, viewer := w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Viewer)
	wants(t, "without a card", w.words(finance, cardAt), "No card is saved", "Save a card")
	w.saveCard("pm_card_visa")
	wants(t, "with a card", w.words(finance, cardAt), "Visa ending 4242", "Expires", "Replace the card", "Remove the card")
	if page := bodyOf(t, w.expect(http.StatusOK, viewer, cardAt, nil)); offers(t, page, "/card") || offers(t, page, "/remove") {
		t.Error("a viewer may change the card")
	}
	answer := w.press(finance, cardAt, "/card", nil)
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.Contains(to, "/c/pay/cs_test_") {
		t.Errorf("led to %d %s", answer.StatusCode, to)
	}
	if policy := w.expect(http.StatusOK, finance, cardAt, nil).Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://*.stripe.com") {
		t.Errorf("the policy is %q", policy)
	}
	wants(t, "not finished", w.after(finance, w.ask(finance, cardAt+"/card?session="+w.session(), nil)), "No card was saved yet")
	stranger := w.anotherCompany()
	foreign := w.as(stranger.Tenant, models.Owner)
	wants(t, "another company's", w.after(foreign, w.ask(foreign, cardAt+"/card?session="+w.session(), nil)), "belongs to another company")
	w.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/checkout/sessions/*", Status: 500, Times: 9})
	if answer := w.press(finance, cardAt, "/card", nil); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a silent Stripe is answered %d", answer.StatusCode)
	} else {
		wants(t, "silent", textOf(t, bodyOf(t, answer)), "Stripe did not answer as it should", "Visa ending 4242")
	}
	w.Payouts.Mode = models.Live
	wants(t, "the other side", w.words(finance, cardAt), "pays through Stripe on the live side only")
	w.Payouts.Mode = ""
	wants(t, "without a key", w.words(finance, cardAt), "Paying through Stripe is not set up on this Portal")
}

// session is the page of Stripe's that was opened last for the company.
func (w *companyWorld) session() string {
	w.t.Helper()
	p, err := w.Store.Payer(w.t.Context(), w.caller.Tenant)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Session
}

// MONEY.md 4.3: a card that ends is told on the invoices' pages, and one that was removed in Stripe leads to the page on which to save another.
func TestTheInvoicesPagesTellOfTheCard(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.saveCard("pm_card_visa")
	w.sell(w.sale(1, 40, "cus_1", "ann@example.com", "ANN_KEY"))
	w.drawUp()
	finance := w.as(w.caller.Tenant, models.Finance)
	w.press(finance, w.invoicePage(), "/approve", nil)
	ends := func(year int, month time.Month) {
		if _, err := w.Store.DB().Exec(`UPDATE cards SET exp_year = $1, exp_month = $2`, year, int(month)); err != nil {
			t.Fatal(err)
		}
	}
	ends(w.clock.Year(), w.clock.Month())
	wants(t, "the invoice", w.words(finance, w.invoicePage()), "that pays your partners ends with "+w.clock.Format("January 2006"), "Pay 20.00 USD")
	ends(w.clock.Year()-1, w.clock.Month())
	wants(t, "the invoices", w.words(finance, "/admin/invoices"), "so payments by it are declined")
	if err := w.stripe.Onboard(*w.ann.StripeAccount, sandbox.Restricted); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Payouts.Refresh(t.Context(), w.ann.Tenant, w.ann.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, "a restricted account", w.words(finance, w.invoicePage()), "Stripe still asks the partner for an identity document", "How Partner ANN_KEY can be paid")
	if _, err := w.Store.DB().Exec(`UPDATE cards SET stripe_method = ''`); err != nil {
		t.Fatal(err)
	}
	wants(t, "no card", w.words(finance, w.invoicePage()), "no card saved for payouts", "Save a card")
}

// F100, F123, MONEY.md 4.1: what the partner is told, where there is no Stripe, a silent one, and one that says no.
func TestAPartnerIsToldHowTheyArePaid(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	ann := w.signedIn("ann", w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	open := func(country string) *http.Response {
		return w.press(ann, payoutsAt, "/stripe", url.Values{"country": {country}})
	}
	w.Payouts.Mode = ""
	wants(t, "without a key", w.words(ann, payoutsAt), "cannot pay through Stripe on this Portal", "Give bank details")
	w.Payouts.Mode = models.Live
	wants(t, "the other side", w.words(ann, payoutsAt), "on the live side only")
	w.Payouts.Mode = models.Test
	w.stripe.RevokeKey(platformKey)
	wants(t, "a refused key", w.words(ann, payoutsAt), "Stripe refuses this Portal's own key")
	w.stripe.RestoreKey(platformKey)
	if answer := open(""); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no country is answered %d", answer.StatusCode)
	}
	w.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/accounts", After: true, Status: 500, Times: 3})
	if answer := open("US"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a silent Stripe is answered %d", answer.StatusCode)
	}
	wants(t, "afterwards", w.words(ann, payoutsAt), "Stripe asks for more", "You cannot be paid yet") // found again
	if answer := w.press(ann, payoutsAt, "/stripe", nil); !strings.Contains(answer.Header.Get("Location"), "/setup/e/acct_") {
		t.Errorf("led to %d %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	if answer := w.ask(ann, payoutsAt+"/stripe", url.Values{"do": {"dashboard"}}); answer.StatusCode != http.StatusConflict {
		t.Errorf("Stripe's page before the questions are answered: %d", answer.StatusCode)
	}
	a, err := w.Store.PayoutAccount(t.Context(), w.ann.Tenant, w.ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.stripe.Onboard(*a.Account, sandbox.Rejected); err != nil {
		t.Fatal(err)
	}
	wants(t, "rejected", w.after(ann, w.ask(ann, payoutsAt+"/return", nil)), "Stripe rejected the account", "That is final", "bank details")
	for do, form := range map[string]url.Values{"going on": {"do": {"continue"}}, "beginning anew": {"do": {"another"}}} {
		if answer := w.ask(ann, payoutsAt+"/stripe", form); answer.StatusCode != http.StatusConflict {
			t.Errorf("%s after a rejection: %d", do, answer.StatusCode)
		}
	}
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "the company", w.words(owner, "/admin/partners/"+w.ann.ID.String()), "Rejected by Stripe", "That is final")
	wants(t, "the partner's home", w.words(ann, "/partner"), "Your Stripe account cannot be paid yet", "See what to do")
}
