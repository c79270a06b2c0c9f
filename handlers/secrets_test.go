package handlers

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
)

// pad is a log that may be written to by many.
type pad struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps what is logged.
func (p *pad) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// everything is all that the database holds, as text.
func (w *companyWorld) everything() string {
	w.t.Helper()
	var tables []string
	var all strings.Builder
	if err := w.Store.DB().QueryRow(`SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = current_schema()`).Scan(pq.Array(&tables)); err != nil || len(tables) < 40 {
		w.t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		var text string
		if err := w.Store.DB().QueryRow(`SELECT coalesce(string_agg(t::text, ' '), '') FROM ` + table + ` t`).Scan(&text); err != nil {
			w.t.Fatal(err)
		}
		all.WriteString(text)
	}
	return all.String()
}

// MONEY.md 3.1, 3.2, issue 4: no key, signing secret, code, state or token stands in a log, on a page, or in the clear in any table:
// audit, tape, events and jobs included, however a connection was made or failed to be.
func TestNoSecretOfAConnectionIsToldAnywhere(t *testing.T) {
	t.Parallel()
	w, owner := newOAuthWorld(t)
	log := &pad{}
	w.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, base := w.Integrations.Platform, w.Integrations.StripeBase
	w.Integrations = &integrations.Integrations{Store: w.Store, StripeBase: base, PublicURL: w.PublicURL, Now: w.Now, Log: w.Log, Platform: p}
	w.Inbox.Log = w.Log
	w.Integrations.Inbox = &inbox.Inbox{Store: w.Store, Now: w.Now, Log: w.Log, Ask: w.Integrations.Ask, Show: w.Integrations.Show}
	w.Doctor.Integrations = w.Integrations
	w.site = w.Handler()
	const made = "whsec_by_hand_0123456789"
	secrets := map[string]string{"the key": connectKey, "the restricted key": fewKey, "the platform's key": platformKey, "a secret by hand": made, "a key that is refused": "sk_test_nobodys_0123456789"}
	pages := ""
	look := func() {
		for _, page := range []string{connectionAt, "/admin/doctor", "/admin/events", reconciliationAt, importsAt, syncAt, couponsAt, rulesAt} {
			pages += bodyOf(t, w.expect(http.StatusOK, owner, page, nil))
		}
	}
	sent := func(n int) url.Values {
		said := w.asksStripe(owner, "acct_shop", url.Values{})
		secrets["code "+string(rune('0'+n))], secrets["state "+string(rune('0'+n))] = said.Get("code"), said.Get("state")
		return said
	}
	for _, key := range []string{fewKey, connectKey} {
		pages += w.connects(owner, key)
	}
	pages += bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, connectionAt+"/key", url.Values{"api_key": {"sk_test_nobodys_0123456789"}}))
	look()
	w.expect(http.StatusSeeOther, owner, connectionAt+"/secret", url.Values{"webhook_secret": {made}})
	sold, err := w.stripe.Sell("acct_shop", sandbox.Order{Email: "a@example.com", Amount: 5000, At: w.clock})
	if err != nil || sold.Charge == "" {
		t.Fatal(err)
	}
	if err := w.Integrations.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Each failure of the exchange, with an answer that tells all it was given.
	echo := httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		a.WriteHeader(http.StatusBadRequest)
		_, _ = a.Write([]byte(`{"error": "invalid_request", "error_description": "` + r.PostForm.Encode() + `"}`))
	}))
	defer echo.Close()
	w.Integrations.Platform.Calls = echo.URL
	pages += w.answered(owner, sent(1))
	w.Integrations.Platform.Calls = "http://127.0.0.1:1"
	pages += w.answered(owner, sent(2))
	w.Integrations.Platform.Calls = ""
	said := sent(3)
	pages += w.answered(owner, said) + w.answered(owner, said)
	w.expect(http.StatusSeeOther, nil, withQuery(answeredAt, sent(4)), nil) // signed out meanwhile
	w.clock = w.clock.Add(time.Hour)
	if err := w.Integrations.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
	if i, err := w.Store.Integration(t.Context(), w.caller.Tenant, w.caller.Program, models.SourceStripe); err != nil || !i.OAuth.Connected {
		t.Fatalf("%+v, %v", i, err)
	}
	w.is(store.Integration{APIKey: connectKey, WebhookSecret: made, Account: new("acct_shop")})
	tables := w.everything()
	for what, secret := range secrets {
		for where, text := range map[string]string{"the log": log.text.String(), "a page": pages, "a table": tables} {
			if secret == "" || strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
				t.Errorf("%s stands in %s", what, where)
			}
		}
	}
	if !strings.Contains(log.text.String(), "level=DEBUG") || !strings.Contains(tables, "integration.authorised") {
		t.Error("nothing was looked at")
	}
}
