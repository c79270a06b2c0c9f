package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// BenchmarkLinkFile measures a file of links (B4): read and checked, then linked, then uploaded and checked again. A
// hundred thousand rows take less than a minute in all, and no more memory than a tenth of them.
func BenchmarkLinkFile(b *testing.B) {
	small := linkFile(b, 10_000)
	for b.Loop() {
		long := linkFile(b, 100_000)
		b.ReportMetric(long.checked.Seconds(), "check-s")
		b.ReportMetric(long.linked.Seconds(), "link-s")
		b.ReportMetric(long.again.Seconds(), "again-s")
		b.ReportMetric(long.heap, "MB-heap")
		b.ReportMetric(small.heap, "MB-heap-of-10k")
		if all := long.checked + long.linked + long.again; all > time.Minute {
			b.Errorf("100,000 rows took %s", all)
		}
		if long.heap > small.heap+16 {
			b.Errorf("100,000 rows took %.1f MB, 10,000 took %.1f MB", long.heap, small.heap)
		}
	}
}

type linkFileTook struct {
	checked, linked, again time.Duration
	heap                   float64 // at its height, in megabytes
}

// linkFile lets a file link as many customers as it has rows: by key, by Stripe's id and by address, a third each.
func linkFile(b *testing.B, rows int) (took linkFileTook) {
	ctx := context.Background()
	s := storetest.Open(b)
	c := storetest.Company(b, s)
	storetest.Partner(b, s, c.Tenant, "NORA", "usd")
	if _, err := s.DB().Exec(`INSERT INTO customers (company_id, mode, id, key, email, stripe_customer_id, created_at)
		SELECT $1, $2, gen_random_uuid(), 'key-' || n, 'c' || n || '@shop' || n % 1000 || '.example', 'cus_' || n, now() FROM generate_series(1, $3::int) n`,
		c.Company, c.Mode, rows); err != nil {
		b.Fatal(err)
	}
	in := &inbox.Inbox{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	height, end := watchHeap()
	step := func(do func() error) time.Duration {
		began := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	var f models.LinkFile
	check := func() (err error) {
		up := inbox.Upload{Name: "links.csv", File: writtenLinks(rows), Replaces: func() (bool, error) { return false, nil }}
		if f, err = in.KeepLinkFile(ctx, c.Tenant, up, models.Actor{Name: "bench"}); err != nil {
			return err
		}
		return in.CarryLinkFile(ctx, c.Tenant, f.ID)
	}
	took.checked = step(check)
	took.linked = step(func() error {
		if err := in.CommitLinkFile(ctx, c.Tenant, f.ID, models.Actor{Name: "bench"}); err != nil {
			return err
		}
		return in.CarryLinkFile(ctx, c.Tenant, f.ID)
	})
	counted(b, s, f, models.Linked, rows)
	took.again = step(check)
	counted(b, s, f, models.Already, rows)
	end()
	took.heap = float64(height.Load()) / (1 << 20)
	return took
}

func counted(b *testing.B, s *store.Store, f models.LinkFile, verdict models.Verdict, want int) {
	b.Helper()
	f, err := s.LinkFile(context.Background(), f.Tenant, f.ID)
	if err != nil || f.Counts[verdict] != want {
		b.Fatalf("%v, %v: not %d rows are %s", f.Counts, err, want, verdict)
	}
}

// writtenLinks is such a file, written as it is read.
func writtenLinks(rows int) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		fmt.Fprintln(out, "\ufeffcustomer;partner")
		for n := 1; n <= rows; n++ {
			fmt.Fprintf(out, []string{"key-%d;NORA\r\n", "cus_%d;NORA\r\n", "c%d@shop%d.example;NORA\r\n"}[n%3], []any{n, n % 1000}[:1+n%3/2]...)
		}
		_ = w.CloseWithError(out.Flush())
	}()
	return r
}

// watchHeap keeps the height of the heap until it is told to end.
func watchHeap() (height *atomic.Uint64, end func()) {
	height, done, ended := &atomic.Uint64{}, make(chan struct{}), make(chan struct{})
	runtime.GC()
	go func() {
		defer close(ended)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			height.Store(max(height.Load(), m.HeapAlloc))
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return height, func() { close(done); <-ended }
}
