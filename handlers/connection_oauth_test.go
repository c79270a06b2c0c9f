package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
)

const (
	oauthClient = "ca_test_portal_0001"
	answeredAt  = connectionAt + "/stripe/callback"
)

// newOAuthWorld is a connection world whose Portal companies connect to by OAuth.
func newOAuthWorld(t *testing.T) (w *companyWorld, owner *http.Cookie) {
	t.Helper()
	w, owner = newConnectionWorld(t)
	w.stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{platformKey},
		App: sandbox.App{ClientID: oauthClient, Redirects: []string{w.PublicURL + answeredAt}}})
	w.Integrations.Platform = integrations.Platform{Key: platformKey, ClientID: oauthClient, Base: w.Integrations.StripeBase, Hears: true}
	w.ConnectSecret = "whsec_connect_secret"
	return w, owner
}

// asksStripe presses the button, and gives what Stripe's page leads back with: an account let Portal in, or with none it was denied.
func (w *companyWorld) asksStripe(who *http.Cookie, account string, form url.Values) url.Values {
	w.t.Helper()
	to := w.expect(http.StatusSeeOther, who, connectionAt+"/stripe", form).Header.Get("Location")
	if !strings.HasPrefix(to, w.Integrations.StripeBase+"/oauth/authorize?") {
		w.t.Fatalf("led to %s", to)
	}
	answer := url.Values{"account": {account}, "answer": {"yes"}}
	if account == "" {
		answer.Set("answer", "no")
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(to, answer)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || back.Path != answeredAt {
		w.t.Fatalf("led back to %s, %v", back, err)
	}
	return back.Query()
}

// answered brings what Stripe said back, and gives the words of the page that comes then.
func (w *companyWorld) answered(who *http.Cookie, said url.Values) string {
	w.t.Helper()
	answer := w.expect(http.StatusSeeOther, who, answeredAt+"?"+said.Encode(), nil)
	return textOf(w.t, bodyOf(w.t, w.ask(who, answer.Header.Get("Location"), nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) })))
}

// F6, F7, F28, F30, F35: of a program that exists, Stripe's page is the first choice; a company that let Portal in is connected, hears its sales, disconnects, and comes back to
// what it had.
func TestACompanyConnectsWithStripesPage(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	first := w.expect(http.StatusOK, owner, connectionAt, nil)
	if policy := first.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+w.Integrations.StripeBase+";") {
		t.Errorf("the form may not lead to Stripe: %s", policy)
	}
	p := w.Integrations.Platform
	w.Integrations.Platform.Base = ""
	if policy := w.expect(http.StatusOK, owner, connectionAt, nil).Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://*.stripe.com;") {
		t.Errorf("Stripe's page may not lead on to where one signs in there: %s", policy)
	}
	w.Integrations.Platform = p
	page := bodyOf(t, first)
	wants(t, "not connected", textOf(t, page), "Connect with Stripe", "administrator of the Stripe account", "Connect with an API key instead")
	if strings.Index(page, "/stripe\"") > strings.Index(page, "/key\"") {
		t.Error("the key comes first")
	}
	wants(t, "connected", w.answered(owner, w.asksStripe(owner, "acct_shop", url.Values{})), "Stripe is connected", "Connected", "acct_shop", "With Stripe's page. Portal may read and write.", "Connect with an API key instead", "Disconnect Stripe")
	lacks(t, "connected", w.words(owner, connectionAt), "API key None", "Signing secret", "The webhook endpoint by hand")
	lacks(t, "home", w.words(owner, "/admin"), "Stripe is not connected", "connection to Stripe")

	told := []byte(`{"id":"evt_c1","object":"event","type":"charge.refunded","account":"acct_shop","created":1,"livemode":false,"data":{"object":{}}}`)
	if answer := w.webhook("/v1/stripe/connect/webhook", told, w.ConnectSecret); answer.StatusCode != http.StatusOK {
		t.Errorf("an event was answered %d", answer.StatusCode)
	}
	wants(t, "heard", w.words(owner, connectionAt), "Events in 14 days 1")

	answer := w.expect(http.StatusSeeOther, owner, connectionAt+"/disconnect", url.Values{"sure": {"yes"}})
	wants(t, "disconnected", textOf(t, bodyOf(t, w.ask(owner, connectionAt, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) }))), "Portal gave its access back", "Not connected", "Events in 14 days 1")
	wants(t, "again", w.answered(owner, w.asksStripe(owner, "acct_shop", url.Values{})), "Stripe is connected", "Events in 14 days 1")
}

