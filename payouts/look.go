package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// look reads what became of a payment that went and books the difference, whoever caused it, in whatever order it is told. Then it
// does what follows: it takes back what the card holder's bank has taken, and sends on what is free.
func (p *Payouts) look(ctx context.Context, t models.Tenant, id models.AttemptID) error {
	for range 8 {
		a, err := p.Store.Attempt(ctx, t, id)
		if err != nil || a.Kind != "stripe" || a.Status != models.AttemptCharged && a.Status != models.AttemptSucceeded && a.Status != models.AttemptReturned {
			return err
		}
		live, err := liveReturn(ctx, p.Store, a)
		if err != nil {
			return err
		}
		if live != nil {
			if err := p.carryReturn(ctx, a, *live); err != nil {
				return err
			}
			continue
		}
		if a.Status == models.AttemptCharged && a.Delivering { // it may have arrived: nothing is decided before that is known
			found, err := p.Bank.Sent(ctx, a)
			if err != nil {
				return fmt.Errorf("%w: %w", models.ErrLater, err)
			}
			if found != "" {
				if err := p.delivered(ctx, a, found); err != nil {
					return err
				}
				continue
			}
		}
		st, err := p.Bank.Standing(ctx, a)
		if err != nil {
			return fmt.Errorf("%w: %w", models.ErrLater, err)
		}
		again, err := p.keepStanding(ctx, a, st)
		if err != nil {
			return fmt.Errorf("keep what became of %s: %w", id, err)
		}
		if again {
			continue
		}
		if a, err = p.Store.Attempt(ctx, t, id); err != nil {
			return err
		}
		if free(a) {
			return p.deliver(ctx, a)
		}
		return nil
	}
	return fmt.Errorf("%w: attempt %s does not come to rest", models.ErrLater, id)
}

// keepStanding keeps and books what Stripe says of a payment that went. Again tells that more follows from it, or that somebody
// kept something newer meanwhile.
func (p *Payouts) keepStanding(ctx context.Context, read models.Attempt, st Standing) (again bool, err error) {
	_, err = p.change(ctx, read.Tenant, read.Invoice, func(tx *store.Store, i *models.Invoice) error {
		a, err := tx.LockAttempt(ctx, read.Tenant, read.ID)
		if err != nil {
			return err
		}
		live, err := liveReturn(ctx, tx, a)
		if err != nil {
			return err
		}
		if again = live != nil || a.Looks != read.Looks || a.Status != read.Status; again {
			return nil
		}
		a.Looks++
		if a.ChargedBy == nil && st.Charge != "" {
			a.ChargedBy = &st.Charge
		}
		if a.Transfer == nil && st.Transfer != "" {
			a.Transfer = &st.Transfer
		}
		whole := st.Withdrew >= st.Left
		switch a.Status {
		case models.AttemptCharged:
			err = p.stillCharged(ctx, tx, i, &a, st, whole)
		case models.AttemptSucceeded:
			again, err = p.stillPaid(ctx, tx, i, &a, st, whole)
		case models.AttemptReturned:
			err = p.stillReturned(ctx, tx, i, &a, st)
		}
		if err != nil {
			return err
		}
		return tx.EndAttempt(ctx, a)
	})
	return again, err
}

// stillCharged looks whether the company still misses the money that the partner has not got.
func (p *Payouts) stillCharged(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt, st Standing, whole bool) error {
	was := a.Disputed
	if a.Disputed = ""; whole {
		a.Disputed = st.Disputed
	}
	a.Refunded = max(st.Refunded, 0)
	switch {
	case a.Disputed == "lost" || a.Refunded >= a.Amount:
		because := "What the company had paid was given back to its card. It can be paid again."
		if a.Disputed == "lost" {
			because = "The card holder disputed the charge and got the money back. It can be paid again."
		}
		a.Status, a.EndedAt, a.Because, a.Delivering = models.AttemptReturned, new(p.now()), &because, false
		if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.GivenBack(*i, *a, p.now()))); err != nil {
			return err
		}
		return errors.Join(p.tellFailed(ctx, tx, because, *i), p.failed(ctx, tx, i, because, models.Actor{Name: a.StartedBy}))
	case a.Disputed == "open":
		because := "The card holder disputes the charge. The money waits until that is decided."
		a.Held, a.Because, i.Because = a.Held || a.Refunded > 0, &because, &because
	case a.Refunded > 0:
		because := fmt.Sprintf("%s of it was given back to the company's card. Give the rest back too; then it can be paid again.", models.Money{Minor: a.Refunded, Currency: a.Currency})
		a.Held, a.Because, i.Because = true, &because, &because
	case was == "open":
		a.Because, i.Because = nil, nil
	}
	return nil
}

