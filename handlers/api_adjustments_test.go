package handlers

import (
	"fmt"
	"sync"
	"testing"

	"portal/models"
	"portal/rates"
	"portal/store"
)

const apiAdjustmentFields = "id partner kind amount reason status invoice made_by made_at"

func TestAPIAdjustmentIsMadeListedAndInvoiced(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	a := w.call("POST", "/v1/partners/A/adjustments", `{"amount":"50.00","reason":"Best month"}`).is(201).has(`{"partner":{"key":"A"},"kind":"bonus","amount":{"amount":"50.00","currency":"usd"},
		"reason":"Best month","status":"due","invoice":null,"made_by":"API key test key …abcd","made_at":"2026-11-20T12:00:00Z"}`)
	hasExactly(t, "an adjustment", a.body, apiAdjustmentFields)
	w.call("POST", "/v1/partners/A/adjustments", `{"amount":-12.5,"reason":"Paid twice"}`).is(201).has(`{"kind":"deduction","amount":{"amount":"-12.50","currency":"usd"}}`)
	w.call("GET", "/v1/partners/A/balance", "").is(200).has(`{"data":[{"currency":"usd","held":"0.00","due":"37.50","invoiced":"0.00","paid":"0.00"}]}`)

	invoice := w.call("POST", "/v1/invoices", `{"until":"2026-11-20"}`).is(201).data()[0]
	contains(t, "the invoice", invoice, `{"total":{"amount":"37.50","currency":"usd"}}`)
	lines := invoice["lines"].([]any)
	if len(lines) != 2 {
		t.Fatalf("lines %v", lines)
	}
	hasExactly(t, "a line", lines[0].(map[string]any), "commission transaction adjustment kind amount because paid_at sale rate")
	contains(t, "a line", lines[0].(map[string]any), `{"commission":null,"transaction":null,"adjustment":"`+a.body["id"].(string)+`","kind":"bonus","amount":{"amount":"50.00","currency":"usd"},"because":"Best month","paid_at":null}`)
	list := w.call("GET", "/v1/partners/A/adjustments", "").is(200).data()
	hasExactly(t, "an adjustment", list[0], apiAdjustmentFields)
	contains(t, "the list", list[0], `{"kind":"bonus","status":"invoiced","invoice":"`+invoice["id"].(string)+`"}`)
	for order, want := range map[string]string{"asc": "50.00 -12.50", "desc": "-12.50 50.00"} {
		got := ""
		for _, item := range w.call("GET", "/v1/partners/A/adjustments?order="+order, "").is(200).data() {
			got += " " + item["amount"].(map[string]any)["amount"].(string)
		}
		if got != " "+want {
			t.Errorf("%s: %s", order, got)
		}
	}
	first := w.call("GET", "/v1/partners/A/adjustments?limit=1", "").is(200)
	if next := w.call("GET", "/v1/partners/A/adjustments?limit=1&cursor="+first.body["next_cursor"].(string), "").is(200); len(next.data()) != 1 || next.body["next_cursor"] != nil || next.data()[0]["kind"] != "deduction" {
		t.Errorf("the second page: %s", next.raw)
	}
}

func TestAPIAdjustmentNamesEachWrongField(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A","currency":"jpy"}`).is(201)
	for body, field := range map[string]string{`{"reason":"x"}`: "amount", `{"amount":"5"}`: "reason", `{"amount":"5.5","reason":"x"}`: "amount", `{"amount":0,"reason":"x"}`: "amount",
		`{"amount":"1e3","reason":"x"}`: "amount", `{"amount":null,"reason":"x"}`: "amount", `{"amount":"5","reason":" "}`: "reason", `{"amount":"5","reason":"a\u0000b"}`: "reason", `{"amount":"5","reason":"x","kind":"bonus"}`: "kind"} {
		w.call("POST", "/v1/partners/A/adjustments", body).is(422).names(field)
	}
	w.call("POST", "/v1/partners/B/adjustments", `{"amount":"5","reason":"x"}`).is(404)
	w.as(apiOtherKey, "POST", "/v1/partners/A/adjustments", `{"amount":"5","reason":"x"}`).is(404)
	w.as(apiLiveKey, "GET", "/v1/partners/A/adjustments", "").is(404)
	w.call("GET", "/v1/partners/A/balance", "").is(200).has(`{"data":[{"currency":"jpy","held":"0","due":"0","invoiced":"0","paid":"0"}]}`)
}

