package payouts_test

import (
	"context"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// D6, MONEY.md 2.5: a dispute takes its commission off an invoice that waits, holds it, and lets it go when it is won.
func TestADisputeTakesItsCommissionOffAWaitingInvoice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sell(2, 30000)
	i := h.approved()
	s := h.sold(1, 10000)
	h.hear(s.Charge(storetest.Old), s.Dispute(10000, "needs_response", 24*time.Hour))
	now := h.again(i)
	if now.Status != models.InReview || now.Total().String() != "60.00 USD" || now.ApprovedHash != nil {
		t.Errorf("the invoice: %s %s", now.Status, now.Total())
	}
	if b := h.balance(); b.Held.Minor != 2000 || b.Invoiced.Minor != 6000 || b.Due.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
	if err := h.EndHolds(context.Background()); err != nil {
		t.Fatal(err)
	}
	if list, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at.AddDate(1, 0, 0), 0, h.who); err != nil || len(list) != 0 {
		t.Errorf("a disputed commission was drawn up: %+v, %v", list, err)
	}
	h.hear(s.Dispute(10000, "won", 48*time.Hour))
	if next := h.draw(); next.Total().String() != "20.00 USD" {
		t.Errorf("after it was won: %s", next.Total())
	}
}

// MONEY.md 6: a dispute lost after the commission was paid is carried forward.
func TestADisputeLostAfterThePayoutIsCarriedForward(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Pay(context.Background(), h.caller.Tenant, h.approved().ID, h.who); err != nil {
		t.Fatal(err)
	}
	s := h.sold(1, 10000)
	h.hear(s.Charge(storetest.Old), s.Dispute(10000, "needs_response", 24*time.Hour), s.Dispute(10000, "lost", 48*time.Hour))
	if b := h.balance(); b.Due.Minor != -2000 || b.Paid.Minor != 2000 || b.Held.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
}
