package replay_test

import (
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// D15, B9: who shares an account, and in which program a customer was linked, is on the tape: what earned in the second
// program earns there again.
func TestProgramsThatShareAnAccountAreRebuilt(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	ctx := t.Context()
	storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	second := models.Program{Company: c.caller.Company, ID: models.NewID[models.ProgramID](c.clock), Name: "Second", Currency: "usd"}
	c.must(c.Store.InTx(ctx, func(tx *store.Store) error { return tx.AddProgram(ctx, second, c.clock) }))
	c.must(c.Store.SaveRules(ctx, c.caller.Tenant, second.ID, []models.Rule{{Type: "percent", Value: "50", Recurring: "always"}}, "test", c.clock))
	account := "acct_1"
	for _, program := range []models.ProgramID{c.caller.Program, second.ID} {
		c.must(c.Store.SaveIntegration(ctx, store.Integration{Tenant: c.caller.Tenant, Program: program, Source: models.SourceStripe, Status: "connected",
			Account: &account, WebhookSecret: storetest.Secret}, c.clock))
	}
	id, partner := "cus_1", "PARTNER_A"
	_, err := c.AddCustomer(ctx, c.caller.Tenant, "ann", inbox.CustomerChange{StripeID: &id, Partner: &partner, Program: second.ID}, "api", ann)
	c.must(err)
	sold := storetest.Sold{N: 1, Customer: "cus_1", Email: "ann@example.com", Gross: 10000, Currency: "usd", OneOff: true, PaidAt: c.clock.Add(time.Minute)}
	c.hear(sold.Session(storetest.Old), sold.Charge(storetest.Old))
	p, err := c.Store.PaymentByAlias(ctx, c.caller.Tenant, "pi_1")
	c.must(err)
	if p.Program != second.ID {
		t.Fatalf("the payment earns in %s, want %s", p.Program, second.ID)
	}
	if report := c.replay(); !report.OK || report.Hash != report.Rebuilt {
		t.Errorf("%+v", report)
	}
}
