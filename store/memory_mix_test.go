package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// step is one call of a method, and what it answers.
type step struct {
	name string
	call func(context.Context, *store.Store) (any, error)
}

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
	n           int
}

// drawn is what the calls so far have made: what the database would refuse is not drawn.
type drawn struct {
	customers map[int]models.Customer
	payments  map[int]bool // false: merged
	earned    map[int]int  // how many entries, by commission
}

var errUndone = errors.New("undone")

const mixed = 6 // of each noun

func (m *mix) one(of ...string) string { return of[m.IntN(len(of))] }
func (m *mix) email() string {
	return m.one("", "", "a@x", " A@x ", "b@x", "é@x", "É@x", "\tb@x", "İ@x", " ", "i@x", "i̇@x")
}
func (m *mix) stripe() string         { return m.one("", "cus_1", "cus_2", "cus_3", "cus_4") }
func (m *mix) alias() string          { return m.one("in_1", "in_2", "pi_1", "pi_2", "ch_1") }
func (m *mix) subject() string        { return m.one("cus_1", "cus_2", "sub_1", "in_1", "pi_1", "promo_A") }
func (m *mix) at() time.Time          { return storetest.Day.Add(time.Duration(m.IntN(5)) * time.Second) }
func (m *mix) key() string            { return fmt.Sprint("k", m.IntN(3)) }
func (m *mix) some() models.PaymentID { return m.payments[m.IntN(mixed)] }
func (m *mix) half() bool             { return m.IntN(2) == 0 }

// any is one of those that are there.
func (m *mix) anyCustomer() (models.Customer, bool) {
	all := slices.Sorted(maps.Keys(m.is.customers))
	if len(all) == 0 {
		return models.Customer{ID: m.customers[m.IntN(mixed)], Key: "nobody"}, false
	}
	return m.is.customers[all[m.IntN(len(all))]], true
}

