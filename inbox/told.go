package inbox

import (
	"context"
	"fmt"
	"strings"

	"portal/models"
	"portal/store"
)

// customersTold is what a part of a provider's list told that was not known, as it stands on the tape.
type customersTold struct {
	Customers []models.ToldCustomer `json:"customers"`
}

// TellCustomers keeps customers as the provider's list tells of them, some hundred at a time (F5, F32; MONEY.md 3.4): by
// their id, else by the address of a record that somebody made and that has no id yet. It tells how many were not here, and
// of how many name or address were told otherwise. Keep runs in the same transaction.
//
// It counts no money, and links nobody: what metadata such a customer has is asked for when they pay (D2). A record that a
// person or the API made stays as it is, but for a name that it lacks; which id is theirs the first payment shows (F83).
func (in *Inbox) TellCustomers(ctx context.Context, t models.Tenant, list []models.ToldCustomer, keep func(tx *store.Store, fresh, updated int) error) error {
	return in.locked(ctx, t, func(tx *store.Store) error {
		l, err := in.tell(ctx, tx, t, list)
		if err != nil {
			return err
		}
		if len(l.said) > 0 {
			if err := tx.Record(ctx, t, "customers_told", in.now(), customersTold{l.said}); err != nil {
				return err
			}
		}
		return keep(tx, len(l.fresh), l.updated)
	})
}

// tellAgain does what the tape tells of a part of a list.
func (in *Inbox) tellAgain(ctx context.Context, tx *store.Store, t models.Tenant, done customersTold) error {
	_, err := in.tell(ctx, tx, t, done.Customers)
	return err
}

// listing is a part of a provider's list beside what is here.
type listing struct {
	byID   map[string]*models.Customer // by the provider's id, or the one that was told before
	byKey  map[string]bool
	free   map[string][]*models.Customer // by address: records that somebody made, without an id
	taken  map[string]bool               // addresses of records that somebody made: who pays with one is taken for theirs
	linked map[models.CustomerID]bool

	said    []models.ToldCustomer // what was not known
	fresh   []string              // the ids of new customers
	added   []models.Customer
	changed []models.Customer
	moved   []readdressed
	updated int
}

// readdressed is a customer who is somebody's, and is told of by another address than before.
type readdressed struct {
	models.Customer
	before string // the address, empty for none
}

func (in *Inbox) tell(ctx context.Context, tx *store.Store, t models.Tenant, list []models.ToldCustomer) (*listing, error) {
	list = legible(list)
	l, err := beside(ctx, tx, t, list)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if c := l.find(one); c != nil {
			l.compare(c, one)
		} else if err := in.addTold(ctx, tx, t, l, one); err != nil {
			return nil, err
		}
	}
	if err := tx.AddCustomers(ctx, t, l.added); err != nil {
		return nil, err
	}
	if err := tx.SaveTold(ctx, t, l.changed); err != nil {
		return nil, err
	}
	return l, in.settleTold(ctx, tx, t, l)
}

// settleTold decides anew what was only to find a customer who is here now, and what shares an address with whom only now
// it is known of.
func (in *Inbox) settleTold(ctx context.Context, tx *store.Store, t models.Tenant, l *listing) error {
	if len(l.fresh) > 0 {
		waiting, err := tx.ToFind(ctx, t, l.fresh)
		if err != nil {
			return err
		}
		if err := in.settleEach(ctx, tx, t, waiting); err != nil {
			return err
		}
	}
	for _, c := range l.moved {
		group, _, err := in.akin(ctx, tx, t, []models.Customer{c.Customer}, c.before)
		if err != nil {
			return err
		}
		if err := in.redecideGroup(ctx, tx, t, group, beginning); err != nil {
			return fmt.Errorf("decide anew for %s: %w", c.Key, err)
		}
	}
	return nil
}

