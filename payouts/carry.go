package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Carry brings an attempt as far as it can go now, as often as it is called: an open one to its outcome, charged money to the
// partner, and of what went it looks what became of it. An error means that it is not at its end yet.
func (p *Payouts) Carry(ctx context.Context, t models.Tenant, id models.AttemptID) error {
	a, err := p.Store.Attempt(ctx, t, id)
	if err != nil || a.Kind != "stripe" || p.Mode != t.Mode {
		return err
	}
	switch {
	case a.Status == models.AttemptLive || a.Status == models.AttemptAsks:
		if a.Charge != nil {
			return p.CarryCharge(ctx, t, *a.Charge)
		}
		return p.carryOne(ctx, a)
	case a.Status == models.AttemptFailed:
		return nil
	}
	return p.look(ctx, t, id)
}

func (p *Payouts) carryOne(ctx context.Context, a models.Attempt) error {
	o, err := p.order(ctx, a)
	if err != nil {
		return err
	}
	outcome, err := p.outcome(ctx, o)
	if err != nil {
		return fmt.Errorf("%w: attempt %s: %w", models.ErrLater, a.ID, err)
	}
	return p.ended(ctx, a, outcome)
}

// ended keeps an outcome, and does what follows from it at once.
func (p *Payouts) ended(ctx context.Context, a models.Attempt, o Outcome) error {
	if err := p.settle(ctx, a, o); err != nil {
		return fmt.Errorf("settle attempt %s: %w", a.ID, err)
	}
	switch {
	case o.State == StillGoing:
		return fmt.Errorf("%w: attempt %s is still being processed by Stripe", models.ErrLater, a.ID)
	case o.State == Went && a.Charge == nil:
		p.arrived(ctx, a.Tenant, a.ID)
	}
	if o.Look {
		return p.look(ctx, a.Tenant, a.ID)
	}
	return nil
}

func (p *Payouts) order(ctx context.Context, a models.Attempt) (Order, error) {
	i, err := p.Store.Invoice(ctx, a.Tenant, a.Invoice)
	return orderOf(a, i.Number), err
}

// outcome asks Stripe: a fresh attempt is posted under its own key, one that Stripe may know already is looked up. When
// a post has no answer, a saved error for one, or a refusal that names no payment, what Stripe has on record counts;
// without an answer, nothing on record leaves it open until the key has surely lapsed.
func (p *Payouts) outcome(ctx context.Context, o Order) (Outcome, error) {
	lapsed := p.now().Sub(o.StartedAt) > keyLife
	var refused Outcome
	var unanswered error
	if o.Intent == nil && !lapsed {
		charged, err := p.Bank.Charge(ctx, o)
		if err == nil && charged.Intent != "" {
			return charged, nil
		}
		refused, unanswered = charged, err
	}
	found, known, err := p.Bank.Find(ctx, o)
	switch {
	case err == nil && !known && refused.State == DidNotGo:
		return refused, nil
	case err != nil || !known && unanswered != nil:
		return Outcome{}, errors.Join(unanswered, err)
	case !known:
		return Outcome{State: DidNotGo, Because: "Stripe has no record of this payment. Nothing was charged."}, nil
	}
	return found, nil
}

// settle keeps and books an outcome, once: an attempt that has ended stays as it is.
func (p *Payouts) settle(ctx context.Context, began models.Attempt, o Outcome) error {
	_, err := p.change(ctx, began.Tenant, began.Invoice, func(tx *store.Store, i *models.Invoice) error {
		a, err := tx.LockAttempt(ctx, began.Tenant, began.ID)
		if err != nil || a.Status != models.AttemptLive && a.Status != models.AttemptAsks {
			return err
		}
		was := *i
		if err := p.advance(ctx, tx, i, a, o); err != nil {
			return err
		}
		return p.tellOutcome(ctx, tx, a.Status, o, was)
	})
	return err
}

