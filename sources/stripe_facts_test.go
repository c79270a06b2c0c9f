package sources

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
)

func said(clues []models.Clue) string {
	var all []string
	for _, c := range clues {
		all = append(all, strings.TrimPrefix(c.Place+"."+c.Name+"="+c.Value, "."))
	}
	return strings.Join(all, " ")
}

// facts are what the facts of a sample come to, in short: whom they are about, how they were learned, and what they say;
// after | what held before, ? when nobody knows.
func facts(n models.News) []string {
	var all []string
	for _, f := range n.Facts {
		line := fmt.Sprintf("%s %s %s", f.Subject, f.Kind, said(f.Says))
		if !f.BeforeKnown && f.Kind != models.BySession {
			line += " | ?"
		} else if !slices.Equal(f.Before, f.Says) && f.Kind != models.BySession {
			line += " | " + said(f.Before)
		}
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// F13, F14, F15, F73-F76, D1-D3, MONEY.md 1.3: what events tell of customers, subscriptions, intents and promotion codes, and
// what a session gives to the subscription and the customer which it made (D2). None of it is money.
func TestFactsAreReadFromEventsAndAnswers(t *testing.T) {
	t.Parallel()
	const a, b = "partner_key=PARTNER_A", "partner_key=PARTNER_B"
	for name, want := range map[string][]string{
		"customer_created_new":             {"cus_1 event customer." + a + " |"},
		"customer_created_nobody_old":      {"cus_1 event"},
		"customer_updated_first_key_new":   {"cus_1 event customer." + a + " |"},
		"customer_updated_other_key_old":   {"cus_1 event customer." + a + " | customer." + b},
		"customer_updated_key_gone_new":    {"cus_1 event  | customer." + a},
		"customer_updated_other_thing_new": {"cus_1 event customer." + a},
		"customer_updated_no_previous_new": {"cus_1 event customer." + a + " | ?"},
		"customer_updated_odd_new":         {`cus_1 event customer.partner_key=42 customer.partnero_partner=["x"]`},
		"customer_deleted_whole_old":       {"cus_1 event customer." + a},
		"subscription_created_*":           {"sub_1 event subscription.partnero_partner=PARTNER_A |"},
		"subscription_updated_key_old":     {"sub_1 event subscription.partnero_partner=PARTNER_A | subscription.partnero_partner=PARTNER_B"},
		"subscription_updated_period_new":  {"sub_1 event subscription.partnero_partner=PARTNER_A"},
		"subscription_deleted_new":         {"sub_1 event subscription.partnero_partner=PARTNER_A"},
		"subscription_paused_new":          {"sub_1 event subscription.partnero_partner=PARTNER_A"},
		"subscription_resumed_new":         {"sub_1 event subscription.partnero_partner=PARTNER_A"},
		"intent_created_new":               {"pi_1 event payment_intent." + a + " |"},
		"promotion_code_created_old":       {"promo_1 event code=Save20 promotion_code=promo_1 coupon=COUP"},
		"promotion_code_updated_new":       {"promo_1 event code=Save20 promotion_code=promo_1 coupon=COUP"}, // clover: promotion.coupon
		"session_subscription_*":           {"sub_1 session subscription_session.client_reference=PARTNER_A"},
		"session_made_customer_new":        {"sub_1 session subscription_session." + a + " subscription_session.client_reference=PARTNER_A", "cus_1 session customer_session." + a + " customer_session.client_reference=PARTNER_A"},
		"invoice_coupon_shown_new":         {"di_1 answer invoice.code=Save20 invoice.promotion_code=promo_1 invoice.coupon=COUP", "in_1 answer"},
		"invoice_out_of_band_shown_new":    {"in_1 answer paid_out_of_band=true"},
		"invoice_twelve_lines_shown_*":     nil, // they are read with the invoice
		"session_payment_*":                nil,
		"charge_shown_metadata_old":        {"cus_1 answer customer." + a, "pi_1 answer payment_intent." + b + " charge.partnero_partner=PARTNER_C", "promo_1 answer code=Save20 promotion_code=promo_1 coupon=COUP", "cs_test_1 answer session.promotion_code=promo_1 session.coupon=COUP unread=promo_1", "sub_1 answer"},
	} {
		for _, sample := range matching(t, name) {
			if got := facts(news(t, sample)); !slices.Equal(got, want) {
				t.Errorf("%s\n got %q\nwant %q", sample, got, want)
			}
		}
	}
}

// MONEY.md 1.3: what is no money and tells nothing of whose it is has a reason.
func TestEventsThatSayNothingAreSilentWithAReason(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"customer_deleted_new", "intent_created_nobody_new", "intent_payment_failed_new", "intent_canceled_new", "intent_processing_new",
		"intent_requires_action_new", "invoice_payment_failed_new", "invoice_payment_action_required_new", "invoice_voided_new", "invoice_marked_uncollectible_new",
		"session_expired_new", "session_async_failed_new", "charge_updated_failed_old", "coupon_created_new", "thin_event"} {
		for _, name := range matching(t, pattern) {
			if n := news(t, name); n.Silent == "" || len(n.Tellings)+len(n.Facts)+len(n.Reversals) > 0 || n.Ask != nil {
				t.Errorf("%s tells %+v", name, n)
			}
		}
	}
}

// F33, F60, MONEY.md 1.2, 1.3: the codes that took something off, in every shape; of what came as an id the id is left to
// be read, and what is of no shape names nobody.
func TestDiscountsAreReadInEveryShape(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		coupons string
		unread  []string
	}{
		"invoice_coupon_old":          {"invoice.promotion_code=promo_1 invoice.coupon=COUP", []string{"promo_1"}},
		"invoice_coupon_new":          {"", []string{"di_1"}},
		"invoice_coupon_expanded_new": {"invoice.code=Save20 invoice.promotion_code=promo_1 invoice.coupon=COUP", nil}, // clover: source.coupon
		"session_coupon_new":          {"session.promotion_code=promo_1 session.coupon=COUP", []string{"promo_1"}},
		"session_coupon_old":          {"", []string{"cs_test_1"}},
		"session_coupon_expanded_old": {"session.code=Save20 session.promotion_code=promo_1 session.coupon=COUP", nil},
		"session_coupon_odd_new":      {"", []string{"what", "di_9"}},
		"invoice_discounts_*":         {"", []string{"di_1", "di_2"}},
		"session_payment_*":           {"", nil},
	} {
		for _, sample := range matching(t, name) {
			c := news(t, sample).Tellings[0].Clues
			if said(c.Coupons) != want.coupons || !slices.Equal(c.Unread, want.unread) {
				t.Errorf("%s: %q and unread %q, want %q and %q", sample, said(c.Coupons), c.Unread, want.coupons, want.unread)
			}
		}
	}
}

