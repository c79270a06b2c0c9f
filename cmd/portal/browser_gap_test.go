package main

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	stripeapi "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/handlers"
	"portal/integrations"
	"portal/sandbox"
)

// Issue 4, "Done when"; F1, F2, F3, F4, F6, F28, F29, F30, MONEY.md 3.1-3.4: an empty company connects by OAuth, another by a restricted key. Each sees its
// first sale arrive, disconnects, misses a sale, a renewal and a refund, connects again, and ends with the books of a company that was never disconnected.
func TestConnectingFromNothingInARealBrowser(t *testing.T) {
	browser, started := newBrowser(t)
	p := newPlace(t)
	stripe, err := sandbox.Open(sandbox.Options{CSS: p.url("/static/app.css")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stripe.Close() })
	const restricted = "rk_test_granted"
	for _, a := range []sandbox.Account{
		{ID: "acct_platform", Name: "Portal", SecretKeys: []string{"sk_test_platform"}, App: sandbox.App{ClientID: "ca_portal", Redirects: []string{p.url("/admin/connection/stripe/callback")}}},
		{ID: "acct_oauth", Name: "Oak"},
		{ID: "acct_key", Name: "Kelp", SecretKeys: []string{restricted}, Rights: map[string][]string{restricted: integrations.Rights()}},
		{ID: "acct_always", Name: "Always", SecretKeys: []string{"sk_test_always"}},
	} {
		stripe.AddAccount(a)
	}
	api := httptest.NewServer(stripe.API())
	t.Cleanup(api.Close)
	p.env = []string{"PORTAL_STRIPE_API_BASE=" + api.URL, "PORTAL_STRIPE_CONNECT_BASE=" + api.URL, "PORTAL_STRIPE_SECRET_KEY=sk_test_platform",
		"PORTAL_STRIPE_CLIENT_ID=ca_portal", "PORTAL_STRIPE_CONNECT_WEBHOOK_SECRET=" + connectEndpoint(t, api.URL, p.url("/v1/stripe/connect/webhook"))}
	serving := p.start("serve")
	t.Cleanup(func() { serving.endsWell(t) })
	if err := <-started; err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	s := site{serving, browser}

	always := s.company(t, "always")
	always.call(200, "PUT", "/v1/integrations/stripe", `{"api_key": "sk_test_always"}`, nil)
	byKey := s.company(t, "key")
	byKey.gap(stripe, "acct_key", always, func() {
		byKey.unfold("Connect with an API key instead")
		byKey.fill("Connect Stripe", "API key", restricted)
		byKey.press("Connect Stripe")
		byKey.sees("Connected", "acct_key", "ends in "+restricted[len(restricted)-4:])
	})
	byOAuth := s.company(t, "oauth")
	byOAuth.gap(stripe, "acct_oauth", always, func() {
		byOAuth.press("Connect with Stripe")
		byOAuth.sees("Connect with Portal", "asks to read and change")
		byOAuth.fill("Approve", "Stripe account", "acct_oauth")
		byOAuth.press("Approve")
		byOAuth.sees("Stripe is connected", "Connected", "acct_oauth", "Portal may read and write")
	})
}

// connectEndpoint makes the platform's endpoint for connected accounts, and gives its secret.
func connectEndpoint(t *testing.T, api, at string) string {
	t.Helper()
	config := &stripeapi.BackendConfig{URL: &api, LeveledLogger: &stripeapi.LeveledLogger{}}
	platform := client.New("sk_test_platform", &stripeapi.Backends{API: stripeapi.GetBackendWithConfig(stripeapi.APIBackend, config)})
	made, err := platform.WebhookEndpoints.New(&stripeapi.WebhookEndpointParams{URL: &at, Connect: new(true), APIVersion: new("2023-10-16"), EnabledEvents: stripeapi.StringSlice(integrations.ConnectEvents())})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret
}

// emptied is a company that nothing was done with yet, and its owner at the browser.
type emptied struct {
	*visitor
	caller
	first, sub sandbox.Sold
}

func (s site) company(t *testing.T, name string) *emptied {
	t.Helper()
	c := s.setup("--company", name, "--email", "owner@"+name+".example")
	c.call(200, "PUT", "/v1/rules", `{"data":[{"partner":null,"product":null,"product_type":null,"type":"percent","value":"20","recurring":"always"}]}`, nil)
	c.call(201, "POST", "/v1/partners", `{"key":"NORA","name":"Nora","email":"nora@partners.example","currency":"usd"}`, nil)
	owner := s.visitor(t)
	owner.signIn(handlers.SignIn{Role: "owner", Email: "owner@" + name + ".example", Password: *c.Password})
	return &emptied{visitor: owner, caller: c}
}

