package payouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

// play is one schedule: a company, its partners, its Stripe, and a process that may die.
type play struct {
	*stage
	*payouts.Payouts
	t        models.Tenant
	test     *testing.T
	ctx      context.Context
	chance   *rand.Rand
	caller   models.Caller
	inbox    *inbox.Inbox
	stripe   *sandbox.Sandbox
	api      string
	desk     *client.API // somebody in Stripe's dashboard
	who      models.Actor
	partners []models.Partner
	disputes []string
	sales    int
	quiet    bool
	log      []string

	mu   sync.Mutex
	at   time.Time // the clock, which Stripe's own senders read too
	mail [][]byte  // events that Stripe has to tell
	had  [][]byte  // events that were told
}

func newPlay(t *testing.T, st *stage, seed uint64) *play {
	t.Helper()
	p := &play{stage: st, test: t, ctx: context.Background(), chance: source(seed), at: storetest.Day, who: models.Actor{Name: "fin@example.com"}, quiet: true}
	p.caller = storetest.Company(t, st.proof)
	p.t = p.caller.Tenant
	p.stripe = openSandbox(t, p.now)
	api := httptest.NewServer(p.stripe.API())
	t.Cleanup(api.Close)
	p.api = api.URL
	p.desk = client.New("sk_test_platform_key", &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &p.api, LeveledLogger: &stripe.LeveledLogger{}})})
	p.stripe.DeliverBy(func(_ string, _ http.Header, body []byte) int {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.mail = append(p.mail, body)
		return 200
	})
	p.fresh()
	return p
}

// now is the clock.
func (p *play) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *play) later(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = p.at.Add(by)
}

// unheard counts the events that Stripe has to tell.
func (p *play) unheard() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mail)
}

// fresh is a process that starts anew.
func (p *play) fresh() {
	log := slog.New(slog.DiscardHandler)
	now := p.now
	bank := &mortal{Bank: payouts.NewStripe("sk_test_platform_key", p.api), play: p}
	p.Payouts = &payouts.Payouts{Store: p.live, Bank: bank, Mode: models.Test, Now: now, Log: log, FeePercent: "2.9"}
	p.inbox = &inbox.Inbox{Store: p.live, Now: now, Log: log, Ask: nobody}
}

var errDead = errors.New("the process has ended")

// mortal is a bank whose process may end before a call, and after it.
type mortal struct {
	payouts.Bank
	play *play
	dead bool
}

func (m *mortal) dies() bool {
	if !m.dead && !m.play.quiet && m.play.chance.IntN(14) == 0 {
		m.dead = true
		m.play.wire.Cut()
	}
	return m.dead
}

func lives[T any](m *mortal, call func() (T, error)) (T, error) {
	var none T
	if m.dies() {
		return none, errDead
	}
	v, err := call()
	if m.dies() {
		return none, errDead
	}
	return v, err
}

type said struct{ id, because string }

func pair(id, because string, err error) (said, error) { return said{id, because}, err }

func (m *mortal) Charge(ctx context.Context, o payouts.Order) (payouts.Outcome, error) {
	return lives(m, func() (payouts.Outcome, error) { return m.Bank.Charge(ctx, o) })
}

func (m *mortal) Find(ctx context.Context, o payouts.Order) (out payouts.Outcome, found bool, err error) {
	out, err = lives(m, func() (payouts.Outcome, error) { out, found, err = m.Bank.Find(ctx, o); return out, err })
	return out, found, err
}

func (m *mortal) Confirm(ctx context.Context, o payouts.Order, back string) (payouts.Outcome, error) {
	return lives(m, func() (payouts.Outcome, error) { return m.Bank.Confirm(ctx, o, back) })
}

func (m *mortal) Cancel(ctx context.Context, o payouts.Order) (payouts.Outcome, error) {
	return lives(m, func() (payouts.Outcome, error) { return m.Bank.Cancel(ctx, o) })
}

func (m *mortal) Send(ctx context.Context, a models.Attempt) (string, string, error) {
	s, err := lives(m, func() (said, error) { return pair(m.Bank.Send(ctx, a)) })
	return s.id, s.because, err
}

func (m *mortal) Reverse(ctx context.Context, a models.Attempt, r models.Return, late bool) (string, string, error) {
	s, err := lives(m, func() (said, error) { return pair(m.Bank.Reverse(ctx, a, r, late)) })
	return s.id, s.because, err
}

func (m *mortal) Refund(ctx context.Context, a models.Attempt, r models.Return, both, late bool) (string, string, error) {
	s, err := lives(m, func() (said, error) { return pair(m.Bank.Refund(ctx, a, r, both, late)) })
	return s.id, s.because, err
}

