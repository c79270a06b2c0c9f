package payouts_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// F104-F109: due money is drawn up, approved, and paid by one charge that ends on the partner's account.
func TestAnInvoiceIsDrawnUpApprovedAndPaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	i := h.approved()
	if i.Number != "TEST-2026-0001" || i.Total().String() != "20.00 USD" || i.ApprovedBy == nil || i.ApprovedHash == nil {
		t.Fatalf("approved %+v", i)
	}
	paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
	if err != nil || paid.Status != models.Paid || paid.Reference == nil || !strings.HasPrefix(*paid.Reference, "pi_") {
		t.Fatalf("paid %+v, %v", paid, err)
	}
	if h.moved() != 2000 || h.stripe.Charges("acct_platform") != 1 {
		t.Errorf("%d moved by %d charges", h.moved(), h.stripe.Charges("acct_platform"))
	}
	if b := h.balance(); b.Paid.Minor != 2000 || b.Due.Minor != 0 || b.Invoiced.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
	again, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
	if err != nil || len(again) != 0 {
		t.Errorf("drew up again: %+v, %v", again, err)
	}
}

// MONEY.md 6, P46: Pay clicked by many at once, beside Mark as paid, moves money once.
func TestPayClickedByManyBesideMarkAsPaidMovesMoneyOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		h := newHouse(t)
		i := h.approved()
		var all sync.WaitGroup
		results := make(chan error, 12)
		for n := range 12 {
			all.Go(func() {
				var err error
				if n%3 == 2 {
					_, err = h.MarkPaid(context.Background(), h.caller.Tenant, i.ID, "by hand", h.at, h.who)
				} else {
					_, err = h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who)
				}
				results <- err
			})
		}
		all.Wait()
		close(results)
		won := 0
		for err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, models.ErrConflict) {
				t.Errorf("a loser was told %v", err)
			}
		}
		now := h.again(i)
		charges := h.stripe.Charges("acct_platform")
		if won != 1 || now.Status != models.Paid || charges > 1 || (charges == 1) != (*now.PaidHow == "stripe") {
			t.Errorf("%d won, the invoice is %s by %v, Stripe charged %d times", won, now.Status, *now.PaidHow, charges)
		}
	}
}

// MONEY.md 4.5: what Stripe refuses is told in words and charges nothing; a new try is a new attempt.
func TestACardThatIsRefusedFailsWithTheReasonAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	for method, word := range map[string]string{"pm_card_chargeCustomerFail": "declined"} {
		h := newHouse(t)
		h.card(method)
		i := h.approved()
		failed, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who)
		if err != nil || failed.Status != models.Failed || failed.Because == nil || !strings.Contains(*failed.Because, word) {
			t.Fatalf("%s: %s %v, %v", method, failed.Status, failed.Because, err)
		}
		h.card("pm_card_visa")
		paid, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who)
		if err != nil || paid.Status != models.Paid || h.stripe.Charges("acct_platform") != 1 || h.moved() != 2000 {
			t.Errorf("%s: afterwards %s, %v, %d moved", method, paid.Status, err, h.moved())
		}
	}
}

// MONEY.md 0.11, P26, P43: Stripe did the work and the answer was lost. The attempt stays open and ends as paid, once.
func TestALostAnswerIsLookedUpAndNeverPaidAgain(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]time.Duration{"a minute later": time.Minute, "two days later": 48 * time.Hour} {
		h := newHouse(t)
		i := h.approved()
		h.stripe.Fail(sandbox.Fault{Path: "/v1/payment_intents", After: true, Status: 500, Times: 1})
		h.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/payment_intents", Status: 500, Times: 3})
		open, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who)
		if err != nil || open.Status != models.Processing {
			t.Fatalf("%s: %s, %v", name, open.Status, err)
		}
		if _, err := h.MarkPaid(context.Background(), h.caller.Tenant, i.ID, "wire 7", h.at, h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("%s: marked as paid while a payment was under way: %v", name, err)
		}
		attempts, err := h.Store.AttemptsOf(context.Background(), h.caller.Tenant, i.ID)
		if err != nil || len(attempts) != 1 {
			t.Fatalf("attempts %+v, %v", attempts, err)
		}
		h.at = h.at.Add(later)
		for range 3 {
			if err := h.Carry(context.Background(), h.caller.Tenant, attempts[0].ID); err != nil {
				t.Errorf("%s: carry: %v", name, err)
			}
		}
		if now := h.again(i); now.Status != models.Paid || h.moved() != 2000 {
			t.Errorf("%s: %s, %d moved", name, now.Status, h.moved())
		}
		if n := h.stripe.Charges("acct_platform"); n != 1 {
			t.Errorf("%s: Stripe charged %d times", name, n)
		}
	}
}

