package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/ledger"
	"portal/models"
	"portal/rates"
	"portal/store"
	"portal/store/storetest"
)

// tables are all that carrying events writes, each row told without the ids and digests that differ from run to run.
var tables = []string{
	`SELECT to_jsonb(t) - 'id' FROM customers t`,
	`SELECT to_jsonb(t) - 'id' FROM payments t`,
	`SELECT to_jsonb(t) FROM payment_aliases t`,
	`SELECT to_jsonb(t) FROM tellings t`,
	`SELECT to_jsonb(t) FROM reversals t`,
	`SELECT to_jsonb(t) FROM links t`,
	`SELECT to_jsonb(t) FROM facts t`,
	`SELECT to_jsonb(t) - 'id' FROM commissions t`,
	`SELECT to_jsonb(t) FROM commission_entries t`,
	`SELECT to_jsonb(t) - 'id' FROM invoices t`,
	`SELECT to_jsonb(t) - 'digest' FROM transfers t`,
	`SELECT to_jsonb(t) FROM balances t`,
	`SELECT to_jsonb(t) - 'id' - 'turn' || jsonb_build_object('turn', CASE WHEN turn IS NOT NULL THEN row_number() OVER (ORDER BY turn) END) FROM events t`,
}

// everything tells all rows, each id by the name of what it is of.
func (h *house) everything() string {
	h.t.Helper()
	list := func(query string) (rows [][2]string) {
		found, err := h.Store.DB().Query(query)
		if err != nil {
			h.t.Fatal(err)
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			var row [2]string
			if err := found.Scan(&row[0], &row[1]); err != nil {
				h.t.Fatal(err)
			}
			rows = append(rows, row)
		}
		return rows
	}
	var names []string
	for _, row := range list(`SELECT id, 'payment ' || (SELECT string_agg(alias, ' ' ORDER BY alias) FROM payment_aliases WHERE payment_id = id) FROM payments WHERE merged_into IS NULL
		UNION ALL SELECT id, 'merged ' || key FROM payments WHERE merged_into IS NOT NULL
		UNION ALL SELECT id, 'customer ' || key FROM customers
		UNION ALL SELECT id, 'invoice ' || number FROM invoices
		UNION ALL SELECT c.id, 'commission ' || p.key || ' ' || r.key FROM commissions c JOIN payments p ON p.id = c.payment_id JOIN partners r ON r.id = c.partner_id`) {
		names = append(names, row[0], row[1], strings.ReplaceAll(row[0], "-", ""), row[1])
	}
	told := strings.NewReplacer(names...)
	var b strings.Builder
	for _, table := range tables {
		lines := list(`SELECT '', row::text FROM (` + table + `) AS t (row) ORDER BY 2`)
		all := make([]string, 0, len(lines))
		for _, line := range lines {
			all = append(all, told.Replace(line[1]))
		}
		slices.Sort(all)
		b.WriteString(table + "\n" + strings.Join(all, "\n") + "\n")
	}
	return b.String()
}

// tale is a list of acts: webhooks in any order, some twice, and drains between them.
func (h *house) tale(chance *rand.Rand, currency models.Currency, tick func()) (acts []func()) {
	var bodies [][]byte
	emails := []string{"", "a@x", "b@x", " A@x "}
	for n := 1; n <= 8; n++ {
		s := storetest.Sold{N: n, Email: emails[chance.IntN(4)], Gross: 10000, Tax: 777, Currency: string(currency),
			PaidAt: storetest.Day.AddDate(0, 0, -40+chance.IntN(35)), OneOff: chance.IntN(3) == 0, Renewal: chance.IntN(3) == 0}
		if chance.IntN(6) == 0 {
			s.Gross, s.Tax = 0, 0 // a trial
		}
		if customer := chance.IntN(4); customer > 0 {
			s.Customer = fmt.Sprintf("cus_%d", customer)
		}
		if chance.IntN(2) == 0 {
			s.Partner = []string{"PARTNER_A", "PARTNER_B", "NOBODY"}[chance.IntN(3)]
		}
		shape := []storetest.Shape{storetest.Old, storetest.New}[chance.IntN(2)]
		bodies = append(bodies, s.Charge(shape))
		if !s.OneOff {
			h.invoices[fmt.Sprintf("pi_%d", n)] = fmt.Sprintf("in_%d", n)
			bodies = append(bodies, s.Invoice(shape))
		}
		if !s.Renewal {
			bodies = append(bodies, s.Session(shape))
		}
		switch chance.IntN(4) {
		case 0:
			bodies = append(bodies, s.Refund(shape, 2500), s.Refund(shape, 10000))
		case 1:
			bodies = append(bodies, afterwards(storetest.Sold{N: n, Gross: s.Gross, Currency: s.Currency, PaidAt: s.PaidAt})...)
		}
	}
	for n := range 3 {
		call := inbox.Transaction{Key: fmt.Sprintf("%s_%d", []string{"ch", "pi", "order"}[n], 1+chance.IntN(8)), Amount: "100.00", AmountUnits: string(currency),
			CustomerKey: fmt.Sprintf("cus_%d", 1+chance.IntN(3)), CreateCustomer: true, Partner: []string{"", "PARTNER_B"}[chance.IntN(2)]}
		acts = append(acts, h.draw, func() {
			tick()
			if _, _, err := h.Transact(context.Background(), h.caller, call); err != nil && !errors.Is(err, models.ErrConflict) {
				h.t.Error(err)
			}
		})
	}
	acts = append(acts, func() {
		if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "lead", inbox.CustomerChange{Email: ptr("b@x"), StripeID: ptr("cus_3"), Partner: ptr("PARTNER_A")}, "api", somebody); err != nil && !errors.Is(err, models.ErrConflict) {
			h.t.Error(err)
		}
	})
	bodies = append(bodies, []byte("hello"), []byte(`{"id":"evt_odd","type":"odd"}`))
	for _, body := range bodies {
		for range 1 + chance.IntN(2) {
			acts = append(acts, func() { tick(); h.post(body) })
		}
		if chance.IntN(4) == 0 {
			acts = append(acts, h.drain)
		}
	}
	chance.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	return append(acts, h.drain, h.drain)
}