// MONEY.md 3.1, 6, issue 4: whatever goes wrong on the way is a sentence on the connection page, which shows what is connected: nothing.
func TestEveryFailureOfOAuthIsASentence(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	other := w.anotherCompany()
	if _, err := w.Store.DB().Exec(`DELETE FROM integrations`); err != nil {
		t.Fatal(err)
	}
	stranger := w.as(other.Tenant, models.Owner)
	fresh := func() url.Values { return w.asksStripe(owner, "acct_shop", url.Values{}) }
	with := func(said url.Values, pairs ...string) url.Values {
		for n := 0; n < len(pairs); n += 2 {
			said.Set(pairs[n], pairs[n+1])
		}
		return said
	}
	fails := func(said url.Values, f sandbox.Fault) url.Values {
		w.stripe.Fail(f)
		return said
	}
	for _, c := range []struct {
		name string
		who  *http.Cookie
		said func() url.Values
		want string
	}{
		{"denied", owner, func() url.Values { return w.asksStripe(owner, "", url.Values{}) }, "denied on Stripe's page. Nothing was changed."},
		{"nothing", owner, func() url.Values { return url.Values{} }, "incomplete. Nothing was changed."},
		{"no code", owner, func() url.Values { return with(fresh(), "code", " ") }, "incomplete. Nothing was changed."},
		{"no state", owner, func() url.Values { return with(fresh(), "state", "") }, "incomplete. Nothing was changed."},
		{"a made-up state", owner, func() url.Values { return with(fresh(), "state", "x") }, "another browser, another sign-in or another company. Nothing was changed."},
		{"another session of the same person", w.as(w.caller.Tenant, models.Owner), fresh, "another browser, another sign-in or another company. Nothing was changed."},
		{"another company", stranger, fresh, "another browser, another sign-in or another company. Nothing was changed."},
		{"a made-up code", owner, func() url.Values { return with(fresh(), "code", "ac_x") }, "used already or is too old. Nothing was changed."},
		{"another error", owner, func() url.Values { return with(fresh(), "error", "server_error") }, "Stripe refused the request. Nothing was changed."},
		{"Stripe is down", owner, func() url.Values { return fails(fresh(), sandbox.Fault{Path: "/oauth/token", Status: 503}) }, "Stripe did not answer as it should. Nothing was changed."},
		{"Stripe is silent", owner, func() url.Values { return fails(fresh(), sandbox.Fault{Path: "/oauth/token"}) }, "Stripe did not answer as it should. Nothing was changed."},
		{"the key is refused", owner, func() url.Values {
			return fails(fresh(), sandbox.Fault{Path: "/v1/account", Status: 401})
		}, "does not take this Portal's own key or client id. Nothing was changed."},
	} {
		wants(t, c.name, w.answered(c.who, c.said()), c.want, "Not connected")
	}
	old := fresh()
	w.clock = w.clock.Add(10 * time.Minute)
	wants(t, "late", w.answered(owner, old), "More than ten minutes passed on Stripe's page. Nothing was changed.", "Not connected")

	twice := fresh()
	wants(t, "once", w.answered(owner, twice), "Stripe is connected")
	wants(t, "twice", w.answered(owner, twice), "was used already. It counts once", "acct_shop")
	words := w.answered(stranger, w.asksStripe(stranger, "acct_shop", url.Values{}))
	wants(t, "taken", words, "Another company is connected to this Stripe account here", "Nothing was changed.", "Not connected")
	page := textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, stranger, connectionAt+"/key", url.Values{"api_key": {connectKey}})))
	wants(t, "taken, by key", page, "Opens a Stripe account that another company is connected to here")
}

// Every way in which it may end has a sentence, and each says what became of the connection.
func TestEveryEndOfOAuthHasASentence(t *testing.T) {
	t.Parallel()
	for _, end := range []integrations.Outcome{integrations.Connected, integrations.Replaced, integrations.ReplacedLeft, integrations.Denied, integrations.Incomplete, integrations.Foreign, integrations.Replayed,
		integrations.Expired, integrations.Spent, integrations.Misfit, integrations.Refused, integrations.Silent, integrations.OtherMode, integrations.Taken, integrations.Ours} {
		say := authorised["oauth-"+string(end)]
		if say == nil {
			t.Errorf("%s has no sentence", end)
			continue
		}
		if on, off := say(0), say(2); on.Text == "" || !strings.HasSuffix(off.Text, "This was the live side; you look at the test side now.") {
			t.Errorf("%s says %q, %q", end, on.Text, off.Text)
		}
	}
}

// F34, F36, issue 4, 1.1: each program is connected by itself, before it tracks anything. What somebody was sent to Stripe for decides what is connected, whatever they look at when they come back.
func TestTheStateDecidesWhatIsConnected(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	second := models.Program{Company: w.caller.Company, ID: models.NewID[models.ProgramID](w.clock), Name: "Resellers", Currency: "usd"}
	if err := w.Store.AddProgram(t.Context(), second, w.clock); err != nil {
		t.Fatal(err)
	}
	said := w.asksStripe(owner, "acct_shop", url.Values{"program": {second.ID.String()}})
	w.expect(http.StatusSeeOther, owner, "/admin/mode", url.Values{"mode": {"live"}})
	words := w.answered(owner, said)
	wants(t, "on the live side", words, "Stripe is connected.", "This was the test side; you look at the live side now.", "the live side of Resellers", "Not connected")
	for program, want := range map[models.ProgramID]bool{second.ID: true, w.caller.Program: false} {
		for _, mode := range []models.Mode{models.Test, models.Live} {
			_, err := w.Store.Integration(t.Context(), models.Tenant{Company: w.caller.Company, Mode: mode}, program, models.SourceStripe)
			if (err == nil) != (want && mode == models.Test) {
				t.Errorf("%s %s: %v", program, mode, err)
			}
		}
	}
	wants(t, "the live side", words, "Only an API key can connect the live side here")
	page := textOf(t, bodyOf(t, w.expect(http.StatusConflict, owner, connectionAt+"/stripe", url.Values{})))
	wants(t, "sent all the same", page, "cannot be connected to with Stripe's page in live mode")
}

