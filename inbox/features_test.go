package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// partners makes partners of the house.
func (h *house) partners(keys ...string) {
	h.t.Helper()
	for _, key := range keys {
		storetest.Partner(h.t, h.Store, h.caller.Tenant, key, "usd")
	}
}

// whose tells for every payment, by its own time, its partner, how they were found, and the customer record.
func (h *house) whose() []string {
	h.t.Helper()
	var all []string
	for _, p := range h.payments() {
		line := p.Key
		if p.PartnerKey != nil {
			line += fmt.Sprintf(" %s by %s", *p.PartnerKey, *p.AttributedBy)
		}
		if p.CustomerKey != nil {
			line += " of " + *p.CustomerKey
		}
		all = append(all, line)
	}
	return all
}

func (h *house) wants(want ...string) {
	h.t.Helper()
	if got := h.whose(); !slices.Equal(got, want) {
		h.t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// F59: a payment at Stripe sends a webhook, which is kept; the customer is matched, then the partner, and a commission is made.
func TestTheWayFromPaymentToCommission(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		lead := h.lead("john", " BUYER1@Example.com")
		events := func(status models.EventStatus) []models.Event {
			list, err := h.Store.Events(context.Background(), h.caller.Tenant, status, storetest.FirstPage())
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		h.post(c.Event("invoice.paid", 0, c.Invoice(storetest.Plain("manual", 10000, 2000))), c.Event("charge.succeeded", 0, c.Charge(12000)))
		if kept := events(models.EventPending); len(kept) != 2 || kept[0].Type != "invoice.paid" || len(h.payments()) != 0 {
			t.Errorf("received: %+v", kept)
		}
		h.drain()
		if kept := events(models.EventDone); len(kept) != 2 {
			t.Errorf("done: %+v", kept)
		}
		p := h.payments()[0]
		if p.Customer == nil || *p.Customer != lead.ID || p.Partner == nil || *p.Partner != h.partner.ID {
			t.Errorf("customer %v, partner %v", p.Customer, p.Partner)
		}
		h.says("the commission", "in_1 sale paid: 100.00 of 120.00 USD; PARTNER_A by email; held 20.00 of 20.00 USD; ch_1 pi_1", "balance held 20.00 USD")
	})
}

// F62, F66, F67, F70, F71: three charges of one customer with keys A, B and A: a record for each of the two partners, the
// third reuses the first's, and each pays its own; in any order of their coming.
func TestThreeChargesWithTwoKeys(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("PARTNER_B")
		c.Customer = "cus_123"
		var bodies [][]byte
		for n, partner := range []string{"PARTNER_A", "PARTNER_B", "PARTNER_A"} {
			charge := c.Later(string(rune('a'+n)), time.Duration(n)*time.Hour)
			bodies = append(bodies, charge.Event("charge.succeeded", 0, charge.Charge(9999, "metadata", key(partner))))
		}
		order := [][]byte{bodies[2], bodies[0], bodies[1]}
		if c.Shape == storetest.Old {
			order = bodies
		}
		h.hear(order...)
		h.wants("pi_1a PARTNER_A by metadata of stripe_cus_123__pkey_PARTNER_A", "pi_1b PARTNER_B by metadata of stripe_cus_123__pkey_PARTNER_B",
			"pi_1c PARTNER_A by metadata of stripe_cus_123__pkey_PARTNER_A")
		for _, earned := range h.commissions() {
			if earned.Amount.String() != "20.00 USD" { // half even of 19.998
				t.Errorf("%s earned %s", earned.PaymentKey, earned.Amount)
			}
		}
		if got := h.stands(h.partner); got != "balance held 40.00 USD" {
			t.Errorf("PARTNER_A: %s", got)
		}
		list, err := h.Store.Customers(context.Background(), h.caller.Tenant, "", "", store.Page{Limit: 10})
		if err != nil || len(list) != 2 {
			t.Errorf("%d customer records, %v", len(list), err)
		}
		if got := h.linked("stripe_cus_123__pkey_PARTNER_A"); len(got) != 1 || got[0] != h.partner.ID {
			t.Errorf("the record with PARTNER_A belongs to %v", got)
		}
	})
}

