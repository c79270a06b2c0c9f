package payouts_test

import (
	"context"
	"errors"
	"testing"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// F108: an invoice that is wrong is voided with a reason: its number stays used, its lines can still be seen, and all it gathered
// is due again, also after a payment of it failed.
func TestAVoidInvoiceGivesBackAllItGathered(t *testing.T) {
	t.Parallel()
	for _, status := range []models.InvoiceStatus{models.InReview, models.Approved, models.Failed} {
		h := newHouse(t)
		ctx := context.Background()
		i := h.draw()
		if status != models.InReview {
			if _, err := h.Approve(ctx, i.Tenant, i.ID, h.who); err != nil {
				t.Fatal(err)
			}
		}
		if status == models.Failed {
			h.card("pm_card_chargeCustomerFail")
			if _, err := h.Pay(ctx, i.Tenant, i.ID, h.who); err != nil {
				t.Fatal(err)
			}
		}
		if now := h.again(i); now.Status != status {
			t.Fatalf("%s, want %s", now.Status, status)
		}
		if _, err := h.Void(ctx, i.Tenant, i.ID, " ", h.who); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		v, err := h.Void(ctx, i.Tenant, i.ID, "wrong month", h.who)
		if err != nil || v.Status != models.Void || v.TotalMinor != 0 || *v.Because != "wrong month" || v.ApprovedHash != nil {
			t.Errorf("%s: %+v, %v", status, v, err)
		}
		if lines, err := h.Store.InvoiceLines(ctx, i.Tenant, i.ID); err != nil || len(lines) != 1 || lines[0].AmountMinor != 2000 || lines[0].Sale().Minor != 10000 {
			t.Errorf("its lines are %+v, %v", lines, err)
		}
		if b := h.balance(); b.Due.Minor != 2000 || b.Invoiced.Minor != 0 {
			t.Errorf("balance %+v", b)
		}
		if _, err := h.Void(ctx, i.Tenant, i.ID, "again", h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("void twice: %v", err)
		}
		if next := h.draw(); next.TotalMinor != 2000 || next.Number == i.Number {
			t.Errorf("the next one is %s over %s", next.Number, next.Total())
		}
		h.noGaps(2)
		storetest.CheckBooks(t, h.Store)
	}
}

// F108, P27: an invoice that is voided and drawn up anew has another that stands for it, of what is due by then; what was sold
// after an invoice was drawn up is never on it.
func TestAReissuedInvoiceStandsForTheVoidOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	i := h.draw()
	h.sell(2, 5000)
	if now := h.again(i); now.TotalMinor != 2000 {
		t.Errorf("a later sale came on it: %s", now.Total())
	}
	next, err := h.Reissue(ctx, i.Tenant, i.ID, "the address was wrong", h.who)
	if err != nil || next.ReissueOf == nil || *next.ReissueOf != i.ID || next.TotalMinor != 3000 || next.Status != models.InReview || next.Until != i.Until {
		t.Errorf("%+v, %v", next, err)
	}
	if _, err := h.Reissue(ctx, i.Tenant, i.ID, "again", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a void one: %v", err)
	}
	h.noGaps(2)
	// With nothing due there is nothing to put in its place, and nothing changes.
	if _, err := h.inbox.Adjust(ctx, models.Adjustment{Tenant: i.Tenant, ID: models.NewID[models.AdjustmentID](h.at), Partner: i.Partner, Program: &h.caller.Program,
		Minor: -3000, Currency: "usd", Reason: "taken back"}, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Reissue(ctx, i.Tenant, next.ID, "again", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("with nothing due: %v", err)
	}
	if now := h.again(next); now.Status != models.InReview || now.TotalMinor != 3000 {
		t.Errorf("%s over %s", now.Status, now.Total())
	}
	h.noGaps(2)
}

// F108, P21: what is being paid, or was, cannot be voided. What took an invoice down is due with the rest when it is voided, and
// comes off the next one.
func TestWhatIsPaidCannotBeVoided(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	i := h.approved()
	if _, err := h.Pay(ctx, i.Tenant, i.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Void(ctx, i.Tenant, i.ID, "too late", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a paid one: %v", err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 5000)) // 10.00 of what was paid
	h.sell(2, 10000)
	next := h.approved()
	if _, err := h.Void(ctx, next.Tenant, next.ID, "not yet", h.who); err != nil {
		t.Fatal(err)
	}
	if b := h.balance(); b.Due.Minor != 1000 {
		t.Errorf("balance %+v", b)
	}
	last := h.approved()
	if last.TotalMinor != 1000 {
		t.Errorf("the next one is over %s", last.Total())
	}
	h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, Times: 6})
	if open, err := h.Pay(ctx, last.Tenant, last.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if _, err := h.Void(ctx, last.Tenant, last.ID, "too late", h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("one that is being paid: %v", err)
	}
}

// F107, F108: an invoice that stands in a file for the bank, which may be paying it, cannot be voided before that file is settled or
// cancelled: what it gathers would be paid twice.
func TestWhatTheBankMayBePayingCannotBeVoided(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	h.debtor()
	h.newBank()
	i := h.approved()
	f, err := h.file(models.CSVFile, false, i)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Reissue(ctx, i.Tenant, i.ID, "wrong", h.who); !errors.Is(err, models.ErrConflict) || h.again(i).Status != models.Approved {
		t.Errorf("%v, %s", err, h.again(i).Status)
	}
	if err := h.CancelFile(ctx, i.Tenant, f.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if v, err := h.Void(ctx, i.Tenant, i.ID, "wrong", h.who); err != nil || v.Status != models.Void {
		t.Errorf("%s, %v", v.Status, err)
	}
}