// Issue 4, MONEY.md 3.1: a connection by OAuth that is broken, unheard or may only read says so, with its day, and on the first page.
func TestAConnectionByOAuthThatDoesNotWorkSaysSo(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	w.answered(owner, w.asksStripe(owner, "acct_shop", url.Values{}))
	gone := []byte(`{"id":"evt_gone","object":"event","type":"account.application.deauthorized","account":"acct_shop","created":` + "1795252800" + `,"livemode":false,"data":{"object":{"id":"` + oauthClient + `"}}}`)
	w.webhook("/v1/stripe/connect/webhook", gone, w.ConnectSecret)
	account := "acct_shop"
	by := func(o store.OAuth) store.Integration {
		o.Connected, o.GrantedAt = true, new(w.clock)
		return store.Integration{Account: &account, OAuth: o, Status: "connected"}
	}
	for _, s := range []struct {
		is         store.Integration
		unheard    bool
		want, home []string
	}{
		{by(store.OAuth{Scope: "read_write"}), true, []string{"No events come in", "does not hear what happens", "stripe.connect_webhook_secret"}, []string{"No events come in from Stripe", "fetched every six hours"}},
		{func() store.Integration {
			i := by(store.OAuth{Scope: "read_only"})
			i.MissingRights = []string{"rak_coupon_write", "rak_promotion_code_write"}
			return i
		}(), false, []string{"Connected, with gaps", "Portal may read this account, and not write", "Rights that Portal lacks: 2", "Portal may read."}, []string{"has gaps", "not write"}},
		{func() store.Integration { i := by(store.OAuth{Scope: "read_write"}); i.Status = "broken"; return i }(), false, []string{"Broken", "refuses the key of Portal's own account", "Connect Stripe again"}, []string{"is broken"}},
		{func() store.Integration {
			i := by(store.OAuth{Scope: "read_write", RevokedAt: new(w.clock)})
			i.Status = "broken"
			return i
		}(), false, []string{"Broken", "this company took Portal's access away on 20 November 2026", "Connect Stripe again", "Connect with an API key instead", "The access was taken away.", "None come in"}, []string{"is broken", "does not let Portal into the account"}},
	} {
		w.is(s.is)
		if w.ConnectSecret = "whsec_connect_secret"; s.unheard {
			w.ConnectSecret = ""
		}
		wants(t, "the page", w.words(owner, connectionAt), s.want...)
		wants(t, "home", w.words(owner, "/admin"), s.home...)
	}
	viewer := w.as(w.caller.Tenant, models.Viewer)
	lacks(t, "a viewer", w.words(viewer, connectionAt), "Connect Stripe again", "Connect with Stripe")
}

// MONEY.md 3.3: a key in the place of Stripe's page, and the other way, is said.
func TestChangingTheWayOfConnectingIsSaid(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	w.connects(owner, connectKey)
	wants(t, "offered", w.words(owner, connectionAt), "Connect with Stripe instead", "takes the place of the API key")
	wants(t, "by OAuth", w.answered(owner, w.asksStripe(owner, "acct_shop", url.Values{})), "Stripe is connected with Stripe's page now. The API key is forgotten, and the webhook endpoint that it had made is deleted.")
	wants(t, "by key", textOf(t, w.connects(owner, connectKey)), "It takes the place of the connection with Stripe's page", "ends in 9876")
}

// The callback asks Stripe nothing for somebody who is signed out or may not connect: they are led to sign in, or told so.
func TestOnlyWhoMayConnectIsAnswered(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	said := w.asksStripe(owner, "acct_shop", url.Values{})
	if answer := w.ask(nil, answeredAt+"?"+said.Encode(), nil); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "/?next=") {
		t.Errorf("signed out: %d %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	w.expect(http.StatusForbidden, w.as(w.caller.Tenant, models.Finance), answeredAt+"?"+said.Encode(), nil)
	foreign := httptest.NewRequest(http.MethodPost, connectionAt+"/stripe", nil)
	foreign.AddCookie(owner)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	refused := httptest.NewRecorder()
	w.site.ServeHTTP(refused, foreign)
	if refused.Code != http.StatusForbidden {
		t.Errorf("a form of another site was answered %d", refused.Code)
	}
	wants(t, "afterwards", w.answered(owner, said), "Stripe is connected")
}
