package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// scene is a story whose events may come in any order, any number of times.
type scene struct {
	sales []storetest.Sold
	back  map[int][]int64 // refunds by sale: what was given back so far
	calls []inbox.Transaction
	more  func(s storetest.Sold) [][]byte // further events of a sale
	set   func(h *house)                  // how the program is set up, before all
	rules []models.Rule                   // other than "20 %"; then the reasons must be the same too
	hands []func(h *house) error          // what people do meanwhile; what they do not find yet they do at the end
}

// state is what the hash of the books covers, in words.
func (h *house) state() string {
	h.t.Helper()
	var b strings.Builder
	if err := h.Store.Snapshot(context.Background(), func(tx *store.Store) error {
		return tx.Digested(context.Background(), h.caller.Tenant, func(line string) { b.WriteString(line + "\n") })
	}); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

// play lets the story's events come in one order, some twice, the inbox drained now and then.
func (sc scene) play(t *testing.T, shape storetest.Shape, seed uint64) string {
	t.Helper()
	h := newHouse(t)
	storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
	if sc.rules != nil {
		h.rule(sc.rules...)
	}
	if sc.set != nil {
		sc.set(h)
	}
	chance := rand.New(rand.NewPCG(seed, 1))
	var acts []func()
	for _, s := range sc.sales {
		if !s.OneOff {
			h.invoices[fmt.Sprintf("pi_%d", s.N)] = fmt.Sprintf("in_%d", s.N)
		}
		for _, body := range sc.bodies(s, shape) {
			acts = append(acts, func() { h.post(body) })
			if chance.IntN(3) == 0 {
				acts = append(acts, func() { h.post(body) })
			}
		}
	}
	for _, call := range sc.calls {
		act := func() {
			if _, _, err := h.Transact(context.Background(), h.caller, call); err != nil && !errors.Is(err, models.ErrConflict) {
				t.Errorf("transact: %v", err)
			}
		}
		acts = append(acts, act, act)
	}
	var undone []func(h *house) error
	for _, do := range sc.hands {
		acts = append(acts, func() {
			if err := do(h); err != nil {
				undone = append(undone, do)
			}
		})
	}
	chance.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	for _, act := range acts {
		act()
		if chance.IntN(2) == 0 {
			h.drain()
		}
	}
	h.drain()
	h.drain()
	for range sc.hands { // one may have to wait for another
		undone = slices.DeleteFunc(undone, func(do func(*house) error) bool { return do(h) == nil })
	}
	for _, do := range undone {
		t.Errorf("seed %d: %v", seed, do(h))
	}
	for _, status := range []models.EventStatus{models.EventPending, models.EventFailed} {
		left, err := h.Store.Events(context.Background(), h.caller.Tenant, status, storetest.FirstPage())
		if err != nil || len(left) > 0 {
			t.Errorf("seed %d: %d events are %s, %v", seed, len(left), status, err)
		}
	}
	if sc.rules != nil {
		return h.state() + h.reasons()
	}
	return h.state()
}

func (sc scene) bodies(s storetest.Sold, shape storetest.Shape) [][]byte {
	bodies := [][]byte{s.Charge(shape)}
	if !s.Renewal {
		bodies = append(bodies, s.Session(shape))
	}
	if !s.OneOff {
		bodies = append(bodies, s.Invoice(shape))
	}
	for _, back := range sc.back[s.N] {
		bodies = append(bodies, s.Refund(shape, back))
	}
	if sc.more != nil {
		bodies = append(bodies, sc.more(s)...)
	}
	return bodies
}

// afterwards are refund objects and disputes of three sales, in each state they went through.
func afterwards(s storetest.Sold) [][]byte {
	const hour = time.Hour
	switch s.N {
	case 1:
		return [][]byte{s.RefundObject(1, 2500, "pending", hour, hour), s.RefundObject(1, 2500, "succeeded", hour, 2*hour),
			s.RefundObject(2, 2500, "succeeded", hour, 3*hour), s.RefundObject(2, 2500, "failed", hour, 99*hour)}
	case 2:
		return [][]byte{s.RefundObject(1, 10000, "succeeded", hour, hour), s.RefundObject(1, 10000, "failed", hour, 50*hour), s.Dispute(10000, "needs_response", 60*hour)}
	}
	return [][]byte{s.Dispute(4000, "needs_response", hour), s.Dispute(4000, "under_review", 2*hour), s.Dispute(4000, "lost", 3*hour)}
}

// linksByHand links cus_1 to PARTNER_A from the house's day on.
func linksByHand(h *house) error {
	c, err := h.Store.CustomerByStripeID(context.Background(), h.caller.Tenant, "cus_1")
	if err == nil {
		_, err = h.Link(context.Background(), h.caller.Tenant, []models.CustomerID{c.ID}, h.partner.ID, somebody)
	}
	return err
}

// backfills links cus_1 to a partner since a day long ago, after some other backfills.
func backfills(partner string, after int) func(h *house) error {
	return func(h *house) error {
		ctx := context.Background()
		c, err := h.Store.CustomerByStripeID(ctx, h.caller.Tenant, "cus_1")
		if err != nil {
			return err
		}
		to, err := h.Store.PartnerByKey(ctx, h.caller.Tenant, partner)
		if err == nil {
			err = h.made(after)
		}
		if err != nil {
			return err
		}
		want := inbox.BackfillWanted{Customer: c.ID, Partner: to.ID, Since: storetest.Day.AddDate(0, 0, -60), Reason: "late"}
		_, seal, err := h.PreviewBackfill(ctx, h.caller.Tenant, want)
		if err == nil {
			_, err = h.Backfill(ctx, h.caller.Tenant, want, seal, somebody)
		}
		return err
	}
}

// made is an error while there is another number of backfills.
func (h *house) made(backfills int) error {
	list, err := h.Store.Backfills(context.Background(), h.caller.Tenant, store.Page{Limit: 9, Desc: true})
	if err == nil && len(list) != backfills {
		err = fmt.Errorf("%d backfills", len(list))
	}
	return err
}

// undoes takes back the latest of two backfills.
func undoes(h *house) error {
	if err := h.made(2); err != nil {
		return err
	}
	list, err := h.Store.Backfills(context.Background(), h.caller.Tenant, store.Page{Limit: 9, Desc: true})
	if err != nil {
		return err
	}
	return h.UndoBackfill(context.Background(), h.caller.Tenant, list[0].ID, somebody)
}

// DESIGN.md 4, B10: any order, any number of times, ends in the same books.
func TestAnyOrderAndRepetitionEndsInTheSameBooks(t *testing.T) {
	t.Parallel()
	sold := func(n int, customer, email, partner string, day int, kind string) storetest.Sold {
		return storetest.Sold{N: n, Customer: customer, Email: email, Partner: partner, Gross: 10000, Tax: 777, Currency: "usd",
			PaidAt: storetest.Day.AddDate(0, 0, -20+day), OneOff: kind == "one-off", Renewal: kind == "renewal"}
	}
	scenes := map[string]scene{
		"one customer": {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_1", "a@x", "", 1, "renewal"), sold(3, "cus_1", "a@x", "PARTNER_B", 2, "")}},
		"one-offs and refunds": {back: map[int][]int64{1: {2500, 10000}, 2: {3333}, 3: {10000}},
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, "one-off"), sold(2, "cus_1", "a@x", "", 1, "renewal"), sold(3, "cus_1", "a@x", "PARTNER_B", 2, "one-off")}},
		"a refund and a late earlier sale of another partner": {back: map[int][]int64{2: {10000}},
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_1", "a@x", "PARTNER_B", 2, "")}},
		"a guest, then a customer":                 {sales: []storetest.Sold{sold(1, "", "a@x", "PARTNER_A", 0, "one-off"), sold(2, "cus_1", "a@x", "", 1, ""), sold(3, "", "a@x", "", 2, "one-off")}},
		"two customers with one address":           {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_2", "a@x", "", 1, ""), sold(3, "cus_2", "a@x", "", 2, "renewal")}},
		"two partners, one address, a guest":       {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_2", "a@x", "PARTNER_B", 1, ""), sold(3, "", "a@x", "", 2, "one-off")}},
		"one customer with two addresses, a guest": {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_1", "b@x", "", 1, "renewal"), sold(3, "", "b@x", "", 2, "one-off")}},
		"refunds told twice, one that fails, disputes": {back: map[int][]int64{1: {2500, 5000}, 2: {10000}}, more: afterwards,
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, ""), sold(2, "cus_1", "a@x", "", 1, "renewal"), sold(3, "cus_1", "a@x", "PARTNER_B", 2, "one-off")}},
		"a link by hand, payments before and after": {hands: []func(*house) error{linksByHand}, back: map[int][]int64{3: {2500}},
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "", 0, ""), sold(2, "cus_1", "a@x", "", 20, "renewal"), sold(3, "cus_1", "b@x", "PARTNER_B", 22, "one-off"), sold(4, "", "b@x", "", 23, "one-off")}},
		"a backfill, with a guest and a refund": {hands: []func(*house) error{backfills("PARTNER_A", 0)}, back: map[int][]int64{2: {2500}},
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "", 0, ""), sold(2, "cus_1", "a@x", "", 1, "renewal"), sold(3, "cus_1", "a@x", "PARTNER_B", 2, "one-off"), sold(4, "", "a@x", "", 3, "one-off")}},
		"two backfills and an undoing": {hands: []func(*house) error{backfills("PARTNER_A", 0), backfills("PARTNER_B", 1), undoes},
			sales: []storetest.Sold{sold(1, "cus_1", "a@x", "", 0, ""), sold(2, "cus_1", "a@x", "PARTNER_B", 1, "one-off"), sold(3, "cus_2", "a@x", "", 2, "")}},
		"a call with the charge's id": {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "PARTNER_A", 0, "")},
			calls: []inbox.Transaction{{Key: "ch_1", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_1", CreateCustomer: true}}},
		"a call with the intent's id and a partner": {sales: []storetest.Sold{sold(1, "cus_1", "a@x", "", 0, "one-off"), sold(2, "cus_1", "a@x", "", 1, "renewal")}, back: map[int][]int64{1: {5000}},
			calls: []inbox.Transaction{{Key: "pi_1", Amount: "100.00", AmountUnits: "usd", Partner: "PARTNER_B", CustomerKey: "cus_1", CreateCustomer: true}}},
	}
	playAll(t, scenes)
}

// playAll plays each story in both shapes and some orders, and wants the same end of all.
func playAll(t *testing.T, scenes map[string]scene) {
	t.Helper()
	for name, sc := range scenes {
		for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				seen := map[string]uint64{}
				for seed := range uint64(8) {
					seen[sc.play(t, shape, seed)] = seed
				}
				if len(seen) > 1 {
					t.Errorf("%d different books", len(seen))
					for state, seed := range seen {
						t.Logf("seed %d:\n%s", seed, state)
					}
				}
			})
		}
	}
}
