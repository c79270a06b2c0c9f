package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"portal/sandbox"
)

// MONEY.md 4.7: the page of the platform pays a partner's balance out, lets that fail, and answers for the bank.
func TestThePagePaysOutToBanksAndAnswersForThem(t *testing.T) {
	t.Parallel()
	s, sc, ch, one, _ := batch(t, "pm_card_visa", 10000)
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, one, 6000, "")))
	debit := charged(t, sc, "pm_sepaDebit", 700, "eur").PaymentIntent.ID
	get, post := browser(t, s)
	press := func(action, want string, pairs ...string) {
		t.Helper()
		form := url.Values{"account": {platform}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		if r, doc := post("/sandbox/"+action, form); !strings.Contains(text(doc), want) {
			t.Errorf("%s: %d %s", action, r.StatusCode, text(doc))
		}
	}
	if page := text(get("/sandbox/?account=" + platform)); !strings.Contains(page, "60.00") || !strings.Contains(page, debit) || !strings.Contains(page, "On its way") {
		t.Error(page)
	}
	press("payouts", "60.00 EUR pending, so nothing can be paid out", "connected", one, "currency", "EUR")
	press("waits", "It is 22 November 2026 at Stripe now.")
	press("payouts", "The bank sent 60.00 EUR back and its account is disabled.", "connected", one, "currency", "EUR", "failure", "no_account")
	press("payouts", "must give another one", "connected", one, "currency", "EUR")
	press("banks", "There is another bank account now.", "connected", one, "currency", "EUR")
	press("payouts", "Paid 60.00 EUR out to the bank.", "connected", one, "currency", "EUR")
	press("settlements", "The bank paid.", "intent", debit, "answer", "yes")
	if has := s.Balances()[one]["eur"]; has != (sandbox.Balance{}) {
		t.Error(has)
	}
}
