package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

const (
	apiTestKey  = "pk_portal_test_0000abcd"
	apiOtherKey = "pk_portal_test_0000efgh" // of another company
	apiLiveKey  = "pk_portal_live_0000ijkl" // of the same program's live side
	apiShopKey  = "sk_test_shop_00000001"
	apiPlatform = "sk_test_platform_00001"
)

// apiWorld is the whole site over HTTP, with a sandbox as Stripe, two companies, and a clock that tests turn.
type apiWorld struct {
	*House
	t      testing.TB
	url    string
	caller models.Caller
	stripe *sandbox.Sandbox
	log    *lockedBuffer
	mu     sync.Mutex
	clock  time.Time
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func newAPIWorld(t testing.TB) *apiWorld {
	t.Helper()
	s := storetest.Open(t)
	w := &apiWorld{t: t, clock: storetest.Day, caller: storetest.Company(t, s), log: &lockedBuffer{}}
	var err error
	if w.stripe, err = sandbox.Open(sandbox.Options{Now: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.stripe.Close() })
	w.stripe.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{apiShopKey}})
	w.stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{apiPlatform}})
	bank := httptest.NewServer(w.stripe.API())
	t.Cleanup(bank.Close)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.House = &House{Store: s, Now: w.now, Log: log, PublicURL: "https://portal.example", Version: "test",
		Inbox:        &inbox.Inbox{Store: s, Now: w.now, Log: log},
		Payouts:      &payouts.Payouts{Store: s, Now: w.now, Log: log, Bank: payouts.NewStripe(apiPlatform, bank.URL), Mode: models.Test},
		Integrations: &integrations.Integrations{Store: s, Now: w.now, Log: log, StripeBase: bank.URL}}
	other, live := storetest.Company(t, s), w.caller
	live.Mode = models.Live
	for key, caller := range map[string]models.Caller{apiTestKey: w.caller, apiOtherKey: other, apiLiveKey: live} {
		if err := s.AddAPIKey(context.Background(), key, caller, storetest.Day); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *apiWorld) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *apiWorld) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// answer is what a call was answered.
type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (w *apiWorld) call(method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.as(apiTestKey, method, path, body, headers...)
}

// as calls with a key; headers come in pairs.
func (w *apiWorld) as(key, method, path, body string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{t: w.t, call: method + " " + path + " " + body, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if err := json.Unmarshal(raw, &a.body); err != nil {
		w.t.Fatalf("%s: %d is not JSON: %s", a.call, a.status, raw)
	}
	return a
}

// is fails the test when the status is another.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d: %s", a.call, a.status, status, a.raw)
	}
	if problem := a.header.Get("Content-Type") == "application/problem+json"; problem != (status >= 400) {
		a.t.Errorf("%s: %d came as %s", a.call, a.status, a.header.Get("Content-Type"))
	}
	if a.header.Get("Link") != "" || a.body["$schema"] != nil {
		a.t.Errorf("%s: the answer links to a schema", a.call)
	}
	return a
}

// names fails the test when the problem names other fields.
func (a answer) names(fields ...string) {
	a.t.Helper()
	var got []string
	for _, e := range a.body["errors"].([]any) {
		got = append(got, e.(map[string]any)["field"].(string))
		if e.(map[string]any)["message"] == "" {
			a.t.Errorf("%s: a field without a message", a.call)
		}
	}
	slices.Sort(got)
	slices.Sort(fields)
	if !slices.Equal(got, fields) {
		a.t.Errorf("%s: the problem names %q, want %q: %s", a.call, got, fields, a.raw)
	}
}

// has compares some fields, given as JSON.
func (a answer) has(want string) answer {
	a.t.Helper()
	contains(a.t, a.call, a.body, want)
	return a
}

func contains(t testing.TB, call string, got map[string]any, want string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(want), &fields); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	for name, value := range fields {
		is, _ := json.Marshal(got[name])
		should, _ := json.Marshal(value)
		if string(is) != string(should) {
			t.Errorf("%s: %s is %s, want %s", call, name, is, should)
		}
	}
}

// data is the list in an answer.
func (a answer) data() []map[string]any {
	a.t.Helper()
	var list []map[string]any
	for _, item := range a.body["data"].([]any) {
		list = append(list, item.(map[string]any))
	}
	return list
}

// hasExactly fails the test when an object has other fields.
func hasExactly(t testing.TB, what string, object map[string]any, fields string) {
	t.Helper()
	got, want := slices.Sorted(maps.Keys(object)), strings.Fields(fields)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s has the fields %q, want %q", what, got, want)
	}
}

// sell has Stripe tell of a sale that names a partner.
func (w *apiWorld) sell(s storetest.Sold) {
	w.t.Helper()
	w.hear(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old))
}

func (w *apiWorld) hear(bodies ...[]byte) {
	w.t.Helper()
	for _, body := range bodies {
		path := "/v1/integrations/stripe/" + w.caller.Program.String() + "/webhook"
		req, err := http.NewRequest("POST", w.url+path, bytes.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header = storetest.Signed(storetest.Secret, body, w.now())
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 {
			w.t.Fatalf("the webhook was answered %v, %v", res, err)
		}
		_ = res.Body.Close()
	}
	if err := w.Inbox.Drain(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func sample(n int, partner string, gross int64) storetest.Sold {
	return storetest.Sold{N: n, Customer: "cus_" + string(rune('a'+n)), Email: string(rune('a'+n)) + "@example.com", Partner: partner, Gross: gross, Currency: "usd",
		PaidAt: storetest.Day.Add(-time.Hour * time.Duration(100-n))}
}
