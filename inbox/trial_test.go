package inbox_test

import (
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// F88, MONEY.md 2.4 and 6: a trial makes a lead and no sale; the first invoice that costs something is the first sale,
// and finds the trial's partner, whichever of them came first.
func TestTheFirstPaymentAfterATrialIsTheFirstSale(t *testing.T) {
	t.Parallel()
	free, first, second := sale(), sale(), sale()
	free.Gross = 0
	first.N, first.Partner, first.Renewal, first.PaidAt = 2, "", true, free.PaidAt.Add(14*time.Hour)
	second.N, second.Partner, second.Renewal, second.PaidAt = 3, "", true, free.PaidAt.Add(20*time.Hour)
	begun := []byte(strings.Replace(string(free.Session(storetest.Old)), `"payment_status":"paid"`, `"payment_status":"no_payment_required"`, 1))
	bodies := [][]byte{begun, free.Invoice(storetest.Old), first.Invoice(storetest.Old), second.Invoice(storetest.Old)}
	for n, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
		h := newHouse(t)
		for _, i := range order {
			h.post(bodies[i])
			h.drain()
		}
		p := h.payments()
		if len(p) != 2 || p[0].Kind != models.Sale || p[1].Kind != models.Renewal || len(h.commissions()) != 2 || h.by(0) != "customer_id" {
			t.Errorf("order %d: %d payments: %+v", n, len(p), p)
		}
	}
}