// MONEY.md 2.3, 2.4: the part of the base that is shipping, in proportion to what was paid; and what was paid outside.
func TestShippingAndMoneyFromOutsideAreToldBesideTheBase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		shipping      int64
		outside, open bool
	}{
		"session_shipping_new": {1500, false, false}, "session_shipping_adaptive_old": {1000, false, false}, // 925 of 11100 EUR is 1000 of 12000 USD
		"invoice_shipping_old": {1000, false, false}, "invoice_shipping_new": {1000, false, true},
		"invoice_shipping_credit_old": {900, false, false}, "invoice_shipping_credit_new": {900, false, true}, // 1200 × 9000/12000
		"invoice_out_of_band_old": {0, true, false}, "invoice_out_of_band_expanded_new": {0, true, false},
		"invoice_create_old": {0, false, false}, "invoice_create_new": {0, false, true}, "invoice_expanded_new": {0, false, false},
		"invoice_payment_outside_new": {0, true, false}, "invoice_payment_new": {0, false, false},
	} {
		got := news(t, name).Tellings[0]
		if got.Shipping != want.shipping || got.Outside != want.outside || got.OutsideOpen != want.open {
			t.Errorf("%s: shipping %d, outside %v, open %v; want %+v", name, got.Shipping, got.Outside, got.OutsideOpen, want)
		}
	}
	in := news(t, "invoice_create_new").Tellings[0]
	if p := Combine([]models.Telling{in, news(t, "invoice_payment_new").Tellings[0]}); p.OutsideOpen || p.Outside {
		t.Error("an invoice whose payment intent is known was not paid outside")
	}
	if p := Combine([]models.Telling{in, news(t, "invoice_payment_outside_new").Tellings[0]}); !p.Outside || p.OutsideOpen {
		t.Error("an invoice with a payment record was paid outside")
	}
}

