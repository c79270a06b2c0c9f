package payouts_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

const (
	schedules = 50 // are played, unless PORTAL_SCHEDULES says otherwise
	inARow    = 10 // of them one after the other
)

// told sums up what all schedules were.
var told struct{ steps, crashes, charges, transfers atomic.Int64 }

// Nothing twice (MONEY.md 4.4-4.7, 0.11, F106, F109, P3, P21-P28, P43, B16): invoices are paid alone and in runs, marked as paid,
// confirmed, given up, refunded and disputed; Portal is killed at any step, before and after each call and each statement; Stripe
// times out, answers 500 after doing the work, and tells of things early, late, twice or not at all. When all has settled, Stripe's
// ledger and ours agree to the cent, each invoice was paid exactly once or honestly not, and the books prove.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	if seed := number(t, "PORTAL_SCHEDULE", 0); seed > 0 {
		playSchedule(t, uint64(seed), true)
		return
	}
	count := number(t, "PORTAL_SCHEDULES", schedules)
	t.Cleanup(func() {
		t.Logf("schedules: %d with %d steps, %d crashes, %d charges and %d transfers", count, told.steps.Load(), told.crashes.Load(), told.charges.Load(), told.transfers.Load())
	})
	for first := 1; first <= count; first += inARow {
		last := min(first+inARow-1, count)
		t.Run(fmt.Sprintf("%d to %d", first, last), func(t *testing.T) {
			t.Parallel()
			for seed := first; seed <= last; seed++ {
				playSchedule(t, uint64(seed), false)
			}
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// stage is the database of one schedule.
type stage struct {
	live, proof *store.Store // proof reads by a way that is never cut
	wire        *storetest.Wire
}

func newStage(t *testing.T) *stage {
	t.Helper()
	address := storetest.URL(t)
	st := &stage{proof: storetest.OpenAt(t, address)}
	st.live, st.wire = storetest.Wired(t, address)
	return st
}

func playSchedule(t *testing.T, seed uint64, aloud bool) {
	t.Helper()
	p := newPlay(t, newStage(t), seed)
	err := p.run()
	if wrong := p.check(); wrong != "" || err != nil || aloud {
		t.Logf("schedule %d:\n%s\n%s", seed, strings.Join(p.log, "\n"), p.tale())
		if wrong != "" || err != nil {
			t.Errorf("PORTAL_SCHEDULE=%d go test ./payouts -run TestNothingTwice\n%v\n%s", seed, err, wrong)
		}
	}
	storetest.CheckBooks(t, p.proof)
}

// run draws acts and does them, then lets all settle.
func (p *play) run() error {
	if err := p.prepare(); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	for range 10 + p.chance.IntN(25) {
		told.steps.Add(1)
		a := acts[p.chance.IntN(len(acts))]
		p.arm()
		p.survive(a.name, func() error { return a.do(p) })
	}
	return p.settled()
}

// settled lets Stripe be well and nobody die, and waits until nothing is open: a rest is decided by people.
func (p *play) settled() error {
	p.calm()
	for _, partner := range p.partners {
		p.allow(partner)
	}
	var err error
	for range 60 {
		p.judge()
		p.later(61 * time.Minute)
		p.hear(p.unheard())
		err = errors.Join(p.jobs(), p.CarryAll(p.ctx))
		open := p.open()
		if len(open) == 0 && p.unheard() == 0 && p.waiting() == 0 {
			return err
		}
		for _, a := range open {
			p.decide(a)
		}
	}
	return fmt.Errorf("does not settle: %w", errors.Join(errors.New("it goes on"), err))
}

// judge decides every dispute that is open.
func (p *play) judge() {
	for list := p.desk.Disputes.List(&stripe.DisputeListParams{}); list.Next(); {
		_ = p.stripe.MoveDispute("acct_platform", list.Dispute().ID, []string{"won", "lost"}[p.chance.IntN(2)], p.now()) // one that is decided stays so
	}
}

// decide is a person who ends what only a person can.
func (p *play) decide(a models.Attempt) {
	switch {
	case a.Status == models.AttemptAsks && p.chance.IntN(3) == 0:
		p.note("give up", p.GiveUp(p.ctx, p.t, a.Invoice, p.who))
	case a.Status == models.AttemptAsks:
		p.confirm(a)
	case a.Status == models.AttemptCharged && a.Refunded == 0 && p.chance.IntN(2) == 0:
		_, err := p.SendAgain(p.ctx, p.t, a.Invoice, p.who)
		p.note("send again", err)
	case a.Status == models.AttemptCharged:
		_, err := p.GiveBack(p.ctx, p.t, a.Invoice, "it cannot be delivered", p.who)
		p.note("give back", err)
	}
}

// check compares Stripe's own ledger with ours.
func (p *play) check() string {
	var wrong strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&wrong, format+"\n", args...) }
	arrived, taken := map[string]int64{}, map[string]int64{}
	of := map[string]int{}
	for _, m := range p.moves() {
		switch m.Kind {
		case "charge":
			told.charges.Add(1)
			taken[m.Currency] += m.Amount
			of[m.Metadata["attempt"]+m.Metadata["charge"]]++
		case "refund":
			taken[m.Currency] -= m.Amount
		case "transfer":
			told.transfers.Add(1)
			arrived[m.To+" "+m.Currency] += m.Amount
		case "transfer_reversal":
			arrived[p.destination(m.Of)+" "+m.Currency] -= m.Amount
		}
	}
	ours, booked := map[string]int64{}, map[string]int64{}
	for _, a := range p.attempts() {
		went := a.Status == models.AttemptSucceeded || a.Status == models.AttemptCharged || a.Status == models.AttemptReturned
		if went && a.Kind == "stripe" && a.Charge == nil {
			booked[string(a.Currency)] += a.Amount + a.Fee
		}
		if a.Kind == "stripe" {
			booked[string(a.Currency)] -= a.Refunded
			arrived[a.Account+" "+string(a.Currency)] -= feeOf(a) // of a destination charge, the platform keeps it
		}
		if n := of[a.ID.String()]; a.Charge == nil && n > 1 || a.Charge == nil && a.Kind == "stripe" && (n == 1) != went {
			say("%s is %s, and Stripe charged %d times", a.ID, a.Status, n)
		}
	}
	for _, c := range p.charges() {
		if c.Status == models.AttemptSucceeded {
			booked[string(c.Currency)] += c.Amount
		}
		if n := of[c.ID.String()]; n > 1 || (n == 1) != (c.Status == models.AttemptSucceeded) {
			say("%s is %s, and Stripe charged %d times", c.ID, c.Status, n)
		}
	}
	for _, partner := range p.partners {
		m, err := p.proof.Balance(p.ctx, p.t, models.PaidByStripe(partner.ID), partner.Currency)
		if err != nil {
			say("%v", err)
		}
		ours[*partner.StripeAccount+" "+string(partner.Currency)] += m.Minor
	}
	same(say, "arrived with partners", arrived, ours)
	same(say, "taken from the company's card", taken, booked)
	for _, i := range p.invoices() {
		if !slices.Contains([]models.InvoiceStatus{models.InReview, models.Approved, models.Paid, models.Failed, models.Refunded, models.Void}, i.Status) {
			say("%s ends as %s", i.Number, i.Status)
		}
	}
	return wrong.String()
}

// moves are Stripe's, each in the currency of what it is of: money that is sent again after a charge in another currency than the
// platform's goes in that of the platform.
func (p *play) moves() []sandbox.Move {
	all, sent := p.stripe.Moves("acct_platform"), map[string]models.Attempt{}
	for _, a := range p.attempts() {
		sent[a.ID.String()] = a
	}
	whole := map[string]sandbox.Move{}
	for n, m := range all {
		if a, ours := sent[m.Metadata["attempt"]]; m.Kind == "transfer" && ours && m.Currency != string(a.Currency) {
			whole[m.ID] = m
			all[n].Amount, all[n].Currency = a.Amount, string(a.Currency)
		}
		if of, converted := whole[m.Of]; m.Kind == "transfer_reversal" && converted {
			a := sent[of.Metadata["attempt"]]
			all[n].Amount, all[n].Currency = a.Amount*m.Amount/of.Amount, string(a.Currency)
		}
	}
	return all
}

// feeOf is what the platform keeps of a transfer that a charge made by itself.
func feeOf(a models.Attempt) int64 {
	if a.Charge == nil && (a.Status == models.AttemptSucceeded || a.Status == models.AttemptReturned || a.Status == models.AttemptCharged) {
		return a.Fee
	}
	return 0
}

func same(say func(string, ...any), what string, stripes, ours map[string]int64) {
	for _, key := range slices.Sorted(maps.Keys(stripes)) {
		if stripes[key] != ours[key] {
			say("%s, %s: Stripe %d, ours %d", what, key, stripes[key], ours[key])
		}
		delete(ours, key)
	}
	for key, minor := range ours {
		if minor != 0 {
			say("%s, %s: Stripe 0, ours %d", what, key, minor)
		}
	}
}

// source draws by a seed.
func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }

