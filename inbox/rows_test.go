package inbox_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store"
	"portal/store/storetest"
)

// row is one row of a decision table of MONEY.md: what Stripe tells of it, and what it must end in. In the wanted lines
// # is the row's number.
type row struct {
	name  string
	tell  func(c storetest.Case, partner string) [][]byte
	only  storetest.Shape // the row exists in this shape only; empty: in both
	want  []string        // its payments by their own time, and what the partner's balance comes to
	inOld []string        // wanted in the old shape, where it differs
}

// courses are the ways in which a row's events come.
var courses = map[string]func(bodies [][]byte) [][]byte{
	"in order":   func(b [][]byte) [][]byte { return b },
	"in reverse": func(b [][]byte) [][]byte { b = slices.Clone(b); slices.Reverse(b); return b },
	"repeated": func(b [][]byte) [][]byte {
		var all [][]byte
		for _, body := range b {
			all = append(all, body, body, storetest.Twin(body))
		}
		return append(all, b...)
	},
}

// played is a house in which every row of a table happened, each to a customer and a partner of its own.
type played struct {
	*house
	lines map[int][]string
}

// happen lets every row of the table happen in one house. The partner of row 3 is P3.
func happen(t *testing.T, rows []row, shape storetest.Shape, course func([][]byte) [][]byte, set func(*house)) played {
	t.Helper()
	h := newHouse(t)
	h.Counted()
	h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	for _, days := range []int{-45, -5} {
		dollars := models.Rate{From: "eur", To: "usd", Value: "1.0937", Source: models.RateByHand, Date: storetest.Day.AddDate(0, 0, days).Truncate(24 * time.Hour)}
		if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody, dollars); err != nil {
			t.Fatal(err)
		}
	}
	if set != nil {
		set(h)
	}
	partners, steps := map[int]models.Partner{}, [][][]byte{}
	for i, r := range rows {
		if r.only != "" && r.only != shape {
			continue
		}
		c := storetest.NewCase(shape, i+1)
		partners[i] = storetest.Partner(t, h.Store, h.caller.Tenant, fmt.Sprintf("P%d", i+1), "usd")
		for n, body := range course(r.tell(c, partners[i].Key)) {
			if n == len(steps) {
				steps = append(steps, nil)
			}
			steps[n] = append(steps[n], body)
		}
		maps.Copy(h.invoices, c.Invoices)
	}
	for _, bodies := range steps { // the n-th event of every row: what Stripe is asked is answered before the next
		h.post(bodies...)
		h.drain()
	}
	p := played{h, map[int][]string{}}
	for _, line := range h.lines() {
		id, text, _ := strings.Cut(line, " ")
		var n int
		if _, err := fmt.Sscanf(id[strings.Index(id, "_")+1:], "%d", &n); err != nil {
			t.Fatalf("whose is %s: %v", line, err)
		}
		p.lines[n-1] = append(p.lines[n-1], hash(n, id+" "+text))
	}
	for i, partner := range partners {
		p.lines[i] = append(p.lines[i], h.stands(partner))
	}
	return p
}

// hash puts # for a row's number, so that the wanted lines do not depend on it.
func hash(n int, line string) string {
	number := fmt.Sprint(n)
	words := strings.Fields(line)
	for i, w := range words {
		for _, prefix := range []string{"in_", "pi_", "ch_", "cs_", "P"} {
			if rest, found := strings.CutPrefix(w, prefix+number); found {
				words[i] = prefix + "#" + rest
			}
		}
	}
	return strings.Join(words, " ")
}

// lines tells every payment there is, by its own time: its key, kind, status, gross, base and what went back of it; its
// partner and how they were found; what is left of what they earned; every other id the money goes by.
func (h *house) lines() []string {
	h.t.Helper()
	ctx, page := context.Background(), store.Page{Limit: 500}
	payments, err := h.Store.Payments(ctx, h.caller.Tenant, store.PaymentFilter{}, page)
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []models.PaymentID
	for _, p := range payments {
		ids = append(ids, p.ID)
	}
	aliases, err := h.Store.AliasesOfAll(ctx, h.caller.Tenant, ids)
	if err != nil {
		h.t.Fatal(err)
	}
	commissions, err := h.Store.Commissions(ctx, h.caller.Tenant, nil, nil, page)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, p := range payments {
		line := fmt.Sprintf("%s %s %s: %s of %s", p.Key, p.Kind, p.Status, p.Money(p.Base).Decimal(), p.Money(p.Gross))
		if p.Refunded > 0 {
			line += fmt.Sprintf(", %s back", p.Money(p.Refunded).Decimal())
		}
		if p.PartnerKey != nil {
			line += fmt.Sprintf("; %s by %s", *p.PartnerKey, *p.AttributedBy)
		}
		for _, c := range commissions {
			if c.Payment == p.ID {
				line += fmt.Sprintf("; %s %s of %s", c.Status, c.Amount.Decimal(), c.Earned)
			}
		}
		others := slices.DeleteFunc(aliases[p.ID], func(id string) bool { return id == p.Key })
		all = append(all, strings.TrimSpace(line+"; "+strings.Join(others, " ")))
	}
	return all
}

// stands tells where a partner's money stands; what is nothing is left out.
func (h *house) stands(partner models.Partner) string {
	h.t.Helper()
	balances, err := h.Store.BalancesOf(context.Background(), h.caller.Tenant, partner.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	line := "balance"
	for _, b := range balances {
		for _, part := range []struct {
			name string
			models.Money
		}{{"held", b.Held}, {"due", b.Due}, {"invoiced", b.Invoiced}, {"paid", b.Paid}} {
			if part.Minor != 0 {
				line += fmt.Sprintf(" %s %s", part.name, part.Money)
			}
		}
	}
	return line
}

// table runs every row in both shapes, its events in order, in reverse and repeated, and demands the same books of all three.
func table(t *testing.T, rows []row, set func(*house)) {
	t.Helper()
	ended := map[storetest.Shape]map[string]played{}
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		ended[shape] = map[string]played{}
		states := map[string]string{}
		for name, course := range courses {
			p := happen(t, rows, shape, course, set)
			ended[shape][name], states[p.state()] = p, name
		}
		if len(states) > 1 {
			t.Errorf("%s: %d different books: %v", shape, len(states), states)
		}
	}
	for i, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			for shape, courses := range ended {
				want := r.want
				if shape == storetest.Old && r.inOld != nil {
					want = r.inOld
				}
				for name, p := range courses {
					if r.only != "" && r.only != shape {
						continue
					}
					if got := p.lines[i]; !slices.Equal(got, want) {
						t.Errorf("%s, %s:\n%s\nwant\n%s", shape, name, strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			}
		})
	}
}
