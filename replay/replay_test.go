package replay_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portal/books"
	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/rates"
	"portal/replay"
	"portal/sources"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ann = models.Actor{Name: "ann@example.com"}

// company is one whose clock can be moved, and whose Stripe says that nothing has an invoice but the odd sales.
type company struct {
	*inbox.Inbox
	t      *testing.T
	url    string
	caller models.Caller
	clock  time.Time
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{t: t, url: storetest.URL(t), clock: storetest.Day}
	s := storetest.OpenAt(t, c.url)
	c.caller = storetest.Company(t, s)
	now := func() time.Time { return c.clock }
	c.Inbox = &inbox.Inbox{Store: s, Now: now, Log: slog.New(slog.DiscardHandler), Rates: &rates.Rates{Store: s, Now: now}, Ask: c.answer}
	return c
}

func (c *company) answer(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, q models.Question) (sources.Answer, error) {
	intent := strings.Replace(q.Charge, "ch_", "pi_", 1)
	return sources.Answer{Invoice: map[string]string{"pi_3": "in_3"}[intent], Intent: intent}, nil
}

func (c *company) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// hear takes events in and carries them, an hour later than what was before.
func (c *company) hear(bodies ...[]byte) {
	c.t.Helper()
	c.clock = c.clock.Add(time.Hour)
	for _, body := range bodies {
		c.must(c.Accept(c.t.Context(), c.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, c.clock), body))
	}
	for range 2 {
		c.must(c.Drain(c.t.Context()))
	}
}

func (c *company) program(change func(*models.Program)) {
	c.t.Helper()
	p, err := c.Store.Program(c.t.Context(), c.caller.Company, c.caller.Program)
	c.must(err)
	change(&p)
	c.must(c.Store.SaveProgram(c.t.Context(), p, c.clock))
}

// live goes through all that a company and its people do: sales in both shapes, a second currency, a late partner, a
// partner who pauses, customers and links by the API, settings and rules that change, refunds, a dispute, a payment
// given by hand, and a payout.
func (c *company) live() {
	c.t.Helper()
	ctx, t := c.t.Context(), c.t
	a := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	storetest.Partner(t, c.Store, c.caller.Tenant, "EURO", "eur")
	sold := func(n int, customer, partner string) storetest.Sold {
		return storetest.Sold{N: n, Customer: customer, Email: customer + "@example.com", Partner: partner, Gross: 10000 + int64(n), Tax: 777, Currency: "usd", PaidAt: storetest.Day.AddDate(0, 0, n-90)}
	}
	one, two, three := sold(1, "cus_1", "PARTNER_A"), sold(2, "cus_2", "EURO"), sold(3, "cus_3", "LATE")
	c.hear(one.Invoice(storetest.Old), one.Session(storetest.Old), two.Session(storetest.New), two.Invoice(storetest.New))
	c.hear(three.Charge(storetest.New), three.Session(storetest.New), three.Invoice(storetest.New))
	c.must(c.Rates.Enter(ctx, c.Store, c.caller.Company, ann, models.Rate{From: "usd", To: "eur", Value: "0.91115", Date: two.PaidAt}))
	c.must(c.TurnWaiting(ctx))
	late := models.Partner{Tenant: c.caller.Tenant, ID: models.NewID[models.PartnerID](c.clock), Key: "LATE", Name: "Late", Currency: "usd", CreatedAt: c.clock}
	late.Begin(models.PartnerActive)
	c.must(c.AddPartner(ctx, late, ann))
	c.program(func(p *models.Program) { p.AttributionModel, p.HoldDays = "transaction", 0 })
	four := sold(4, "cus_1", "LATE")
	c.hear(four.Session(storetest.Old), four.Invoice(storetest.Old))
	c.program(func(p *models.Program) { p.AttributionModel, p.Refunds = "customer", "manual" })
	_, err := c.AddCustomer(ctx, c.caller.Tenant, "john", inbox.CustomerChange{Email: new("john@example.com"), Partner: new("PARTNER_A")}, "api", ann)
	c.must(err)
	_, _, err = c.Transact(ctx, c.caller, inbox.Transaction{Key: "order-1", Amount: "50.00", AmountUnits: "usd", CustomerKey: "john", CreateCustomer: true})
	c.must(err)
	c.must(c.SaveRules(ctx, c.caller, []models.Rule{{Type: "percent", Value: "10", Recurring: "always"}}, ann))
	c.clock = c.clock.AddDate(0, 0, 1)
	a.Turn(models.PartnerPaused, c.clock)
	c.must(c.Store.SavePartner(ctx, a, c.clock))
	five := sold(5, "cus_1", "")
	five.PaidAt, five.Renewal = c.clock, true
	c.hear(five.Invoice(storetest.New), one.Refund(storetest.Old, 5000), two.Dispute(10002, "needs_response", time.Hour))
	a.Turn(models.PartnerActive, c.clock)
	c.must(c.Store.SavePartner(ctx, a, c.clock))
	c.hear(one.Refund(storetest.Old, 7500), two.Dispute(10002, "lost", 2*time.Hour))
	p, err := c.Store.PaymentByAlias(ctx, c.caller.Tenant, "in_5")
	c.must(err)
	c.must(c.Give(ctx, c.caller.Tenant, p.ID, late.ID, "she brought them back", ann))
	out := &payouts.Payouts{Store: c.Store, Now: c.Now, Log: c.Log}
	c.must(out.EndHolds(ctx))
	drawn, err := out.DrawUp(ctx, c.caller.Tenant, c.clock, 0, ann)
	c.must(err)
	if len(drawn) == 0 {
		t.Fatal("no invoice was drawn up")
	}
}

