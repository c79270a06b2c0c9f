package integrations_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

const (
	ownKey, ownClient = "sk_test_platformkey0001", "ca_test_portal"
	back              = "https://portal.example/admin/connection/stripe/callback"
)

// town is a Portal that companies connect to by OAuth, and a Stripe with an account for each.
type town struct {
	*integrations.Integrations
	t      *testing.T
	stripe *sandbox.Sandbox
	base   string
	now    time.Time
	mu     sync.Mutex
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, now: storetest.Day}
	s, err := sandbox.Open(sandbox.Options{Now: w.clock, Deliver: func(string, http.Header, []byte) int { return http.StatusOK }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	api := httptest.NewServer(s.API())
	t.Cleanup(api.Close)
	w.stripe, w.base = s, api.URL
	s.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{shopKey}})
	s.AddAccount(sandbox.Account{ID: "acct_own", Name: "Portal", SecretKeys: []string{ownKey}, App: sandbox.App{ClientID: ownClient, Redirects: []string{back}}})
	s.AddAccount(sandbox.Account{ID: "acct_two", Name: "Two", SecretKeys: []string{"sk_test_two_key_123456"}})
	w.house(integrations.Platform{Key: ownKey, ClientID: ownClient, Base: w.base, Hears: true})
	return w
}

// house is a Portal of a platform's.
func (w *town) house(p integrations.Platform) {
	log := slog.New(slog.DiscardHandler)
	w.Integrations = &integrations.Integrations{Store: storetest.Open(w.t), StripeBase: w.base, PublicURL: "https://portal.example", Now: w.clock, Log: log, Platform: p}
	w.Inbox = &inbox.Inbox{Store: w.Store, Now: w.clock, Log: log, Ask: w.Ask, Show: w.Show}
}

// neighbour is another Portal, of a platform of its own, in the same town.
func (w *town) neighbour() *town {
	const key, client = "sk_test_platform_key_2", "ca_test_other"
	w.stripe.AddAccount(sandbox.Account{ID: "acct_next", Name: "Next", SecretKeys: []string{key}, App: sandbox.App{ClientID: client, Redirects: []string{back}}})
	n := &town{t: w.t, stripe: w.stripe, base: w.base, now: w.now}
	n.house(integrations.Platform{Key: key, ClientID: client, Base: w.base, Hears: true})
	return n
}