// F63: what the transaction-based model is meant for: a marketplace's buyer who buys from two sellers, an agency's client
// who is sold more by another, and a shop that writes the referrer on each payment of people it knows nothing else of.
func TestWhatTheTransactionBasedModelIsFor(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("SELLER_1", "SELLER_2", "AGENT", "UPSELLER", "REFERRER")
		named := func(partner string) []any { return []any{"metadata", key(partner)} }
		client, extra, renewal := c.Later("c", 2*time.Hour), c.Later("d", 3*time.Hour), c.Later("e", 4*time.Hour)
		client.Customer, extra.Customer, renewal.Customer = "cus_2", "cus_2", "cus_2"
		stranger := c.Later("f", 5*time.Hour)
		stranger.Customer = ""
		second := c.Later("b", time.Hour)
		plan := storetest.Plain("subscription_create", 10000, 0)
		again := plan
		again.Reason = "subscription_cycle"
		agent := snapshot(c.Shape, "AGENT")
		h.hear(join(bought(c, 5000, 0, named("SELLER_1")...), bought(second, 5000, 0, named("SELLER_2")...),
			[][]byte{client.Event("invoice.paid", 0, client.Invoice(plan, agent...))}, bought(extra, 5000, 0, named("UPSELLER")...),
			[][]byte{renewal.Event("invoice.paid", 0, renewal.Invoice(again, agent...))}, bought(stranger, 5000, 0, named("REFERRER")...))...)
		var got []string
		for _, line := range h.whose() {
			got = append(got, strings.Join(strings.Fields(line)[:2], " "))
		}
		if want := []string{"pi_1 SELLER_1", "pi_1b SELLER_2", "in_1c AGENT", "pi_1d UPSELLER", "in_1e AGENT", "pi_1f REFERRER"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// snapshot is where an invoice of a shape carries the metadata of its subscription.
func snapshot(shape storetest.Shape, partner string) []any {
	if shape == storetest.Old {
		return []any{"subscription_details.metadata", key(partner)}
	}
	return []any{"parent.subscription_details.metadata", key(partner)}
}

// F73, F74: charge, invoice, subscription and customer are all looked at, in this order, wherever a payment has them.
func TestThePlacesOfTheKeyInTheirOrder(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("ON_CHARGE", "ON_INVOICE", "ON_SUBSCRIPTION", "ON_CUSTOMER")
		var want []string
		var bodies [][]byte
		for n, first := range []string{"ON_CHARGE", "ON_INVOICE", "ON_SUBSCRIPTION", "ON_CUSTOMER"} {
			p := c.Later(string(rune('a'+n)), time.Duration(n)*time.Hour)
			bill, charge, subscription := storetest.Plain("subscription_cycle", 5000, 0), []any{}, []any{}
			if n == 0 {
				charge = []any{"metadata", key(first)}
			}
			if n <= 1 {
				bill.Metadata = map[string]string{"partner_key": "ON_INVOICE"}
			}
			if n <= 2 {
				subscription = snapshot(c.Shape, "ON_SUBSCRIPTION")
			}
			invoice := p.Event("invoice.paid", 0, p.Invoice(bill, subscription...))
			bodies = append(bodies, p.Event("charge.succeeded", 0, p.Charge(5000, charge...)), invoice)
			want = append(want, "in_"+p.N+" "+first+" by metadata of stripe_cus_1__pkey_"+first)
		}
		h.hear(append(bodies, c.Event("customer.created", -time.Hour, c.Object("ON_CUSTOMER")))...)
		h.wants(want...)
	})
}

// F75: a key on the Stripe customer holds for every later charge that does not name another, and for none before.
func TestF75AKeyOnTheCustomerHoldsForLaterCharges(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("ON_CHARGE")
		charge := func(letter string, after time.Duration, set ...any) []byte {
			p := c.Later(letter, after)
			return p.Event("charge.succeeded", 0, p.Charge(5000, set...))
		}
		bodies := [][]byte{charge("a", 0), c.Event("customer.updated", time.Hour, c.Object("PARTNER_A"), map[string]any{"metadata": map[string]any{"partner_key": nil}}),
			charge("b", 2*time.Hour), charge("c", 3*time.Hour, "metadata", key("ON_CHARGE")), charge("d", 4*time.Hour)}
		if c.Shape == storetest.New {
			slices.Reverse(bodies)
		}
		h.hear(bodies...)
		h.wants("pi_1a of stripe_cus_1", "pi_1b PARTNER_A by metadata of stripe_cus_1__pkey_PARTNER_A", "pi_1c ON_CHARGE by metadata of stripe_cus_1__pkey_ON_CHARGE",
			"pi_1d PARTNER_A by metadata of stripe_cus_1__pkey_PARTNER_A")
	})
}

