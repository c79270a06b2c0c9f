package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/store/storetest"
)

// wanted is a backfill of the first payment's customer since some days before the house's day.
func (h *house) wanted(partner models.Partner, days int) inbox.BackfillWanted {
	h.t.Helper()
	return inbox.BackfillWanted{Customer: h.customer(0), Partner: partner.ID, Since: storetest.Day.AddDate(0, 0, -days), Reason: "Ann told us"}
}

// backfilled sees a backfill, confirms it and gives its batch.
func (h *house) backfilled(want inbox.BackfillWanted) models.Backfill {
	h.t.Helper()
	ctx := context.Background()
	seen, seal, err := h.PreviewBackfill(ctx, h.caller.Tenant, want)
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := h.Backfill(ctx, h.caller.Tenant, want, seal, somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(b.Effect.Changes) != len(seen.Changes) {
		h.t.Errorf("%d payments changed, %d were seen", len(b.Effect.Changes), len(seen.Changes))
	}
	return b
}

// B3, D10: the preview shows each payment that would change, what it would earn, when that is payable and what it does to
// partners and open invoices, and changes nothing; the commit does exactly that; the undoing brings everything back.
func TestABackfillIsSeenThenDoneThenUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	first := stranger(1, -60)
	other := sale()
	other.N, other.PaidAt = 2, storetest.Day.AddDate(0, 0, -40) // this session names PARTNER_A
	h.post(first.Invoice(storetest.Old), other.Session(storetest.Old), other.Invoice(storetest.Old), stranger(3, -5).Invoice(storetest.Old))
	h.drain()
	out := &payouts.Payouts{Store: h.Store, Now: h.Now, Log: h.Log}
	drawn, err := out.DrawUp(context.Background(), h.caller.Tenant, h.Now(), 0, somebody)
	if err != nil || len(drawn) != 1 {
		t.Fatalf("invoices %v, %v", drawn, err)
	}
	before := h.state()
	want := h.wanted(b, 90)
	e, seal, err := h.PreviewBackfill(context.Background(), h.caller.Tenant, want)
	if err != nil {
		t.Fatal(err)
	}
	if h.state() != before {
		t.Error("the preview changed something")
	}
	if len(e.Changes) != 3 || e.Changes[0].Before.Key != "" || e.Changes[1].Before.Key != "PARTNER_A" || e.Changes[2].Before.Key != "PARTNER_A" {
		t.Fatalf("changes %+v", e.Changes)
	}
	for n, payable := range []string{"2026-10-21", "2026-11-10", "2026-12-15"} {
		if a := e.Changes[n].After; a.Key != "PARTNER_B" || a.Amount.String() != "20.00 USD" || a.PayableOn.Format(time.DateOnly) != payable {
			t.Errorf("payment %d becomes %+v, want payable on %s", n+1, a, payable)
		}
	}
	if p := e.Partners; len(p) != 2 || p[0].Key != "PARTNER_B" || p[0].Amount.String() != "60.00 USD" || p[1].Key != "PARTNER_A" || p[1].Amount.String() != "-40.00 USD" {
		t.Errorf("partners %+v", p)
	}
	if i := e.Invoices; len(i) != 1 || i[0].Number != drawn[0].Number || i[0].Before.String() != "20.00 USD" || i[0].Status != models.Void {
		t.Errorf("invoices %+v", i)
	}
	ctx := context.Background()
	done, err := h.Backfill(ctx, h.caller.Tenant, want, seal, somebody)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range h.payments() {
		if *p.PartnerKey != "PARTNER_B" || h.by(n) != "customer_id" {
			t.Errorf("payment %s is %s's by %s", p.Key, *p.PartnerKey, h.by(n))
		}
	}
	if err := h.UndoBackfill(ctx, h.caller.Tenant, done.ID, somebody); err != nil {
		t.Fatal(err)
	}
	if err := h.UndoBackfill(ctx, h.caller.Tenant, done.ID, somebody); !errors.Is(err, models.ErrConflict) {
		t.Errorf("undone twice: %v", err)
	}
	// The invoice stays void: what it gathered is due again, for the next one.
	if after := h.payments(); after[0].Partner != nil || *after[1].PartnerKey != "PARTNER_A" || *after[2].PartnerKey != "PARTNER_A" {
		t.Errorf("undone: %+v", after)
	}
	if got := h.balance(); got.Held.Minor != 2000 || got.Due.Minor != 2000 || got.Invoiced.Minor != 0 {
		t.Errorf("PARTNER_A has %+v", got)
	}
	kept, err := h.Store.Backfill(ctx, h.caller.Tenant, done.ID)
	if err != nil || kept.UndoneAt == nil || *kept.UndoneBy != somebody.Name || len(kept.Effect.Changes) != 3 {
		t.Errorf("the batch is %+v, %v", kept, err)
	}
}

