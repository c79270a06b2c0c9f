package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// rights are the permissions of restricted keys, by the kind of thing that a call is about (MONEY.md 3.2).
var rights = map[string]string{
	"account": "accounts_kyc_basic", "charges": "charge", "refunds": "charge", "payment_intents": "payment_intent", "invoices": "invoice", "invoice_payments": "invoice",
	"subscriptions": "subscription", "customers": "customer", "checkout": "checkout_session", "products": "product", "prices": "plan", "plans": "plan", "events": "event",
	"disputes": "dispute", "credit_notes": "credit_note", "webhook_endpoints": "webhook", "coupons": "coupon", "promotion_codes": "promotion_code",
	"transfers": "transfer", "balance": "balance", "balance_transactions": "balance_transaction_source", "payouts": "payout", "application_fees": "application_fee",
}

// permit refuses what a restricted key has no right to. A right to write is one to read, too.
func (a *account) permit(key string, r *http.Request) error {
	granted, restricted := a.Rights[key]
	if !restricted {
		return nil
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	right := "rak_" + rights[kind]
	if slices.Contains(granted, right+"_write") || r.Method == http.MethodGet && slices.Contains(granted, right+"_read") {
		return nil
	}
	if right += "_write"; r.Method == http.MethodGet {
		right = strings.TrimSuffix(right, "_write") + "_read"
	}
	return refuse(http.StatusForbidden, "", "", "The provided key '%s' does not have the required permissions for this endpoint on account '%s'. Having the '%s' permission would allow this request to continue.", hide(key), a.ID, right)
}
