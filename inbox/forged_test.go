package inbox_test

import (
	"context"
	"testing"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// MONEY.md 0.10, 3.4: what a list told enters by Portal itself alone. One that comes by webhook, signed with the company's own secret or
// the platform's, counts nothing, earns nobody less, and does not keep the true one away by taking its name.
func TestNobodySendsWhatAListTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	object := []byte(`{"id": "ch_1", "object": "charge", "amount": 10000, "amount_captured": 10000, "amount_refunded": 0, "currency": "usd", "paid": true, "captured": true, "status": "succeeded",
		"created": 1700000000, "livemode": false, "payment_intent": "pi_1", "invoice": null, "refunds": null, "metadata": {"partner_key": "PARTNER_A"}}`)
	true1, err := sources.StripeListed(object, models.Test, storetest.Day, nil)
	if err != nil || true1.Unread != nil {
		t.Fatal(err, true1.Unread)
	}
	future := storetest.Day.AddDate(1, 0, 0)
	forged, err := sources.StripeListed(object, models.Test, storetest.Day, &future) // "earns nothing"
	if err != nil {
		t.Fatal(err)
	}
	account := "acct_1"
	h.granted(h.caller, account)
	h.connect(heardOf(t, forged.Body, account, models.Test, ""), heardOf(t, true1.Body, account, models.Test, ""), heardOf(t, true1.Body, account, models.Test, "evt_1"))
	if err := h.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`SELECT count(*) FROM payments WHERE counted`); n != 0 {
		t.Errorf("%d payments count", n)
	}
	if n := h.count(`SELECT count(*) FROM events WHERE status = 'ignored' AND because LIKE 'only Portal%'`); n != 3 {
		t.Errorf("%d of 3 events say why", n)
	}
	if fresh, err := h.Fetched(context.Background(), h.caller.Tenant, h.caller.Program, []models.Event{true1.Event}); err != nil || fresh != 1 {
		t.Errorf("the true one: %d, %v", fresh, err)
	}
	if err := h.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := h.count(`SELECT count(*) FROM payments WHERE counted`); n != 1 {
		t.Errorf("%d payments count", n)
	}
}
