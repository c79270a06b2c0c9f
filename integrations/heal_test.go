package integrations_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// shop is a company with a connection of its own to one Stripe account, and an inbox.
type shop struct {
	*integrations.Integrations
	models.Caller
}

func newShop(t testing.TB, s *store.Store, base, at string, now func() time.Time) shop {
	t.Helper()
	return shopOf(t, s, base, at, shopKey, now)
}

func shopOf(t testing.TB, s *store.Store, base, at, key string, now func() time.Time) shop {
	t.Helper()
	c := storetest.Company(t, s)
	storetest.Partner(t, s, c.Tenant, "PARTNER_A", "usd")
	if _, err := s.DB().Exec(`DELETE FROM integrations WHERE company_id = $1`, c.Company); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	in := &integrations.Integrations{Store: s, StripeBase: base, PublicURL: at, Now: now, Log: log}
	in.Inbox = &inbox.Inbox{Store: s, Now: now, Log: log, Ask: in.Ask, Show: in.Show}
	save(t, in, c, integrations.Change{APIKey: &key})
	return shop{in, c}
}

// books are what the hash of a company's books covers, in words.
func (s shop) books(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := s.Store.Snapshot(context.Background(), func(tx *store.Store) error {
		return tx.Digested(context.Background(), s.Tenant, func(line string) { b.WriteString(line + "\n") })
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// B11, MONEY.md 3.4: a week of webhooks that never came is found at Stripe and counted, once: the books are those of a
// company that was told of everything. What came before the connection is not asked for.
func TestAWeekOfWebhooksThatNeverCameIsHealed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var passed, answered atomic.Int64 // several deliveries are under way at once
	pass := func(d time.Duration) { passed.Add(int64(d)) }
	clock := func() time.Time { return storetest.Day.AddDate(0, 0, -8).Add(time.Duration(passed.Load())) }
	stripe, err := sandbox.Open(sandbox.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stripe.Close() })
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{shopKey}})
	api := httptest.NewServer(stripe.API())
	t.Cleanup(api.Close)
	do := func(_ sandbox.Sold, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	order := sandbox.Order{Email: "before@example.com", Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata, At: clock()}
	do(stripe.Sell("acct_shop", order)) // before anybody listens
	pass(time.Hour)
	s := storetest.Open(t)
	told, withheld := newShop(t, storetest.Open(t), api.URL, "https://told.example", clock), newShop(t, s, api.URL, "https://withheld.example", clock)
	stripe.DeliverBy(func(url string, h http.Header, body []byte) int {
		if !strings.HasPrefix(url, "https://told.example/") {
			return http.StatusOK // and lost
		}
		if err := told.Inbox.Accept(ctx, told.Program, models.SourceStripe, h, body); err != nil {
			t.Errorf("accept: %v", err)
		}
		answered.Add(1)
		return http.StatusOK
	})
	var sub sandbox.Sold
	for day := range 7 {
		pass(24 * time.Hour)
		now := clock()
		order.At, order.Email = now, []string{"ann@example.com", "bob@example.com"}[day%2]
		once, err := stripe.Sell("acct_shop", order)
		do(once, err)
		switch day {
		case 0:
			sub, err = stripe.Subscribe("acct_shop", order)
			do(sub, err)
		case 2:
			do(stripe.Renew("acct_shop", sub.Subscription, now))
		case 4:
			if _, err := stripe.Refund("acct_shop", once.Charge, 2500, now); err != nil {
				t.Fatal(err)
			}
		}
		if err := stripe.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	pass(time.Hour)
	heal := func(shops ...shop) {
		t.Helper()
		for _, shop := range shops {
			for range 3 { // what would like to be shown more waits a little
				if err := shop.Inbox.Drain(ctx); err != nil {
					t.Fatal(err)
				}
				pass(time.Minute)
			}
		}
	}
	heal(told)
	want := told.books(t)
	if answered.Load() == 0 || withheld.books(t) != "" {
		t.Fatalf("%d events were told, and the other company has\n%s", answered.Load(), withheld.books(t))
	}
	for range 2 {
		if err := withheld.Heal(ctx); err != nil {
			t.Fatal(err)
		}
	}
	heal(withheld)
	if got := withheld.books(t); got != want {
		t.Errorf("healed:\n%s\ntold:\n%s", got, want)
	}
	kept, err := s.Integration(ctx, withheld.Tenant, withheld.Program, models.SourceStripe)
	if err != nil || int64(kept.Healed.Events) != answered.Load() {
		t.Errorf("%d events were healed of %d, %v", kept.Healed.Events, answered.Load(), err)
	}
	if one, err := told.Store.Integration(ctx, told.Tenant, told.Program, models.SourceStripe); err != nil || one.Healed.Events != 0 {
		t.Errorf("%d events were healed of a company that was told of all, %v", one.Healed.Events, err)
	}
}

// MONEY.md 3.4: a Stripe that cannot be asked now leaves the connection as it is; the next time all is fetched.
func TestAStripeThatIsSilentIsHealedTheNextTime(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	now := time.Now()
	one := newShop(t, s, base, "https://one.example", func() time.Time { return now })
	if _, err := stripe.Sell("acct_shop", sandbox.Order{Email: "ann@example.com", Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata}); err != nil {
		t.Fatal(err)
	}
	for status, times := range map[int]int{429: 4, 500: 4, 401: 1} { // what may pass is asked for four times
		stripe.Fail(sandbox.Fault{Path: "/v1/events", Status: status, Times: times})
		if err := one.Heal(context.Background()); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if kept, err := s.Integration(context.Background(), one.Tenant, one.Program, models.SourceStripe); err != nil || kept.Healed.To != nil {
			t.Errorf("%d: healed to %v, %v", status, kept.Healed.To, err)
		}
	}
	if err := one.Heal(context.Background()); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Integration(context.Background(), one.Tenant, one.Program, models.SourceStripe); err != nil || kept.Healed.Events == 0 {
		t.Errorf("healed %+v, %v", kept.Healed, err)
	}
}

// MONEY.md 3.1, 3.4: what was paid while a connection was cut is found when it is made again, and counted.
func TestConnectingAgainFillsTheGap(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	now := time.Now()
	one := newShop(t, s, base, "https://one.example", func() time.Time { return now })
	sell := func(email string) {
		t.Helper()
		if _, err := stripe.Sell("acct_shop", sandbox.Order{Email: email, Amount: 5000, Partner: "PARTNER_A", Told: sandbox.ByMetadata}); err != nil {
			t.Fatal(err)
		}
	}
	heard := func(want int) {
		t.Helper()
		if err := one.Heal(ctx); err != nil {
			t.Fatal(err)
		}
		now = time.Now().Add(time.Minute)
		if err := one.Inbox.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Payments(ctx, one.Tenant, store.PaymentFilter{}, store.Page{Limit: 10}); err != nil || len(list) != want {
			t.Errorf("%d payments, want %d, %v", len(list), want, err)
		}
	}
	sell("ann@example.com")
	heard(1)
	if _, err := one.Disconnect(ctx, one.Caller, models.SourceStripe, models.Actor{}); err != nil {
		t.Fatal(err)
	}
	sell("bob@example.com")
	heard(1)
	save(t, one.Integrations, one.Caller, integrations.Change{APIKey: ptr(shopKey)})
	heard(2)
}

// MONEY.md 3.2: a key that Stripe no longer takes breaks the connection, visibly; when Stripe takes it again, or a right is
// taken from it, that is seen, too.
func TestAKeyIsVerifiedAgainAndAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	one := newShop(t, s, base, "https://one.example", time.Now)
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, someKey}, Rights: map[string][]string{someKey: every}})
	save(t, one.Integrations, one.Caller, integrations.Change{APIKey: ptr(someKey)})
	for _, step := range []struct {
		keys   []string
		rights []string
		status string
		lacks  string
	}{{[]string{shopKey}, every, "broken", ""}, {[]string{shopKey}, every, "broken", ""}, {[]string{shopKey, someKey}, every, "connected", ""},
		{[]string{someKey}, every[1:], "connected", every[0]}, {[]string{someKey}, every, "connected", ""}} {
		stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: step.keys, Rights: map[string][]string{someKey: step.rights}})
		if err := one.Heal(ctx); err != nil {
			t.Fatal(err)
		}
		kept, err := s.Integration(ctx, one.Tenant, one.Program, models.SourceStripe)
		if err != nil || kept.Status != step.status || strings.Join(kept.MissingRights, " ") != step.lacks {
			t.Errorf("%v: %s, lacks %v, %v; want %s, %q", step.keys, kept.Status, kept.MissingRights, err, step.status, step.lacks)
		}
	}
}

