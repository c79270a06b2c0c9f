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

// expanded is a customer as Stripe shows one that carries a partner's key.
func expanded(customer, partner string) map[string]any {
	return map[string]any{"id": customer, "object": "customer", "metadata": key(partner)}
}

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

// F73, F74, F75: charge, invoice, subscription and customer are all looked at, in this order; a key on the customer
// holds for every later charge that does not name another.
func TestThePlacesOfTheKeyInTheirOrder(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		h.partners("ON_CHARGE", "ON_INVOICE", "ON_SUBSCRIPTION", "ON_CUSTOMER")
		var want []string
		for n, first := range []string{"ON_CHARGE", "ON_INVOICE", "ON_SUBSCRIPTION", "ON_CUSTOMER", "ON_CUSTOMER", "ON_CHARGE"} {
			p := c.Later(string(rune('a'+n)), time.Duration(n)*time.Hour)
			charge := []any{"customer", expanded(c.Customer, "ON_CUSTOMER")}
			if first == "ON_CHARGE" {
				charge = append(charge, "metadata", key(first))
			}
			if n >= 4 { // later charges, without an invoice
				h.hear(p.Event("charge.succeeded", 0, p.Charge(5000, charge...)))
				want = append(want, "pi_"+p.N+" "+first)
				continue
			}
			bill, subscription := storetest.Plain("subscription_cycle", 5000, 0), []any{}
			if n <= 1 {
				bill.Metadata = map[string]string{"partner_key": "ON_INVOICE"}
			}
			if n <= 2 {
				subscription = snapshot(c.Shape, "ON_SUBSCRIPTION")
			}
			invoice := p.Event("invoice.paid", 0, p.Invoice(bill, subscription...))
			h.hear(p.Event("charge.succeeded", 0, p.Charge(5000, charge...)), invoice)
			want = append(want, "in_"+p.N+" "+first)
		}
		var got []string
		for _, line := range h.whose() {
			got = append(got, strings.Join(strings.Fields(line)[:2], " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// F76: the guide's examples, each with its key where it puts it: a checkout session of mode payment, a subscription, a
// one-off charge of 9999 usd, and a customer.
func TestTheExamplesOfTheGuide(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.model("transaction")
		subscription, charge, customer := c.Later("b", time.Hour), c.Later("c", 2*time.Hour), c.Later("d", 3*time.Hour)
		h.hear(join(bought(c, 5000, 0, "metadata", key("PARTNER_A")),
			[][]byte{subscription.Event("invoice.paid", 0, subscription.Invoice(storetest.Plain("subscription_create", 5000, 0), snapshot(c.Shape, "PARTNER_A")...)),
				charge.Event("charge.succeeded", 0, charge.Charge(9999, "metadata", key("PARTNER_A"))),
				customer.Event("charge.succeeded", 0, customer.Charge(5000, "customer", expanded(c.Customer, "PARTNER_A")))})...)
		for _, line := range h.whose() {
			if !strings.HasSuffix(line, " PARTNER_A by metadata of stripe_cus_1__pkey_PARTNER_A") {
				t.Error(line)
			}
		}
		if got := h.stands(h.partner); len(h.payments()) != 4 || got != "balance held 50.00 USD" {
			t.Errorf("%d payments, %s", len(h.payments()), got)
		}
	})
}

// F61, F72, F68, F69: in a customer-based program the customer stays with the first partner for good, whatever later
// payments name; in a transaction-based one a payment without a key, or with an empty or unknown one, falls back to that.
func TestACustomerStaysWithTheFirstPartner(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.partners("PARTNER_B")
		h.hear(bought(c, 5000, 0, "metadata", key("PARTNER_A"))...)
		second := c.Later("b", time.Hour)
		h.hear(bought(second, 5000, 0, "metadata", key("PARTNER_B"))...)
		h.model("transaction")
		for n, named := range []map[string]any{{}, key(""), key("NOBODY")} {
			p := c.Later(string(rune('c'+n)), time.Duration(n+2)*time.Hour)
			h.hear(bought(p, 5000, 0, "metadata", named)...)
		}
		var want []string
		for _, n := range []string{"1", "1b", "1c", "1d", "1e"} {
			want = append(want, "pi_"+n+" PARTNER_A by customer_id of stripe_cus_1")
		}
		want[0] = "pi_1 PARTNER_A by metadata of stripe_cus_1"
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
