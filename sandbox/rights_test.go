package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"portal/sandbox"
)

// MONEY.md 3.2: a restricted key may do what it was given the right to; to write is to read, too; a refusal names the right.
func TestARestrictedKeyDoesOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	s.AddAccount(sandbox.Account{ID: "acct_some", SecretKeys: []string{"sk_test_some_12345678", "rk_test_some_12345678"},
		Rights: map[string][]string{"rk_test_some_12345678": {"rak_invoice_read", "rak_coupon_write"}}})
	for _, c := range []struct {
		method, path string
		form         url.Values
		refused      string
	}{
		{"GET", "/v1/invoices", nil, ""}, {"GET", "/v1/coupons", nil, ""}, {"POST", "/v1/coupons", url.Values{"percent_off": {"10"}}, ""},
		{"GET", "/v1/charges", nil, "rak_charge_read"}, {"GET", "/v1/checkout/sessions", nil, "rak_checkout_session_read"},
		{"POST", "/v1/customers", nil, "rak_customer_write"}, {"GET", "/v1/account", nil, "rak_accounts_kyc_basic_read"},
	} {
		status, body := call(t, s, c.method, c.path, c.form, "Authorization", "Bearer rk_test_some_12345678")
		fault, _ := body["error"].(map[string]any)
		message, _ := fault["message"].(string)
		if c.refused == "" && status != 200 || c.refused != "" && (status != 403 || !strings.Contains(message, "'"+c.refused+"'") || !strings.Contains(message, "acct_some")) {
			t.Errorf("%s %s: %d %v", c.method, c.path, status, body)
		}
	}
}
