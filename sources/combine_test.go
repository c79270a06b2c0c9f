package sources

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

// keep is what the store does with tellings as they come: of one object the newest stays.
func keep(all []models.Telling) []models.Telling {
	byObject := map[string]models.Telling{}
	for _, t := range all {
		if old, ok := byObject[t.Object]; !ok || Newer(old, t) {
			byObject[t.Object] = t
		}
	}
	var kept []models.Telling
	for _, t := range byObject { // in no order, as it must be
		kept = append(kept, t)
	}
	return kept
}

func permute[T any](all []T, do func([]T)) {
	if len(all) < 2 {
		do(all)
		return
	}
	for i := range all {
		permute(slices.Delete(slices.Clone(all), i, i+1), func(rest []T) { do(append([]T{all[i]}, rest...)) })
	}
}

// MONEY.md 2.1, 2.4, D8, B10: the events of one sale, each order, in both shapes, some repeated, make one payment.
func TestTheEventsOfOneSaleMakeOnePaymentInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		events      []string
		key         string
		counted     bool
		gross, base int64
		aliases     []string
		metadata    []string
		reference   string
	}{
		{"one-off, old", []string{"session_payment_old", "charge_without_invoice_old"}, "pi_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "pi_1"}, []string{"charge=PARTNER_A", "session=PARTNER_A", "session=PARTNER_B"}, ""},
		{"one-off, new", []string{"session_payment_new", "charge_new", "charge_refunded_half_new"}, "pi_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "pi_1"}, []string{"charge=PARTNER_A", "session=PARTNER_A"}, ""},
		{"with an invoice, old", []string{"session_invoice_creation_old", "invoice_create_old", "charge_with_invoice_old", "invoice_payment_succeeded_old"}, "in_1", true, 12000, 12000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"session=PARTNER_A", "subscription=PARTNER_A"}, ""},
		{"with an invoice, new", []string{"session_invoice_creation_new", "invoice_create_new", "charge_answered_invoice_new"}, "in_1", true, 12000, 12000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A", "session=PARTNER_A", "subscription=PARTNER_A"}, ""},
		{"a subscription, old", []string{"session_subscription_old", "invoice_tax_old", "charge_with_invoice_old"}, "in_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"subscription=PARTNER_A"}, "PARTNER_A"},
		{"a subscription, new", []string{"session_subscription_new", "invoice_tax_new", "charge_answered_invoice_new"}, "in_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A", "subscription=PARTNER_A"}, "PARTNER_A"},
		{"all that a subscription tells, new", []string{"session_subscription_new", "invoice_tax_new", "charge_new", "intent_succeeded_new", "invoice_payment_new"}, "in_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A", "payment_intent=PARTNER_A", "subscription=PARTNER_A"}, "PARTNER_A"},
		{"a charge that is known to pay an invoice", []string{"charge_new", "invoice_payment_new"}, "in_1", false, 0, 0,
			[]string{"ch_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"an intent alone", []string{"intent_succeeded_old"}, "pi_1", true, 12000, 12000,
			[]string{"ch_1", "pi_1"}, []string{"payment_intent=PARTNER_A"}, ""},
		{"an intent and its charge, new", []string{"intent_answered_alone_new", "charge_new"}, "pi_1", true, 12000, 12000,
			[]string{"ch_1", "pi_1"}, []string{"charge=PARTNER_A", "payment_intent=PARTNER_A"}, ""},
		{"a charge that nobody asked about", []string{"charge_new"}, "pi_1", false, 0, 0,
			[]string{"ch_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"a charge whose invoice has not come", []string{"charge_answered_invoice_new", "charge_refunded_half_new"}, "in_1", false, 0, 0,
			[]string{"ch_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"a charge whose subscription session came first", []string{"charge_new", "session_unpaid_new", "session_invoice_creation_new"}, "in_1", true, 12000, 12000,
			[]string{"ch_1", "cs_test_1", "in_1", "pi_1"}, []string{"charge=PARTNER_A", "session=PARTNER_A"}, ""},
		{"a charge with no invoice and no session", []string{"charge_answered_alone_new", "charge_refunded_full_new"}, "pi_1", true, 12000, 12000,
			[]string{"ch_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"a charge whose session was asked for, and the session", []string{"charge_answered_session_new", "session_payment_new"}, "pi_1", true, 12000, 10000,
			[]string{"ch_1", "cs_test_1", "pi_1"}, []string{"session=PARTNER_A"}, ""},
		{"a delayed method", []string{"session_unpaid_new", "session_async_succeeded_new"}, "pi_1", true, 12000, 10000, // P8
			[]string{"cs_test_1", "pi_1"}, []string{"session=PARTNER_A"}, ""},
		{"authorised, then captured in part", []string{"charge_authorised_old", "charge_captured_in_part_old"}, "pi_1", true, 9000, 9000,
			[]string{"ch_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"authorised in the old shape, captured in the new", []string{"charge_authorised_old", "charge_answered_alone_new"}, "pi_1", true, 12000, 12000,
			[]string{"ch_1", "pi_1"}, []string{"charge=PARTNER_A"}, ""},
		{"a trial", []string{"session_coupon_free_new"}, "cs_test_1", false, 0, 0, []string{"cs_test_1"}, []string{"session=PARTNER_A"}, ""},
	} {
		permute(append(c.events, c.events[0]), func(order []string) {
			var told []models.Telling
			for _, name := range order {
				told = append(told, news(t, name).Tellings...)
			}
			p := Combine(keep(told))
			var metadata []string
			for _, clue := range p.Clues.Metadata {
				metadata = append(metadata, clue.Place+"="+clue.Value)
			}
			if p.Key != c.key || p.Counted != c.counted || p.Gross.Minor != c.gross || p.Base.Minor != c.base || p.Gross.Currency != "usd" ||
				!slices.Equal(p.Aliases, c.aliases) || !slices.Equal(metadata, c.metadata) || p.Clues.ClientReference != c.reference || p.Customer.StripeID != "cus_1" {
				t.Fatalf("%s as %v: %+v", c.name, order, p)
			}
		})
	}
}

// MONEY.md 2.1: the browser's call with the charge's id and the webhook are one sale; Stripe's amounts go first.
func TestAnAPICallAndTheWebhookOfItsChargeMeet(t *testing.T) {
	t.Parallel()
	call := posted()
	call.Key, call.Amount = "ch_1", "120.00"
	told, err := call.Tell()
	if err != nil {
		t.Fatal(err)
	}
	if p := Combine([]models.Telling{told}); p.Key != "ch_1" || !p.Counted || p.Source != models.SourceAPI || len(p.Lines) != 1 {
		t.Errorf("the call alone: %+v", p)
	}
	for _, event := range []string{"charge_without_invoice_old", "charge_answered_alone_new"} {
		p := Combine([]models.Telling{told, news(t, event).Tellings[0]})
		if p.Key != "pi_1" || p.Source != models.SourceStripe || p.Clues.Partner != "PARTNER_A" || p.Customer.Key != "user_1" || p.Customer.StripeID != "cus_1" {
			t.Errorf("with %s: %+v", event, p)
		}
	}
	p := Combine([]models.Telling{told, news(t, "charge_with_invoice_old").Tellings[0], news(t, "invoice_tax_old").Tellings[0]})
	if p.Key != "in_1" || p.Base.Minor != 10000 {
		t.Errorf("with its invoice: %+v", p)
	}
}

func TestACustomerIsMadeUnlessNobodyWantsIt(t *testing.T) {
	t.Parallel()
	call := posted()
	call.CreateCustomer, call.Key = false, "ch_1"
	told, _ := call.Tell()
	if !Combine([]models.Telling{told}).Customer.FindOnly {
		t.Error("F50: the call asked for no customer")
	}
	if Combine([]models.Telling{told, news(t, "charge_new").Tellings[0]}).Customer.FindOnly {
		t.Error("F5: Stripe's customers are made")
	}
}

func TestNothingToldIsNoPayment(t *testing.T) {
	t.Parallel()
	if p := Combine(nil); !reflect.DeepEqual(p, models.Payment{}) {
		t.Errorf("%+v", p)
	}
}

// telling draws one of any shape, out of few values, so that ties are common.
func telling() *rapid.Generator[models.Telling] {
	return rapid.Custom(func(t *rapid.T) models.Telling {
		pickOne := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
		amount := models.Money{Minor: rapid.Int64Range(0, 3).Draw(t, "amount"), Currency: "usd"}
		at := time.Unix(rapid.Int64Range(0, 2).Draw(t, "at"), 0).In(rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 3600)}).Draw(t, "zone"))
		return models.Telling{
			Source: models.SourceStripe, Object: pickOne("object", "a", "b", "c"), Rank: rapid.SampledFrom([]int{30, 20, 10, 5}).Draw(t, "rank"),
			At: at, Counts: rapid.Bool().Draw(t, "counts"), InvoiceKnown: rapid.Bool().Draw(t, "known"),
			Invoice: pickOne("invoice", "", "", "in_1", "in_2"), Intent: pickOne("intent", "", "pi_1"), Charge: pickOne("charge", "", "ch_1", "ch_2"),
			Gross: amount, Base: amount, PaidAt: at,
			Customer: models.PaymentCustomer{Email: pickOne("email", "", "x", "y")},
			Clues:    models.Clues{ClientReference: pickOne("reference", "", "A", "B"), Metadata: []models.Clue{{Place: pickOne("place", places...), Value: pickOne("value", "A", "B")}}},
		}
	})
}

// B10: what came in which order makes no difference, neither to what is kept nor to what is made of it.
func TestOrderMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		told := rapid.SliceOfN(telling(), 0, 6).Draw(t, "told")
		want := Combine(keep(told))
		again := rapid.Permutation(append(told, told...)).Draw(t, "again")
		if got := Combine(keep(again)); fmt.Sprintf("%+v", inUTC(got)) != fmt.Sprintf("%+v", inUTC(want)) {
			t.Fatalf("%+v\nis not %+v", got, want)
		}
		if want.Counted && (want.Base.Minor > want.Gross.Minor || want.Key == "" && len(want.Aliases) > 0) {
			t.Fatalf("%+v", want)
		}
	})
}

func inUTC(p models.Payment) models.Payment {
	p.PaidAt = p.PaidAt.UTC()
	return p
}
