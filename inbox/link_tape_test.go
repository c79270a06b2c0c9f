package inbox_test

import (
	"context"
	"slices"
	"testing"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// B9: what people did to links stands on the tape, and done again in another database it ends in the same books.
func TestWhatPeopleDidToLinksCanBeDoneAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	live, rebuilt := newHouse(t), newHouse(t)
	for _, h := range []*house{live, rebuilt} {
		storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
		for n := 1; n <= 4; n++ {
			s := stranger(n, -10*n)
			s.Customer, s.Email, s.Renewal = []string{"", "cus_1", "cus_2", "cus_3", "cus_3"}[n], []string{"", "a@x", "b@x", "c@x", "c@x"}[n], false
			h.post(s.Invoice(storetest.Old))
			after := s
			after.N, after.PaidAt = n+10, storetest.Day.AddDate(0, 0, n)
			h.post(after.Invoice(storetest.Old))
		}
		h.drain()
	}
	named := func(key string) models.CustomerID {
		t.Helper()
		c, err := live.Store.CustomerByKey(ctx, live.caller.Tenant, key)
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	b, err := live.Store.PartnerByKey(ctx, live.caller.Tenant, "PARTNER_B")
	if err != nil {
		t.Fatal(err)
	}
	live.link(live.partner, named("stripe_cus_1"))
	f := live.uploaded("customer,partner\ncus_2,PARTNER_A\n", false)
	if err := live.CommitLinkFile(ctx, f.Tenant, f.ID, somebody); err != nil {
		t.Fatal(err)
	}
	live.carried(f)
	since := storetest.Day.AddDate(0, 0, -90)
	live.backfilled(inbox.BackfillWanted{Customer: named("stripe_cus_3"), Partner: b.ID, Since: since, Reason: "told by Ann"})
	undone := live.backfilled(inbox.BackfillWanted{Customer: named("stripe_cus_1"), Partner: b.ID, Since: since, Reason: "a mistake"})
	if err := live.UndoBackfill(ctx, live.caller.Tenant, undone.ID, somebody); err != nil {
		t.Fatal(err)
	}

	turns, err := live.Store.Tape(ctx, live.caller.Company, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, turn := range turns {
		if !slices.Contains([]string{"link", "link_file", "backfill", "backfill_undone"}, turn.Kind) {
			continue
		}
		kinds, turn.Tenant = append(kinds, turn.Kind), rebuilt.caller.Tenant
		if err := rebuilt.Store.InTx(ctx, func(tx *store.Store) error { return inbox.Play(ctx, tx, turn) }); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(kinds, []string{"link", "link_file", "backfill", "backfill", "backfill_undone"}) {
		t.Errorf("the tape tells of %v", kinds)
	}
	if was, is := live.state(), rebuilt.state(); was != is || len(live.commissions()) < 6 {
		t.Errorf("live:\n%s\nrebuilt:\n%s", was, is)
	}
}
