package payouts

import (
	"context"
	"fmt"

	"portal/models"
	"portal/store"
)

// CarryCharge brings a charge for several invoices to its outcome, and then each attempt's money to its partner.
func (p *Payouts) CarryCharge(ctx context.Context, t models.Tenant, id models.ChargeID) error {
	c, err := p.Store.Charge(ctx, t, id)
	if err != nil || c.Status == models.AttemptFailed || p.Mode != t.Mode {
		return err
	}
	var outcome Outcome
	if c.Status != models.AttemptSucceeded {
		all, err := p.Store.AttemptsOfCharge(ctx, t, id)
		if err != nil {
			return err
		}
		if outcome, err = p.outcome(ctx, orderOfCharge(c, len(all))); err != nil {
			return fmt.Errorf("%w: charge %s: %w", models.ErrLater, id, err)
		}
	}
	return p.endedCharge(ctx, t, id, outcome)
}

// endedCharge keeps what became of a charge and delivers what it brought. One partner's trouble is not another's.
func (p *Payouts) endedCharge(ctx context.Context, t models.Tenant, id models.ChargeID, o Outcome) error {
	if err := p.settleCharge(ctx, t, id, o); err != nil {
		return fmt.Errorf("settle charge %s: %w", id, err)
	}
	all, err := p.Store.AttemptsOfCharge(ctx, t, id)
	if err != nil {
		return err
	}
	var later error
	for _, a := range all {
		if a.Status == models.AttemptLive {
			return fmt.Errorf("%w: charge %s is still being processed by Stripe", models.ErrLater, id)
		}
		switch {
		case a.Status != models.AttemptCharged && !o.Look:
			continue
		case o.State == Went && !o.Look && a.Delivering:
			err = p.deliver(ctx, a)
		default:
			err = p.look(ctx, t, a.ID)
		}
		if err != nil {
			later = err
		}
	}
	return later
}

// settleCharge keeps and books what became of a charge, for all its invoices at once, and only once. A charge that fails touches
// nothing but its own (P23).
func (p *Payouts) settleCharge(ctx context.Context, t models.Tenant, id models.ChargeID, o Outcome) error {
	return p.inTurn(ctx, t, func(tx *store.Store) error {
		c, err := tx.LockCharge(ctx, t, id)
		if err != nil || c.Status != models.AttemptLive && c.Status != models.AttemptAsks {
			return err
		}
		was := c.Status
		c.Because = nil
		switch o.State {
		case Went:
			c.Status, c.EndedAt, c.ChargedBy = models.AttemptSucceeded, new(p.now()), &o.Charge
		case Asks:
			c.Status, c.Because = models.AttemptAsks, &o.Because
		case StillGoing:
			c.Status = models.AttemptLive
		case DidNotGo:
			c.Status, c.EndedAt, c.Because, c.Blocked = models.AttemptFailed, new(p.now()), &o.Because, o.Block
		}
		if o.Intent != "" {
			c.Intent = &o.Intent
		}
		if err := tx.SaveCharge(ctx, c); err != nil {
			return err
		}
		all, err := tx.AttemptsOfCharge(ctx, t, id)
		if err != nil {
			return err
		}
		var of []models.Invoice
		for _, a := range all {
			i, err := tx.LockInvoice(ctx, t, a.Invoice)
			if err == nil {
				of = append(of, i)
				err = p.advance(ctx, tx, &i, a, o)
			}
			if err == nil {
				err = tx.SaveInvoice(ctx, i)
			}
			if err != nil {
				return err
			}
		}
		return p.tellOutcome(ctx, tx, was, o, of...)
	})
}

// deliver sends charged money to the partner. Each delivery has a key of its own and is written down before Stripe is called; one
// whose key may have lapsed is looked up before another is begun. What Stripe refuses stays charged, with the reason.
func (p *Payouts) deliver(ctx context.Context, a models.Attempt) error {
	transfer := ""
	if a.Delivering && p.lapsed(a) {
		found, err := p.Bank.Sent(ctx, a)
		if err != nil {
			return fmt.Errorf("%w: %w", models.ErrLater, err)
		}
		transfer = found
	}
	if transfer == "" {
		var err error
		if a, err = p.delivering(ctx, a); err != nil || !a.Delivering {
			return err
		}
		var because string
		if transfer, because, err = p.Bank.Send(ctx, a); err != nil {
			found, again := p.Bank.Sent(ctx, a)
			if again != nil || found == "" {
				return fmt.Errorf("%w: deliver %s: %w", models.ErrLater, a.ID, err)
			}
			transfer, because = found, ""
		}
		if because != "" {
			return p.undeliverable(ctx, a, because)
		}
	}
	return p.delivered(ctx, a, transfer)
}