// listens makes the Connect endpoint of the town's platform, and gives its secret.
func (w *town) listens(at string) (secret string) {
	w.t.Helper()
	form := url.Values{"url": {at}, "connect": {"true"}, "api_version": {"2023-10-16"}, "enabled_events[]": integrations.ConnectEvents()}
	req, _ := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+"/v1/webhook_endpoints", strings.NewReader(form.Encode()))
	req.Header.Set("Authorization", "Bearer "+w.Platform.Key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var made struct{ Secret string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.Secret == "" {
		w.t.Fatalf("%d, %v", res.StatusCode, err)
	}
	return made.Secret
}

// Issue 4, MONEY.md 3.1, B11: a company that disconnected for some days, and one whose access was taken away in Stripe, have the same
// books once they are connected again as one that never was without.
func TestAGapOfOAuthIsFilled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newTown(t)
	always := w.neighbour()
	secrets := map[string]string{"https://sometimes.example": w.listens("https://sometimes.example"), "https://always.example": always.listens("https://always.example")}
	w.stripe.DeliverBy(func(at string, h http.Header, body []byte) int {
		to := map[string]*town{"https://sometimes.example": w, "https://always.example": always}[at]
		if err := to.Inbox.AcceptConnect(ctx, secrets[at], h, body); err != nil {
			t.Errorf("accept at %s: %v", at, err)
		}
		return http.StatusOK
	})
	c, by := w.settles("ann")
	other, otherBy := always.settles("ann")
	storetest.Partner(t, w.Store, c.Tenant, "PARTNER_A", "usd")
	storetest.Partner(t, always.Store, other.Tenant, "PARTNER_A", "usd")
	w.lets(c, by, "acct_shop")
	always.lets(other, otherBy, "acct_shop")
	day := 0
	live := func() {
		t.Helper()
		day++
		w.pass(24 * time.Hour)
		always.pass(24 * time.Hour)
		order := sandbox.Order{Email: []string{"ann@example.com", "bob@example.com"}[day%2], Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata, At: w.clock()}
		sold, err := w.stripe.Sell("acct_shop", order)
		if err == nil && day%2 == 0 {
			_, err = w.stripe.Refund("acct_shop", sold.Charge, 1000, w.clock())
		}
		if err == nil {
			_, err = w.stripe.Subscribe("acct_shop", order)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.stripe.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	settle := func(towns ...*town) {
		t.Helper()
		for range 4 { // what would like to be shown more waits a little
			for _, one := range towns {
				if err := errors.Join(one.Heal(ctx), one.Inbox.Drain(ctx)); err != nil {
					t.Fatal(err)
				}
			}
			w.pass(time.Minute)
			always.pass(time.Minute)
		}
	}
	live()
	for _, ends := range []func() error{
		func() error { _, err := w.Disconnect(ctx, c, models.SourceStripe, models.Actor{}); return err },
		func() error { return w.stripe.Revoke("acct_shop", "acct_own") },
	} {
		if err := ends(); err != nil {
			t.Fatal(err)
		}
		live()
		live()
		settle(w, always)
		mine, theirs := shop{w.Integrations, c}, shop{always.Integrations, other}
		if mine.books(t) == theirs.books(t) {
			t.Error("nothing was missed")
		}
		w.lets(c, by, "acct_shop")
		live()
		settle(w, always)
		if got, want := mine.books(t), theirs.books(t); got != want || got == "" {
			t.Errorf("with a gap:\n%s\nwithout:\n%s", got, want)
		}
	}
}

// MONEY.md 1.1: what is asked for a connected account is what Stripe's published API takes. The calls of OAuth stand on a host of
// their own, of which stripe-mock knows nothing.
func TestStripeMockAcceptsEveryCallForAConnectedAccount(t *testing.T) {
	t.Parallel()
	judge := storetest.StripeMock(t, "POST /oauth/token", "POST /oauth/deauthorize")
	w := newTown(t)
	c, by := w.settles("ann")
	said := w.sent(c, by, "acct_shop")
	w.StripeBase = judge.URL
	w.lets(c, by, "acct_shop")
	w.Platform.Calls = judge.URL
	w.ends(said, by, integrations.Silent) // it speaks no OAuth
	if err := w.Heal(t.Context()); err != nil {
		t.Error(err)
	}
	_ = w.ClientFits(t.Context())
	if _, err := w.Disconnect(t.Context(), c, models.SourceStripe, models.Actor{}); !errors.Is(err, models.ErrLater) {
		t.Errorf("%v", err)
	}
	for _, call := range []string{"GET /v1/account", "GET /v1/events", "POST /oauth/token", "POST /oauth/deauthorize"} {
		if !slices.Contains(judge.Calls(), call) {
			t.Errorf("%s was not called: %v", call, judge.Calls())
		}
	}
}

func (w *town) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *town) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// settles is a company with one program, never connected, and its owner's browser.
func (w *town) settles(name string) (models.Caller, integrations.Visitor) {
	w.t.Helper()
	c := storetest.Company(w.t, w.Store)
	if _, err := w.Store.DB().Exec(`DELETE FROM integrations WHERE company_id = $1`, c.Company); err != nil {
		w.t.Fatal(err)
	}
	p := models.Person{ID: models.NewID[models.PersonID](w.clock()), Email: name + "@example.com", Name: name, Password: "x"}
	if err := w.Store.AddPerson(w.t.Context(), p, w.clock()); err != nil {
		w.t.Fatal(err)
	}
	return c, integrations.Visitor{Session: models.Session{Person: p.ID, Email: p.Email, Company: c.Company, Role: models.Owner, Mode: c.Mode}, Token: "token of " + name, Back: back}
}

// program is a second program of a company.
func (w *town) program(c models.Caller) models.Caller {
	w.t.Helper()
	c.Program = models.NewID[models.ProgramID](w.clock().Add(time.Hour))
	if err := w.Store.AddProgram(w.t.Context(), models.Program{Company: c.Company, ID: c.Program, Name: "Second", Currency: "usd"}, w.clock()); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// sent goes to Stripe's page and gives what comes back when an account is chosen there.
func (w *town) sent(c models.Caller, by integrations.Visitor, account string) url.Values {
	w.t.Helper()
	address, err := w.Authorize(w.t.Context(), c, by)
	if err != nil {
		w.t.Fatal(err)
	}
	form := url.Values{"answer": {"yes"}, "account": {account}}
	if account == "" {
		form.Set("answer", "no")
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(address, form)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), back) {
		w.t.Fatalf("led to %q, %v", to, err)
	}
	return to.Query()
}

// lets connects a program to an account by OAuth.
func (w *town) lets(c models.Caller, by integrations.Visitor, account string) {
	w.t.Helper()
	w.ends(w.sent(c, by, account), by, integrations.Connected)
}

func (w *town) ends(said url.Values, by integrations.Visitor, want integrations.Outcome) {
	w.t.Helper()
	if _, end, err := w.Answered(w.t.Context(), said, by); end != want || err != nil {
		w.t.Errorf("ended as %q, %v; want %q", end, err, want)
	}
}

// is tells whether a program is connected, and that nothing is half kept when it is not.
func (w *town) is(c models.Caller) (store.Integration, bool) {
	w.t.Helper()
	i, err := w.Store.Integration(w.t.Context(), c.Tenant, c.Program, models.SourceStripe)
	if errors.Is(err, models.ErrNotFound) {
		return i, false
	} else if err != nil {
		w.t.Fatal(err)
	}
	return i, i.Status != "not_connected"
}

// letIn tells whether Stripe lets the platform into an account.
func (w *town) letIn(account string) bool {
	w.t.Helper()
	req, _ := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+"/v1/account", nil)
	req.Header.Set("Authorization", "Bearer "+ownKey)
	req.Header.Set("Stripe-Account", account)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// F6, F28, MONEY.md 3.1: an account is connected by its id and scope alone; no token of it is kept anywhere.
func TestAnAccountIsConnectedByOAuth(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, owner := w.settles("ann")
	address, err := w.Authorize(t.Context(), c, owner)
	asked, parsed := url.Parse(address)
	if err != nil || parsed != nil || asked.Query().Get("scope") != "read_write" || asked.Query().Get("client_id") != ownClient || len(asked.Query().Get("state")) < 40 {
		t.Errorf("asked by %s, %v", address, err)
	}
	w.lets(c, owner, "acct_shop")
	i, connected := w.is(c)
	if !connected || i.Account == nil || *i.Account != "acct_shop" || i.APIKey+i.WebhookSecret != "" || i.OAuth.Scope != "read_write" || !i.OAuth.GrantedAt.Equal(storetest.Day) || len(i.MissingRights)+len(i.MissingEvents) > 0 {
		t.Errorf("kept %+v", i)
	}
	if n := len(endpointsOf(t, w.base)); n != 0 {
		t.Errorf("%d endpoints were made in the company's account", n)
	}
	bought, err := w.stripe.Subscribe("acct_shop", sandbox.Order{Email: "ann@example.com", Amount: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := w.Ask(t.Context(), c.Tenant, c.Program, models.SourceStripe, models.Question{Charge: bought.Charge}); err != nil || answer.Invoice != bought.Invoice {
		t.Errorf("asked for the account: %+v, %v", answer, err)
	}
	var kept int
	if err := w.Store.DB().QueryRow(`SELECT (SELECT count(*) FROM integrations t WHERE t::text ~ 'sk_test_|rt_|ac_') + (SELECT count(*) FROM oauth_states t WHERE t::text ~ $1)`, asked.Query().Get("state")).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("a token or a state lies open in the database: %d, %v", kept, err)
	}
	w.ends(w.sent(c, owner, "acct_shop"), owner, integrations.Connected) // once more is as once
}

// MONEY.md 3.1, 6, issue 4: each way in which it may fail has an outcome of its own, and leaves nothing: no row, and no access at Stripe that nobody uses.
func TestAFailedOAuthLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	stranger := func(v integrations.Visitor) integrations.Visitor { v.Token = "another browser"; return v }
	for name, try := range map[string]struct {
		want integrations.Outcome
		does func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor)
	}{
		"denied": {integrations.Denied, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, ""), by
		}},
		"no parameters at all": {integrations.Incomplete, func(_ *town, _ models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return url.Values{}, by
		}},
		"no code": {integrations.Incomplete, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			said.Del("code")
			return said, by
		}},
		"a state that nobody made": {integrations.Foreign, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			said.Set("state", "made-up")
			return said, by
		}},
		"another browser's state": {integrations.Foreign, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), stranger(by)
		}},
		"another company's state": {integrations.Foreign, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			other, _ := w.settles("eve")
			said := w.sent(c, by, "acct_shop")
			by.Company = other.Company
			return said, by
		}},
		"after ten minutes": {integrations.Expired, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.pass(10 * time.Minute)
			return said, by
		}},
		"another error of Stripe's page": {integrations.Refused, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "")
			said.Set("error", "invalid_scope")
			return said, by
		}},
		"a code that Stripe does not know": {integrations.Spent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			said.Set("code", "ac_nobody")
			return said, by
		}},
		"the platform's key is refused": {integrations.Misfit, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.Platform.Key = "sk_test_rolled_key_0001"
			return said, by
		}},
		"the configuration went": {integrations.Misfit, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.Platform.ClientID = ""
			return said, by
		}},
		"Stripe fails before the exchange": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.stripe.Fail(sandbox.Fault{Path: "/v1/account", Status: 500})
			return said, by
		}},
		"Stripe fails at the exchange": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.stripe.Fail(sandbox.Fault{Path: "/oauth/token", Status: 500})
			return said, by
		}},
		"Stripe has too much to do": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.stripe.Fail(sandbox.Fault{Path: "/oauth/token", Status: 429})
			return said, by
		}},
		"Stripe does not answer": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.stripe.Fail(sandbox.Fault{Path: "/oauth/token"})
			return said, by
		}},
		"the answer is lost after Stripe let us in": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			said := w.sent(c, by, "acct_shop")
			w.stripe.Fail(sandbox.Fault{Path: "/oauth/token", After: true, Status: 500})
			return said, by
		}},
		"HTML": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 200, "<html>")
		}},
		"HTML with a 400": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 400, "<html>")
		}},
		"led elsewhere": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 307, "")
		}},
		"no account in the answer": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 200, `{"livemode": false, "scope": "read_write"}`)
		}},
		"no mode in the answer": {integrations.Silent, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 200, `{"stripe_user_id": "acct_shop", "scope": "read_write"}`)
		}},
		"an unknown error": {integrations.Refused, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 400, `{"error": "invalid_request", "error_description": "x"}`)
		}},
		"the other mode": {integrations.OtherMode, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 200, `{"stripe_user_id": "acct_shop", "scope": "read_write", "livemode": true}`)
		}},
		"the platform's own account": {integrations.Ours, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			return w.sent(c, by, "acct_shop"), w.answeredWith(by, 200, `{"stripe_user_id": "acct_own", "scope": "read_write", "livemode": false}`)
		}},
		"a partner's account": {integrations.Ours, func(w *town, c models.Caller, by integrations.Visitor) (url.Values, integrations.Visitor) {
			storetest.Partner(w.t, w.Store, c.Tenant, "PAID", "usd")
			if _, err := w.Store.DB().Exec(`UPDATE partners SET stripe_account = 'acct_two'`); err != nil {
				w.t.Fatal(err)
			}
			return w.sent(c, by, "acct_two"), by
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			c, by := w.settles("ann")
			said, by := try.does(w, c, by)
			w.ends(said, by, try.want)
			if i, connected := w.is(c); connected {
				t.Errorf("kept %+v", i)
			}
			var rows int
			if err := w.Store.DB().QueryRow(`SELECT (SELECT count(*) FROM integrations WHERE oauth) + (SELECT count(*) FROM audit WHERE action LIKE 'integration%')`).Scan(&rows); err != nil || rows != 0 {
				t.Errorf("%d rows are left, %v", rows, err)
			}
			if w.Platform.Calls == "" && try.want != integrations.Silent && (w.letIn("acct_shop") || w.letIn("acct_two")) {
				t.Error("an access that nobody uses is left at Stripe")
			}
		})
	}
}

