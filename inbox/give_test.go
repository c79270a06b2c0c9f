package inbox_test

import (
	"context"
	"errors"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// Issue 3.6, P17, P48: a payment given by hand moves by bookings, keeps its reason, and stays given whatever comes later.
func TestAPaymentGivenByHandMovesByBookings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	id := h.payments()[0].ID
	if err := h.Give(context.Background(), h.caller.Tenant, id, b.ID, " ", somebody); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	if err := h.Give(context.Background(), h.caller.Tenant, id, b.ID, "Ann told us", somebody); err != nil {
		t.Fatal(err)
	}
	h.post(s.Charge(storetest.Old), s.Refund(storetest.Old, 5000))
	h.drain()
	p := h.payments()[0]
	if *p.PartnerKey != "PARTNER_B" || h.by(0) != "manual" || p.Steps.V[0].Rule != "manual" {
		t.Errorf("given to %s by %s: %+v", *p.PartnerKey, h.by(0), p.Steps.V)
	}
	left := map[string]string{}
	for _, c := range h.commissions() {
		left[c.PartnerKey] = c.Amount.String()
	}
	if left["PARTNER_A"] != "0.00 USD" || left["PARTNER_B"] != "10.00 USD" {
		t.Errorf("commissions %v", left)
	}
	next := s
	next.N, next.Partner, next.Renewal, next.PaidAt = 2, "", true, s.PaidAt.AddDate(0, 0, 1)
	h.post(next.Invoice(storetest.Old))
	h.drain()
	if p := h.payments()[1]; *p.PartnerKey != "PARTNER_A" {
		t.Errorf("the renewal went to %s: the customer's own link stays", *p.PartnerKey)
	}
}
