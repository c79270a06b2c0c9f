package replay_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

// bank is a way to pay a company's partners, by a sandbox that pays for a company with a card to a partner with an account.
func (c *company) bank(partner models.Partner) *payouts.Payouts {
	c.t.Helper()
	stripe, err := sandbox.Open(sandbox.Options{Now: c.Now})
	c.must(err)
	c.t.Cleanup(func() { _ = stripe.Close() })
	stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{"sk_test_platform_key"}})
	api := httptest.NewServer(stripe.API())
	c.t.Cleanup(api.Close)
	out := &payouts.Payouts{Store: c.Store, Bank: payouts.NewStripe("sk_test_platform_key", api.URL), Mode: models.Test, Now: c.Now, Log: c.Log}
	partner.Country = new("US")
	partner, err = out.ConnectPartner(c.t.Context(), partner)
	c.must(err)
	c.must(stripe.Onboard(*partner.StripeAccount, sandbox.Complete))
	_, err = out.SaveCard(c.t.Context(), c.caller.Tenant, "pm_card_visa")
	c.must(err)
	return out
}

// B9, MONEY.md 4.7: what was paid, taken back, undone, voided and drawn up anew follows from people and Stripe, not from what was
// earned: the tape played again ends in the same state after each step, and the books are proved.
func TestPayingAndTakingBackLeaveTheTapeInTheSameState(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	ctx, tenant := t.Context(), c.caller.Tenant
	out := c.bank(storetest.Partner(t, c.Store, tenant, "PARTNER_A", "usd"))
	sold := func(n int) storetest.Sold {
		return storetest.Sold{N: n, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: storetest.Day.AddDate(0, 0, n-90)}
	}
	approved := func() models.Invoice {
		c.clock = c.clock.Add(time.Minute)
		list, err := out.DrawUp(ctx, tenant, c.clock, 0, ann)
		c.must(err)
		if len(list) != 1 {
			t.Fatalf("drew up %+v", list)
		}
		i, err := out.Approve(ctx, tenant, list[0].ID, ann)
		c.must(err)
		return i
	}
	done := func(want models.InvoiceStatus) func(models.Invoice, error) {
		return func(i models.Invoice, err error) {
			t.Helper()
			c.must(err)
			if i.Status != want {
				t.Fatalf("%s is %s, want %s", i.Number, i.Status, want)
			}
		}
	}
	same := func(after string) {
		t.Helper()
		if r := c.replay(); !r.OK || r.Hash != r.Rebuilt {
			t.Fatalf("after %s: %v", after, r.Differences)
		}
	}
	c.hear(sold(1).Session(storetest.Old), sold(1).Invoice(storetest.Old))
	i := approved()
	done(models.Paid)(out.MarkPaid(ctx, tenant, i.ID, "wire 7", c.clock, ann))
	c.hear(sold(1).Refund(storetest.Old, 2500))
	done(models.InReview)(out.Undo(ctx, tenant, i.ID, "typo", ann))
	same("a mark that was undone")
	done(models.InReview)(out.Reissue(ctx, tenant, i.ID, "an old address", ann))
	same("another invoice in its place")
	list, err := c.Store.Invoices(ctx, tenant, nil, models.InReview, storetest.FirstPage())
	c.must(err)
	done(models.Void)(out.Void(ctx, tenant, list[0].ID, "not yet", ann))
	same("a void invoice")
	i = approved()
	done(models.Paid)(out.Pay(ctx, tenant, i.ID, ann))
	c.hear(sold(1).Refund(storetest.Old, 5000))
	done(models.Refunded)(out.Refund(ctx, tenant, i.ID, "again", true, ann))
	same("a payment that was taken back")
	c.hear(sold(2).Session(storetest.Old), sold(2).Invoice(storetest.Old))
	i = approved()
	done(models.Paid)(out.Pay(ctx, tenant, i.ID, ann))
	done(models.Refunded)(out.Refund(ctx, tenant, i.ID, "fraud", false, ann))
	same("a payment that was given up")
	c.hear(sold(1).Refund(storetest.Old, 10000))
	same("a refund by the customer after all")
}
