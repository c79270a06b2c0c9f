package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"portal/attribution"
	"portal/commission"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// settle brings a payment to what all its tellings and reversals together say, and the payments of everybody whom that
// touches with it: a fact that comes late re-decides what it touches, as further bookings (D14).
func (in *Inbox) settle(ctx context.Context, tx *store.Store, t models.Tenant, id models.PaymentID) error {
	_, err := in.settleAsking(ctx, tx, t, id)
	return err
}

// settleAsking settles a payment and gives it as it is now, with what the provider could still show that would matter.
func (in *Inbox) settleAsking(ctx context.Context, tx *store.Store, t models.Tenant, id models.PaymentID) (told, error) {
	before, err := tx.BarePayment(ctx, t, id)
	if err != nil {
		return told{}, err
	}
	now, err := in.combined(ctx, tx, before)
	if err != nil {
		return now, err
	}
	err = in.settleAs(ctx, tx, before, &now)
	return now, err
}

// settleAs brings a payment to what it is now told as.
func (in *Inbox) settleAs(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told) error {
	return in.counted(ctx, tx, before.Tenant, func(ctx context.Context) error { return in.settleOne(ctx, tx, before, now) })
}

func (in *Inbox) settleOne(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told) error {
	t := before.Tenant
	if now.Policy == "" {
		program, err := tx.Program(ctx, t.Company, now.Via)
		if err != nil {
			return err
		}
		now.Policy = attribution.PolicyOf(program)
	}
	customer, own, err := in.compositeOf(ctx, tx, now)
	if err != nil {
		return err
	}
	from := since{now.PaidAt, now.Key}
	if before.Customer != nil {
		from = from.or(before.PaidAt, before.Key)
	}
	if own {
		return in.settleOwn(ctx, tx, before, now, from)
	}
	if err := in.save(ctx, tx, before, now, idOf(customer)); err != nil {
		return err
	}
	if before.Customer != nil && (customer == nil || *before.Customer != customer.ID) {
		if err := in.left(ctx, tx, t, *before.Customer, now.Payment, from); err != nil {
			return err
		}
	}
	if customer == nil {
		return in.decide(ctx, tx, now, nil)
	}
	return in.redecide(ctx, tx, *customer, from, now)
}

// settleOwn settles a payment that belongs to the customer's own record.
func (in *Inbox) settleOwn(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told, from since) error {
	left := before.Customer // a composite record that the payment leaves
	if left != nil {
		was, err := tx.Customer(ctx, before.Tenant, *left)
		if err != nil {
			return err
		}
		if was.Composite {
			before.Customer = nil
		} else {
			left = nil
		}
	}
	var customer *models.Customer
	plain := len(now.former) == 0
	if plain {
		var err error
		if customer, plain, err = in.plainly(ctx, tx, before, now.Payment); err != nil {
			return err
		}
	}
	id := before.Customer
	if plain {
		id = idOf(customer)
	}
	if err := in.save(ctx, tx, before, now, id); err != nil {
		return err
	}
	if left != nil {
		if err := in.redecideFormer(ctx, tx, before.Tenant, *left, from); err != nil {
			return err
		}
	}
	switch {
	case !plain:
		return in.sortOut(ctx, tx, before, now, from)
	case customer == nil:
		return in.decide(ctx, tx, now, nil)
	}
	return in.redecideAll(ctx, tx, before.Tenant, map[models.CustomerID]models.Customer{customer.ID: *customer}, from, now)
}

// save keeps what a payment is told as, and whose it is.
func (in *Inbox) save(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told, customer *models.CustomerID) error {
	if err := tx.SavePayment(ctx, now.Payment, customer, now.back.Total, statusOf(*now)); err != nil {
		return fmt.Errorf("keep payment %s: %w", before.ID, err)
	}
	return in.shown(ctx, tx, before, *now)
}

func idOf(c *models.Customer) *models.CustomerID {
	if c == nil {
		return nil
	}
	return &c.ID
}

