package handlers

import (
	"context"
	"sync"
	"testing"

	"portal/sandbox"
)

const apiInvoiceFields = "id number partner total status lines approved_by paid_by paid_at payment_reference because"

// drawn is an invoice over 20.00 for partner A.
func (w *apiWorld) drawn() string {
	w.t.Helper()
	w.call("POST", "/v1/partners", `{"key":"A","country":"DE","email":"a@example.com"}`).is(201)
	w.sell(sample(1, "A", 10000))
	w.wait(40 * 24 * 3600e9)
	a := w.call("POST", "/v1/invoices", `{"until":"2026-12-31"}`).is(201)
	hasExactly(w.t, "what was drawn up", a.body, "data")
	return a.data()[0]["id"].(string)
}

func TestAPIInvoiceIsDrawnUpApprovedAndMarkedAsPaid(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	id := w.drawn()
	a := w.call("GET", "/v1/invoices/"+id, "").is(200).has(`{"number":"TEST-2026-0001","partner":{"key":"A"},"total":{"amount":"20.00","currency":"usd"},"status":"review",
		"approved_by":null,"paid_by":null,"paid_at":null,"payment_reference":null,"because":null}`)
	hasExactly(t, "an invoice", a.body, apiInvoiceFields)
	line := a.body["lines"].([]any)[0].(map[string]any)
	hasExactly(t, "a line", line, "commission transaction adjustment kind amount because paid_at sale rate")
	contains(t, "a line", line, `{"transaction":"in_1","adjustment":null,"kind":"earned","amount":{"amount":"20.00","currency":"usd"},"because":"earned from in_1","sale":{"amount":"100.00","currency":"usd"},"rate":null}`)
	if a := w.call("POST", "/v1/invoices", `{"until":"2026-12-31"}`).is(201); len(a.data()) != 0 {
		t.Errorf("drawn up twice: %s", a.raw)
	}
	w.call("POST", "/v1/invoices/"+id+"/mark-paid", `{}`).is(409)
	w.call("POST", "/v1/invoices/"+id+"/pay", `{}`).is(409)
	w.call("POST", "/v1/invoices/"+id+"/approve", `{"x":1}`).is(422).names("x")
	w.call("POST", "/v1/invoices/"+id+"/approve", `{}`).is(200).has(`{"status":"approved","approved_by":"API key test key …abcd"}`)
	w.call("POST", "/v1/invoices/"+id+"/approve", `{}`).is(409)
	for body, field := range map[string]string{`{"paid_at":"2027-01-01T00:00:00Z"}`: "paid_at", `{"paid_at":"yesterday"}`: "paid_at", `{"paid_at":"0000-01-01"}`: "paid_at", `{"paid_at":5}`: "paid_at", `{"reference":7}`: "reference",
		`{"reference":"r","method":"barter"}`: "method", `{"reference":"r","method":"other"}`: "words", `{"reference":"r","how":"wise"}`: "how"} {
		w.call("POST", "/v1/invoices/"+id+"/mark-paid", body).is(422).names(field)
	}
	w.call("POST", "/v1/invoices/"+id+"/mark-paid", `{"reference":"bank 7","paid_at":"2026-12-20T10:00:00+02:00","method":"wise","note":"From Oslo"}`).is(200).
		has(`{"status":"paid","paid_by":"API key test key …abcd","paid_at":"2026-12-20T08:00:00Z","payment_reference":"bank 7"}`)
	w.call("POST", "/v1/invoices/"+id+"/mark-paid", `{}`).is(409)
	for query, want := range map[string]string{"": id, "status=paid": id, "status=review": "", "status=charged": "", "partner=A": id, "partner=nobody": ""} {
		if got := w.walk("invoices?"+query, "desc", 10, "id"); got != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
}

func TestAPIInvoiceUntilMustBeADay(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	for _, body := range []string{`{}`, `{"until":null}`, `{"until":"tomorrow"}`, `{"until":"2026-02-30"}`, `{"until":"0000-01-01"}`, `{"until":20261130}`, `{"until":"2026-11-30T00:00:00Z"}`} {
		w.call("POST", "/v1/invoices", body).is(422).names("until")
	}
	if a := w.call("POST", "/v1/invoices", `{"until":"2026-11-30"}`).is(201); len(a.data()) != 0 {
		t.Errorf("something out of nothing: %s", a.raw)
	}
}

func TestAPIInvoiceIsPaidOnceThroughStripe(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	id := w.drawn()
	ctx := context.Background()
	partner, err := w.Store.PartnerByKey(ctx, w.caller.Tenant, "A")
	if err != nil {
		t.Fatal(err)
	}
	if partner, err = w.Payouts.ConnectPartner(ctx, partner); err != nil {
		t.Fatal(err)
	}
	if err := w.stripe.Onboard(*partner.StripeAccount, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	w.call("POST", "/v1/invoices/"+id+"/approve", "").is(200)
	w.call("POST", "/v1/invoices/"+id+"/pay", "").is(409) // no card yet
	if _, err := w.Payouts.SaveCard(ctx, w.caller.Tenant, "pm_card_visa"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	statuses := make([]int, 4)
	for i := range statuses {
		wg.Go(func() { statuses[i] = w.call("POST", "/v1/invoices/"+id+"/pay", `{}`).status })
	}
	wg.Wait()
	paid := 0
	for _, s := range statuses {
		if s == 200 {
			paid++
		} else if s != 409 {
			t.Errorf("pay was answered %d", s)
		}
	}
	if paid != 1 {
		t.Errorf("paid %d times: %v", paid, statuses)
	}
	w.call("GET", "/v1/invoices/"+id, "").is(200).has(`{"status":"paid","because":null}`)
}

func TestAPIIntegrationKeepsSecretsAndNeverShowsThem(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	hook := "https://portal.example/v1/integrations/stripe/" + w.caller.Program.String() + "/webhook"
	a := w.as(apiLiveKey, "GET", "/v1/integrations/stripe", "").is(200).has(`{"status":"not_connected","mode":"live","account":null,"webhook_url":"` + hook + `",
		"webhook_secret_last4":null,"missing_rights":[],"missing_events":[],"last_event_at":null}`)
	hasExactly(t, "a connection", a.body, "status mode account webhook_url webhook_secret_last4 missing_rights missing_events last_event_at")
	w.call("PUT", "/v1/integrations/stripe", `{"webhook_secret":"whsec_another_secret_1234"}`).is(200).has(`{"status":"connected","mode":"test","account":null,"webhook_secret_last4":"1234"}`)
	a = w.call("PUT", "/v1/integrations/stripe", `{"api_key":"`+apiShopKey+`"}`).is(200).has(`{"account":"acct_shop","webhook_secret_last4":"1234"}`)
	if again := w.call("GET", "/v1/integrations/stripe", "").is(200); again.raw != a.raw {
		t.Errorf("got %s, want %s", again.raw, a.raw)
	}
	for body, field := range map[string]string{`{"api_key":"sk_live_0000000000000"}`: "api_key", `{"api_key":"pk_test_0000000000000"}`: "api_key", `{"api_key":"sk_test_unknown_000000"}`: "api_key",
		`{"api_key":7}`: "api_key", `{"webhook_secret":"x"}`: "webhook_secret", `{"username":"x"}`: "username"} {
		a := w.call("PUT", "/v1/integrations/stripe", body)
		a.is(422).names(field)
	}
	w.call("PUT", "/v1/integrations/stripe", `{}`).is(422).names("api_key", "webhook_secret")
	for _, source := range []string{"paddle", "woocommerce", "chargebee"} {
		w.call("GET", "/v1/integrations/"+source, "").is(200).has(`{"status":"not_connected","webhook_url":null}`)
		w.call("PUT", "/v1/integrations/"+source, `{"webhook_secret":"whsec_another_secret_1234"}`).is(422).names("source")
	}
	w.call("GET", "/v1/integrations/paypal", "").is(404)
	w.call("PUT", "/v1/integrations/paypal", `{}`).is(404)
}

func TestAPIEventsShowHowEachEnded(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.sell(sample(1, "", 10000))
	w.hear([]byte(`{"id":"evt_odd","object":"event","type":"tax.changed","created":1,"livemode":false,"data":{"object":{}}}`))
	a := w.call("GET", "/v1/events?status=ignored", "").is(200)
	hasExactly(t, "an event", a.data()[0], "id provider_event_id source type status because received_at")
	contains(t, a.call, a.data()[0], `{"provider_event_id":"evt_odd","source":"stripe","type":"tax.changed","status":"ignored","received_at":"2026-11-20T12:00:00Z"}`)
	if a := w.call("GET", "/v1/events?status=done", "").is(200); len(a.data()) != 3 || a.data()[0]["because"] != nil {
		t.Errorf("done: %s", a.raw)
	}
	w.call("GET", "/v1/integrations/stripe", "").is(200).has(`{"last_event_at":"2026-11-20T12:00:00Z"}`)
}
