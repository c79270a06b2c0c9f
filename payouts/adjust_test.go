package payouts_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/sandbox"
	"portal/store/storetest"
)

// adjust books a bonus, or below zero a deduction, for the sample partner.
func (h *house) adjust(minor int64, reason string) models.Adjustment {
	h.t.Helper()
	a, err := h.inbox.Adjust(context.Background(), models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](h.at), Partner: h.partner.ID,
		Program: &h.caller.Program, Minor: minor, Currency: "usd", Reason: reason}, h.who)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) lines(i models.Invoice) []models.InvoiceLine {
	h.t.Helper()
	list, err := h.Store.InvoiceLines(context.Background(), h.caller.Tenant, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// Issue 3, point 6: the next invoice gathers a bonus and a deduction as lines, whatever day it is drawn up to, and they
// are paid with it.
func TestTheNextInvoiceGathersBonusAndDeductionAndIsPaidWithThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.adjust(5000, "Best month of the year")
	h.adjust(-1500, "Paid twice in May")
	list, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at.AddDate(0, 0, -5), 0, h.who)
	if err != nil || len(list) != 1 || list[0].Total().String() != "55.00 USD" {
		t.Fatalf("drew up %+v, %v", list, err)
	}
	lines := h.lines(list[0])
	if len(lines) != 3 || lines[0].IsAdjustment() || lines[1].Kind != "bonus" || lines[1].Because != "Best month of the year" || lines[1].AmountMinor != 5000 ||
		lines[2].Kind != "deduction" || lines[2].AmountMinor != -1500 || !lines[2].IsAdjustment() {
		t.Errorf("lines %+v", lines)
	}
	if _, err := h.Approve(context.Background(), h.caller.Tenant, list[0].ID, h.who); err != nil {
		t.Fatal(err)
	}
	paid, err := h.Pay(context.Background(), h.caller.Tenant, list[0].ID, h.who)
	if err != nil || paid.Status != models.Paid || h.moved() != 5500 {
		t.Errorf("%s, %v, %d moved", paid.Status, err, h.moved())
	}
	if again, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at, 0, h.who); err != nil || len(again) != 0 {
		t.Errorf("drew up again %+v, %v", again, err)
	}
}

// Issue 3, point 8: what is due may be below zero; no invoice is drawn up then, and the next one nets it.
func TestADeductionBelowZeroIsNettedByTheNextInvoice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.adjust(-5000, "Paid twice in May")
	if list, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at, 0, h.who); err != nil || len(list) != 0 || h.balance().Due.Minor != -3000 {
		t.Errorf("%+v, %v, due %s", list, err, h.balance().Due)
	}
	h.sell(2, 30000)
	if i := h.draw(); i.Total().String() != "30.00 USD" || h.balance().Due.Minor != 0 {
		t.Errorf("the next invoice is over %s", i.Total())
	}
}

// B17, P21: a bonus made after an invoice was drawn up is for the next one and leaves an approval alone. An invoice that
// refunds leave nothing of is void, and lets go of what was booked by hand too.
func TestAnInvoiceIsOnlyChangedByWhatItGathers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.adjust(-1500, "Paid twice in May")
	i := h.approved()
	h.adjust(700, "Thanks")
	if now := h.again(i); now.Status != models.Approved || now.Total().String() != "5.00 USD" {
		t.Errorf("%s %s", now.Status, now.Total())
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 5000))
	if now := h.again(i); now.Status != models.Void || len(h.lines(i)) != 2 { // it still shows what it gathered
		t.Errorf("after half: %s, %+v", now.Status, h.lines(i))
	}
	if b := h.balance(); b.Due.Minor != 200 || b.Invoiced.Minor != 0 { // 20.00 less 10.00, less 15.00, and 7.00
		t.Errorf("balance %+v", b)
	}
	if next := h.draw(); next.Total().String() != "2.00 USD" || len(h.lines(next)) != 4 {
		t.Errorf("the next is over %s: %+v", next.Total(), h.lines(next))
	}
}

