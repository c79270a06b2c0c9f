package inbox_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

func orders[T any](items []T) [][]T {
	if len(items) < 2 {
		return [][]T{items}
	}
	var all [][]T
	for i := range items {
		rest := append(append([]T{}, items[:i]...), items[i+1:]...)
		for _, tail := range orders(rest) {
			all = append(all, append([]T{items[i]}, tail...))
		}
	}
	return all
}

// MONEY.md 2.1, 2.2 and 6; P7, P33: whatever the order, one payment, one commission, the same books.
func TestSessionInvoiceAndChargeOfOneSaleAreOnePayment(t *testing.T) {
	t.Parallel()
	hashes := map[string]string{}
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		s := sale()
		for n, order := range orders([][]byte{s.Session(shape), s.Invoice(shape), s.Charge(shape)}) {
			for _, drainEach := range []bool{true, false} {
				name := fmt.Sprintf("%s order %d drained each %v", shape, n, drainEach)
				h := newHouse(t)
				h.invoices["pi_1"] = "in_1"
				for _, body := range order {
					h.post(body, body)
					if drainEach {
						h.drain()
					}
				}
				h.drain()
				c := h.only()
				if c.Amount.String() != "20.00 USD" || c.PaymentKey != "in_1" || c.PartnerKey != "PARTNER_A" {
					t.Errorf("%s: commission of %s on %s for %s", name, c.Amount, c.PaymentKey, c.PartnerKey)
				}
				p := h.payments()[0]
				if p.AttributedBy == nil || *p.AttributedBy != models.ByMetadata || len(p.Steps.V) == 0 {
					t.Errorf("%s: attributed by %v with steps %v", name, p.AttributedBy, p.Steps.V)
				}
				hashes[storetest.CheckBooks(t, h.Store)] = name
			}
		}
	}
	if len(hashes) != 1 {
		t.Errorf("%d different books: %v", len(hashes), hashes)
	}
}

// MONEY.md 6: the same event delivered 50 times in parallel.
func TestTheSameEventFiftyTimesInParallelIsOneSale(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			h.post(s.Invoice(storetest.Old))
			if err := h.Drain(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	h.post(s.Session(storetest.Old))
	h.drain()
	if c := h.only(); c.Amount.String() != "20.00 USD" {
		t.Errorf("commission %s", c.Amount)
	}
}

// F96, MONEY.md 2.5, P1, P36: 100 earns 20; half back leaves 10, the rest leaves exactly 0; replays change nothing.
func TestRefundsTakeBackTheExactShare(t *testing.T) {
	t.Parallel()
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		h := newHouse(t)
		h.invoices["pi_1"] = "in_1"
		s := sale()
		h.post(s.Session(shape), s.Invoice(shape), s.Charge(shape))
		h.drain()
		steps := []struct {
			back    int64
			left    string
			status  string
			payment string
		}{{0, "20.00 USD", "held", "paid"}, {5000, "10.00 USD", "held", "partially_refunded"}, {10000, "0.00 USD", "reversed", "refunded"}, {5000, "0.00 USD", "reversed", "refunded"}}
		for _, step := range steps {
			if step.back > 0 {
				h.post(s.Refund(shape, step.back), s.Refund(shape, step.back))
				h.drain()
			}
			if c := h.only(); c.Amount.String() != step.left || string(c.Status) != step.status || c.Earned.String() != "20.00 USD" {
				t.Errorf("%s: after %d back: %s %s, earned %s", shape, step.back, c.Amount, c.Status, c.Earned)
			}
			if p := h.payments()[0]; p.Status != step.payment {
				t.Errorf("%s: after %d back the payment is %s", shape, step.back, p.Status)
			}
			storetest.CheckBooks(t, h.Store)
		}
		if b := h.balance(); b.Held.Minor != 0 || b.Due.Minor != 0 {
			t.Errorf("%s: balance %+v", shape, b)
		}
	}
}

// MONEY.md 2.5: a refund before its sale waits, and both lines are seen when the sale lands.
func TestARefundBeforeItsSaleWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.post(s.Refund(storetest.Old, 10000))
	h.drain()
	if len(h.payments()) != 0 {
		t.Error("a refund alone is shown as a payment")
	}
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	c := h.only()
	entries, err := h.Store.Entries(context.Background(), h.caller.Tenant, c.ID)
	if err != nil || len(entries) != 2 || entries[0].Kind != "earned" || entries[1].Kind != "refund" {
		t.Errorf("entries %+v, %v", entries, err)
	}
	if c.Amount.Minor != 0 || c.Status != models.CommissionReversed {
		t.Errorf("commission %s %s", c.Amount, c.Status)
	}
}

// MONEY.md 2.2: what Stripe cannot answer is parked with its reason, never guessed, and goes on when the money is known.
func TestAChargeWhoseInvoiceIsUnknownWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.silent = true
	s := sale()
	s.OneOff = true
	h.post(s.Charge(storetest.New))
	h.drain()
	if len(h.payments()) != 0 {
		t.Fatal("a charge was counted though nobody knows its invoice")
	}
	events, err := h.Store.Events(context.Background(), h.caller.Tenant, models.EventPending, storetest.FirstPage())
	if err != nil || len(events) != 1 || events[0].Because == nil {
		t.Fatalf("pending events %+v, %v", events, err)
	}
	h.post(s.Session(storetest.New))
	h.drain()
	h.drain()
	if c := h.only(); c.PaymentKey != "pi_1" || c.Amount.String() != "20.00 USD" {
		t.Errorf("commission %+v", c)
	}
	events, err = h.Store.Events(context.Background(), h.caller.Tenant, models.EventPending, storetest.FirstPage())
	if err != nil || len(events) != 0 {
		t.Errorf("still pending: %+v, %v", events, err)
	}
}

// F81-F83, F90: a renewal finds its partner by the customer's id, whatever the order in which the two came.
func TestARenewalFindsThePartnerOfTheFirstSale(t *testing.T) {
	t.Parallel()
	first, next := sale(), sale()
	next.N, next.Partner, next.Renewal, next.PaidAt = 2, "", true, first.PaidAt.Add(24*3600e9)
	var hashes []string
	for _, order := range [][][]byte{
		{first.Session(storetest.Old), first.Invoice(storetest.Old), next.Invoice(storetest.Old)},
		{next.Invoice(storetest.Old), first.Invoice(storetest.Old), first.Session(storetest.Old)},
	} {
		h := newHouse(t)
		for _, body := range order {
			h.post(body)
			h.drain()
		}
		if got := h.commissions(); len(got) != 2 {
			t.Errorf("%d commissions", len(got))
		}
		if p := h.payments()[1]; p.AttributedBy == nil || *p.AttributedBy != models.ByCustomerID || p.Kind != models.Renewal {
			t.Errorf("the renewal: %v %s", p.AttributedBy, p.Kind)
		}
		hashes = append(hashes, storetest.CheckBooks(t, h.Store))
	}
	if hashes[0] != hashes[1] {
		t.Errorf("different books: %v", hashes)
	}
}