func (m *mix) anyPayment() (int, bool) {
	var all []int
	for n := range mixed {
		if m.is.payments[n] {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return all[m.IntN(len(all))], true
}

// change gives a customer another address, name or provider's id that nobody has.
func (m *mix) change(c models.Customer) models.Customer {
	if email := m.email(); m.half() {
		c.Email = &email
	} else if m.half() {
		c.Email = nil
	}
	id := m.stripe()
	for _, other := range m.is.customers {
		if other.StripeID != nil && *other.StripeID == id && other.ID != c.ID {
			return c
		}
	}
	if c.StripeID = nil; id != "" {
		c.StripeID = &id
	}
	return c
}

// draw draws the next call; nothing when it would be refused.
func (m *mix) draw() []step {
	t := m.Tenant
	m.n++
	now := storetest.Day.Add(time.Duration(m.n) * time.Millisecond)
	write := func(name string, do func(context.Context, *store.Store) error) []step {
		return []step{{name, func(ctx context.Context, tx *store.Store) (any, error) { return nil, do(ctx, tx) }}}
	}
	read := func(name string, call func(context.Context, *store.Store) (any, error)) []step {
		return []step{{name, call}}
	}
	c, hasCustomer := m.anyCustomer()
	p, hasPayment := m.anyPayment()
	var id models.PaymentID
	if hasPayment {
		id = m.payments[p]
	}
	switch m.IntN(40) {
	case 0, 1, 2:
		n := m.IntN(mixed)
		if _, there := m.is.customers[n]; there {
			return nil
		}
		c := m.change(models.Customer{Tenant: t, ID: m.customers[n], Key: fmt.Sprint("key_", n), Composite: m.IntN(6) == 0, CreatedAt: now})
		m.is.customers[n] = c
		return write(fmt.Sprintf("add customer %d %v %v", n, text(c.Email), text(c.StripeID)), func(ctx context.Context, tx *store.Store) error { return tx.AddCustomer(ctx, c) })
	case 3, 4:
		if !hasCustomer {
			return nil
		}
		c = m.change(c)
		m.is.customers[slices.Index(m.customers, c.ID)] = c
		return write(fmt.Sprintf("save customer %s %v %v", c.Key, text(c.Email), text(c.StripeID)), func(ctx context.Context, tx *store.Store) error { return tx.SaveCustomer(ctx, c) })
	case 5, 6, 7:
		n := m.IntN(mixed)
		if _, there := m.is.payments[n]; there {
			return nil
		}
		m.is.payments[n] = true
		return write(fmt.Sprint("add payment ", n), func(ctx context.Context, tx *store.Store) error {
			return tx.AddPayment(ctx, t, m.payments[n], m.Program, models.SourceStripe, fmt.Sprint("p", n), now)
		})
	case 8, 9, 10, 11:
		if !hasPayment {
			return nil
		}
		pay := models.Payment{Tenant: t, ID: id, Source: models.SourceStripe, Key: fmt.Sprint("p", p), Counted: m.half(), Kind: models.Sale, PaidAt: m.at(), Subscription: m.one("", "sub_1"),
			Gross: models.Money{Minor: 100, Currency: "usd"}, Base: models.Money{Minor: 100, Currency: "usd"}, Customer: models.PaymentCustomer{StripeID: m.stripe(), Email: m.email()}}
		var whose *models.CustomerID
		if hasCustomer && m.IntN(4) > 0 {
			whose = &c.ID
		}
		back := int64(m.IntN(2) * 100)
		return write(fmt.Sprintf("save payment %d of %v, %+v, counted %v at %s, back %d", p, whose, pay.Customer, pay.Counted, pay.PaidAt, back), func(ctx context.Context, tx *store.Store) error {
			return tx.SavePayment(ctx, pay, whose, back, "paid")
		})
	case 12, 13:
		if !hasPayment {
			return nil
		}
		pay := models.Payment{Tenant: t, ID: id, Clues: models.Clues{Coupons: []models.Clue{{Value: m.one("A", "promo_A", "")}}, Partner: m.one("", "A", "B")}}
		d := store.Decided{Policy: "customer-2", Earns: m.half(), Steps: []models.Step{{Rule: m.one("r", "s")}}}
		if m.half() {
			by := models.ByAPI
			d.Partner, d.By = &m.partners[m.IntN(2)], &by
		}
		return write(fmt.Sprintf("decide payment %d %+v", p, d), func(ctx context.Context, tx *store.Store) error { return tx.SaveDecision(ctx, pay, d, now) })
	case 14:
		if !hasPayment {
			return nil
		}
		aliases := []string{m.alias(), m.alias()}
		return write(fmt.Sprint("claim ", aliases, " for ", p), func(ctx context.Context, tx *store.Store) error { return tx.ClaimAliases(ctx, t, id, aliases) })
	case 15, 16:
		if !hasPayment {
			return nil
		}
		told := models.Telling{Object: m.one("a", "b"), At: m.at(), PaidAt: m.at(), Rank: m.IntN(3), Customer: models.PaymentCustomer{Key: m.one("", "key_1"), FindOnly: m.half()}}
		back := models.Reversal{Of: []string{"in_1"}, Key: m.one("re_1", "re_2"), Kind: models.ReversalKind(m.one("refund", "dispute")), State: models.Takes, Made: m.at(), At: m.at(), Amount: models.Money{Minor: 5, Currency: "usd"}}
		return write(fmt.Sprintf("keep %+v and %+v of %d", told, back, p), func(ctx context.Context, tx *store.Store) error {
			return errors.Join(tx.KeepTelling(ctx, t, id, told), tx.KeepReversal(ctx, t, id, back), tx.CountReversal(ctx, t, id, "re_1", int64(m.n%2)))
		})
	case 17, 18, 19:
		if !hasCustomer {
			return nil
		}
		link := models.Link{Customer: c.ID, Partner: m.partners[m.IntN(2)], From: m.at().Truncate(3 * time.Second), Origin: m.one("event", "event", "person"), PayKey: m.key()}
		if link.Origin == "person" {
			link.From = now // one at a time: else they could not be moved to one customer
		}
		if hasPayment && m.half() {
			link.Payment = &id
		}
		return write(fmt.Sprintf("link %s %+v %v", c.Key, link, link.Payment), func(ctx context.Context, tx *store.Store) error { return tx.AddLink(ctx, t, link) })
	case 20, 21:
		if !hasCustomer {
			return nil
		}
		at, key := m.at().Truncate(2*time.Second), m.key()
		return write(fmt.Sprintf("forget links of %s from %s %s", c.Key, at, key), func(ctx context.Context, tx *store.Store) error { return tx.ForgetLinks(ctx, t, c.ID, at, key) })
	case 22, 23:
		f := models.Fact{Subject: m.subject(), Kind: models.FactKind(m.one("event", "answer", "session")), At: m.at(), Key: m.key(), BeforeKnown: m.half()}
		since := m.at()
		return []step{{fmt.Sprintf("keep fact %+v", f), func(ctx context.Context, tx *store.Store) (any, error) {
			have, isNew, err := tx.KeepFact(ctx, t, f)
			return []any{have, isNew}, err
		}}, {"touched", func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.PaymentsTouched(ctx, t, f.Subject, since)
		}}}
	case 24, 25:
		if !hasPayment {
			return nil
		}
		n := 2*p + m.IntN(2)
		made := models.Commission{Tenant: t, ID: m.commissions[n], Payment: id, Partner: m.partners[n%2], Program: m.Program, Status: models.Held, PayableOn: storetest.Day.AddDate(0, 0, m.IntN(3)).Truncate(24 * time.Hour),
			Share: models.Money{Minor: 1, Currency: "usd"}, First: models.Money{Currency: "usd"}, Earned: models.Money{Currency: "usd"}, Amount: models.Money{Currency: "usd"}, Steps: []models.Step{{Rule: m.one("r", "s")}}}
		m.is.earned[n]++
		e := models.Entry{Commission: made.ID, Seq: m.is.earned[n], Kind: "earned", Amount: models.Money{Minor: 1, Currency: "usd"}, At: now}
		move := m.half()
		return write(fmt.Sprint("earn ", n), func(ctx context.Context, tx *store.Store) error {
			err := errors.Join(tx.KeepCommission(ctx, made, now), tx.AddEntry(ctx, made, e))
			if move {
				err = errors.Join(err, tx.MoveEntries(ctx, made))
			}
			return errors.Join(err, tx.Book(ctx, t, []models.Transfer{{Key: fmt.Sprint(n % 4), From: "a", To: "b", Amount: models.Money{Minor: 1, Currency: "usd"}, At: now}}))
		})
	case 26, 27: // of these memory knows nothing
		if !hasPayment || !hasCustomer {
			return nil
		}
		var whose *models.CustomerID
		if m.half() {
			whose = &c.ID
		}
		return write(fmt.Sprint("give ", p, " to ", whose), func(ctx context.Context, tx *store.Store) error {
			return tx.GivePayments(ctx, t, []models.PaymentID{id}, whose)
		})
	case 28:
		other, _ := m.anyPayment()
		if !hasPayment || other == p {
			return nil
		}
		m.is.payments[p] = false
		return write(fmt.Sprint("merge ", p, " into ", other), func(ctx context.Context, tx *store.Store) error {
			return tx.MergePayments(ctx, t, id, m.payments[other])
		})
	case 29:
		other, _ := m.anyCustomer()
		if !hasCustomer || other.ID == c.ID || len(m.is.customers) < 3 {
			return nil
		}
		delete(m.is.customers, slices.Index(m.customers, c.ID))
		return write("move customer "+c.Key+" to "+other.Key, func(ctx context.Context, tx *store.Store) error {
			if err := tx.ForgetLinks(ctx, t, c.ID, time.Time{}, ""); err != nil {
				return err
			}
			return tx.MoveCustomer(ctx, t, c.ID, other.ID)
		})
	case 30:
		e := m.events[m.IntN(len(m.events))]
		because := m.one("x", "y")
		waits, until := []string{m.alias()}, m.at()
		switch m.IntN(4) {
		case 0:
			return write("finish", func(ctx context.Context, tx *store.Store) error {
				return tx.FinishEvent(ctx, e, models.EventDone, &because, now)
			})
		case 1:
			return write("wake", func(ctx context.Context, tx *store.Store) error { return tx.WakeEvents(ctx, t, waits, now) })
		}
		return write("park", func(ctx context.Context, tx *store.Store) error {
			return tx.ParkEvent(ctx, e, store.Parked{Because: because, WaitsFor: waits, Until: until, Counted: &now})
		})
	case 32:
		if !hasPayment {
			return nil
		}
		shown := &store.Shown{Rate: models.Rate{From: "usd", To: "eur", Value: "0.90", Source: "by hand", Date: m.at().Truncate(24 * time.Hour), Of: m.at().Truncate(24 * time.Hour)}}
		if m.half() {
			shown = nil
		}
		kind, waits := models.PaymentKind(m.one("sale", "renewal")), m.half()
		return write(fmt.Sprint("show ", p, shown != nil, kind, waits), func(ctx context.Context, tx *store.Store) error {
			return errors.Join(tx.SaveShown(ctx, t, id, shown, waits), tx.SaveKind(ctx, t, id, kind))
		})
	case 31:
		before, n := drawn{maps.Clone(m.is.customers), maps.Clone(m.is.payments), maps.Clone(m.is.earned)}, 1+m.IntN(4)
		var inner []step
		for range n {
			inner = append(inner, m.draw()...)
		}
		undone := m.half()
		if undone {
			m.is = before
		}
		return []step{{fmt.Sprint("savepoint, undone ", undone, ": ", names(inner)), func(ctx context.Context, tx *store.Store) (any, error) {
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
	return read(m.reads(c, p, m.some()))
}

// reads draws a call that only reads.
func (m *mix) reads(c models.Customer, p int, id models.PaymentID) (string, func(context.Context, *store.Store) (any, error)) {
	t, email, stripe, at, key, aliases := m.Tenant, m.email(), m.stripe(), m.at(), m.key(), []string{m.alias(), m.alias()}
	_, there := m.is.customers[slices.Index(m.customers, c.ID)]
	switch m.IntN(19) {
	case 0, 1:
		return fmt.Sprintf("customers by %q", email), func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomersByEmail(ctx, t, email) }
	case 2:
		return "customer by id " + stripe, func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomerByStripeID(ctx, t, stripe) }
	case 3:
		name := fmt.Sprint("key_", m.IntN(mixed))
		return "customer by key " + name, func(ctx context.Context, tx *store.Store) (any, error) { return tx.CustomerByKey(ctx, t, name) }
	case 4:
		return "customer " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.Customer(ctx, t, c.ID) }
	case 5:
		return "links of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.LinksOf(ctx, t, c.ID) }
	case 6:
		if !there {
			break
		}
		return "payments of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.BarePaymentsOfCustomers(ctx, t, []models.CustomerID{c.ID}, at, key)
		}
	case 7, 8:
		if !there {
			break
		}
		return "first of " + c.Key, func(ctx context.Context, tx *store.Store) (any, error) { return tx.FirstOf(ctx, t, c.ID) }
	case 9:
		return fmt.Sprint("with alias ", aliases), func(ctx context.Context, tx *store.Store) (any, error) { return tx.PaymentsWithAlias(ctx, t, aliases) }
	case 10:
		if !m.is.payments[p] {
			break
		}
		return fmt.Sprint("told and gone of ", p), func(ctx context.Context, tx *store.Store) (any, error) {
			told, err := tx.Tellings(ctx, t, m.payments[p])
			gone, err2 := tx.Reversals(ctx, t, m.payments[p])
			return []any{told, gone}, errors.Join(err, err2)
		}
	case 11:
		return "facts", func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.FactsAt(ctx, t, []string{"cus_1", "in_1", "sub_1"}, at)
		}
	case 12, 13:
		address := models.NormalEmail(email)
		if m.IntN(3) == 0 {
			c = models.Customer{}
		}
		return fmt.Sprintf("alone %s %q but %v", c.Key, address, id), func(ctx context.Context, tx *store.Store) (any, error) { return tx.Alone(ctx, t, c.ID, address, id) }
	case 14:
		if stripe == "" {
			break
		}
		return fmt.Sprintf("waits %q but %v", stripe, id), func(ctx context.Context, tx *store.Store) (any, error) { return tx.AnyWaits(ctx, t, stripe, id) }
	case 15:
		if !m.is.payments[p] {
			break
		}
		n := 2*p + m.IntN(2)
		return fmt.Sprint("earned from ", p), func(ctx context.Context, tx *store.Store) (any, error) {
			list, err := tx.EarnedFrom(ctx, t, m.payments[p])
			entries, err2 := tx.Entries(ctx, t, m.commissions[n])
			return []any{list, entries}, errors.Join(err, err2)
		}
	case 17:
		return "standing", func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.FirstStanding(ctx, t, c.ID, at, key)
		} // memory takes it for one that writes
	case 18:
		subject := m.subject()
		return "touched by " + subject, func(ctx context.Context, tx *store.Store) (any, error) {
			return tx.PaymentsTouched(ctx, t, subject, at)
		}
	case 16:
		return "addresses", func(ctx context.Context, tx *store.Store) (any, error) { return tx.AddressesOf(ctx, t, m.customers) } // writes what waits
	}
	return fmt.Sprint("payment ", p), func(ctx context.Context, tx *store.Store) (any, error) { return tx.BarePayment(ctx, t, m.payments[p]) }
}

