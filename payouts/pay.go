package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Pay pays an approved invoice with one click. The attempt is on disk before Stripe is called; a job carries it to its
// end should this call die. Two at once, or one beside MarkPaid: one of them is an ErrConflict. The invoice comes back
// paid, failed with the reason, or processing while Stripe has not said.
func (p *Payouts) Pay(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	var a models.Attempt
	_, err := p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		if err := p.approved(ctx, tx, *i); err != nil {
			return err
		}
		var err error
		if a, err = p.attempt(ctx, tx, *i, who); err != nil {
			return err
		}
		if err := tx.AddAttempt(ctx, a); err != nil {
			return err
		}
		i.Status, i.Because = models.Processing, nil
		job := models.PayInvoice{Company: t.Company, Mode: t.Mode, Attempt: a.ID}
		if err := tx.Enqueue(ctx, job, &river.InsertOpts{ScheduledAt: time.Now().Add(15 * time.Second), MaxAttempts: 200}); err != nil {
			return err
		}
		return tx.Audited(ctx, t.Company, who, "invoice.pay", i.ID.String(), i.Total().String()+" "+a.ID.String(), p.now())
	})
	if err != nil {
		return models.Invoice{}, err
	}
	if err := p.Carry(context.WithoutCancel(ctx), t, a.ID); err != nil {
		p.Log.Warn("a payment has no outcome yet", "attempt", a.ID, "error", err)
	}
	return p.Store.Invoice(ctx, t, id)
}

// attempt freezes what will be asked of Stripe, and refuses what Stripe would refuse.
func (p *Payouts) attempt(ctx context.Context, tx *store.Store, i models.Invoice, who models.Actor) (models.Attempt, error) {
	refuse := func(format string, args ...any) (models.Attempt, error) {
		return models.Attempt{}, models.Refuse(models.ErrConflict, fmt.Sprintf(format, args...))
	}
	if least := max(minimums[i.Currency], 1); i.TotalMinor < least {
		return refuse("Stripe takes no charge under %s. Mark the invoice as paid elsewhere, or wait until more is due.", models.Money{Minor: least, Currency: i.Currency})
	}
	if i.TotalMinor > maximum {
		return refuse("Stripe takes no charge over %s. Pay it elsewhere and mark it as paid.", models.Money{Minor: maximum, Currency: i.Currency})
	}
	if p.Mode != i.Mode {
		return refuse("The platform's Stripe is not set up for %s mode, so %s cannot be paid through it. Pay it elsewhere and mark it as paid.", i.Mode, i.Number)
	}
	card, err := tx.Card(ctx, i.Tenant)
	if errors.Is(err, models.ErrNotFound) {
		return refuse("The company has no card saved for payouts. Save one first, or mark the invoice as paid elsewhere.")
	} else if err != nil {
		return models.Attempt{}, fmt.Errorf("load the card of %s: %w", i.Company, err)
	}
	partner, err := tx.Partner(ctx, i.Tenant, i.Partner)
	if err != nil {
		return models.Attempt{}, err
	}
	if partner.StripeAccount == nil {
		return refuse("%s has not connected a Stripe account yet. Mark the invoice as paid once you have paid it elsewhere.", partner.Name)
	}
	return models.Attempt{Tenant: i.Tenant, ID: models.NewID[models.AttemptID](p.now()), Invoice: i.ID, Kind: "stripe", Status: models.AttemptLive,
		Amount: i.TotalMinor, Currency: i.Currency, Customer: card.Customer, Method: card.Method, Account: *partner.StripeAccount,
		StartedBy: who.Name, StartedAt: p.now()}, nil
}

// keyLife is how long Stripe surely remembers an idempotency key. Past it an attempt is looked up, never posted again.
const keyLife = 23 * time.Hour

