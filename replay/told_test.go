package replay_test

import (
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// F5, B9: what a list of customers told is on the tape: the records are rebuilt, those that nobody paid with, too.
func TestCustomersThatWereBroughtAreRebuilt(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	ctx := t.Context()
	partner := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	_, err := c.AddCustomer(ctx, c.caller.Tenant, "user_1", inbox.CustomerChange{Email: new("b@x")}, "api", ann)
	c.must(err)
	tell := func(list ...models.ToldCustomer) {
		t.Helper()
		c.clock = c.clock.Add(time.Minute)
		c.must(c.TellCustomers(ctx, c.caller.Tenant, list, func(*store.Store, int, int) error { return nil }))
	}
	tell(models.ToldCustomer{ID: "cus_1", Email: "a@x", Name: "Ann"}, models.ToldCustomer{ID: "cus_2", Email: "b@x"}, models.ToldCustomer{ID: "cus_3"})
	told, err := c.Store.CustomerByKey(ctx, c.caller.Tenant, "stripe_cus_1")
	c.must(err)
	_, err = c.Link(ctx, c.caller.Tenant, []models.CustomerID{told.ID}, partner.ID, ann)
	c.must(err)
	for n, customer := range []string{"cus_1", "cus_2", ""} {
		c.hear(storetest.Sold{N: n + 1, Customer: customer, Email: []string{"a@x", "b@x", "a@x"}[n], Gross: 10000, Currency: "usd", OneOff: true, PaidAt: c.clock.Add(time.Hour)}.Session(storetest.Old))
	}
	tell(models.ToldCustomer{ID: "cus_1", Email: "a@x", Name: "Anna"}, models.ToldCustomer{ID: "cus_4"})
	if report := c.replay(); !report.OK || report.Hash != report.Rebuilt {
		t.Errorf("%+v", report)
	}
}

// F33, B9: a code that was made in Stripe for a partner stands for them from when it was made, and what was sold with it
// before this was known is decided again in a replay.
func TestACodeThatWasTakenOverIsRebuilt(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	ctx := t.Context()
	partner := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	sale := storetest.NewCase(storetest.New, 1)
	sale.At = c.clock
	c.hear(sale.Event("checkout.session.completed", 0, sale.Session("payment", 10000, 0, "discounts", []any{map[string]any{"coupon": "COUP", "promotion_code": "promo_1"}})))
	c.clock = c.clock.AddDate(0, 0, 3)
	c.must(c.AdoptCode(ctx, c.caller.Tenant, "promo_1", partner.ID, sale.At.Add(-time.Hour), ann))
	p, err := c.Store.PaymentByAlias(ctx, c.caller.Tenant, "pi_1")
	c.must(err)
	if p.Partner == nil || *p.AttributedBy != models.ByCoupon {
		t.Errorf("the payment is %+v", p)
	}
	if report := c.replay(); !report.OK || report.Hash != report.Rebuilt {
		t.Errorf("%+v", report)
	}
}