func text(s *string) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *s)
}

func names(steps []step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	return strings.Join(all, "; ")
}

// tell calls the method and tells the answer in words.
func (s step) tell(ctx context.Context, tx *store.Store) string {
	answer, err := s.call(ctx, tx)
	if errors.Is(err, models.ErrNotFound) {
		return s.name + ": not found"
	} else if err != nil {
		return s.name + ": " + err.Error()
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err.Error()
	}
	return s.name + ": " + strings.ReplaceAll(string(text), "[]", "null")
}

// play does all in one transaction that is undone in the end, with a memory or without, and tells every answer and every row.
func (m *mix) play(t *testing.T, s *store.Store, parts [][]step, abouts []store.About) (said []string) {
	t.Helper()
	ctx := context.Background()
	err := s.InTx(ctx, func(tx *store.Store) error {
		for n, part := range parts {
			do := func() error {
				for _, one := range part {
					said = append(said, one.tell(ctx, tx))
				}
				return nil
			}
			if abouts == nil || n == 0 { // the first part is what was there before
				_ = do()
			} else if err := tx.Remembering(ctx, m.Tenant, abouts[n], do); err != nil {
				return err
			}
		}
		rows, err := store.AllRows(ctx, tx)
		said = append(said, rows...)
		return errors.Join(errUndone, err)
	})
	if err.Error() != errUndone.Error() {
		said = append(said, err.Error())
	}
	return said
}