// answeredWith has each call of OAuth's answered so.
func (w *town) answeredWith(by integrations.Visitor, status int, body string) integrations.Visitor {
	odd := httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, _ *http.Request) {
		a.Header().Set("Location", w.base+"/oauth/token")
		a.WriteHeader(status)
		_, _ = a.Write([]byte(body))
	}))
	w.t.Cleanup(odd.Close)
	w.Platform.Calls = odd.URL
	return by
}

// MONEY.md 3.1: an answer that comes twice, also at once, is taken once, and its code is exchanged once: a second time would revoke it.
func TestAnAnswerIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	said := w.sent(c, by, "acct_shop")
	var ends [8]integrations.Outcome
	var all sync.WaitGroup
	for n := range ends {
		all.Go(func() { _, ends[n], _ = w.Answered(context.Background(), said, by) })
	}
	all.Wait()
	slices.Sort(ends[:])
	if ends[0] != integrations.Connected || ends[1] != integrations.Replayed || ends[7] != integrations.Replayed {
		t.Errorf("ended as %v", ends)
	}
	if _, connected := w.is(c); !connected || !w.letIn("acct_shop") {
		t.Error("the connection did not survive its repeats")
	}
}

// MONEY.md 3.1, D15: an account belongs to one company, whichever way it is connected, and to any of its programs. Whoever lost
// the race keeps nothing, and what the first has goes on.
func TestAnAccountBelongsToOneCompany(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ann, annsOwner := w.settles("ann")
	bob, bobsOwner := w.settles("bob")
	w.lets(ann, annsOwner, "acct_shop")
	w.ends(w.sent(bob, bobsOwner, "acct_shop"), bobsOwner, integrations.Taken)
	_, err := w.Save(t.Context(), bob, models.SourceStripe, integrations.Change{APIKey: ptr(shopKey)}, models.Actor{})
	var fields models.FieldErrors
	if !errors.As(err, &fields) || !strings.Contains(fields[0].Message, "another company") || strings.Contains(err.Error(), "ann") {
		t.Errorf("by key: %v", err)
	}
	if _, connected := w.is(bob); connected || !w.letIn("acct_shop") || len(endpointsOf(t, w.base)) != 0 {
		t.Error("the refused company has something, or the first one lost its access")
	}
	second := w.program(ann)
	w.lets(second, annsOwner, "acct_shop")
	if shared, err := w.Store.Sharing(t.Context(), ann.Tenant, models.SourceStripe, ann.Program); err != nil || len(shared) != 2 {
		t.Errorf("shared by %v, %v", shared, err)
	}
	// One of the two goes, and the access stays; then the other, and it is given back; then the next company may have it.
	for n, c := range []models.Caller{ann, second} {
		if left, err := w.Disconnect(t.Context(), c, models.SourceStripe, models.Actor{}); left || err != nil {
			t.Fatalf("left %v, %v", left, err)
		}
		if w.letIn("acct_shop") != (n == 0) {
			t.Errorf("after %d of 2 were disconnected, let in is %v", n+1, n != 0)
		}
	}
	save(t, w.Integrations, bob, integrations.Change{APIKey: ptr(shopKey)})
	w.ends(w.sent(ann, annsOwner, "acct_shop"), annsOwner, integrations.Taken)
	if w.letIn("acct_shop") {
		t.Error("an access that nobody uses is left at Stripe")
	}
	// Two companies at once: one has it.
	w.ends(w.sent(ann, annsOwner, "acct_two"), annsOwner, integrations.Connected)
	if _, err := w.Disconnect(t.Context(), ann, models.SourceStripe, models.Actor{}); err != nil {
		t.Fatal(err)
	}
	eve, evesOwner := w.settles("eve")
	asked := []url.Values{w.sent(ann, annsOwner, "acct_two"), w.sent(eve, evesOwner, "acct_two")}
	var ends [2]integrations.Outcome
	var both sync.WaitGroup
	for n, by := range []integrations.Visitor{annsOwner, evesOwner} {
		both.Go(func() { _, ends[n], _ = w.Answered(context.Background(), asked[n], by) })
	}
	both.Wait()
	if slices.Sort(ends[:]); ends != [2]integrations.Outcome{integrations.Connected, integrations.Taken} || !w.letIn("acct_two") {
		t.Errorf("at once: %v", ends)
	}
}

