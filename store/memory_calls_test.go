package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// mix draws calls of any methods in any order, out of few values, so that they often meet.
type mix struct {
	*rand.Rand
	models.Caller
	partners    []models.PartnerID
	customers   []models.CustomerID
	payments    []models.PaymentID
	commissions []models.CommissionID
	events      []models.Event
	is          drawn
	n           int // so many were drawn
}

// drawn is what the calls so far have made: what the database would refuse is not drawn.
type drawn struct {
	customers map[int]models.Customer
	payments  map[int]bool // false: merged
	entries   map[int]int  // how many, by commission
}

const mixed = 4 // customers and payments

func (m *mix) one(of ...string) string { return of[m.IntN(len(of))] }
func (m *mix) half() bool              { return m.IntN(2) == 0 }
func (m *mix) email() string {
	if m.IntN(4) > 0 {
		return m.one("", "a@x", "a@x", " A@x ", "b@x")
	}
	return m.one("é@x", "É@x", "\tb@x", "İ@x", " ", "i@x")
}
func (m *mix) stripe() string  { return m.one("", "cus_1", "cus_2", "cus_3", "cus_4") }
func (m *mix) alias() string   { return m.one("in_1", "in_2", "pi_1", "pi_2", "ch_1") }
func (m *mix) subject() string { return m.one("cus_1", "cus_2", "sub_1", "in_1", "pi_1", "promo_A") }
func (m *mix) at() time.Time   { return storetest.Day.Add(time.Duration(m.IntN(5)) * time.Second) }
func (m *mix) key() string     { return fmt.Sprint("k", m.IntN(3)) }
func (m *mix) now() time.Time  { return storetest.Day.Add(time.Duration(m.n) * time.Millisecond) }

// customer is one that is there; else there is none of that id.
func (m *mix) customer() (c models.Customer, there bool) {
	all := slices.Sorted(maps.Keys(m.is.customers))
	if len(all) == 0 {
		return models.Customer{ID: m.customers[m.IntN(mixed)], Key: "nobody"}, false
	}
	return m.is.customers[all[m.IntN(len(all))]], true
}

// payment is one that is there and was not merged.
func (m *mix) payment() (n int, id models.PaymentID, there bool) {
	all := slices.DeleteFunc(slices.Sorted(maps.Keys(m.is.payments)), func(n int) bool { return !m.is.payments[n] })
	if len(all) == 0 {
		return 0, m.payments[0], false
	}
	n = all[m.IntN(len(all))]
	return n, m.payments[n], true
}

// draw draws the next call; none where it would be refused.
func (m *mix) draw() []step {
	m.n++
	calls := []func() []step{m.ofCustomer, m.ofPayment, m.ofPayment, m.ofDecision, m.ofLink, m.ofFact, m.ofCommission, m.ofEvent, m.look, m.look, m.look}
	if m.IntN(20) == 0 { // seldom, as memory begins anew
		calls = []func() []step{m.unknown, m.savepoint}
	}
	return calls[m.IntN(len(calls))]()
}

func writing(name string, do func(context.Context, *store.Store) error) []step {
	return []step{{name, func(ctx context.Context, tx *store.Store) (any, error) { return nil, do(ctx, tx) }}}
}

