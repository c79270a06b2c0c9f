package integrations_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// staff lets one person of each role into a company.
func staff(t *testing.T, s *store.Store, t2 models.Tenant, domain string, partner models.PartnerID) {
	t.Helper()
	ctx := context.Background()
	for _, role := range []models.Role{models.Owner, models.Admin, models.Finance, models.Viewer, models.PartnerMember} {
		p := models.Person{ID: models.NewID[models.PersonID](time.Now()), Email: string(role) + "@" + domain, Name: "The " + string(role)}
		place := store.Place{Company: t2.Company, Mode: "both", Role: role}
		if role == models.PartnerMember {
			place.Mode, place.Partner = string(t2.Mode), &partner
		}
		if err := s.AddPerson(ctx, p, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := s.AddPlace(ctx, p.ID, place, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// mailed are the mails since the last call, as "kind to".
func mailed(t *testing.T, s *store.Store, seen *int) []string {
	t.Helper()
	list, err := s.NewestMails(context.Background(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var fresh []string
	for _, m := range list[:len(list)-*seen] {
		fresh = append(fresh, m.Message.Kind+" "+m.To)
	}
	*seen = len(list)
	slices.Sort(fresh)
	return fresh
}

// Issue 4, item 2: that a connection broke is told to the company's owners and admins, once for each time it breaks; that it
// works again, and that rights were lost, likewise. What is seen again and again is told once.
func TestABrokenConnectionIsToldOnceToThoseWhoCanMendIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	one, other := newShop(t, s, base, "https://one.example", time.Now), storetest.Company(t, s)
	partner, err := s.PartnerByKey(ctx, one.Tenant, "PARTNER_A")
	if err != nil {
		t.Fatal(err)
	}
	staff(t, s, one.Tenant, "one.example", partner.ID)
	staff(t, s, other.Tenant, "other.example", storetest.Partner(t, s, other.Tenant, "PARTNER_B", "usd").ID)
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, someKey, "rk_test_another"}, Rights: map[string][]string{someKey: every, "rk_test_another": every}})
	save(t, one.Integrations, one.Caller, integrations.Change{APIKey: ptr(someKey)})
	seen := 0
	if got := mailed(t, s, &seen); got != nil {
		t.Errorf("told of a connection that works: %v", got)
	}
	told := func(kind string) []string { return []string{kind + " admin@one.example", kind + " owner@one.example"} }
	for _, step := range []struct {
		name   string
		keys   []string
		rights []string
		want   []string
	}{
		{"it breaks", nil, every, told("connection_broken")},
		{"it stays broken", nil, every, nil},
		{"Stripe takes the key again", []string{someKey}, every, told("connection_mended")},
		{"it works", []string{someKey}, every, nil},
		{"a right is lost", []string{someKey}, every[1:], told("rights_lost")},
		{"it stays lost", []string{someKey}, every[1:], nil},
		{"another is lost", []string{someKey}, every[2:], told("rights_lost")},
		{"they are given back", []string{someKey}, every, nil},
		{"it breaks again", nil, every, told("connection_broken")},
	} {
		stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: append([]string{shopKey}, step.keys...), Rights: map[string][]string{someKey: step.rights}})
		var all sync.WaitGroup
		for range 2 { // two that look at once tell it once
			all.Go(func() {
				if err := one.Heal(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := mailed(t, s, &seen); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
	list, err := s.NewestMails(ctx, 1)
	if err != nil || !strings.Contains(list[0].Message.Facts["why"], "refuses the API key") || strings.Contains(list[0].Message.Facts["why"], someKey) {
		t.Errorf("%v: %+v", err, list)
	}
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, "rk_test_another"}, Rights: map[string][]string{"rk_test_another": every}})
	save(t, one.Integrations, one.Caller, integrations.Change{WebhookSecret: ptr("whsec_another")})
	if got := mailed(t, s, &seen); got != nil {
		t.Errorf("a secret mends no key: %v", got)
	}
	save(t, one.Integrations, one.Caller, integrations.Change{APIKey: ptr("rk_test_another")})
	if got := mailed(t, s, &seen); !slices.Equal(got, told("connection_mended")) {
		t.Errorf("a new key mends it: %v", got)
	}
}

// Issue 4, items 1 and 2: that a company's access was taken away is told once, whether Stripe tells it or is asked; that Portal's own
// key is refused says so, and that nothing is to be done about it there.
func TestAnAccessThatWasTakenAwayIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	c, by := w.settles("ann")
	staff(t, w.Store, c.Tenant, "one.example", storetest.Partner(t, w.Store, c.Tenant, "PARTNER_A", "usd").ID)
	w.lets(c, by, "acct_shop")
	seen, told := 0, func(kind string) []string { return []string{kind + " admin@one.example", kind + " owner@one.example"} }
	asked := func() {
		t.Helper()
		if err := w.Heal(t.Context()); err != nil {
			t.Error(err)
		}
	}
	heard := func(id string) {
		t.Helper()
		w.pass(time.Minute)
		body := []byte(`{"id":"` + id + `","type":"account.application.deauthorized","account":"acct_shop","livemode":false,"created":` + strconv.FormatInt(w.clock().Unix(), 10) + `,"data":{"object":{"id":"ca_1"}}}`)
		if err := w.Inbox.AcceptConnect(t.Context(), "whsec_c", storetest.Signed("whsec_c", body, w.clock()), body); err != nil {
			t.Error(err)
		}
	}
	revoke := func() {
		t.Helper()
		if err := w.stripe.Revoke("acct_shop", "acct_own"); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name, why string
		do        func()
		want      []string
	}{
		{"it works", "", asked, nil},
		{"Stripe is asked", "was taken away", func() { revoke(); asked(); asked() }, told("connection_broken")},
		{"and tells it then", "", func() { heard("evt_1"); asked() }, nil},
		{"it is connected again", "", func() { w.lets(c, by, "acct_shop"); asked() }, told("connection_mended")},
		{"Stripe tells it first, twice", "was taken away", func() { revoke(); heard("evt_2"); heard("evt_2"); heard("evt_3"); asked() }, told("connection_broken")},
		{"it is connected once more", "", func() { w.lets(c, by, "acct_shop"); asked() }, told("connection_mended")},
		{"Portal's key is refused", "You need not do anything", func() { w.Platform.Key = "sk_test_rolled_key_0001"; asked(); asked() }, told("connection_broken")},
		{"Portal's key is mended", "", func() { w.Platform.Key = ownKey; asked() }, told("connection_mended")},
	} {
		step.do()
		if got := mailed(t, w.Store, &seen); !slices.Equal(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
		if list, err := w.Store.NewestMails(t.Context(), 1); step.why != "" && (err != nil || !strings.Contains(list[0].Message.Facts["why"], step.why)) {
			t.Errorf("%s: %v, %+v", step.name, err, list)
		}
	}
}
