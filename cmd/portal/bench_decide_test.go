package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"portal/inbox"
	"portal/localdb"
	"portal/models"
	"portal/store/storetest"
)

// rulesHouse is an open database on disk, as serve and work have it, with nobody at work yet.
type rulesHouse struct {
	testing.TB
	*base
	*cluster
	in *inbox.Inbox
}

func newRulesHouse(b *testing.B) *rulesHouse {
	b.Helper()
	p := newPlaceIn(b, b.TempDir())
	c := defaults()
	c.Database.DataDir = p.dir
	opened, err := open(context.Background(), c, localdb.Start)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.close() })
	h := &rulesHouse{TB: b, base: opened, cluster: beside(p), in: opened.wire(time.Now).house.Inbox}
	h.in.Log = slog.New(slog.DiscardHandler)
	return h
}

// seller is one company with a program and a partner.
type seller struct {
	models.Caller
	partner models.Partner
}

func (h *rulesHouse) seller() seller {
	c := storetest.Company(h.TB, h.store)
	return seller{c, storetest.Partner(h.TB, h.store, c.Tenant, "PARTNER_A", "usd")}
}

// life is all that is told of one customer: a session and an invoice that begin a subscription, seven renewals, a refund.
func life(customer int, began time.Time) [][]byte {
	sold := storetest.Sold{N: customer * 10, Customer: fmt.Sprintf("cus_%d", customer), Email: fmt.Sprintf("customer%d@shop.example", customer),
		Partner: "PARTNER_A", Gross: 12000, Tax: 2000, Currency: "usd", PaidAt: began}
	bodies := [][]byte{sold.Session(storetest.Old), sold.Invoice(storetest.Old)}
	sold.Partner, sold.Renewal = "", true
	for range 7 {
		sold.N, sold.PaidAt = sold.N+1, sold.PaidAt.Add(time.Hour)
		bodies = append(bodies, sold.Invoice(storetest.Old))
	}
	return append(bodies, sold.Refund(storetest.Old, 6000))
}

// keep keeps n events of a seller as if they had come by webhook: the lives of many customers, told side by side.
func (h *rulesHouse) keep(s seller, n int) {
	h.TB.Helper()
	chance := rand.New(rand.NewPCG(1, 2))
	began := time.Now().Add(-90 * 24 * time.Hour).Truncate(time.Second)
	var lives [][][]byte
	var events []models.Event
	for made, customer := 0, 0; made < n; made++ {
		for len(lives) < 100 {
			customer++
			lives = append(lives, life(customer, began.Add(time.Duration(customer)*time.Second)))
		}
		at := chance.IntN(len(lives))
		now := time.Now().UTC()
		events = append(events, models.Event{Tenant: s.Tenant, ID: models.NewID[models.EventID](now), Bucket: s.Bucket(), Program: s.Program, Source: models.SourceStripe,
			ProviderID: fmt.Sprintf("evt_%d", made), Type: "event", Body: lives[at][0], ReceivedAt: now, Status: models.EventPending})
		if lives[at] = lives[at][1:]; len(lives[at]) == 0 {
			lives[at] = lives[len(lives)-1]
			lives = lives[:len(lives)-1]
		}
		if len(events) == 100 || made == n-1 {
			if err := h.store.KeepEvents(context.Background(), events); err != nil {
				h.TB.Fatal(err)
			}
			events = nil
		}
	}
}

// decide carries all that is kept and gives how many events a second went from claimed to booked.
func (h *rulesHouse) decide() float64 {
	h.TB.Helper()
	h.exec(`VACUUM ANALYZE`)
	pending := h.count(`SELECT count(*) FROM events WHERE status = 'pending'`)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	began := time.Now()
	go func() { h.in.Work(ctx, nil); close(ended) }()
	for left := pending; left > 0; time.Sleep(10 * time.Millisecond) {
		left = h.count(`SELECT count(*) FROM (SELECT 1 FROM events WHERE status = 'pending' LIMIT 1) AS one`)
	}
	took := time.Since(began)
	stop()
	<-ended
	if failed := h.count(`SELECT count(*) FROM events WHERE status <> 'done'`); failed > 0 {
		h.TB.Errorf("%d events were not carried", failed)
	}
	return float64(pending) / took.Seconds()
}

func (h *rulesHouse) count(query string) (n int) {
	h.TB.Helper()
	if err := h.store.DB().QueryRow(query).Scan(&n); err != nil {
		h.TB.Fatal(err)
	}
	return n
}

// withKept fills what a company that sold so much before has in its tables.
func (h *rulesHouse) withKept(s seller, n int) {
	h.TB.Helper()
	storetest.Million(h.TB, h.store, s.Caller, s.partner, n)
	for _, statement := range []string{
		`INSERT INTO payment_aliases (company_id, mode, alias, payment_id) SELECT company_id, mode, a || substr(key, 4), id FROM payments, unnest(ARRAY['in_', 'pi_', 'ch_']) a`,
		`INSERT INTO tellings (company_id, mode, payment_id, object, told_at, body) SELECT company_id, mode, id, key, paid_at, '{"Object": "kept"}' FROM payments`,
	} {
		h.exec(`SET session_replication_role = replica; ` + statement)
	}
}

// BenchmarkDecide measures kept events through the rules, claimed to booked: on one program, on a hundred, and on one
// that has a million payments already; each as a share of pgbench's own TPC-B on the same cluster, before and after.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name                   string
		programs, each, before int
	}{{"one program", 1, 20_000, 0}, {"100 programs", 100, 200, 0}, {"one program with 10,000 payments", 1, 20_000, 10_000}, {"one program with 1,000,000 payments", 1, 20_000, 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				h := newRulesHouse(b)
				h.exec(`CREATE DATABASE tpcb`)
				h.run("-i", "-s", "10", "-q", h.named("tpcb"))
				for range c.programs {
					s := h.seller()
					if c.before > 0 {
						h.withKept(s, c.before)
					}
					h.keep(s, c.each)
				}
				first := h.tps("tpcb", 8, pgbenchFor)
				perSecond := h.decide()
				tps := (first + h.tps("tpcb", 8, pgbenchFor)) / 2
				b.ReportMetric(perSecond, "events/s")
				b.ReportMetric(tps, "tpcb-tps")
				b.ReportMetric(perSecond/tps, "of-tpcb")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}
