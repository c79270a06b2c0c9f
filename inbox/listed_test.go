package inbox_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// listedOf is the object of an event as a list shows it at a moment, retold as an event.
func listedOf(t testing.TB, body []byte, at time.Time, before *time.Time) models.Event {
	t.Helper()
	var event struct {
		Data struct{ Object map[string]any }
	}
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(event.Data.Object)
	if err != nil {
		t.Fatal(err)
	}
	l, err := sources.StripeListed(object, models.Test, at, before)
	if err != nil {
		t.Fatal(err)
	}
	return l.Event
}

// listedToo are a sale's objects as lists show them: what it became, in the shape of the pinned version.
func listedToo(t testing.TB, before *time.Time, more func(storetest.Sold) [][]byte) func(storetest.Sold) [][]byte {
	return func(s storetest.Sold) [][]byte {
		told := [][]byte{s.Charge(storetest.Old)}
		if !s.Renewal {
			told = append(told, s.Session(storetest.Old))
		}
		if !s.OneOff {
			told = append(told, s.Invoice(storetest.Old))
		}
		var all [][]byte
		for _, body := range told {
			all = append(all, listedOf(t, body, storetest.Day, before).Body)
		}
		if more == nil {
			return all
		}
		last := map[string][]byte{} // of a refund or a dispute, what it is by now
		for _, body := range more(s) {
			all = append(all, body)
			var event struct {
				Created int64
				Data    struct {
					Object struct{ ID, Object string }
				}
			}
			if err := json.Unmarshal(body, &event); err != nil {
				t.Fatal(err)
			}
			if o := event.Data.Object; o.Object == "refund" || o.Object == "dispute" {
				last[o.ID] = body
				all = append(all, listedOf(t, body, time.Unix(event.Created, 0), before).Body)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(last)) {
			all = append(all, listedOf(t, last[id], storetest.Day, before).Body)
		}
		return all
	}
}

// MONEY.md 3.4, B11: an import beside webhooks, before, after and between them, with commissions and without, ends in the
// books of the webhooks alone.
func TestAnImportBesideWebhooksChangesNothing(t *testing.T) {
	t.Parallel()
	sold := func(n int, customer, partner, kind string) storetest.Sold {
		return storetest.Sold{N: n, Customer: customer, Email: "a@x", Partner: partner, Gross: 10000, Tax: 777, Currency: "usd",
			PaidAt: storetest.Day.AddDate(0, 0, -20+n), OneOff: kind == "one-off", Renewal: kind == "renewal"}
	}
	connected := storetest.Day
	for name, sc := range map[string]scene{
		"subscriptions": {sales: []storetest.Sold{sold(1, "cus_1", "PARTNER_A", ""), sold(2, "cus_1", "", "renewal"), sold(3, "cus_1", "PARTNER_B", "")}},
		"one-offs and a guest": {back: map[int][]int64{1: {2500, 10000}, 3: {10000}},
			sales: []storetest.Sold{sold(1, "cus_1", "PARTNER_A", "one-off"), sold(2, "cus_1", "", "renewal"), sold(3, "", "", "one-off")}},
		"refunds, one that fails, disputes": {more: afterwards,
			sales: []storetest.Sold{sold(1, "cus_1", "PARTNER_A", ""), sold(2, "cus_1", "", "renewal"), sold(3, "cus_1", "PARTNER_B", "one-off")}},
	} {
		for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
			t.Run(name+" "+string(shape), func(t *testing.T) {
				t.Parallel()
				want := sc.play(t, shape, 0)
				for _, before := range []*time.Time{nil, &connected} {
					beside := sc
					beside.more = listedToo(t, before, sc.more)
					for seed := range uint64(5) {
						if got := beside.play(t, shape, seed); got != want {
							t.Errorf("seed %d, before %v:\n%s\nwithout the import:\n%s", seed, before, got, want)
						}
					}
				}
			})
		}
	}
}

