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

// tale is a list of acts: webhooks in any order, some twice, and drains and waits between them.
func (s *shop) tale(chance *rand.Rand, currencies ...string) (acts []func()) {
	one := func(of ...string) string { return of[chance.IntN(len(of))] }
	key := func() string { return one("PARTNER_A", "PARTNER_B", "PARTNER_C", "NOBODY") }
	shape := func() storetest.Shape { return []storetest.Shape{storetest.Old, storetest.New}[chance.IntN(2)] }
	tick := func() { s.at = s.at.Add(time.Millisecond) }
	var bodies [][]byte
	for n := 1; n <= 8; n++ {
		sold := storetest.Sold{N: n, Email: one("", "a@x", "b@x", " A@x ", "É@x", "é@x", "partner_a@partners.example"), Gross: 10000, Tax: 777, Currency: one(currencies...),
			PaidAt: storetest.Day.AddDate(0, 0, -40+chance.IntN(35)), OneOff: chance.IntN(3) == 0, Renewal: chance.IntN(3) == 0}
		if chance.IntN(6) == 0 {
			sold.Gross, sold.Tax = 0, 0 // a trial
		}
		if customer := chance.IntN(4); customer > 0 {
			sold.Customer = fmt.Sprintf("cus_%d", customer)
		}
		if chance.IntN(2) == 0 {
			sold.Partner = key()
		}
		clue(&sold, chance, one, key)
		bodies = append(bodies, s.sold(sold, chance, shape)...)
	}
	for k := 1; k <= 3; k++ { // what customers and subscriptions say of themselves
		at := storetest.Day.AddDate(0, 0, -40+chance.IntN(35))
		first, then := key(), one("", key())
		bodies = append(bodies, storetest.State(shape(), "customer.created", fmt.Sprintf("cus_%d", k), first, "", at),
			storetest.State(shape(), "customer.updated", fmt.Sprintf("cus_%d", k), then, first, at.AddDate(0, 0, chance.IntN(20))),
			storetest.State(shape(), "customer.subscription.updated", fmt.Sprintf("sub_%d", 1+chance.IntN(8)), then, first, at))
		s.has[fmt.Sprintf("customer cus_%d", k)] = fmt.Sprintf(`{"id": "cus_%d", "metadata": {"partner_key": %q}}`, k, then)
	}
	for _, code := range []string{"ann10", "BOB20"} {
		s.has["promotion_code promo_"+code] = string(storetest.PromotionCode(code))
		bodies = append(bodies, storetest.NewCase(shape(), 1).Event("promotion_code.created", -time.Hour, map[string]any{"id": "promo_" + code, "object": "promotion_code", "code": code}))
	}
	for n := range 3 {
		call := inbox.Transaction{Key: fmt.Sprintf("%s_%d", []string{"ch", "pi", "order"}[n], 1+chance.IntN(8)), Amount: "100", AmountUnits: one(currencies...),
			CustomerKey: fmt.Sprintf("cus_%d", 1+chance.IntN(3)), CreateCustomer: true, Partner: one("", "PARTNER_B")}
		acts = append(acts, s.draw, func() {
			tick()
			if _, _, err := s.Transact(context.Background(), s.caller, call); err != nil && !errors.Is(err, models.ErrConflict) {
				s.t.Error(err)
			}
		})
	}
	acts = append(acts, func() {
		if _, err := s.AddCustomer(context.Background(), s.caller.Tenant, "lead", inbox.CustomerChange{Email: ptr("b@x"), StripeID: ptr("cus_3"), Partner: ptr("PARTNER_A")}, "api", somebody); err != nil && !errors.Is(err, models.ErrConflict) {
			s.t.Error(err)
		}
	}, func() { s.wait(4 * time.Second) })
	bodies = append(bodies, []byte("hello"), []byte(`{"id":"evt_odd","type":"odd"}`))
	for _, body := range bodies {
		for range 1 + chance.IntN(2) {
			acts = append(acts, func() { tick(); s.post(body) })
		}
		if chance.IntN(4) == 0 {
			acts = append(acts, s.drain)
		}
	}
	chance.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	return append(acts, s.drain, func() { s.wait(time.Minute) }, func() { s.wait(2 * time.Minute) }, func() { s.wait(time.Hour) })
}

// clue lets a sale name a partner in some other way, or be one that a program's settings decide about.
func clue(sold *storetest.Sold, chance *rand.Rand, one func(...string) string, key func() string) {
	switch chance.IntN(8) {
	case 0, 1:
		sold.Code, sold.Discount = one("ann10", "BOB20", "CARL5"), 100
	case 2, 3:
		sold.Named = map[string]string{one("charge", "payment_intent", "invoice", "subscription", "customer"): key()}
	case 4:
		sold.Reference = key()
	case 5:
		sold.Click = "clk_1"
	case 6:
		sold.OneOff, sold.Shipping = true, sold.Gross/5
	case 7:
		sold.OneOff, sold.Invoiced, sold.Outside = false, true, true
	}
}

