package replay_test

import (
	"bytes"
	"testing"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// D15, B9: what came by the platform's Connect endpoint, for two programs that are connected by OAuth to one account, is rebuilt; so
// is what came after one of them was disconnected.
func TestWhatCameByTheConnectEndpointIsRebuilt(t *testing.T) {
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
			Account: &account, OAuth: store.OAuth{Connected: true, Scope: "read_write", GrantedAt: &c.clock}}, c.clock))
	}
	hear := func(n int) {
		t.Helper()
		c.clock = c.clock.Add(time.Hour)
		s := storetest.Sold{N: n, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: c.clock.Add(-time.Minute)}
		for _, body := range [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old)} {
			body = bytes.Replace(body, []byte(`{`), []byte(`{"account":"acct_1",`), 1)
			c.must(c.AcceptConnect(ctx, "whsec_connect", storetest.Signed("whsec_connect", body, c.clock), body))
		}
		c.must(c.Drain(ctx))
	}
	hear(1)
	_, err := c.Store.ForgetIntegration(ctx, c.caller.Tenant, c.caller.Program, models.SourceStripe, c.clock)
	c.must(err)
	hear(2)
	for key, program := range map[string]models.ProgramID{"in_1": c.caller.Program, "in_2": second.ID} {
		p, err := c.Store.PaymentByAlias(ctx, c.caller.Tenant, key)
		c.must(err)
		if p.Program != program {
			t.Errorf("%s earns in %s, want %s", key, p.Program, program)
		}
	}
	if report := c.replay(); !report.OK || report.Hash != report.Rebuilt || report.Events != 4 {
		t.Errorf("%+v", report)
	}
}
