package integrations_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
)

// elsewhere is another process of the same Portal. Once, when it asks Stripe for a path, something happens in the first one.
func (w *town) elsewhere(path string, meanwhile func()) *integrations.Integrations {
	to, err := url.Parse(w.base)
	if err != nil {
		w.t.Fatal(err)
	}
	forward, once := httputil.NewSingleHostReverseProxy(to), sync.Once{}
	between := httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			once.Do(meanwhile)
		}
		forward.ServeHTTP(a, r)
	}))
	w.t.Cleanup(between.Close)
	return &integrations.Integrations{Store: w.Store, StripeBase: between.URL, PublicURL: w.PublicURL, Now: w.clock, Log: slog.New(slog.DiscardHandler), Platform: w.Platform, Inbox: w.Inbox}
}

// Issue 4, "nothing half-kept": who saves a key, or disconnects, while somebody connects with Stripe's page in another process of Portal's
// is told so; the access that was granted is neither forgotten nor left at Stripe unknown to us.
func TestAConnectionThatChangedMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		path  string
		byKey bool // connected so before
		does  func(*integrations.Integrations, models.Caller) error
	}{
		"a key is saved": {"/v1/account", false, func(in *integrations.Integrations, c models.Caller) error {
			_, err := in.Save(context.Background(), c, models.SourceStripe, integrations.Change{APIKey: ptr(shopKey)}, models.Actor{Name: "bob"})
			return err
		}},
		"it is ended": {"/v1/webhook_endpoints", true, func(in *integrations.Integrations, c models.Caller) error {
			_, err := in.Disconnect(context.Background(), c, models.SourceStripe, models.Actor{Name: "bob"})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			c, by := w.settles("ann")
			if try.byKey {
				save(t, w.Integrations, c, integrations.Change{APIKey: ptr(shopKey)})
			}
			said := w.sent(c, by, "acct_shop")
			other := w.elsewhere(try.path, func() { _, _, _ = w.Answered(context.Background(), said, by) })
			if err := try.does(other, c); !errors.Is(err, models.ErrConflict) {
				t.Errorf("ended with %v", err)
			}
			if i, connected := w.is(c); !connected || !i.OAuth.Connected || i.APIKey != "" || !w.letIn("acct_shop") {
				t.Errorf("kept %+v", i)
			}
			if left := endpointsOf(t, w.base); len(left) != 0 {
				t.Errorf("left at Stripe: %v", left)
			}
		})
	}
}

// F11, MONEY.md 3.3: a key that is sent several times at once makes one endpoint, and the secret that is kept is that one's.
func TestAKeySentTwiceAtOnceMakesOneEndpoint(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, _ := w.settles("ann")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, _ = w.Save(context.Background(), c, models.SourceStripe, integrations.Change{APIKey: ptr(shopKey)}, models.Actor{Name: "ann"})
		})
	}
	all.Wait()
	if n := len(endpointsOf(t, w.base)); n != 1 {
		t.Errorf("%d endpoints", n)
	}
	came := 0
	w.stripe.DeliverBy(func(_ string, h http.Header, body []byte) int {
		if err := w.Inbox.Accept(context.Background(), c.Program, models.SourceStripe, h, body); err != nil {
			t.Errorf("refused: %v", err)
			return http.StatusBadRequest
		}
		came++
		return http.StatusOK
	})
	if _, err := w.stripe.Sell("acct_shop", sandbox.Order{Email: "bob@example.com", Amount: 5000, At: w.clock()}); err != nil {
		t.Fatal(err)
	}
	if err := w.stripe.Flush(context.Background()); err != nil || came == 0 {
		t.Errorf("%d events came, %v", came, err)
	}
}
