package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/sandbox"
)

// newSession opens a Checkout session on which a card is saved.
func newSession(t *testing.T, sc *client.API, customer string) *stripe.CheckoutSession {
	t.Helper()
	p := &stripe.CheckoutSessionParams{Mode: stripe.String("setup"), Currency: stripe.String("usd"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		SuccessURL: stripe.String("https://portal.test/done?s={CHECKOUT_SESSION_ID}"), CancelURL: stripe.String(returnURL),
		SetupIntentData: &stripe.CheckoutSessionSetupIntentDataParams{Metadata: map[string]string{"company": "c1"}}}
	if customer != "" {
		p.Customer = &customer
	}
	p.AddMetadata("who", "owner")
	return must[*stripe.CheckoutSession](t)(sc.CheckoutSessions.New(p))
}

func payingCustomer(t *testing.T, sc *client.API) string {
	t.Helper()
	return must[*stripe.Customer](t)(sc.Customers.New(&stripe.CustomerParams{Email: stripe.String("pay@acme.test")})).ID
}

// MONEY.md 4.3: the company's card is saved on Stripe's own page, and the platform's endpoint hears of it.
func TestACardIsSavedOnStripesPage(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	s, sc := pagesAt(t, sandbox.Options{Senders: 1, Deliver: func(_ string, _ http.Header, body []byte) int {
		var e struct{ Type string }
		if json.Unmarshal(body, &e) == nil {
			mu.Lock()
			told = append(told, e.Type)
			mu.Unlock()
		}
		return 200
	}})
	wanted := []string{"checkout.session.completed", "setup_intent.succeeded", "setup_intent.setup_failed", "payment_method.attached", "payment_method.automatically_updated", "payment_method.detached", "payment_method.updated"}
	must[*stripe.WebhookEndpoint](t)(sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("http://portal.test/platform"), EnabledEvents: stripe.StringSlice(wanted)}))
	cus := payingCustomer(t, sc)
	cs := newSession(t, sc, cus)
	if cs.Status != "open" || cs.PaymentStatus != "no_payment_required" || cs.Metadata["who"] != "owner" || cs.SetupIntent == nil || cs.ExpiresAt != start.Add(24*time.Hour).Unix() {
		t.Fatalf("%+v", cs)
	}
	page := visit(t, cs.URL).says("Save a card", "Portal", "4000 0000 0000 0002", "is declined", "made-up Stripe")
	if back := control(t, page.doc, "id", "back"); attr(back, "href") != returnURL {
		t.Errorf("back leads to %s", attr(back, "href"))
	}
	picked := page.press("pick", "4000 0000 0000 9995", "name", "Ann Smith")
	if picked.status != 200 || attr(control(t, picked.doc, "id", "number"), "value") != "4000 0000 0000 9995" || attr(control(t, picked.doc, "id", "name"), "value") != "Ann Smith" {
		t.Errorf("%d %s", picked.status, text(picked.doc))
	}
	declined := picked.press().says("insufficient funds")
	if declined.status != 422 || attr(control(t, declined.doc, "id", "name"), "value") != "Ann Smith" {
		t.Errorf("%d %s", declined.status, text(declined.doc))
	}
	visit(t, cs.URL).says("insufficient funds") // also when the page is loaded anew
	for _, c := range [][]string{{"number", "1234", "incorrect"}, {"number", "4111111111111111", "Only test cards"}, {"month", "13", "1 to 12"}, {"year", "2020", "expired"}, {"year", "x", "Give a year"}, {"name", "", "Give the name"}} {
		if v := page.press("name", "Ann", c[0], c[1]).says(c[2]); v.status != 422 || attr(control(t, v.doc, "id", c[0]), "value") != c[1] && c[1] != "" {
			t.Errorf("%v: %d", c, v.status)
		}
	}
	declined.press("number", "4242424242424242", "month", "7", "year", "31").ledTo("https://portal.test/done?s=" + cs.ID)
	visit(t, cs.URL).ledTo("https://portal.test/done?s=" + cs.ID)

	p := &stripe.CheckoutSessionParams{}
	p.AddExpand("setup_intent")
	p.AddExpand("setup_intent.payment_method")
	done := must[*stripe.CheckoutSession](t)(sc.CheckoutSessions.Get(cs.ID, p))
	si := done.SetupIntent
	if done.Status != "complete" || done.URL != "" || si.Status != "succeeded" || si.Metadata["company"] != "c1" || si.PaymentMethod.Card.Last4 != "4242" || si.PaymentMethod.Card.ExpMonth != 7 ||
		si.PaymentMethod.Card.ExpYear != 2031 || si.PaymentMethod.Customer.ID != cus || done.CustomerDetails.Email != "pay@acme.test" {
		t.Fatalf("%+v %+v", done, si)
	}
	_, err := sc.CheckoutSessions.Expire(cs.ID, nil)
	refused(t, err, 400, "")

	// MONEY.md 4.3: cards are replaced, expire and are taken off.
	pm := si.PaymentMethod.ID
	settled := func(set string) error {
		_, err := sc.Customers.Update(cus, &stripe.CustomerParams{InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: &set}})
		return err
	}
	loose := must[*stripe.PaymentMethod](t)(sc.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_visa")}}))
	refused(t, settled(loose.ID), 400, "resource_missing")
	if err := settled(pm); err != nil {
		t.Fatal(err)
	}
	if err := s.ReplaceCard(platform, pm, "5555555555554444", 7, 2032); err != nil {
		t.Fatal(err)
	}
	if card := must[*stripe.PaymentMethod](t)(sc.PaymentMethods.Get(pm, nil)).Card; card.Last4 != "4444" || card.ExpYear != 2032 || card.Brand != "mastercard" {
		t.Errorf("%+v", card)
	}
	if err := s.ExpireCard(platform, pm); err != nil {
		t.Fatal(err)
	}
	_, err = sc.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Customer: &cus, PaymentMethod: &pm, Confirm: stripe.Bool(true), OffSession: stripe.Bool(true)})
	refused(t, err, 402, "expired_card")
	if err := s.RemoveCard(platform, pm); err != nil {
		t.Fatal(err)
	}
	if c := must[*stripe.Customer](t)(sc.Customers.Get(cus, nil)); c.InvoiceSettings.DefaultPaymentMethod != nil {
		t.Error("a card that was taken off is still the default")
	}
	if err := s.RemoveCard(platform, pm); err == nil {
		t.Error("taken off twice")
	}
	flush(t, s)
	mu.Lock()
	defer mu.Unlock()
	if got, want := strings.Join(told, " "), "setup_intent.setup_failed payment_method.attached setup_intent.succeeded checkout.session.completed payment_method.automatically_updated payment_method.updated payment_method.detached"; got != want {
		t.Errorf("told of %s", got)
	}
}

