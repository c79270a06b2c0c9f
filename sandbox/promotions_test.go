package sandbox_test

import (
	"net/url"
	"testing"

	"portal/sandbox"
)

// A coupon's promotion code takes its part off a session and an invoice, which name it as Stripe does; customers and
// subscriptions tell what of their metadata changed.
func TestACodeAndMetadataAreToldAsStripeTellsThem(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	old, renewed := listen(t, s, shopKey, "2023-10-16"), listen(t, s, shopKey, "2025-03-31.basil")
	make := func(path string, form url.Values, status int) map[string]any {
		t.Helper()
		got, body := call(t, s, "POST", path, form)
		if got != status {
			t.Fatalf("%s: %d %v", path, got, body)
		}
		return body
	}
	make("/v1/coupons", url.Values{"id": {"COUP"}, "percent_off": {"20"}}, 200)
	make("/v1/coupons", url.Values{"id": {"COUP"}, "percent_off": {"20"}}, 400)
	make("/v1/coupons", url.Values{"percent_off": {"101"}}, 400)
	make("/v1/coupons", url.Values{"amount_off": {"101"}}, 400)
	make("/v1/coupons", url.Values{}, 400)
	promo := make("/v1/promotion_codes", url.Values{"coupon": {"COUP"}, "code": {"Save20"}}, 200)["id"]
	make("/v1/promotion_codes", url.Values{"coupon": {"COUP"}, "code": {"SAVE20"}}, 400)
	make("/v1/promotion_codes", url.Values{"coupon": {"NONE"}}, 400)
	if _, err := s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 8000, Code: "nothing"}); err == nil {
		t.Error("a code that is not known was taken")
	}
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 8000, Code: "SAVE20", Lines: 12, Told: sandbox.ByCustomer, Partner: "P1"}))
	again := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Customer: sold.Customer, Amount: 8000}))
	make("/v1/customers/"+sold.Customer, url.Values{"metadata[partnero_partner]": {"P2"}, "metadata[plan]": {"gold"}}, 200)
	make("/v1/subscriptions/"+sold.Subscription, url.Values{"metadata[partnero_partner]": {"P3"}}, 200)
	flush(t, s)

	cs, _ := old.of("checkout.session.completed")
	less := cs[0]["total_details"].(map[string]any)["amount_discount"]
	used := cs[0]["discounts"].([]any)[0].(map[string]any)
	if less != 2000.0 || cs[0]["amount_subtotal"] != 10000.0 || used["coupon"] != "COUP" || used["promotion_code"] != promo || cs[0]["customer_creation"] != "always" || cs[1]["customer_creation"] != nil {
		t.Errorf("sessions %v", cs)
	}
	in, _ := renewed.of("invoice.paid")
	lines := in[0]["lines"].(map[string]any)
	if in[0]["total_excluding_tax"] != 8000.0 || in[0]["subtotal"] != 10000.0 || len(lines["data"].([]any)) != 10 || lines["has_more"] != true || in[0]["discounts"].([]any)[0].(string)[:3] != "di_" {
		t.Errorf("invoice %v", in[0])
	}
	var sum float64
	_, page := call(t, s, "GET", "/v1/invoices/"+sold.Invoice+"/lines?limit=100", nil)
	for _, l := range page["data"].([]any) {
		l := l.(map[string]any)
		sum += l["amount"].(float64) - l["discount_amounts"].([]any)[0].(map[string]any)["amount"].(float64)
	}
	if sum != 8000 {
		t.Errorf("the lines come to %v", sum)
	}
	_, shown := call(t, s, "GET", "/v1/invoices/"+sold.Invoice+"?expand[]=discounts.promotion_code", nil)
	if d := shown["discounts"].([]any)[0].(map[string]any); d["promotion_code"].(map[string]any)["code"] != "Save20" {
		t.Errorf("expanded %v", d)
	}
	if _, paid := call(t, s, "GET", "/v1/events?type=invoice_payment.paid", nil); len(paid["data"].([]any)) != 1 {
		t.Errorf("payments of invoices %v", paid)
	}
	_, list := call(t, s, "GET", "/v1/events?type=customer.updated", nil)
	was := list["data"].([]any)[0].(map[string]any)["data"].(map[string]any)["previous_attributes"].(map[string]any)["metadata"].(map[string]any)
	if plan, there := was["plan"]; was["partnero_partner"] != "P1" || !there || plan != nil || len(was) != 2 {
		t.Errorf("previous attributes %v", was)
	}
	if _, list = call(t, s, "GET", "/v1/events?type=customer.subscription.updated", nil); len(list["data"].([]any)) != 1 || again.Customer != sold.Customer {
		t.Errorf("updates of the subscription %v", list)
	}
}
