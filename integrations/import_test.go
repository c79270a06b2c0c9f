package integrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store/storetest"
)

// past is a Stripe account with a month of trade behind it, told to one company as it happened and to another never.
type past struct {
	stripe       *sandbox.Sandbox
	told, untold shop
	begins       time.Time
	passed       atomic.Int64
	answered     atomic.Pointer[func(path string)] // is called when Stripe has answered, before the answer arrives
}

func (p *past) now() time.Time       { return p.begins.Add(time.Duration(p.passed.Load())) }
func (p *past) pass(d time.Duration) { p.passed.Add(int64(d)) }

// newPast plays the trade of some days. The second company connects on the last of them, or at once and hears nothing.
func newPast(t *testing.T, days int, late bool) *past {
	t.Helper()
	p := &past{begins: storetest.Day.AddDate(0, 0, -days-1)}
	var err error
	if p.stripe, err = sandbox.Open(sandbox.Options{Now: p.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.stripe.Close() })
	p.stripe.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{shopKey, someKey}, Rights: map[string][]string{someKey: every}})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.stripe.API().ServeHTTP(w, r)
		if f := p.answered.Load(); f != nil {
			(*f)(r.URL.Path)
		}
	}))
	t.Cleanup(api.Close)
	// An installation of its own for each: an account belongs to one company of an installation.
	p.told = longHold(t, newShop(t, storetest.Open(t), api.URL, "https://told.example", p.now))
	other := storetest.Open(t)
	if !late {
		p.untold = longHold(t, newShop(t, other, api.URL, "https://untold.example", p.now))
	}
	p.stripe.DeliverBy(func(url string, h http.Header, body []byte) int {
		if !strings.HasPrefix(url, "https://told.example/") {
			return http.StatusOK // and lost
		}
		if err := p.told.Inbox.Accept(context.Background(), p.told.Program, models.SourceStripe, h, body); err != nil {
			t.Errorf("accept: %v", err)
		}
		return http.StatusOK
	})
	p.pass(time.Hour)
	p.trade(t, days)
	if late {
		p.untold = longHold(t, newShop(t, other, api.URL, "https://untold.example", p.now))
	}
	p.pass(time.Hour)
	p.settle(t, p.told)
	return p
}

// longHold holds commissions so long that nothing hangs on the day on which a payment is heard of.
func longHold(t *testing.T, s shop) shop {
	t.Helper()
	if _, err := s.Store.DB().Exec(`UPDATE programs SET hold_days = 90`); err != nil {
		t.Fatal(err)
	}
	return s
}

// trade is some days of sales, renewals, refunds and a dispute.
func (p *past) trade(t *testing.T, days int) {
	t.Helper()
	ctx := context.Background()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var sub, trial, first sandbox.Sold
	for day := range days {
		p.pass(24 * time.Hour)
		now := p.now()
		order := sandbox.Order{Email: fmt.Sprintf("c%d@example.com", day%3), Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata, At: now}
		if day%3 == 2 {
			order.Partner, order.Told = "", ""
		}
		once, err := p.stripe.Sell("acct_shop", order)
		must(nil, err)
		switch day {
		case 0:
			first = once
			sub, err = p.stripe.Subscribe("acct_shop", order)
			must(nil, err)
		case 1:
			order.Email, order.Trial = "trial@example.com", 2
			trial, err = p.stripe.Subscribe("acct_shop", order)
			must(nil, err)
		case 2:
			must(p.stripe.Renew("acct_shop", sub.Subscription, now))
			must(p.stripe.Refund("acct_shop", once.Charge, 5000, now))
		case 3:
			must(p.stripe.Renew("acct_shop", trial.Subscription, now))
			must(p.stripe.Refund("acct_shop", first.Charge, 2500, now))
		case 4:
			must(p.stripe.Dispute("acct_shop", sandbox.Dispute{Of: once.Charge, At: now}))
		}
		must(nil, p.stripe.Flush(ctx))
	}
}

// settle carries all that a company has heard; what would like to be shown more waits a little.
func (p *past) settle(t *testing.T, s shop) {
	t.Helper()
	for range 3 {
		if err := s.Inbox.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		p.pass(time.Minute)
	}
}

