package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// The cases of MONEY.md 6 that concern Stripe money coming in, each quoted by the test that shows it. Here are those that
// stand nowhere else in this room. Elsewhere: "Same evt delivered 50 times in parallel" in flow_test.go, as "charge.refunded
// before any sale event"; "all 120 orders" in facts_test.go; "Inquiry closed as warning_closed" in reversal_test.go; "Line discount + invoice discount + tax"
// and "Out of band on OLD … and NEW" in rows_notes_test.go; "Guest with customer null" and "John@X.com" in
// attribution_test.go; "Same cus_, sales for A, B, A" in transaction_based_test.go; "Header with two v1" in bad_test.go and in
// sources; "Dispute lost after the commission was paid" in payouts.

// "Refund succeeded, paid out next day, refund.failed a week later -> commission restored, carry-forward undone."
func TestARefundThatFailsAfterThePayoutUndoesTheCarryForward(t *testing.T) {
	t.Parallel()
	for _, refundFirst := range []bool{true, false} {
		h := newHouse(t)
		pay := &payouts.Payouts{Store: h.Store, Now: h.Now, Log: h.Log}
		s := sale()
		s.PaidAt = storetest.Day.AddDate(0, 0, -40)
		refunded := s.RefundObject(1, 5000, "succeeded", 39*24*time.Hour, 39*24*time.Hour)
		h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old))
		if refundFirst {
			h.hear(refunded)
		}
		ctx := context.Background()
		drawn, err := pay.DrawUp(ctx, h.caller.Tenant, storetest.Day, 0, somebody)
		if err != nil || len(drawn) != 1 {
			t.Fatalf("drawn %+v, %v", drawn, err)
		}
		if _, err := pay.Approve(ctx, h.caller.Tenant, drawn[0].ID, somebody); err != nil {
			t.Fatal(err)
		}
		if _, err := pay.MarkPaid(ctx, h.caller.Tenant, drawn[0].ID, "wire 1", storetest.Day, somebody); err != nil {
			t.Fatal(err)
		}
		paid := map[bool]string{true: "10.00 USD", false: "20.00 USD"}[refundFirst]
		if !refundFirst {
			h.hear(refunded)
			if b := h.balance(); b.Due.String() != "-10.00 USD" {
				t.Errorf("after the refund: %+v", b)
			}
		}
		h.hear(s.RefundObject(1, 5000, "failed", 39*24*time.Hour, 47*24*time.Hour))
		c := h.only()
		if b := h.balance(); c.Amount.String() != "20.00 USD" || b.Paid.String() != paid || b.Paid.Minor+b.Due.Minor != 2000 || h.payments()[0].Status != "paid" {
			t.Errorf("refunded before the payout %v: %s, balance %+v", refundFirst, c.Amount, b)
		}
	}
}

// "Trial then first charge, 'first sale only' program -> the charge counts as first; the 0 invoice does not use it up."
func TestATrialDoesNotUseUpTheFirstSale(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(models.Rule{Type: "percent", Value: "20", Recurring: "first"})
	free, first, second := sale(), sale(), sale()
	free.Gross = 0
	first.N, first.Partner, first.Renewal, first.PaidAt = 2, "", true, free.PaidAt.Add(14*time.Hour)
	second.N, second.Partner, second.Renewal, second.PaidAt = 3, "", true, free.PaidAt.Add(20*time.Hour)
	h.hear(free.Session(storetest.New), free.Invoice(storetest.New), first.Invoice(storetest.New), second.Invoice(storetest.New))
	h.earns("in_2 PARTNER_A 20.00")
}

// "metadata.partner_key INVALID on charge, valid on customer -> customer's partner; none -> customer-based fallback."
func TestAnInvalidKeyOnTheChargeFallsThroughToTheCustomer(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"customer", "transaction"} {
		h := newHouse(t)
		h.model(model)
		s := sale()
		s.OneOff, s.Partner, s.Named = true, "", map[string]string{"charge": "INVALID", "customer": "PARTNER_A"}
		h.hear(s.Charge(storetest.Old))
		s.N, s.PaidAt, s.Named = 2, s.PaidAt.Add(time.Hour), map[string]string{"charge": "INVALID"}
		h.hear(s.Charge(storetest.Old))
		got := strings.Join(h.found(), ", ")
		want := map[string]string{"customer": "pi_1 PARTNER_A by metadata, pi_2 PARTNER_A by customer_id", "transaction": "pi_1 PARTNER_A by metadata, pi_2 nobody"}[model]
		if got != want { // D13: a composite customer ties nobody else
			t.Errorf("%s-based: %s, want %s", model, got, want)
		}
	}
}

// "Amount 1000000 JPY, 500 UGX, 500 ISK, 5120 KWD, 12345 HUF -> 1,000,000 / 5 / 5 / 5.120 / 123.45." "Tax-inclusive EUR 119
// (19% VAT) -> base 100.00."
func TestAmountsInCurrenciesOfOtherDecimals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n, c := range []struct {
		currency    string
		amount, tax int64
		gross, base string
	}{
		{"jpy", 1000000, 0, "1000000 JPY", "1000000 JPY"}, {"ugx", 500, 0, "5.00 UGX", "5.00 UGX"}, {"isk", 500, 0, "5.00 ISK", "5.00 ISK"},
		{"kwd", 5120, 0, "5.120 KWD", "5.120 KWD"}, {"huf", 12345, 0, "123.45 HUF", "123.45 HUF"}, {"eur", 11900, 1900, "119.00 EUR", "100.00 EUR"},
	} {
		s := sale()
		s.N, s.Currency, s.Gross, s.Tax, s.PaidAt = n+1, c.currency, c.amount, c.tax, s.PaidAt.Add(time.Duration(n)*time.Minute)
		h.hear(s.Session(storetest.New), s.Invoice(storetest.New), s.Charge(storetest.Old))
		if p := h.payments()[n]; p.Money(p.Gross).String() != c.gross || p.Money(p.Base).String() != c.base {
			t.Errorf("%s of %s, want %s of %s", p.Money(p.Base), p.Money(p.Gross), c.base, c.gross)
		}
	}
}

// "Partner's Express account emits charge.succeeded py_ via Connect endpoint -> ignored as revenue."
func TestAnIncomingTransferIsNoRevenue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	s.OneOff = true
	body := strings.NewReplacer(`"id":"ch_1"`, `"id":"py_1"`, `"payment_intent":"pi_1"`, `"payment_intent":null,"source_transfer":"tr_1"`).Replace(string(s.Charge(storetest.New)))
	h.hear([]byte(body))
	events, err := h.Store.Events(context.Background(), h.caller.Tenant, models.EventIgnored, storetest.FirstPage())
	if err != nil || len(events) != 1 || len(h.payments()) != 0 || h.asked != 0 {
		t.Errorf("%d ignored events, %v, %d payments, %d questions", len(events), err, len(h.payments()), h.asked)
	}
}
