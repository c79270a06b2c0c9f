package inbox_test

import (
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// MONEY.md 2.5 and 6: a refund that fails later gives the commission back, whichever of its events came.
func TestARefundThatFailsGivesTheCommissionBack(t *testing.T) {
	t.Parallel()
	s := sale()
	events := [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old), s.Refund(storetest.Old, 5000),
		s.RefundObject(1, 5000, "succeeded", time.Hour, time.Hour), s.RefundObject(1, 5000, "failed", time.Hour, 8*24*time.Hour)}
	for n, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {0, 1, 2, 5, 3, 4}, {3, 0, 5, 1, 4, 2}} {
		h := newHouse(t)
		for _, i := range order {
			h.post(events[i], events[i])
			h.drain()
		}
		if c := h.only(); c.Amount.String() != "20.00 USD" || h.payments()[0].Status != "paid" {
			t.Errorf("order %d: %s left, the payment is %s", n, c.Amount, h.payments()[0].Status)
		}
	}
}

// MONEY.md 2.5: refunds told by themselves and by their charge are the same refunds.
func TestRefundsToldTwiceCountOnce(t *testing.T) {
	t.Parallel()
	s := sale()
	h := newHouse(t)
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old),
		s.RefundObject(1, 2500, "succeeded", time.Hour, time.Hour), s.Refund(storetest.Old, 2500), s.RefundObject(2, 2500, "pending", time.Hour, 90*time.Minute), s.Refund(storetest.Old, 5000))
	h.drain()
	if c := h.only(); c.Amount.String() != "10.00 USD" { // P36
		t.Errorf("%s left", c.Amount)
	}
}

// F97, D6, B13, MONEY.md 2.5: opened holds, lost takes back, won lets go, an inquiry changes nothing.
func TestADisputeHoldsAndThenTakesBackOrLetsGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told    []string
		left    string
		status  models.CommissionStatus
		payment string
	}{
		"opened":            {[]string{"needs_response"}, "20.00 USD", models.Held, "disputed"},
		"lost":              {[]string{"needs_response", "lost"}, "0.00 USD", models.CommissionReversed, "disputed"},
		"won":               {[]string{"needs_response", "under_review", "won"}, "20.00 USD", models.Due, "paid"},
		"an inquiry":        {[]string{"warning_needs_response"}, "20.00 USD", models.Due, "paid"},
		"an inquiry closed": {[]string{"warning_needs_response", "warning_closed"}, "20.00 USD", models.Due, "paid"},
	} {
		for _, backwards := range []bool{false, true} {
			h := newHouse(t)
			s := sale()
			s.PaidAt = storetest.Day.AddDate(0, 0, -40) // due already
			events := [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old)}
			for n, status := range c.told {
				events = append(events, s.Dispute(10000, status, time.Duration(n+1)*24*time.Hour))
			}
			for i := range events {
				if backwards {
					i = len(events) - 1 - i
				}
				h.post(events[i])
				h.drain()
			}
			got := h.only()
			if got.Amount.String() != c.left || got.Status != c.status || h.payments()[0].Status != c.payment {
				t.Errorf("%s, backwards %v: %s %s, the payment is %s", name, backwards, got.Amount, got.Status, h.payments()[0].Status)
			}
			b := h.balance()
			if held := c.status == models.Held; held != (b.Held.Minor > 0) {
				t.Errorf("%s, backwards %v: balance %+v", name, backwards, b)
			}
		}
	}
}