// Whatever is asked and told, in whatever order: memory answers as the database would, and leaves the same rows.
func TestMemoryAnswersAsTheDatabaseWould(t *testing.T) {
	t.Parallel()
	s := storetest.OpenUnproved(t)
	m := &mix{Caller: storetest.Company(t, s)}
	for n := range 2 {
		m.partners = append(m.partners, storetest.Partner(t, s, m.Tenant, string(rune('A'+n)), "usd").ID)
	}
	for n := range 2 * mixed {
		at := storetest.Day.Add(time.Duration(n) * time.Millisecond)
		m.customers, m.payments = append(m.customers, models.NewID[models.CustomerID](at)), append(m.payments, models.NewID[models.PaymentID](at))
		m.commissions = append(m.commissions, models.NewID[models.CommissionID](at))
	}
	for n := range 3 {
		e := models.Event{Tenant: m.Tenant, ID: models.NewID[models.EventID](storetest.Day), Bucket: m.Tenant.Bucket(), Program: m.Program, Source: models.SourceStripe, ProviderID: fmt.Sprint("evt_", n),
			Body: []byte("{}"), ReceivedAt: storetest.Day, Status: models.EventPending}
		if _, err := s.KeepEvent(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		m.events = append(m.events, e)
	}
	mixes := 40 // unless PORTAL_MIXES says otherwise
	if n, err := strconv.Atoi(os.Getenv("PORTAL_MIXES")); err == nil {
		mixes = n
	}
	for seed := range uint64(mixes) {
		m.Rand, m.is, m.n = rand.New(rand.NewPCG(seed, 13)), drawn{map[int]models.Customer{}, map[int]bool{}, map[int]int{}}, 0
		parts, abouts := make([][]step, 3), make([]store.About, 3)
		for n := range parts {
			for range 30 + 10*n {
				parts[n] = append(parts[n], m.draw()...)
			}
			if m.half() {
				continue // recalls nothing
			}
			for range 3 {
				abouts[n].Aliases, abouts[n].StripeIDs = append(abouts[n].Aliases, m.alias()), append(abouts[n].StripeIDs, m.one("cus_1", "cus_2", "cus_3"))
				abouts[n].Keys, abouts[n].Emails = append(abouts[n].Keys, fmt.Sprint("key_", m.IntN(mixed))), append(abouts[n].Emails, m.one("a@x", "b@x", "é@x"))
				abouts[n].Subjects, abouts[n].Told = append(abouts[n].Subjects, m.subject()), append(abouts[n].Told, m.subject())
			}
		}
		want := m.play(t, s, parts, nil)
		if n := slices.IndexFunc(want, refused); n >= 0 {
			t.Fatalf("seed %d: %s", seed, strings.Join(want[:n+1], "\n"))
		}
		if differ(want, m.play(t, s, parts, abouts)) == "" {
			continue
		}
		for n := range parts { // tell it shorter
			for at := 0; at < len(parts[n]); {
				kept := parts[n]
				if strings.Contains(kept[at].name, "add ") { // others need it
					at++
					continue
				}
				parts[n] = slices.Delete(slices.Clone(kept), at, at+1)
				if said := m.play(t, s, parts, nil); slices.ContainsFunc(said, refused) || differ(said, m.play(t, s, parts, abouts)) == "" {
					parts[n] = kept
					at++
				}
			}
		}
		t.Errorf("seed %d, recalled %+v: %s", seed, abouts, differ(m.play(t, s, parts, nil), m.play(t, s, parts, abouts)))
		return
	}
}

// refused tells of an answer that the database refused what was drawn.
func refused(said string) bool {
	return strings.Contains(said, "pq: ") || strings.Contains(said, "exists already")
}

// differ tells where two ways to do the same begin to differ.
func differ(want, got []string) string {
	for n := range min(len(want), len(got)) {
		if want[n] != got[n] {
			return fmt.Sprintf("\n%s\nthe database says\n%s\nmemory\n%s", strings.Join(want[:n], "\n"), want[n], got[n])
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d answers and rows, of memory %d: %s", len(want), len(got), got[len(got)-1])
	}
	return ""
}