// MONEY.md 3.1, 3.3: one connection for each program and mode: what it replaces is ended at Stripe, our own endpoint and access included.
func TestOAuthAndAKeyReplaceEachOther(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	save(t, w.Integrations, c, integrations.Change{APIKey: ptr(shopKey)})
	if len(endpointsOf(t, w.base)) != 1 {
		t.Fatal("no endpoint")
	}
	w.ends(w.sent(c, by, "acct_shop"), by, integrations.Replaced)
	if i, _ := w.is(c); i.APIKey+i.WebhookSecret != "" || !i.OAuth.Connected || len(endpointsOf(t, w.base)) != 0 {
		t.Errorf("by OAuth: %+v", i)
	}
	save(t, w.Integrations, c, integrations.Change{APIKey: ptr(shopKey)})
	if i, _ := w.is(c); i.APIKey != shopKey || i.OAuth.Connected || i.OAuth.GrantedAt != nil || w.letIn("acct_shop") || len(endpointsOf(t, w.base)) != 1 {
		t.Errorf("by key: %+v", i)
	}
	w.stripe.Fail(sandbox.Fault{Path: "/v1/webhook_endpoints/*", Method: http.MethodDelete, Status: 500})
	w.ends(w.sent(c, by, "acct_shop"), by, integrations.ReplacedLeft)
	w.lets(c, by, "acct_two") // another account: the access to the one before is given back
	if i, _ := w.is(c); *i.Account != "acct_two" || w.letIn("acct_shop") {
		t.Errorf("another account: %+v", i)
	}
	if i, _ := w.is(c); i.Healed.Since == nil || !i.Healed.Since.Equal(w.clock()) {
		t.Errorf("another account is asked for what it did since %v", i.Healed.Since)
	}
	secret := save(t, w.Integrations, c, integrations.Change{WebhookSecret: ptr(storetest.Secret)})
	if !secret.OAuth.Connected || len(endpointsOf(t, w.base)) != 1 {
		t.Errorf("a secret beside it: %+v", secret)
	}
}

