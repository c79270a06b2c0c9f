package inbox_test

import (
	"testing"
	"time"

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
