package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/sandbox"
)

func call(t *testing.T, s *sandbox.Sandbox, method, target string, form url.Values, header ...string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Bearer "+shopKey)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.API().ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	if w.Header().Get("Request-Id") == "" {
		t.Error("no Request-Id")
	}
	return w.Code, body
}

func TestErrorsHaveStripesShape(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	for _, c := range []struct {
		name, method, target string
		form                 url.Values
		header               []string
		status               int
		code, param          string
	}{
		{"no key", "GET", "/v1/account", nil, []string{"Authorization", ""}, 401, "", ""},
		{"unknown key", "GET", "/v1/account", nil, []string{"Authorization", "Bearer sk_test_nobody_knows_it"}, 401, "", ""},
		{"unknown URL", "GET", "/v1/nonsense", nil, nil, 404, "", ""},
		{"unknown method", "PUT", "/v1/customers", nil, nil, 404, "", ""},
		{"unknown parameter", "POST", "/v1/customers", url.Values{"e_mail": {"a"}}, nil, 400, "parameter_unknown", "e_mail"},
		{"unknown nested parameter", "POST", "/v1/payment_intents", url.Values{"transfer_data[to]": {"a"}}, nil, 400, "parameter_unknown", "transfer_data[to]"},
		{"missing parameter", "POST", "/v1/payment_intents", url.Values{"currency": {"usd"}}, nil, 400, "parameter_missing", "amount"},
		{"not an integer", "POST", "/v1/payment_intents", url.Values{"amount": {"1e3"}, "currency": {"usd"}}, nil, 400, "parameter_invalid_integer", "amount"},
		{"no such object", "GET", "/v1/charges/ch_none", nil, nil, 404, "resource_missing", "id"},
		{"no such object as parameter", "POST", "/v1/refunds", url.Values{"charge": {"ch_none"}}, nil, 400, "resource_missing", "charge"},
		{"foreign account", "GET", "/v1/accounts/acct_platform", nil, nil, 403, "account_invalid", ""},
		{"foreign Stripe-Account", "GET", "/v1/account", nil, []string{"Stripe-Account", platform}, 403, "account_invalid", ""},
		{"not expandable", "GET", "/v1/account?expand[]=nonsense", nil, nil, 400, "", "expand"},
		{"invoice_payments are not known to the old API", "GET", "/v1/invoice_payments", nil, nil, 404, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := call(t, s, c.method, c.target, c.form, c.header...)
			e, _ := body["error"].(map[string]any)
			text := func(k string) string { v, _ := e[k].(string); return v }
			if status != c.status || text("code") != c.code || text("param") != c.param || text("message") == "" || text("type") == "" {
				t.Fatalf("%d %v", status, body)
			}
		})
	}
}

func TestARestrictedKeyAndBasicAuthOpenTheAccount(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	for _, auth := range []string{"Bearer rk_test_shop_00000001", "Basic " + "c2tfdGVzdF9zaG9wXzAwMDAwMDAxOg=="} {
		if status, body := call(t, s, "GET", "/v1/account", nil, "Authorization", auth); status != 200 || body["id"] != shop {
			t.Fatalf("%s: %d %v", auth, status, body)
		}
	}
}

func TestListsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, shopKey, time.Minute)
	var made []string
	for range 7 {
		made = append(made, must[*stripe.Customer](t)(sc.Customers.New(&stripe.CustomerParams{})).ID)
	}
	p := &stripe.CustomerListParams{}
	p.Limit = stripe.Int64(3)
	it := sc.Customers.List(p)
	for i := len(made) - 1; i >= 0; i-- {
		if !it.Next() || it.Customer().ID != made[i] {
			t.Fatalf("place %d: %v", i, it.Err())
		}
	}
	if it.Next() {
		t.Fatal("more than were made")
	}
	other := stripeAt(t, s, platformKey, time.Minute)
	if it := other.Customers.List(nil); it.Next() {
		t.Fatal("another account sees them")
	}
}

func TestTheNewAPISaysWhichPaymentPaidAnInvoice(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 12000, Tax: 2000}))
	status, body := call(t, s, "GET", "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]="+sold.Intent, nil, "Stripe-Version", "2025-03-31.basil")
	data, _ := body["data"].([]any)
	if status != 200 || len(data) != 1 || data[0].(map[string]any)["invoice"] != sold.Invoice {
		t.Fatalf("%d %v", status, body)
	}
	_, old := call(t, s, "GET", "/v1/charges/"+sold.Charge, nil, "Stripe-Version", "2023-10-16")
	_, renewed := call(t, s, "GET", "/v1/charges/"+sold.Charge, nil, "Stripe-Version", "2025-03-31.basil")
	if _, has := renewed["invoice"]; has || old["invoice"] != sold.Invoice {
		t.Fatalf("old %v, new %v", old["invoice"], renewed["invoice"])
	}
	status, body = call(t, s, "GET", "/v1/checkout/sessions?subscription="+sold.Subscription+"&expand[]=data.invoice&expand[]=data.line_items", nil)
	session := body["data"].([]any)[0].(map[string]any)
	if status != 200 || session["invoice"].(map[string]any)["total_excluding_tax"] != 10000.0 || len(session["line_items"].(map[string]any)["data"].([]any)) != 1 {
		t.Fatalf("%d %v", status, body)
	}
}
