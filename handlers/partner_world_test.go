package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/store/storetest"
)

// partnerWorld is a house with a company, two of its partners, and a clock that tests turn.
type partnerWorld struct {
	*House
	t        testing.TB
	caller   models.Caller
	ann, bob models.Partner
	clock    time.Time
}

// signer is who pays and approves for the company in these tests.
var signer = models.Actor{Name: "finance@acme.example"}

func newPartnerWorld(t testing.TB) *partnerWorld {
	t.Helper()
	s := storetest.Open(t)
	w := &partnerWorld{t: t, clock: storetest.Day, caller: storetest.Company(t, s)}
	w.ann = storetest.Partner(t, s, w.caller.Tenant, "ANN_KEY", "usd")
	w.bob = storetest.Partner(t, s, w.caller.Tenant, "BOB_KEY", "usd")
	now, log := func() time.Time { return w.clock }, slog.New(slog.DiscardHandler)
	w.House = &House{Store: s, Now: now, Log: log, PublicURL: "http://localhost:8080",
		Inbox: &inbox.Inbox{Store: s, Now: now, Log: log}, Payouts: &payouts.Payouts{Store: s, Now: now, Log: log}}
	return w
}

// sell has Stripe tell of a sale: the session names the partner, the invoice counts it.
func (w *partnerWorld) sell(s storetest.Sold) {
	w.t.Helper()
	w.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
}

func (w *partnerWorld) post(bodies ...[]byte) {
	w.t.Helper()
	ctx := context.Background()
	for _, body := range bodies {
		if err := w.Inbox.Accept(ctx, w.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, w.clock), body); err != nil {
			w.t.Fatalf("accept %s: %v", body, err)
		}
	}
	if err := w.Inbox.Drain(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// sale is a sale of 100.00 USD that n days before now a customer made who came through a partner.
func (w *partnerWorld) sale(n, daysAgo int, customer, email, partner string) storetest.Sold {
	return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Currency: "usd", PaidAt: w.clock.AddDate(0, 0, -daysAgo)}
}

// drawUp draws up the invoices of all that is payable now.
func (w *partnerWorld) drawUp() []models.Invoice {
	w.t.Helper()
	list, err := w.Payouts.DrawUp(context.Background(), w.caller.Tenant, w.clock, 0, signer)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *partnerWorld) earningsOf(p models.Partner) []store.CommissionRow {
	w.t.Helper()
	list, err := w.Store.Commissions(context.Background(), p.Tenant, &p.ID, nil, store.Page{Limit: 200, Desc: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// signIn gives a partner's person a place and a session, and the cookie that holds it.
func (w *partnerWorld) signInAs(p models.Partner) *http.Cookie {
	w.t.Helper()
	ctx := context.Background()
	person := models.Person{ID: models.NewID[models.PersonID](w.clock), Email: p.ID.String() + "@people.example", Name: p.Name, Password: "x"}
	token := "token-of-" + p.ID.String()
	for _, err := range []error{
		w.Store.AddPerson(ctx, person, w.clock),
		w.Store.AddPlace(ctx, person.ID, store.Place{Company: p.Company, Mode: string(p.Mode), Role: models.PartnerMember, Partner: &p.ID}, w.clock),
		w.Store.OpenSession(ctx, token, models.Session{Person: person.ID, Company: p.Company, Partner: &p.ID, Mode: p.Mode, ExpiresAt: w.clock.AddDate(1, 0, 0)}, "test", w.clock),
	} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return &http.Cookie{Name: sessionCookie, Value: token}
}

// get asks for a page and gives its status and HTML.
func (w *partnerWorld) get(cookie *http.Cookie, path string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

// read asks for a page that must be there and gives its HTML and the words on it, with single spaces.
func (w *partnerWorld) read(cookie *http.Cookie, path string) (page, words string) {
	w.t.Helper()
	status, page := w.get(cookie, path)
	if status != http.StatusOK {
		w.t.Fatalf("GET %s: %d\n%s", path, status, page)
	}
	return page, textOf(w.t, page)
}

// parsed is a page's elements; the page must be HTML.
func parsed(t testing.TB, page string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		all = append(all, n)
	}
	return all
}

func textOf(t testing.TB, page string) string {
	t.Helper()
	var words strings.Builder
	for _, n := range parsed(t, page) {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			words.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(words.String(), "\u00a0", " ")), " ")
}

// wants fails for each phrase that is not on a page.
func wants(t testing.TB, where, words string, phrases ...string) {
	t.Helper()
	for _, p := range phrases {
		if !strings.Contains(words, p) {
			t.Errorf("%s does not say %q: %s", where, p, words)
		}
	}
}

// lacks fails for each text that stands anywhere in a page, tags and attributes included.
func lacks(t testing.TB, where, page string, texts ...string) {
	t.Helper()
	for _, p := range texts {
		if strings.Contains(strings.ToLower(html.UnescapeString(page)), strings.ToLower(p)) {
			t.Errorf("%s holds %q", where, p)
		}
	}
}
