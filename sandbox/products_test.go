package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"portal/sandbox"
)

// ids are what a list names, in its order.
func ids(t *testing.T, s *sandbox.Sandbox, path string) string {
	t.Helper()
	var out []string
	for _, o := range read(t, s, path)["data"].([]any) {
		out = append(out, o.(map[string]any)["id"].(string))
	}
	return strings.Join(out, " ")
}

// F17: what the shop sells is a product with a price, which the lines of sessions and invoices name.
func TestWhatIsSoldIsAProductWithAPrice(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	once := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1200, Tax: 200, Product: "Lamp"}))
	sub := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 3000, Product: "Light"}))
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "b@example.com", Amount: 1200, Tax: 200, Product: "Lamp"}))
	items := read(t, s, "/v1/checkout/sessions/"+once.Session+"/line_items?expand[]=data.price.product")["data"].([]any)
	price := items[0].(map[string]any)["price"].(map[string]any)
	lamp := price["product"].(map[string]any)
	if lamp["name"] != "Lamp" || price["unit_amount"] != 1000.0 || price["type"] != "one_time" {
		t.Errorf("price %v", price)
	}
	line := read(t, s, "/v1/invoices/"+sub.Invoice+"?expand[]=lines.data.price.product")["lines"].(map[string]any)["data"].([]any)[0].(map[string]any)["price"].(map[string]any)
	light := line["product"].(map[string]any)
	if light["name"] != "Light" || line["recurring"].(map[string]any)["interval"] != "month" {
		t.Errorf("line's price %v", line)
	}
	for path, want := range map[string]string{"/v1/products": light["id"].(string) + " " + lamp["id"].(string), "/v1/prices?product=" + lamp["id"].(string): price["id"].(string),
		"/v1/prices?type=recurring": line["id"].(string), "/v1/products?ids[]=" + lamp["id"].(string): lamp["id"].(string), "/v1/products?active=false": ""} {
		if got := ids(t, s, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := types(t, s, "&types[]=product.created&types[]=price.created"); len(got) != 4 {
		t.Errorf("told %v", got)
	}
	again := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "c@example.com", Price: price["id"].(string)}))
	if cs := read(t, s, "/v1/checkout/sessions/"+again.Session); cs["amount_total"] != 1000.0 || ids(t, s, "/v1/prices?product="+lamp["id"].(string)) != price["id"] {
		t.Errorf("sold by its price: %v", cs["amount_total"])
	}
	for _, wrong := range []sandbox.Order{{Price: "price_none"}, {Product: "prod_none", Amount: 1000}} {
		wrong.Email = "a@example.com"
		if _, err := s.Sell(shop, wrong); err == nil {
			t.Errorf("sold %+v", wrong)
		}
	}
}

func TestProductsAndPricesAreMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	for _, wrong := range []string{"products|", "products|name=", "products|name=a&default_price_data[currency]=usd", "prices|currency=usd&unit_amount=1", "prices|product=prod_none&currency=usd&unit_amount=1",
		"prices|product_data[name]=a&currency=us&unit_amount=1", "prices|product_data[name]=a&currency=usd", "prices|product_data[name]=a&currency=usd&unit_amount=-1",
		"prices|product_data[name]=a&currency=usd&unit_amount=1&recurring[interval]=moon"} {
		path, query, _ := strings.Cut(wrong, "|")
		form := must[url.Values](t)(url.ParseQuery(query))
		ask(t, s, 400, "/v1/"+path, form)
	}
	if got := ids(t, s, "/v1/products") + ids(t, s, "/v1/prices"); got != "" {
		t.Errorf("what was refused is there: %s", got)
	}
	made := ask(t, s, 200, "/v1/products", url.Values{"id": {"gold"}, "name": {"Gold"}, "metadata[tier]": {"1"}, "default_price_data[currency]": {"usd"},
		"default_price_data[unit_amount]": {"900"}, "default_price_data[recurring][interval]": {"year"}})
	p := read(t, s, "/v1/prices/"+made["default_price"].(string))
	if p["product"] != "gold" || p["unit_amount"] != 900.0 || p["recurring"].(map[string]any)["interval"] != "year" {
		t.Errorf("price %v", p)
	}
	ask(t, s, 400, "/v1/products", url.Values{"id": {"gold"}, "name": {"Gold"}})
	other := ask(t, s, 200, "/v1/prices", url.Values{"product_data[name]": {"Tin"}, "currency": {"usd"}, "unit_amount": {"100"}, "lookup_key": {"tin"}})
	ask(t, s, 400, "/v1/products/gold", url.Values{"default_price": {other["id"].(string)}})
	ask(t, s, 200, "/v1/products/gold", url.Values{"name": {"Golden"}, "active": {"false"}})
	ask(t, s, 200, "/v1/prices/"+other["id"].(string), url.Values{"active": {"false"}, "nickname": {"old"}})
	for path, want := range map[string]string{"/v1/products?active=true": other["product"].(string), "/v1/products?active=false": "gold",
		"/v1/prices?active=true": p["id"].(string), "/v1/prices?lookup_keys[]=tin": other["id"].(string)} {
		if got := ids(t, s, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if status, body := call(t, s, "DELETE", "/v1/products/gold", nil); status != 400 {
		t.Errorf("a product with prices was deleted: %v", body)
	}
	for _, path := range []string{"/v1/plans/" + p["id"].(string), "/v1/products/gold"} {
		if status, body := call(t, s, "DELETE", path, nil); status != 200 || body["deleted"] != true {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	want := "product.created price.created product.created price.created product.updated price.updated price.deleted product.deleted"
	if got := strings.Join(types(t, s, ""), " "); got != want {
		t.Errorf("told %s", got)
	}
	was := read(t, s, "/v1/events?type=product.updated")["data"].([]any)[0].(map[string]any)["data"].(map[string]any)["previous_attributes"].(map[string]any)
	if was["name"] != "Gold" || was["active"] != true {
		t.Errorf("previous attributes %v", was)
	}
}