// gap walks through a connection that is cut and made again, while the same is sold to another company all the time.
func (e *emptied) gap(stripe *sandbox.Sandbox, account string, always *emptied, connect func()) {
	e.visitor.t.Helper()
	e.open("/admin")
	e.press("Connect it")
	connect()
	e.first, e.sub = e.sell(stripe, account, "first@sea.example"), e.subscribe(stripe, account, "often@sea.example")
	e.isShown("/admin/payments", "first@sea.example", "often@sea.example", "20.00 USD")
	e.open("/admin/connection")
	e.unfold("Disconnect Stripe")
	e.press("Disconnect now")
	e.sees("Not connected")
	e.later(stripe, account)
	time.Sleep(500 * time.Millisecond)
	e.open("/admin/payments")
	if strings.Contains(e.text(), "second@sea.example") {
		e.failf("a sale came in while Stripe was disconnected")
	}
	e.open("/admin/connection")
	connect()
	e.isShown("/admin/payments", "second@sea.example")
	if always.first.Charge == "" {
		always.first, always.sub = always.sell(stripe, "acct_always", "first@sea.example"), always.subscribe(stripe, "acct_always", "often@sea.example")
		always.later(stripe, "acct_always")
	}
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		got, want := e.told(), always.told()
		if slices.Equal(got, want) && len(want) > 8 {
			return
		}
		if time.Since(began) > patience {
			e.failf("after the gap:\n%s\nnever disconnected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func (e *emptied) sell(stripe *sandbox.Sandbox, account, email string) sandbox.Sold {
	e.visitor.t.Helper()
	return e.must(stripe.Sell(account, sandbox.Order{Email: email, Amount: 10000, Partner: "NORA", Told: sandbox.ByMetadata}))
}

func (e *emptied) subscribe(stripe *sandbox.Sandbox, account, email string) sandbox.Sold {
	e.visitor.t.Helper()
	return e.must(stripe.Subscribe(account, sandbox.Order{Email: email, Amount: 5000, Partner: "NORA", Told: sandbox.ByMetadata}))
}

// later is what is missed: a sale, a renewal, and half of the first sale given back.
func (e *emptied) later(stripe *sandbox.Sandbox, account string) {
	e.visitor.t.Helper()
	e.sell(stripe, account, "second@sea.example")
	e.must(stripe.Renew(account, e.sub.Subscription, time.Now().Add(2*time.Second))) // within one second the key would say which of its payments came first
	if _, err := stripe.Refund(account, e.first.Charge, 5000, time.Now()); err != nil {
		e.failf("refund: %v", err)
	}
}

func (e *emptied) must(sold sandbox.Sold, err error) sandbox.Sold {
	e.visitor.t.Helper()
	if err != nil {
		e.failf("sell: %v", err)
	}
	return sold
}

// told is what the API tells of a company's money, without the ids and times that differ.
func (e *emptied) told() []string {
	e.visitor.t.Helper()
	type money struct{ Amount, Currency string }
	var sales struct {
		Data []struct {
			Key, Kind, Status     string
			Gross, Base, Refunded money
			Customer              struct{ Email string }
			Partner               struct{ Key string }
			AttributedBy          string `json:"attributed_by"`
		}
	}
	var earned struct {
		Data []struct {
			Amount, Earned money
			Status         string
			Transaction    struct{ Key string }
		}
	}
	var balance struct {
		Data []struct{ Currency, Held, Due, Invoiced, Paid string }
	}
	e.call(200, "GET", "/v1/transactions", "", &sales)
	e.call(200, "GET", "/v1/commissions", "", &earned)
	e.call(200, "GET", "/v1/partners/NORA/balance", "", &balance)
	var lines []string
	named := map[string]string{}
	for _, s := range sales.Data {
		named[s.Key] = s.Customer.Email + " " + s.Kind
		lines = append(lines, fmt.Sprintf("%s %s %v %v %v of %s by %s", named[s.Key], s.Status, s.Gross, s.Base, s.Refunded, s.Partner.Key, s.AttributedBy))
	}
	for _, c := range earned.Data {
		lines = append(lines, fmt.Sprintf("%s earned %v, now %v, %s", named[c.Transaction.Key], c.Earned, c.Amount, c.Status))
	}
	slices.Sort(lines)
	return append(lines, fmt.Sprint(balance.Data))
}
