package handlers

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/models"
)

// F101, F109: both sides get the same paper, with the parties' details and the partner's bank account in full, and customers masked
// as the partner sees them. Once it is paid it keeps the details of that day.
func TestBothSidesGetTheSameInvoiceAsPDF(t *testing.T) {
	t.Parallel()
	w, ctx := newPartnerWorld(t), context.Background()
	w.sell(w.sale(1, 60, "cus_1", "secret.buyer@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	plain, err := w.invoicePaper(ctx, i, "Acme")
	if err != nil || plain.Bank != nil || plain.Partner.Name != i.PartnerName || plain.Company.Name != "Acme" || len(plain.Lines) != 1 {
		t.Fatalf("before any details: %+v, %v", plain, err)
	}
	billing := func(partner *models.PartnerID, name, tax string) {
		t.Helper()
		if err := w.Store.AddBilling(ctx, models.BillingDetails{Tenant: w.caller.Tenant, ID: models.NewID[models.DetailsID](w.clock), Partner: partner, Name: name,
			Address: "Road 1", Country: "DE", TaxNumber: tax, SetBy: "ann", SetAt: w.clock}); err != nil {
			t.Fatal(err)
		}
	}
	bank := func(iban string) {
		t.Helper()
		if err := w.Store.AddBank(ctx, models.BankDetails{Tenant: w.caller.Tenant, ID: models.NewID[models.DetailsID](w.clock), Partner: w.ann.ID, Holder: "Ann", Kind: models.IBANAccount, Country: "DE",
			Numbers: models.BankNumbers{IBAN: iban}, Last4: iban[len(iban)-4:], SetBy: "ann", SetAt: w.clock, HoldsUntil: w.clock}); err != nil {
			t.Fatal(err)
		}
	}
	billing(nil, "Acme GmbH", "DE1")
	billing(&w.ann.ID, "Ann Old Name", "DE2")
	bank("DE89370400440532013000")
	w.approve(i)
	w.clock = w.clock.Add(time.Hour)
	if i, err = w.Payouts.MarkPaid(ctx, w.caller.Tenant, i.ID, "wire 7", w.clock, signer); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(time.Hour)
	billing(&w.ann.ID, "Ann New Name", "DE3")
	bank("DE02120300000000202051")
	p, err := w.invoicePaper(ctx, i, "Acme")
	if err != nil || p.Company.Name != "Acme GmbH" || p.Partner.Name != "Ann Old Name" || p.Partner.TaxNumber != "DE2" || p.Bank == nil || p.Bank.Numbers.IBAN != "DE89370400440532013000" {
		t.Errorf("the paper of a paid invoice has %+v, %v", p, err)
	}
	if l := p.Lines[0]; l.What != "s***@s…" || l.Sale == nil || l.Sale.String() != "100.00 USD" || l.Rate != nil || l.Amount.String() != "20.00 USD" {
		t.Errorf("its line is %+v", l)
	}
	status, ours := w.get(w.signInAs(w.ann), "/partner/invoices/"+i.ID.String()+"/invoice.pdf")
	other, _ := w.get(w.signInAs(w.bob), "/partner/invoices/"+i.ID.String()+"/invoice.pdf")
	if status != 200 || other != 404 || !strings.HasPrefix(ours, "%PDF-") {
		t.Errorf("ours %d, another partner's %d, %.20q", status, other, ours)
	}
	again, err := p.Print()
	if err != nil || ours != string(again) {
		t.Errorf("the sides get other papers, %v", err)
	}
}

func (w *partnerWorld) approve(i models.Invoice) {
	w.t.Helper()
	if _, err := w.Payouts.Approve(context.Background(), w.caller.Tenant, i.ID, signer); err != nil {
		w.t.Fatal(err)
	}
}
