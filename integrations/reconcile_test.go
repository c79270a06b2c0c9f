package integrations_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

// compared is a connection's last comparison.
func compared(t testing.TB, s shop) models.Reconciliation {
	t.Helper()
	list, err := s.Store.Reconciliations(context.Background(), connectionOf(s), 1)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d comparisons, %v", len(list), err)
	}
	return list[0]
}

func connectionOf(s shop) store.Connection {
	return store.Connection{Tenant: s.Tenant, Program: s.Program, Source: models.SourceStripe}
}

// B11, MONEY.md 3.4: a week of webhooks that never came, so long ago that Stripe lists no event of it any more, is found
// by the nightly run in the lists of payments, refunds and disputes, and healed: equal books. The night after all is right.
func TestAWeekThatOnlyListsKnowIsHealedByTheNightlyRun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 7, false)
	want := p.told.books(t)
	p.pass(40 * 24 * time.Hour)
	if err := p.untold.ReconcileOne(ctx, connectionOf(p.untold)); err != nil {
		t.Fatal(err)
	}
	p.settle(t, p.untold)
	if got := p.untold.books(t); got != want {
		t.Errorf("healed:\n%s\ntold:\n%s", got, want)
	}
	run := compared(t, p.untold)
	if run.State != models.ReconcileClean || run.Healed != 13 || run.Open != 0 || len(run.Differences) != 13 || !run.Differences[0].Healed {
		t.Errorf("%s, %d healed, %d open, %d told: %+v, %v", run.State, run.Healed, run.Open, len(run.Differences), run.Differences, run.Waits)
	}
	for _, d := range run.Days {
		if d.Theirs != d.Ours || d.Before.Count != 0 || d.Theirs.Count == 0 {
			t.Errorf("%+v", d)
		}
	}
	p.pass(24 * time.Hour)
	if err := p.untold.Reconcile(ctx); err != nil {
		t.Fatal(err)
	}
	if run := compared(t, p.untold); run.State != models.ReconcileClean || run.Healed != 0 || run.Until.Sub(run.Since) < 3*24*time.Hour-time.Minute {
		t.Errorf("%+v", run)
	}
}

// B11: what Stripe lists and Portal has agree, whatever it is: nothing is healed. With a payment, a refund or an amount of
// its own on one side, the run names it and why; what stays different stands.
func TestAComparisonNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 5, false)
	p.pass(2 * time.Hour)
	run := func() models.Reconciliation {
		t.Helper()
		if err := p.told.ReconcileOne(ctx, connectionOf(p.told)); err != nil {
			t.Fatal(err)
		}
		p.pass(time.Minute)
		return compared(t, p.told)
	}
	if r := run(); r.State != models.ReconcileClean || r.Healed != 0 || len(r.Differences) != 0 || len(r.Days) == 0 {
		t.Errorf("%+v", r)
	}
	payments, err := p.told.Store.Payments(ctx, p.told.Tenant, store.PaymentFilter{}, storetest.FirstPage())
	if err != nil {
		t.Fatal(err)
	}
	key := payments[len(payments)-1].Key
	if _, err := p.told.Store.DB().Exec(`UPDATE payments SET gross = gross + 1 WHERE company_id = $1 AND key = $2`, p.told.Company, key); err != nil {
		t.Fatal(err)
	}
	r := run()
	if r.Healed != 1 || r.Open != 0 || len(r.Differences) != 1 || !strings.Contains(r.Differences[0].Why, "another amount") {
		t.Errorf("another amount: %+v", r)
	}
	mine := sale()
	mine.PaidAt = p.now().Add(-3 * time.Hour)
	body := mine.Charge(storetest.Old)
	if _, err := p.told.Inbox.Fetched(ctx, p.told.Tenant, p.told.Program, []models.Event{event(body)}); err != nil {
		t.Fatal(err)
	}
	p.settle(t, p.told)
	r = run()
	if r.State != models.ReconcileDiffers || r.Open != 1 || len(r.Differences) != 1 || r.Differences[0].Object != "pi_77" || r.Differences[0].Theirs != nil {
		t.Errorf("only here: %+v", r)
	}
}

// MONEY.md 3.4, B11: Stripe busy, broken, silent about a right: the run waits and says why; the next one is whole.
func TestAComparisonThatStripeCutsOffSaysSo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 4, false)
	want := p.told.books(t)
	p.pass(40 * 24 * time.Hour)
	for _, path := range []string{"/v1/events", "/v1/invoices", "/v1/charges", "/v1/refunds"} {
		p.stripe.Fail(sandbox.Fault{Path: path, Status: http.StatusTooManyRequests, Times: 4})
		if err := p.untold.ReconcileOne(ctx, connectionOf(p.untold)); !errors.Is(err, models.ErrLater) {
			t.Errorf("%s: %v", path, err)
		}
		if r := compared(t, p.untold); r.State != models.ReconcileWaits || r.Waits == nil || !strings.Contains(*r.Waits, "429") {
			t.Errorf("%s: %s, %v", path, r.State, *r.Waits)
		}
		p.pass(time.Minute)
	}
	save(t, p.untold.Integrations, p.untold.Caller, integrations.Change{APIKey: ptr(someKey)})
	var rights []string
	for _, r := range every {
		if r != "rak_charge_read" {
			rights = append(rights, r)
		}
	}
	p.stripe.Allow(someKey, rights)
	if err := p.untold.ReconcileOne(ctx, connectionOf(p.untold)); !errors.Is(err, models.ErrLater) {
		t.Error(err)
	}
	if r := compared(t, p.untold); r.Waits == nil || !strings.Contains(*r.Waits, "rak_charge_read") {
		t.Errorf("%+v", r)
	}
	p.stripe.Allow(someKey, every)
	p.pass(time.Minute)
	if err := p.untold.ReconcileOne(ctx, connectionOf(p.untold)); err != nil {
		t.Error(err)
	}
	if r := compared(t, p.untold); r.State != models.ReconcileClean {
		t.Errorf("%+v", r)
	}
	p.settle(t, p.untold)
	if got := p.untold.books(t); got != want {
		t.Errorf("healed:\n%s\ntold:\n%s", got, want)
	}
}

// Every list that a comparison asks for is one that Stripe's published API has.
func TestStripeMockAcceptsEveryCallOfAComparison(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	judge := storetest.StripeMock(t, "POST /v1/webhook_endpoints")
	s := storetest.Open(t)
	now := time.Now()
	one := shopOf(t, s, judge.URL, "https://one.example", "sk_test_1234567890", func() time.Time { return now })
	now = now.Add(5 * 24 * time.Hour)
	if err := one.ReconcileOne(ctx, connectionOf(one)); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/v1/invoices", "/v1/charges", "/v1/refunds", "/v1/disputes", "/v1/credit_notes"} {
		if judge.Last("GET "+path) != http.StatusOK {
			t.Errorf("%s: %d", path, judge.Last("GET "+path))
		}
	}
}

// sale is one that Stripe does not know.
func sale() storetest.Sold {
	return storetest.Sold{N: 77, Customer: "cus_77", Email: "dan@example.com", Gross: 10000, Currency: "usd", OneOff: true}
}

// event is a body as Stripe lists events.
func event(body []byte) models.Event { return sources.StripeEvent(body) }
