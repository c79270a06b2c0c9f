package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"golang.org/x/net/html"

	"portal/sandbox"
)

// prefilled is a form as it stands on the page.
func prefilled(t *testing.T, doc *html.Node, action string) url.Values {
	t.Helper()
	out := url.Values{}
	for n := range control(t, doc, "action", action).Descendants() {
		switch n.Data {
		case "input":
			out.Set(attr(n, "name"), attr(n, "value"))
		case "select":
			for o := range n.Descendants() {
				if o.Data == "option" && (!out.Has(attr(n, "name")) || has(o, "selected")) {
					out.Set(attr(n, "name"), attr(o, "value"))
				}
			}
		}
	}
	return out
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// rows are the texts of the list with a heading.
func rows(t *testing.T, doc *html.Node, heading string) (texts []string) {
	t.Helper()
	for n := range control(t, doc, "aria-labelledby", heading).Descendants() {
		if n.Data == "tr" && n.Parent.Data == "tbody" {
			texts = append(texts, text(n))
		}
	}
	return texts
}

func link(doc *html.Node, words string) string {
	for n := range doc.Descendants() {
		if n.Data == "a" && strings.Contains(text(n), words) {
			return attr(n, "href")
		}
	}
	return ""
}

// answering is a sandbox whose webhooks are answered with a status.
func answering(t *testing.T, status int, partners ...string) *sandbox.Sandbox {
	t.Helper()
	s := open(t, sandbox.Options{Partners: partners, Deliver: func(string, http.Header, []byte) int { return status }})
	endpoint(t, s, shopKey, "http://portal.test/v1/integrations/stripe/prg_1/webhook", "")
	return s
}

func TestANewcomerSellsWithoutTypingAnything(t *testing.T) {
	t.Parallel()
	s := answering(t, 200, "NORA", "BRIGHT (eur)")
	get, post := browser(t, s)
	doc := get("/sandbox/?account=" + shop)
	form := prefilled(t, doc, "sales")
	if form.Get("partner") != "NORA" || form.Get("amount") != "100.00" || form.Get("tax") != "0" || form.Get("currency") != "usd" || !strings.HasSuffix(form.Get("email"), "@example.com") {
		t.Fatal(form)
	}
	offered := control(t, doc, "id", attr(control(t, doc, "id", "sales-partner"), "list"))
	control(t, offered, "value", "BRIGHT")
	if hint := text(control(t, doc, "id", "sales-partner-hint")); !strings.Contains(hint, "NORA or BRIGHT (eur)") {
		t.Fatal(hint)
	}
	r, doc := post("/sandbox/sales", form)
	if r.StatusCode != 200 || !strings.Contains(text(doc), "Sold for 100.00 USD to "+form.Get("email")+". Portal was told by 3 webhooks.") || link(doc, "See it in Portal") != "/admin/payments" {
		t.Fatal(r.StatusCode, text(doc))
	}
	if again := prefilled(t, doc, "sales"); again.Get("email") == form.Get("email") {
		t.Fatal("the next customer is the same")
	}
	if doc := get("/sandbox/?" + r.Request.URL.RawQuery); strings.Contains(text(doc), "Sold for") {
		t.Fatal("what was done is said twice")
	}
	if list := rows(t, doc, "deliveries"); len(list) != 3 || !strings.Contains(list[0], "/v1/integrations/stripe/prg_1/webhook") || strings.Contains(list[0], "portal.test") {
		t.Fatal(list)
	}
	control(t, doc, "title", "http://portal.test/v1/integrations/stripe/prg_1/webhook")
}

func TestTheFormsWorkWhenNoCodeIsKnown(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	get, post := browser(t, s)
	for _, name := range []string{"sales", "subscriptions"} {
		for _, code := range []string{"", "SOMEBODY"} {
			form := prefilled(t, get("/sandbox/?account="+shop), name)
			form.Set("partner", code)
			if r, doc := post("/sandbox/"+name, form); r.StatusCode != 200 || !strings.Contains(text(doc), "No webhook was owed for it.") {
				t.Errorf("%s with code %q: %d %s", name, code, r.StatusCode, text(doc))
			}
		}
	}
}

func TestARefusedWebhookIsSaid(t *testing.T) {
	t.Parallel()
	s := answering(t, 503)
	get, post := browser(t, s)
	_, doc := post("/sandbox/sales", prefilled(t, get("/sandbox/?account="+shop), "sales"))
	if !strings.Contains(text(doc), "Portal took 0 of 3 webhooks so far; the rest is tried again.") || !strings.Contains(text(doc), "Refused, 503") {
		t.Fatal(text(doc))
	}
}

func TestListsAreShortUntilMoreIsAskedFor(t *testing.T) {
	t.Parallel()
	s := answering(t, 200)
	for n := range 12 {
		must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: fmt.Sprintf("c%d@example.com", n), Amount: 1000, At: start.AddDate(0, 0, n-15)}))
	}
	must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "past@example.com", Amount: 1000, At: start.AddDate(0, -6, 0)}))
	flush(t, s)
	get, post := browser(t, s)
	doc := get("/sandbox/?account=" + shop)
	for heading, want := range map[string]int{"charges": 8, "subscriptions": 8, "deliveries": 10} {
		if got := rows(t, doc, heading); len(got) != want {
			t.Errorf("%d %s", len(got), heading)
		}
		more := link(doc, "Show more "+heading)
		longer := get("/sandbox/" + strings.TrimPrefix(more, "./"))
		if got := rows(t, longer, heading); len(got) < 13 || link(longer, "Show fewer "+heading) == "" {
			t.Errorf("%s leads to %d %s", more, len(got), heading)
		}
	}
	for _, odd := range []string{"-1", "x", "0", "99999999999999999999"} {
		if got := rows(t, get("/sandbox/?account="+shop+"&charges="+odd), "charges"); len(got) != 8 {
			t.Errorf("%d charges for %s", len(got), odd)
		}
	}
	due := rows(t, get("/sandbox/?subscriptions=50&account="+shop), "subscriptions")
	if !strings.Contains(due[0], "c0@") || !strings.Contains(due[11], "c11@") || !strings.Contains(due[12], "past@") {
		t.Fatal(due)
	}
	_, doc = post("/sandbox/subscriptions", prefilled(t, doc, "subscriptions"))
	if first := rows(t, doc, "subscriptions")[0]; !strings.Contains(first, "@example.com") || !strings.Contains(first, "50.00 USD") {
		t.Fatal("the new subscription is not the first: ", first)
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	get, post := browser(t, s)
	form := prefilled(t, get("/sandbox/?account="+shop), "subscriptions")
	for field, value := range map[string]string{"email": "nobody", "amount": "much", "tax": "x", "told": "client_reference"} {
		form.Set(field, value)
	}
	r, doc := post("/sandbox/subscriptions", form)
	for _, field := range []string{"email", "partner", "amount", "tax"} {
		if text(control(t, doc, "id", "subscriptions-"+field+"-error")) == "" {
			t.Errorf("%s has no reason", field)
		}
	}
	if kept := prefilled(t, doc, "subscriptions"); r.StatusCode != 422 || kept.Encode() != form.Encode() {
		t.Fatal(r.StatusCode, kept)
	}
	if !has(control(t, doc, "id", "subscriptions-email"), "autofocus") || has(control(t, doc, "id", "subscriptions-tax"), "autofocus") {
		t.Fatal("the cursor is not in the first wrong field")
	}
}

