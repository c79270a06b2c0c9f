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
	charge, transfer := "ch_123", "tr_123"
	order := payouts.Order{ID: models.NewID[models.AttemptID](now).String(), Amount: 2060, Fee: 60, Currency: "usd", Customer: "cus_1", Method: "pm_card_visa", Account: "acct_1",
		Group: "inv_1", Says: "Partner invoice INV-2026-0001", Suffix: "INV26-0001", Metadata: map[string]string{"attempt": "att_1"}, StartedAt: now}
	// stripe-mock answers with an intent that waits for a card, so Charge cancels it: the call to cancel is judged too.
	if o, err := bank.Charge(ctx, order); err != nil || o.State != payouts.DidNotGo {
		t.Errorf("charge: %+v, %v", o, err)
	}
	if _, _, err := bank.Find(ctx, order); err != nil {
		t.Errorf("find: %v", err)
	}
	order.Intent = &intent
	if _, _, err := bank.Find(ctx, order); err != nil {
		t.Errorf("find by intent: %v", err)
	}
	if _, err := bank.Confirm(ctx, order, "https://portal.example/admin/invoices/inv_1/confirmed"); err != nil {
		t.Errorf("confirm: %v", err)
	}
	if _, err := bank.Cancel(ctx, order); err != nil {
		t.Errorf("cancel: %v", err)
	}
	of := models.ChargeID(models.NewID[models.ChargeID](now))
	a := models.Attempt{Tenant: tenant, ID: models.NewID[models.AttemptID](now), Invoice: models.NewID[models.InvoiceID](now), Amount: 2000, Currency: "usd", Account: "acct_1",
		Charge: &of, ChargedBy: &charge, Transfer: &transfer, Deliveries: 1}
	back := models.Return{Tenant: tenant, ID: models.NewID[models.ReturnID](now), Minor: 100}
	for what, call := range map[string]func() error{
		"account":  func() error { _, err := bank.ReadAccount(ctx, "acct_123"); return err },
		"balance":  func() error { _, err := bank.Settles(ctx); return err },
		"send":     func() error { _, _, err := bank.Send(ctx, a); return err },
		"sent":     func() error { _, err := bank.Sent(ctx, a); return err },
		"reverse":  func() error { _, _, err := bank.Reverse(ctx, a, back, false); return err },
		"refund":   func() error { _, _, err := bank.Refund(ctx, a, back, true, false); return err },
		"standing": func() error { _, err := bank.Standing(ctx, a); return err },
		"whose":    func() error { _, err := bank.Whose(ctx, "transfer", "tr_123"); return err },
		"payout":   func() error { _, err := bank.BankPayout(ctx, "acct_123", "po_123"); return err },
		"events": func() error {
			_, err := bank.Happened(ctx, payouts.PlatformEvents(), now.Add(-time.Hour), now)
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	made := judge.Calls()
	for _, want := range []string{"POST /v1/setup_intents", "POST /v1/accounts", "POST /v1/payment_intents",
		"GET /v1/payment_intents", "GET /v1/payment_intents/pi_123", "POST /v1/payment_intents/pi_123/confirm", "POST /v1/transfers", "GET /v1/transfers",
		"POST /v1/transfers/tr_123/reversals", "POST /v1/refunds", "GET /v1/refunds", "GET /v1/charges/ch_123", "GET /v1/balance", "GET /v1/payouts/po_123", "GET /v1/accounts/acct_123", "GET /v1/events"} {
		if !slices.Contains(made, want) {
			t.Errorf("%s was not called: %v", want, made)
		}
	}
	if !slices.ContainsFunc(made, func(call string) bool { return strings.HasSuffix(call, "/cancel") }) {
		t.Errorf("cancel was not called: %v", made)
	}
}
