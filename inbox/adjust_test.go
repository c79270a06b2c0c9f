package inbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// byHand is an adjustment of the sample partner that nobody has booked yet.
func (h *house) byHand(minor int64, reason string) models.Adjustment {
	return models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](storetest.Day), Partner: h.partner.ID, Program: &h.caller.Program,
		Minor: minor, Currency: "usd", Reason: reason}
}

func (h *house) adjust(minor int64, reason string) models.Adjustment {
	h.t.Helper()
	a, err := h.Adjust(context.Background(), h.byHand(minor, reason), somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// holds is what an account of the books holds in US dollars.
func (h *house) holds(account models.Account) int64 {
	h.t.Helper()
	m, err := h.Store.Balance(context.Background(), h.caller.Tenant, account, "usd")
	if err != nil {
		h.t.Fatal(err)
	}
	return m.Minor
}

// Issue 3, point 6: a bonus and a deduction are bookings like any other, due at once; a deduction may go below zero.
func TestABonusAndADeductionAreDueAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bonus := h.adjust(5000, "  Best month\n of the year ")
	if b := h.balance(); b.Due.Minor != 5000 || bonus.Kind != models.Bonus || bonus.Reason != "Best month of the year" || bonus.By != somebody.Name {
		t.Errorf("%+v, due %s", bonus, b.Due)
	}
	if d := h.adjust(-7000, "Paid twice in May"); d.Kind != models.Deduction || h.balance().Due.Minor != -2000 || h.holds(models.Owes(h.caller.Program)) != 2000 {
		t.Errorf("%+v, due %s", d, h.balance().Due)
	}
	audit, err := h.Store.AuditOf(context.Background(), h.caller.Company, bonus.ID.String())
	if err != nil || len(audit) != 1 || audit[0].Action != "adjustment.made" || audit[0].Actor != somebody.Name || audit[0].Note != "bonus of 50.00 USD for PARTNER_A: Best month of the year" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

func TestWhatCannotBeAnAdjustmentIsRefusedAndBooksNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(a *models.Adjustment)
		field  string
		is     error
	}{
		"nothing":                  {func(a *models.Adjustment) { a.Minor = 0 }, "amount", models.ErrInvalid},
		"more than Portal counts":  {func(a *models.Adjustment) { a.Minor = 1 << 60 }, "amount", models.ErrInvalid},
		"less than Portal counts":  {func(a *models.Adjustment) { a.Minor = -1 << 60 }, "amount", models.ErrInvalid},
		"another currency":         {func(a *models.Adjustment) { a.Currency = "eur" }, "amount", models.ErrInvalid},
		"no reason":                {func(a *models.Adjustment) { a.Reason = " \n " }, "reason", models.ErrInvalid},
		"a reason without end":     {func(a *models.Adjustment) { a.Reason = strings.Repeat("x", 501) }, "reason", models.ErrInvalid},
		"a reason of zero bytes":   {func(a *models.Adjustment) { a.Reason = "a\x00b" }, "reason", models.ErrInvalid},
		"a reason that is no text": {func(a *models.Adjustment) { a.Reason = "a\xff" }, "reason", models.ErrInvalid},
		"an unknown partner":       {func(a *models.Adjustment) { a.Partner = models.NewID[models.PartnerID](storetest.Day) }, "", models.ErrNotFound},
		"another's program":        {func(a *models.Adjustment) { a.Program = new(models.NewID[models.ProgramID](storetest.Day)) }, "", models.ErrNotFound},
		"the other mode":           {func(a *models.Adjustment) { a.Mode = models.Live }, "", models.ErrNotFound},
	} {
		a := h.byHand(100, "a reason")
		c.change(&a)
		_, err := h.Adjust(context.Background(), a, somebody)
		var fields models.FieldErrors
		if !errors.Is(err, c.is) || c.field != "" && (!errors.As(err, &fields) || fields[0].Field != c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := h.Store.Adjustments(context.Background(), h.caller.Tenant, h.partner.ID, storetest.FirstPage()); err != nil || len(list) != 0 || h.holds(models.DueTo(h.partner.ID)) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// P46: a form that is sent many times at once books once; with another amount or reason it is refused.
func TestAnAdjustmentSentManyTimesIsBookedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.byHand(5000, "Best month")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := h.Adjust(context.Background(), a, somebody); err != nil {
				t.Errorf("sent again: %v", err)
			}
		})
	}
	all.Wait()
	for _, other := range []func(){func() { a.Minor = 6000 }, func() { a.Minor, a.Reason = 5000, "Another" }} {
		other()
		if _, err := h.Adjust(context.Background(), a, somebody); !errors.Is(err, models.ErrConflict) {
			t.Errorf("sent with %d %s: %v", a.Minor, a.Reason, err)
		}
	}
	if b := h.balance(); b.Due.Minor != 5000 {
		t.Errorf("due %s", b.Due)
	}
}