func (m *mortal) Standing(ctx context.Context, a models.Attempt) (payouts.Standing, error) {
	return lives(m, func() (payouts.Standing, error) { return m.Bank.Standing(ctx, a) })
}

// survive does something that may end with the process; then another process goes on.
func (p *play) survive(what string, do func() error) {
	err := do()
	p.note(what, err)
	if p.wire.Mend() {
		told.crashes.Add(1)
		p.note("crash", nil)
		p.fresh()
	}
	p.gather()
}

func (p *play) note(what string, err error) {
	if err != nil {
		what += ": " + err.Error()
	}
	p.log = append(p.log, p.now().Format("02 15:04 ")+what)
}

// arm lets the process end at a statement, and Stripe fail, now and then.
func (p *play) arm() {
	p.quiet = false
	p.wire.CutAt(0, false)
	if p.chance.IntN(4) == 0 {
		p.wire.CutAt(1+p.chance.IntN(60), p.chance.IntN(2) == 0)
	}
	if p.chance.IntN(4) == 0 {
		path := []string{"/v1/payment_intents", "/v1/transfers", "/v1/refunds", "/v1/transfers/*/reversals", "/v1/payment_intents/*/confirm", "/v1/payment_intents/*/cancel"}[p.chance.IntN(6)]
		p.stripe.Fail(sandbox.Fault{Method: "POST", Path: path, Status: 500, After: p.chance.IntN(2) == 0, Times: 1 + p.chance.IntN(2)})
	}
}

func (p *play) calm() {
	p.quiet = true
	p.wire.CutAt(0, false)
	for range 20 { // what was arranged and did not come
		for _, path := range []string{"/v1/payment_intents", "/v1/transfers", "/v1/refunds", "/v1/transfers/x/reversals", "/v1/payment_intents/x/confirm", "/v1/payment_intents/x/cancel"} {
			r, err := http.NewRequest(http.MethodPost, p.api+path, strings.NewReader(""))
			if err != nil {
				p.test.Fatal(err)
			}
			r.SetBasicAuth("sk_test_platform_key", "")
			if answer, err := http.DefaultClient.Do(r); err == nil {
				_ = answer.Body.Close()
			}
		}
	}
}

// prepare makes partners in three currencies with money due; the platform settles in two of them.
func (p *play) prepare() error {
	if _, err := p.desk.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("https://portal.example/v1/stripe/webhook"),
		EnabledEvents: stripe.StringSlice([]string{"*"})}); err != nil {
		return err
	}
	if _, err := p.SaveCard(p.ctx, p.t, "pm_card_visa"); err != nil {
		return err
	}
	for n, currency := range []models.Currency{"usd", "usd", "usd", "eur", "eur"}[:2+p.chance.IntN(4)] {
		partner := storetest.Partner(p.test, p.proof, p.t, fmt.Sprintf("PARTNER_%d", n), currency)
		partner.Country = new("US")
		partner, err := p.ConnectPartner(p.ctx, partner)
		if err != nil {
			return err
		}
		p.partners = append(p.partners, partner)
		p.allow(partner)
		if err := p.owe(partner); err != nil {
			return err
		}
	}
	return p.draw()
}

func (p *play) allow(partner models.Partner) {
	if err := p.stripe.Onboard(*partner.StripeAccount, sandbox.Complete); err != nil {
		p.test.Fatal(err)
	}
}

// owe makes money due to a partner: a sale long ago, and a bonus.
func (p *play) owe(partner models.Partner) error {
	p.sales++
	if partner.Currency == "usd" {
		s := storetest.Sold{N: p.sales, Customer: "cus_" + partner.Key, Partner: partner.Key, Gross: int64(3000 + p.chance.IntN(20000)), Currency: "usd",
			Email: strings.ToLower(partner.Key) + "@example.com", PaidAt: p.now().AddDate(0, 0, -40)}
		for _, body := range [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old)} {
			if err := p.inbox.Accept(p.ctx, p.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, p.now()), body); err != nil {
				return err
			}
		}
		if err := p.inbox.Drain(p.ctx); err != nil {
			return err
		}
	}
	_, err := p.inbox.Adjust(p.ctx, models.Adjustment{Tenant: p.t, ID: models.NewID[models.AdjustmentID](p.now()), Partner: partner.ID, Program: &p.caller.Program,
		Minor: int64(100 + p.chance.IntN(9000)), Currency: partner.Currency, Reason: "bonus"}, p.who)
	return err
}