// advance brings an open attempt and its invoice to where an outcome says. Money of a charge for several is in delivery at first.
func (p *Payouts) advance(ctx context.Context, tx *store.Store, i *models.Invoice, a models.Attempt, o Outcome) error {
	who, was := models.Actor{Name: a.StartedBy}, a.Status
	if o.Intent != "" {
		a.Intent = &o.Intent
	}
	if o.Charge != "" {
		a.ChargedBy = &o.Charge
	}
	if o.Transfer != "" {
		a.Transfer = &o.Transfer
	}
	a.Because = nil
	var err error
	switch o.State {
	case Went:
		if a.Charge != nil {
			a.Status, a.Deliveries, a.DeliveryAt, a.Delivering = models.AttemptCharged, 1, new(p.now()), true
			err = p.charged(ctx, tx, i, a, who)
			break
		}
		a.Status, a.EndedAt = models.AttemptSucceeded, new(p.now())
		err = p.paid(ctx, tx, i, a, o.Intent, p.now(), who)
	case Asks:
		a.Status, a.Because, i.Status, i.Because = models.AttemptAsks, &o.Because, models.NeedsConfirmation, &o.Because
		if was != models.AttemptAsks {
			err = tx.Audited(ctx, i.Company, who, "invoice.asks", i.ID.String(), o.Because, p.now())
		}
	case StillGoing:
		a.Status, i.Status, i.Because = models.AttemptLive, models.Processing, nil
	case DidNotGo:
		a.Status, a.EndedAt, a.Because, a.Blocked = models.AttemptFailed, new(p.now()), &o.Because, o.Block
		err = p.failed(ctx, tx, i, o.Because, who)
	}
	if err != nil {
		return err
	}
	return tx.EndAttempt(ctx, a)
}

// charged books that the company has paid and the partner has not got it yet.
func (p *Payouts) charged(ctx context.Context, tx *store.Store, i *models.Invoice, a models.Attempt, who models.Actor) error {
	i.Status, i.Because = models.Charged, nil
	if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Charged(*i, a, p.now()))); err != nil {
		return err
	}
	return tx.Audited(ctx, i.Company, who, "invoice.charged", i.ID.String(), i.Total().String(), p.now())
}

// failed says why an invoice is not paid; it can be paid again.
func (p *Payouts) failed(ctx context.Context, tx *store.Store, i *models.Invoice, because string, who models.Actor) error {
	i.Status, i.Because = models.Failed, &because
	if err := tx.Audited(ctx, i.Company, who, "invoice.failed", i.ID.String(), because, p.now()); err != nil {
		return err
	}
	return p.shrink(ctx, tx, i)
}

// shrink takes off a failed invoice what was taken back of its commissions while the payment was under way, so that the
// next try does not pay it. What is left must be approved again; with nothing left the invoice is void (P3).
func (p *Payouts) shrink(ctx context.Context, tx *store.Store, i *models.Invoice) error {
	back, err := tx.TakenBackMeanwhile(ctx, *i)
	if err != nil || back == 0 {
		return err
	}
	why := fmt.Sprintf("%s %s was taken back meanwhile.", *i.Because, models.Money{Minor: -back, Currency: i.Currency})
	i.Unapprove()
	i.Because = &why
	if i.TotalMinor+back <= 0 {
		if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Voided(*i, i.Total(), p.now()))); err != nil {
			return err
		}
		i.TotalMinor, i.Status = 0, models.Void
		return tx.Release(ctx, *i)
	}
	if err := tx.GatherTakenBack(ctx, *i); err != nil {
		return err
	}
	i.TotalMinor, i.Status = i.TotalMinor+back, models.InReview
	return tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Shrunk(*i, models.Money{Minor: -back, Currency: i.Currency}, p.now())))
}

// CarryAll looks again at everything that is not at its end, whatever became of the job that was to end it. One company's trouble
// is not another's.
func (p *Payouts) CarryAll(ctx context.Context) error {
	before := p.now().Add(-5 * time.Minute)
	var trouble []error
	note := func(err error) {
		if err != nil {
			trouble = append(trouble, err)
		}
	}
	runs, err := p.Store.WaitingPayRuns(ctx, before)
	note(err)
	for _, r := range runs {
		note(p.CarryPayRun(ctx, r.Tenant, r.ID))
	}
	returns, err := p.Store.LiveReturns(ctx, before)
	note(err)
	for _, r := range returns {
		note(p.Carry(ctx, r.Tenant, r.Attempt))
	}
	for after := (models.AttemptID{}); ; {
		open, err := p.Store.OpenAttempts(ctx, before, after, 500)
		note(err)
		if err != nil || len(open) == 0 {
			return errors.Join(trouble...)
		}
		for _, a := range open {
			note(p.Carry(ctx, a.Tenant, a.ID))
		}
		after = open[len(open)-1].ID
	}
}
