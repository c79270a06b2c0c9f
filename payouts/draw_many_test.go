package payouts_test

import (
	"context"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// F105, P29: a run over many partners draws up one invoice for each, in pieces, with numbers without a gap.
func TestARunOverManyPartnersDrawsUpOneInvoiceForEachInPieces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	storetest.Owing(t, h.Store, h.caller, h.partner, 600, 3)
	storetest.CheckBooks(t, h.Store)
	r, err := h.BeginRun(context.Background(), h.caller.Tenant, h.at, 0, h.who)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.CarryRun(context.Background(), h.caller.Tenant, r.ID); err != nil {
		t.Fatal(err)
	}
	if r, err = h.Store.Run(context.Background(), h.caller.Tenant, r.ID); err != nil || r.Status != models.RunDone || r.Partners != 601 || r.Looked != 601 || r.Invoices != 601 {
		t.Errorf("%+v, %v", r, err)
	}
	list, err := h.Store.InvoicesOfRun(context.Background(), h.caller.Tenant, r.ID)
	if err != nil || len(list) != 601 {
		t.Fatalf("%d invoices, %v", len(list), err)
	}
	h.noGaps(601)
}
