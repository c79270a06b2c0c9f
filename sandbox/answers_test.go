package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v76"

	"portal/sandbox"
)

// MONEY.md 4.5: a bank may decline one payment of a good card, or ask its holder, and take the next one.
func TestABankAnswersOnePaymentInACurrencyItsOwnWay(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	cus, pm, _ := payer(t, s, sc, "pm_card_visa")
	s.Bank(platform, "eur", "insufficient_funds")
	refused(t, second(sc.PaymentIntents.New(pay(cus, pm, one, 1000, ""))), 402, "card_declined")
	must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, one, 1000, "")))

	s.Bank(platform, "eur", sandbox.BankAsks)
	refused(t, second(sc.PaymentIntents.New(pay(cus, pm, one, 1000, ""))), 402, "authentication_required")
	list := sc.PaymentIntents.List(&stripe.PaymentIntentListParams{Customer: &cus})
	if !list.Next() {
		t.Fatal("no intent")
	}
	asked := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Confirm(list.PaymentIntent().ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: &pm, ReturnURL: stripe.String("https://portal.test/back")}))
	if asked.Status != stripe.PaymentIntentStatusRequiresAction || asked.NextAction.RedirectToURL.URL == "" {
		t.Fatalf("%s %+v", asked.Status, asked.NextAction)
	}
	if err := s.Authenticate(platform, asked.ID, true); err != nil {
		t.Fatal(err)
	}
	if now := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Get(asked.ID, nil)); now.Status != stripe.PaymentIntentStatusSucceeded {
		t.Errorf("%s", now.Status)
	}
}
