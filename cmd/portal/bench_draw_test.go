package main

import (
	"context"
	"runtime"
	"testing"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// BenchmarkDrawUp draws up 10,000 invoices from 1,000,000 commissions, as a run's job does (issue 5). The books are proved after.
func BenchmarkDrawUp(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		h := newRulesHouse(b)
		h.in.Ask = func(context.Context, models.Tenant, models.ProgramID, models.SourceName, models.Question) (sources.Answer, error) {
			return sources.Answer{}, models.ErrLater
		}
		s := h.seller()
		now := time.Now().UTC()
		for _, body := range life(1, now.AddDate(0, 0, -60))[:2] {
			if err := h.in.Accept(ctx, s.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, now), body); err != nil {
				b.Fatal(err)
			}
		}
		if err := h.in.Drain(ctx); err != nil {
			b.Fatal(err)
		}
		out := h.wire(time.Now).house.Payouts
		storetest.Owing(b, h.store, s.Caller, s.partner, 10_000, 100)
		memory := heapWhile(func() {
			began := time.Now()
			r, err := out.BeginRun(ctx, s.Tenant, now, 0, models.Actor{Name: "Portal"})
			if err == nil {
				err = out.CarryRun(ctx, s.Tenant, r.ID)
			}
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(began).Seconds(), "s")
		})
		b.ReportMetric(memory, "MB-heap")
		b.ReportMetric(float64(h.count(`SELECT count(*) FROM invoices WHERE status = 'review'`)), "invoices")
		storetest.CheckBooks(b, h.store)
	}
}

// heapWhile is the most that lies on the heap while something is done, in megabytes.
func heapWhile(do func()) float64 {
	most, stop, ended := uint64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	<-ended
	return float64(most) / (1 << 20)
}