// B3: what is confirmed is what was seen, or nothing is done.
func TestABackfillThatIsNotWhatWasSeenIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(stranger(1, -60).Invoice(storetest.Old))
	h.drain()
	ctx, want := context.Background(), h.wanted(h.partner, 90)
	_, seal, err := h.PreviewBackfill(ctx, h.caller.Tenant, want)
	if err != nil {
		t.Fatal(err)
	}
	h.post(stranger(2, -30).Invoice(storetest.Old))
	h.drain()
	for name, c := range map[string]struct {
		change func(*inbox.BackfillWanted)
		is     error
	}{
		"another effect than was seen": {func(*inbox.BackfillWanted) {}, models.ErrConflict},
		"no payment since":             {func(w *inbox.BackfillWanted) { w.Since = storetest.Day }, models.ErrConflict},
		"a day ahead":                  {func(w *inbox.BackfillWanted) { w.Since = storetest.Day.AddDate(0, 0, 2) }, models.ErrInvalid},
		"no reason":                    {func(w *inbox.BackfillWanted) { w.Reason = " " }, models.ErrInvalid},
		"a customer of nobody": {func(w *inbox.BackfillWanted) {
			w.Customer = models.NewID[models.CustomerID](h.Now())
		}, models.ErrNotFound},
	} {
		w := want
		c.change(&w)
		if _, err := h.Backfill(ctx, h.caller.Tenant, w, seal, somebody); !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.commissions(); len(got) != 0 {
		t.Errorf("something was earned: %+v", got)
	}
}

// B3: once an invoice has paid a part of it, a batch is undone no more, and the refusal names the invoice.
func TestABackfillOfWhichAPartIsPaidCannotBeUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post(stranger(1, -60).Invoice(storetest.Old), stranger(2, -5).Invoice(storetest.Old))
	h.drain()
	done := h.backfilled(h.wanted(h.partner, 90))
	ctx, out := context.Background(), &payouts.Payouts{Store: h.Store, Now: h.Now, Log: h.Log}
	drawn, err := out.DrawUp(ctx, h.caller.Tenant, h.Now(), 0, somebody)
	if err != nil || len(drawn) != 1 {
		t.Fatalf("invoices %v, %v", drawn, err)
	}
	if _, err := out.Approve(ctx, h.caller.Tenant, drawn[0].ID, somebody); err != nil {
		t.Fatal(err)
	}
	if _, err := out.MarkPaid(ctx, h.caller.Tenant, drawn[0].ID, "transfer 1", h.Now(), somebody); err != nil {
		t.Fatal(err)
	}
	before := h.state()
	if err := h.UndoBackfill(ctx, h.caller.Tenant, done.ID, somebody); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), drawn[0].Number) {
		t.Errorf("undone although paid: %v", err)
	}
	if h.state() != before {
		t.Error("the refused undoing changed something")
	}
}

