package payouts_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
)

// MONEY.md 1.4, 4.7: what happened at the platform's Stripe and never came is asked for, and counts as if it had come: once.
func TestADisputeOfWhichNoEventCameIsHeardOfAllTheSame(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.stripe.Dispute("acct_platform", sandbox.Dispute{Of: *h.attemptsOf(paid)[0].ChargedBy}); err != nil {
		t.Fatal(err)
	}
	if young, err := h.Missed(ctx, payouts.PlatformEvents()); err != nil || len(young) != 0 {
		t.Errorf("%d events that may be on their way, %v", len(young), err)
	}
	h.at = h.at.Add(3 * 24 * time.Hour) // nothing was heard all the time
	list, err := h.Missed(ctx, payouts.PlatformEvents())
	if err != nil || len(list) == 0 {
		t.Fatalf("%d missed, %v", len(list), err)
	}
	for _, e := range append(list, list...) { // the second time they are known
		if err := h.inbox.HearPlatform(ctx, e.ID, e.Type, e.Body); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := h.Store.DB().Query(`SELECT args FROM river_job WHERE kind = 'platform_news' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	disputed := 0
	for rows.Next() {
		var args []byte
		var news models.PlatformNews
		if err := rows.Scan(&args); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(args, &news); err != nil {
			t.Fatal(err)
		}
		if news.Object == "charge" {
			disputed++
		}
		if err := h.Heard(ctx, news.Object, news.ID); err != nil {
			t.Error(err)
		}
	}
	if now := h.again(paid); now.Status != models.Charged || disputed != 2 { // created, and the money withdrawn
		t.Errorf("%s, heard of the charge %d times", now.Status, disputed)
	}
}
