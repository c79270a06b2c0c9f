package handlers

import (
	"context"
	"reflect"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

const apiPartnerFields = "key name email currency country status"

func TestAPIPartnerIsAddedShownAndChanged(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	a := w.call("POST", "/v1/partners", `{"key":"PARTNER_A"}`).is(201).has(`{"key":"PARTNER_A","name":"PARTNER_A","email":null,"currency":"usd","country":null,"status":"active"}`)
	hasExactly(t, "a partner", a.body, apiPartnerFields)
	w.call("POST", "/v1/partners", `{"key":"PARTNER_A"}`).is(409).has(`{"detail":"A partner with this key exists already."}`)
	w.as(apiOtherKey, "POST", "/v1/partners", `{"key":"PARTNER_A"}`).is(201)
	w.call("POST", "/v1/partners", `{"key":"b-2","name":"Bob","email":"bob@example.com","currency":"EUR","country":"de","status":"pending"}`).is(201).
		has(`{"name":"Bob","email":"bob@example.com","currency":"eur","country":"DE","status":"pending"}`)
	w.call("POST", "/v1/partners", `{"key":"c","name":null,"email":null,"currency":null,"country":null,"status":null}`).is(201).has(`{"name":"c","currency":"usd"}`)
	a = w.call("PATCH", "/v1/partners/b-2", `{"name":"Robert","country":null}`).is(200).has(`{"key":"b-2","name":"Robert","email":"bob@example.com","country":null,"status":"pending"}`)
	if again := w.call("GET", "/v1/partners/b-2", "").is(200); again.raw != a.raw {
		t.Errorf("got %s, want %s", again.raw, a.raw)
	}
	w.call("PATCH", "/v1/partners/b-2", a.raw).is(200) // what was read can be written back
	for body, field := range map[string]string{`{"key":"x"}`: "key", `{"currency":"usd"}`: "currency", `{"currency":"x"}`: "currency", `{"name":null}`: "name", `{"status":null}`: "status",
		`{"email":"a@b@c"}`: "email", `{"email":"Bob <bob@example.com>"}`: "email", `{"country":"D1"}`: "country", `{"balance":1}`: "balance"} {
		w.call("PATCH", "/v1/partners/b-2", body).is(422).names(field)
	}
	w.call("GET", "/v1/partners/nobody", "").is(404)
	w.call("PATCH", "/v1/partners/nobody", `{}`).is(404)
	w.call("GET", "/v1/partners/nobody/balance", "").is(404)
}

func TestAPIPartnerEarnsOnlyWhileActive(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	load := func(key string) models.Partner {
		p, err := w.Store.PartnerByKey(context.Background(), w.caller.Tenant, key)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	if p := load("A"); !p.ActiveAt(storetest.Day.AddDate(-9, 0, 0)) {
		t.Errorf("created active: %+v", p.Active)
	}
	w.call("PATCH", "/v1/partners/A", `{"status":"paused"}`).is(200).has(`{"status":"paused"}`)
	p := load("A")
	if !p.ActiveAt(storetest.Day.AddDate(-1, 0, 0)) || p.ActiveAt(w.now()) {
		t.Errorf("paused: %+v", p.Active)
	}
	w.call("PATCH", "/v1/partners/A", `{"status":"banned"}`).is(200)
	if q := load("A"); !reflect.DeepEqual(q.Active, p.Active) {
		t.Errorf("banned moved the end: %+v", q.Active)
	}
	w.wait(3600e9)
	w.call("PATCH", "/v1/partners/A", `{"status":"active"}`).is(200)
	if p := load("A"); !p.ActiveAt(w.now()) || p.ActiveAt(w.now().Add(-time.Second)) || !p.ActiveAt(storetest.Day.AddDate(-1, 0, 0)) {
		t.Errorf("back, and what was earned before stays earned: %+v", p.Active)
	}
	for _, status := range []string{"pending", "paused", "banned"} {
		w.call("POST", "/v1/partners", `{"key":"`+status+`","status":"`+status+`"}`).is(201)
		if p := load(status); p.ActiveAt(w.now()) || p.ActiveAt(storetest.Day.AddDate(-1, 0, 0)) {
			t.Errorf("created %s, earns", status)
		}
		w.wait(3600e9)
		w.call("PATCH", "/v1/partners/"+status, `{"status":"active"}`).is(200)
		if p := load(status); !p.ActiveAt(w.now()) || p.ActiveAt(w.now().Add(-1)) {
			t.Errorf("%s then active: %+v", status, p.Active)
		}
	}
}

func TestAPIBalanceFollowsTheMoney(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	at := func(want string) {
		t.Helper()
		a := w.call("GET", "/v1/partners/A/balance", "").is(200)
		hasExactly(t, "balances", a.body, "data")
		hasExactly(t, "a balance", a.data()[0], "currency held due invoiced paid")
		contains(t, a.call, a.data()[0], want)
	}
	at(`{"currency":"usd","held":"0.00","due":"0.00","invoiced":"0.00","paid":"0.00"}`)
	w.sell(sample(1, "A", 10000))
	at(`{"held":"20.00","due":"0.00"}`)
	w.hear(sample(1, "A", 10000).Refund(storetest.Old, 5000))
	at(`{"held":"10.00"}`)
	invoice := w.call("POST", "/v1/invoices", `{"until":"2026-12-31"}`).is(201).data()[0]["id"].(string)
	at(`{"held":"0.00","due":"0.00","invoiced":"10.00","paid":"0.00"}`)
	w.call("POST", "/v1/invoices/"+invoice+"/approve", "").is(200)
	w.call("POST", "/v1/invoices/"+invoice+"/mark-paid", `{"reference":"bank 7"}`).is(200)
	at(`{"invoiced":"0.00","paid":"10.00"}`)
	w.hear(sample(1, "A", 10000).Refund(storetest.Old, 10000))
	at(`{"due":"-10.00","paid":"10.00"}`)
}
