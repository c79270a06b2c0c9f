package integrations_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/sources"
	"portal/store/storetest"
)

func want(kind, id string) models.Want { return models.Want{Kind: kind, ID: id} }

// ask calls the sandbox as the shop's own backend would.
func ask(t *testing.T, base, path string, form url.Values) (id string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+shopKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var made struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
	}
	return made.ID
}

// F73, F76, MONEY.md 1.2, 2.6, P12: what a payment would like to know is asked for, and of it no more is kept than is read.
func TestStripeIsAskedForWhatAPaymentWouldLikeToKnow(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := connected(t, base)
	ask(t, base, "/v1/coupons", url.Values{"id": {"COUP"}, "percent_off": {"20"}})
	promo := ask(t, base, "/v1/promotion_codes", url.Values{"coupon": {"COUP"}, "code": {"Save20"}})
	order := sandbox.Order{Email: "ann@example.com", Amount: 12000, Partner: "PARTNER_A", Told: sandbox.ByCustomer, Key: "partner_key", Code: "SAVE20", Lines: 130}
	bought, err := stripe.Subscribe("acct_shop", order)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, base, "/v1/subscriptions/"+bought.Subscription, url.Values{"metadata[partner_key]": {"PARTNER_B"}})
	a, err := in.Show(context.Background(), c.Tenant, c.Program, models.SourceStripe, []models.Want{want("customer", bought.Customer), want("subscription", bought.Subscription),
		want("payment_intent", bought.Intent), want("promotion_code", promo), want("session", bought.Session), want("discounts", bought.Invoice),
		want("invoice", bought.Invoice), want("lines", bought.Invoice), want("customer", "cus_nobody")})
	if err != nil || len(a.Shown) != 9 || len(a.Without) != 0 || !a.Aside {
		t.Fatalf("%+v, %v", a, err)
	}
	for of, words := range map[string][]string{
		"customer " + bought.Customer:         {`"metadata":{"partner_key":"PARTNER_A"}`},
		"subscription " + bought.Subscription: {`"metadata":{"partner_key":"PARTNER_B"}`},
		"payment_intent " + bought.Intent:     {`"latest_charge":{"id":"` + bought.Charge + `","metadata":{}}`},
		"promotion_code " + promo:             {`"code":"Save20"`, `"COUP"`},
		"session " + bought.Session:           {`"breakdown":`, `"promotion_code":"` + promo + `"`, `"amount_discount":3000`},
		"discounts " + bought.Invoice:         {`"code":"Save20"`, `"total_discount_amounts":[{"amount":3000`},
		"invoice " + bought.Invoice:           {`"paid_out_of_band":false`},
		"customer cus_nobody":                 {"null"},
	} {
		for _, word := range words {
			if got := string(a.Shown[of].Object); !strings.Contains(got, word) || strings.Contains(got, "ann@example.com") {
				t.Errorf("%s shows %s, want %s and no address", of, got, word)
			}
		}
	}
	var lines []json.RawMessage
	if err := json.Unmarshal(a.Shown["lines "+bought.Invoice].Object, &lines); err != nil || len(lines) != 130 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// MONEY.md 2.2: a right that the key lacks is said, and does not keep the rest from being shown; what cannot be answered now is
// an ErrLater with a sentence; without a key there is nobody to ask.
func TestWhatTheKeyMayNotReadIsSaid(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := connected(t, base)
	bought, err := stripe.Subscribe("acct_shop", sandbox.Order{Email: "ann@example.com", Amount: 5000})
	if err != nil {
		t.Fatal(err)
	}
	both := []models.Want{want("customer", bought.Customer), want("subscription", bought.Subscription)}
	show := func(source models.SourceName) (sources.Answer, error) {
		return in.Show(context.Background(), c.Tenant, c.Program, source, both)
	}
	stripe.Fail(sandbox.Fault{Path: "/v1/customers/*", Status: http.StatusForbidden, Times: 1})
	if a, err := show(models.SourceAPI); err != nil || len(a.Shown) != 1 || !strings.HasPrefix(a.Without["customer "+bought.Customer], "the API key lacks a right") {
		t.Errorf("%+v, %v", a, err)
	}
	for _, status := range []int{500, 429, 401} {
		stripe.Fail(sandbox.Fault{Path: "/v1/customers/*", Status: status, Times: 1})
		var sentence models.Refusal
		if _, err := show(models.SourceStripe); !errors.Is(err, models.ErrLater) || !errors.As(err, &sentence) {
			t.Errorf("%d: %v", status, err)
		}
	}
	bare, other := newIntegrations(t, base)
	if _, err := bare.Show(context.Background(), other.Tenant, other.Program, models.SourceStripe, both); !errors.Is(err, models.ErrLater) {
		t.Errorf("without a key: %v", err)
	}
}

// A list that tells of more and gives none ends; an answer of another shape is asked for again.
func TestOddListsOfLinesEnd(t *testing.T) {
	t.Parallel()
	for answer, lines := range map[string]string{`{"has_more":true,"data":[]}`: "[]", `{"has_more":true,"data":[{"amount":1}]}`: "", `{"data":[7]}`: "[7]"} {
		odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		in, c := connected(t, odd.URL)
		a, err := in.Show(context.Background(), c.Tenant, c.Program, models.SourceStripe, []models.Want{want("lines", "in_1")})
		if lines == "" && !errors.Is(err, models.ErrLater) || lines != "" && string(a.Shown["lines in_1"].Object) != lines {
			t.Errorf("%s: %+v, %v", answer, a, err)
		}
		odd.Close()
	}
}

// Every call that asks to be shown something is one that Stripe's published API takes, what it expands included.
func TestStripeMockAcceptsEveryCallOfShow(t *testing.T) {
	t.Parallel()
	judge := storetest.StripeMock(t, "POST /v1/webhook_endpoints") // it is asked twice: first with events that its version does not know
	in, c := connected(t, judge.URL)
	in.PublicURL = "https://portal.example"
	key := "sk_test_1234567890"
	if _, err := in.Save(context.Background(), c, models.SourceStripe, integrations.Change{APIKey: &key}, models.Actor{}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []models.Want{want("customer", "cus_1"), want("subscription", "sub_1"), want("payment_intent", "pi_1"), want("promotion_code", "promo_1"),
		want("session", "cs_1"), want("discounts", "in_1"), want("invoice", "in_1"), want("lines", "in_1")} {
		if a, err := in.Show(context.Background(), c.Tenant, c.Program, models.SourceStripe, []models.Want{w}); err != nil || len(a.Shown) != 1 {
			t.Errorf("%s: %+v, %v", w, a, err)
		}
	}
}