// draw draws up an invoice of what is due to each partner, unless a hold is to be ended first.
func (h *house) draw() {
	if h.count(`SELECT count(*) FROM commissions WHERE NOT matured AND NOT disputed AND payable_on <= '2026-11-20'`) > 0 {
		return
	}
	ctx, t := context.Background(), h.caller.Tenant
	err := h.Store.InTx(ctx, func(tx *store.Store) error {
		owed, err := tx.OwedUntil(ctx, t, storetest.Day)
		for _, o := range owed {
			n, failed := tx.NextInvoiceNumber(ctx, t, 2026)
			i := models.Invoice{Tenant: t, ID: models.NewID[models.InvoiceID](h.Now()), Number: fmt.Sprint(n), Partner: o.Partner, Currency: o.Currency, TotalMinor: o.Total,
				Status: models.InReview, Until: storetest.Day, DrawnAt: h.Now()}
			err = errors.Join(err, failed, tx.LockBucket(ctx, t), tx.AddInvoice(ctx, i), tx.Gather(ctx, i, storetest.Day), tx.Book(ctx, t, ledger.Stamp(t, ledger.Drawn(i))))
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
}

// What a batch remembers is what the database would have told: in whatever way events are carried, any tale ends in the same rows.
func TestABatchEndsAsItsEventsDoOneByOne(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
			if seed%4 == 0 {
				h.model("transaction")
			}
			now := storetest.Day
			h.Now = func() time.Time { return now }
			currency := models.Currency("usd")
			if seed%5 == 0 {
				currency = "eur" // some find a rate, and some wait
				h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
				if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody,
					models.Rate{From: "eur", To: "usd", Value: "1.1", Source: models.RateByHand, Date: storetest.Day.Truncate(24*time.Hour).AddDate(0, 0, -20)}); err != nil {
					t.Fatal(err)
				}
			}
			told := map[string][]string{}
			for _, way := range inbox.Ways {
				if _, err := h.Store.DB().Exec(`TRUNCATE events, actions, facts, customers, payments, transfers, balances, invoices, invoice_numbers CASCADE`); err != nil {
					t.Fatal(err)
				}
				h.Carry(way)
				now = storetest.Day
				for _, act := range h.tale(rand.New(rand.NewPCG(seed, 7)), currency, func() { now = now.Add(time.Millisecond) }) {
					act()
				}
				told[way] = strings.Split(h.everything(), "\n")
			}
			for _, way := range inbox.Ways[1:] {
				sameRows(t, told[inbox.Ways[0]], told[way], way)
			}
		})
	}
}

func sameRows(t *testing.T, want, got []string, way string) {
	t.Helper()
	for n := range min(len(want), len(got)) {
		if at := apart(want[n], got[n]); at >= 0 {
			t.Errorf("one by one, %s: %q\n%s\n%s\n%s", way, want[n][max(0, at-40):min(at+60, len(want[n]))], want[n], way, got[n])
			return
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d rows one by one, %d %s", len(want), len(got), way)
	}
}

// apart is where two texts begin to differ; -1 when they do not.
func apart(a, b string) int {
	for n := range min(len(a), len(b)) {
		if a[n] != b[n] {
			return n
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return min(len(a), len(b))
}
