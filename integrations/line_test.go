package integrations

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"portal/models"
)

// askingAll is a line to a server that answers each call as the test says, and counts them.
func askingAll(t *testing.T, answer func(n int64, w http.ResponseWriter)) (*Integrations, *atomic.Int64) {
	t.Helper()
	calls := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(calls.Add(1), w) }))
	t.Cleanup(server.Close)
	return &Integrations{StripeBase: server.URL, Now: time.Now}, calls
}

// Issue 4, bad input: no retry storm.
func TestAfterFiveFailuresInARowStripeIsLeftAlone(t *testing.T) {
	in, calls := askingAll(t, func(_ int64, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
	var any struct{}
	for range 20 {
		if err := in.stripe("sk_test_1").get(t.Context(), pinned, "/v1/account", nil, &any); err == nil {
			t.Fatal("a 500 was taken for an answer")
		}
	}
	if n := calls.Load(); n != enough {
		t.Errorf("20 tries made %d calls, want %d", n, enough)
	}
	err := in.stripe("sk_test_1").get(t.Context(), pinned, "/v1/account", nil, &any)
	if !errors.Is(err, models.ErrLater) || !strings.Contains(err.Error(), "half a minute") {
		t.Errorf("the sentence is %v", err)
	}
	_ = in.stripe("sk_test_2").get(t.Context(), pinned, "/v1/account", nil, &any)
	if n := calls.Load(); n != enough+1 {
		t.Error("another company's Stripe was left alone, too")
	}
}

func TestARefusalIsAnAnswerAndOpensNoFuse(t *testing.T) {
	in, calls := askingAll(t, func(_ int64, w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) })
	for range 20 {
		var any struct{}
		_ = in.stripe("sk_test_1").get(t.Context(), pinned, "/v1/account", nil, &any)
	}
	if n := calls.Load(); n != 20 {
		t.Errorf("%d calls were made, want 20", n)
	}
}

// MONEY.md 3.4: back off on 429.
func TestAPageThatStripeIsTooBusyForIsAskedForAgain(t *testing.T) {
	in, calls := askingAll(t, func(n int64, w http.ResponseWriter) {
		if n == 2 || n == 3 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write([]byte(map[bool]string{true: `{"data": [{"id": "a"}, {"id": "b"}], "has_more": true}`, false: `{"data": [{"id": "c"}], "has_more": false}`}[n == 1]))
	})
	s := in.stripe("sk_test_1")
	s.line.patience = time.Millisecond
	got := 0
	err := s.each(t.Context(), "/v1/things", url.Values{}, func(page []json.RawMessage) error { got += len(page); return nil })
	if err != nil || got != 3 || calls.Load() != 4 {
		t.Errorf("%d things by %d calls, %v", got, calls.Load(), err)
	}
}

// Issue 4, speed: a company's Stripe is asked as fast as its limit says, and no faster.
func TestCallsKeepTheirPaceByMode(t *testing.T) {
	for key, want := range map[string]time.Duration{"sk_test_1": 3 * time.Second, "sk_live_1": 750 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			in := &Integrations{Pace: Pace{Test: 25, Live: 100}}
			start := time.Now()
			for range 100 {
				done, err := in.line(key, "").begin(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				done(true)
			}
			if strings.Contains(key, "live") { // 100 at once, then 100 a second
				for range 75 {
					done, _ := in.line(key, "").begin(t.Context())
					done(true)
				}
			}
			if took := time.Since(start); took.Round(10*time.Millisecond) != want {
				t.Errorf("%s: took %s, want %s", key, took, want)
			}
		})
	}
}
