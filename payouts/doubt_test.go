package payouts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

// MONEY.md 4.5: an answer that says nothing of the payment itself, such as a key that was rolled, leaves the attempt open.
func TestAKeyThatWasRolledIsNotARefusalOfThePayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.approved()
	h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", After: true, Status: 500, Times: 1})
	h.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/payment_intents", Status: 500, Times: 3})
	if open, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	good := h.Bank
	h.Bank = payouts.NewStripe("sk_test_rolled_key", h.api)
	attempts, err := h.Store.AttemptsOf(context.Background(), h.caller.Tenant, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Carry(context.Background(), h.caller.Tenant, attempts[0].ID); !errors.Is(err, models.ErrLater) {
		t.Errorf("with a refused key: %v", err)
	}
	if now := h.again(i); now.Status != models.Processing {
		t.Errorf("the invoice is %s", now.Status)
	}
	h.Bank, h.at = good, h.at.Add(10*time.Minute)
	if err := h.CarryAll(context.Background()); err != nil {
		t.Errorf("carry all: %v", err)
	}
	if now := h.again(i); now.Status != models.Paid || h.moved() != 2000 || h.stripe.Charges("acct_platform") != 1 {
		t.Errorf("%s, %d moved by %d charges", now.Status, h.moved(), h.stripe.Charges("acct_platform"))
	}
}

// D16, P20: a test invoice is never paid with live money, nor a live one with test money.
func TestAnInvoiceOfOneSideIsNotPaidByTheOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.approved()
	for _, mode := range []models.Mode{models.Live, ""} {
		h.Mode = mode
		if _, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("bank of %q: %v", mode, err)
		}
	}
	if h.stripe.Charges("acct_platform") != 0 {
		t.Error("a charge was made")
	}
}

// P3: what is taken back of a failed invoice, or while its payment was under way, is not paid by the next try.
func TestAFailedInvoiceShrinksByWhatIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.card("pm_card_chargeCustomerFail")
	i := h.approved()
	if failed, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil || failed.Status != models.Failed {
		t.Fatalf("%s, %v", failed.Status, err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 5000))
	now := h.again(i)
	if now.Status != models.InReview || now.Total().String() != "10.00 USD" {
		t.Errorf("after half: %s %s", now.Status, now.Total())
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 10000))
	if now = h.again(i); now.Status != models.Void {
		t.Errorf("after all: %s", now.Status)
	}
}

// P3: the refund comes while the payment is under way, and the payment then fails.
func TestARefundWhileThePaymentIsUnderWayIsTakenOffWhenItFails(t *testing.T) {
	t.Parallel()
	for back, want := range map[int64]string{5000: "review 10.00 USD", 10000: "void 0.00 USD"} {
		h := newHouse(t)
		i := h.approved()
		h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", Status: 500, Times: 6})
		if open, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil || open.Status != models.Processing {
			t.Fatalf("%s, %v", open.Status, err)
		}
		h.hear(h.sold(1, 10000).Refund(storetest.Old, back))
		if now := h.again(i); now.Status != models.Processing || now.TotalMinor != 2000 {
			t.Errorf("while under way: %s %s", now.Status, now.Total())
		}
		h.at = h.at.Add(48 * time.Hour)
		attempts, err := h.Store.AttemptsOf(context.Background(), h.caller.Tenant, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			_ = h.Carry(context.Background(), h.caller.Tenant, attempts[0].ID) // the first may meet the fault
		}
		if now := h.again(i); string(now.Status)+" "+now.Total().String() != want {
			t.Errorf("%d back: %s %s, want %s", back, now.Status, now.Total(), want)
		}
		storetest.CheckBooks(t, h.Store)
	}
}

// B17: a fact that changes the order of the lines on paper, but no amount, leaves an approval as it is.
func TestAnApprovalHoldsWhenOnlyATimeIsKnownBetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.sold(12, 10000), h.sold(13, 10000)
	a.OneOff, b.OneOff = true, true
	h.hear(h.sold(1, 10000).Session(storetest.Old), a.Charge(storetest.Old), b.Charge(storetest.Old))
	i := h.approved()
	a.PaidAt = b.PaidAt.Add(time.Second)
	h.hear(a.Session(storetest.Old))
	if paid, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
		t.Errorf("%s, %v", paid.Status, err)
	}
}

// Drawing up ahead of the hold ends the holds of what is drawn, and of nothing else.
func TestDrawingUpAheadLeavesAloneWhatIsNotDrawn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.sold(9, 10000)
	s.PaidAt = h.at.AddDate(0, 0, -1)
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
	ahead := h.at.AddDate(0, 0, 60)
	if list, err := h.DrawUp(context.Background(), h.caller.Tenant, ahead, 5000, h.who); err != nil || len(list) != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	if b := h.balance(); b.Held.Minor != 2000 || b.Due.Minor != 2000 {
		t.Errorf("balance %+v", b)
	}
	if list, err := h.DrawUp(context.Background(), h.caller.Tenant, ahead, 0, h.who); err != nil || len(list) != 1 || list[0].TotalMinor != 4000 {
		t.Errorf("%+v, %v", list, err)
	}
}

// F103: a new card is the same company's at Stripe.
func TestANewCardBelongsToTheSameCustomer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before, err := h.Store.Card(context.Background(), h.caller.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	after, err := h.SaveCard(context.Background(), h.caller.Tenant, "pm_card_visa")
	if err != nil || after.Customer != before.Customer || !strings.HasPrefix(after.Customer, "cus_") {
		t.Errorf("%+v then %+v, %v", before, after, err)
	}
}