func (p *Payouts) lapsed(a models.Attempt) bool {
	return a.DeliveryAt == nil || p.now().Sub(*a.DeliveryAt) > keyLife
}

// free tells that an attempt's money may be sent on now.
func free(a models.Attempt) bool {
	return a.Status == models.AttemptCharged && !a.Held && a.Disputed == "" && a.Refunded == 0
}

// delivering keeps that a delivery is begun, unless the money is on another way by now.
func (p *Payouts) delivering(ctx context.Context, was models.Attempt) (a models.Attempt, err error) {
	err = p.inTurn(ctx, was.Tenant, func(tx *store.Store) error {
		if a, err = tx.LockAttempt(ctx, was.Tenant, was.ID); err != nil {
			return err
		}
		live, err := liveReturn(ctx, tx, a)
		if err != nil || live != nil || !free(a) || a.Deliveries != was.Deliveries {
			a.Delivering = false
			return err
		}
		if a.Delivering = true; p.lapsed(a) {
			a.Deliveries, a.DeliveryAt = a.Deliveries+1, new(p.now())
		}
		return tx.EndAttempt(ctx, a)
	})
	return a, err
}

// undeliverable keeps why Stripe does not send the money on. The company has paid: it is tried again, or given back.
func (p *Payouts) undeliverable(ctx context.Context, was models.Attempt, because string) error {
	_, err := p.change(ctx, was.Tenant, was.Invoice, func(tx *store.Store, i *models.Invoice) error {
		a, err := tx.LockAttempt(ctx, was.Tenant, was.ID)
		if err != nil || !free(a) || a.Deliveries != was.Deliveries {
			return err
		}
		if a.Because == nil || *a.Because != because {
			err = tx.Audited(ctx, i.Company, models.Actor{Name: "Portal"}, "invoice.undelivered", i.ID.String(), because, p.now())
		}
		if err != nil {
			return err
		}
		a.Delivering, a.Because, i.Because = false, &because, &because
		return tx.EndAttempt(ctx, a)
	})
	return err
}

// delivered keeps and books that the partner has the money, once.
func (p *Payouts) delivered(ctx context.Context, was models.Attempt, transfer string) error {
	_, err := p.change(ctx, was.Tenant, was.Invoice, func(tx *store.Store, i *models.Invoice) error {
		a, err := tx.LockAttempt(ctx, was.Tenant, was.ID)
		if err != nil || a.Status != models.AttemptCharged || a.Deliveries != was.Deliveries {
			return err
		}
		a.Status, a.EndedAt, a.Transfer, a.Delivering, a.Because = models.AttemptSucceeded, new(p.now()), &transfer, false, nil
		reference := transfer
		if a.Intent != nil {
			reference = *a.Intent
		}
		if err := p.paid(ctx, tx, i, a, reference, p.now(), models.Actor{Name: a.StartedBy}); err != nil {
			return err
		}
		return tx.EndAttempt(ctx, a)
	})
	if err == nil {
		p.arrived(ctx, was.Tenant, was.ID)
	}
	return err
}

// arrived keeps what the partner received, where it can be read: their account may be in another currency (MONEY.md 4.6).
func (p *Payouts) arrived(ctx context.Context, t models.Tenant, id models.AttemptID) {
	a, err := p.Store.Attempt(ctx, t, id)
	if err != nil || a.Transfer == nil || a.Received != nil {
		return
	}
	m, err := p.Bank.Arrived(ctx, a)
	if err == nil {
		err = p.inTurn(ctx, t, func(tx *store.Store) error {
			if a, err = tx.LockAttempt(ctx, t, id); err != nil {
				return err
			}
			a.Received, a.ReceivedIn = &m.Minor, &m.Currency
			return tx.EndAttempt(ctx, a)
		})
	}
	if err != nil {
		p.Log.Info("what arrived with the partner is not known", "attempt", id, "error", err)
	}
}