// Carry brings a live attempt to its end, as often as it is called. An error means that the outcome is not known yet.
func (p *Payouts) Carry(ctx context.Context, t models.Tenant, id models.AttemptID) error {
	a, err := p.Store.Attempt(ctx, t, id)
	if err != nil || a.Status != models.AttemptLive {
		return err
	}
	i, err := p.Store.Invoice(ctx, t, a.Invoice)
	if err != nil {
		return err
	}
	outcome, err := p.outcome(ctx, Order{Attempt: a, Number: i.Number})
	if err != nil {
		return fmt.Errorf("%w: attempt %s: %w", models.ErrLater, id, err)
	}
	if err := p.settle(ctx, t, a, outcome); err != nil {
		return fmt.Errorf("settle attempt %s: %w", id, err)
	}
	if outcome.State == StillGoing {
		return fmt.Errorf("%w: attempt %s is still being processed by Stripe", models.ErrLater, id)
	}
	return nil
}

// outcome asks Stripe: a fresh attempt is posted under its own key, one that Stripe may know already is looked up. When
// a post has no answer, a saved error for one, or a refusal that names no payment, what Stripe has on record counts;
// without an answer, nothing on record leaves it open until the key has surely lapsed.
func (p *Payouts) outcome(ctx context.Context, o Order) (Outcome, error) {
	lapsed := p.now().Sub(o.Attempt.StartedAt) > keyLife
	var refused Outcome
	var unanswered error
	if o.Attempt.Intent == nil && !lapsed {
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
func (p *Payouts) settle(ctx context.Context, t models.Tenant, began models.Attempt, o Outcome) error {
	_, err := p.change(ctx, t, began.Invoice, func(tx *store.Store, i *models.Invoice) error {
		a, err := tx.LockAttempt(ctx, t, began.ID)
		if err != nil || a.Status != models.AttemptLive {
			return err
		}
		who := models.Actor{Name: a.StartedBy}
		if o.Intent != "" {
			a.Intent = &o.Intent
		}
		switch o.State {
		case Went:
			a.Status, a.EndedAt = models.AttemptSucceeded, new(p.now())
			if err := p.paid(ctx, tx, i, a, o.Intent, p.now(), who); err != nil {
				return err
			}
		case DidNotGo:
			a.Status, a.EndedAt, a.Because = models.AttemptFailed, new(p.now()), &o.Because
			i.Status, i.Because = models.Failed, &o.Because
			if err := tx.Audited(ctx, t.Company, who, "invoice.failed", i.ID.String(), o.Because, p.now()); err != nil {
				return err
			}
			if err := errors.Join(p.tellFailed(ctx, tx, o.Because, *i), p.shrink(ctx, tx, i)); err != nil {
				return err
			}
		}
		return tx.EndAttempt(ctx, a)
	})
	return err
}

// ConnectPartner makes the Stripe account that a partner is paid on and remembers it. What else was changed of the partner
// while Stripe was asked stays.
func (p *Payouts) ConnectPartner(ctx context.Context, partner models.Partner) (models.Partner, error) {
	account, err := p.Bank.OpenAccount(ctx, partner)
	if err != nil {
		return partner, fmt.Errorf("open an account for %s: %w", partner.ID, err)
	}
	err = p.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, partner.Tenant); err != nil {
			return err
		}
		if partner, err = tx.Partner(ctx, partner.Tenant, partner.ID); err != nil {
			return err
		}
		partner.StripeAccount = &account
		return tx.SavePartner(ctx, partner, p.now())
	})
	return partner, err
}

// SaveCard keeps a company's card for its payouts.
func (p *Payouts) SaveCard(ctx context.Context, t models.Tenant, method string) (models.Card, error) {
	company, err := p.Store.Company(ctx, t.Company)
	if err != nil {
		return models.Card{}, err
	}
	before, err := p.Store.Card(ctx, t)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return models.Card{}, err
	}
	card, err := p.Bank.SaveCard(ctx, company, before.Customer, method)
	if err != nil {
		return card, fmt.Errorf("save a card for %s: %w", t.Company, err)
	}
	return card, p.Store.SaveCard(ctx, t, card)
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

// CarryAll looks again at every attempt that is still open, whatever became of the job that was to end it.
func (p *Payouts) CarryAll(ctx context.Context) error {
	open, err := p.Store.LiveAttempts(ctx, p.now().Add(-5*time.Minute))
	if err != nil {
		return err
	}
	var failed []error
	for _, a := range open {
		if err := p.Carry(ctx, a.Tenant, a.ID); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