func (m *mix) ofCustomer() []step {
	n := m.IntN(mixed)
	c, there := m.is.customers[n]
	if !there {
		c = models.Customer{Tenant: m.Tenant, ID: m.customers[n], Key: fmt.Sprint("key_", n), Composite: m.IntN(6) == 0, CreatedAt: m.now()}
	}
	if c.Email = nil; m.half() {
		email := m.email()
		c.Email = &email
	}
	id := m.stripe()
	for _, other := range m.is.customers {
		if other.StripeID != nil && *other.StripeID == id && other.ID != c.ID {
			id = "" // another's
		}
	}
	if c.StripeID = nil; id != "" {
		c.StripeID = &id
	}
	m.is.customers[n] = c
	if there {
		return writing(fmt.Sprintf("save customer %s %q %q", c.Key, text(c.Email), id), func(ctx context.Context, tx *store.Store) error { return tx.SaveCustomer(ctx, c) })
	}
	return writing(fmt.Sprintf("add customer %s %q %q", c.Key, text(c.Email), id), func(ctx context.Context, tx *store.Store) error { return tx.AddCustomer(ctx, c) })
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

func (m *mix) ofPayment() []step {
	t, now, n := m.Tenant, m.now(), m.IntN(mixed)
	id := m.payments[n]
	if there, ever := m.is.payments[n]; !ever {
		m.is.payments[n] = true
		return writing(fmt.Sprint("add payment ", n), func(ctx context.Context, tx *store.Store) error {
			return tx.AddPayment(ctx, t, id, m.Program, models.SourceStripe, fmt.Sprint("p", n), models.Terms{}, now)
		})
	} else if !there {
		return nil
	}
	if m.IntN(3) == 0 {
		aliases := []string{m.alias(), m.alias()}
		return writing(fmt.Sprint("claim ", aliases, " for ", n), func(ctx context.Context, tx *store.Store) error { return tx.ClaimAliases(ctx, t, id, aliases) })
	}
	p := models.Payment{Tenant: t, ID: id, Via: m.Program, Source: models.SourceStripe, Key: fmt.Sprint("p", n), Counted: m.half(), Kind: models.Sale, PaidAt: m.at(), Subscription: m.one("", "sub_1"),
		Gross: models.Money{Minor: 100, Currency: "usd"}, Base: models.Money{Minor: 100, Currency: "usd"}, Customer: models.PaymentCustomer{StripeID: m.stripe(), Email: m.email()}}
	back, whose := int64(m.IntN(2)*100), (*models.CustomerID)(nil)
	if c, there := m.customer(); there && m.IntN(4) > 0 {
		whose = &c.ID
	}
	return writing(fmt.Sprintf("save payment %d of %v, %+v, counted %v at %s, back %d", n, whose, p.Customer, p.Counted, p.PaidAt, back), func(ctx context.Context, tx *store.Store) error {
		return tx.SavePayment(ctx, p, whose, back, "paid")
	})
}

func (m *mix) ofDecision() []step {
	t, now := m.Tenant, m.now()
	n, id, there := m.payment()
	if !there {
		return nil
	}
	switch m.IntN(3) {
	case 0:
		told := models.Telling{Object: m.one("a", "b"), At: m.at(), PaidAt: m.at(), Rank: m.IntN(3), Customer: models.PaymentCustomer{Key: m.one("", "key_1"), FindOnly: m.half()}}
		back := models.Reversal{Of: []string{"in_1"}, Key: m.one("re_1", "re_2"), Kind: models.ReversalKind(m.one("refund", "dispute")), State: models.Takes, Made: m.at(), At: m.at(), Amount: models.Money{Minor: 5, Currency: "usd"}}
		return writing(fmt.Sprintf("keep %+v and %+v of %d", told, back, n), func(ctx context.Context, tx *store.Store) error {
			return errors.Join(tx.KeepTelling(ctx, t, id, told), tx.KeepReversal(ctx, t, id, back), tx.CountReversal(ctx, t, id, "re_1", now.UnixMilli()%2))
		})
	case 1:
		day := m.at().Truncate(24 * time.Hour)
		shown := &store.Shown{Rate: models.Rate{From: "usd", To: "eur", Value: "0.90", Source: "by hand", Date: day, Of: day}}
		if m.half() {
			shown = nil
		}
		kind, waits := models.PaymentKind(m.one("sale", "renewal")), m.half()
		return writing(fmt.Sprint("show ", n, shown != nil, kind, waits), func(ctx context.Context, tx *store.Store) error {
			return errors.Join(tx.SaveShown(ctx, t, id, shown, waits), tx.SaveKind(ctx, t, id, kind))
		})
	}
	p := models.Payment{Tenant: t, ID: id, Clues: models.Clues{Coupons: []models.Clue{{Value: m.one("A", "promo_A", "")}}, Partner: m.one("", "A", "B")}}
	d := store.Decided{Policy: "customer-2", Earns: m.half(), Steps: []models.Step{{Rule: m.one("r", "s")}}}
	if m.half() {
		by := models.ByAPI
		d.Partner, d.By = &m.partners[m.IntN(2)], &by
	}
	return writing(fmt.Sprintf("decide payment %d %+v", n, d), func(ctx context.Context, tx *store.Store) error { return tx.SaveDecision(ctx, p, d, now) })
}

func (m *mix) ofLink() []step {
	t, at, key := m.Tenant, m.at().Truncate(3*time.Second), m.one("k0", "k1")
	c, there := m.customer()
	if !there {
		return nil
	}
	if m.IntN(3) == 0 {
		return writing(fmt.Sprintf("forget links of %s from %s %s", c.Key, at, key), func(ctx context.Context, tx *store.Store) error { return tx.ForgetLinks(ctx, t, c.ID, at, key) })
	}
	link := models.Link{Customer: c.ID, Partner: m.partners[m.IntN(2)], From: at, Origin: m.one("event", "event", "person"), PayKey: key}
	_, id, there := m.payment()
	if there && m.half() {
		link.Payment = &id
	}
	return writing(fmt.Sprintf("link %s %+v %v", c.Key, link, link.Payment), func(ctx context.Context, tx *store.Store) error { return tx.AddLink(ctx, t, link) })
}

func (m *mix) ofFact() []step {
	f := models.Fact{Subject: m.subject(), Kind: models.FactKind(m.one("event", "answer", "session")), At: m.at(), Key: m.key(), BeforeKnown: m.half()}
	since := m.at()
	return []step{{fmt.Sprintf("keep fact %+v", f), func(ctx context.Context, tx *store.Store) (any, error) {
		have, isNew, err := tx.KeepFact(ctx, m.Tenant, f)
		return []any{have, isNew}, err
	}}, {"touched", func(ctx context.Context, tx *store.Store) (any, error) {
		return tx.PaymentsTouched(ctx, m.Tenant, f.Subject, since)
	}}}
}

func (m *mix) ofCommission() []step {
	t, now, money := m.Tenant, m.now(), func(minor int64) models.Money { return models.Money{Minor: minor, Currency: "usd"} }
	n, id, there := m.payment()
	if !there {
		return nil
	}
	n = 2*n + m.IntN(2)
	c := models.Commission{Tenant: t, ID: m.commissions[n], Payment: id, Partner: m.partners[n%2], Program: m.Program, Status: models.Held, PayableOn: storetest.Day.AddDate(0, 0, m.IntN(3)).Truncate(24 * time.Hour),
		Share: money(1), First: money(0), Earned: money(0), Amount: money(0), Steps: []models.Step{{Rule: m.one("r", "s")}}}
	m.is.entries[n]++
	e, moves := models.Entry{Commission: c.ID, Seq: m.is.entries[n], Kind: "earned", Amount: money(1), At: now}, m.half()
	return writing(fmt.Sprint("earn ", n), func(ctx context.Context, tx *store.Store) error {
		err := errors.Join(tx.KeepCommission(ctx, c, now), tx.AddEntry(ctx, c, e))
		if moves {
			err = errors.Join(err, tx.MoveEntries(ctx, c))
		}
		return errors.Join(err, tx.Book(ctx, t, []models.Transfer{{Key: fmt.Sprint(n % 4), From: "a", To: "b", Amount: money(1), At: now}}))
	})
}

// unknown draws a call that writes and of which memory knows nothing.
func (m *mix) unknown() []step {
	t := m.Tenant
	c, known := m.customer()
	other, _ := m.customer()
	n, id, there := m.payment()
	into, merged, _ := m.payment()
	if !known || !there {
		return nil
	}
	switch m.IntN(4) {
	case 0:
		if other.ID == c.ID {
			return nil
		}
		delete(m.is.customers, slices.Index(m.customers, c.ID))
		return writing("move customer "+c.Key+" to "+other.Key, func(ctx context.Context, tx *store.Store) error {
			if err := tx.ForgetLinks(ctx, t, c.ID, time.Time{}, ""); err != nil {
				return err
			}
			return tx.MoveCustomer(ctx, t, c.ID, other.ID)
		})
	case 1:
		if into == n {
			return nil
		}
		m.is.payments[n] = false
		return writing(fmt.Sprint("merge ", n, " into ", into), func(ctx context.Context, tx *store.Store) error { return tx.MergePayments(ctx, t, id, merged) })
	}
	whose := &c.ID
	if m.half() {
		whose = nil
	}
	return writing(fmt.Sprint("give ", n, " to ", whose), func(ctx context.Context, tx *store.Store) error {
		return tx.GivePayments(ctx, t, []models.PaymentID{id}, whose)
	})
}

func (m *mix) ofEvent() []step {
	t, e, now, because, waits, until := m.Tenant, m.events[m.IntN(len(m.events))], m.now(), m.one("x", "y"), []string{m.alias()}, m.at()
	switch m.IntN(4) {
	case 0:
		return writing("finish", func(ctx context.Context, tx *store.Store) error {
			return tx.FinishEvent(ctx, e, models.EventDone, &because, now)
		})
	case 1:
		return writing("wake", func(ctx context.Context, tx *store.Store) error { return tx.WakeEvents(ctx, t, waits, now) })
	}
	return writing("park", func(ctx context.Context, tx *store.Store) error {
		return tx.ParkEvent(ctx, e, store.Parked{Because: because, WaitsFor: waits, Until: until, Counted: &now})
	})
}

// savepoint draws some calls that are undone together, or not.
func (m *mix) savepoint() []step {
	before := drawn{maps.Clone(m.is.customers), maps.Clone(m.is.payments), maps.Clone(m.is.entries)}
	var inner []step
	var names []string
	for range 1 + m.IntN(4) {
		inner = append(inner, m.draw()...)
	}
	for _, s := range inner {
		names = append(names, s.name)
	}
	undone := m.half()
	if undone {
		m.is = before
	}
	return []step{{fmt.Sprintf("savepoint, undone %v: %s", undone, strings.Join(names, "; ")), func(ctx context.Context, tx *store.Store) (any, error) {
		said := []string{}
		err := tx.Savepoint(ctx, func() error {
			for _, s := range inner {
				said = append(said, s.tell(ctx, tx))
			}
			if undone {
				return errUndone
			}
			return nil
		})
		if undone && errors.Is(err, errUndone) {
			err = nil
		}
		return said, err
	}}}
}

// look draws a call that only reads.
func (m *mix) look() []step {
	t, email, address, stripe, at, key, aliases, subject := m.Tenant, m.email(), models.NormalEmail(m.email()), m.one("cus_1", "cus_2", "cus_3"), m.at(), m.key(), []string{m.alias(), m.alias()}, m.subject()
	c, known := m.customer()
	n, id, there := m.payment()
	name, commission, whose := fmt.Sprint("key_", m.IntN(mixed)), m.commissions[2*n+m.IntN(2)], c.ID
	if m.IntN(3) == 0 {
		whose = models.CustomerID{} // who is yet to be made
	}
	calls := []step{
		{fmt.Sprintf("customers by %q", email), func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomersByEmail(ctx, t, email) }},
		{"customer by id " + stripe, func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomerByStripeID(ctx, t, stripe) }},
		{"customer by " + name, func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomerByKey(ctx, t, name) }},
		{"customer " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.Customer(ctx, t, c.ID) }},
		{"links of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.LinksOf(ctx, t, c.ID) }},
		{fmt.Sprint("with alias ", aliases), func(ctx context.Context, tx *store.Store) (any, error) { return tx.PaymentsWithAlias(ctx, t, aliases) }},
		{"facts", func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.FactsAt(ctx, t, []string{"cus_1", "in_1", "sub_1"}, at)
		}},
		{fmt.Sprintf("alone %v %q but %d", whose, address, n), func(ctx context.Context, tx *store.Store) (any, error) { return tx.Alone(ctx, t, whose, address, id) }},
		{fmt.Sprintf("waits %s but %d", stripe, n), func(ctx context.Context, tx *store.Store) (any, error) { return tx.AnyWaits(ctx, t, stripe, id) }},
		{"touched by " + subject, func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.PaymentsTouched(ctx, t, subject, at)
		}},
		{"addresses", func(ctx context.Context, tx *store.Store) (any, error) { return tx.AddressesOf(ctx, t, m.customers) }}, // memory writes what waits
		{"standing", func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.FirstStanding(ctx, t, c.ID, at, key)
		}}, // and forgets
		{fmt.Sprint("payment ", n), func(ctx context.Context, tx *store.Store) (any, error) { return tx.BarePayment(ctx, t, id) }},
	}
	if known {
		calls = append(calls, step{"payments of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.BarePaymentsOfCustomers(ctx, t, []models.CustomerID{c.ID}, at, key)
		}}, step{"first of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.FirstOf(ctx, t, c.ID) }})
	}
	if there {
		calls = append(calls, step{fmt.Sprint("told, gone and earned of ", n), func(ctx context.Context, tx *store.Store) (any, error) {
			told, err := tx.Tellings(ctx, t, id)
			gone, err2 := tx.Reversals(ctx, t, id)
			earned, err3 := tx.EarnedFrom(ctx, t, id)
			entries, err4 := tx.Entries(ctx, t, commission)
			return []any{told, gone, earned, entries}, errors.Join(err, err2, err3, err4)
		}})
	}
	return calls[m.IntN(len(calls)):][:1]
}