// listed is an import that has listed all and waits for a person.
func (p *past) listed(t *testing.T, since time.Time) models.Import {
	t.Helper()
	ctx := context.Background()
	i, err := p.untold.BeginImport(ctx, p.untold.Caller, since, models.Actor{Name: "Ann"})
	if err == nil {
		err = p.untold.CarryImport(ctx, i.Tenant, i.ID)
	}
	if err == nil {
		i, err = p.untold.Store.Import(ctx, i.Tenant, i.ID)
	}
	if err != nil || i.State != models.ImportListed {
		t.Fatalf("%+v, %v", i, err)
	}
	return i
}

func (p *past) enter(t *testing.T, i models.Import, commissions bool) models.Import {
	t.Helper()
	ctx := context.Background()
	err := p.untold.EnterImport(ctx, i.Tenant, i.ID, commissions, models.Actor{Name: "Ann"})
	if err == nil {
		err = p.untold.CarryImport(ctx, i.Tenant, i.ID)
	}
	if err == nil {
		i, err = p.untold.Store.Import(ctx, i.Tenant, i.ID)
	}
	if err != nil || i.State != models.ImportDone {
		t.Fatalf("%+v, %v", i, err)
	}
	p.settle(t, p.untold)
	return i
}

// MONEY.md 3.4, B11: what was paid before the connection is brought in from Stripe's lists. Without commissions it earns
// nothing; with them, asked for later, the books are those of a company that was told of everything. The preview says so before.
func TestThePastIsBroughtInFromLists(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 6, true)
	want := p.told.books(t)
	i := p.listed(t, p.begins)
	if got := p.untold.books(t); got != "" {
		t.Fatalf("only listed, and there is\n%s", got)
	}
	counts := map[string]int{}
	for _, k := range i.Found.Kinds {
		counts[k.Kind] += k.Count
	}
	if fmt.Sprint(counts) != "map[charge:6 checkout.session:8 dispute:1 invoice:3 refund:2 zero_invoice:1]" || i.Found.Payments != 9 || i.Found.Customers != 3 || len(i.Found.Earned) != 1 {
		t.Errorf("found %+v, %v", i.Found, counts)
	}
	done := p.enter(t, i, false)
	if done.Fresh != done.Rows || done.Rows != 21 {
		t.Errorf("%d of %d objects said something new", done.Fresh, done.Rows)
	}
	if balances, err := p.untold.Store.BalancesOf(ctx, p.untold.Tenant, partnerOf(t, p.untold)); err != nil || len(balances) > 0 && balances[0].Held.Minor+balances[0].Due.Minor != 0 {
		t.Errorf("without commissions there is %+v, %v", balances, err)
	}
	again := p.enter(t, p.listed(t, p.begins), false)
	if again.Fresh != 0 || again.Rows != done.Rows {
		t.Errorf("the second time %d of %d objects said something new", again.Fresh, again.Rows)
	}
	earned := i.Found.Earned[0].Minor
	p.enter(t, p.listed(t, p.begins), true)
	if got := p.untold.books(t); got != want {
		t.Errorf("brought in:\n%s\ntold:\n%s", got, want)
	}
	balances, err := p.untold.Store.BalancesOf(ctx, p.untold.Tenant, partnerOf(t, p.untold))
	if err != nil || len(balances) != 1 || balances[0].Held.Minor+balances[0].Due.Minor != earned {
		t.Errorf("earned %+v, the preview said %d, %v", balances, earned, err)
	}
}

