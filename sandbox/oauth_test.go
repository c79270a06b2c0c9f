package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portal/sandbox"
)

const (
	clientID = "ca_portal_0001"
	led      = "https://portal.example/callback"
)

// oauthAt is a sandbox whose platform may be connected to, and its address.
func oauthAt(t *testing.T, o sandbox.Options) (*sandbox.Sandbox, string) {
	t.Helper()
	s := open(t, o)
	s.AddAccount(sandbox.Account{ID: platform, Name: "Portal", SecretKeys: []string{platformKey}, App: sandbox.App{ClientID: clientID, Redirects: []string{led}}})
	server := httptest.NewServer(s.API())
	t.Cleanup(server.Close)
	return s, server.URL
}

// asks is the address of Stripe's question; changed by pairs of a name and a value, an empty one is left out.
func asks(base string, change ...string) string {
	q := url.Values{"client_id": {clientID}, "response_type": {"code"}, "scope": {"read_write"}, "redirect_uri": {led}, "state": {"s-1"}}
	for n := 0; n < len(change); n += 2 {
		if q.Set(change[n], change[n+1]); change[n+1] == "" {
			q.Del(change[n])
		}
	}
	return base + "/oauth/authorize?" + q.Encode()
}

// answers sends a form as a browser does, and gives the page or where it leads to.
func answers(t *testing.T, address string, form url.Values) (status int, page string, to url.Values) {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var res *http.Response
	var err error
	if form == nil {
		res, err = browser.Get(address)
	} else {
		res, err = browser.PostForm(address, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	if where := res.Header.Get("Location"); where != "" {
		u, err := url.Parse(where)
		if err != nil || !strings.HasPrefix(where, led) {
			t.Errorf("led to %s, %v", where, err)
		}
		to = u.Query()
	}
	return res.StatusCode, string(body), to
}

// oauthCalls posts to one of OAuth's calls.
func oauthCalls(t *testing.T, address string, form url.Values) (int, map[string]any) {
	t.Helper()
	res, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

// approved is a fresh code for an account.
func approved(t *testing.T, base, account string) string {
	t.Helper()
	status, _, to := answers(t, asks(base), url.Values{"answer": {"yes"}, "account": {account}})
	if status != http.StatusSeeOther || !strings.HasPrefix(to.Get("code"), "ac_") || to.Get("state") != "s-1" {
		t.Fatalf("%d %v", status, to)
	}
	return to.Get("code")
}

func exchanged(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_secret": {platformKey}}
}

// MONEY.md 3.1: Stripe asks, and shows what it cannot ask; what the platform asked wrongly is told to the platform.
func TestOAuthAsksTheOwnerOfAnAccount(t *testing.T) {
	t.Parallel()
	_, base := oauthAt(t, sandbox.Options{})
	status, page, _ := answers(t, asks(base), nil)
	if status != 200 || !strings.Contains(page, "Connect with Portal") || !strings.Contains(page, "read and change") || !strings.Contains(page, shop) || strings.Contains(page, platform) {
		t.Errorf("%d %s", status, page)
	}
	if _, page, _ := answers(t, asks(base, "scope", ""), nil); strings.Contains(page, "read and change") {
		t.Error("the default is to read alone")
	}
	for name, c := range map[string]struct{ param, value, shown string }{
		"nobody's client":           {"client_id", "ca_other", "No application matches"},
		"no client":                 {"client_id", "", "No application matches"},
		"an address not registered": {"redirect_uri", led + "/x", "Invalid redirect URI"},
	} {
		for _, form := range []url.Values{nil, {"answer": {"yes"}, "account": {shop}}} {
			if status, page, _ := answers(t, asks(base, c.param, c.value), form); status != 400 || !strings.Contains(page, c.shown) {
				t.Errorf("%s: %d %s", name, status, page)
			}
		}
	}
	for value, want := range map[[2]string]string{{"response_type", "token"}: "unsupported_response_type", {"response_type", ""}: "unsupported_response_type", {"scope", "all"}: "invalid_scope"} {
		if _, _, to := answers(t, asks(base, value[0], value[1]), nil); to.Get("error") != want || to.Get("state") != "s-1" {
			t.Errorf("%v: %v", value, to)
		}
	}
	if _, _, to := answers(t, asks(base), url.Values{"answer": {"no"}}); to.Get("error") != "access_denied" || to.Get("error_description") == "" || to.Get("code") != "" {
		t.Errorf("denied: %v", to)
	}
	if _, _, to := answers(t, asks(base, "redirect_uri", "", "state", ""), url.Values{"answer": {"yes"}, "account": {shop}}); to.Get("code") == "" || to.Has("state") {
		t.Errorf("the first registered address and no state: %v", to)
	}
	if status, page, _ := answers(t, asks(base), url.Values{"answer": {"yes"}, "account": {""}}); status != 422 || !strings.Contains(page, "Give the new account a name") {
		t.Errorf("%d %s", status, page)
	}
}

// MONEY.md 3.1: a code is exchanged once, within five minutes, by its own platform; errors have Stripe's two words.
func TestACodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	now := start
	s, base := oauthAt(t, sandbox.Options{Now: func() time.Time { return now }})
	s.AddAccount(sandbox.Account{ID: "acct_other_platform", SecretKeys: []string{"sk_test_other_platform"}, App: sandbox.App{ClientID: "ca_other"}})
	code := approved(t, base, shop)
	for name, c := range map[string]struct {
		change []string
		status int
		want   string
	}{
		"no grant type":          {[]string{"grant_type", ""}, 400, "invalid_request"},
		"another grant type":     {[]string{"grant_type", "password"}, 400, "unsupported_grant_type"},
		"no code":                {[]string{"code", ""}, 400, "invalid_request"},
		"nobody's code":          {[]string{"code", "ac_x"}, 400, "invalid_grant"},
		"no secret":              {[]string{"client_secret", ""}, 401, "invalid_client"},
		"another platform's":     {[]string{"client_secret", "sk_test_other_platform"}, 400, "invalid_grant"},
		"a secret nobody knows":  {[]string{"client_secret", "sk_test_nobody_000000"}, 401, "invalid_client"},
		"the company's own key.": {[]string{"client_secret", shopKey}, 400, "invalid_grant"},
	} {
		form := exchanged(code)
		form.Set(c.change[0], c.change[1])
		if status, body := oauthCalls(t, base+"/oauth/token", form); status != c.status || body["error"] != c.want || body["error_description"] == "" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	status, body := oauthCalls(t, base+"/oauth/token", exchanged(code))
	if status != 200 || body["stripe_user_id"] != shop || body["livemode"] != false || body["scope"] != "read_write" || body["access_token"] == "" || body["refresh_token"] == "" {
		t.Fatalf("%d %v", status, body)
	}
	if status, _ := call(t, s, "GET", "/v1/charges", nil, "Authorization", "Bearer "+platformKey, "Stripe-Account", shop); status != 200 {
		t.Errorf("let in: %d", status)
	}
	if status, body := oauthCalls(t, base+"/oauth/token", exchanged(code)); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("again: %d %v", status, body)
	}
	if status, _ := call(t, s, "GET", "/v1/charges", nil, "Authorization", "Bearer "+platformKey, "Stripe-Account", shop); status != 403 {
		t.Errorf("what was exchanged twice is revoked: %d", status)
	}
	late := approved(t, base, shop)
	now = now.Add(5 * time.Minute)
	if status, body := oauthCalls(t, base+"/oauth/token", exchanged(late)); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("late: %d %v", status, body)
	}
}

// MONEY.md 1.4, 3.1: a platform that was let in calls with Stripe-Account and hears by its Connect endpoint, until either side
// ends it; the end is told. A journal brings it all back.
func TestAPlatformActsForAnAccountUntilItIsDeauthorised(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	s, base := oauthAt(t, sandbox.Options{Journal: journal})
	h := &heard{}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	_, made := call(t, s, "POST", "/v1/webhook_endpoints", url.Values{"url": {server.URL}, "enabled_events[]": {"*"}, "connect": {"true"}}, "Authorization", "Bearer "+platformKey)
	h.secret = made["secret"].(string)
	sell := func() {
		t.Helper()
		must[sandbox.Sold](t)(s.Sell(shop, sandbox.Order{Email: "jane@example.com", Amount: 5000}))
		flush(t, s)
	}
	sell() // nobody was let in
	oauthCalls(t, base+"/oauth/token", exchanged(approved(t, base, shop)))
	sell()
	if _, events := h.of("charge.succeeded"); len(events) != 1 || events[0]["account"] != shop || events[0]["livemode"] != false || len(h.wrong) > 0 {
		t.Fatalf("%v, %v", events, h.wrong)
	}
	acts := func(method string, s *sandbox.Sandbox) int {
		status, _ := call(t, s, method, "/v1/coupons", url.Values{"percent_off": {"10"}}, "Authorization", "Bearer "+platformKey, "Stripe-Account", shop)
		return status
	}
	if status := acts("POST", s); status != 200 {
		t.Errorf("may write: %d", status)
	}
	must[struct{}](t)(struct{}{}, s.Close())
	s, base = oauthAt(t, sandbox.Options{Journal: journal})
	if status := acts("POST", s); status != 200 {
		t.Errorf("after a restart: %d", status)
	}
	end := url.Values{"client_id": {clientID}, "stripe_user_id": {shop}, "client_secret": {platformKey}}
	if status, body := oauthCalls(t, base+"/oauth/deauthorize", end); status != 200 || body["stripe_user_id"] != shop {
		t.Errorf("%d %v", status, body)
	}
	if status, body := oauthCalls(t, base+"/oauth/deauthorize", end); status != 401 || body["error"] != "invalid_client" || !strings.Contains(body["error_description"].(string), "not connected") {
		t.Errorf("again: %d %v", status, body)
	}
	sell()
	objects, events := h.of("account.application.deauthorized")
	if len(events) != 1 || events[0]["account"] != shop || objects[0]["id"] != clientID {
		t.Errorf("%v", events)
	}
	if _, events := h.of("charge.succeeded"); len(events) != 1 {
		t.Errorf("heard after the end: %v", events)
	}
	if status := acts("POST", s); status != 403 {
		t.Errorf("after the end: %d", status)
	}
}

// Whom an account let in to read may not write; an account that is made on the page can sell at once, also after a restart.
func TestAnAccountIsMadeOnThePage(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	s, base := oauthAt(t, sandbox.Options{Journal: journal})
	_, _, to := answers(t, asks(base, "scope", "read_only"), url.Values{"answer": {"yes"}, "account": {""}, "name": {"Fresh Firm"}})
	_, body := oauthCalls(t, base+"/oauth/token", exchanged(to.Get("code")))
	id, _ := body["stripe_user_id"].(string)
	for range 2 {
		if _, page, _ := answers(t, asks(base), nil); !strings.Contains(page, "Fresh Firm, "+id) {
			t.Errorf("%q is not offered: %s", id, page)
		}
		if status, _ := call(t, s, "GET", "/v1/coupons", nil, "Authorization", "Bearer "+platformKey, "Stripe-Account", id); status != 200 {
			t.Errorf("may read: %d", status)
		}
		if status, _ := call(t, s, "POST", "/v1/coupons", url.Values{"percent_off": {"10"}}, "Authorization", "Bearer "+platformKey, "Stripe-Account", id); status != 403 {
			t.Errorf("may write: %d", status)
		}
		must[sandbox.Sold](t)(s.Sell(id, sandbox.Order{Email: "jane@example.com", Amount: 5000}))
		must[struct{}](t)(struct{}{}, s.Close())
		s, base = oauthAt(t, sandbox.Options{Journal: journal})
	}
	if _, page, _ := answers(t, base+"/oauth/applications", nil); !strings.Contains(page, "Take access away from Fresh Firm") {
		t.Errorf("%s", page)
	}
	if err := s.Revoke(id, platform); err != nil {
		t.Error(err)
	}
	if err := s.Revoke(id, platform); err == nil {
		t.Error("revoked twice")
	}
}
