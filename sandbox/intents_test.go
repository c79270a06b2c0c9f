package sandbox_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/sandbox"
)

func TestADestinationChargeMovesMoneyToThePartner(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1099, "k1")))
	if pi.Status != stripe.PaymentIntentStatusSucceeded || pi.AmountReceived != 1099 || pi.Metadata["invoice"] != "1" {
		t.Fatalf("intent %+v", pi)
	}
	ch := must[*stripe.Charge](t)(sc.Charges.Get(pi.LatestCharge.ID, &stripe.ChargeParams{Params: stripe.Params{Expand: []*string{stripe.String("transfer"), stripe.String("payment_intent")}}}))
	if ch.Transfer.Destination.ID != to || ch.Transfer.Amount != 1099 || ch.TransferGroup != "invoice_1" || ch.PaymentIntent.ClientSecret == "" {
		t.Fatalf("charge %+v", ch)
	}
	if got := s.Moved()[to]["eur"]; got != 1099 || s.Charges(platform) != 1 {
		t.Fatalf("moved %d in %d charges", got, s.Charges(platform))
	}
	list := sc.PaymentIntents.List(&stripe.PaymentIntentListParams{Customer: &cus})
	if !list.Next() || list.PaymentIntent().ID != pi.ID || list.Next() || list.Err() != nil {
		t.Fatal("the customer's intents cannot be listed", list.Err())
	}
}

func TestARefusedCardMovesNothing(t *testing.T) {
	t.Parallel()
	for card, want := range map[string]struct{ code, decline string }{
		"pm_card_chargeCustomerFail":                   {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclined":                  {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {"card_declined", "insufficient_funds"},
		"pm_card_authenticationRequired":               {"authentication_required", "authentication_required"},
	} {
		s := open(t, sandbox.Options{})
		sc := stripeAt(t, s, platformKey, time.Minute)
		cus, _, to := payer(t, s, sc, "pm_card_visa")
		params := pay(cus, card, to, 1099, "k1")
		_, err := sc.PaymentIntents.New(params)
		e := refused(t, err, 402, want.code)
		if string(e.DeclineCode) != want.decline || e.Type != stripe.ErrorTypeCard || e.ChargeID == "" {
			t.Fatalf("%s: %+v", card, e)
		}
		if e.PaymentIntent == nil || e.PaymentIntent.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || e.PaymentIntent.LatestCharge.ID != e.ChargeID {
			t.Fatalf("%s: intent %+v", card, e.PaymentIntent)
		}
		_, err = sc.PaymentIntents.New(params)
		if again := refused(t, err, 402, want.code); again.PaymentIntent.ID != e.PaymentIntent.ID || again.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
			t.Fatalf("%s: the decline is not replayed", card)
		}
		if len(s.Moved()) != 0 || s.Charges(platform) != 0 {
			t.Fatalf("%s: moved %v", card, s.Moved())
		}
	}
}

func TestAHolderWhoConfirmsEndsThePayment(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_authenticationRequiredOnSetup")
	_, err := sc.PaymentIntents.New(pay(cus, "pm_card_authenticationRequired", to, 500, ""))
	pi := refused(t, err, 402, "authentication_required").PaymentIntent
	pi = must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_authenticationRequired")}))
	if pi.Status != stripe.PaymentIntentStatusRequiresAction || pi.NextAction == nil {
		t.Fatalf("intent is %s", pi.Status)
	}
	if err := s.Authenticate(platform, pi.ID, true); err != nil {
		t.Fatal(err)
	}
	if s.Moved()[to]["eur"] != 500 {
		t.Fatal("nothing moved")
	}
	_ = pm
	_, err = sc.PaymentIntents.Cancel(pi.ID, nil)
	refused(t, err, 400, "payment_intent_unexpected_state")
}

func TestAPartnerWhoCannotReceiveIsNotPaid(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	if err := s.RestrictAccount(to); err != nil {
		t.Fatal(err)
	}
	_, err := sc.PaymentIntents.New(pay(cus, pm, to, 1099, ""))
	refused(t, err, 400, "insufficient_capabilities_for_transfer")
	if a := must[*stripe.Account](t)(sc.Accounts.GetByID(to, nil)); a.Capabilities.Transfers != "inactive" || a.PayoutsEnabled || a.Requirements.DisabledReason != "requirements.past_due" {
		t.Fatalf("account %+v", a)
	}
	_, err = sc.PaymentIntents.New(pay(cus, pm, "acct_other", 1099, ""))
	refused(t, err, 400, "resource_missing")
	_, err = sc.PaymentIntents.New(pay(cus, pm, to, 49, ""))
	refused(t, err, 400, "amount_too_small")
	if list := sc.PaymentIntents.List(&stripe.PaymentIntentListParams{}); list.Next() {
		t.Fatal("an intent was made all the same")
	}
}

func TestOneKeyChargesOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	var wg sync.WaitGroup
	var paid, busy atomic.Int32
	s.Fail(sandbox.Fault{Path: "/v1/payment_intents", Hang: 50 * time.Millisecond})
	for range 50 {
		wg.Go(func() {
			_, err := sc.PaymentIntents.New(pay(cus, pm, to, 1099, "same"))
			var e *stripe.Error
			switch {
			case err == nil:
				paid.Add(1)
			case errors.As(err, &e) && e.HTTPStatusCode == http.StatusConflict && e.Code == stripe.ErrorCodeIdempotencyKeyInUse:
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.Charges(platform) != 1 || s.Moved()[to]["eur"] != 1099 || paid.Load() < 1 || paid.Load()+busy.Load() != 50 {
		t.Fatalf("%d charges, %v moved, %d paid, %d busy", s.Charges(platform), s.Moved(), paid.Load(), busy.Load())
	}
	_, err := sc.PaymentIntents.New(pay(cus, pm, to, 2000, "same"))
	var e *stripe.Error
	if !errors.As(err, &e) || e.HTTPStatusCode != 400 || e.Type != stripe.ErrorTypeIdempotency {
		t.Fatal(err)
	}
}

func TestAKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	var hours atomic.Int64
	s := open(t, sandbox.Options{Now: func() time.Time { return start.Add(time.Duration(hours.Load()) * time.Hour) }})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	for i, want := range []int{1, 1, 2} {
		hours.Store([]int64{0, 23, 24}[i])
		must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1099, "daily")))
		if s.Charges(platform) != want {
			t.Fatalf("after %d hours %d charges", hours.Load(), s.Charges(platform))
		}
	}
}

func TestAnAnswerLostAfterTheWorkIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, 500*time.Millisecond)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	for i, f := range []sandbox.Fault{{After: true, Hang: time.Second}, {After: true}, {}} {
		f.Path, f.Method = "/v1/payment_intents", "POST"
		s.Fail(f)
		params := pay(cus, pm, to, 1000, string(rune('a'+i)))
		if _, err := sc.PaymentIntents.New(params); err == nil && f.Hang > 0 { // on a cut, net/http may ask again by itself
			t.Fatal("the fault did not strike")
		}
		must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(params))
		if s.Charges(platform) != i+1 {
			t.Fatalf("fault %d: %d charges", i, s.Charges(platform))
		}
	}
}

func TestAServerErrorAfterTheWorkIsSavedAndOneBeforeIsNot(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	s.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500})
	_, err := sc.PaymentIntents.New(pay(cus, pm, to, 1000, "a"))
	refused(t, err, 500, "")
	must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1000, "a")))
	s.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, After: true})
	for range 2 {
		_, err = sc.PaymentIntents.New(pay(cus, pm, to, 1000, "b"))
		refused(t, err, 500, "")
	}
	if s.Charges(platform) != 2 {
		t.Fatalf("%d charges", s.Charges(platform))
	}
}

func TestRefundsEndAtTheWholeCharge(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1001, "")))
	part := func(amount int64) *stripe.RefundParams {
		return &stripe.RefundParams{PaymentIntent: &pi.ID, Amount: &amount, ReverseTransfer: stripe.Bool(true)}
	}
	_, err := sc.Refunds.New(part(1002))
	refused(t, err, 400, "")
	for _, amount := range []int64{500, 501} {
		re := must[*stripe.Refund](t)(sc.Refunds.New(part(amount)))
		if re.Status != stripe.RefundStatusSucceeded || re.TransferReversal == nil {
			t.Fatalf("refund %+v", re)
		}
	}
	_, err = sc.Refunds.New(part(1))
	refused(t, err, 400, "charge_already_refunded")
	ch := must[*stripe.Charge](t)(sc.Charges.Get(pi.LatestCharge.ID, &stripe.ChargeParams{Params: stripe.Params{Expand: []*string{stripe.String("refunds")}}}))
	if !ch.Refunded || ch.AmountRefunded != 1001 || len(ch.Refunds.Data) != 2 || s.Moved()[to]["eur"] != 0 {
		t.Fatalf("charge %+v, moved %v", ch, s.Moved())
	}
	list := sc.Refunds.List(&stripe.RefundListParams{Charge: &ch.ID})
	n := 0
	for ; list.Next(); n++ {
	}
	if n != 2 || list.Err() != nil {
		t.Fatal(n, list.Err())
	}
}