// MONEY.md 3.4: what is known by an import alone and was paid before the connection earns nothing, and says so; once an
// event tells of it, or an import with commissions, it earns; its refund alone does not make it earn. In any order.
func TestThePastEarnsOnlyWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	s := sale()
	connected, early := storetest.Day, s.PaidAt.Add(-time.Hour)
	past := [][]byte{s.Session(storetest.Old), s.Invoice(storetest.Old)}
	type told struct {
		by   []byte
		list bool
		from *time.Time
	}
	without := []told{{past[0], true, &connected}, {past[1], true, &connected}}
	refund := told{by: s.Refund(storetest.Old, 5000)}
	for name, c := range map[string]struct {
		told []told
		want int64
	}{
		"an import without commissions":                   {without, 0},
		"its refund comes by a webhook":                   {append(slices.Clone(without), refund), 0},
		"the charge is updated":                           {append(slices.Clone(without), told{by: s.Aside(storetest.Old)[1]}), 0},
		"a webhook tells of it as well":                   {append(slices.Clone(without), told{by: s.Invoice(storetest.New)}), 2000},
		"a webhook and a refund":                          {append(slices.Clone(without), told{by: s.Invoice(storetest.New)}, refund), 1000},
		"an import with commissions as well":              {append(slices.Clone(without), told{past[1], true, nil}), 2000},
		"an import with commissions, a refund":            {append(slices.Clone(without), told{past[1], true, nil}, refund), 1000},
		"an import of what was paid since the connection": {[]told{{past[0], true, &early}, {past[1], true, &early}}, 2000},
		"an import by two connections, one of them early": {append(slices.Clone(without), told{past[1], true, &early}), 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for turn := range len(c.told) * 2 {
				order := slices.Concat(c.told[turn%len(c.told):], c.told[:turn%len(c.told)])
				if turn >= len(c.told) {
					slices.Reverse(order)
				}
				h := newHouse(t)
				for _, e := range order {
					if e.list {
						one := listedOf(t, e.by, storetest.Day, e.from)
						if fresh, err := h.Fetched(context.Background(), h.caller.Tenant, h.caller.Program, []models.Event{one}); err != nil || fresh != 1 {
							t.Fatalf("%d new, %v", fresh, err)
						}
					} else {
						h.post(e.by)
					}
					h.drain()
				}
				var earned int64
				for _, commission := range h.commissions() {
					earned += commission.Amount.Minor
				}
				p := h.payments()
				if len(p) != 1 || earned != c.want || p[0].PartnerKey == nil || *p[0].PartnerKey != "PARTNER_A" {
					t.Fatalf("turn %d: %d payments earn %d, want %d: %+v", turn, len(p), earned, c.want, p)
				}
				last := p[0].Steps.V[len(p[0].Steps.V)-1]
				if said := strings.Contains(last.Because, "imported without commission"); said != (c.want == 0) {
					t.Errorf("turn %d: the last step says %q", turn, last.Because)
				}
			}
		})
	}
}

// MONEY.md 3.4: the same listed again is a repeat; an object that changed is told again.
func TestAnObjectIsToldAgainOnlyWhenItChanged(t *testing.T) {
	t.Parallel()
	s := sale()
	first, again := listedOf(t, s.Charge(storetest.Old), storetest.Day, nil), listedOf(t, s.Charge(storetest.Old), storetest.Day.Add(time.Hour), nil)
	if first.ProviderID != again.ProviderID || !strings.HasPrefix(first.ProviderID, "import:ch_1:") {
		t.Errorf("ids %s and %s", first.ProviderID, again.ProviderID)
	}
	with := listedOf(t, s.Charge(storetest.Old), storetest.Day, &s.PaidAt)
	s.Email = "other@example.com"
	changed := listedOf(t, s.Charge(storetest.Old), storetest.Day, nil)
	if changed.ProviderID == first.ProviderID || with.ProviderID == first.ProviderID {
		t.Errorf("all have the id %s", first.ProviderID)
	}
}