func partnerOf(t *testing.T, s shop) models.PartnerID {
	t.Helper()
	p, err := s.Store.PartnerByKey(context.Background(), s.Tenant, "PARTNER_A")
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// B11: an import may be paused, goes on where it was after each part that is cut off, and is cancelled; one at a time.
func TestAnImportIsPausedGoesOnAndIsCancelled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 4, true)
	ann := models.Actor{Name: "Ann"}
	i, err := p.untold.BeginImport(ctx, p.untold.Caller, p.begins, ann)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.untold.BeginImport(ctx, p.untold.Caller, p.begins, ann); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a second import: %v", err)
	}
	state := func() models.Import {
		t.Helper()
		now, err := p.untold.Store.Import(ctx, i.Tenant, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	if err := p.untold.PauseImport(ctx, i.Tenant, i.ID, ann); err != nil {
		t.Fatal(err)
	}
	if err := p.untold.CarryImport(ctx, i.Tenant, i.ID); err != nil || state().Step != 0 {
		t.Errorf("paused, it is at list %d, %v", state().Step, err)
	}
	if err := p.untold.ResumeImport(ctx, i.Tenant, i.ID, ann); err != nil {
		t.Fatal(err)
	}
	for at, path := range []string{"/v1/invoices", "/v1/charges", "/v1/checkout/sessions", "/v1/refunds", "/v1/disputes", "/v1/credit_notes"} {
		p.stripe.Fail(sandbox.Fault{Path: path, Status: []int{429, 500, 503, 500, 429, 502}[at], Times: 4})
		err := p.untold.CarryImport(ctx, i.Tenant, i.ID)
		if now := state(); !errors.Is(err, models.ErrLater) || now.Step != at || now.Waits == nil || !strings.Contains(*now.Waits, "Stripe") {
			t.Errorf("%s: at list %d, %v, %v", path, now.Step, now.Waits, err)
		}
	}
	if err := p.untold.CarryImport(ctx, i.Tenant, i.ID); err != nil || state().State != models.ImportListed || state().Waits != nil {
		t.Errorf("%+v, %v", state(), err)
	}
	if err := p.untold.CancelImport(ctx, i.Tenant, i.ID, ann); err != nil || state().State != models.ImportCancelled {
		t.Errorf("%+v, %v", state(), err)
	}
	if err := p.untold.EnterImport(ctx, i.Tenant, i.ID, false, ann); !errors.Is(err, models.ErrConflict) {
		t.Errorf("entered after it was cancelled: %v", err)
	}
	if got := p.untold.books(t); got != "" {
		t.Errorf("there is\n%s", got)
	}
	var left int
	if err := p.untold.Store.DB().QueryRow(`SELECT count(*) FROM import_objects`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d objects are left, %v", left, err)
	}
}

// MONEY.md 3.2: a right that is missing in the midst is named, nothing is half-kept, and with the right it goes on.
func TestAnImportNamesTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPast(t, 3, true)
	save(t, p.untold.Integrations, p.untold.Caller, integrations.Change{APIKey: ptr(someKey)})
	i, err := p.untold.BeginImport(ctx, p.untold.Caller, p.begins, models.Actor{Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	var rights []string
	for _, r := range every {
		if r != "rak_dispute_read" {
			rights = append(rights, r)
		}
	}
	p.stripe.Allow(someKey, rights)
	err = p.untold.CarryImport(ctx, i.Tenant, i.ID)
	if now, _ := p.untold.Store.Import(ctx, i.Tenant, i.ID); !errors.Is(err, models.ErrLater) || now.Step != 4 || now.Waits == nil || !strings.Contains(*now.Waits, "rak_dispute_read") {
		t.Errorf("at list %d, %v, %v", now.Step, now.Waits, err)
	}
	p.stripe.Allow(someKey, every)
	if err := p.untold.CarryImport(ctx, i.Tenant, i.ID); err != nil {
		t.Error(err)
	}
	if now, err := p.untold.Store.Import(ctx, i.Tenant, i.ID); err != nil || now.State != models.ImportListed {
		t.Errorf("%+v, %v", now, err)
	}
}

// Every list that an import asks for is one that Stripe's published API has.
func TestStripeMockAcceptsEveryCallOfAnImport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	judge := storetest.StripeMock(t, "POST /v1/webhook_endpoints")
	s := storetest.Open(t)
	one := shopOf(t, s, judge.URL, "https://one.example", "sk_test_1234567890", time.Now)
	i, err := one.BeginImport(ctx, one.Caller, time.Now().AddDate(0, 0, -30), models.Actor{Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	if err := one.CarryImport(ctx, i.Tenant, i.ID); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/v1/invoices", "/v1/charges", "/v1/checkout/sessions", "/v1/refunds", "/v1/disputes", "/v1/credit_notes"} {
		if judge.Last("GET "+path) != http.StatusOK {
			t.Errorf("%s: %d", path, judge.Last("GET "+path))
		}
	}
}
