package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

// alike does some things in every order, each for a company of its own, and gives the one end that all must have.
func alike(t *testing.T, acts ...func(h *house)) string {
	t.Helper()
	return alikeAfter(t, func(*house) {}, acts...)
}

// alikeAfter is alike of companies that are set up in a way of their own.
func alikeAfter(t *testing.T, set func(*house), acts ...func(h *house)) string {
	t.Helper()
	h, ends := newHouse(t), map[string]int{}
	h.Counted()
	for _, order := range orders(acts) {
		h.caller = storetest.Company(t, h.Store)
		h.partner = storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_A", "usd")
		storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
		h.rule(models.Rule{Type: "percent", Value: "20", Recurring: "first"})
		set(h)
		for _, act := range order {
			act(h)
		}
		more, err := besides(h.Store, h.caller.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		ends[h.state()+more]++
	}
	if len(ends) != 1 {
		for end, n := range ends {
			t.Errorf("%d orders end in\n%s", n, end)
		}
	}
	for end := range ends {
		return end
	}
	return ""
}

// paid is a charge without an invoice some hours after the sample sale, by a customer and an address; partner is its clue.
func paid(n int, customer, email, partner string) func(h *house) {
	s := sale()
	s.N, s.Customer, s.Email, s.OneOff, s.PaidAt = n, customer, email, true, s.PaidAt.Add(time.Duration(n)*time.Hour)
	s.Partner, s.Named = "", map[string]string{"charge": partner}
	return func(h *house) { h.hear(s.Charge(storetest.Old)) }
}

// called is a call for 100.00 USD at its own time, some hours after the sample sale.
func called(n int, call inbox.Transaction) func(h *house) {
	call.Amount, call.AmountUnits = "100", "usd"
	at := sale().PaidAt.Add(time.Duration(n) * time.Hour)
	return func(h *house) {
		now := h.Now
		defer func() { h.Now = now }()
		h.Now = func() time.Time { return at }
		if _, _, err := h.Transact(context.Background(), h.caller, call); err != nil {
			h.t.Error(err)
		}
	}
}

// D14, F83, MONEY.md 2.4, row Guest, and 6: who is one person, and so what is the first sale and who earns it, does not
// depend on which payment came first.
func TestWhoIsOnePersonDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		acts []func(h *house)
		who  []string // the customers, each by its id and the payments that are theirs
	}{
		"a guest, and an id whose first payment has no address": {
			[]func(h *house){paid(1, "", "a@x.com", "PARTNER_A"), paid(2, "cus_1", "", ""), paid(3, "cus_1", "a@x.com", "")}, []string{"cus_1 f pi_1 pi_2 pi_3"}},
		"a guest between two ids of one address": {
			[]func(h *house){paid(1, "cus_1", "a@x.com", "PARTNER_A"), paid(2, "", "a@x.com", ""), paid(3, "cus_2", "a@x.com", "PARTNER_B")}, []string{"cus_1 f pi_1 pi_2", "cus_2 f pi_3"}},
		"one id with two addresses, and a guest with each": {
			[]func(h *house){paid(1, "", "a@x.com", ""), paid(2, "cus_1", "a@x.com", "PARTNER_B"), paid(3, "cus_1", "b@x.com", ""), paid(4, "", "b@x.com", "PARTNER_A")}, []string{"cus_1 f pi_1 pi_2 pi_3 pi_4"}},
		"a chain of addresses": {
			[]func(h *house){paid(1, "cus_1", "a@x.com", "PARTNER_A"), paid(2, "cus_1", "b@x.com", ""), paid(3, "cus_2", "b@x.com", ""), paid(4, "cus_2", "c@x.com", "")}, []string{"cus_1 f pi_1 pi_2", "cus_2 f pi_3 pi_4"}},
		"a key of the API's for money of an id": {
			[]func(h *house){paid(1, "cus_1", "a@x.com", "PARTNER_A"), called(2, inbox.Transaction{Key: "pi_1", CustomerKey: "ann", CustomerEmail: "a@x.com", CreateCustomer: true}), paid(3, "cus_1", "a@x.com", "")}, []string{"cus_1 f pi_1 pi_3"}},
		"a key of the API's, and a guest of its address": {
			[]func(h *house){paid(1, "", "a@x.com", "PARTNER_A"), called(2, inbox.Transaction{Key: "order-2", CustomerKey: "ann", CustomerEmail: "a@x.com", CreateCustomer: true}), paid(3, "", " A@X.com ", "")}, []string{"- f order-2 pi_1 pi_3"}},
		"calls that make no customer": {
			[]func(h *house){called(1, inbox.Transaction{Key: "order-1", CustomerKey: "cus_1"}), called(2, inbox.Transaction{Key: "order-2", CustomerEmail: "a@x.com"}), paid(3, "cus_1", "a@x.com", "PARTNER_A")}, []string{"cus_1 f order-1 order-2 pi_3"}},
		"a call that makes no customer, before the guest of its address": {
			[]func(h *house){called(1, inbox.Transaction{Key: "order-1", CustomerEmail: "a@x.com"}), paid(2, "", "a@x.com", "PARTNER_A")}, []string{"- f order-1 pi_2"}},
		"a call that makes no customer, before one that does": {
			[]func(h *house){called(1, inbox.Transaction{Key: "order-1", CustomerKey: "ann"}), called(2, inbox.Transaction{Key: "order-2", CustomerKey: "ann", CreateCustomer: true})}, []string{"- f order-1 order-2"}},
		"a key of the API's, whose address only Stripe tells": {
			[]func(h *house){paid(1, "", "a@x.com", "PARTNER_A"), called(2, inbox.Transaction{Key: "ch_3", CustomerKey: "ann", CreateCustomer: true}), paid(3, "", "a@x.com", "")}, []string{"- f pi_1 pi_3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var who []string
			for line := range strings.SplitSeq(alike(t, c.acts...), "\n") {
				if customer, found := strings.CutPrefix(line, "customer "); found {
					who = append(who, customer)
				}
			}
			if strings.Join(who, ", ") != strings.Join(c.who, ", ") {
				t.Errorf("%q, want %q", who, c.who)
			}
		})
	}
}

