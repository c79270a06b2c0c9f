package inbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/store/storetest"
)

// foundBy tells by what each payment found its partner, in the order of their keys.
func (h *house) foundBy() string {
	var lines []string
	for _, p := range h.payments() {
		by := "nobody"
		if p.Partner != nil {
			by = string(*p.AttributedBy)
		}
		lines = append(lines, fmt.Sprint(p.Key, " ", by))
	}
	return sortedLines(strings.Join(lines, "\n"))
}

// D14, F82: a customer's later payment may show that an address is theirs. What others paid with it before is found by it,
// whether it came before that payment or after.
func TestAnAddressThatALaterPaymentShowsReachesBackInAnyOrder(t *testing.T) {
	t.Parallel()
	sold := func(n int, customer, email, partner string) []byte {
		return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", OneOff: true, PaidAt: storetest.Day.AddDate(0, 0, n-30)}.Session(storetest.Old)
	}
	all := [][]byte{sold(1, "cus_1", "new@x", "PARTNER_A"), sold(2, "cus_2", "p@x", ""), sold(3, "cus_1", "p@x", "")}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		h := newHouse(t)
		for _, n := range order {
			h.post(all[n])
			h.drain()
		}
		if got, want := h.foundBy(), "pi_1 metadata\npi_2 email\npi_3 customer_id"; got != want {
			t.Errorf("in the order %v:\n%s\nwant:\n%s", order, got, want)
		}
	}
}

// D14, F82, F86: the same of a record that was linked before its id was set by hand (story 194 of another drawing).
func TestAnAddressOfALinkedRecordReachesBackInAnyOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	day := func(n int) time.Time { return storetest.Day.AddDate(0, 0, n-30) }
	for _, invoiceFirst := range []bool{true, false} {
		h := newHouse(t)
		clock := day(1)
		h.Now = func() time.Time { return clock }
		c, err := h.AddCustomer(ctx, h.caller.Tenant, "lead-1", inbox.CustomerChange{Partner: new("PARTNER_A")}, "api", somebody)
		if err != nil {
			t.Fatal(err)
		}
		clock = day(4)
		if _, err := h.ChangeCustomer(ctx, c, inbox.CustomerChange{StripeID: new("cus_1")}, "person", somebody); err != nil {
			t.Fatal(err)
		}
		invoice := func() {
			clock = storetest.Day
			h.post(storetest.Sold{N: 4, Customer: "cus_1", Email: "p@x", Gross: 10000, Currency: "usd", PaidAt: day(3)}.Invoice(storetest.Old))
			h.drain()
		}
		if invoiceFirst {
			invoice()
		}
		clock = day(2)
		order := inbox.Transaction{Key: "order_6", Amount: "60", AmountUnits: "usd", Action: "sale", CustomerKey: "own-3", CustomerEmail: "p@x", CreateCustomer: true}
		if _, _, err := h.Transact(ctx, h.caller, order); err != nil {
			t.Fatal(err)
		}
		if !invoiceFirst {
			invoice()
		}
		if got, want := h.foundBy(), "in_4 email\norder_6 email"; got != want {
			t.Errorf("the invoice first %v:\n%s\nwant:\n%s", invoiceFirst, got, want)
		}
	}
}

// D14, F82, MONEY.md 2.1: a charge tells a billing address, and what it pays tells the customer's own, which counts. Whoever paid with the
// billing address is not taken for that customer because the charge came first; the record bears the address of its first payment.
func TestABillingAddressThatDoesNotCountMakesNobodyKnownInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, oneOff := range []bool{true, false} {
		sold := func(n int, customer, email, partner string) storetest.Sold {
			return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", OneOff: oneOff, PaidAt: storetest.Day.AddDate(0, 0, n-30)}
		}
		tells := func(s storetest.Sold) []byte {
			if oneOff {
				return s.Session(storetest.Old)
			}
			return s.Invoice(storetest.Old)
		}
		all := [][]byte{sold(1, "cus_1", "bill@x", "PARTNER_A").Charge(storetest.Old), tells(sold(1, "cus_1", "own@x", "PARTNER_A")), tells(sold(2, "cus_2", "bill@x", "")),
			tells(sold(3, "cus_1", "third@x", ""))}
		first, books := "", ""
		for _, order := range [][]int{{1, 0, 2, 3}, {0, 1, 2, 3}, {0, 2, 1, 3}, {1, 2, 0, 3}, {2, 0, 1, 3}, {2, 1, 0, 3}, {3, 0, 2, 1}, {0, 3, 2, 1}, {3, 2, 0, 1}, {3, 1, 0, 2}} {
			h := newHouse(t)
			for _, n := range order {
				h.post(all[n])
				h.drain()
			}
			c, err := h.Store.CustomerByStripeID(context.Background(), h.caller.Tenant, "cus_1")
			if err != nil || c.Email == nil {
				t.Fatal(c, err)
			}
			got := h.foundBy() + "\n" + *c.Email
			if first == "" {
				first, books = got, h.state()
			}
			if got != first || h.state() != books {
				t.Errorf("one-off %v, in the order %v:\n%s\nwant:\n%s", oneOff, order, got, first)
			}
		}
		if want := "nobody\n"; !strings.Contains(first, want) || !strings.HasSuffix(first, "own@x") {
			t.Errorf("one-off %v:\n%s", oneOff, first)
		}
	}
}