// A debt that was written off comes off no invoice any more.
func TestADebtWrittenOffIsNotTakenOffTheNextInvoice(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	if _, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who); err != nil {
		t.Fatal(err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 10000))
	fay, finn := models.Actor{Person: new(models.NewID[models.PersonID](h.at)), Name: "fay"}, models.Actor{Person: new(models.NewID[models.PersonID](h.at)), Name: "finn"}
	w, err := h.inbox.AskWriteOff(ctx, h.caller.Tenant, h.partner.ID, models.Money{Minor: 1200, Currency: "usd"}, "Our own mistake", fay)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.inbox.ApproveWriteOff(ctx, h.caller.Tenant, w.ID, finn); err != nil {
		t.Fatal(err)
	}
	h.sell(2, 30000)
	i := h.draw()
	if lines := h.lines(i); i.Total().String() != "52.00 USD" || lines[len(lines)-1].Kind != "write_off" || lines[len(lines)-1].Because != "Our own mistake" {
		t.Errorf("the next invoice is over %s, want 60 less 20 and 12: %+v", i.Total(), lines)
	}
}

// F112: a sale in dollars by a partner paid in euro makes an invoice, and a charge, in euro.
func TestAPartnerIsInvoicedAndPaidInTheirOwnCurrency(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.inbox.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	country := "DE"
	euro := storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	euro.Country = &country
	euro, err := h.ConnectPartner(ctx, euro)
	if err != nil {
		t.Fatal(err)
	}
	h.onboard(euro)
	s := h.sold(7, 10000)
	s.Customer, s.Email, s.Partner = "cus_7", "eva@example.com", "EURO"
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
	if n, err := h.inbox.EnterRate(ctx, h.caller.Company, models.Rate{From: "usd", To: "eur", Value: "0.9", Date: s.PaidAt}, h.who); err != nil || n != 1 {
		t.Fatalf("priced %d, %v", n, err)
	}
	list, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
	if err != nil || len(list) != 2 || list[1].Total().String() != "18.00 EUR" {
		t.Fatalf("drew up %+v, %v", list, err)
	}
	if _, err := h.Approve(ctx, h.caller.Tenant, list[1].ID, h.who); err != nil {
		t.Fatal(err)
	}
	if paid, err := h.Pay(ctx, h.caller.Tenant, list[1].ID, h.who); err != nil || paid.Status != models.Paid || h.stripe.Moved()[*euro.StripeAccount]["eur"] != 1800 {
		t.Errorf("%s, %v, moved %v", paid.Status, err, h.stripe.Moved())
	}
}

// F108: an approval can be withdrawn while nothing is being paid, and the invoice then waits for review as before.
func TestAnApprovalIsWithdrawnWhileNothingIsPaid(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.draw()
	if _, err := h.Withdraw(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("one in review: %v", err)
	}
	if _, err := h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
		t.Fatal(err)
	}
	now, err := h.Withdraw(ctx, h.caller.Tenant, i.ID, h.who)
	if err != nil || now.Status != models.InReview || now.ApprovedBy != nil || now.ApprovedAt != nil || now.ApprovedHash != nil || now.Because != nil {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("paid without approval: %v", err)
	}
	audit, err := h.Store.AuditOf(ctx, h.caller.Company, i.ID.String())
	if err != nil || len(audit) != 3 || audit[2].Action != "invoice.withdrawn" || audit[2].Actor != h.who.Name {
		t.Errorf("audit %+v, %v", audit, err)
	}
	if _, err := h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
		t.Errorf("approved again: %v", err)
	}
	h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, Times: 6})
	if open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if _, err := h.Withdraw(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("while it is being paid: %v", err)
	}
}

// P46: withdrawing beside paying, one of them wins and the invoice is one or the other.
func TestWithdrawingBesidePayingIsOneOrTheOther(t *testing.T) {
	t.Parallel()
	for range 3 {
		h := newHouse(t)
		i := h.approved()
		var all sync.WaitGroup
		var withdrawn, paid error
		all.Go(func() { _, withdrawn = h.Withdraw(context.Background(), h.caller.Tenant, i.ID, h.who) })
		all.Go(func() {
			_, paid = h.MarkPaid(context.Background(), h.caller.Tenant, i.ID, "wire 7", h.at.Add(-time.Hour), h.who)
		})
		all.Wait()
		now := h.again(i)
		if (withdrawn == nil) == (paid == nil) || (paid == nil) != (now.Status == models.Paid) || (withdrawn == nil) != (now.Status == models.InReview) {
			t.Errorf("%s: withdrawn %v, paid %v", now.Status, withdrawn, paid)
		}
	}
}