// MONEY.md 3.1: disconnecting gives the access back, once or more often, also when it was gone; without an answer nothing changes, and a refusal is said.
func TestDisconnectingGivesTheAccessBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	ends := func(wantLeft bool) {
		t.Helper()
		for range 2 {
			left, err := w.Disconnect(t.Context(), c, models.SourceStripe, models.Actor{})
			if left != wantLeft || err != nil {
				t.Errorf("left %v, %v", left, err)
			}
			wantLeft = false
		}
		if i, connected := w.is(c); connected || i.OAuth.Connected || i.Account != nil {
			t.Errorf("kept %+v", i)
		}
	}
	w.lets(c, by, "acct_shop")
	ends(false)
	if w.letIn("acct_shop") {
		t.Error("still let in")
	}
	w.lets(c, by, "acct_shop")
	if err := w.stripe.Revoke("acct_shop", "acct_own"); err != nil {
		t.Fatal(err)
	}
	ends(false)
	w.lets(c, by, "acct_shop")
	for _, f := range []sandbox.Fault{{Path: "/oauth/deauthorize", Status: 500}, {Path: "/oauth/deauthorize"}, {Path: "/oauth/deauthorize", Status: 429}} {
		w.stripe.Fail(f)
		if _, err := w.Disconnect(t.Context(), c, models.SourceStripe, models.Actor{}); !errors.Is(err, models.ErrLater) || !strings.Contains(err.Error(), "Nothing was changed") {
			t.Errorf("%+v: %v", f, err)
		}
		if _, connected := w.is(c); !connected {
			t.Errorf("%+v: it is disconnected", f)
		}
	}
	w.Platform.ClientID = "ca_another"
	ends(true)
}

