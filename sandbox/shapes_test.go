package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stripe/stripe-mock/embedded"

	"portal/sandbox"
)

// spec is Stripe's own description of API 2023-10-16, as stripe-mock carries it.
type spec struct {
	schemas map[string]any
	paths   map[string]map[string]any // by path and method
}

func readSpec(t *testing.T) spec {
	t.Helper()
	var doc struct {
		Components struct{ Schemas map[string]any }
		Paths      map[string]map[string]any
	}
	if err := json.Unmarshal(embedded.OpenAPISpec, &doc); err != nil {
		t.Fatal(err)
	}
	return spec{doc.Components.Schemas, doc.Paths}
}

// faults says in what a value is not as its schema wants it.
func (s spec) faults(v any, schema map[string]any, path string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		named, _ := s.schemas[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
		return s.faults(v, named, path)
	}
	if v == nil {
		if schema["nullable"] == true {
			return nil
		}
		return []string{path + ": null"}
	}
	if any, ok := schema["anyOf"].([]any); ok {
		return s.fewest(v, any, path)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return []string{fmt.Sprintf("%s: %v is not one of %v", path, v, enum)}
	}
	switch v := v.(type) {
	case map[string]any:
		return s.object(v, schema, path)
	case []any:
		var out []string
		items, _ := schema["items"].(map[string]any)
		for i := range v {
			out = append(out, s.faults(v[i], items, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	}
	kinds := map[string]string{"string": "string", "bool": "boolean", "float64": "integer"}
	if want := schema["type"]; want != nil && want != kinds[fmt.Sprintf("%T", v)] && want != "number" {
		return []string{fmt.Sprintf("%s: %T, not %v", path, v, want)}
	}
	return nil
}

func (s spec) fewest(v any, choices []any, path string) (best []string) {
	for i, c := range choices {
		if f := s.faults(v, c.(map[string]any), path); i == 0 || len(f) < len(best) {
			best = f
		}
	}
	return best
}

// sinceKnown are fields that Stripe shows at this version although the description leaves them out.
var sinceKnown = []string{"plan", "quantity", "source", "order", "destination", "dispute", "discounts", "trial_period_days",
	"saved_payment_method_options", "fees", "losses", "requirement_collection", "stripe_dashboard"}

func (s spec) object(v, schema map[string]any, path string) (out []string) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s.%s: missing", path, name))
		}
	}
	for name, value := range v {
		p, known := properties[name].(map[string]any)
		switch {
		case known:
			out = append(out, s.faults(value, p, path+"."+name)...)
		case properties != nil && schema["additionalProperties"] == nil && !slices.Contains(sinceKnown, name):
			out = append(out, path+"."+name+": not described")
		}
	}
	return out
}

func TestEveryObjectIsAsStripeDescribesIt(t *testing.T) {
	t.Parallel()
	s, stripe := open(t, sandbox.Options{}), readSpec(t)
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "g@example.com", Amount: 1000, Guest: true}))
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000, Tax: 100, Told: sandbox.ByMetadata, Partner: "P"}))
	call(t, s, "POST", "/v1/coupons", url.Values{"id": {"COUP"}, "percent_off": {"20"}})
	call(t, s, "POST", "/v1/coupons", url.Values{"amount_off": {"300"}, "currency": {"usd"}, "name": {"Three off"}})
	call(t, s, "POST", "/v1/promotion_codes", url.Values{"coupon": {"COUP"}, "code": {"Save20"}})
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000, Tax: 100, Told: sandbox.ByReference, Partner: "P", Code: "save20", Lines: 12}))
	must[sandbox.Sold](t)(s.Renew(shop, sold.Subscription, start))
	must[string](t)(s.Refund(shop, sold.Invoice, 100, start))
	do := func(target string, form url.Values) map[string]any {
		t.Helper()
		status, body := call(t, s, "POST", target, form)
		if status != 200 && status != 402 {
			t.Fatalf("%s: %d %v", target, status, body)
		}
		return body
	}
	to := do("/v1/accounts", url.Values{"type": {"express"}, "country": {"DE"}, "capabilities[transfers][requested]": {"true"}, "business_profile[url]": {"https://example.com"}})["id"].(string)
	must[any](t)(nil, s.Onboard(to, sandbox.Complete))
	pi := do("/v1/payment_intents", url.Values{"amount": {"1000"}, "currency": {"eur"}, "confirm": {"true"}, "off_session": {"true"},
		"payment_method": {"pm_card_visa"}, "transfer_data[destination]": {to}})
	do("/v1/refunds", url.Values{"payment_intent": {pi["id"].(string)}, "amount": {"300"}, "reverse_transfer": {"true"}})
	for _, card := range []string{"pm_card_visa_chargeDeclined", "pm_card_authenticationRequired"} {
		do("/v1/payment_intents", url.Values{"amount": {"1000"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {card}})
		do("/v1/setup_intents", url.Values{"confirm": {"true"}, "payment_method": {card}, "customer": {sold.Customer}})
	}
	do("/v1/setup_intents", url.Values{"confirm": {"true"}, "payment_method": {"pm_card_visa"}, "customer": {sold.Customer}})
	do("/v1/webhook_endpoints", url.Values{"url": {"http://portal.test/"}, "enabled_events[]": {"invoice.overpaid"}})

	lists := []string{"customers", "accounts", "payment_intents", "charges", "transfers", "refunds", "checkout/sessions", "invoices", "subscriptions", "promotion_codes",
		"payment_methods?customer=" + sold.Customer, "webhook_endpoints", "checkout/sessions/" + sold.Session + "/line_items", "invoices/" + sold.Invoice + "/lines", "events"}
	for _, list := range lists {
		sep := "?"
		if strings.Contains(list, "?") {
			sep = "&"
		}
		_, body := call(t, s, "GET", "/v1/"+list+sep+"limit=100", nil)
		data, _ := body["data"].([]any)
		if len(data) == 0 {
			t.Errorf("%s: none", list)
		}
		for _, o := range data {
			o := o.(map[string]any)
			check(t, stripe, o)
			if e, ok := o["data"].(map[string]any); ok {
				check(t, stripe, e["object"].(map[string]any))
			}
		}
	}
	_, own := call(t, s, "GET", "/v1/account", nil)
	check(t, stripe, own)
}

func check(t *testing.T, s spec, o map[string]any) {
	t.Helper()
	kind, _ := o["object"].(string)
	schema, ok := s.schemas[kind].(map[string]any)
	if !ok {
		t.Errorf("%v is no object of Stripe's", kind)
		return
	}
	for _, f := range s.faults(o, schema, kind) {
		t.Error(f)
	}
}