func (c *company) replay() replay.Report {
	c.t.Helper()
	report, err := replay.Run(context.Background(), c.Store, c.url)
	c.must(err)
	return report
}

// B9: everything that is derived can be rebuilt from what was kept, without a network.
func TestTheTapePlayedAgainEndsInTheSameState(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.live()
	c.Ask = nil
	report := c.replay()
	if !report.OK || report.Hash != report.Rebuilt || report.Events < 10 || report.Actions < 12 || report.Facts < 15 {
		t.Errorf("%+v", report)
	}
	var left int
	if err := c.Store.DB().QueryRow(`SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'replay%'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}

// Done when: any one stored amount that was changed is found and named, by replay and by books.
func TestAnyChangedAmountIsNamedByReplayAndByBooks(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.live()
	for _, flip := range []struct{ table, column, where, named string }{
		{"payments", "gross", "key = 'in_2'", "payment in_2"},
		{"payments", "base", "key = 'in_2'", "payment in_2"},
		{"payments", "refunded", "key = 'in_1'", "payment in_1"},
		{"reversals", "counted", "key = 'ch_1'", "ch_1"},
		{"commissions", "amount", "amount > 0", "commission"},
		{"commissions", "earned", "amount > 0", "commission"},
		{"commissions", "share", "amount > 0", "commission"},
		{"commissions", "first_share", "amount > 0", "commission"},
		{"commission_entries", "amount", "amount > 0", "entry commission/"},
		{"transfers", "amount", "true", "transfer"},
		{"balances", "minor", "true", "balance"},
		{"invoices", "total", "true", "invoice"},
	} {
		row := c.turn(flip.table, flip.column, "+ 1", "ctid IN (SELECT ctid FROM "+flip.table+" WHERE "+flip.where+" LIMIT 1)")
		check := func(which string, ok bool, differences []string) {
			if ok || !strings.Contains(strings.Join(differences, "\n"), flip.named) {
				t.Errorf("%s.%s: %s says %v; want it to name %q", flip.table, flip.column, which, differences, flip.named)
			}
		}
		proof, err := books.Prove(t.Context(), c.Store)
		c.must(err)
		check("books", proof.OK, proof.Differences)
		report := c.replay()
		check("replay", report.OK, report.Differences)
		c.turn(flip.table, flip.column, "- 1", "ctid = '"+row+"'")
	}
}

// turn changes one row by SQL and gives its new place.
func (c *company) turn(table, column, by, where string) (place string) {
	c.t.Helper()
	c.must(c.Store.DB().QueryRow(`UPDATE ` + table + ` SET ` + column + ` = ` + column + by + ` WHERE ` + where + ` RETURNING ctid`).Scan(&place))
	return place
}

// Issue 3.3: what tiers made of a month, and of payments that came late or moved, is rebuilt too.
func TestTiersPlayedAgainEndInTheSameState(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	b := storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_B", "usd")
	c.clock = storetest.Day.AddDate(0, -1, 0)
	c.must(c.SaveRules(t.Context(), c.caller, []models.Rule{{Type: "percent", Value: "20", Recurring: "always", TierBy: "sales", Tiers: []models.Tier{{From: "2", Value: "25"}, {From: "3", Value: "30"}}}}, ann))
	c.clock = storetest.Day
	sold := func(n int) storetest.Sold {
		return storetest.Sold{N: n, Customer: "cus_1", Email: "a@x", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: storetest.Day.AddDate(0, 0, n-9)}
	}
	for _, n := range []int{4, 2, 1, 5} {
		c.hear(sold(n).Session(storetest.Old), sold(n).Invoice(storetest.Old))
	}
	p, err := c.Store.PaymentByAlias(t.Context(), c.caller.Tenant, "in_2")
	c.must(err)
	c.must(c.Give(t.Context(), c.caller.Tenant, p.ID, b.ID, "b brought them", ann))
	if report := c.replay(); !report.OK || report.Facts < 10 {
		t.Errorf("%+v", report)
	}
}