// MONEY.md 3.2, issue 4: an access that was taken away is found when Stripe is asked, breaks the connection with its day, and is mended by
// itself when it is there again; so is the platform's own key. What waits for an answer goes on waiting.
func TestAnAccessThatWasTakenAwayBreaksTheConnection(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	w.lets(c, by, "acct_shop")
	bought, err := w.stripe.Subscribe("acct_shop", sandbox.Order{Email: "ann@example.com", Amount: 5000})
	if err != nil {
		t.Fatal(err)
	}
	stands := func(status string, revoked bool) {
		t.Helper()
		if err := w.Heal(t.Context()); err != nil {
			t.Error(err)
		}
		if i, _ := w.is(c); i.Status != status || (i.OAuth.RevokedAt != nil) != revoked {
			t.Errorf("it is %s, revoked at %v; want %s, %v", i.Status, i.OAuth.RevokedAt, status, revoked)
		}
	}
	stands("connected", false)
	if err := w.stripe.Revoke("acct_shop", "acct_own"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ask(t.Context(), c.Tenant, c.Program, models.SourceStripe, models.Question{Charge: bought.Charge}); !errors.Is(err, models.ErrLater) || !strings.Contains(err.Error(), "took Portal's access away") {
		t.Errorf("ask: %v", err)
	}
	if a, err := w.Show(t.Context(), c.Tenant, c.Program, models.SourceStripe, []models.Want{want("customer", bought.Customer)}); !errors.Is(err, models.ErrLater) {
		t.Errorf("show: %+v, %v", a, err)
	}
	stands("broken", true)
	w.lets(c, by, "acct_shop")
	stands("connected", false)
	w.stripe.Fail(sandbox.Fault{Path: "/v1/account", Status: 500})
	stands("connected", false)
	w.Platform.Key = "sk_test_rolled_key_0001"
	stands("broken", false)
	w.Platform.Key = ownKey
	stands("connected", false)
}

// Companies connect by OAuth in the mode of the platform's key alone.
func TestTheModeOfThePlatformsKeyDecides(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	for _, p := range []struct {
		integrations.Platform
		test, live bool
	}{{integrations.Platform{Key: ownKey, ClientID: ownClient}, true, false}, {integrations.Platform{Key: "sk_live_x12345678", ClientID: ownClient}, false, true},
		{integrations.Platform{Key: ownKey}, false, false}, {integrations.Platform{ClientID: ownClient}, false, false}} {
		w.Platform = p.Platform
		if w.MayAuthorize(models.Test) != p.test || w.MayAuthorize(models.Live) != p.live {
			t.Errorf("%+v", p)
		}
		for mode, may := range map[models.Mode]bool{models.Test: p.test, models.Live: p.live} {
			c.Mode = mode
			if _, err := w.Authorize(t.Context(), c, by); (err == nil) != may || err != nil && !errors.Is(err, models.ErrConflict) {
				t.Errorf("%s: %v", mode, err)
			}
		}
	}
}
