package payouts_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// Every call that pays partners is one that Stripe's published API 2023-10-16 takes.
func TestStripeMockAcceptsEveryCallOfPayouts(t *testing.T) {
	t.Parallel()
	judge := storetest.StripeMock(t)
	bank := payouts.NewStripe("sk_test_123", judge.URL)
	ctx := context.Background()
	now := time.Now()
	tenant := models.Tenant{Company: models.NewID[models.CompanyID](now), Mode: models.Test}
	email, country, intent := "nora@partners.example", "US", "pi_123"
	if _, err := bank.SaveCard(ctx, "cus_1", "pm_card_visa"); err != nil {
		t.Errorf("save a card: %v", err)
	}
	partner := models.Partner{Tenant: tenant, ID: models.NewID[models.PartnerID](now), Email: &email}
	if _, err := bank.OpenAccount(ctx, payouts.NewAccount{Key: "account-1", Partner: partner, Country: country, Product: "Brings customers.", URL: "https://acme.example"}); err != nil {
		t.Errorf("open an account: %v", err)
	}
	order := payouts.Order{Number: "INV-2026-0001", Attempt: models.Attempt{Tenant: tenant, ID: models.NewID[models.AttemptID](now),
		Invoice: models.NewID[models.InvoiceID](now), Amount: 2000, Currency: "usd", Customer: "cus_1", Method: "pm_card_visa", Account: "acct_1", StartedAt: now}}
	// stripe-mock answers with an intent that waits for a card, so Charge cancels it: the call to cancel is judged too.
	if o, err := bank.Charge(ctx, order); err != nil || o.State != payouts.DidNotGo {
		t.Errorf("charge: %+v, %v", o, err)
	}
	if _, _, err := bank.Find(ctx, order); err != nil {
		t.Errorf("find: %v", err)
	}
	order.Attempt.Intent = &intent
	if _, _, err := bank.Find(ctx, order); err != nil {
		t.Errorf("find by intent: %v", err)
	}
	made := judge.Calls()
	for _, want := range []string{"POST /v1/setup_intents", "POST /v1/accounts", "POST /v1/payment_intents",
		"GET /v1/payment_intents", "GET /v1/payment_intents/pi_123"} {
		if !slices.Contains(made, want) {
			t.Errorf("%s was not called: %v", want, made)
		}
	}
	if !slices.ContainsFunc(made, func(call string) bool { return strings.HasSuffix(call, "/cancel") }) {
		t.Errorf("cancel was not called: %v", made)
	}
}
