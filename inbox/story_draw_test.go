package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

// story is what happened to one company: what people set at their own time, and then acts whose order must not matter.
type story struct {
	seed     uint64
	program  models.Program    // its settings
	asks     bool              // there is a key to ask Stripe with
	before   []act             // what people set, each at its own time
	chapters []chapter         // the sales
	acts     []act             // what comes in any order
	keys     map[string]string // what Stripe shows in the metadata of customers and subscriptions in the end
}

// chapter is one sale, of a kind.
type chapter struct {
	storetest.Sold
	kind string
	bare bool // no session
}

// act is one thing that happens: an event comes, a call is made, a person does something.
type act struct {
	name  string
	sale  int       // of what it tells; 0 for none
	what  string    // an event tells of it; empty for all else
	when  time.Time // its own time on the clock; zero is whenever it comes
	late  bool      // only after all else
	do    func(*performance) error
	again *act // the same change told once more
}

// person is a customer.
type person struct {
	id     string   // cus_…; empty for a guest
	emails []string // as written, now one, now another
}

const strangers = true

// drawing draws a story from a seed.
type drawing struct {
	*rand.Rand
	story
	people []person
	shapes []storetest.Shape // of the endpoints that Stripe tells
	begin  time.Time
	things map[int][]thing // by sale, what lists can show of it
}

func draw(seed uint64) story {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 7))}
	d.seed, d.asks, d.keys = seed, d.one(2), map[string]string{}
	d.shapes = [][]storetest.Shape{{storetest.Old}, {storetest.New}, {storetest.Old, storetest.New}}[d.IntN(3)]
	d.program = models.Program{AttributionModel: []string{"customer", "customer", "customer", "transaction"}[d.IntN(4)], HoldDays: []int{0, 30}[d.IntN(2)], Refunds: "automatic",
		CouponBeatsLink: d.one(4), SelfReferral: []string{"refuse", "flag"}[d.IntN(2)], CountShipping: !d.one(4), CountOutOfBand: !d.one(4)}
	d.begin = storetest.Day.AddDate(0, 0, []int{-20, -60}[d.IntN(2)])
	d.partners()
	d.rules()
	d.codes()
	d.persons()
	most := 3
	if seed > stories {
		most = 6 // the many of make soak may be longer
	}
	for n, last := 1, 1+d.IntN(most); n <= last; {
		n += d.sale(n)
	}
	d.dinars()
	d.byHand()
	d.imports()
	d.syncs()
	d.adopts()
	return d.story
}

// one in n.
func (d *drawing) one(n int) bool { return d.IntN(n) == 0 }

// some is a time within so many hours after another, in whole minutes or seconds.
func (d *drawing) some(from time.Time, hours int) time.Time {
	return from.Add(time.Duration(d.IntN(hours*60)) * time.Minute)
}

func (d *drawing) prefix(name string, when time.Time, do func(*performance) error) {
	d.before = append(d.before, act{name: name, when: when, do: do})
	slices.SortStableFunc(d.before, func(a, b act) int { return a.when.Compare(b.when) })
}

