package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

// shown is what the company's Stripe shows when it is asked.
var shown = map[string]string{
	"customer cus_1": `{"id":"cus_1","metadata":{"partner_key":"PARTNER_A"}}`, "customer cus_2": `{"id":"cus_2","metadata":{}}`,
	"payment_intent pi_2": `{"id":"pi_2","metadata":{"partnero_partner":"PARTNER_A"}}`,
}

func (c *company) show(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, wants []models.Want) (sources.Answer, error) {
	a := sources.Answer{Aside: true, Shown: map[string]sources.Shown{}}
	for _, w := range wants {
		object := shown[w.String()]
		if object == "" {
			object = "null"
		}
		a.Shown[w.String()] = sources.Shown{At: c.clock, Object: json.RawMessage(object)}
	}
	return a, nil
}

// B9: what was asked for, and decided before it was shown, codes that came and went, clicks, settings of new payments and
// facts about customers are all on the tape: played again it ends in the same state, customers' records included, without
// a network.
func TestWhatIsKnownBesidePaymentsIsOnTheTape(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	ctx := c.t.Context()
	a := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	b := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_B", "usd")
	connection := store.Integration{Tenant: c.caller.Tenant, Program: c.caller.Program, Source: models.SourceStripe, Status: "connected", WebhookSecret: storetest.Secret, APIKey: "sk_test_1234567890"}
	c.must(c.Store.SaveIntegration(ctx, connection, storetest.Day))
	c.Show = c.show
	c.program(func(p *models.Program) {
		p.AttributionModel, p.CouponBeatsLink, p.SelfReferral = "transaction", true, "flag"
	})
	one, two, three := storetest.NewCase(storetest.Old, 1), storetest.NewCase(storetest.New, 2), storetest.NewCase(storetest.Old, 3)
	c.hear(one.Event("charge.succeeded", 0, one.Charge(10000)), two.Event("charge.succeeded", 0, two.Charge(10000)))
	_, _, err := c.Transact(ctx, c.caller, inbox.Transaction{Key: "ch_2", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_2", CreateCustomer: true})
	c.must(err)
	c.hear() // an hour later: now they are asked for
	_, err = c.AddCode(ctx, c.caller.Tenant, "SAVE20", b.ID, ann)
	c.must(err)
	three.At = c.clock.Add(time.Minute)
	sold := three.Session("payment", 10000, 0, "discounts", []any{map[string]any{"promotion_code": map[string]any{"id": "promo_1", "code": "save20"}}}, "metadata", map[string]any{"portal_click": "clk_1"})
	c.hear(three.Event("checkout.session.completed", 0, sold))
	_, err = c.RemoveCode(ctx, c.caller.Tenant, "save20", ann)
	c.must(err)
	c.must(c.Clicked(ctx, models.Click{Tenant: c.caller.Tenant, ID: "clk_1", Partner: a.ID, At: three.At.Add(-time.Hour)}))
	c.hear(one.Event("customer.updated", 0, map[string]any{"id": "cus_3", "object": "customer", "metadata": map[string]any{"partner_key": "PARTNER_A"}}))
	report := c.replay()
	if !report.OK || report.Hash != report.Rebuilt || report.Events < 5 {
		t.Errorf("%+v", report)
	}
	for key, want := range map[string]string{"pi_1": "stripe_cus_1__pkey_PARTNER_A", "pi_2": "stripe_cus_2__pkey_PARTNER_A"} {
		p, err := c.Store.PaymentByAlias(ctx, c.caller.Tenant, key)
		c.must(err)
		if p.CustomerKey == nil || *p.CustomerKey != want {
			t.Errorf("%s is of customer %v, want %s", key, p.CustomerKey, want)
		}
	}
	if _, err := c.Store.CustomerByKey(ctx, c.caller.Tenant, "stripe_cus_1"); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("the customer's own record, from before the key was known, stays with nothing on it: %v", err)
	}
}
