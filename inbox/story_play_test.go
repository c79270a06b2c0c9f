package inbox_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/rates"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

// stage is a database on which stories are played, each time for a company of its own that hears of the same ids.
type stage struct {
	live, proof *store.Store // proof reads what a play left, by a way that is never cut
	wire        *storetest.Wire
	address     string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	address := storetest.URL(t)
	st := &stage{proof: storetest.OpenAt(t, address), address: address}
	st.live, st.wire = storetest.Wired(t, address)
	if _, err := st.proof.KeepQuotes(context.Background(), quotes(), storetest.Day.AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	return st
}

// quotes are rates for every day of the stories, each day another; none for the Kuwaiti dinar.
func quotes() []models.Quote {
	var all []models.Quote
	for n := range 80 {
		day := storetest.Day.Truncate(24*time.Hour).AddDate(0, 0, -n)
		for currency, value := range map[models.Currency]string{models.Euro: "1", "usd": fmt.Sprintf("1.0%02d7", n), "jpy": fmt.Sprintf("1%02d.31", n)} {
			all = append(all, models.Quote{Day: day, Source: models.RateECB, Currency: currency, PerEuro: value})
		}
	}
	return all
}

// performance is one telling of a story: its events in some order, some of them again, with crashes and a Stripe that is silent
// at times. All of it follows from the seed.
type performance struct {
	*stage
	*inbox.Inbox
	t        testing.TB
	seed     string
	wild     bool // not in Stripe's own order, and not without accident
	caller   models.Caller
	partners map[string]models.Partner
	keys     map[string]string
	sold     map[string]chapter // by the ids of charge, intent, invoice and session: what Stripe answers from
	clock    time.Time
	mu       sync.Mutex
	asked    map[string]int
	crashes  int
	quiet    bool // no more accidents
	log      []string
}

// chance is a number from 0 to n-1 that follows from the seed and the names, whatever else happens in the play.
func (p *performance) chance(n uint64, names ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, p.seed, names)
	x := h.Sum64() // the last bits of this hash know too little of the first names
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x % n
}

// outcome is how a play went, and the state in which it ended.
type outcome struct {
	end string
	log []string
}

// perform plays a story. The error tells what should not have happened on the way.
func perform(t testing.TB, st *stage, s story, n int) (outcome, error) {
	p := &performance{stage: st, t: t, seed: fmt.Sprint(s.seed, "/", n), wild: n > 0, clock: storetest.Day, asked: map[string]int{}, keys: s.keys, sold: map[string]chapter{}, partners: map[string]models.Partner{}}
	p.fresh()
	for _, c := range s.chapters {
		for _, prefix := range []string{"ch", "pi", "in", "cs"} {
			p.sold[fmt.Sprintf("%s_%d", prefix, c.N)] = c
		}
	}
	for _, step := range []func(story) error{p.begin, p.middle, p.late} {
		if err := step(s); err != nil {
			return outcome{log: p.log}, err
		}
	}
	state, err := p.state()
	return outcome{state, p.log}, err
}

// fresh is a process that starts anew.
func (p *performance) fresh() {
	now := func() time.Time { return p.clock }
	p.Inbox = &inbox.Inbox{Store: p.live, Now: now, Log: slog.New(slog.DiscardHandler), Ask: p.answer, Show: p.show, Rates: &rates.Rates{Store: p.live, Now: now}}
	p.Counted()
	if p.Carry(inbox.Ways[0]); p.wild {
		p.Carry(inbox.Ways[p.chance(uint64(len(inbox.Ways)), "way")])
	}
}

// begin keeps the company, and does what people did at their own time before any event.
func (p *performance) begin(s story) error {
	long := storetest.Day.AddDate(-2, 0, 0)
	company := models.Company{ID: models.NewID[models.CompanyID](p.clock), Name: "story " + p.seed, Currency: "usd"}
	set := s.program
	set.Company, set.ID, set.Name, set.Currency, set.CookieDays = company.ID, models.NewID[models.ProgramID](p.clock), "Partners", "usd", 30
	p.caller = models.Caller{Tenant: models.Tenant{Company: company.ID, Mode: models.Test}, Program: set.ID, KeyName: "test key"}
	with := store.Integration{Tenant: p.caller.Tenant, Program: set.ID, Source: models.SourceStripe, Status: "connected", WebhookSecret: storetest.Secret}
	if s.asks {
		with.APIKey = "rk_test_1"
	}
	err := p.live.InTx(context.Background(), func(tx *store.Store) error {
		ctx := context.Background()
		return errors.Join(tx.AddCompany(ctx, company, long), tx.AddProgram(ctx, set, long), tx.SaveProgram(ctx, set, long), tx.SaveIntegration(ctx, with, long))
	})
	if err != nil {
		return err
	}
	for _, a := range s.before {
		if err := p.act(a); err != nil {
			return err
		}
	}
	p.log = nil
	return nil
}

