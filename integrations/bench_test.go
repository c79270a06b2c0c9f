package integrations_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// Issue 4: a day of 10,000 payments is compared in under 10 seconds beside Stripe's own time, and needs no more memory
// than a day of few.
func BenchmarkReconcile(b *testing.B) {
	const payments = 10_000
	ctx := context.Background()
	begins := storetest.Day.AddDate(0, 0, -3)
	var passed, asked atomic.Int64
	now := func() time.Time { return begins.Add(time.Duration(passed.Load())) }
	stripe, err := sandbox.Open(sandbox.Options{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stripe.Close() })
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{shopKey}})
	served := stripe.API()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := time.Now()
		served.ServeHTTP(w, r)
		asked.Add(int64(time.Since(from)))
	}))
	b.Cleanup(api.Close)
	s := storetest.OpenUnproved(b)
	one := newShop(b, s, api.URL, "https://one.example", now)
	stripe.DeliverBy(func(string, http.Header, []byte) int { return http.StatusOK }) // and lost: they are fetched
	for n := range payments {
		passed.Add(int64(8 * time.Second))
		order := sandbox.Order{Email: fmt.Sprintf("c%d@example.com", n), Amount: 5000 + int64(n), Partner: "PARTNER_A", Told: sandbox.ByMetadata, At: now()}
		if _, err := stripe.Sell("acct_shop", order); err != nil {
			b.Fatal(err)
		}
	}
	passed.Add(int64(2 * time.Hour))
	if err := s.SaveHealed(ctx, connectionOf(one), now(), now(), 0); err != nil { // as if Stripe's events were gone: the lists bring all
		b.Fatal(err)
	}
	if err := one.ReconcileOne(ctx, connectionOf(one)); err != nil {
		b.Fatal(err)
	}
	for range 3 { // what would like to be shown more waits a little
		passed.Add(int64(time.Minute))
		if err := one.Inbox.Drain(ctx); err != nil {
			b.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		asked.Store(0)
		from := time.Now()
		if err := one.ReconcileOne(ctx, connectionOf(one)); err != nil {
			b.Fatal(err)
		}
		took := time.Since(from)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric((took - time.Duration(asked.Load())).Seconds(), "s/ours")
		b.ReportMetric(time.Duration(asked.Load()).Seconds(), "s/stripe")
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MB/kept")
		passed.Add(int64(time.Minute))
	}
	r := compared(b, one)
	counted := 0
	for _, d := range r.Days {
		counted += d.Ours.Count
	}
	if r.State != models.ReconcileClean || counted != payments {
		b.Fatalf("%s, %d payments counted, %d healed", r.State, counted, r.Healed)
	}
}
