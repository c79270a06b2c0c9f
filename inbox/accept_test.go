package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// at accepts one body, signed at the house's own time with a secret.
func (h *house) at(ctx context.Context, secret string, body []byte) error {
	return h.Accept(ctx, h.caller.Program, models.SourceStripe, storetest.Signed(secret, body, h.Now()), body)
}

// together accepts all bodies at once and gives what each was answered.
func (h *house) together(bodies [][]byte) []error {
	answers := make([]error, len(bodies))
	var all sync.WaitGroup
	for n, body := range bodies {
		all.Go(func() { answers[n] = h.at(context.Background(), storetest.Secret, body) })
	}
	all.Wait()
	return answers
}

func (h *house) count(query string) (n int) {
	h.t.Helper()
	if err := h.Store.DB().QueryRow(query).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func note(n int) []byte { return fmt.Appendf(nil, `{"id":"evt_%d","type":"ping"}`, n) }

// STACK.md, "The webhook path": what comes at one time is kept in few statements, each sender answered.
func TestWebhooksThatComeTogetherAreKeptTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var bodies [][]byte
	for n := range 400 {
		bodies = append(bodies, note(n))
	}
	for n, err := range h.together(bodies) {
		if err != nil {
			t.Errorf("event %d: %v", n, err)
		}
	}
	kept, statements := h.count(`SELECT count(*) FROM events`), h.count(`SELECT count(DISTINCT xmin::text) FROM events`)
	if kept != 400 || statements > 200 {
		t.Errorf("%d events kept in %d transactions", kept, statements)
	}
	var body []byte
	if err := h.Store.DB().QueryRow(`SELECT body FROM events WHERE provider_event_id = 'evt_37'`).Scan(&body); err != nil || !bytes.Equal(body, note(37)) {
		t.Errorf("kept %q, %v", body, err)
	}
}

// MONEY.md 6: the same event delivered 50 times in parallel is kept once, and each delivery is told so.
func TestOneEventDeliveredFiftyTimesAtOnceIsKeptOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var bodies [][]byte
	for n := range 150 {
		bodies = append(bodies, note(n%3))
	}
	if err := errors.Join(h.together(bodies)...); err != nil {
		t.Error(err)
	}
	if n := h.count(`SELECT count(*) FROM events`); n != 3 {
		t.Errorf("kept %d events", n)
	}
}

// A row that the database refuses is answered 503 alone: its neighbours are kept.
func TestOneBadRowFailsAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Store.DB().Exec(`ALTER TABLE events ADD CONSTRAINT no_sevens CHECK (provider_event_id NOT LIKE '%7')`); err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for n := range 200 {
		bodies = append(bodies, note(n))
	}
	for n, err := range h.together(bodies) {
		if bad := n%10 == 7; bad != errors.Is(err, models.ErrLater) || !bad && err != nil {
			t.Errorf("event %d: %v", n, err)
		}
	}
	if n := h.count(`SELECT count(*) FROM events`); n != 180 {
		t.Errorf("kept %d events", n)
	}
}

// locked keeps the events table closed while fn runs.
func (h *house) locked(fn func()) {
	h.t.Helper()
	tx, err := h.Store.DB().Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec(`LOCK TABLE events`); err != nil {
		h.t.Fatal(err)
	}
	fn()
}

// Whoever waits for the disk goes when its request ends, and the door goes on.
func TestAWaitingWebhookEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.locked(func() {
		for n := range 5 {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			if err := h.at(ctx, storetest.Secret, note(n)); !errors.Is(err, models.ErrLater) || ctx.Err() == nil {
				t.Errorf("event %d: %v", n, err)
			}
			cancel()
		}
	})
	if err := h.at(context.Background(), storetest.Secret, note(9)); err != nil {
		t.Error(err)
	}
}

// What may wait is bounded: 64 MiB of bodies. More is answered "later" at once.
func TestAFullDoorAnswersLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := append(note(1), bytes.Repeat([]byte(" "), 1<<20-100)...)
	ctx, cancel := context.WithCancel(context.Background())
	answers := make(chan error)
	h.locked(func() {
		for range 90 {
			go func() { answers <- h.at(ctx, storetest.Secret, body) }()
		}
		if err := <-answers; !errors.Is(err, models.ErrLater) || errors.Is(err, context.Canceled) {
			t.Errorf("answered %v", err)
		}
		cancel()
		for range 89 {
			if err := <-answers; !errors.Is(err, models.ErrLater) {
				t.Errorf("answered %v", err)
			}
		}
	})
	if err := h.at(context.Background(), storetest.Secret, note(2)); err != nil {
		t.Error(err)
	}
}

// The secrets that are remembered never stand in the way of a new one, and unknown programs are not remembered at all.
func TestANewSecretCountsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(note(1))
	i, err := h.Store.Integration(context.Background(), h.caller.Tenant, h.caller.Program, models.SourceStripe)
	if err != nil {
		t.Fatal(err)
	}
	for n, secret := range []string{"whsec_second", "whsec_third"} {
		i.WebhookSecret = secret
		if err := h.Store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
			t.Fatal(err)
		}
		if err := h.at(context.Background(), secret, note(10+n)); err != nil {
			t.Errorf("signed with %s: %v", secret, err)
		}
		if err := h.at(context.Background(), "whsec_first_of_nobody", note(20+n)); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("signed by nobody: %v", err)
		}
	}
	i.WebhookSecret = "whsec_fourth"
	if err := h.Store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if err := h.at(context.Background(), "whsec_third", note(30)); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("a second later, the secret of before: %v", err)
	}
}

// MONEY.md 1.4, 3.3: a rolled secret and its successor are both taken for 24 hours, then the successor alone.
func TestAFormerSecretIsTakenForADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	now := storetest.Day
	h.Now = func() time.Time { return now }
	i := store.Integration{Tenant: h.caller.Tenant, Program: h.caller.Program, Source: models.SourceStripe, Status: "connected",
		WebhookSecret: "whsec_new_one", FormerSecret: storetest.Secret, FormerUntil: new(now.Add(24 * time.Hour))}
	if err := h.Store.SaveIntegration(context.Background(), i, now); err != nil {
		t.Fatal(err)
	}
	for n, c := range []struct {
		after       time.Duration
		former, now bool
	}{{0, true, true}, {24*time.Hour - time.Second, true, true}, {24 * time.Hour, false, true}, {48 * time.Hour, false, true}} {
		now = storetest.Day.Add(c.after)
		if err := h.at(context.Background(), storetest.Secret, note(2*n)); (err == nil) != c.former {
			t.Errorf("the former after %s: %v", c.after, err)
		}
		if err := h.at(context.Background(), "whsec_new_one", note(2*n+1)); (err == nil) != c.now {
			t.Errorf("the new one after %s: %v", c.after, err)
		}
	}
	var open int
	if err := h.Store.DB().QueryRow(`SELECT count(*) FROM integrations WHERE position($1::bytea in former_webhook_secret) > 0`, []byte(storetest.Secret)).Scan(&open); err != nil || open != 0 {
		t.Errorf("the former secret lies open: %d, %v", open, err)
	}
	if err := h.Store.Tidy(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	kept, err := h.Store.Integration(context.Background(), h.caller.Tenant, h.caller.Program, models.SourceStripe)
	if err != nil || kept.FormerSecret != "" || kept.FormerUntil != nil || !strings.HasPrefix(kept.WebhookSecret, "whsec_new") {
		t.Errorf("after tidying: %+v, %v", kept, err)
	}
}
