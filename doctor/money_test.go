package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/doctor"
	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// side is one company's test side, with a partner and a sale of yesterday that nobody earned.
type side struct {
	*testing.T
	store    *store.Store
	caller   models.Caller
	partner  models.Partner
	customer models.CustomerID
}

func newSide(t *testing.T) *side {
	t.Helper()
	s := &side{T: t, store: storetest.OpenUnproved(t)} // what waits is planted, not booked
	s.caller = storetest.Company(t, s.store)
	s.partner = storetest.Partner(t, s.store, s.caller.Tenant, "NORA", "usd")
	s.customer = models.NewID[models.CustomerID](storetest.Day)
	s.sql(`INSERT INTO customers (company_id, mode, id, key, created_at) VALUES ($1, $2, $3, 'stripe_cus_1', $4)`, s.caller.Company, s.caller.Mode, s.customer, storetest.Day)
	return s
}

func (s *side) sql(statement string, args ...any) {
	s.Helper()
	if _, err := s.store.DB().Exec(statement, args...); err != nil {
		s.Fatal(err)
	}
}

// sale plants a payment of that many days ago; partner nil for nobody's.
func (s *side) sale(key string, days int, partner *models.PartnerID, lines string) models.PaymentID {
	s.Helper()
	at := storetest.Day.AddDate(0, 0, -days)
	id := models.NewID[models.PaymentID](at)
	s.sql(`INSERT INTO payments (company_id, mode, id, program_id, source, key, counted, currency, gross, base, customer_id, partner_id, paid_at, created_at)
		VALUES ($1, $2, $3, $4, 'stripe', $5, true, 'usd', 5000, 5000, $6, $7, $8, $8)`, s.caller.Company, s.caller.Mode, id, s.caller.Program, key, s.customer, partner, at)
	s.sql(`INSERT INTO tellings (company_id, mode, payment_id, object, told_at, body) VALUES ($1, $2, $3, $4, $5, $6)`, s.caller.Company, s.caller.Mode, id, key, at, `{"Lines":`+lines+`}`)
	return id
}

func (s *side) link() {
	s.Helper()
	s.sql(`INSERT INTO links (company_id, mode, customer_id, partner_id, linked_at, origin) VALUES ($1, $2, $3, $4, $5, 'api')`,
		s.caller.Company, s.caller.Mode, s.customer, s.partner.ID, storetest.Day.AddDate(-1, 0, 0))
}

func (s *side) invoice(status string, days int) {
	s.Helper()
	at := storetest.Day.AddDate(0, 0, -days)
	s.sql(`INSERT INTO invoices (company_id, mode, id, number, partner_id, currency, total, status, until, drawn_at) VALUES ($1, $2, $3, $4, $5, 'usd', 1000, $6, $7::date, $7::timestamptz)`,
		s.caller.Company, s.caller.Mode, models.NewID[models.InvoiceID](at), "TEST-"+status, s.partner.ID, status, at)
}