// F83, D14: an id that is first known by the address of a record, and then by the API's word, is known by that word for
// all that it paid.
func TestAnIDIsKnownByTheBestWordOnIt(t *testing.T) {
	t.Parallel()
	lead := func(h *house) {
		now := h.Now
		defer func() { h.Now = now }()
		h.Now = func() time.Time { return storetest.Day.AddDate(0, -1, 0) }
		if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "ann", inbox.CustomerChange{Partner: ptr("PARTNER_A")}, "api", somebody); err != nil {
			h.t.Fatal(err)
		}
	}
	end := alikeAfter(t, lead, paid(1, "cus_1", "a@x.com", ""), paid(2, "cus_1", "a@x.com", ""),
		called(2, inbox.Transaction{Key: "ch_2", CustomerKey: "ann", CustomerEmail: "a@x.com"}))
	if !strings.Contains(end, "customer cus_1 f pi_1 pi_2") || strings.Contains(end, `"email", "because"`) {
		t.Error(end)
	}
}

// F67, D13, D14: a payment that turns out to be a composite record's takes with it what it told of the customer's own.
func TestAPaymentThatLeavesACustomerTakesItsWordWithIt(t *testing.T) {
	t.Parallel()
	s := sale()
	s.N, s.Email, s.Partner, s.Invoiced, s.OneOff = 2, "a@x.com", "PARTNER_B", true, true
	end := alikeAfter(t, func(h *house) { h.model("transaction") },
		called(1, inbox.Transaction{Key: "order-1", CustomerKey: "ann", CustomerEmail: "a@x.com", CreateCustomer: true}),
		func(h *house) { h.hear(s.Session(storetest.Old)) }, func(h *house) { h.hear(s.Invoice(storetest.Old)) })
	if !strings.Contains(end, "customer - f order-1") || !strings.Contains(end, "customer - t in_2") {
		t.Error(end)
	}
}

// F83, F85: of two ids with the address of a record that the company made, the one that paid first is its own.
func TestARecordIsTakenByTheIDThatPaidFirst(t *testing.T) {
	t.Parallel()
	lead := func(h *house) { h.lead("ann", "a@x.com") }
	acts := []func(h *house){paid(1, "cus_1", "", ""), paid(2, "cus_2", "a@x.com", ""), paid(3, "cus_1", "a@x.com", ""), paid(4, "", "a@x.com", "")}
	h := newHouse(t)
	for _, order := range orders(acts) {
		h.caller = storetest.Company(t, h.Store)
		storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_A", "usd")
		lead(h)
		for _, act := range order {
			act(h)
		}
		var keys []string
		for _, p := range h.payments() {
			keys = append(keys, *p.CustomerKey)
		}
		if got := strings.Join(keys, " "); got != "stripe_cus_1 ann stripe_cus_1 ann" {
			t.Errorf("the customers are %s", got)
		}
	}
}

// F86, D10: an id that is set by hand does not reach back by an address that only that id's own payments brought.
func TestAnIDSetByHandDoesNotReachBackByItsOwnAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, now := context.Background(), h.Now
	h.Now = func() time.Time { return storetest.Day.AddDate(0, -1, 0) }
	lead, err := h.AddCustomer(ctx, h.caller.Tenant, "ann", inbox.CustomerChange{Partner: ptr("PARTNER_A")}, "api", somebody)
	if err != nil {
		t.Fatal(err)
	}
	h.Now = now
	if _, err := h.ChangeCustomer(ctx, lead, inbox.CustomerChange{StripeID: ptr("cus_1")}, "person", somebody); err != nil {
		t.Fatal(err)
	}
	paid(1, "cus_1", "a@x.com", "")(h) // long before today
	paid(2, "cus_1", "a@x.com", "")(h)
	if got := h.commissions(); len(got) != 0 {
		t.Errorf("an old payment earned %s", got[0].Amount)
	}
}
