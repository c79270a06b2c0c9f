package payouts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// B17, P42: a file that the bank may have got is cancelled or settled only by those who may pay: it keeps its invoices from being paid twice.
func TestOnlyThoseWhoMayPayEndABankFile(t *testing.T) {
	t.Parallel()
	h, invoices := paidByFile(t, map[string]models.Currency{"Nora": "eur"})
	ctx, tenant := context.Background(), h.caller.Tenant
	f, err := h.file(models.CSVFile, false, invoices...)
	if err != nil {
		t.Fatal(err)
	}
	h.scheduled(func(s *models.PayoutSettings) { s.PayRoles = []models.Role{models.Owner} })
	clerk := h.person(models.Finance)
	if err := h.CancelFile(ctx, tenant, f.ID, clerk); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("cancelled: %v", err)
	}
	if err := h.MarkFilePaid(ctx, tenant, f.ID, h.at, clerk); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("settled: %v", err)
	}
	if now, err := h.Store.BankFile(ctx, tenant, f.ID); err != nil || now.State != models.FileOpen {
		t.Errorf("%+v, %v", now.State, err)
	}
}

// F107: what a database cannot keep is refused by field, and of a paper's name what is to be seen stays.
func TestWhatIsSaidOfAPaymentIsText(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	for name, how := range map[string]models.PaidElsewhere{
		"nul in reference":   {Reference: "a\x00b", PaidAt: h.at},
		"bytes in reference": {Reference: "a\xffb", PaidAt: h.at},
		"nul in note":        {Reference: "a", Note: "\x00", PaidAt: h.at},
		"nul in words":       {Reference: "a", Words: "a\x00", Method: new(models.ByOther), PaidAt: h.at},
	} {
		if _, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, how, h.who); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	named := models.PaidElsewhere{Reference: "a", PaidAt: h.at, File: &models.Attachment{Name: "po\xff\x00of\u202efdp.exe\r\n\".pdf", Body: []byte("%PDF-1")}}
	if _, err := h.MarkPaidElsewhere(ctx, h.caller.Tenant, i.ID, named, h.who); err != nil {
		t.Fatal(err)
	}
	if f, err := h.Store.Attachment(ctx, h.caller.Tenant, i.ID, h.attemptsOf(i)[0].ID); err != nil || f.Name != "pooffdp.exe\".pdf" {
		t.Errorf("%q, %v", f.Name, err)
	}
	for _, reason := range []string{"a\x00b", "a\xffb"} {
		if _, err := h.Undo(ctx, h.caller.Tenant, i.ID, reason, h.who); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("undo %q: %v", reason, err)
		}
	}
}

// MONEY.md 4.7, P2: who gives a refunded payment up gives up what it was still worth, never what the customer's refund took already.
func TestGivingUpTakesNothingThatACustomersRefundTook(t *testing.T) {
	t.Parallel()
	for refunded, due := range map[int64]int64{0: 0, 5000: 0, 10000: 0} {
		h, ctx := newHouse(t), context.Background()
		i := h.approved()
		if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
			t.Fatal(paid.Status, err)
		}
		if refunded > 0 {
			h.hear(h.sold(1, 10000).Refund(storetest.Old, refunded))
		}
		back, err := h.Refund(ctx, h.caller.Tenant, i.ID, "Fraud", false, h.who)
		if err != nil || back.Status != models.Refunded {
			t.Fatal(back.Status, err)
		}
		if b := h.balance(); b.Due.Minor != due || b.Paid.Minor != 0 || h.moved() != 0 {
			t.Errorf("%d refunded: balance %+v, moved %d", refunded, b, h.moved())
		}
	}
}

// The same, when the customer's refund was netted by a later invoice.
func TestGivingUpPaysBackWhatALaterInvoiceNetted(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
		t.Fatal(paid.Status, err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 10000))
	h.sell(2, 30000)
	h.at = h.at.Add(time.Minute)
	j := h.approved()
	if paid, err := h.Pay(ctx, h.caller.Tenant, j.ID, h.who); err != nil || paid.Status != models.Paid || j.TotalMinor != 4000 {
		t.Fatal(paid.Status, j.TotalMinor, err)
	}
	if _, err := h.Refund(ctx, h.caller.Tenant, i.ID, "Fraud", false, h.who); err != nil {
		t.Fatal(err)
	}
	if b := h.balance(); b.Due.Minor != 2000 || h.moved() != 4000 {
		t.Errorf("balance %+v, moved %d", b, h.moved())
	}
}

// MONEY.md 4.7: a refund that Stripe refused decides nothing. When somebody gives the money back in Stripe later, it is due again.
func TestARefundThatFailedGivesNothingUp(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
	if err != nil {
		t.Fatal(err)
	}
	h.stripe.Fail(sandbox.Fault{Path: "/v1/refunds", Status: 400, Times: 1})
	if now, err := h.Refund(ctx, h.caller.Tenant, paid.ID, "Fraud", false, h.who); err != nil || now.Status != models.Paid {
		t.Fatal(now.Status, err)
	}
	a := h.attemptsOf(paid)[0]
	h.post("/v1/refunds", "reverse_transfer=true&charge="+*a.ChargedBy)
	if err := h.Heard(ctx, "charge", *a.ChargedBy); err != nil {
		t.Fatal(err)
	}
	if b := h.balance(); h.again(paid).Status != models.Refunded || b.Due.Minor != 2000 {
		t.Errorf("%s, balance %+v", h.again(paid).Status, b)
	}
}