// F76: the guide's examples, each with its key where it puts it: a checkout session of mode payment, a subscription that
// is created, a one-off charge of 9999 usd, and a customer that is updated.
func TestTheExamplesOfTheGuide(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("SESSION", "SUBSCRIPTION", "CHARGE", "CUSTOMER")
		c.Known = true
		subscription, charge, updated := c.Later("b", time.Hour), c.Later("c", 2*time.Hour), c.Later("d", 4*time.Hour)
		h.hear(join(bought(c, 5000, 0, "metadata", key("SESSION")),
			[][]byte{subscription.Event("customer.subscription.created", 0, subscription.Subscription("active", "metadata", key("SUBSCRIPTION"))),
				subscription.Event("invoice.paid", 0, subscription.Invoice(storetest.Plain("subscription_create", 5000, 0), snapshot(c.Shape, "SUBSCRIPTION")...)),
				charge.Event("charge.succeeded", 0, charge.Charge(9999, "metadata", key("CHARGE"))),
				c.Event("customer.updated", 3*time.Hour, c.Object("CUSTOMER"), map[string]any{"metadata": map[string]any{"partner_key": nil}}),
				updated.Event("charge.succeeded", 0, updated.Charge(5000))})...)
		h.wants("pi_1 SESSION by metadata of stripe_cus_1__pkey_SESSION", "in_1b SUBSCRIPTION by metadata of stripe_cus_1__pkey_SUBSCRIPTION",
			"pi_1c CHARGE by metadata of stripe_cus_1__pkey_CHARGE", "pi_1d CUSTOMER by metadata of stripe_cus_1__pkey_CUSTOMER")
	})
}

// F60, F33, MONEY.md 2.4, row "100% coupon": the three ways in. The referral cookie, which the script sets as client reference;
// the partner's coupon, also one that took the whole price; and the partner's key in metadata.
func TestTheThreeWaysIn(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.partners("COOKIE")
		now := h.Now
		h.Now = func() time.Time { return c.At.AddDate(0, -1, 0) }
		if _, err := h.AddCode(context.Background(), h.caller.Tenant, "ann20", h.partner.ID, somebody); err != nil {
			t.Fatal(err)
		}
		h.Now = now
		someone := func(letter string, n int) storetest.Case {
			p := c.Later(letter, time.Duration(n)*time.Hour)
			p.Customer, p.Email, p.Known = fmt.Sprintf("cus_%d", n), fmt.Sprintf("buyer%d@example.com", n), false
			return p
		}
		cookie, coupon, free, metadata := someone("a", 1), someone("b", 2), someone("c", 3), someone("d", 4)
		after := free.Later("e", 2*time.Hour)
		promotion := map[string]any{"id": "promo_1", "object": "promotion_code", "code": "ANN20", "active": true, "created": c.At.Unix(),
			"coupon": map[string]any{"id": "COUP", "object": "coupon", "percent_off": 20, "duration": "once"}}
		sale := join(bought(cookie, 5000, 0, "client_reference_id", "COOKIE"), bought(coupon, 5000, 0, byCoupon(c.Shape)...),
			[][]byte{free.Event(completed, 0, free.Session("payment", 0, 0, append(byCoupon(c.Shape), "payment_status", "no_payment_required", "payment_intent", nil)...))},
			bought(after, 5000, 0), bought(metadata, 5000, 0, "metadata", key("PARTNER_A")), [][]byte{c.Event("promotion_code.created", -time.Hour, promotion)})
		if c.Shape == storetest.New {
			slices.Reverse(sale)
		}
		h.hear(sale...)
		h.wants("pi_1a COOKIE by client_reference of stripe_cus_1", "pi_1b PARTNER_A by coupon of stripe_cus_2", "pi_1d PARTNER_A by metadata of stripe_cus_4",
			"pi_1e PARTNER_A by customer_id of stripe_cus_3")
	})
}