// D10, F86: an id set by hand reaches no earlier payment, and a backfill of that customer does.
func TestABackfillReachesPaymentsBeforeTheIDWasSetByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	past := stranger(1, -60)
	past.Email = "finance@x.com"
	h.post(past.Invoice(storetest.Old))
	h.drain()
	lead := h.lead("john", "john@x.com")
	ctx := context.Background()
	if _, err := h.ChangeCustomer(ctx, lead, inbox.CustomerChange{StripeID: ptr("cus_1")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	if len(h.commissions()) != 0 {
		t.Fatal("the id alone reached back")
	}
	done := h.backfilled(inbox.BackfillWanted{Customer: lead.ID, Partner: h.partner.ID, Since: storetest.Day.AddDate(0, 0, -90), Reason: "signed up in September"})
	if c := h.only(); c.Amount.String() != "20.00 USD" || h.by(0) != "customer_id" {
		t.Errorf("it earned %s by %s", c.Amount, h.by(0))
	}
	if err := h.UndoBackfill(ctx, h.caller.Tenant, done.ID, somebody); err != nil || h.only().Amount.Minor != 0 {
		t.Errorf("undone: %v, %s", err, h.only().Amount)
	}
}

// B3: of two backfills of one day the later holds, whichever is undone; links by people after it stay.
func TestTwoBackfillsOfOneDayAndALaterLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	h.post(stranger(1, -60).Invoice(storetest.Old))
	h.drain()
	one, two := h.backfilled(h.wanted(h.partner, 90)), h.backfilled(h.wanted(b, 90))
	whose := func() string {
		t.Helper()
		if p := h.payments()[0]; p.PartnerKey != nil {
			return *p.PartnerKey
		}
		return ""
	}
	ctx := context.Background()
	if whose() != "PARTNER_B" {
		t.Errorf("after both it is %q's", whose())
	}
	if err := h.UndoBackfill(ctx, h.caller.Tenant, two.ID, somebody); err != nil || whose() != "PARTNER_A" {
		t.Errorf("with the first alone it is %q's, %v", whose(), err)
	}
	two = h.backfilled(h.wanted(b, 90))
	if err := h.UndoBackfill(ctx, h.caller.Tenant, one.ID, somebody); err != nil || whose() != "PARTNER_B" {
		t.Errorf("with the second alone it is %q's, %v", whose(), err)
	}
	h.link(h.partner, h.customer(0))
	e, _, err := h.PreviewBackfill(ctx, h.caller.Tenant, h.wanted(b, 120))
	if err != nil || len(e.Changes) != 0 || e.Alike != 1 || len(e.Stays) != 1 || e.Stays[0].Key != "PARTNER_A" {
		t.Errorf("the preview is %+v, %v", e, err)
	}
}

// B3: where rules have tiers by month, a backfill moves the tier of other customers' payments: the effect holds them, and
// so does the undoing.
func TestABackfillTellsWhatItDoesToTheMonthsOfOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(percent("sales", "3", "25"))
	h.sell(nth(1, 1, ""), nth(2, 2, ""), nth(3, 3, "PARTNER_A"))
	h.earns("in_3 PARTNER_A 20.00")
	want := inbox.BackfillWanted{Partner: h.partner.ID, Since: storetest.Day.AddDate(0, -2, 0), Reason: "late"}
	var last models.Backfill
	for n, earned := range []string{"in_1 PARTNER_A 20.00, in_3 PARTNER_A 20.00", "in_1 PARTNER_A 20.00, in_2 PARTNER_A 20.00, in_3 PARTNER_A 25.00"} {
		want.Customer = h.customer(n)
		last = h.backfilled(want)
		h.earns(earned)
	}
	e := last.Effect
	if len(e.Changes) != 2 || e.Changes[1].Key != "in_3" || e.Changes[1].Before.Amount.String() != "20.00 USD" || e.Changes[1].After.Amount.String() != "25.00 USD" {
		t.Errorf("changes %+v", e.Changes)
	}
	if len(e.Partners) != 1 || e.Partners[0].Amount.String() != "25.00 USD" || e.Partners[0].Payments != 2 {
		t.Errorf("partners %+v", e.Partners)
	}
	if err := h.UndoBackfill(context.Background(), h.caller.Tenant, last.ID, somebody); err != nil {
		t.Fatal(err)
	}
	h.earns("in_1 PARTNER_A 20.00, in_3 PARTNER_A 20.00")
}