// DESIGN.md 4, B10: adjustments change no decision, and it makes no difference when among the events they are made.
func TestAdjustmentsAmongEventsInAnyOrderEndInTheSameBooks(t *testing.T) {
	t.Parallel()
	first := sale()
	second := first
	second.N, second.Renewal, second.PaidAt = 2, true, first.PaidAt.Add(time.Hour)
	seen := map[string]uint64{}
	for seed := range uint64(6) {
		h := newHouse(t)
		chance := rand.New(rand.NewPCG(seed, 3))
		var acts []func()
		for _, body := range [][]byte{first.Session(storetest.Old), first.Invoice(storetest.Old), first.Charge(storetest.Old), first.Refund(storetest.Old, 5000),
			second.Invoice(storetest.Old), second.Charge(storetest.Old), second.Dispute(10000, "needs_response", time.Hour), second.Dispute(10000, "lost", 2*time.Hour)} {
			acts = append(acts, func() { h.post(body); h.drain() })
		}
		for _, a := range []models.Adjustment{h.byHand(700, "one"), h.byHand(-900, "two"), h.byHand(1200, "three")} {
			acts = append(acts, func() { _, _ = h.Adjust(context.Background(), a, somebody) })
		}
		chance.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		for _, act := range acts {
			act()
		}
		h.drain()
		seen[h.state()] = seed
	}
	if len(seen) != 1 {
		t.Errorf("%d different books: %v", len(seen), seen)
	}
	for state := range seen {
		if !strings.Contains(state, "balance due PARTNER_A usd 1000\n") || !strings.Contains(state, "adjustment PARTNER_A deduction usd -900 two\n") {
			t.Errorf("the books are\n%s", state)
		}
	}
}

// B9: what was booked by hand is on the tape, and playing it again gives the same books.
func TestWhatWasBookedByHandIsPlayedAgainFromTheTape(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.adjust(700, "one")
	h.adjust(-2700, "two")
	w := h.asksFor(1500)
	if _, err := h.ApproveWriteOff(context.Background(), h.caller.Tenant, w.ID, otherPerson()); err != nil {
		t.Fatal(err)
	}
	again := h.rebuilt()
	if was, is := h.state(), again.state(); was != is || !strings.Contains(is, "adjustment PARTNER_A write_off usd 1500") {
		t.Errorf("kept:\n%s\nplayed again:\n%s", was, is)
	}
	storetest.CheckBooks(t, again.Store)
}

// rebuilt plays what was done by hand in another database with the same company and partner.
func (h *house) rebuilt() *house {
	h.t.Helper()
	ctx := context.Background()
	again := &house{t: h.t, caller: h.caller, partner: h.partner}
	again.Inbox = &inbox.Inbox{Store: storetest.OpenUnproved(h.t), Log: slog.New(slog.DiscardHandler)}
	company, err := h.Store.Company(ctx, h.caller.Company)
	if err != nil {
		h.t.Fatal(err)
	}
	program, err := h.Store.Program(ctx, h.caller.Company, h.caller.Program)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := errors.Join(again.Store.AddCompany(ctx, company, storetest.Day), again.Store.AddProgram(ctx, program, storetest.Day), again.Store.AddPartner(ctx, h.partner)); err != nil {
		h.t.Fatal(err)
	}
	rows, err := h.Store.DB().QueryContext(ctx, `SELECT at, body FROM actions WHERE kind IN ('adjustment', 'write_off') ORDER BY turn`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var at time.Time
		var body json.RawMessage
		if err := rows.Scan(&at, &body); err != nil {
			h.t.Fatal(err)
		}
		again.Now = func() time.Time { return at }
		if err := again.Store.InTx(ctx, func(tx *store.Store) error { return again.PlayAdjusted(ctx, tx, h.caller.Tenant, body) }); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return again
}

// otherPerson is somebody of the company who is not the one who asked.
func otherPerson() models.Actor {
	return models.Actor{Person: new(models.NewID[models.PersonID](storetest.Day)), Name: fmt.Sprintf("other-%d@acme.example", rand.Int())}
}