// tale is how a schedule ended: our payments, and what moved at Stripe.
func (p *play) tale() string {
	var b strings.Builder
	for _, i := range p.invoices() {
		because := ""
		if i.Because != nil {
			because = *i.Because
		}
		fmt.Fprintf(&b, "%s %s %s %s %s\n", i.Number, i.PartnerKey, i.Total(), i.Status, because)
	}
	for _, a := range p.attempts() {
		fmt.Fprintf(&b, "%s of %s: %s %s %d %s, fee %d, returned %d, refunded %d, disputed %q, deliveries %d\n", a.ID, a.Invoice, a.Kind, a.Status, a.Amount, a.Currency, a.Fee, a.Returned, a.Refunded, a.Disputed, a.Deliveries)
		returns, err := p.Store.ReturnsOf(p.ctx, p.t, a.ID)
		if err != nil {
			fmt.Fprintf(&b, "its returns: %v\n", err)
		}
		for _, r := range returns {
			because := ""
			if r.Because != nil {
				because = *r.Because
			}
			fmt.Fprintf(&b, "its %s of %d: %s %s\n", r.Kind, r.Minor, r.Status, because)
		}
	}
	for _, m := range p.stripe.Moves("acct_platform") {
		fmt.Fprintf(&b, "%s %s of %s to %s: %d %s for %s\n", m.Kind, m.ID, m.Of, m.To, m.Amount, m.Currency, m.Metadata["attempt"]+m.Metadata["charge"])
	}
	return b.String()
}
