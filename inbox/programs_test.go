package inbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// second gives the company a second program, a day younger, that pays 50 % where the first pays 20 %. When it shares, it is
// connected to the same account.
func (h *house) second(shares bool) models.Caller {
	h.t.Helper()
	ctx, made := context.Background(), storetest.Day.AddDate(-1, 0, 1)
	c := models.Caller{Tenant: h.caller.Tenant, Program: models.NewID[models.ProgramID](made), KeyName: "second"}
	account := map[models.ProgramID]string{h.caller.Program: "acct_1", c.Program: "acct_2"}
	if shares {
		account[c.Program] = "acct_1"
	}
	err := h.Store.InTx(ctx, func(tx *store.Store) error {
		err := tx.AddProgram(ctx, models.Program{Company: c.Company, ID: c.Program, Name: "Second", Currency: "usd"}, made)
		for _, program := range []models.ProgramID{h.caller.Program, c.Program} {
			at := account[program]
			err = errors.Join(err, tx.SaveIntegration(ctx, store.Integration{Tenant: c.Tenant, Program: program, Source: models.SourceStripe, Status: "connected",
				Account: &at, WebhookSecret: storetest.Secret}, made))
		}
		return errors.Join(err, tx.SaveRules(ctx, c.Tenant, c.Program, []models.Rule{{Type: "percent", Value: "50", Recurring: "always"}}, "test", made))
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// through sends bodies to one program's webhook.
func (h *house) through(program models.ProgramID, bodies ...[]byte) {
	h.t.Helper()
	for _, body := range bodies {
		if err := h.Accept(context.Background(), program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day), body); err != nil {
			h.t.Fatal(err)
		}
	}
	h.drain()
}

// earnsIn tells, of each payment, what it earned and in which program.
func (h *house) earnsIn(second models.Caller) map[string]string {
	h.t.Helper()
	earns := map[string]string{}
	for _, p := range h.payments() {
		earns[p.Key] = "first"
		if p.Program == second.Program {
			earns[p.Key] = "second"
		}
	}
	for _, c := range h.commissions() {
		if c.Amount.Minor != 0 {
			earns[c.PaymentKey] += " " + c.Amount.String()
		}
	}
	return earns
}

// D15, F34: the same money is one payment whichever program's webhook brings it, and earns in the oldest program, by its rules.
func TestMoneyOfASharedAccountEarnsOnceInTheOldestProgram(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]int{"by the first": {0, 0}, "by the second": {1, 1}, "by both": {0, 1}, "by both, the other way": {1, 0}} {
		h := newHouse(t)
		second := h.second(true)
		programs := []models.ProgramID{h.caller.Program, second.Program}
		s := sale()
		h.through(programs[order[0]], s.Session(storetest.Old))
		h.through(programs[order[1]], s.Invoice(storetest.Old))
		h.through(programs[order[0]], s.Invoice(storetest.Old))
		if got := h.earnsIn(second); len(got) != 1 || got["in_1"] != "first 20.00 USD" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// D15: of a customer who was linked in the second program first, it is the second in which they earn, whatever brings the
// money, and in whatever order; it stays so when the first program links them to the same partner later.
func TestMoneyEarnsInTheProgramWithTheOldestLinkToItsPartner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.second(true)
	now := h.Now
	h.Now = func() time.Time { return storetest.Day.AddDate(0, -1, 0) }
	change := inbox.CustomerChange{StripeID: ptr("cus_1"), Partner: ptr("PARTNER_A"), Program: second.Program}
	c, err := h.AddCustomer(context.Background(), h.caller.Tenant, "ann", change, "api", somebody)
	if err != nil {
		t.Fatal(err)
	}
	h.Now = func() time.Time { return storetest.Day.AddDate(0, 0, -20) }
	if _, err := h.ChangeCustomer(context.Background(), c, inbox.CustomerChange{Partner: ptr("PARTNER_A"), Program: h.caller.Program}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	h.Now = now
	s, later := sale(), sale()
	later.N, later.Renewal, later.Partner, later.PaidAt = 2, true, "", s.PaidAt.Add(time.Hour)
	h.through(h.caller.Program, later.Invoice(storetest.Old))
	h.through(second.Program, s.Invoice(storetest.Old))
	if got := h.earnsIn(second); len(got) != 2 || got["in_1"] != "second 50.00 USD" || got["in_2"] != "second 50.00 USD" {
		t.Error(got)
	}
}

// D15: what a program's API key tells of earns in that program, also where the provider told of it first.
func TestMoneyThatAProgramsKeyTellsOfEarnsThere(t *testing.T) {
	t.Parallel()
	for _, called := range []bool{true, false} {
		h := newHouse(t)
		second := h.second(true)
		s := sale()
		s.OneOff = true
		tell := func() { h.through(h.caller.Program, s.Session(storetest.Old), s.Charge(storetest.Old)) }
		call := func() {
			if _, _, err := h.Transact(context.Background(), second, inbox.Transaction{Key: "pi_1", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_1", CreateCustomer: true}); err != nil {
				t.Fatal(err)
			}
		}
		if called {
			call()
			tell()
		} else {
			tell()
			call()
		}
		if got := h.earnsIn(second); len(got) != 1 || got["pi_1"] != "second 50.00 USD" {
			t.Errorf("called first %v: %v", called, got)
		}
	}
}

// D15: programs with accounts of their own have nothing to do with each other.
func TestProgramsWithAccountsOfTheirOwnEarnEachTheirs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.second(false)
	s, other := sale(), sale()
	other.N, other.Customer, other.Email = 2, "cus_2", "bob@example.com"
	h.through(h.caller.Program, s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.through(second.Program, other.Session(storetest.Old), other.Invoice(storetest.Old))
	if got := h.earnsIn(second); got["in_1"] != "first 20.00 USD" || got["in_2"] != "second 50.00 USD" {
		t.Error(got)
	}
}
