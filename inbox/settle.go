package inbox

import (
	"context"
	"fmt"
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
	before, err := tx.BarePayment(ctx, t, id)
	if err != nil {
		return err
	}
	now, err := in.combined(ctx, tx, before)
	if err != nil {
		return err
	}
	if now.Policy = before.Policy; now.Policy == "" {
		program, err := tx.Program(ctx, t.Company, now.Via)
		if err != nil {
			return err
		}
		now.Policy = attribution.PolicyOf(program.AttributionModel)
	}
	customer, err := in.whose(ctx, tx, now.Payment)
	if err != nil {
		return err
	}
	var customerID *models.CustomerID
	if customer != nil {
		customerID = &customer.ID
	}
	if err := tx.SavePayment(ctx, now.Payment, customerID, now.back.Total, statusOf(now)); err != nil {
		return fmt.Errorf("keep payment %s: %w", id, err)
	}
	since := since{now.PaidAt, now.Key}
	if before.Customer != nil {
		since = since.or(before.PaidAt, before.Key)
		if customer == nil || *before.Customer != customer.ID {
			if err := in.redecideFormer(ctx, tx, t, *before.Customer, since); err != nil {
				return err
			}
		}
	}
	if customer == nil {
		return in.decide(ctx, tx, now, nil)
	}
	return in.redecide(ctx, tx, *customer, since, &now)
}

// since is a place in the order of the money's own time, ties broken by key (D14).
type since struct {
	at  time.Time
	key string
}

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
	back commission.Back
}

// combined makes the payment that the kept tellings and reversals tell of.
func (in *Inbox) combined(ctx context.Context, tx *store.Store, row store.PaymentRow) (told, error) {
	tellings, err := tx.Tellings(ctx, row.Tenant, row.ID)
	if err != nil {
		return told{}, err
	}
	p := sources.Combine(tellings)
	p.Tenant, p.ID, p.Via, p.Policy, p.Choice = row.Tenant, row.ID, row.Program, row.Policy, row.Choice()
	if p.Key == "" {
		p.Key, p.Source = row.Key, row.Source
	}
	if !p.Counted {
		p.Kind, p.PaidAt = models.Sale, firstHint(tellings, row.PaidAt)
		return told{Payment: p}, nil
	}
	gone, err := tx.Reversals(ctx, row.Tenant, row.ID)
	if err != nil {
		return told{}, err
	}
	back := commission.Returned(p.Gross, charges(tellings), gone)
	for key, counted := range back.Parts {
		if err := tx.CountReversal(ctx, row.Tenant, row.ID, key, counted); err != nil {
			return told{}, err
		}
	}
	return told{p, back}, nil
}

// charges are what each charge of a payment took, as it told itself.
func charges(tellings []models.Telling) map[string]models.Money {
	took := map[string]models.Money{}
	for _, l := range tellings {
		if l.Object == l.Charge && l.Charge != "" {
			took[l.Charge] = l.Gross
		}
	}
	return took
}

// firstHint is when money that is not counted yet was first spoken of.
func firstHint(tellings []models.Telling, otherwise time.Time) time.Time {
	first := otherwise
	for i, l := range tellings {
		if i == 0 || l.At.Before(first) {
			first = l.At
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
	var ids []models.CustomerID
	for id := range group {
		ids = append(ids, id)
		if err := tx.ForgetLinks(ctx, customer.Tenant, id, from.at, from.key); err != nil {
			return err
		}
	}
	rows, err := tx.PaymentsOfCustomers(ctx, customer.Tenant, ids, from.at, from.key)
	if err != nil {
		return fmt.Errorf("list the payments of %s: %w", customer.ID, err)
	}
	firsts := map[models.CustomerID]store.First{}
	for _, row := range rows {
		now := told{}
		if fresh != nil && row.ID == fresh.ID {
			now = *fresh
		} else if now, err = in.combined(ctx, tx, row); err != nil {
			return err
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
		look, err := in.lookups(ctx, tx, whose, group, now.Payment, firsts[whose.ID])
		if err != nil {
			return err
		}
		if err := in.decide(ctx, tx, now, &look); err != nil {
			return err
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
