package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/sandbox"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

const (
	platform, platformKey = "acct_platform", "sk_test_platform_0001"
	shop, shopKey         = "acct_shop", "sk_test_shop_00000001"
)

func open(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return start }
	}
	s, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddAccount(sandbox.Account{ID: platform, Name: "Portal", SecretKeys: []string{platformKey}})
	s.AddAccount(sandbox.Account{ID: shop, Name: "Acme", SecretKeys: []string{shopKey, "rk_test_shop_00000001"}})
	return s
}

// stripeAt is the real stripe-go client, pointed at the sandbox.
func stripeAt(t *testing.T, s *sandbox.Sandbox, key string, timeout time.Duration) *client.API {
	t.Helper()
	server := httptest.NewServer(s.API())
	t.Cleanup(server.Close)
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: stripe.String(server.URL),
		HTTPClient: &http.Client{Timeout: timeout}, MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}})
	return client.New(key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func refused(t *testing.T, err error, status int, code string) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) || e.HTTPStatusCode != status || string(e.Code) != code {
		t.Fatalf("got %v, want %d %s", err, status, code)
	}
	return e
}

// payer is a company with a card saved by a SetupIntent, and a partner who can receive.
func payer(t *testing.T, s *sandbox.Sandbox, sc *client.API, card string) (customer, method, partner string) {
	t.Helper()
	cus := must[*stripe.Customer](t)(sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("pay@acme.test")}))
	si := must[*stripe.SetupIntent](t)(sc.SetupIntents.New(&stripe.SetupIntentParams{Customer: &cus.ID, Usage: stripe.String("off_session"),
		PaymentMethod: stripe.String(card), Confirm: stripe.Bool(true)}))
	if si.Status == stripe.SetupIntentStatusRequiresAction {
		return cus.ID, si.PaymentMethod.ID, receiver(t, s, sc)
	}
	if si.Status != stripe.SetupIntentStatusSucceeded {
		t.Fatalf("setup intent is %s", si.Status)
	}
	return cus.ID, si.PaymentMethod.ID, receiver(t, s, sc)
}

// receiver is the account of a partner who answered Stripe's questions.
func receiver(t *testing.T, s *sandbox.Sandbox, sc *client.API) string {
	t.Helper()
	id := account(t, sc)
	if err := s.Onboard(id, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	return id
}

// account is one of which Stripe knows nothing yet.
func account(t *testing.T, sc *client.API) string {
	t.Helper()
	a := must[*stripe.Account](t)(sc.Accounts.New(&stripe.AccountParams{Type: stripe.String("express"), Country: stripe.String("DE"),
		Email:           stripe.String("partner@example.com"),
		BusinessProfile: &stripe.AccountBusinessProfileParams{ProductDescription: stripe.String("referrals")},
		Capabilities:    &stripe.AccountCapabilitiesParams{Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)}}}))
	if a.Capabilities.Transfers != "inactive" || a.PayoutsEnabled || a.DefaultCurrency != "eur" {
		t.Fatalf("account %+v", a)
	}
	return a.ID
}

func pay(customer, method, partner string, amount int64, key string) *stripe.PaymentIntentParams {
	p := &stripe.PaymentIntentParams{Amount: &amount, Currency: stripe.String("eur"), Customer: &customer, PaymentMethod: &method,
		Confirm: stripe.Bool(true), OffSession: stripe.Bool(true), TransferGroup: stripe.String("invoice_1"),
		TransferData: &stripe.PaymentIntentTransferDataParams{Destination: &partner}}
	p.AddMetadata("invoice", "1")
	if key != "" {
		p.SetIdempotencyKey(key)
	}
	return p
}

func flush(t *testing.T, s *sandbox.Sandbox) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}
