package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// BenchmarkSyncCustomers measures how 100,000 customers are brought from the sandbox at 25 reads a second, while events of
// sales come in (F5, F32): under five minutes, with no more memory than a tenth of them, and no event waits for long.
func BenchmarkSyncCustomers(b *testing.B) {
	small := syncCustomers(b, 10_000)
	for b.Loop() {
		long := syncCustomers(b, 100_000)
		b.ReportMetric(long.took.Seconds(), "s-in-all")
		b.ReportMetric(long.again.Seconds(), "s-again")
		b.ReportMetric(float64(long.wait.Milliseconds()), "ms-longest-event")
		b.ReportMetric(long.heap, "MB-heap")
		b.ReportMetric(small.heap, "MB-heap-of-10k")
		if long.took > 5*time.Minute {
			b.Errorf("100,000 customers took %s", long.took)
		}
		if long.heap > small.heap+16 {
			b.Errorf("100,000 customers took %.1f MB, 10,000 took %.1f MB", long.heap, small.heap)
		}
		if long.wait > 2*time.Second {
			b.Errorf("an event waited %s", long.wait)
		}
	}
}

type syncTook struct {
	took, again, wait time.Duration
	heap              float64 // beyond what there was before, at its height, in megabytes
}

func syncCustomers(b *testing.B, customers int) (took syncTook) {
	ctx := context.Background()
	stripe, err := sandbox.Open(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = stripe.Close() }()
	const key = "sk_test_benchmark_0000001"
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{key}})
	if err := stripe.Fill("acct_shop", customers); err != nil {
		b.Fatal(err)
	}
	api := httptest.NewServer(stripe.API())
	defer api.Close()
	s := storetest.Open(b)
	c := storetest.Company(b, s)
	log := slog.New(slog.DiscardHandler)
	in := &integrations.Integrations{Store: s, StripeBase: api.URL, PublicURL: "https://portal.example", Now: time.Now, Log: log, Pace: integrations.Pace{Test: 25, Live: 100}}
	in.Inbox = &inbox.Inbox{Store: s, Now: time.Now, Log: log, Ask: in.Ask}
	api2, secret := key, storetest.Secret
	if _, err := in.Save(ctx, c, models.SourceStripe, integrations.Change{APIKey: &api2, WebhookSecret: &secret}, models.Actor{}); err != nil {
		b.Fatal(err)
	}
	run := func() time.Duration {
		if err := in.StartCustomers(ctx, c, models.Actor{Name: "bench"}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := in.SyncCustomers(ctx, c.Tenant, c.Program); err != nil {
			b.Fatal(err)
		}
		if y, err := s.Sync(ctx, c.Tenant, c.Program, models.SyncOfCustomers); err != nil || y.State != models.SyncDone || y.Seen != customers {
			b.Fatalf("brought %+v, %v", y, err)
		}
		return time.Since(began)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		took.wait, took.heap = besides(ctx, b, in.Inbox, c, done)
	}()
	took.took = run()
	close(done)
	<-ended
	took.again = run()
	return took
}

// besides lets an event come and be carried every half second, and gives the longest that one took, and the height of the heap.
func besides(ctx context.Context, b *testing.B, in *inbox.Inbox, c models.Caller, done chan struct{}) (longest time.Duration, heap float64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	for n := 1; ; n++ {
		select {
		case <-done:
			return longest, heap
		case <-time.After(500 * time.Millisecond):
		}
		body := storetest.Sold{N: n, Customer: "cus_live", Email: "live@example.com", Gross: 1000, Currency: "usd", PaidAt: time.Now()}.Invoice(storetest.Old)
		began := time.Now()
		if err := in.Accept(ctx, c.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, time.Now()), body); err != nil {
			b.Error(err)
		}
		if err := in.Drain(ctx); err != nil {
			b.Error(err)
		}
		longest = max(longest, time.Since(began))
		runtime.GC()
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > before {
			heap = max(heap, float64(m.HeapAlloc-before)/(1<<20))
		}
	}
}
