package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portal/sandbox"
)

// A coupon's promotion code takes its part off a session and an invoice, which name it as Stripe does; customers and
// subscriptions tell what of their metadata changed.
func TestACodeAndMetadataAreToldAsStripeTellsThem(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{Senders: 1}) // webhooks come as they were made
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

// MONEY.md 3.5: Stripe refuses a second active code of the same text, other characters, and what its coupon does not allow.
func TestACodeThatStripeWouldNotTakeIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	later := fmt.Sprint(start.AddDate(0, 1, 0).Unix())
	ask(t, s, 200, "/v1/coupons", url.Values{"id": {"C"}, "percent_off": {"12.5"}, "max_redemptions": {"5"}, "redeem_by": {later}})
	ask(t, s, 200, "/v1/coupons", url.Values{"id": {"GONE"}, "percent_off": {"10"}})
	promo := func(status int, pairs ...string) map[string]any {
		t.Helper()
		form := url.Values{"coupon": {"C"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return ask(t, s, status, "/v1/promotion_codes", form)
	}
	first := promo(200, "code", "Spring-20")
	e := promo(400, "code", "SPRING-20")["error"].(map[string]any)
	if e["message"] != "An active promotion code with `code: SPRING-20` already exists." || e["param"] != "code" {
		t.Errorf("refused with %v", e)
	}
	for _, wrong := range [][]string{{"code", "spring 20"}, {"code", "früh"}, {"code", "a_b"}, {"coupon", "NONE"}, {"coupon", ""}, {"customer", "cus_none"}, {"max_redemptions", "6"}, {"max_redemptions", "0"},
		{"expires_at", "1"}, {"expires_at", fmt.Sprint(start.AddDate(1, 0, 0).Unix())}, {"restrictions[minimum_amount]", "100"}, {"restrictions[minimum_amount_currency]", "usd"}, {"active", "maybe"}} {
		promo(400, wrong...)
	}
	cus := ask(t, s, 200, "/v1/customers", url.Values{"email": {"vip@example.com"}})["id"].(string)
	promo(200, "code", "spring-20", "customer", cus) // unique for each customer
	ask(t, s, 200, "/v1/promotion_codes/"+first["id"].(string), url.Values{"active": {"false"}})
	second := promo(200, "code", "SPRING-20")
	ask(t, s, 400, "/v1/promotion_codes/"+first["id"].(string), url.Values{"active": {"true"}})
	if status, body := call(t, s, "DELETE", "/v1/coupons/GONE", nil); status != 200 || body["deleted"] != true {
		t.Errorf("%d %v", status, body)
	}
	promo(400, "coupon", "GONE")
	ask(t, s, 400, "/v1/promotion_codes/"+second["id"].(string), url.Values{"code": {"OTHER"}})
	for query, want := range map[string]int{"": 3, "?code=spring-20": 3, "?active=true": 2, "?active=false": 1, "?customer=" + cus: 1, "?coupon=C": 3, "?coupon=GONE": 0, "?code=x": 0, "?code=spring-20&active=true&coupon=C": 2} {
		if got := ids(t, s, "/v1/promotion_codes"+query); len(strings.Fields(got)) != want {
			t.Errorf("%q: %s, want %d", query, got, want)
		}
	}
	for _, wrong := range []url.Values{{"percent_off": {"0"}}, {"percent_off": {"100.5"}}, {"percent_off": {"1e1"}}, {"percent_off": {"10"}, "amount_off": {"5"}, "currency": {"usd"}}, {"amount_off": {"-5"}, "currency": {"usd"}},
		{"percent_off": {"10"}, "duration": {"repeating"}}, {"percent_off": {"10"}, "duration": {"weekly"}}, {"percent_off": {"10"}, "duration_in_months": {"3"}}, {"percent_off": {"10"}, "max_redemptions": {"0"}},
		{"percent_off": {"10"}, "redeem_by": {"5"}}, {"percent_off": {"10"}, "name": {strings.Repeat("a", 41)}}} {
		ask(t, s, 400, "/v1/coupons", wrong)
	}
}

// MONEY.md 3.5: what the company does to its coupons and codes is told; a code whose coupon is gone is inactive.
func TestChangesOfCouponsAndCodesAreTold(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	ask(t, s, 200, "/v1/coupons", url.Values{"id": {"C"}, "percent_off": {"10"}, "metadata[a]": {"1"}, "applies_to[products][]": {"prod_x"}})
	promo := ask(t, s, 200, "/v1/promotion_codes", url.Values{"coupon": {"C"}, "code": {"NORA"}, "metadata[partner_key]": {"NORA"}})["id"].(string)
	if o := ask(t, s, 200, "/v1/coupons/C", url.Values{"name": {"Ten"}, "metadata[a]": {""}}); o["name"] != "Ten" || len(o["metadata"].(map[string]any)) != 0 {
		t.Errorf("coupon %v", o)
	}
	if o := read(t, s, "/v1/coupons/C?expand[]=applies_to"); o["applies_to"].(map[string]any)["products"].([]any)[0] != "prod_x" {
		t.Errorf("coupon %v", o)
	}
	if o := ask(t, s, 200, "/v1/promotion_codes/"+promo, url.Values{"metadata[partner_key]": {"KENJI"}}); o["active"] != true {
		t.Errorf("code %v", o)
	}
	ask(t, s, 200, "/v1/promotion_codes/"+promo, url.Values{"active": {"false"}})
	ask(t, s, 200, "/v1/promotion_codes/"+promo, url.Values{"active": {"true"}})
	if status, body := call(t, s, "DELETE", "/v1/coupons/C", nil); status != 200 {
		t.Fatal(body)
	}
	if o := read(t, s, "/v1/promotion_codes/"+promo); o["active"] != false || o["coupon"].(map[string]any)["valid"] != false {
		t.Errorf("code %v", o)
	}
	if status, body := call(t, s, "GET", "/v1/coupons/C", nil); status != 404 {
		t.Errorf("%d %v", status, body)
	}
	ask(t, s, 400, "/v1/promotion_codes/"+promo, url.Values{"active": {"true"}})
	want := "coupon.created promotion_code.created coupon.updated promotion_code.updated promotion_code.updated promotion_code.updated coupon.deleted"
	if got := strings.Join(types(t, s, ""), " "); got != want {
		t.Errorf("told %s", got)
	}
}

func TestACodeIsUsedOnlyAsItMay(t *testing.T) {
	t.Parallel()
	var days atomic.Int64
	s := open(t, sandbox.Options{Deliver: func(string, http.Header, []byte) int { return 200 },
		Now: func() time.Time { return start.AddDate(0, 0, int(days.Load())) }})
	ask(t, s, 200, "/v1/coupons", url.Values{"id": {"C"}, "percent_off": {"20"}})
	for _, form := range []string{"code=TWICE&max_redemptions=2", "code=FIRST&restrictions[first_time_transaction]=true", "code=LARGE&restrictions[minimum_amount]=10000&restrictions[minimum_amount_currency]=usd",
		fmt.Sprintf("code=SOON&expires_at=%d", start.AddDate(0, 0, 2).Unix())} {
		ask(t, s, 200, "/v1/promotion_codes", must[url.Values](t)(url.ParseQuery("coupon=C&"+form)))
	}
	buy := func(code, email string, amount int64, want bool) {
		t.Helper()
		if _, err := s.Sell(shop, sandbox.Order{Email: email, Amount: amount, Code: code}); (err == nil) != want {
			t.Errorf("%s by %s for %d: %v", code, email, amount, err)
		}
	}
	buy("first", "a@example.com", 800, true)
	buy("first", "a@example.com", 800, false)
	buy("LARGE", "a@example.com", 7999, false)
	buy("LARGE", "a@example.com", 8000, true)
	buy("TWICE", "b@example.com", 800, true)
	if _, err := s.Subscribe(shop, sandbox.Order{Email: "b@example.com", Amount: 800, Code: "TWICE"}); err != nil {
		t.Error(err)
	}
	buy("TWICE", "c@example.com", 800, false)
	if o := read(t, s, "/v1/promotion_codes?code=TWICE")["data"].([]any)[0].(map[string]any); o["active"] != false || o["times_redeemed"] != 2.0 {
		t.Errorf("code %v", o)
	}
	if o := read(t, s, "/v1/coupons/C"); o["times_redeemed"] != 4.0 || len(types(t, s, "&type=promotion_code.updated")) != 1 {
		t.Errorf("coupon %v", o)
	}
	buy("SOON", "d@example.com", 800, true)
	days.Store(2)
	buy("SOON", "e@example.com", 800, false)
}

// F33: on the page a code is turned off and on again, and whoever listens is told.
func TestACodeIsTurnedOffOnThePage(t *testing.T) {
	t.Parallel()
	s := answering(t, 200)
	get, post := browser(t, s)
	if status, body := call(t, s, "POST", "/v1/coupons", url.Values{"id": {"COUP"}, "percent_off": {"20"}}); status != 200 {
		t.Fatal(body)
	}
	_, promo := call(t, s, "POST", "/v1/promotion_codes", url.Values{"coupon": {"COUP"}, "code": {"SAVE20"}})
	id, _ := promo["id"].(string)
	page := get("/sandbox/?account=" + shop)
	if words := text(page); !strings.Contains(words, "SAVE20") || !strings.Contains(words, "Turn off") || !strings.Contains(words, shopKey) {
		t.Fatal(words)
	}
	for turn, says := range map[string]string{"off": "The code is off: nobody can use it.", "on": "The code is on again."} {
		r, doc := post("/sandbox/codes", url.Values{"account": {shop}, "code": {id}, "turn": {turn}})
		if _, now := call(t, s, "GET", "/v1/promotion_codes/"+id, nil); r.StatusCode != 200 || now["active"] != (turn == "on") || !strings.Contains(text(doc), says) {
			t.Errorf("%s: %d, active %v: %s", turn, r.StatusCode, now["active"], text(doc))
		}
	}
	if r, _ := post("/sandbox/codes", url.Values{"account": {shop}, "code": {"promo_none"}, "turn": {"off"}}); r.StatusCode != 422 {
		t.Errorf("a code that is not there: %d", r.StatusCode)
	}
}