func TestTheAccountsHavePlainNames(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	sc := stripeAt(t, s, platformKey, time.Minute)
	cus, pm, to := payer(t, s, sc, "pm_card_visa")
	must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, pm, to, 1000, "")))
	get, _ := browser(t, s)
	doc := get("/sandbox/?account=" + platform)
	if link(doc, "The company's Stripe") != "./?account="+shop || link(doc, "The platform's Stripe") != "./?account="+platform || link(doc, "Back to Portal") != "/admin" {
		t.Fatal(text(doc))
	}
	if strings.Contains(text(doc), "Make a sale\n") || len(rows(t, doc, "charges")) != 1 {
		t.Fatal(text(doc))
	}
}

func TestWhatScrollsCanBeReachedByKeyboard(t *testing.T) {
	t.Parallel()
	s := answering(t, 200)
	must[sandbox.Sold](t)(s.Subscribe(shop, sandbox.Order{Email: "a@example.com", Amount: 1000}))
	flush(t, s)
	get, _ := browser(t, s)
	n, doc := 0, get("/sandbox/?account="+shop)
	for box := range doc.Descendants() {
		if attr(box, "class") == "ledger-box" {
			n++
			if attr(box, "tabindex") != "0" || attr(box, "role") != "region" || text(control(t, doc, "id", attr(box, "aria-labelledby"))) == "" {
				t.Error(box.Attr)
			}
		}
	}
	if n != 3 {
		t.Fatalf("%d tables", n)
	}
}