// P2, MONEY.md 2.5: a refund after the payout becomes a negative balance that the next invoice nets.
func TestARefundAfterThePayoutIsCarriedForward(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Pay(context.Background(), h.caller.Tenant, h.approved().ID, h.who); err != nil {
		t.Fatal(err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 10000))
	if b := h.balance(); b.Due.Minor != -2000 || b.Paid.Minor != 2000 {
		t.Errorf("balance %+v", b)
	}
	h.sell(2, 30000)
	if i := h.draw(); i.Total().String() != "40.00 USD" {
		t.Errorf("the next invoice is over %s, want 60 less 20", i.Total())
	}
}

// B17, P3, P21: a refund while the invoice waits shrinks it and voids the approval; nothing left voids the invoice.
func TestARefundBeforeThePayoutShrinksTheInvoiceAndVoidsTheApproval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.approved()
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 5000))
	now := h.again(i)
	if now.Status != models.InReview || now.Total().String() != "10.00 USD" || now.ApprovedHash != nil {
		t.Errorf("after half: %+v", now)
	}
	if _, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("paid without approval: %v", err)
	}
	h.hear(h.sold(1, 10000).Refund(storetest.Old, 10000))
	if now = h.again(i); now.Status != models.Void {
		t.Errorf("after all: %s", now.Status)
	}
	if b := h.balance(); b.Due.Minor != 0 || b.Invoiced.Minor != 0 {
		t.Errorf("balance %+v", b)
	}
	h.sell(2, 10000)
	if i := h.draw(); i.Total().String() != "20.00 USD" {
		t.Errorf("the next invoice is over %s", i.Total())
	}
}

// F108: an invoice is paid only after a person approved it, and an approval vouches for what was seen.
func TestNothingIsPaidWithoutApproval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	i := h.draw()
	if _, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("pay: %v", err)
	}
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("mark as paid: %v", err)
	}
	if _, err := h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at.Add(time.Hour), h.who); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("paid tomorrow: %v", err)
	}
	if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire 7", h.at.AddDate(-1, 0, 0), h.who); err != nil {
		t.Errorf("paid a year ago: %v", err)
	}
}

// MONEY.md 4.4, 6: an account that was restricted between approval and Pay takes no charge: it is read right before, and where it
// cannot be read, Stripe refuses the charge itself.
func TestAPartnerWhoCannotReceiveIsNotCharged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.approved()
	if err := h.stripe.RestrictAccount(*h.partner.StripeAccount); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) || h.again(i).Status != models.Approved {
		t.Errorf("%s, %v", h.again(i).Status, err)
	}
	h.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/accounts/*", Status: 500, Times: 3})
	failed, err := h.Pay(context.Background(), h.caller.Tenant, i.ID, h.who)
	if err != nil || failed.Status != models.Failed || h.stripe.Charges("acct_platform") != 0 {
		t.Errorf("%s, %v", failed.Status, err)
	}
}

// A partner who is paused while Stripe opens the account stays paused.
func TestConnectingAPartnerChangesNothingElseOfThem(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	stale := storetest.Partner(t, h.Store, h.caller.Tenant, "NEW", "usd")
	stale.Country = new("US")
	paused := stale
	paused.Status = models.PartnerPaused
	if err := h.Store.SavePartner(ctx, paused, h.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ConnectPartner(ctx, stale); err != nil {
		t.Fatal(err)
	}
	if now, err := h.Store.Partner(ctx, stale.Tenant, stale.ID); err != nil || now.Status != models.PartnerPaused || now.StripeAccount == nil {
		t.Errorf("%+v, %v", now, err)
	}
}
