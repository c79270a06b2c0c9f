package inbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"portal/attribution"
	"portal/models"
	"portal/store/storetest"
)

func (h *house) model(name string) {
	h.t.Helper()
	program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
	if err != nil {
		h.t.Fatal(err)
	}
	program.AttributionModel = name
	if err := h.Store.SaveProgram(context.Background(), program, storetest.Day); err != nil {
		h.t.Fatal(err)
	}
}

// F62, F66-F71, MONEY.md 6: A, B, A for one customer pay A, B and A, with one composite record for each of the two.
func TestInATransactionBasedProgramThePaymentNamesItsPartner(t *testing.T) {
	t.Parallel()
	var states []string
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
		h := newHouse(t)
		h.model("transaction")
		storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
		var sales []storetest.Sold
		for n, partner := range []string{"PARTNER_A", "PARTNER_B", "PARTNER_A", "UNKNOWN"} {
			s := sale()
			s.N, s.Partner, s.PaidAt = n+1, partner, s.PaidAt.Add(time.Duration(n)*time.Hour)
			sales = append(sales, s)
		}
		for _, n := range order {
			h.post(sales[n].Invoice(storetest.Old), sales[n].Session(storetest.Old))
			h.drain()
		}
		var keys, partners []string
		for _, p := range h.payments() {
			keys = append(keys, *p.CustomerKey)
			if p.PartnerKey != nil {
				partners = append(partners, *p.PartnerKey)
			}
		}
		if want := []string{"stripe_cus_1__pkey_PARTNER_A", "stripe_cus_1__pkey_PARTNER_B", "stripe_cus_1__pkey_PARTNER_A", "stripe_cus_1"}; !slices.Equal(keys, want) {
			t.Errorf("customers %v, want %v", keys, want)
		}
		// F69: an unknown key falls back to the customer's own record, which belongs to nobody: a composite one never counts (D13).
		if want := []string{"PARTNER_A", "PARTNER_B", "PARTNER_A"}; !slices.Equal(partners, want) || len(h.commissions()) != 3 {
			t.Errorf("partners %v, want %v, %d commissions", partners, want, len(h.commissions()))
		}
		states = append(states, h.state())
	}
	if states[0] != states[1] || states[1] != states[2] {
		t.Errorf("different books:\n%s\n%s\n%s", states[0], states[1], states[2])
	}
}

// F65: the setting acts on new payments only; F68, F72: without a key the customer's own link still earns.
func TestTheAttributionModelActsOnNewPaymentsOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	old, next, plain := sale(), sale(), sale()
	h.post(old.Session(storetest.Old), old.Invoice(storetest.Old))
	h.drain()
	h.model("transaction")
	next.N, next.Partner, next.PaidAt = 2, "PARTNER_B", old.PaidAt.Add(time.Hour)
	plain.N, plain.Partner, plain.PaidAt = 3, "", old.PaidAt.Add(2*time.Hour)
	h.post(old.Charge(storetest.Old), next.Session(storetest.Old), next.Invoice(storetest.Old), plain.Session(storetest.Old), plain.Invoice(storetest.Old))
	h.drain()
	var got []string
	for _, p := range h.payments() {
		got = append(got, p.Policy+" "+*p.PartnerKey+" "+string(*p.AttributedBy))
	}
	want := []string{attribution.Policy + " PARTNER_A metadata", attribution.TransactionBased + " PARTNER_B metadata", attribution.TransactionBased + " PARTNER_A customer_id"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(h.commissions()) != 3 || h.commissions()[0].Status != models.Held {
		t.Errorf("%d commissions", len(h.commissions()))
	}
}

// F67, F70, D14: when the partner whom a payment names becomes known by another payment's way, it moves to the composite
// record all the same.
func TestAPaymentMovesToTheCompositeRecordHoweverItsPartnerBecomesKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.model("transaction")
	first, next := sale(), sale()
	first.Customer, first.Partner, first.Reference, first.Sub = "", "LATE", "PARTNER_A", "sub_1"
	next.N, next.Customer, next.Partner, next.Sub, next.Renewal, next.PaidAt = 2, "", "", "sub_1", true, first.PaidAt.Add(time.Hour)
	h.hear(next.Invoice(storetest.New), first.Session(storetest.Old), next.Charge(storetest.Old))
	late := models.Partner{Tenant: h.caller.Tenant, ID: models.NewID[models.PartnerID](storetest.Day), Key: "LATE", Name: "Late", Currency: "usd", CreatedAt: storetest.Day}
	late.Begin(models.PartnerActive)
	if err := h.AddPartner(context.Background(), late, somebody); err != nil {
		t.Fatal(err)
	}
	p := h.payments()[0]
	if c, err := h.Store.Customer(context.Background(), h.caller.Tenant, *p.Customer); err != nil || !c.Composite || *p.PartnerKey != "LATE" {
		t.Errorf("%s of customer %+v, %v", p.Key, c, err)
	}
}
