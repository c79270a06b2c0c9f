package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"portal/inbox"
	"portal/jobs"
	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The work that nobody asks for is done: a webhook is carried within a second of its coming, a hold that has ended is
// ended at the start, and a payment without an outcome is looked at.
func TestTheWorkIsDoneByItself(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t)
	s := storetest.OpenAt(t, address)
	c := storetest.Company(t, s)
	partner := storetest.Partner(t, s, c.Tenant, "PARTNER_A", "usd")
	log := slog.New(slog.DiscardHandler)
	day := storetest.Day
	in := &inbox.Inbox{Store: s, Now: func() time.Time { return day }, Log: log}
	out := &payouts.Payouts{Store: s, Now: func() time.Time { return day.AddDate(0, 0, 40) }, Log: log}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	work := &jobs.Jobs{Store: s, Inbox: in, Payouts: out, Log: log, DirectURL: address}
	held := storetest.Sold{N: 1, Customer: "cus_1", Email: "a@example.com", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: day}
	post := func(body []byte) {
		t.Helper()
		if err := in.Accept(ctx, c.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, day), body); err != nil {
			t.Fatal(err)
		}
	}
	post(held.Session(storetest.Old))
	post(held.Invoice(storetest.Old))
	if err := in.Drain(ctx); err != nil { // held by the inbox's clock, which stands forty days before the payouts'
		t.Fatal(err)
	}
	go func() { ended <- work.Run(ctx) }()
	until(t, "the hold ends", 20*time.Second, func() bool {
		b, err := s.BalancesOf(ctx, c.Tenant, partner.ID)
		return err == nil && len(b) == 1 && b[0].Due.Minor == 2000 && b[0].Held.Minor == 0
	})
	quickest := time.Hour // of three: the machine may be busy with other tests
	for n := 2; n <= 4; n++ {
		next := held
		next.N, next.Partner, next.Renewal = n, "", true
		began := time.Now()
		post(next.Invoice(storetest.Old))
		until(t, "a webhook is carried", 20*time.Second, func() bool {
			list, err := s.Commissions(ctx, c.Tenant, nil, nil, store.Page{Limit: 10})
			return err == nil && len(list) == n
		})
		quickest = min(quickest, time.Since(began))
	}
	if quickest > time.Second {
		t.Errorf("a webhook is carried after %s", quickest)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func until(t *testing.T, what string, within time.Duration, done func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, within)
		}
	}
}
