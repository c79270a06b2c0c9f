package integrations_test

import (
	"context"
	"testing"
	"time"

	"portal/sandbox"
)

// D14, MONEY.md 3.4: a refund that fails while the list that still shows it is on its way has failed, whatever the clock says
// when the list arrives: by an import as by a comparison.
func TestWhatHappensWhileAListIsOnItsWayComesAfterIt(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"an import", "a comparison"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			p := newPast(t, 1, false)
			sold := p.now()
			order := sandbox.Order{Email: "ann@example.com", Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata, At: sold}
			once, err := p.stripe.Sell("acct_shop", order)
			if err != nil {
				t.Fatal(err)
			}
			p.pass(2 * time.Hour)
			refund, err := p.stripe.Refund("acct_shop", once.Charge, 2500, sold.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			p.pass(40 * 24 * time.Hour) // Stripe lists no event of it any more
			failed := false
			fails := func(path string) {
				if path == "/v1/refunds" && !failed {
					failed = true
					if err := p.stripe.FailRefund("acct_shop", refund, p.now()); err != nil {
						t.Errorf("fail the refund: %v", err)
					}
				}
				p.pass(5 * time.Second)
			}
			p.answered.Store(&fails)
			if by == "an import" {
				p.enter(t, p.listed(t, p.begins), true)
			} else if err := p.untold.ReconcileOne(ctx, connectionOf(p.untold)); err != nil {
				t.Fatal(err)
			}
			p.settle(t, p.untold)
			p.answered.Store(nil)
			if err := p.untold.Heal(ctx); err != nil { // its event comes at last
				t.Fatal(err)
			}
			p.settle(t, p.untold)
			row, err := p.untold.Store.PaymentByAlias(ctx, p.untold.Tenant, once.Charge)
			if err != nil || row.Refunded != 0 || !failed {
				t.Errorf("%d is given back, %v", row.Refunded, err)
			}
		})
	}
}
