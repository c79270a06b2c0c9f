package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	stripeapi "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/books"
	"portal/handlers"
	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store"
)

// month is a company with 25 partners, their accounts at a Stripe in this process, and who works there.
type month struct {
	site
	caller
	stripe   *sandbox.Sandbox
	base     *base
	tenant   models.Tenant
	accounts map[string]string       // of partners, by key
	owed     map[string]models.Money // what each partner is owed
	who      map[string]handlers.SignIn
}

// monthCurrencies are those of the partners in turn. The platform keeps no złoty: those invoices are charged one by one.
var monthCurrencies = []models.Currency{"usd", "eur", "gbp", "pln"}

// outside are the partners without a Stripe account. The first one has given bank details, lately.
var outside = map[string]bool{"P04": true, "P09": true}

// Issue 5, "Done when"; F104, F105, F106, F107, F108, F109, F112, MONEY.md 4.4, 4.5: the invoices of a month of 25 partners in 4 currencies are drawn up,
// approved by two people, and paid in one run in which the card is declined in one currency, its bank asks in another, and one account is restricted
// meanwhile; two are paid elsewhere. In the end each is paid once, to the cent, at Stripe as in the books.
func TestAMonthIsPaidInARealBrowser(t *testing.T) {
	m := newMonth(t)
	owner, finance := m.visitor(t), m.visitor(t)
	owner.signIn(m.who["owner"])
	finance.signIn(m.who["finance"])

	owner.open("/admin/settings/payouts")
	owner.fill("Save", "Two people approve above, in USD", "20.00")
	owner.press("Save")
	owner.open(m.partner("P04") + "/end-hold")
	owner.looking().look()
	owner.fill("End the wait now", "How you know that they are right", "Rang them")
	owner.fill("End the wait now", "Your password", m.who["owner"].Password)
	owner.press("End the wait now")
	owner.open("/admin/invoices/new")
	owner.fill("Show what that gathers", "Payable up to and including", inDays(0))
	owner.press("Show what that gathers")
	owner.press("Draw up 25 invoices")
	owner.sees("25 invoices were drawn up")
	owner.open("/admin/invoices/runs")
	owner.pressAt(`//tbody/tr//a`)
	owner.sees("Invoices drawn up 25 invoices", "Begun by")
	run := ask[string](owner, "location.pathname")
	owner.press("Approve 25 invoices")
	owner.isShown(run, "Wait for approval") // those above the limit, for somebody else
	again := owner.textAt(fact("Wait for approval"))
	if again == "0 invoices" || again == "25 invoices" {
		owner.failf("%s wait for a second approval", again)
	}
	finance.open(run)
	finance.press("Approve " + again)
	finance.isShown(run, "Wait for approval 0 invoices")
	m.contested(finance, "P05")

	m.stripe.Bank("acct_platform", "eur", "insufficient_funds")
	m.stripe.Bank("acct_platform", "gbp", sandbox.BankAsks)
	finance.open("/admin/invoices/pay")
	finance.sees("Pay 23 invoices", "Cannot be paid now", "EUR One charge of the card, then a transfer to each partner", "PLN 6 charges of the card", "Partner P04", "Partner P09", "Visa ending 4242", "USD", "EUR", "GBP", "PLN")
	if err := m.stripe.RestrictAccount(m.accounts["P00"]); err != nil { // in dollars
		t.Fatal(err)
	}
	finance.press("Pay 23 invoices")
	paying := ask[string](finance, "location.pathname")
	finance.isShown(paying, "asks for a confirmation", "insufficient funds")
	finance.looking().look()

	finance.press("Confirm the payment")
	finance.looking().look()
	asked := strings.TrimSuffix(ask[string](finance, "location.pathname"), "/confirm")
	finance.press("Confirm ")
	finance.sees("Your card's bank asks whether this was you")
	finance.press("Confirm")
	finance.isShown(asked, "Went through")

	finance.open(m.invoice("P00"))
	if state := finance.textAt("//h1"); strings.HasSuffix(state, " Paid") || m.stripe.Moved()[m.accounts["P00"]]["usd"] != 0 {
		finance.failf("an account that cannot receive was paid: %s", state)
	}
	if err := m.stripe.Onboard(m.accounts["P00"], sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	finance.open("/admin/invoices/bank-file")
	finance.press("Make a CSV file")
	finance.looking().look()
	finance.open(ask[string](finance, "location.pathname"))
	finance.unfold("Mark all of this file as paid")
	finance.fill("Mark as paid", "Paid on", inDays(0))
	finance.press("Mark as paid")
	finance.open(m.invoice("P04"))
	finance.sees("Paid elsewhere")
	finance.open(m.invoice("P09"))
	finance.unfold("Mark as paid elsewhere")
	finance.fill("Mark as paid", "Paid on", inDays(0))
	finance.fill("Mark as paid", "Reference", "Wire P09")
	finance.press("Mark as paid")
	finance.sees("Paid elsewhere", "Wire P09")
	m.settle(finance)
	m.exact()
}

func newMonth(t *testing.T) *month {
	t.Helper()
	browser, started := newBrowser(t)
	p := newPlace(t)
	stripe, err := sandbox.Open(sandbox.Options{CSS: p.url("/static/app.css")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stripe.Close() })
	stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{"sk_test_platform"}, Settles: []string{"usd", "eur", "gbp"}})
	api := httptest.NewServer(stripe.API())
	t.Cleanup(api.Close)
	p.env = []string{"PORTAL_STRIPE_API_BASE=" + api.URL, "PORTAL_STRIPE_CONNECT_BASE=" + api.URL, "PORTAL_STRIPE_SECRET_KEY=sk_test_platform", "PORTAL_STRIPE_WEBHOOK_SECRET=" + platformEndpoint(t, api.URL, p.url("/v1/stripe/webhook"))}
	serving := p.start("serve")
	t.Cleanup(func() { serving.endsWell(t) })
	if err := <-started; err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	m := &month{site: site{serving, browser}, stripe: stripe, accounts: map[string]string{}, owed: map[string]models.Money{}}
	m.caller = m.site.setup()
	m.who = map[string]handlers.SignIn{"owner": {Email: "owner@acme.example", Password: *m.Password}, "finance": {Email: "fin@acme.example", Password: "finance-of-acme"}}
	c := defaults()
	c.Database.DataDir = m.dir
	if m.base, err = open(t.Context(), c, join); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.base.close(); err != nil {
			t.Error(err)
		}
	})
	m.people(t, &payouts.Payouts{Store: m.base.store, Bank: payouts.NewStripe("sk_test_platform", api.URL), Mode: models.Test, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	return m
}

// platformEndpoint makes the platform's own endpoint, and gives its secret.
func platformEndpoint(t *testing.T, api, at string) string {
	t.Helper()
	config := &stripeapi.BackendConfig{URL: &api, LeveledLogger: &stripeapi.LeveledLogger{}}
	platform := client.New("sk_test_platform", &stripeapi.Backends{API: stripeapi.GetBackendWithConfig(stripeapi.APIBackend, config)})
	made, err := platform.WebhookEndpoints.New(&stripeapi.WebhookEndpointParams{URL: &at, APIVersion: new("2023-10-16"), EnabledEvents: stripeapi.StringSlice(payouts.PlatformEvents())})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret
}

// people brings finance, the card, and the partners with their accounts and what they have earned.
func (m *month) people(t *testing.T, out *payouts.Payouts) {
	t.Helper()
	ctx := context.Background()
	companies, err := m.base.store.Companies(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m.tenant = models.Tenant{Company: companies[0].ID, Mode: models.Test}
	who := models.Person{ID: models.NewID[models.PersonID](time.Now()), Email: m.who["finance"].Email, Name: "Fin", Password: handlers.HashPassword(m.who["finance"].Password)}
	_, failed := out.SaveCard(ctx, m.tenant, "pm_card_visa")
	if err := errors.Join(failed, m.base.store.AddPerson(ctx, who, time.Now()),
		m.base.store.AddPlace(ctx, who.ID, store.Place{Company: m.tenant.Company, Mode: "both", Role: models.Finance}, time.Now())); err != nil {
		t.Fatal(err)
	}
	m.call(200, "PATCH", "/v1/program", `{"hold_days": 0}`, nil)
	m.call(200, "PUT", "/v1/rules", `{"data":[{"partner":null,"product":null,"product_type":null,"type":"percent","value":"20","recurring":"always"}]}`, nil)
	countries := map[models.Currency]string{"usd": "US", "eur": "DE", "gbp": "GB", "pln": "PL"}
	for n := range 25 {
		key, currency := fmt.Sprintf("P%02d", n), monthCurrencies[n%4]
		m.call(201, "POST", "/v1/partners", fmt.Sprintf(`{"key":%q,"name":"Partner %s","email":"%s@partners.example","currency":%q,"country":%q}`, key, key, strings.ToLower(key), currency, countries[currency]), nil)
		gross := models.Money{Minor: int64(5000 + 777*n), Currency: currency}
		m.call(201, "POST", "/v1/transactions", fmt.Sprintf(`{"key":"sale_%d","amount":%q,"amount_units":%q,"action":"sale","partner":{"key":%q},"customer":{"key":"customer_%d"}}`, n, gross.Decimal(), currency, key, n), nil)
		m.owed[key] = models.Money{Minor: (gross.Minor + 2) / 5, Currency: currency}
		partner, err := m.base.store.PartnerByKey(ctx, m.tenant, key)
		if err == nil && key == "P04" {
			_, err = out.SetBank(ctx, models.BankDetails{Tenant: m.tenant, Partner: partner.ID, Holder: partner.Name, Country: "US",
				Numbers: models.BankNumbers{Routing: "110000000", Account: "000123456789"}}, models.Actor{Name: *partner.Email})
		}
		if err == nil && outside[key] {
			continue
		}
		if err == nil {
			partner, err = out.ConnectPartner(ctx, partner)
		}
		if err == nil {
			m.accounts[key] = *partner.StripeAccount
			err = m.stripe.Onboard(m.accounts[key], sandbox.Complete)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// contested lets a partner contest the line of an invoice, and finance answer it.
func (m *month) contested(finance *visitor, key string) {
	m.site.t.Helper()
	ctx := m.site.t.Context()
	id, err := models.ParseID[models.InvoiceID](strings.TrimPrefix(m.invoice(key), "/admin/invoices/"))
	if err != nil {
		m.site.t.Fatal(err)
	}
	i, err := m.base.store.Invoice(ctx, m.tenant, id)
	if err != nil {
		m.site.t.Fatal(err)
	}
	lines, err := m.base.store.InvoiceLines(ctx, m.tenant, id)
	if err != nil {
		m.site.t.Fatal(err)
	}
	in := inbox.Inbox{Store: m.base.store, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if _, err := in.Contest(ctx, models.Contest{Tenant: m.tenant, Invoice: id, Partner: i.Partner, Commission: lines[0].Commission, Seq: lines[0].Seq, Words: "It was a larger sale."}, models.Actor{Name: key}); err != nil {
		m.site.t.Fatal(err)
	}
	finance.open("/admin/invoices/contests")
	finance.pressAt(`//tbody/tr//a`)
	finance.looking().look()
	finance.fill("Answer", "answer", "It was as large as it says.")
	finance.press("Answer")
	finance.sees("It was as large as it says.")
}

// partner is the address of a partner's page.
func (m *month) partner(key string) string {
	m.site.t.Helper()
	partner, err := m.base.store.PartnerByKey(m.site.t.Context(), m.tenant, key)
	if err != nil {
		m.site.t.Fatal(err)
	}
	return "/admin/partners/" + partner.ID.String()
}

// invoice is the address of a partner's invoice.
func (m *month) invoice(key string) string {
	m.site.t.Helper()
	partner, err := m.base.store.PartnerByKey(m.site.t.Context(), m.tenant, key)
	if err != nil {
		m.site.t.Fatal(err)
	}
	list, err := m.base.store.Invoices(m.site.t.Context(), m.tenant, &partner.ID, "", store.Page{Limit: 5})
	if err != nil || len(list) != 1 {
		m.site.t.Fatalf("the invoices of %s: %+v, %v", key, list, err)
	}
	return "/admin/invoices/" + list[0].ID.String()
}

// settle brings every invoice that is not paid yet to its end, each with what its page offers.
func (m *month) settle(finance *visitor) {
	m.site.t.Helper()
	for key := range m.owed {
		finance.open(m.invoice(key))
		switch state := finance.textAt("//h1"); {
		case strings.HasSuffix(state, " Paid"):
		case strings.Contains(finance.text(), "Send it to the partner again"):
			finance.press("Send it to the partner again")
			finance.isShown(m.invoice(key), "Went through")
		default:
			total := finance.textAt(fact("Total"))
			finance.unfold("Pay " + total)
			if strings.Contains(finance.text(), "Type the amount to confirm") { // above what needs two people
				finance.fill("Pay "+total+" now", "Type the amount to confirm", strings.Fields(total)[0])
			}
			finance.press("Pay " + total + " now")
			finance.isShown(m.invoice(key), "Went through")
		}
	}
}

// exact compares what came to each partner at Stripe with what they were owed, and proves the books.
func (m *month) exact() {
	m.site.t.Helper()
	moved := m.stripe.Moved()
	for key, owed := range m.owed {
		if got := moved[m.accounts[key]][string(owed.Currency)]; !outside[key] && got != owed.Minor {
			m.site.t.Errorf("%s got %d at Stripe, was owed %s", key, got, owed)
		}
	}
	report, err := books.Prove(m.site.t.Context(), m.base.store)
	if err != nil || !report.OK {
		m.site.t.Errorf("the books: %v, %v", report.Differences, err)
	}
	sums := map[string]string{}
	for _, total := range report.Tenants[0].Totals {
		sums[total.Account+" "+string(total.Currency)] = total.Amount
	}
	for _, account := range []string{"due", "held", "invoice", "charged"} {
		for _, currency := range monthCurrencies {
			if left := sums[account+" "+string(currency)]; strings.Trim(left, "0.") != "" {
				m.site.t.Errorf("%s of %s is left on %s", left, currency, account)
			}
		}
	}
}
