package handlers

import "testing"

func TestAPICustomerIsAddedShownAndChanged(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	w.call("POST", "/v1/partners", `{"key":"B"}`).is(201)
	a := w.call("POST", "/v1/customers", `{"key":"user@example.com/1"}`).is(201).
		has(`{"key":"user@example.com/1","email":null,"name":null,"partner":null,"stripe_customer_id":null,"created_at":"2026-11-20T12:00:00Z"}`)
	hasExactly(t, "a customer", a.body, "key email name partner stripe_customer_id created_at")
	if again := w.call("GET", "/v1/customers/user%40example.com%2F1", "").is(200); again.raw != a.raw {
		t.Errorf("got %s, want %s", again.raw, a.raw)
	}
	w.call("POST", "/v1/customers", `{"key":"ann","email":"ann@example.com","name":"Ann","partner":{"key":"A"},"stripe_customer_id":"cus_1"}`).is(201).
		has(`{"email":"ann@example.com","name":"Ann","partner":{"key":"A"},"stripe_customer_id":"cus_1"}`)
	w.call("POST", "/v1/customers", `{"key":"ann"}`).is(409)
	w.call("POST", "/v1/customers", `{"key":"eve","stripe_customer_id":"cus_1"}`).is(409)
	w.call("POST", "/v1/customers", `{"key":"eve","partner":{"key":"nobody"}}`).is(422).names("partner.key")
	w.call("GET", "/v1/customers/eve", "").is(404)
	w.wait(1e9)
	w.call("PATCH", "/v1/customers/ann", `{"partner":{"key":"B"},"email":null}`).is(200).has(`{"email":null,"name":"Ann","partner":{"key":"B"},"stripe_customer_id":"cus_1"}`)
	for body, field := range map[string]string{`{"key":"x"}`: "key", `{"partner":null}`: "partner", `{"partner":{}}`: "partner.key", `{"partner":{"key":"nobody"}}`: "partner.key", `{"partner":"A"}`: "partner",
		`{"stripe_customer_id":null}`: "stripe_customer_id", `{"stripe_customer_id":"ch_1"}`: "stripe_customer_id", `{"email":"x"}`: "email", `{"created_at":"2026-01-01T00:00:00Z"}`: "created_at"} {
		w.call("PATCH", "/v1/customers/ann", body).is(422).names(field)
	}
	if a := w.call("GET", "/v1/customers?stripe_customer_id=cus_1", "").is(200); len(a.data()) != 1 || a.data()[0]["key"] != "ann" {
		t.Errorf("by Stripe id: %s", a.raw)
	}
	if a := w.call("GET", "/v1/customers?email=nobody@example.com", "").is(200); len(a.data()) != 0 {
		t.Errorf("by e-mail: %s", a.raw)
	}
}

func TestAPICustomerOfStripeHasOneName(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	w.sell(sample(1, "A", 10000))
	for _, key := range []string{"cus_b", "stripe_cus_b"} {
		w.call("GET", "/v1/customers/"+key, "").is(200).has(`{"key":"stripe_cus_b","stripe_customer_id":"cus_b","partner":{"key":"A"}}`)
		if a := w.call("GET", "/v1/transactions?customer="+key, "").is(200); len(a.data()) != 1 {
			t.Errorf("payments of %s: %s", key, a.raw)
		}
	}
	w.call("POST", "/v1/customers", `{"key":"cus_b"}`).is(409)
	w.call("POST", "/v1/customers", `{"key":"cus_z"}`).is(201).has(`{"key":"stripe_cus_z","stripe_customer_id":"cus_z"}`)
	w.call("POST", "/v1/customers", `{"key":"cus_y","stripe_customer_id":"cus_x"}`).is(422).names("stripe_customer_id")
	w.call("POST", "/v1/customers", `{"key":"lead"}`).is(201)
	w.call("PATCH", "/v1/customers/lead", `{"stripe_customer_id":"cus_b"}`).is(200).has(`{"stripe_customer_id":"cus_b"}`)
	for _, key := range []string{"cus_b", "stripe_cus_b", "lead"} {
		w.call("GET", "/v1/customers/"+key, "").is(200).has(`{"key":"lead"}`)
	}
}