// P46: two adjustments posted with one Idempotency-Key, at once or after each other, are one.
func TestAPIAdjustmentWithOneIdempotencyKeyIsBookedOnce(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	post := func() answer {
		return w.call("POST", "/v1/partners/A/adjustments", `{"amount":"50","reason":"Best month"}`, "Idempotency-Key", "k")
	}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if a := post(); a.status != 201 && a.status != 409 {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	all.Wait()
	post().is(201)
	if due := w.call("GET", "/v1/partners/A/balance", "").data()[0]["due"]; due != "50.00" {
		t.Errorf("due %v", due)
	}
}

func TestAPIRateIsEnteredListedAndPricesWhatWaits(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.Inbox.Rates = &rates.Rates{Store: w.Store, Now: w.now}
	w.call("POST", "/v1/partners", `{"key":"A","currency":"eur"}`).is(201)
	w.sell(sample(1, "A", 10000))
	w.call("GET", "/v1/commissions", "").is(200)
	a := w.call("POST", "/v1/rates", `{"from":"USD","to":"eur","rate":0.50,"date":"2026-11-16"}`).is(201).has(`{"from":"usd","to":"eur","rate":"0.5","source":"by hand","date":"2026-11-16",
		"entered_by":"API key test key …abcd","entered_at":"2026-11-20T12:00:00Z","priced":1}`)
	hasExactly(t, "what was entered", a.body, "from to rate source date entered_by entered_at priced")
	contains(t, "the commission", w.call("GET", "/v1/commissions", "").is(200).data()[0], `{"status":"held","amount":{"amount":"10.00","currency":"eur"},
		"rate":{"from":"usd","to":"eur","rate":"0.5","source":"by hand","date":"2026-11-16"}}`)
	w.wait(1e9)
	w.call("POST", "/v1/rates", `{"from":"kwd","to":"eur","rate":"2.8","date":"2026-11-20"}`).is(201).has(`{"priced":0}`)
	list := w.call("GET", "/v1/rates", "").is(200).data()
	hasExactly(t, "a rate", list[0], "from to rate source date entered_by entered_at")
	got := ""
	for cursor := ""; ; {
		page := w.call("GET", "/v1/rates?order=desc&limit=1"+cursor, "").is(200)
		got += fmt.Sprint(page.data()[0]["from"], " ")
		if page.body["next_cursor"] == nil {
			break
		}
		cursor = "&cursor=" + page.body["next_cursor"].(string)
	}
	if got != "kwd usd " {
		t.Errorf("the list is %s", got)
	}
	for body, field := range map[string]string{`{"from":"x","to":"eur","rate":"1","date":"2026-11-16"}`: "from", `{"from":"usd","to":"usd","rate":"1","date":"2026-11-16"}`: "to",
		`{"from":"usd","to":"eur","rate":"0","date":"2026-11-16"}`: "rate", `{"from":"usd","to":"eur","rate":"1","date":"2026-11-21"}`: "date", `{"from":"usd","to":"eur","rate":"1"}`: "date"} {
		w.call("POST", "/v1/rates", body).is(422).names(field)
	}
	if others := w.as(apiOtherKey, "GET", "/v1/rates", "").is(200).data(); len(others) != 0 {
		t.Errorf("another company sees %v", others)
	}
}

// D16: a rate holds for both sides, so a test key cannot price live money.
func TestAPIRateOfATestKeyIsRefusedOnceTheCompanyIsLive(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.Inbox.Rates = &rates.Rates{Store: w.Store, Now: w.now}
	live := store.Integration{Tenant: models.Tenant{Company: w.caller.Company, Mode: models.Live}, Program: w.caller.Program, Source: models.SourceStripe, Status: "connected"}
	if err := w.Store.SaveIntegration(t.Context(), live, w.now()); err != nil {
		t.Fatal(err)
	}
	body := `{"from":"usd","to":"eur","rate":"1","date":"2026-11-18"}`
	w.call("POST", "/v1/rates", body).is(403)
	w.as(apiLiveKey, "POST", "/v1/rates", body).is(201)
}
