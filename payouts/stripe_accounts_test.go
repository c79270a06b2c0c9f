package payouts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// F100, F102, MONEY.md 4.1, 4.3: every call that makes and reads partners' accounts and companies' cards is one that Stripe's published
// API 2023-10-16 takes.
func TestStripeMockAcceptsEveryCallOfAccountsAndCards(t *testing.T) {
	t.Parallel()
	judge, ctx, now := storetest.StripeMock(t), context.Background(), time.Now()
	bank := payouts.NewStripe("sk_test_123", judge.URL)
	tenant := models.Tenant{Company: models.NewID[models.CompanyID](now), Mode: models.Test}
	n := payouts.NewAccount{Key: "account-1", Partner: models.Partner{Tenant: tenant, ID: models.NewID[models.PartnerID](now)}, Country: "IN", Recipient: true, Product: "Brings customers."}
	_, _, page := bank.CardPage(ctx, tenant, "cus_1", "https://portal.example/back?session={CHECKOUT_SESSION_ID}", "https://portal.example/")
	_, customer := bank.OpenCustomer(ctx, tenant, "Acme")
	_, _, found := bank.FindCustomer(ctx, tenant, now)
	_, setUp := bank.ReadSetUp(ctx, "seti_1")
	_, card := bank.ReadCard(ctx, "pm_1")
	_, home := bank.Home(ctx)
	_, open := bank.OpenAccount(ctx, n)
	_, _, known := bank.FindAccount(ctx, n)
	_, read := bank.ReadAccount(ctx, "acct_1")
	_, link := bank.OnboardingLink(ctx, "acct_1", "https://portal.example/return", "https://portal.example/refresh")
	_, login := bank.LoginLink(ctx, "acct_1")
	for did, err := range map[string]error{"card page": page, "customer": customer, "find customer": found, "set-up": setUp, "card": card, "home": home, "open": open, "find": known,
		"read": read, "link": link, "login": login, "close page": bank.CloseCardPage(ctx, "cs_1"), "use": bank.UseCard(ctx, models.Card{Customer: "cus_1", Method: "pm_other"}), "close": bank.CloseAccount(ctx, "acct_1")} {
		if err != nil {
			t.Errorf("%s: %v", did, err)
		}
	}
	_, _ = bank.ReadSetUp(ctx, "cs_1") // stripe-mock's session is of another mode
	made := judge.Calls()
	for _, want := range []string{"GET /v1/account", "POST /v1/accounts", "GET /v1/accounts", "GET /v1/accounts/acct_1", "DELETE /v1/accounts/acct_1", "POST /v1/account_links", "POST /v1/accounts/acct_1/login_links",
		"POST /v1/customers", "GET /v1/customers", "POST /v1/customers/cus_1", "POST /v1/checkout/sessions", "GET /v1/checkout/sessions/cs_1", "POST /v1/checkout/sessions/cs_1/expire", "GET /v1/setup_intents/seti_1",
		"GET /v1/payment_methods", "GET /v1/payment_methods/pm_1"} {
		if !slices.Contains(made, want) {
			t.Errorf("%s was not called: %v", want, made)
		}
	}
}
