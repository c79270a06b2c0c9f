package handlers

import (
	"testing"

	"portal/store/storetest"
)

const apiTransactionFields = "key source kind status attributed gross base refunded customer partner attributed_by steps decided_at paid_at aliases display"

func TestAPITransactionIsCountedOnce(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	body := `{"key":"order/1","amount":"99.99","amount_units":"EUR","action":"sale","partner":{"key":"A"},"customer":{"key":"ann","email":"ann@example.com"},
		"product_id":"prod_1","product_type":"course","options":{"create_customer":true}}`
	a := w.call("POST", "/v1/transactions", body).is(201).has(`{"key":"order/1","source":"api","kind":"sale","status":"paid","attributed":true,
		"gross":{"amount":"99.99","currency":"eur"},"base":{"amount":"99.99","currency":"eur"},"refunded":{"amount":"0.00","currency":"eur"},
		"customer":{"key":"ann","email":"ann@example.com"},"partner":{"key":"A"},"attributed_by":"api","paid_at":"2026-11-20T12:00:00Z","aliases":["order/1"]}`)
	hasExactly(t, "a transaction", a.body, apiTransactionFields)
	hasExactly(t, "a step", a.body["steps"].([]any)[0].(map[string]any), "rule verdict because")
	w.wait(3600e9)
	if again := w.call("POST", "/v1/transactions", body).is(200); again.raw != a.raw {
		t.Errorf("again: %s, want %s", again.raw, a.raw)
	}
	w.call("POST", "/v1/transactions", `{"key":"order/1","amount":"99.98","amount_units":"EUR","partner":{"key":"A"},"customer":{"key":"ann","email":"ann@example.com"},"product_id":"prod_1","product_type":"course"}`).is(409)
	if again := w.call("GET", "/v1/transactions/order%2F1", "").is(200); again.raw != a.raw {
		t.Errorf("shown: %s, want %s", again.raw, a.raw)
	}
	w.call("GET", "/v1/customers/ann", "").is(200).has(`{"partner":{"key":"A"}}`)
	if a := w.call("GET", "/v1/transactions", "").is(200); len(a.data()) != 1 {
		t.Errorf("counted %d times", len(a.data()))
	}
}

func TestAPITransactionTakesMoneyAsNumberOrText(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for written, want := range map[string]string{`99.99`: "99.99", `"99.9"`: "99.90", `100`: "100.00", `"7"`: "7.00", `0.01`: "0.01", `90071992547409.93`: "90071992547409.93", `1.10`: "1.10"} {
		a := w.call("POST", "/v1/transactions", `{"key":"n`+want+written+`","amount":`+written+`}`)
		if written[0] == '"' {
			a = w.call("POST", "/v1/transactions", `{"key":"s`+want+`","amount":`+written+`}`)
		}
		a.is(201).has(`{"gross":{"amount":"` + want + `","currency":"usd"},"customer":null,"partner":null,"attributed":false,"attributed_by":null}`)
	}
	w.call("POST", "/v1/transactions", `{"key":"yen","amount":500,"amount_units":"jpy"}`).is(201).has(`{"gross":{"amount":"500","currency":"jpy"}}`)
	for _, amount := range []string{`1e3`, `"1e3"`, `"NaN"`, `NaN`, `"abc"`, `""`, `" 1"`, `1.234`, `"1.234"`, `0`, `"0.00"`, `-1`, `"-0.01"`, `null`, `true`, `{}`, `99999999999999999999`, `1e999`, `"1,5"`, `"+1"`, `".5"`} {
		a := w.call("POST", "/v1/transactions", `{"key":"bad","amount":`+amount+`}`)
		if amount == `NaN` {
			a.is(400)
			continue
		}
		a.is(422).names("amount")
	}
	w.call("POST", "/v1/transactions", `{"key":"bad","amount":1.5,"amount_units":"jpy"}`).is(422).names("amount")
	w.call("GET", "/v1/transactions/bad", "").is(404)
}

func TestAPITransactionNamesEachWrongField(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for body, field := range map[string]string{`{"amount":1}`: "key", `{"key":"x"}`: "amount", `{"key":"","amount":1}`: "key", `{"key":"x","amount":1,"action":"lead"}`: "action",
		`{"key":"x","amount":1,"amount_units":"xyz"}`: "amount_units", `{"key":"x","amount":1,"customer":{"email":"x"}}`: "customer.email", `{"key":"x","amount":1,"customer":{"id":"x"}}`: "customer.id",
		`{"key":"x","amount":1,"partner":"A"}`: "partner", `{"key":"x","amount":1,"partner":{}}`: "partner.key", `{"key":"x","amount":1,"options":{"create_customer":"yes"}}`: "options.create_customer",
		`{"key":"x","amount":1,"paid_at":"2026-01-01"}`: "paid_at", `{"key":"a\u0000b","amount":1}`: "key"} {
		w.call("POST", "/v1/transactions", body).is(422).names(field)
	}
	w.call("POST", "/v1/transactions", `{"key":"x","amount":1,"customer":{"key":"ghost"},"options":{"create_customer":false}}`).is(201).has(`{"customer":null}`)
	w.call("GET", "/v1/customers/ghost", "").is(404)
}

func TestAPITransactionsOfStripeAreFilteredAndKnownByAnyID(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	w.sell(sample(1, "A", 10000))
	w.sell(sample(2, "", 5000))
	w.hear(sample(2, "", 5000).Refund(storetest.Old, 2500))
	for _, id := range []string{"in_1", "ch_1", "pi_1", "cs_1"} {
		w.call("GET", "/v1/transactions/"+id, "").is(200).has(`{"key":"in_1","source":"stripe","attributed_by":"metadata","status":"paid","aliases":["ch_1","cs_1","in_1","pi_1"]}`)
	}
	for query, want := range map[string]string{"partner=A": "in_1", "partner=nobody": "", "customer=cus_c": "in_2", "customer=nobody": "", "status=paid": "in_1",
		"status=partially_refunded": "in_2", "status=disputed": "", "attributed=true": "in_1", "attributed=false": "in_2", "partner=A&attributed=false": "", "partner=&status=": "in_1 in_2"} {
		if got := w.walk("transactions?"+query, "asc", 50, "key"); got != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
	w.call("GET", "/v1/transactions?attributed=maybe", "").is(422).names("attributed")
	w.call("GET", "/v1/transactions/in_9", "").is(404)
}

func TestAPICommissionsShowWhatWasEarnedAndIsLeft(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	w.sell(sample(1, "A", 10000))
	w.hear(sample(1, "A", 10000).Refund(storetest.Old, 5000))
	for _, query := range []string{"", "?partner=A", "?transaction=ch_1", "?partner=A&transaction=in_1"} {
		a := w.call("GET", "/v1/commissions"+query, "").is(200)
		hasExactly(t, "a commission", a.data()[0], "id partner transaction amount earned share rate status payable_on rule_version decided_at steps")
		contains(t, a.call, a.data()[0], `{"partner":{"key":"A"},"transaction":{"key":"in_1"},"amount":{"amount":"10.00","currency":"usd"},"earned":{"amount":"20.00","currency":"usd"},
			"share":{"amount":"10.00","currency":"usd"},"rate":null,"status":"held","payable_on":"2026-12-16"}`)
	}
	for _, query := range []string{"?partner=nobody", "?transaction=nothing"} {
		if a := w.call("GET", "/v1/commissions"+query, "").is(200); len(a.data()) != 0 {
			t.Errorf("%s gives %s", query, a.raw)
		}
	}
}
