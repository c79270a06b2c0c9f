package inbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// told tells an inbox of customers, as a sync does, and gives what was new and what was told otherwise.
func (h *house) told(list ...models.ToldCustomer) (fresh, updated int) {
	h.t.Helper()
	if err := h.TellCustomers(context.Background(), h.caller.Tenant, list, func(_ *store.Store, f, u int) error {
		fresh, updated = f, u
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return fresh, updated
}

func (h *house) record(key string) models.Customer {
	h.t.Helper()
	c, err := h.Store.CustomerByKey(context.Background(), h.caller.Tenant, key)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// F5, F32, MONEY.md 3.4: a list of customers is kept by their ids, then by the address of a record that somebody made; told
// again it changes nothing, told otherwise it is kept.
func TestCustomersThatAListTellsOfAreKeptOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	if _, err := h.AddCustomer(ctx, h.caller.Tenant, "user_1", inbox.CustomerChange{Email: new("Bob@Example.com")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	list := []models.ToldCustomer{{ID: "cus_1", Email: "ann@example.com", Name: "Ann"}, {ID: "cus_2", Email: "bob@example.com", Name: "Bob"}, {ID: "cus_3"}, {ID: "cus_3"}}
	if fresh, updated := h.told(list...); fresh != 2 || updated != 1 {
		t.Errorf("%d were new and %d told otherwise, want 2 and 1", fresh, updated)
	}
	if fresh, updated := h.told(list...); fresh != 0 || updated != 0 {
		t.Errorf("told again: %d were new and %d told otherwise", fresh, updated)
	}
	list[0].Email, list[2].Name = "ann@new.example", "Cleo\x00"
	if fresh, updated := h.told(list...); fresh != 0 || updated != 2 {
		t.Errorf("told otherwise: %d were new and %d told otherwise, want 0 and 2", fresh, updated)
	}
	ann, bob, cleo := h.record("stripe_cus_1"), h.record("user_1"), h.record("stripe_cus_3")
	if *ann.StripeID != "cus_1" || *ann.Email != "ann@new.example" || *cleo.Name != "Cleo" || cleo.Email != nil {
		t.Errorf("kept %+v and %+v", ann, cleo)
	}
	if bob.StripeID != nil || *bob.ToldID != "cus_2" || *bob.Name != "Bob" || *bob.Email != "Bob@Example.com" {
		t.Errorf("the record that somebody made is %+v", bob)
	}
	if all, err := h.Store.Customers(ctx, h.caller.Tenant, "", "", storetest.FirstPage()); err != nil || len(all) != 3 {
		t.Errorf("%d customers, %v", len(all), err)
	}
	h.post(storetest.Sold{N: 1, Customer: "cus_2", Email: "bob@example.com", Gross: 10000, Currency: "usd", PaidAt: storetest.Day}.Invoice(storetest.Old))
	h.drain()
	if bob = h.record("user_1"); bob.StripeID == nil || *bob.StripeID != "cus_2" || !bob.Taught {
		t.Errorf("after the first payment (F83) the record is %+v", bob)
	}
}

// D14, F5: when a list tells of customers makes no difference, and that it does changes one thing only: who had no address
// has one now, so a guest with that address is known by it (F82). Neither customers who share an address nor guests, nor
// records that somebody made, become anybody else by it.
func TestAListOfCustomersChangesNoDecision(t *testing.T) {
	t.Parallel()
	list := []models.ToldCustomer{{ID: "cus_1", Email: "a@x"}, {ID: "cus_2", Email: "a@x"}, {ID: "cus_3", Email: "a@x"}, {ID: "cus_4", Email: "b@x"}, {ID: "cus_5", Email: "c@x"}, {ID: "cus_6", Email: "d@x"}}
	sold := func(n int, customer, email, partner string) []byte {
		return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", OneOff: true, PaidAt: storetest.Day.AddDate(0, 0, n-30)}.Session(storetest.Old)
	}
	bodies := [][]byte{sold(1, "", "a@x", ""), sold(2, "cus_2", "a@x", "PARTNER_A"), sold(3, "", "a@x", ""), sold(4, "cus_3", "a@x", ""), sold(5, "cus_4", "", "PARTNER_A"),
		sold(6, "", "b@x", ""), sold(7, "cus_5", "c@x", ""), sold(8, "cus_1", "", ""), sold(9, "cus_6", "d@x", "")}
	run := func(at int) string {
		h := newHouse(t)
		if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "user_5", inbox.CustomerChange{Email: new("c@x"), Partner: new("PARTNER_A")}, "api", somebody); err != nil {
			t.Fatal(err)
		}
		for n, body := range bodies {
			if n == at {
				h.told(list...)
			}
			h.post(body)
			h.drain()
		}
		if at == len(bodies) {
			h.told(list...)
		}
		var b strings.Builder
		for _, p := range h.payments() {
			by := "nobody"
			if p.Partner != nil {
				by = string(*p.AttributedBy)
			}
			fmt.Fprintf(&b, "%s %s\n", p.Key, by)
		}
		for _, c := range h.commissions() {
			fmt.Fprintf(&b, "%s %s\n", c.PaymentKey, c.Amount)
		}
		return b.String()
	}
	want := strings.NewReplacer("pi_6 nobody", "pi_6 email").Replace(run(-1))
	if !strings.Contains(want, "pi_6 email") {
		t.Fatalf("never told:\n%s", want)
	}
	want = sortedLines(want + "pi_6 20.00 USD\n")
	for at := range len(bodies) + 1 {
		if got := sortedLines(run(at)); got != want {
			t.Errorf("told before payment %d:\n%s\nwant:\n%s", at, got, want)
		}
	}
}

func sortedLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// F85, F86: a customer who is told of and has not paid yet can be linked by hand; what they pay then is the partner's, also
// when it turns out that a record which somebody made is theirs.
func TestACustomerWhoHasNotPaidYetCanBeLinked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.told(models.ToldCustomer{ID: "cus_1", Email: "ann@example.com"}, models.ToldCustomer{ID: "cus_2"})
	for _, key := range []string{"stripe_cus_1", "stripe_cus_2"} {
		h.link(h.partner, h.record(key).ID)
	}
	if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "user_1", inbox.CustomerChange{Email: new("ann@example.com")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	for n, customer := range []string{"cus_1", "cus_2"} {
		h.post(storetest.Sold{N: n + 1, Customer: customer, Email: []string{"ann@example.com", ""}[n], Gross: 10000, Currency: "usd", PaidAt: storetest.Day}.Invoice(storetest.Old))
		h.drain()
	}
	if list := h.commissions(); len(list) != 2 {
		t.Errorf("%d commissions, want 2", len(list))
	}
	if c := h.record("user_1"); c.StripeID == nil || *c.StripeID != "cus_1" {
		t.Errorf("the record is %+v", c)
	}
	if _, err := h.Store.CustomerByKey(context.Background(), h.caller.Tenant, "stripe_cus_1"); err == nil {
		t.Error("both records are there")
	}
}
