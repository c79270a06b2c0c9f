package inbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// thing is an object of a sale as it was from a moment on, in the shape in which lists show it.
type thing struct {
	id, object string
	body       json.RawMessage
	from       time.Time
}

// happened keeps what an event tells of its object: a list that is asked for later shows it.
func (d *drawing) happened(s chapter, event []byte) {
	var e struct {
		Created int64
		Data    struct{ Object json.RawMessage }
	}
	var o struct{ ID, Object string }
	if json.Unmarshal(event, &e) != nil || json.Unmarshal(e.Data.Object, &o) != nil {
		panic("an event that is no JSON")
	}
	if d.things == nil {
		d.things = map[int][]thing{}
	}
	d.things[s.N] = append(d.things[s.N], thing{o.ID, o.Object, e.Data.Object, time.Unix(e.Created, 0).UTC()})
}

// imports let some of the story be known by lists, as they were at one moment or two: beside the events, or in place of
// those that nobody was connected for or that never came (MONEY.md 3.4, B11).
func (d *drawing) imports() {
	if !d.one(2) {
		return
	}
	connected := d.some(d.begin, 24*8)
	for _, s := range d.chapters {
		if s.PaidAt.Before(connected) && !d.one(3) {
			d.unheard(s, d.one(3))
		} else if d.one(6) {
			d.unheard(s, true)
		}
	}
	for range 1 + d.IntN(2) {
		at, before := d.some(d.begin.AddDate(0, 0, 1), 24*16), &connected
		switch d.IntN(5) {
		case 0, 1:
			before = nil
		case 2:
			before = new(connected.AddDate(0, 0, d.IntN(9)-4))
		}
		for _, s := range d.chapters {
			d.list(s, at, before)
		}
	}
}

// unheard lets no event come that told of a sale when it was paid; or none of it at all, also of what went back.
func (d *drawing) unheard(s chapter, all bool) {
	d.acts = slices.DeleteFunc(d.acts, func(a act) bool {
		back := strings.HasPrefix(a.what, "refund") || strings.HasPrefix(a.what, "dispute") || strings.HasPrefix(a.what, "credit note")
		return a.sale == s.N && a.what != "" && (all || !back)
	})
}

// list lets what a list shows of a sale at a moment come as events.
func (d *drawing) list(s chapter, at time.Time, before *time.Time) {
	last := map[string]thing{}
	for _, one := range d.things[s.N] {
		if old, has := last[one.id]; !one.from.After(at) && (!has || !one.from.Before(old.from)) {
			last[one.id] = one
		}
	}
	for _, id := range slices.Sorted(maps.Keys(last)) {
		one := last[id]
		l, err := sources.StripeListed(one.body, models.Test, at, before)
		if err != nil {
			panic(err)
		}
		if one.object == "charge" && (!l.Tells() || l.Invoice != "") && !d.one(4) || d.one(8) {
			continue
		}
		words := "with commissions"
		if before != nil {
			words = "without commissions before " + before.Format(time.DateTime)
		}
		name := fmt.Sprintf("%s listed as of %s %s", id, at.Format(time.DateTime), words)
		a := act{name: name, sale: s.N, do: fetching(one.body, at, before)}
		if d.one(2) {
			a.again = &act{name: name + ", once more", do: fetching(one.body, d.until(s, one, at), before)}
		}
		d.acts = append(d.acts, a)
	}
}

// until is a later moment at which a list shows a thing as it was at another.
func (d *drawing) until(s chapter, one thing, at time.Time) time.Time {
	later := d.some(at, 48)
	for _, next := range d.things[s.N] {
		if next.id == one.id && next.from.After(at) && !next.from.After(later) {
			return at
		}
	}
	return later
}

func fetching(object []byte, at time.Time, before *time.Time) func(*performance) error {
	return func(p *performance) error {
		l, err := sources.StripeListed(object, p.caller.Mode, at, before)
		if err == nil {
			_, err = p.Fetched(context.Background(), p.caller.Tenant, p.caller.Program, []models.Event{l.Event})
		}
		return err
	}
}

// syncs tell of customers as the provider's list does: all of them or some, once or twice (F5, F32).
func (d *drawing) syncs() {
	if !d.one(3) {
		return
	}
	var list []models.ToldCustomer
	for _, who := range d.people {
		if who.id == "" {
			continue
		}
		one := models.ToldCustomer{ID: who.id, Email: d.email(who), Name: []string{"", "Ann"}[d.IntN(2)]}
		switch d.IntN(6) {
		case 0:
			one.Email = d.people[d.IntN(len(d.people))].emails[0]
		case 1:
			one.Email = ""
		}
		list = append(list, one)
	}
	list = append(list, models.ToldCustomer{ID: "cus_9", Email: d.people[0].emails[0]})
	for n, one := range list {
		name := fmt.Sprintf("a list tells of %s %q %q", one.ID, one.Email, one.Name)
		do := func(p *performance) error {
			return p.TellCustomers(context.Background(), p.caller.Tenant, list[n:n+1], func(*store.Store, int, int) error { return nil })
		}
		d.acts = append(d.acts, act{name: name, do: do, again: &act{name: name + " again", do: do}})
	}
}

// adopts gives partners codes that were made at the provider for them, some time ago (F33).
func (d *drawing) adopts() {
	for _, text := range []string{"ann10", "CARL5"} {
		id := "promo_" + text
		if !d.one(4) || !slices.ContainsFunc(d.chapters, func(c chapter) bool { return c.Code == text }) {
			continue
		}
		to, made := []string{"A", "B", "C"}[d.IntN(3)], d.some(d.begin, 96)
		name := fmt.Sprintf("code %s is found to stand for %s since %s", id, to, made.Format(time.DateTime))
		d.acts = append(d.acts, act{name: name, do: func(p *performance) error {
			err := p.AdoptCode(context.Background(), p.caller.Tenant, id, p.partners[to].ID, made, somebody)
			return ignoring(err, models.ErrConflict) // the answer to the first try was lost
		}})
	}
}