// P12: the payload holds ten lines, and the rest is read when they were shown; a telling with all of them stays.
func TestAllLinesAreReadWhenTheyWereShown(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"old", "new"} {
		few, all := news(t, "invoice_twelve_lines_"+shape).Tellings[0], news(t, "invoice_twelve_lines_shown_"+shape).Tellings[0]
		if !few.Cut || len(few.Lines) != 10 || all.Cut || len(all.Lines) != 12 || all.Lines[11] != (models.Line{Product: "prod_2", Net: 1000}) {
			t.Errorf("%s: %d lines, cut %v; then %d, cut %v", shape, len(few.Lines), few.Cut, len(all.Lines), all.Cut)
		}
		few.At = few.At.Add(time.Hour)
		if Newer(all, few) || !Newer(few, all) {
			t.Errorf("%s: the telling with ten lines takes the place of the one with all", shape)
		}
	}
}

// What was answered before stays when more is shown, and a replay finds the answer as it was at each moment.
func TestAnswersAddUpAndCanBeTakenApart(t *testing.T) {
	t.Parallel()
	shown := Answer{Aside: true, Shown: map[string]Shown{"customer cus_1": {Object: []byte(`{"id":"cus_1"}`)}}, Without: map[string]string{"lines in_1": "no"}}
	both := Answer{Invoice: "in_1", Intent: "pi_1"}.And(shown)
	if both.Aside || both.Invoice != "in_1" || len(both.Shown) != 1 || len(both.Without) != 1 {
		t.Errorf("an invoice, then more: %+v", both)
	}
	if other := shown.And(Answer{Invoice: "in_1"}); other.Aside || other.Invoice != "in_1" || len(other.Shown) != 1 {
		t.Errorf("more, then an invoice: %+v", other)
	}
	for _, c := range []struct {
		aside bool
		shown []string
		want  string
	}{{true, nil, ""}, {false, nil, `{"invoice":"in_1","intent":"pi_1","session":null}`},
		{true, []string{"customer cus_1", "customer cus_2"}, `{"invoice":"","intent":"","session":null,"aside":true,"shown":{"customer cus_1":{"at":"0001-01-01T00:00:00Z","object":{"id":"cus_1"}}}}`}} {
		if got, err := both.Only(c.aside, c.shown); err != nil || string(got) != c.want {
			t.Errorf("only %v %v: %s, %v", c.aside, c.shown, got, err)
		}
	}
	if _, err := ReadAnswer([]byte(`{"invoice":7}`)); err == nil {
		t.Error("an answer of another shape was read")
	}
}

// An intent tells of the same money as its charge, which goes first; with neither session nor charge it counts by itself.
func TestAnIntentCountsWhereNoBetterWordComes(t *testing.T) {
	t.Parallel()
	for _, name := range matching(t, "intent_succeeded_old") {
		if p := Combine(news(t, name).Tellings); !p.Counted || p.Key != "pi_1" || p.Gross.Minor != 12000 || p.Customer.StripeID != "cus_1" || p.Customer.Email != "ada@example.com" {
			t.Errorf("%s alone: %+v", name, p)
		}
	}
	for first, want := range map[string]struct {
		key     string
		counted bool
		base    int64
	}{"charge_without_invoice_old": {"pi_1", true, 12000}, "session_payment_old": {"pi_1", true, 10000}, "invoice_tax_old": {"in_1", true, 10000},
		"charge_with_invoice_old": {"in_1", false, 0}, "invoice_payment_new": {"in_1", false, 0}} {
		told := slices.Concat(news(t, first).Tellings, news(t, "intent_succeeded_new").Tellings)
		permute(told, func(order []models.Telling) {
			if p := Combine(order); p.Key != want.key || p.Counted != want.counted || p.Base.Minor != want.base {
				t.Errorf("with %s: %+v", first, p)
			}
		})
	}
	if news(t, "intent_captured_in_part_old").Tellings[0].Gross.Minor != 9000 {
		t.Error("a part that was captured is not what counts")
	}
}
