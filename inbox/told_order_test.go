package inbox_test

import (
	"context"
	"testing"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

// D14, F5, F82: a list may tell of a customer with another address than they pay with. Whether a guest with that address is
// known by it does not depend on what came first: the list, the customer's payment, or the guest's.
func TestTheAddressThatAListTellsCountsInAnyOrder(t *testing.T) {
	t.Parallel()
	sold := func(n int, customer, email, partner string) []byte {
		return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", OneOff: true, PaidAt: storetest.Day.AddDate(0, 0, n-30)}.Session(storetest.Old)
	}
	for name, address := range map[string]string{"another address": "paid@x", "no address": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acts := []func(h *house){
				func(h *house) { h.told(models.ToldCustomer{ID: "cus_1", Email: "told@x"}) },
				func(h *house) { h.post(sold(1, "cus_1", address, "PARTNER_A")); h.drain() },
				func(h *house) { h.post(sold(2, "", "told@x", "")); h.drain() },
			}
			want := ""
			for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				h := newHouse(t)
				for _, n := range order {
					acts[n](h)
				}
				got := h.foundBy()
				if want == "" {
					want = got
				}
				if got != want || got != "pi_1 metadata\npi_2 email" {
					t.Errorf("in the order %v:\n%s\nwant the guest found by email, as in the first order:\n%s", order, got, want)
				}
			}
		})
	}
}

// D14, F5, F83: an address that a record bears which somebody made stays that record's, whoever a list says has it, too: what
// a customer pays under another address before the list tells of them, or after, makes no difference to who pays with it.
func TestAnAddressOfARecordThatSomebodyMadeStaysTheirs(t *testing.T) {
	t.Parallel()
	sold := func(n int, customer, email, partner string) []byte {
		return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", OneOff: true, PaidAt: storetest.Day.AddDate(0, 0, n-30)}.Session(storetest.Old)
	}
	acts := []func(h *house){
		func(h *house) { h.told(models.ToldCustomer{ID: "cus_1", Email: "Lead@x"}) },
		func(h *house) { h.post(sold(1, "cus_1", "paid@x", "PARTNER_A")); h.drain() },
		func(h *house) { h.post(sold(2, "", "lead@x", "")); h.drain() },
	}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		h := newHouse(t)
		if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "user_1", inbox.CustomerChange{Email: new("lead@x")}, "api", somebody); err != nil {
			t.Fatal(err)
		}
		for _, n := range order {
			acts[n](h)
		}
		if got, want := h.foundBy(), "pi_1 metadata\npi_2 nobody"; got != want {
			t.Errorf("in the order %v:\n%s\nwant:\n%s", order, got, want)
		}
	}
}