// MONEY.md 3.2: a key that Stripe refuses while something is asked has the connection verified at once, and once only: it need
// not look healthy until the next round.
func TestARefusalWhileAskingHasTheConnectionVerified(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	one := newShop(t, s, base, "https://one.example", time.Now)
	if _, err := s.DB().Exec(`DELETE FROM river_job`); err != nil {
		t.Fatal(err)
	}
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{someKey}}) // shopKey was rolled
	for range 3 {
		if _, err := one.Ask(ctx, one.Tenant, one.Program, models.SourceStripe, models.Question{Charge: "ch_1"}); !errors.Is(err, models.ErrLater) {
			t.Fatal(err)
		}
	}
	var promised int
	if err := s.DB().QueryRow(`SELECT count(*) FROM river_job WHERE kind = 'heal' AND args->>'program' = $1`, one.Program.String()).Scan(&promised); err != nil || promised != 1 {
		t.Errorf("%d looks are promised, %v", promised, err)
	}
	if err := one.HealOne(ctx, store.Connection{Tenant: one.Tenant, Program: one.Program, Source: models.SourceStripe}); err != nil {
		t.Fatal(err)
	}
	if kept, err := s.Integration(ctx, one.Tenant, one.Program, models.SourceStripe); err != nil || kept.Status != "broken" {
		t.Errorf("it is %s, %v", kept.Status, err)
	}
}