// beginning is before all else.
var beginning = since{}

// since is a place in the order of the money's own time, ties broken by key (D14).
type since struct {
	at  time.Time
	key string
}

// compare orders places, the earlier first.
func (s since) compare(o since) int { return cmp.Or(s.at.Compare(o.at), cmp.Compare(s.key, o.key)) }

// or is the earlier of two places.
func (s since) or(at time.Time, key string) since {
	if at.Before(s.at) || at.Equal(s.at) && key < s.key {
		return since{at, key}
	}
	return s
}

// told is a payment as its kept tellings make it, and what went back of it.
type told struct {
	models.Payment
	back    commission.Back
	was     *place        // where it stood for tiers before; nil when it earned nothing
	learned *learned      // nil until it was looked up
	wants   []models.Want // what the provider could show that would matter
	former  []string      // addresses that something told of it bears, and that it does not: others may have been known by them
}

// combined makes the payment that the kept tellings and reversals tell of.
func (in *Inbox) combined(ctx context.Context, tx *store.Store, row store.PaymentRow) (told, error) {
	tellings, err := tx.Tellings(ctx, row.Tenant, row.ID)
	if err != nil {
		return told{}, err
	}
	p := sources.Combine(tellings)
	p.Tenant, p.ID, p.Via, p.Policy, p.Choice = row.Tenant, row.ID, row.Program, row.Policy, row.Choice()
	p.Terms = row.Terms.V
	if p.Key == "" {
		p.Key, p.Source = row.Key, row.Source
	}
	if err := in.atHome(ctx, tx, &p); err != nil {
		return told{}, err
	}
	now := told{Payment: p, was: placeOfRow(row), wants: cut(tellings), former: former(tellings, p.Customer.Email)}
	if err := in.onTerms(ctx, tx, &now); err != nil {
		return now, err
	}
	if !now.Counted {
		now.Kind, now.PaidAt = models.Sale, firstHint(tellings, row.PaidAt)
		return now, nil
	}
	gone, err := tx.Reversals(ctx, row.Tenant, row.ID)
	if err != nil {
		return told{}, err
	}
	now.back = commission.Returned(p.Gross, sources.Charges(tellings), gone)
	for key, counted := range now.back.Parts {
		if err := tx.CountReversal(ctx, row.Tenant, row.ID, key, counted); err != nil {
			return told{}, err
		}
	}
	return now, nil
}

