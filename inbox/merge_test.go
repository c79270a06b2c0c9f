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

// MONEY.md 2.1, D14: a payment that turns out to be another's money ties nobody: its customer is decided anew from its place on.
func TestAPaymentThatWasMergedTiesNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ticks := 0
	h.Now = func() time.Time { ticks++; return storetest.Day.Add(time.Duration(ticks) * time.Millisecond) }
	paid := sale()
	begun := paid
	begun.PaidAt = paid.PaidAt.Add(-12 * time.Hour) // by a slow method: the session was completed before
	for _, body := range [][]byte{paid.Charge(storetest.New), begun.Session(storetest.Old), paid.Invoice(storetest.Old)} {
		h.post(body)
		h.drain()
	}
	if h.only(); h.by(0) != "metadata" {
		t.Errorf("found by %q: %+v", h.by(0), h.payments()[0].Steps.V)
	}
}

// MONEY.md 2.1, D14: a call and a checkout that a list told of turn out to be one payment by its charge, which knows better when it
// was paid: the customer is tied to the partner once, at that moment.
func TestAMergedPaymentTiesItsCustomerOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := sale()
	s.OneOff = true
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		h := newHouse(t)
		list := func(body []byte) {
			if _, err := h.Fetched(ctx, h.caller.Tenant, h.caller.Program, []models.Event{listedOf(t, body, storetest.Day, nil)}); err != nil {
				t.Fatal(err)
			}
		}
		acts := []func(){
			func() { list(s.Session(storetest.Old)) },
			func() { list(s.Charge(storetest.Old)) },
			func() {
				call := inbox.Transaction{Key: "ch_1", Amount: "100", AmountUnits: "usd", Action: "sale", CustomerKey: s.Customer, CustomerEmail: s.Email, Partner: "NOBODY"}
				if _, _, err := h.Transact(ctx, h.caller, call); err != nil {
					t.Fatal(err)
				}
			},
		}
		for _, n := range order {
			acts[n]()
		}
		h.drain()
		ended, err := besides(h.Store, h.caller.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if want := "link pi_1 PARTNER_A " + s.PaidAt.Format("2006-01-02 15:04:05"); strings.Count(ended, "link ") != 1 || !strings.Contains(ended, want) {
			t.Errorf("in the order %v:\n%s\nwant one %s", order, ended, want)
		}
	}
}
