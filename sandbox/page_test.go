package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"portal/sandbox"
)

// browser is the page mounted under /sandbox/, as Portal mounts it.
func browser(t *testing.T, s *sandbox.Sandbox) (get func(path string) *html.Node, post func(path string, form url.Values) (*http.Response, *html.Node)) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/sandbox/", http.StripPrefix("/sandbox", s.Page()))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	read := func(r *http.Response, err error) (*http.Response, *html.Node) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		doc, err := html.Parse(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r, doc
	}
	get = func(path string) *html.Node { _, doc := read(http.Get(server.URL + path)); return doc }
	post = func(path string, form url.Values) (*http.Response, *html.Node) {
		return read(http.PostForm(server.URL+path, form))
	}
	return get, post
}

func text(doc *html.Node) string {
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// control finds an element by its name or id.
func control(t *testing.T, doc *html.Node, key, value string) *html.Node {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && attr(n, key) == value {
			return n
		}
	}
	t.Fatalf("nothing has %s=%q", key, value)
	return nil
}

func TestAPersonSellsRefundsAndRenewsOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	get, post := browser(t, s)
	if doc := get("/sandbox/"); !strings.Contains(text(doc), "No charges yet") || attr(control(t, doc, "rel", "stylesheet"), "href") != "/static/app.css" {
		t.Fatal(text(doc))
	}
	order := url.Values{"account": {shop}, "email": {"jane@example.com"}, "partner": {"P1"}, "told": {"metadata"}, "amount": {"1234.50"}, "tax": {""}, "currency": {"EUR"}}
	r, doc := post("/sandbox/sales", order)
	if r.StatusCode != 200 || r.Request.URL.Path != "/sandbox/" || !strings.Contains(text(doc), "1,234.50 EUR") || !strings.Contains(text(doc), "jane@example.com") {
		t.Fatal(r.Request.URL, text(doc))
	}
	charge := attr(control(t, doc, "name", "charge"), "value")
	half := attr(control(t, doc, "name", "amount"), "value")
	for n := range doc.Descendants() {
		if n.Data == "button" && attr(n, "name") == "amount" {
			half = attr(n, "value")
			break
		}
	}
	_, doc = post("/sandbox/refunds", url.Values{"account": {shop}, "charge": {charge}, "amount": {half}})
	if !strings.Contains(text(doc), "617.25 EUR") || !strings.Contains(text(doc), "Partly refunded") || strings.Contains(text(doc), "Refund half") {
		t.Fatal(text(doc))
	}
	post("/sandbox/refunds", url.Values{"account": {shop}, "charge": {charge}, "amount": {"0"}})
	r, doc = post("/sandbox/refunds", url.Values{"account": {shop}, "charge": {charge}, "amount": {"0"}})
	if r.StatusCode != 422 || !strings.Contains(text(doc), "has already been refunded") {
		t.Fatal(r.StatusCode, text(doc))
	}
	order.Set("interval", "month")
	_, doc = post("/sandbox/subscriptions", order)
	sub := attr(control(t, doc, "name", "subscription"), "value")
	r, doc = post("/sandbox/renewals", url.Values{"account": {shop}, "subscription": {sub}})
	if r.StatusCode != 200 || !strings.Contains(text(doc), "Renewed for 1,234.50 EUR, paid by jane@example.com.") || s.Charges(shop) != 3 {
		t.Fatal(r.StatusCode, s.Charges(shop))
	}
}

func TestWhatWasTypedWrongStaysWithItsReason(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	_, post := browser(t, s)
	for field, value := range map[string]string{"email": "<script>alert(1)</script>", "amount": "12,00", "tax": "900", "currency": "euros", "partner": ""} {
		order := url.Values{"account": {shop}, "email": {"jane@example.com"}, "partner": {"P1"}, "told": {"client_reference"}, "amount": {"100"}, "currency": {"eur"}}
		order.Set(field, value)
		r, doc := post("/sandbox/sales", order)
		input := control(t, doc, "id", "sales-"+field)
		if r.StatusCode != 422 || attr(input, "value") != value || attr(input, "aria-invalid") != "true" || text(control(t, doc, "id", "sales-"+field+"-error")) == "" {
			t.Errorf("%s: %d %v", field, r.StatusCode, input.Attr)
		}
		if told := control(t, doc, "id", "sales-told"); !strings.Contains(text(told), "Client reference") || attr(control(t, told, "value", "client_reference"), "selected") != "" {
			t.Errorf("%s: the choice is lost", field)
		}
		for n := range doc.Descendants() {
			if n.Data == "script" || n.Data == "style" || attr(n, "style") != "" {
				t.Errorf("%s: the page has a %s", field, n.Data)
			}
		}
	}
	if s.Charges(shop) != 0 {
		t.Fatal("something was sold")
	}
}

func TestTheHolderAnswersOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	get, post := browser(t, s)
	status, body := call(t, s, "POST", "/v1/payment_intents", url.Values{"amount": {"700"}, "currency": {"eur"}, "confirm": {"true"},
		"payment_method": {"pm_card_authenticationRequired"}, "automatic_payment_methods[enabled]": {"true"}})
	if status != 200 || body["status"] != "requires_action" {
		t.Fatal(body)
	}
	doc := get("/sandbox/?account=" + shop)
	intent := attr(control(t, doc, "name", "intent"), "value")
	post("/sandbox/confirmations", url.Values{"account": {shop}, "intent": {intent}, "answer": {"yes"}})
	if s.Charges(shop) != 1 {
		t.Fatal("not paid")
	}
}

func TestAPersonDisputesAndDecidesOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	_, post := browser(t, s)
	sold := must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "jane@example.com", Amount: 1000}))
	r, doc := post("/sandbox/disputes", url.Values{"account": {shop}, "charge": {sold.Charge}, "as": {"chargeback"}})
	if r.StatusCode != 200 || !strings.Contains(text(doc), "10.00 USD is disputed by jane@example.com.") || !strings.Contains(text(doc), "Disputed, answer due") {
		t.Fatal(r.StatusCode, text(doc))
	}
	dispute := attr(control(t, doc, "name", "dispute"), "value")
	for _, step := range []struct{ status, words string }{{"under_review", "disputed, under review"}, {"won", "dispute won"}} {
		if _, doc = post("/sandbox/decisions", url.Values{"account": {shop}, "dispute": {dispute}, "status": {step.status}}); !strings.Contains(text(doc), "by jane@example.com: "+step.words) {
			t.Fatal(text(doc))
		}
	}
	if r, doc = post("/sandbox/decisions", url.Values{"account": {shop}, "dispute": {dispute}, "status": {"lost"}}); r.StatusCode != 422 || !strings.Contains(text(doc), "is won and cannot become lost") {
		t.Fatal(r.StatusCode, text(doc))
	}
	post("/sandbox/refunds", url.Values{"account": {shop}, "charge": {sold.Charge}, "amount": {"0"}})
	if r, doc = post("/sandbox/failures", url.Values{"account": {shop}, "charge": {sold.Charge}}); r.StatusCode != 200 || !strings.Contains(text(doc), "failed: its money came back") || strings.Contains(text(doc), "Let the refund fail") {
		t.Fatal(r.StatusCode, text(doc))
	}
}
