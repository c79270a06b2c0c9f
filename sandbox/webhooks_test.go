package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"portal/sandbox"
)

// heard is an endpoint that checks each signature with stripe-go and keeps the events.
type heard struct {
	mu     sync.Mutex
	secret string
	refuse int // how many more are answered 503
	events []map[string]any
	wrong  []error
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse > 0 {
		h.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if err := webhook.ValidatePayloadIgnoringTolerance(body, r.Header.Get("Stripe-Signature"), h.secret); err != nil {
		h.wrong = append(h.wrong, err)
	}
	var e map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		h.wrong = append(h.wrong, err)
	}
	h.events = append(h.events, e)
}

func (h *heard) of(kind string) (objects, events []map[string]any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e["type"] == kind {
			events = append(events, e)
			objects = append(objects, e["data"].(map[string]any)["object"].(map[string]any))
		}
	}
	return objects, events
}

func listen(t *testing.T, s *sandbox.Sandbox, key, version string) *heard {
	t.Helper()
	h := &heard{}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secret = endpoint(t, s, key, server.URL, version)
	return h
}

func endpoint(t *testing.T, s *sandbox.Sandbox, key, url, version string) (secret string) {
	t.Helper()
	p := &stripe.WebhookEndpointParams{URL: &url, EnabledEvents: stripe.StringSlice([]string{"checkout.session.completed", "invoice.paid",
		"charge.succeeded", "charge.refunded", "refund.created", "customer.subscription.updated", "transfer.created", "payment_intent.succeeded"})}
	if version != "" {
		p.APIVersion = &version
	}
	return must[*stripe.WebhookEndpoint](t)(stripeAt(t, s, key, time.Minute).WebhookEndpoints.New(p)).Secret
}

func TestASaleIsToldBySignedWebhooks(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	h := listen(t, s, shopKey, "2023-10-16")
	at := start.AddDate(-1, 0, 0)
	sold := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "jane@example.com", Partner: "PARTNER_A", Told: sandbox.ByMetadata, Amount: 12000, Tax: 2000, At: at}))
	flush(t, s)
	if len(h.wrong) > 0 {
		t.Fatal(h.wrong)
	}
	cs, events := h.of("checkout.session.completed")
	if len(cs) != 1 || cs[0]["id"] != sold.Session || cs[0]["payment_intent"] != sold.Intent || cs[0]["amount_total"] != 12000.0 ||
		cs[0]["metadata"].(map[string]any)["partnero_partner"] != "PARTNER_A" || cs[0]["invoice"] != nil || cs[0]["payment_status"] != "paid" {
		t.Fatalf("session %v", cs)
	}
	if events[0]["created"] != float64(at.Unix()) || events[0]["api_version"] != "2023-10-16" || events[0]["livemode"] != false {
		t.Fatalf("event %v", events[0])
	}
	for _, amount := range []int64{6000, 0} {
		must[string](t)(s.Refund(shop, sold.Session, amount, at.AddDate(0, 0, 3)))
	}
	flush(t, s)
	ch, events := h.of("charge.refunded")
	if len(ch) != 2 || ch[0]["amount_refunded"].(float64)+ch[1]["amount_refunded"].(float64) != 18000 {
		t.Fatalf("charges %v", ch)
	}
	for i, e := range events {
		was := e["data"].(map[string]any)["previous_attributes"].(map[string]any)
		if was["amount_refunded"] != ch[i]["amount_refunded"].(float64)-6000 {
			t.Fatalf("previous attributes %v", was)
		}
	}
}

func TestASubscriptionIsToldInBothShapes(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	old, renewed := listen(t, s, shopKey, "2023-10-16"), listen(t, s, shopKey, "2025-03-31.basil")
	sold := must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Partner: "P1", Told: sandbox.BySubscription, Amount: 12000, Tax: 2000, Currency: "eur"}))
	again := must[sandbox.Sold](t)(s.Renew(shop, sold.Subscription, start.AddDate(0, 1, 0)))
	flush(t, s)
	in, _ := old.of("invoice.paid")
	if len(in) != 2 || in[0]["subscription"] != sold.Subscription || in[0]["tax"] != 2000.0 || in[0]["total_excluding_tax"] != 10000.0 || in[0]["charge"] == nil ||
		in[0]["subscription_details"].(map[string]any)["metadata"].(map[string]any)["partnero_partner"] != "P1" {
		t.Fatalf("old invoice %v", in)
	}
	in, _ = renewed.of("invoice.paid")
	parent := in[0]["parent"].(map[string]any)["subscription_details"].(map[string]any)
	line := in[0]["lines"].(map[string]any)["data"].([]any)[0].(map[string]any)
	_, hasCharge := in[0]["charge"]
	if hasCharge || parent["subscription"] != sold.Subscription || parent["metadata"].(map[string]any)["partnero_partner"] != "P1" ||
		in[0]["total_taxes"].([]any)[0].(map[string]any)["amount"] != 2000.0 || line["pricing"] == nil || line["price"] != nil {
		t.Fatalf("new invoice %v", in[0])
	}
	if ch, _ := renewed.of("charge.succeeded"); len(ch) != 2 || ch[0]["invoice"] != nil {
		t.Fatalf("new charge %v", ch)
	}
	cs, _ := old.of("checkout.session.completed")
	if len(cs) != 1 || cs[0]["payment_intent"] != nil || cs[0]["subscription"] != sold.Subscription || cs[0]["invoice"] != sold.Invoice {
		t.Fatalf("session %v", cs)
	}
	if again.Invoice == sold.Invoice || len(old.wrong)+len(renewed.wrong) > 0 {
		t.Fatal("the renewal is not an invoice of its own", old.wrong, renewed.wrong)
	}
}

func TestAnEndpointThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	h := listen(t, s, shopKey, "")
	h.mu.Lock()
	h.refuse = 1
	h.mu.Unlock()
	must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	for range 100 {
		flush(t, s)
		h.mu.Lock()
		n := len(h.events)
		h.mu.Unlock()
		if n == 3 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%d events heard", len(h.events))
}

func TestDeliveriesCanBeTakenInsteadOfPosted(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	s := open(t, sandbox.Options{Senders: 1, Deliver: func(url string, h http.Header, body []byte) int {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, h.Get("Stripe-Signature")+url)
		return 200
	}})
	endpoint(t, s, shopKey, "http://portal.test/hook", "")
	for range 3 {
		must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "a@example.com", Amount: 1000, At: start.AddDate(0, -6, 0)}))
	}
	flush(t, s)
	if len(got) != 9 {
		t.Fatalf("%d deliveries", len(got))
	}
	if d := s.Deliveries(shop); len(d) != 9 || d[0].Status != 200 {
		t.Fatalf("%v", d)
	}
}

func TestConnectEndpointsHearOfConnectedAccounts(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	h := &heard{}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	sc := stripeAt(t, s, platformKey, time.Minute)
	w := must[*stripe.WebhookEndpoint](t)(sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: &server.URL, Connect: stripe.Bool(true),
		EnabledEvents: stripe.StringSlice([]string{"account.updated", "charge.succeeded"})}))
	h.mu.Lock()
	h.secret = w.Secret
	h.mu.Unlock()
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1000, "")))
	flush(t, s)
	ch, events := h.of("charge.succeeded")
	if len(ch) != 1 || ch[0]["source_transfer"] == nil || events[0]["account"] != to || len(h.wrong) > 0 {
		t.Fatalf("%v %v", ch, h.wrong)
	}
}