// stillPaid looks whether the partner still has the money.
func (p *Payouts) stillPaid(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt, st Standing, whole bool) (again bool, err error) {
	a.Refunded = st.Refunded
	if a.Disputed = ""; whole {
		a.Disputed = st.Disputed
	}
	back := int64(0)
	if st.Disputed != "" {
		if back = a.Amount; !whole {
			back = part(a.Amount, st.Withdrew, st.Charged)
		}
	}
	if st.Reversed < back {
		if again, err = p.withdraw(ctx, tx, *a, back-st.Reversed); again || err != nil {
			return again, err
		}
		i.Because = new("The card holder disputes the charge, and Stripe could not take the money back from the partner, who keeps it.")
	}
	if st.Reversed < a.Amount {
		return false, p.partBack(ctx, tx, i, a, st)
	}
	if a.Returned > 0 { // it comes back whole now, which is booked as one
		if err := p.adjust(ctx, tx, *i, *a, nil, -a.Returned, "All of the payment of "+i.Number+" came back"); err != nil {
			return false, err
		}
	}
	if a.Refunded >= a.Amount {
		return false, p.refunded(ctx, tx, i, a)
	}
	return true, p.undelivered(ctx, tx, i, a)
}

// withdraw begins to take back from the partner what the card holder's bank has taken. One that failed is not begun again.
func (p *Payouts) withdraw(ctx context.Context, tx *store.Store, a models.Attempt, amount int64) (bool, error) {
	list, err := tx.ReturnsOf(ctx, a.Tenant, a.ID)
	if err != nil {
		return false, err
	}
	for _, r := range list {
		if r.Kind == models.Withdrawn && r.Status == models.ReturnFailed && *r.Because != noRecord {
			return false, nil
		}
	}
	r := models.Return{Kind: models.Withdrawn, Minor: amount, Again: true, Reason: "The card holder disputes the charge"}
	return true, p.addReturn(ctx, tx, a, &r, models.Actor{Name: "Stripe"})
}

// partBack books what came back of a payment that stands, or went out again: it is due again, by an adjustment (P25).
func (p *Payouts) partBack(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt, st Standing) error {
	delta := st.Reversed - a.Returned
	switch {
	case delta != 0:
		reason := fmt.Sprintf("Of the payment of %s, %s came back", i.Number, models.Money{Minor: st.Reversed, Currency: a.Currency})
		if err := p.adjust(ctx, tx, *i, *a, nil, delta, reason); err != nil {
			return err
		}
		a.Returned = st.Reversed
		i.Because = new(reason + " from the partner's Stripe account. It is due again.")
		return tx.Audited(ctx, i.Company, models.Actor{Name: "Stripe"}, "invoice.part_back", i.ID.String(), reason, p.now())
	case a.Refunded > a.Returned && i.Because == nil:
		i.Because = new(fmt.Sprintf("%s was given back to the company's card in Stripe, and the partner kept the money.", models.Money{Minor: a.Refunded, Currency: a.Currency}))
	}
	return nil
}

// undelivered books a transfer that was taken back whole while the company's charge stands. Unless the card holder's dispute was
// why, it is sent again only when somebody asks.
func (p *Payouts) undelivered(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt) error {
	because := "The money was taken back from the partner's Stripe account, and the company's card was not refunded. Send it again, or give it back."
	if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Undelivered(*i, *a, p.now()))); err != nil {
		return err
	}
	if err := tx.MarkCommissions(ctx, *i, models.CommissionPaid, models.CommissionInvoiced); err != nil {
		return err
	}
	a.Status, a.Returned, a.Transfer, a.DeliveryAt, a.Delivering, a.Received, a.ReceivedIn = models.AttemptCharged, 0, nil, nil, false, nil, nil
	a.Held, a.Because = a.Disputed == "", &because
	i.Status, i.PaidAt, i.PaidBy, i.PaidHow, i.Because = models.Charged, nil, nil, nil, &because
	return tx.Audited(ctx, i.Company, models.Actor{Name: "Stripe"}, "invoice.came_back", i.ID.String(), i.Total().String(), p.now())
}

// stillReturned notes a refund that failed after all: what it had paid is due again long since.
func (p *Payouts) stillReturned(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt, st Standing) error {
	if st.Refunded >= a.Refunded || st.Disputed == "lost" {
		return nil
	}
	a.Refunded = st.Refunded
	i.Because = new("The refund to the company's card failed at the card's bank: the platform holds the money. Ask whoever runs this Portal for it.")
	return tx.Audited(ctx, i.Company, models.Actor{Name: "Stripe"}, "invoice.refund_failed", i.ID.String(), i.Total().String(), p.now())
}