// draw draws up what is due, and approves it.
func (p *play) draw() error {
	list, err := p.DrawUp(p.ctx, p.t, p.now(), 0, p.who)
	for _, i := range list {
		_, bad := p.Approve(p.ctx, p.t, i.ID, p.who)
		err = errors.Join(err, bad)
	}
	return err
}

// gather takes what Stripe has to tell out of the sandbox.
func (p *play) gather() {
	end, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	if err := p.stripe.Flush(end); err != nil {
		p.test.Fatal(err)
	}
}

// hear lets so many of the events come, the latest first at times.
func (p *play) hear(n int) {
	p.gather()
	for range n {
		p.mu.Lock()
		if len(p.mail) == 0 {
			p.mu.Unlock()
			return
		}
		k := p.chance.IntN(len(p.mail))
		body := p.mail[k]
		p.mail = append(p.mail[:k:k], p.mail[k+1:]...)
		p.had = append(p.had, body)
		p.mu.Unlock()
		if err := p.tell(body); err != nil { // not kept: Stripe sends it again
			p.mu.Lock()
			p.mail = append(p.mail, body)
			p.mu.Unlock()
			return
		}
	}
}

func (p *play) tell(body []byte) error {
	return p.inbox.AcceptPlatform(p.ctx, "whsec_platform", storetest.Signed("whsec_platform", body, p.now()), body)
}

// jobs works what is queued; what fails stays queued.
func (p *play) jobs() error {
	rows, err := p.proof.DB().Query(`SELECT id, kind, args FROM river_job WHERE kind IN ('pay_invoice', 'carry_pay_run', 'platform_news') ORDER BY id LIMIT 500`)
	if err != nil {
		return err
	}
	type job struct {
		id   int64
		kind string
		args []byte
	}
	var list []job
	for rows.Next() {
		var j job
		if err := rows.Scan(&j.id, &j.kind, &j.args); err != nil {
			return err
		}
		list = append(list, j)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	var failed error
	for _, j := range list {
		if err := p.job(j.kind, j.args); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if _, err := p.proof.DB().Exec(`DELETE FROM river_job WHERE id = $1`, j.id); err != nil {
			return err
		}
	}
	return failed
}

func (p *play) job(kind string, args []byte) error {
	switch kind {
	case "pay_invoice":
		var j models.PayInvoice
		if err := json.Unmarshal(args, &j); err != nil {
			return err
		}
		return p.Carry(p.ctx, models.Tenant{Company: j.Company, Mode: j.Mode}, j.Attempt)
	case "carry_pay_run":
		var j models.CarryPayRun
		if err := json.Unmarshal(args, &j); err != nil {
			return err
		}
		return p.CarryPayRun(p.ctx, models.Tenant{Company: j.Company, Mode: j.Mode}, j.Run)
	}
	var j models.PlatformNews
	if err := json.Unmarshal(args, &j); err != nil || j.Object == "payout" {
		return err
	}
	return p.Heard(p.ctx, j.Object, j.ID)
}

func (p *play) waiting() (n int) {
	if err := p.proof.DB().QueryRow(`SELECT count(*) FROM river_job WHERE kind IN ('pay_invoice', 'carry_pay_run', 'platform_news')`).Scan(&n); err != nil {
		p.test.Fatal(err)
	}
	return n
}

func (p *play) invoices() []models.Invoice {
	list, err := p.proof.Invoices(p.ctx, p.t, nil, "", storetest.FirstPage())
	if err != nil {
		p.test.Fatal(err)
	}
	return list
}

func (p *play) attempts() (all []models.Attempt) {
	for _, i := range p.invoices() {
		list, err := p.proof.AttemptsOf(p.ctx, p.t, i.ID)
		if err != nil {
			p.test.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

func (p *play) charges() (all []models.Charge) {
	runs, err := p.proof.PayRuns(p.ctx, p.t, 1000)
	for _, r := range runs {
		list, bad := p.proof.ChargesOf(p.ctx, p.t, r.ID)
		all, err = append(all, list...), errors.Join(err, bad)
	}
	if err != nil {
		p.test.Fatal(err)
	}
	return all
}

// open lists the attempts that are not at their end.
func (p *play) open() (list []models.Attempt) {
	for _, a := range p.attempts() {
		if a.Status == models.AttemptLive || a.Status == models.AttemptAsks || a.Status == models.AttemptCharged {
			list = append(list, a)
		}
	}
	return list
}

// destination is where a transfer went.
func (p *play) destination(transfer string) string {
	for _, m := range p.stripe.Moves("acct_platform") {
		if m.ID == transfer {
			return m.To
		}
	}
	return ""
}