// act does something at its own time of the clock, again after each crash.
func (p *performance) act(a act) error {
	err := p.survive(a.name, func() error {
		now := p.clock
		defer func() { p.clock = now }()
		if !a.when.IsZero() {
			p.clock = a.when
		}
		return a.do(p)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}

// middle lets the events come, in Stripe's order or in another, some of them again, and carries them now and then.
func (p *performance) middle(s story) error {
	acts := slices.DeleteFunc(slices.Clone(s.acts), func(a act) bool { return a.late })
	if p.wild {
		for _, a := range acts {
			if a.again != nil && p.chance(3, a.name, "again") == 0 {
				acts = append(acts, *a.again)
			}
		}
		slices.SortStableFunc(acts, func(a, b act) int {
			return cmp.Compare(p.chance(1<<60, a.name, "order"), p.chance(1<<60, b.name, "order"))
		})
		p.arm()
	}
	told.plays.Add(1)
	told.acts.Add(int64(len(acts)))
	often := []uint64{1, 2, 6}[p.chance(3, "often")]
	for _, a := range acts {
		p.clock = p.clock.Add(time.Millisecond) // so that ids stand in the order in which they were made
		if err := p.act(a); err != nil {
			return err
		}
		if p.chance(often, a.name, "drain") == 0 {
			if err := p.drain(); err != nil {
				return err
			}
		}
		if p.chance(5*often, a.name, "holds") == 0 {
			if err := p.holds(); err != nil {
				return err
			}
		}
	}
	return p.settled()
}

// late does what comes after all else, and ends the day: what waited for a rate is priced, what is due is due, and
// nothing may have failed.
func (p *performance) late(s story) error {
	ctx := context.Background()
	p.quiet = true
	p.arm()
	for _, a := range s.acts {
		if a.late {
			if err := p.act(a); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(p.settled(), p.TurnWaiting(ctx), p.holds()); err != nil {
		return err
	}
	failed, err := p.proof.Events(ctx, p.caller.Tenant, models.EventFailed, storetest.FirstPage())
	for _, e := range failed {
		err = errors.Join(err, fmt.Errorf("%s failed: %s", e.ProviderID, *e.Because))
	}
	return err
}

// settled drains until nothing waits: what a silent Stripe was asked is asked again an hour later.
func (p *performance) settled() error {
	for range 20 {
		if err := p.drain(); err != nil {
			return err
		}
		pending, err := p.proof.Events(context.Background(), p.caller.Tenant, models.EventPending, storetest.FirstPage())
		if err != nil || len(pending) == 0 {
			return err
		}
		p.clock, p.quiet = p.clock.Add(time.Hour), true
	}
	return errors.New("events wait for ever")
}

func (p *performance) drain() error {
	return p.survive("drain", func() error { return p.Drain(context.Background()) })
}

// holds ends the holds whose day has come, as is done every minute.
func (p *performance) holds() error {
	job := &payouts.Payouts{Store: p.live, Now: p.Now, Log: p.Log}
	return p.survive("end holds", func() error { return job.EndHolds(context.Background()) })
}

// survive does something, again after each crash, in a process that starts anew.
func (p *performance) survive(what string, do func() error) error {
	for {
		p.log = append(p.log, what)
		err := do()
		if !p.wire.Mend() {
			return err
		}
		p.log = append(p.log, "crash")
		p.crashes++
		told.crashes.Add(1)
		p.fresh()
		p.arm()
	}
}

// arm lets the next crash come, at a statement that the seed names: four times at most.
func (p *performance) arm() {
	p.wire.CutAt(0, false)
	if !p.quiet && p.crashes < 4 && p.chance(4, "crash", p.crashes) > 0 {
		p.wire.CutAt(1+int(p.chance(150, "statement", p.crashes)), p.chance(2, "heard", p.crashes) == 0)
	}
}

// answer is Stripe: it says whose invoice, or which session, stands behind a charge, or nothing just now.
func (p *performance) answer(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, q models.Question) (sources.Answer, error) {
	id := cmp.Or(q.Charge, q.Intent)
	if err := p.silence(id); err != nil {
		return sources.Answer{}, err
	}
	s, known := p.sold[id]
	a := sources.Answer{Intent: fmt.Sprintf("pi_%d", s.N)}
	switch {
	case !known:
		return a, fmt.Errorf("nobody sold %s", id)
	case s.Legacy:
		a.Intent = ""
	case !s.OneOff:
		a.Invoice = fmt.Sprintf("in_%d", s.N)
	case !s.bare:
		a.Session = s.SessionObject()
	}
	return a, nil
}

// show is Stripe too: it shows things as they are in the end, for all events come after that.
func (p *performance) show(_ context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, wants []models.Want) (sources.Answer, error) {
	a := sources.Answer{Aside: true, Shown: map[string]sources.Shown{}}
	for _, w := range wants {
		if err := p.silence(w.String()); err != nil {
			return a, err
		}
		shown := sources.Shown{At: p.clock, Object: json.RawMessage("null")}
		s, known := p.sold[w.ID]
		switch code, _ := strings.CutPrefix(w.ID, "promo_"); {
		case w.Kind == "promotion_code":
			shown.Object = storetest.PromotionCode(code)
		case known:
			shown.Object = s.Shown(w.Kind)
		case w.Kind == "customer" || w.Kind == "subscription":
			shown.Object = json.RawMessage(`{"id": "` + w.ID + `", "metadata": {"partner_key": "` + p.keys[w.ID] + `"}}`)
		}
		a.Shown[w.String()] = shown
	}
	return a, nil
}

// silence is Stripe's when it does not answer, or that of a process which ends between the question and the answer.
func (p *performance) silence(about string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[about]++
	told.asked.Add(1)
	if p.wild && !p.quiet {
		switch p.chance(12, "answer", about, p.asked[about]) {
		case 0:
			p.wire.Cut()
			return errors.New("the process has ended")
		case 1, 2:
			return models.Refuse(models.ErrLater, "Stripe did not answer. Portal will ask again.")
		}
	}
	return nil
}

// state is what the hash of the books covers, in words, and beside it the customers, the links and the reasons.
func (p *performance) state() (string, error) {
	ctx := context.Background()
	var b strings.Builder
	err := p.proof.Snapshot(ctx, func(tx *store.Store) error {
		return tx.Digested(ctx, p.caller.Tenant, func(line string) { b.WriteString(line + "\n") })
	})
	if err != nil {
		return "", err
	}
	more, err := besides(p.proof, p.caller.Tenant)
	return b.String() + more, err
}

// besides tells what the hash of the books leaves out.
func besides(s *store.Store, t models.Tenant) (string, error) {
	var b strings.Builder
	for _, query := range beside {
		rows, err := s.DB().Query(query, t.Company, t.Mode)
		if err != nil {
			return "", err
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return "", err
			}
			b.WriteString(line + "\n")
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// beside is what the hash leaves out and must be alike all the same. A customer is told by the payments that are
// theirs: the key that one goes by is what was heard of them first. What found nobody may differ: it depends on
// whether Stripe had to be asked.
var beside = []string{
	`SELECT concat_ws(' ', 'customer', coalesce(c.stripe_customer_id, '-'), c.composite, (SELECT string_agg(p.key, ' ' ORDER BY p.key) FROM payments p
			WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = c.id AND p.counted))
		FROM customers c WHERE c.company_id = $1 AND c.mode = $2 AND EXISTS (SELECT 1 FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = c.id AND p.counted) ORDER BY 1`,
	`SELECT concat_ws(' ', 'why', p.key, jsonb_path_query_array(p.steps, '$[*] ? (@.verdict != "skipped" && @.verdict != "no_match")')) FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.counted ORDER BY 1`,
	`SELECT concat_ws(' ', 'why', p.key, r.key, c.rate, c.steps) FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
		WHERE c.company_id = $1 AND c.mode = $2 AND (c.earned <> 0 OR c.share <> 0) ORDER BY 1`,
	`SELECT concat_ws(' ', 'link', min(p.key), r.key, l.linked_at, l.origin, l.payment_key)
		FROM links l JOIN partners r ON r.company_id = l.company_id AND r.mode = l.mode AND r.id = l.partner_id
		JOIN payments p ON p.company_id = l.company_id AND p.mode = l.mode AND p.customer_id = l.customer_id AND p.counted
		WHERE l.company_id = $1 AND l.mode = $2 GROUP BY l.customer_id, r.key, l.linked_at, l.origin, l.payment_key ORDER BY 1`,
}
