package payouts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// CONTRACT.md 2: the books name a payment, a return or an invoice that somebody changed in the database.
func TestTheBooksNameWhatWasChangedOfPayments(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	paid := func(want models.InvoiceStatus, pay func(models.Invoice) (models.Invoice, error)) models.Invoice {
		t.Helper()
		h.at = h.at.Add(time.Minute)
		i, err := pay(h.approved())
		if err != nil || i.Status != want {
			t.Fatal(i.Status, err)
		}
		return i
	}
	byCard := func(i models.Invoice) (models.Invoice, error) { return h.Pay(ctx, i.Tenant, i.ID, h.who) }
	refunded := paid(models.Paid, byCard)
	if _, err := h.Refund(ctx, refunded.Tenant, refunded.ID, "twice", true, h.who); err != nil {
		t.Fatal(err)
	}
	part := paid(models.Paid, byCard)
	h.post("/v1/transfers/"+*h.attemptsOf(part)[0].Transfer+"/reversals", "amount=500")
	if err := h.Heard(ctx, "transfer", *h.attemptsOf(part)[0].Transfer); err != nil {
		t.Fatal(err)
	}
	h.sell(2, 30000)
	elsewhere := paid(models.Paid, func(i models.Invoice) (models.Invoice, error) {
		return h.MarkPaid(ctx, i.Tenant, i.ID, "wire 7", h.at, h.who)
	})
	storetest.CheckBooks(t, h.Store)
	do := func(statement string) {
		t.Helper()
		if _, err := h.Store.DB().Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, plant := range []struct{ table, set, back, where, named string }{
		{"attempts", "returned = returned + 1", "returned = returned - 1", "status = 'succeeded' AND returned > 0", "returns of attempt att_"},
		{"attempts", "status = 'failed'", "status = 'succeeded'", "kind = 'manual'", "attempts of invoice " + elsewhere.Number},
		{"attempts", "status = 'succeeded'", "status = 'returned'", "status = 'returned'", "attempts of invoice " + refunded.Number},
		{"attempts", "amount = amount + 1", "amount = amount - 1", "kind = 'manual'", "attempts of invoice " + elsewhere.Number},
		{"attempts", "kind = 'manual'", "kind = 'stripe'", "returned = 500", "way of attempt att_"},
		{"attempts", "kind = 'stripe'", "kind = 'manual'", "kind = 'manual'", "way of attempt att_"},
		{"invoices", "paid_how = 'manual'", "paid_how = 'stripe'", "number = '" + part.Number + "'", "way of attempt att_"},
		{"invoices", "status = 'refunded'", "status = 'paid'", "number = '" + part.Number + "'", "payout of invoice " + part.Number},
		{"invoices", "total = total + 1", "total = total - 1", "number = '" + refunded.Number + "'", "invoice " + refunded.Number},
	} {
		var id string
		if err := h.Store.DB().QueryRow(`SELECT id::text FROM ` + plant.table + ` WHERE ` + plant.where + ` LIMIT 1`).Scan(&id); err != nil {
			t.Fatalf("%+v: %v", plant, err)
		}
		do(`UPDATE ` + plant.table + ` SET ` + plant.set + ` WHERE id = '` + id + `'`)
		found, err := h.Store.Differences(ctx, h.caller.Tenant)
		var names []string
		for _, d := range found {
			names = append(names, d.What)
		}
		if err != nil || !strings.Contains(strings.Join(names, "\n"), plant.named) {
			t.Errorf("%s, %s: %q, %v; want %q", plant.table, plant.set, names, err, plant.named)
		}
		do(`UPDATE ` + plant.table + ` SET ` + plant.back + ` WHERE id = '` + id + `'`)
	}
}
