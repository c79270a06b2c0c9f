package payouts_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// owed is what the books say is owed to the partner: held, due and on invoices not yet paid.
func (h *house) owed() int64 {
	h.t.Helper()
	b := h.balance()
	return b.Held.Minor + b.Due.Minor + b.Invoiced.Minor
}

// Issue 5, point 9, and B21: a statement is a reading of the books. Whatever happens over months, each month's opening and its
// lines are its closing, it closes with what the books held at that moment, and the next one opens with that.
func TestAStatementIsAReadingOfTheBooks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("story ", seed), func(t *testing.T) {
			t.Parallel()
			h, ctx, r := newHouse(t), context.Background(), rand.New(rand.NewPCG(seed, 5))
			closed := map[string]int64{} // what the books held as each month ended
			for step := range 40 {
				switch r.IntN(8) {
				case 0, 1:
					h.sell(100+step, 1000+r.Int64N(20000))
				case 2:
					h.hear(h.sold(1, 10000).Refund(storetest.Old, int64(1+step)*100))
				case 3:
					h.adjust(r.Int64N(6000)-2000, "By hand")
				case 4, 5:
					h.payDue(r.IntN(3))
				default:
					next := h.at.AddDate(0, 0, 3+r.IntN(20))
					if next.Month() != h.at.Month() {
						closed[h.at.Format("2006-01")] = h.owed()
					}
					h.at = next
					if err := h.EndHolds(ctx); err != nil {
						t.Fatal(err)
					}
				}
			}
			h.proveStatements(closed)
		})
	}
}

// payDue draws up what is due and pays it, leaves it, or marks it as paid.
func (h *house) payDue(how int) {
	h.t.Helper()
	ctx := context.Background()
	list, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, i := range list {
		if _, err = h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
			h.t.Fatal(err)
		}
		switch how {
		case 0:
			var paid models.Invoice
			if paid, err = h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err == nil && paid.Status == models.Paid && i.TotalMinor%3 == 0 {
				_, err = h.Refund(ctx, h.caller.Tenant, i.ID, "Twice", i.TotalMinor%2 == 0, h.who)
			}
		case 1:
			if _, err = h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire", h.at, h.who); err == nil && i.TotalMinor%3 == 0 {
				_, err = h.Undo(ctx, h.caller.Tenant, i.ID, "It never left", h.who)
			}
		}
		if err != nil && !errors.Is(err, models.ErrConflict) { // under Stripe's minimum
			h.t.Fatal(err)
		}
	}
}

func (h *house) proveStatements(closed map[string]int64) {
	h.t.Helper()
	ctx := context.Background()
	all, err := h.Store.Statements(ctx, h.caller.Tenant, h.partner.ID)
	if err != nil || len(all) < 2 {
		h.t.Fatalf("%d statements, %v", len(all), err)
	}
	var stands int64
	for n, s := range all {
		lines, err := h.Store.Movements(ctx, h.caller.Tenant, h.partner.ID, s.Currency, s.Month, s.Month.AddDate(0, 1, 0), 1000)
		if err != nil {
			h.t.Fatal(err)
		}
		sum := s.Opening
		for k, l := range lines {
			sum += l.Minor
			if k > 0 && l.At.Before(lines[k-1].At) || l.Minor == 0 || l.Kind == "paid" && (l.Number == "" || l.How == "") {
				h.t.Errorf("line %+v after %+v", l, lines[max(0, k-1)])
			}
		}
		if s.Opening != stands || sum != s.Closing || len(lines) != s.Changes || s.Opening+s.Earned-s.Paid != s.Closing {
			h.t.Errorf("%s: opened with %d after %d, %d lines lead to %d: %+v", s.Month.Format("2006-01"), s.Opening, stands, len(lines), sum, s)
		}
		stands = s.Closing
		for month := s.Month; n == len(all)-1 || month.Before(all[n+1].Month); month = month.AddDate(0, 1, 0) {
			if was, known := closed[month.Format("2006-01")]; known && was != s.Closing {
				h.t.Errorf("%s closed with %d, the books held %d", month.Format("2006-01"), s.Closing, was)
			}
			if month.After(h.at) {
				break
			}
		}
	}
	if owed := h.owed(); stands != owed {
		h.t.Errorf("the last statement closes with %d, the books hold %d", stands, owed)
	}
}

// What is of another partner, of the other side or of another currency is on no statement.
func TestAStatementHoldsOnlyItsPartners(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	other := storetest.Partner(t, h.Store, h.caller.Tenant, "OTHER", "usd")
	list, err := h.Store.Statements(ctx, h.caller.Tenant, other.ID)
	live := models.Tenant{Company: h.caller.Company, Mode: models.Live}
	alive, errLive := h.Store.Statements(ctx, live, h.partner.ID)
	if err != nil || errLive != nil || len(list)+len(alive) != 0 {
		t.Errorf("%+v, %+v, %v, %v", list, alive, err, errLive)
	}
	lines, err := h.Store.Movements(ctx, h.caller.Tenant, h.partner.ID, "eur", h.at.AddDate(-1, 0, 0), h.at.Add(time.Hour), 10)
	if err != nil || len(lines) != 0 {
		t.Errorf("%+v, %v", lines, err)
	}
}