// byCoupon is how a session says which code took something off: the old shape tells it in a part that is only there
// when somebody expanded it.
func byCoupon(shape storetest.Shape) []any {
	if shape == storetest.Old {
		return []any{"total_details.amount_discount", 1250, "total_details.breakdown", map[string]any{"taxes": []any{}, "discounts": []any{
			map[string]any{"amount": 1250, "discount": map[string]any{"id": "di_1", "object": "discount", "coupon": map[string]any{"id": "COUP"}, "promotion_code": "promo_1"}}}}}
	}
	return []any{"total_details.amount_discount", 1250, "discounts", []any{map[string]any{"coupon": "COUP", "promotion_code": "promo_1"}}}
}

// F61, F72, F68, F69: in a customer-based program the customer stays with the first partner for good, whatever later
// payments name; in a transaction-based one a payment without a key, or with an empty or unknown one, falls back to that.
func TestACustomerStaysWithTheFirstPartner(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.partners("PARTNER_B")
		var want []string
		for n, named := range []map[string]any{key("PARTNER_A"), key("PARTNER_B"), {}, key(""), key("NOBODY")} {
			if n == 2 {
				h.model("transaction")
			}
			p := c.Later(string(rune('a'+n)), time.Duration(n)*time.Hour)
			h.hear(p.Event("charge.succeeded", 0, p.Charge(5000, "metadata", named)))
			want = append(want, "pi_"+p.N+" PARTNER_A by customer_id of stripe_cus_1")
		}
		want[0] = "pi_1a PARTNER_A by metadata of stripe_cus_1"
		h.wants(want...)
	})
}

// F81-F84: the lead is matched by its customer id, and only if that fails by the invoice's address, which writes the id
// onto the lead; when both fail the payment stays without a partner.
func TestTheStepsOfLeadBasedAttribution(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		lead := h.lead("john", c.Email)
		byEmail, byID, neither := c, c.Later("b", time.Hour), c.Later("c", 2*time.Hour)
		byID.Email = "finance@example.com"
		neither.Customer, neither.Email = "cus_9", "else@example.com"
		for _, p := range []storetest.Case{byEmail, byID, neither} {
			h.hear(p.Event("invoice.paid", 0, p.Invoice(storetest.Plain("subscription_cycle", 5000, 0))))
		}
		h.wants("in_1 PARTNER_A by email of john", "in_1b PARTNER_A by customer_id of john", "in_1c of stripe_cus_9")
		if now, err := h.Store.Customer(context.Background(), h.caller.Tenant, lead.ID); err != nil || now.StripeID == nil || *now.StripeID != c.Customer {
			t.Errorf("the lead is %+v, %v", now, err)
		}
	})
}

// F85, F86, F87: the customer id is set on one lead at a time, and on no two; payments from then on attribute
// themselves, those before stay as they were.
func TestCustomerIDsAreSetOneLeadAtATime(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		pay := func(n int, letter string, after time.Duration) {
			p := c.Later(letter, after)
			p.Customer, p.Email = fmt.Sprintf("cus_%d", n), fmt.Sprintf("finance%d@example.com", n)
			h.hear(p.Event("invoice.paid", 0, p.Invoice(storetest.Plain("manual", 5000, 0))))
		}
		pay(1, "a", 0)
		pay(2, "b", time.Minute)
		leads := []models.Customer{h.lead("one", "one@example.com"), h.lead("two", "two@example.com")}
		set := func(lead models.Customer, id string) error {
			now := h.Now
			defer func() { h.Now = now }()
			h.Now = func() time.Time { return storetest.Day.AddDate(0, 0, -1) }
			_, err := h.ChangeCustomer(context.Background(), lead, inbox.CustomerChange{StripeID: &id}, "api", somebody)
			return err
		}
		for n, lead := range leads {
			id := fmt.Sprintf("cus_%d", n+1)
			if err := set(lead, id); err != nil {
				t.Fatal(err)
			}
			if err := set(leads[1-n], id); !errors.Is(err, models.ErrConflict) {
				t.Errorf("%s on both: %v", id, err)
			}
			pay(n+1, string(rune('c'+n)), 25*time.Hour)
		}
		h.wants("in_1a of one", "in_1b of two", "in_1c PARTNER_A by customer_id of one", "in_1d PARTNER_A by customer_id of two")
	})
}