// sold are the events of a sale, and Stripe shows it from then on.
func (s *shop) sold(sold storetest.Sold, chance *rand.Rand, any func() storetest.Shape) [][]byte {
	shape, n := any(), sold.N
	for kind, id := range map[string]string{"payment_intent": "pi", "session": "cs", "discounts": "in", "invoice": "in"} {
		s.has[fmt.Sprintf("%s %s_%d", kind, id, n)] = string(sold.Shown(kind))
	}
	if sold.Outside {
		return [][]byte{sold.Invoice(shape)}
	}
	bodies := [][]byte{sold.Charge(shape)}
	if !sold.OneOff {
		s.invoices[fmt.Sprintf("pi_%d", n)] = fmt.Sprintf("in_%d", n)
		bodies = append(bodies, sold.Invoice(shape))
	}
	if !sold.Renewal {
		bodies = append(bodies, sold.Session(shape))
	}
	switch chance.IntN(4) {
	case 0:
		bodies = append(bodies, sold.Refund(shape, 2500), sold.Refund(shape, 10000))
	case 1:
		bodies = append(bodies, afterwards(storetest.Sold{N: n, Gross: sold.Gross, Currency: sold.Currency, PaidAt: sold.PaidAt})...)
	}
	return bodies
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
			n, failed := tx.TakeInvoiceNumbers(ctx, t, 2026, 1)
			i := models.Invoice{Tenant: t, ID: models.NewID[models.InvoiceID](h.Now()), Number: fmt.Sprint(n), Partner: o.Partner, Currency: o.Currency, TotalMinor: o.Total,
				Status: models.InReview, Until: storetest.Day, DrawnAt: h.Now()}
			err = errors.Join(err, failed, tx.LockBucket(ctx, t), tx.AddInvoices(ctx, t, []models.Invoice{i}, storetest.Day), tx.Book(ctx, t, ledger.Stamp(t, ledger.Drawn(i))))
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
	for seed := range uint64(number(t, "PORTAL_TALES", 8)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			currencies := s.arrange(seed)
			told := map[string][]string{}
			for _, way := range inbox.Ways {
				if _, err := s.Store.DB().Exec(`TRUNCATE events, actions, facts, customers, payments, transfers, balances, invoices, invoice_numbers CASCADE`); err != nil {
					t.Fatal(err)
				}
				s.Carry(way)
				s.at = storetest.Day
				clear(s.has)
				for _, act := range s.tale(rand.New(rand.NewPCG(seed, 7)), currencies...) {
					act()
				}
				told[way] = strings.Split(s.everything(), "\n")
			}
			for _, way := range inbox.Ways[1:] {
				sameRows(t, told[inbox.Ways[0]], told[way], way)
			}
		})
	}
}

// arrange sets up a program in one of many ways, and gives the currencies of its sales.
func (s *shop) arrange(seed uint64) []string {
	s.t.Helper()
	ctx := context.Background()
	storetest.Partner(s.t, s.Store, s.caller.Tenant, "PARTNER_B", "usd")
	storetest.Partner(s.t, s.Store, s.caller.Tenant, "PARTNER_C", "eur")
	s.code("ann10", "PARTNER_B")
	s.code("promo_BOB20", "PARTNER_A")
	s.code("co_CARL5", "PARTNER_C")
	clicked := models.Click{Tenant: s.caller.Tenant, ID: "clk_1", Partner: s.partner.ID, At: storetest.Day.AddDate(0, 0, -30)}
	if err := s.Clicked(ctx, clicked); err != nil {
		s.t.Fatal(err)
	}
	s.with(func(p *models.Program) {
		p.CouponBeatsLink, p.CountShipping, p.CountOutOfBand = seed%4 == 1, seed%2 == 0, seed%4 < 2
		if p.SelfReferral = "flag"; seed%3 == 0 {
			p.SelfReferral = "refuse"
		}
	})
	if seed%4 == 0 {
		s.model("transaction")
	}
	switch seed % 3 {
	case 1:
		s.rule(percent("sales", "2", "25", "3", "30"))
	case 2:
		s.rule(percent("revenue", "150", "25", "400", "33.3333"))
	}
	if seed%2 == 0 {
		s.Show = nil
	}
	if seed%5 > 1 {
		return []string{"usd"}
	}
	s.Rates = &rates.Rates{Store: s.Store, Now: s.Now}
	for from, to := range map[models.Currency]models.Currency{"eur": "usd", "usd": "eur"} { // some find a rate, and some wait
		rate := models.Rate{From: from, To: to, Value: "1.1", Source: models.RateByHand, Date: storetest.Day.Truncate(24*time.Hour).AddDate(0, 0, -20)}
		if err := s.Rates.Enter(ctx, s.Store, s.caller.Company, somebody, rate); err != nil {
			s.t.Fatal(err)
		}
	}
	return []string{"usd", "eur", "eur", "jpy"}
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