// account plants how the partner's Stripe account stands.
func (s *side) account(state models.AccountState) {
	s.Helper()
	a := models.PayoutAccount{Tenant: s.caller.Tenant, Partner: s.partner.ID, Number: 1, Country: "US", BegunBy: "test", BegunAt: storetest.Day}
	err := s.store.BeginAccount(context.Background(), a)
	if err == nil {
		err = s.store.NameAccount(context.Background(), a, "acct_1")
	}
	if err == nil {
		_, err = s.store.KeepAccountState(context.Background(), a, state, storetest.Day)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// card plants the company's card.
func (s *side) card(month, year int) {
	s.Helper()
	s.sql(`INSERT INTO cards (company_id, mode, stripe_customer, stripe_method, brand, last4, exp_month, exp_year) VALUES ($1, $2, 'cus_1', 'pm_1', 'visa', '4242', $3, $4)`,
		s.caller.Company, s.caller.Mode, month, year)
}

func (s *side) rules(rules ...models.Rule) {
	s.Helper()
	if err := s.store.SaveRules(context.Background(), s.caller.Tenant, s.caller.Program, rules, "test", storetest.Day.AddDate(0, 0, -1)); err != nil {
		s.Fatal(err)
	}
}

func (s *side) report() doctor.Report {
	now := func() time.Time { return storetest.Day }
	d := &doctor.Doctor{Store: s.store, Now: now, NoStripe: "Stripe is not asked here.", Integrations: &integrations.Integrations{Store: s.store, Now: now}}
	return d.Run(context.Background())
}

func found(r doctor.Report, name string) doctor.Finding {
	for _, f := range r.Findings {
		if f.Name == name {
			return f
		}
	}
	return doctor.Finding{}
}

// B18, F116, F117, F119, F120, F121, F122, F123: why a sale earned nobody anything, or a partner is not paid, is a warning that says where to go.
func TestWhatIsAmissWithMoneyIsAWarning(t *testing.T) {
	t.Parallel()
	const one = `[{"Product":"prod_1","Net":5000}]`
	for name, c := range map[string]struct {
		plant             func(s *side)
		check, says, ends string // ends: what the finding says without the plant
	}{
		"a payment that is nobody's": {func(s *side) { s.sale("in_1", 1, nil, one); s.sale("in_2", 40, nil, one) }, "Payments without a partner", "1 payment of the last 30 days found no partner.", "Every payment"},
		"a partner who is paused": {func(s *side) {
			s.link()
			s.sale("in_1", 1, nil, one)
			s.sql(`UPDATE partners SET status = 'paused'`)
		}, "Partners not active", "NORA (paused, 1 payment)", "No sale"},
		"a partner who waits to be let in": {func(s *side) {
			s.sale("in_1", 1, nil, one)
			s.sql(`UPDATE payments SET named = '{NORA}'`)
			s.sql(`UPDATE partners SET status = 'pending'`)
		}, "Partners not active", "NORA (pending, 1 payment)", "No sale"},
		"a program without rules": {func(s *side) { s.sql(`DELETE FROM rule_sets`) }, "Rules", "has no rules", "The program has 1 rule."},
		"a product without a rule": {func(s *side) {
			s.rules(models.Rule{Type: "percent", Value: "20", Recurring: "always", Product: new("prod_1")}, models.Rule{Type: "percent", Value: "20", Recurring: "always", ProductType: new("plan")})
			s.sale("in_1", 1, &s.partner.ID, `[{"Product":"prod_1","Net":1},{"Product":"prod_2","Net":1},{"Product":"prod_3","ProductType":"plan","Net":1}]`)
			s.sale("in_2", 40, &s.partner.ID, `[{"Product":"prod_9","Net":1}]`)
			s.sale("in_3", 2, &s.partner.ID, `null`)
		}, "Products without a rule", "sold in the last 30 days: prod_2.", "No rule is missing"},
		"a commission without a rate": {func(s *side) {
			id := s.sale("in_1", 1, &s.partner.ID, one)
			s.sql(`INSERT INTO commissions (company_id, mode, id, payment_id, partner_id, program_id, sale_currency, share, first_share, currency, earned, amount, status, hold_days, refunds, payable_on, steps, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, 'eur', 1, 1, 'usd', 0, 0, 'waiting', 30, 'automatic', $7::date, '[]', $7::timestamptz)`,
				s.caller.Company, s.caller.Mode, models.NewID[models.CommissionID](storetest.Day), id, s.partner.ID, s.caller.Program, storetest.Day)
		}, "Rates awaited", "1 commission waits for an exchange rate.", "No commission"},
		"a customer nobody can recognise": {func(s *side) {
			s.link()
			s.sql(`UPDATE customers SET key = 'somebody'`)
		}, "Customers nobody can recognise", "1 customer of a partner has neither a Stripe customer id nor an e-mail address, such as somebody", "Every customer"},
		"an invoice that could not be paid": {func(s *side) { s.invoice("failed", 1) }, "Payments to partners", "1 invoice could not be paid.", "None failed"},
		"a payment that does not end": {func(s *side) {
			s.invoice("processing", 1)
			s.sql(`INSERT INTO attempts (company_id, mode, id, invoice_id, kind, status, amount, currency, started_by, started_at)
				SELECT company_id, mode, gen_random_uuid(), id, 'stripe', 'live', 1000, 'usd', 'test', $1 FROM invoices`, storetest.Day.AddDate(0, 0, -2))
		}, "Payments to partners", "1 payment has been under way for more than a day.", "None failed"},
		"an invoice that nobody approves": {func(s *side) { s.invoice("review", 15) }, "Invoices to approve", "1 invoice has waited", "No invoice"},
		"an invoice and no card":          {func(s *side) { s.invoice("approved", 1) }, "Company's card", "no card is saved", "No approved invoice"},
		"an invoice and no account":       {func(s *side) { s.invoice("review", 1) }, "Partners' accounts", "have no Stripe account and gave no bank details: NORA", "Every partner"},
		"an account that was rejected": {func(s *side) {
			s.invoice("review", 1)
			s.account(models.AccountState{Submitted: true, Transfers: "inactive", Disabled: "rejected.fraud"})
		}, "Partners' accounts", "Stripe serves these partners no more, and they gave no bank details: NORA", "Every partner"},
		"an account that was left off": {func(s *side) {
			s.invoice("review", 1)
			s.account(models.AccountState{Transfers: "inactive", Disabled: "requirements.past_due", Needs: models.AccountNeeds{Due: []string{"external_account"}}})
		}, "Partners' accounts", "have not answered all that Stripe asks: NORA", "Every partner"},
		"a card that ends":      {func(s *side) { s.card(11, 2026) }, "Company's card", "The card ending 4242 ends with 11/2026.", "No approved invoice"},
		"a card that has ended": {func(s *side) { s.card(10, 2026) }, "Company's card", "ended with 10/2026", "No approved invoice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSide(t)
			if f := found(s.report(), c.check); f.Verdict != doctor.OK || !strings.HasPrefix(f.Found, c.ends) {
				t.Errorf("before: %+v", f)
			}
			c.plant(s)
			f := found(s.report(), c.check)
			if f.Verdict != doctor.Warning || !strings.Contains(f.Found, c.says) || f.Do == "" || !strings.HasPrefix(f.Where, "/") || *f.Company != "Acme" || *f.Mode != "test" {
				t.Errorf("%+v, want %q", f, c.says)
			}
		})
	}
}
