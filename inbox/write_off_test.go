package inbox_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// asker is who asks for write-offs.
var asker = models.Actor{Person: new(models.NewID[models.PersonID](storetest.Day)), Name: "fay@acme.example"}

func (h *house) asksFor(minor int64) models.WriteOff {
	h.t.Helper()
	w, err := h.AskWriteOff(context.Background(), h.caller.Tenant, h.partner.ID, models.Money{Minor: minor, Currency: "usd"}, "He has closed his shop", asker)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// MONEY.md 2.5, B14: what a partner owes is written off when another person approves it, and the partner's balance rises.
func TestADebtIsWrittenOffWithASecondPerson(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.adjust(-2000, "Refunded after it was paid")
	w := h.asksFor(1500)
	if h.balance().Due.Minor != -2000 {
		t.Errorf("asking alone changed what is due: %s", h.balance().Due)
	}
	for name, decide := range map[string]func(context.Context, models.Tenant, models.WriteOffID, models.Actor) (models.WriteOff, error){"approve": h.ApproveWriteOff, "refuse": h.RefuseWriteOff} {
		if _, err := decide(ctx, h.caller.Tenant, w.ID, asker); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "Another person") {
			t.Errorf("who asked may %s: %v", name, err)
		}
		if _, err := decide(ctx, h.caller.Tenant, w.ID, models.Actor{Name: "API key"}); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("a key may %s: %v", name, err)
		}
		if _, err := decide(ctx, models.Tenant{Company: h.caller.Company, Mode: models.Live}, w.ID, otherPerson()); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the other side may %s: %v", name, err)
		}
	}
	other := otherPerson()
	done, err := h.ApproveWriteOff(ctx, h.caller.Tenant, w.ID, other)
	if err != nil || done.Status != models.WriteOffApproved || *done.DecidedBy != other.Name || done.Adjustment == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	if h.balance().Due.Minor != -500 || h.holds(models.WrittenOff(h.partner.ID)) != -1500 {
		t.Errorf("due %s, written off %d", h.balance().Due, h.holds(models.WrittenOff(h.partner.ID)))
	}
	line, err := h.Store.Adjustment(ctx, h.caller.Tenant, *done.Adjustment)
	if err != nil || line.Kind != models.DebtWrittenOff || line.Reason != "He has closed his shop" || line.By != other.Name {
		t.Errorf("the partner's line: %+v, %v", line, err)
	}
	audit, err := h.Store.AuditOf(ctx, h.caller.Company, w.ID.String())
	if err != nil || len(audit) != 2 || audit[0].Action != "write_off.asked" || audit[0].Actor != asker.Name || audit[1].Action != "write_off.approved" || audit[1].Actor != other.Name {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

// B14: the balance rises to zero at most, as it is at the moment of approval.
func TestAWriteOffOfMoreThanIsOwedByThenChangesNothing(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.adjust(-2000, "Refunded after it was paid")
	w := h.asksFor(2000)
	h.adjust(1, "A cent too much")
	before := h.state()
	if _, err := h.ApproveWriteOff(ctx, h.caller.Tenant, w.ID, otherPerson()); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "it is -19.99 USD now, and 20.00 USD written off would make it more than zero") {
		t.Errorf("approved: %v", err)
	}
	if after := h.state(); after != before {
		t.Errorf("the books changed:\n%s", after)
	}
	if _, err := h.AskWriteOff(ctx, h.caller.Tenant, h.partner.ID, models.Money{Minor: 1, Currency: "usd"}, "another", asker); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a second one while the first waits: %v", err)
	}
	if done, err := h.RefuseWriteOff(ctx, h.caller.Tenant, w.ID, otherPerson()); err != nil || done.Status != models.WriteOffRefused || h.balance().Due.Minor != -1999 {
		t.Errorf("refused: %+v, %v, due %s", done, err, h.balance().Due)
	}
	next := h.asksFor(1999)
	if _, err := h.ApproveWriteOff(ctx, h.caller.Tenant, next.ID, otherPerson()); err != nil || h.balance().Due.Minor != 0 {
		t.Errorf("all that is owed: %v, due %s", err, h.balance().Due)
	}
	audit, err := h.Store.AuditOf(ctx, h.caller.Company, w.ID.String())
	if err != nil || len(audit) != 2 || audit[1].Action != "write_off.refused" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

// P46: many who decide at once decide once.
func TestManyWhoDecideAWriteOffAtOnceDecideOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		h := newHouse(t)
		h.adjust(-2000, "Refunded after it was paid")
		w := h.asksFor(1000)
		var all sync.WaitGroup
		results := make(chan error, 9)
		for n := range 9 {
			all.Go(func() {
				decide := h.ApproveWriteOff
				if n%3 == 2 {
					decide = h.RefuseWriteOff
				}
				_, err := decide(context.Background(), h.caller.Tenant, w.ID, otherPerson())
				results <- err
			})
		}
		all.Wait()
		close(results)
		won := 0
		for err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, models.ErrConflict) {
				t.Errorf("a loser was told %v", err)
			}
		}
		if due := h.balance().Due.Minor; won != 1 || due != -1000 && due != -2000 {
			t.Errorf("%d won, due %d", won, due)
		}
	}
}

func TestWhatCannotBeWrittenOffIsRefused(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	ask := func(minor int64, reason string, who models.Actor) error {
		_, err := h.AskWriteOff(ctx, h.caller.Tenant, h.partner.ID, models.Money{Minor: minor, Currency: "usd"}, reason, who)
		return err
	}
	if err := ask(1, "why", asker); !errors.Is(err, models.ErrConflict) {
		t.Errorf("nothing is owed: %v", err)
	}
	h.adjust(-2000, "Refunded after it was paid")
	for name, err := range map[string]error{"nothing": ask(0, "why", asker), "below zero": ask(-1, "why", asker), "more than is owed": ask(2001, "why", asker), "no reason": ask(1, " ", asker)} {
		if !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ask(1, "why", models.Actor{Name: "API key"}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("by a key: %v", err)
	}
}
