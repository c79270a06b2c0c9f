package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// askedBy is a Stripe that answers as the test says, and the work that asks it.
func askedBy(t *testing.T, s *store.Store, answer http.HandlerFunc) *integrations.Integrations {
	t.Helper()
	stripe := httptest.NewServer(answer)
	t.Cleanup(stripe.Close)
	log, now := slog.New(slog.DiscardHandler), func() time.Time { return storetest.Day.Add(48 * time.Hour) }
	return &integrations.Integrations{Store: s, StripeBase: stripe.URL, Now: now, Log: log, Inbox: &inbox.Inbox{Store: s, Now: now, Log: log}}
}

// byKey is a company that is connected by a key.
func byKey(t *testing.T, s *store.Store, key string) models.Caller {
	t.Helper()
	c := storetest.Company(t, s)
	i := store.Integration{Tenant: c.Tenant, Program: c.Program, Source: models.SourceStripe, Status: "connected", APIKey: key, WebhookSecret: storetest.Secret}
	if err := s.SaveIntegration(t.Context(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	return c
}

// Issue 4: a Stripe that does not answer, and a company that asks for its lists over and over, hold up no other work.
func TestAStripeThatHangsHoldsNoOtherWorkUp(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t)
	s := storetest.OpenAt(t, address)
	release := make(chan struct{})
	providers := askedBy(t, s, func(http.ResponseWriter, *http.Request) { <-release })
	c := byKey(t, s, "sk_test_slow_1")
	if err := providers.StartCustomers(t.Context(), c, models.Actor{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	brought := make(chan struct{}, 10)
	err := s.InTx(t.Context(), func(tx *store.Store) error {
		var failed error
		for range 8 {
			failed = errors.Join(failed, tx.Enqueue(t.Context(), models.SyncCustomers{Company: c.Company, Mode: c.Mode, Program: c.Program}, nil))
		}
		return errors.Join(failed, tx.Enqueue(t.Context(), models.FetchRates{}, nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	j := &Jobs{Store: s, Inbox: providers.Inbox, Integrations: providers, Log: providers.Log, DirectURL: address,
		FetchRates: func(context.Context) error { brought <- struct{}{}; return nil }}
	go func() { ended <- j.Run(ctx) }()
	select {
	case <-brought:
	case <-time.After(8 * time.Second):
		t.Error("other work waits for Stripe")
	}
	close(release)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Issue 4, "no retry storm": a key that stays refused is tried again ever more seldom in a night, and then left to the next night, whose
// own job it is.
func TestAComparisonThatCannotBeMadeIsLeftToTheNextNight(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	byKey(t, s, "sk_test_rolled_1")
	w := &reconcile{providers: askedBy(t, s, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })}
	tries, last := 0, time.Duration(0)
	for age := time.Duration(0); ; tries++ {
		err := w.Work(t.Context(), &river.Job[models.Reconcile]{JobRow: &rivertype.JobRow{CreatedAt: time.Now().Add(-age)}})
		var snooze *rivertype.JobSnoozeError
		if !errors.As(err, &snooze) {
			if err != nil {
				t.Error(err)
			}
			break
		}
		if snooze.Duration < last || tries > 20 {
			t.Fatalf("try %d, after %s: once more in %s", tries, age, snooze.Duration)
		}
		age, last = age+snooze.Duration, snooze.Duration
	}
	if tries < 3 || tries > 10 {
		t.Errorf("it was tried again %d times", tries)
	}
}

// Issue 4: what one company does has its own Stripe asked, and no other company's.
func TestAConnectionThatIsSavedIsHealedAlone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	var mu sync.Mutex
	asked := map[string]int{}
	providers := askedBy(t, s, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.Header.Get("Authorization")]++
		mu.Unlock()
		_, _ = w.Write([]byte(`{"id": "acct_1", "data": []}`))
	})
	c := byKey(t, s, "sk_test_mine_1")
	byKey(t, s, "sk_test_theirs_1")
	secret := "whsec_another"
	if _, err := providers.Save(t.Context(), c, models.SourceStripe, integrations.Change{WebhookSecret: &secret}, models.Actor{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	var args []byte
	if err := s.DB().QueryRow(`SELECT args FROM river_job WHERE kind = 'heal'`).Scan(&args); err != nil {
		t.Fatal(err)
	}
	var job river.Job[models.Heal]
	if err := json.Unmarshal(args, &job.Args); err != nil {
		t.Fatal(err)
	}
	w := &heal{providers: providers}
	if err := w.Work(t.Context(), &job); err != nil || asked["Bearer sk_test_mine_1"] == 0 || asked["Bearer sk_test_theirs_1"] != 0 {
		t.Errorf("asked %v, %v", asked, err)
	}
	if err := w.Work(t.Context(), &river.Job[models.Heal]{}); err != nil || asked["Bearer sk_test_theirs_1"] == 0 {
		t.Errorf("in its turn: asked %v, %v", asked, err)
	}
}