// former are the addresses that tellings bear besides one.
func former(tellings []models.Telling, email string) (list []string) {
	for _, l := range tellings {
		if a := models.NormalEmail(l.Customer.Email); a != "" && a != models.NormalEmail(email) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// firstHint is when money that is not counted yet was first spoken of.
func firstHint(tellings []models.Telling, otherwise time.Time) time.Time {
	first := otherwise
	for i, l := range tellings {
		at := l.At
		if at.IsZero() { // a session that a list told of
			at = l.PaidAt
		}
		if i == 0 || at.Before(first) {
			first = at
		}
	}
	return first
}

func statusOf(p told) string {
	switch {
	case p.back.Disputed:
		return "disputed"
	case p.back.Total == 0:
		return "paid"
	case p.back.Total < p.Gross.Minor:
		return "partially_refunded"
	}
	return "refunded"
}

// left decides anew for a customer whom a payment has left for a composite record.
func (in *Inbox) left(ctx context.Context, tx *store.Store, t models.Tenant, id models.CustomerID, gone models.Payment, from since) error {
	former, err := tx.Customer(ctx, t, id)
	if err != nil {
		return err
	}
	if former.Composite {
		return in.redecide(ctx, tx, former, from, nil)
	}
	return in.sortWithout(ctx, tx, former, gone, from)
}

// redecideFormer decides anew for a customer who turned out not to have made a payment.
func (in *Inbox) redecideFormer(ctx context.Context, tx *store.Store, t models.Tenant, id models.CustomerID, from since) error {
	former, err := tx.Customer(ctx, t, id)
	if err != nil {
		return err
	}
	return in.redecide(ctx, tx, former, from, nil)
}

// redecide decides the payments of a customer, and of all who share an address with them, from a moment on: in the order
// of the money's own time, so that the order in which events came makes no difference (D14). Fresh is a payment that was
// combined this moment.
func (in *Inbox) redecide(ctx context.Context, tx *store.Store, customer models.Customer, from since, fresh *told) error {
	group, err := in.sharing(ctx, tx, customer, fresh)
	if err != nil {
		return err
	}
	return in.redecideAll(ctx, tx, customer.Tenant, group, from, fresh)
}

// redecideAll decides the payments of a group of customers, from a moment on.
func (in *Inbox) redecideAll(ctx context.Context, tx *store.Store, t models.Tenant, group map[models.CustomerID]models.Customer, from since, fresh *told) error {
	var ids []models.CustomerID
	for id := range group {
		ids = append(ids, id)
		if err := tx.ForgetLinks(ctx, t, id, from.at, from.key); err != nil {
			return err
		}
	}
	rows, err := tx.BarePaymentsOfCustomers(ctx, t, ids, from.at, from.key)
	if err != nil {
		return fmt.Errorf("list the payments of %d customers: %w", len(ids), err)
	}
	firsts := map[models.CustomerID]store.First{}
	var moved []models.PaymentID
	for _, row := range rows {
		now := fresh
		if fresh == nil || row.ID != fresh.ID {
			other, err := in.combined(ctx, tx, row)
			if err != nil {
				return err
			}
			if now = &other; attribution.ByTransaction(row.Policy) {
				home, own, err := in.compositeOf(ctx, tx, now)
				if err != nil {
					return err
				}
				if own == group[*row.Customer].Composite || !own && (home == nil || home.ID != *row.Customer) { // it names a partner now, or none any more
					moved = append(moved, row.ID)
					continue
				}
			}
		}
		if moves, err := in.moves(ctx, tx, row, now.Payment); err != nil {
			return err
		} else if moves {
			moved = append(moved, row.ID)
			continue
		}
		whose := group[*row.Customer]
		if _, known := firsts[whose.ID]; !known {
			if firsts[whose.ID], err = tx.FirstOf(ctx, whose.Tenant, whose.ID); err != nil {
				return err
			}
		}
		if first := firsts[whose.ID]; now.Kind == models.Renewal && first.Key == now.Key && first.Trial {
			now.Kind = models.Sale // a trial was not a sale: the first payment after it is (MONEY.md 2.4)
		}
		if now.Kind != row.Kind {
			if err := tx.SaveKind(ctx, whose.Tenant, now.ID, now.Kind); err != nil {
				return err
			}
		}
		look, err := in.lookups(ctx, tx, whose, now.Payment, firsts[whose.ID])
		if err != nil {
			return err
		}
		if err := in.decide(ctx, tx, now, &look); err != nil {
			return err
		}
	}
	for _, id := range moved {
		if err := in.settle(ctx, tx, t, id); err != nil {
			return fmt.Errorf("settle payment %s anew: %w", id, err)
		}
	}
	return nil
}

// sharing are a customer and all who share an address with them, by id.
func (in *Inbox) sharing(ctx context.Context, tx *store.Store, customer models.Customer, fresh *told) (map[models.CustomerID]models.Customer, error) {
	group := map[models.CustomerID]models.Customer{customer.ID: customer}
	addresses := map[string]bool{}
	if customer.Email != nil {
		addresses[models.NormalEmail(*customer.Email)] = true
	}
	if fresh != nil {
		addresses[models.NormalEmail(fresh.Customer.Email)] = true
	}
	delete(addresses, "")
	for address := range addresses {
		same, err := tx.CustomersByEmail(ctx, customer.Tenant, address)
		if err != nil {
			return nil, err
		}
		for _, other := range same {
			if other.ID != customer.ID {
				group[other.ID] = other
			}
		}
	}
	return group, nil
}