// beside looks up what is here of a part of a list.
func beside(ctx context.Context, tx *store.Store, t models.Tenant, list []models.ToldCustomer) (*listing, error) {
	var ids, keys, addresses []string
	for _, one := range list {
		ids, keys = append(ids, one.ID), append(keys, "stripe_"+one.ID)
		if one.Email != "" {
			addresses = append(addresses, models.NormalEmail(one.Email))
		}
	}
	have, err := tx.CustomersTold(ctx, t, ids, keys, addresses)
	if err != nil {
		return nil, err
	}
	l := &listing{byID: map[string]*models.Customer{}, byKey: map[string]bool{}, free: map[string][]*models.Customer{}, taken: map[string]bool{}}
	var known []models.CustomerID
	for i := range have {
		c := &have[i]
		known, l.byKey[c.Key] = append(known, c.ID), true
		if c.ToldID != nil && l.byID[*c.ToldID] == nil {
			l.byID[*c.ToldID] = c
		}
		if c.Email == nil || !isNamed(*c) {
			continue
		}
		address := models.NormalEmail(*c.Email)
		if l.taken[address] = true; c.StripeID == nil {
			l.free[address] = append(l.free[address], c)
		}
	}
	for i := range have { // an id that is theirs goes before one that was told of them
		if c := &have[i]; c.StripeID != nil {
			l.byID[*c.StripeID] = c
		}
	}
	l.linked, err = tx.Linked(ctx, t, known)
	return l, err
}

// find is the record of a customer of the list; nil for none.
func (l *listing) find(one models.ToldCustomer) *models.Customer {
	if c := l.byID[one.ID]; c != nil {
		return c
	}
	for _, c := range l.free[models.NormalEmail(one.Email)] {
		if one.Email != "" && c.ToldID == nil {
			return c
		}
	}
	return nil
}

// address is what a list tells of a customer's; empty where a record that somebody made has it: it is that one's.
func (l *listing) address(one models.ToldCustomer) string {
	if l.taken[models.NormalEmail(one.Email)] {
		return ""
	}
	return one.Email
}

// compare notes what of a customer is told otherwise than it is here. The address that was told last goes before those that
// they paid with, which stand on the payments and count beside it: so it makes no difference which came first (D14).
func (l *listing) compare(c *models.Customer, one models.ToldCustomer) {
	before, named := *c, isNamed(*c)
	if c.ToldID == nil || *c.ToldID != one.ID {
		c.ToldID = &one.ID
	}
	if one.Name != "" && (c.Name == nil || !named && *c.Name != one.Name) {
		c.Name = &one.Name
	}
	if email := l.address(one); email != "" && !named && (c.Email == nil || *c.Email != email) {
		c.Email = &email
	}
	told, renamed := c.ToldID != before.ToldID, c.Name != before.Name || c.Email != before.Email
	if !told && !renamed {
		return
	}
	l.said, l.changed = append(l.said, one), append(l.changed, *c)
	if renamed {
		l.updated++
	}
	if c.Email != before.Email && l.linked[c.ID] {
		moved := readdressed{Customer: *c}
		if before.Email != nil {
			moved.before = models.NormalEmail(*before.Email)
		}
		l.moved = append(l.moved, moved)
	}
}

// addTold notes a customer who is not here. The key may be another's by now, and is theirs with a number then.
func (in *Inbox) addTold(ctx context.Context, tx *store.Store, t models.Tenant, l *listing, one models.ToldCustomer) error {
	l.said, l.fresh = append(l.said, one), append(l.fresh, one.ID)
	key, email := "stripe_"+one.ID, l.address(one)
	if l.byKey[key] {
		c, err := in.newCustomer(ctx, tx, t, key, models.PaymentCustomer{StripeID: one.ID, Email: email, Name: one.Name})
		if err != nil {
			return err
		}
		c.ToldID = &one.ID
		l.changed = append(l.changed, *c)
		return nil
	}
	c := models.Customer{Tenant: t, ID: models.NewID[models.CustomerID](in.Now()), Key: key, StripeID: &one.ID, ToldID: &one.ID, CreatedAt: in.now()}
	if email != "" {
		c.Email = &email
	}
	if one.Name != "" {
		c.Name = &one.Name
	}
	l.added = append(l.added, c)
	return nil
}

// legible are the customers of a list that have an id, each once, with what a database can keep of their names.
func legible(list []models.ToldCustomer) []models.ToldCustomer {
	plain := func(text string) string {
		text = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(text, ""))
		if text = strings.TrimSpace(text); len(text) > 1000 {
			text = strings.ToValidUTF8(text[:1000], "")
		}
		return text
	}
	seen, kept := map[string]bool{}, list[:0:0]
	for _, one := range list {
		one = models.ToldCustomer{ID: plain(one.ID), Email: plain(one.Email), Name: plain(one.Name)}
		if one.ID != "" && !seen[one.ID] {
			seen[one.ID], kept = true, append(kept, one)
		}
	}
	return kept
}