// partners are A paid in usd, B in eur, C in jpy, one who never was active, one who is paused on the way, and one who
// comes late.
func (d *drawing) partners() {
	long, itself := storetest.Day.AddDate(-1, 0, 0), d.one(8) // A buys too
	add := func(key string, currency models.Currency, status string) func(*performance) error {
		return func(p *performance) error {
			partner := models.Partner{Tenant: p.caller.Tenant, ID: models.NewID[models.PartnerID](p.clock), Key: key, Name: key, Currency: currency, CreatedAt: p.clock}
			if itself && key == "A" {
				partner.Email = ptr("P1@x.com")
			}
			partner.Begin(status)
			err := p.AddPartner(context.Background(), partner, somebody)
			if errors.Is(err, models.ErrConflict) { // the answer to the first try was lost
				return nil
			}
			p.partners[key] = partner
			return err
		}
	}
	for key, currency := range map[string]models.Currency{"A": "usd", "B": "eur", "C": "jpy", "PAUSED": "usd"} {
		d.before = append(d.before, act{name: "partner " + key, when: long, do: add(key, currency, models.PartnerActive)})
	}
	d.before = append(d.before, act{name: "partner IDLE", when: long, do: add("IDLE", "usd", models.PartnerPending)})
	slices.SortFunc(d.before, func(a, b act) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	d.prefix("PAUSED is paused", d.some(d.begin, 96), func(p *performance) error {
		partner := p.partners["PAUSED"]
		partner.Turn(models.PartnerPaused, p.clock)
		return p.live.SavePartner(context.Background(), partner, p.clock)
	})
	if d.one(4) {
		// After all else: a payment that found somebody else meanwhile is not looked at again.
		d.acts = append(d.acts, act{name: "LATE becomes a partner", late: true, do: add("LATE", "usd", models.PartnerActive)})
	}
}

// rules are a first version, and sometimes a second from a moment on.
func (d *drawing) rules() {
	a, product := "A", "prod_2"
	sets := [][]models.Rule{
		{{Type: "percent", Value: "20", Recurring: "always"}},
		{{Type: "percent", Value: "12.5", Recurring: "always"}, {Product: &product, Type: "percent", Value: "33.3333", Recurring: "always"}},
		{{Type: "percent", Value: "30", Recurring: "first"}},
		{{Type: "percent", Value: "17.5", Recurring: "1"}, {Partner: &a, Type: "fixed", Value: "7.50", Currency: "usd", Recurring: "always"}},
		{{Product: &product, Type: "fixed", Value: "3", Currency: "usd", Recurring: "first"}, {Partner: &a, Type: "percent", Value: "25", Recurring: "always"}},
		{percent("sales", "2", "25", "3", "30", "5", "12.5"), {Product: &product, Type: "percent", Value: "33.3333", Recurring: "first"}},
		{percent("revenue", "150", "25", "400", "33.3333"), {Partner: &a, Type: "fixed", Value: "7.50", Currency: "usd", Recurring: "2", TierBy: "sales", Tiers: []models.Tier{{From: "3", Value: "9.99"}}}},
	}
	save := func(rules []models.Rule) func(*performance) error {
		return func(p *performance) error { return p.SaveRules(context.Background(), p.caller, rules, somebody) }
	}
	n := d.IntN(len(sets))
	d.prefix(fmt.Sprintf("rules %d", n), storetest.Day.AddDate(-1, 0, 1), save(sets[n]))
	if d.one(3) {
		n := d.IntN(len(sets))
		d.prefix(fmt.Sprintf("rules %d", n), d.some(d.begin, 96), save(sets[n]))
	}
}

// codes stand for partners: a text, the id of a promotion code, that of a coupon; sometimes only for a time.
func (d *drawing) codes() {
	if !d.one(3) {
		return
	}
	for _, code := range []string{"ann10", "promo_BOB20", "co_CARL5"} {
		to, when := []string{"A", "B", "C", "PAUSED"}[d.IntN(4)], d.some(d.begin, 72)
		d.prefix("code "+code+" stands for "+to, when, func(p *performance) error {
			_, err := p.AddCode(context.Background(), p.caller.Tenant, code, p.partners[to].ID, somebody)
			return err
		})
		if d.one(4) {
			d.prefix("code "+code+" stands for nobody", d.some(when, 96), func(p *performance) error {
				_, err := p.RemoveCode(context.Background(), p.caller.Tenant, code, somebody)
				return ignoring(err, models.ErrNotFound)
			})
		}
	}
}

// states tell of a key in the metadata of a customer or subscription, and of how it changed.
func (d *drawing) states(kind, id string) {
	if !d.one(3) {
		return
	}
	now, when := "", d.some(d.begin, 24)
	if d.one(2) {
		now = d.key()
	}
	d.state(kind+".created", id, now, "", when)
	for range d.IntN(3) {
		before := now
		if now = d.key(); d.one(4) {
			now = ""
		}
		when = d.some(when.Add(time.Minute), 72)
		d.state(kind+".updated", id, now, before, when)
	}
	d.keys[id] = now
}

func (d *drawing) state(kind, id, now, before string, when time.Time) {
	body := storetest.State(d.shapes[d.IntN(len(d.shapes))], kind, id, now, before, when)
	name := fmt.Sprintf("%s %s with %q, before %q, on %s", kind, id, now, before, when.Format(time.DateTime))
	d.acts = append(d.acts, act{name: name, do: posting(body), again: &act{name: name + " again", do: posting(body)}})
}

// click is a visit through a partner's link, which may become known after the sale that names it.
func (d *drawing) click() string {
	id, to := fmt.Sprintf("clk_%d", len(d.acts)), []string{"A", "B", "C"}[d.IntN(3)]
	when := d.some(d.begin, 96)
	d.acts = append(d.acts, act{name: "click " + id + " on the link of " + to, when: when, do: func(p *performance) error {
		err := p.Clicked(context.Background(), models.Click{Tenant: p.caller.Tenant, ID: id, Partner: p.partners[to].ID, At: when})
		return ignoring(err, models.ErrConflict)
	}})
	return id
}

// persons are one to three customers, guests among them, who sometimes share an address, change it, write it otherwise,
// or were made and linked by the company.
func (d *drawing) persons() {
	for k := range 1 + d.IntN(3) {
		who := person{id: fmt.Sprintf("cus_%d", k+1), emails: []string{fmt.Sprintf("p%d@x.com", k+1)}}
		if d.one(4) {
			who.id = ""
		}
		if k > 0 && strangers && d.one(3) {
			who.emails = slices.Clone(d.people[0].emails[:1])
		}
		if d.one(4) {
			who.emails = append(who.emails, fmt.Sprintf("new%d@x.com", k+1))
		}
		if d.one(5) {
			who.emails = append(who.emails, fmt.Sprintf(" P%d@X.com ", k+1))
		}
		if who.id != "" && strangers && d.one(8) {
			who.emails = append(who.emails, "")
		}
		d.people = append(d.people, who)
		if who.id != "" {
			d.states("customer", who.id)
		}
		if d.one(4) {
			d.lead(k, who)
		}
	}
}

// lead is a customer whom the company made, linked or not, and sometimes gave a Stripe id to later.
func (d *drawing) lead(k int, who person) {
	key := fmt.Sprintf("lead-%d", k+1)
	change := inbox.CustomerChange{}
	words := key
	if strangers && d.one(2) {
		change.Email = &who.emails[0]
		words += " with " + who.emails[0]
	}
	if !d.one(4) {
		change.Partner = ptr(d.key())
		words += " of " + *change.Partner
	}
	when := d.some(d.begin, 72)
	d.prefix(words+" is made", when, func(p *performance) error {
		_, err := p.AddCustomer(context.Background(), p.caller.Tenant, key, change, "api", somebody)
		return ignoring(err, models.ErrInvalid)
	})
	if who.id == "" || !d.one(2) || !strangers && len(who.emails) > 1 {
		return
	}
	d.prefix(key+" gets "+who.id, d.some(when, 72), func(p *performance) error {
		c, err := p.live.CustomerByKey(context.Background(), p.caller.Tenant, key)
		if err != nil {
			return ignoring(err, models.ErrNotFound)
		}
		_, err = p.ChangeCustomer(context.Background(), c, inbox.CustomerChange{StripeID: &who.id}, "person", somebody)
		return err
	})
}

func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// key is what may stand for a partner.
func (d *drawing) key() string {
	return []string{"A", "A", "A", "B", "B", "C", "IDLE", "PAUSED", "LATE", "NOBODY"}[d.IntN(10)]
}

// dinars are the rates that nobody publishes: finance enters them, at any time, for the day of the first sale that needs one.
func (d *drawing) dinars() {
	var first time.Time
	for _, c := range d.chapters {
		if c.Currency == "kwd" && (first.IsZero() || c.PaidAt.Before(first)) {
			first = c.PaidAt
		}
	}
	if first.IsZero() {
		return
	}
	d.acts = append(d.acts, act{name: "rates of the dinar are entered for " + first.Format(time.DateOnly), do: func(p *performance) error {
		for to, value := range map[models.Currency]string{"usd": "3.25391", "eur": "3.0187", "jpy": "489.117"} {
			rate := models.Rate{From: "kwd", To: to, Value: value, Source: models.RateByHand, Date: first.Truncate(24 * time.Hour)}
			if err := p.Rates.Enter(context.Background(), p.live, p.caller.Company, somebody, rate); err != nil {
				return err
			}
		}
		return p.TurnWaiting(context.Background())
	}})
}

// byHand gives payments to partners: at any time once they are there, or after all else.
func (d *drawing) byHand() {
	if !d.one(5) || len(d.chapters) == 0 {
		return
	}
	sold, to := d.chapters[d.IntN(len(d.chapters))], []string{"A", "B", "C"}[d.IntN(3)]
	if sold.Gross == 0 {
		return
	}
	name := fmt.Sprintf("sale %d is given to %s by hand", sold.N, to)
	d.acts = append(d.acts, act{name: name, late: true, when: storetest.Day.AddDate(0, 0, 5), do: func(p *performance) error {
		ctx := context.Background()
		for _, alias := range []string{"ch", "in", "pi", "order"} {
			if row, err := p.live.PaymentByAlias(ctx, p.caller.Tenant, fmt.Sprintf("%s_%d", alias, sold.N)); err == nil {
				return p.Give(ctx, p.caller.Tenant, row.ID, p.partners[to].ID, "told so", somebody)
			} else if !errors.Is(err, models.ErrNotFound) {
				return err
			}
		}
		return nil
	}})
}