func TestACardsHolderIsAskedWhenItIsSaved(t *testing.T) {
	t.Parallel()
	_, sc := pagesAt(t, sandbox.Options{})
	cus := payingCustomer(t, sc)
	cs := newSession(t, sc, cus)
	asked := visit(t, cs.URL).press("name", "Ann", "number", "4000002500003155").says("Confirm that the card is yours", "•••• 3155")
	again := asked.press("answer", "no").says("failed authentication")
	if attr(control(t, again.doc, "id", "name"), "value") != "Ann" {
		t.Error(text(again.doc))
	}
	again.press().press("answer", "yes").ledTo("https://portal.test/done?s=" + cs.ID)
	if list := sc.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: &cus, Type: stripe.String("card")}); !list.Next() || list.PaymentMethod().Card.Last4 != "3155" {
		t.Error("the card was not saved")
	}
}

func TestASessionExpires(t *testing.T) {
	t.Parallel()
	now := start
	var mu sync.Mutex
	_, sc := pagesAt(t, sandbox.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	first, second := newSession(t, sc, ""), newSession(t, sc, "")
	if cs := must[*stripe.CheckoutSession](t)(sc.CheckoutSessions.Expire(first.ID, nil)); cs.Status != "expired" || cs.URL != "" {
		t.Errorf("%+v", cs)
	}
	page := visit(t, second.URL)
	mu.Lock()
	now = now.Add(24 * time.Hour)
	mu.Unlock()
	if v := page.press("name", "Ann").says("has expired"); v.status != http.StatusGone {
		t.Error(v.status)
	}
	cs := must[*stripe.CheckoutSession](t)(sc.CheckoutSessions.Get(second.ID, nil))
	if si := must[*stripe.SetupIntent](t)(sc.SetupIntents.Get(cs.SetupIntent.ID, nil)); cs.Status != "expired" || si.Status != "canceled" {
		t.Errorf("%s, %s", cs.Status, si.Status)
	}
	for _, p := range []*stripe.CheckoutSessionParams{{Mode: stripe.String("payment"), SuccessURL: stripe.String(returnURL)}, {Mode: stripe.String("setup"), SuccessURL: stripe.String(returnURL)},
		{Mode: stripe.String("setup"), Currency: stripe.String("usd")}, {Mode: stripe.String("setup"), Currency: stripe.String("usd"), SuccessURL: stripe.String("/x")}} {
		if _, err := sc.CheckoutSessions.New(p); err == nil {
			t.Errorf("%+v opened a session", p)
		}
	}
}

// MONEY.md 4.5: with a way back and without Stripe.js the card's holder is asked on a page, and led back.
func TestAHolderIsAskedOnAPage(t *testing.T) {
	t.Parallel()
	_, sc := pagesAt(t, sandbox.Options{})
	cus := payingCustomer(t, sc)
	pm := must[*stripe.PaymentMethod](t)(sc.PaymentMethods.Attach("pm_card_authenticationRequired", &stripe.PaymentMethodAttachParams{Customer: &cus})).ID
	begin := func(back string, sdk bool) *stripe.PaymentIntent {
		t.Helper()
		p := &stripe.PaymentIntentParams{Amount: stripe.Int64(123450), Currency: stripe.String("usd"), Customer: &cus, PaymentMethod: &pm, Confirm: stripe.Bool(true)}
		if back != "" {
			p.ReturnURL = &back
		}
		if sdk {
			p.UseStripeSDK = stripe.Bool(true)
		}
		return must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(p))
	}
	if begin("", false).NextAction.Type != "use_stripe_sdk" || begin(returnURL, true).NextAction.Type != "use_stripe_sdk" {
		t.Error("somebody is led away who did not ask for it")
	}
	for _, answer := range []string{"yes", "no"} {
		pi := begin(returnURL+"?a=b", false)
		if pi.Status != "requires_action" || pi.NextAction.Type != "redirect_to_url" || pi.NextAction.RedirectToURL.ReturnURL != returnURL+"?a=b" {
			t.Fatalf("%+v", pi.NextAction)
		}
		address := pi.NextAction.RedirectToURL.URL
		led := visit(t, address).says("Confirm the payment", "1,234.50", "USD", "•••• 3184", "Portal").press("answer", answer)
		u, err := url.Parse(led.leads)
		if err != nil || led.status != http.StatusSeeOther {
			t.Fatal(led.status, led.leads)
		}
		q, now := u.Query(), must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Get(pi.ID, nil))
		want := map[string]string{"yes": "succeeded", "no": "failed"}[answer]
		if q.Get("a") != "b" || q.Get("payment_intent") != pi.ID || q.Get("payment_intent_client_secret") != pi.ClientSecret || q.Get("redirect_status") != want {
			t.Errorf("%s: led to %s", answer, led.leads)
		}
		if (now.Status == "succeeded") != (answer == "yes") || answer == "no" && now.Status != "requires_payment_method" {
			t.Errorf("%s: %s", answer, now.Status)
		}
		if visit(t, address).leads != led.leads {
			t.Error("who comes twice is not led back")
		}
	}
	si := must[*stripe.SetupIntent](t)(sc.SetupIntents.New(&stripe.SetupIntentParams{Customer: &cus, PaymentMethod: stripe.String("pm_card_threeDSecure2Required"), Confirm: stripe.Bool(true), ReturnURL: stripe.String(returnURL)}))
	if led := visit(t, si.NextAction.RedirectToURL.URL).says("Confirm that the card is yours").press("answer", "yes"); !strings.Contains(led.leads, "setup_intent="+si.ID) || !strings.Contains(led.leads, "redirect_status=succeeded") {
		t.Error(led.leads)
	}
	_, err := sc.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(100), Currency: stripe.String("usd"), PaymentMethod: stripe.String("pm_card_visa"), Confirm: stripe.Bool(true), ReturnURL: stripe.String("back")})
	refused(t, err, 400, "url_invalid")
	if v := visit(t, si.NextAction.RedirectToURL.URL+"x"); v.status != http.StatusGone {
		t.Error(v.status)
	}
}
