package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"portal/models"
	"portal/store"
)

// Pay pays an approved invoice with one click. The attempt is on disk before Stripe is called; a job carries it to its
// end should this call die. Two at once, or one beside MarkPaid: one of them is an ErrConflict. The invoice comes back
// paid, failed with the reason, waiting for the card holder's confirmation, or processing while Stripe has not said.
func (p *Payouts) Pay(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	if err := p.receives(ctx, t, id); err != nil {
		return models.Invoice{}, err
	}
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
		if err := tx.Enqueue(ctx, jobOf(a), carriedLater()); err != nil {
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

// jobOf is the job that carries an attempt to its end.
func jobOf(a models.Attempt) models.PayInvoice {
	return models.PayInvoice{Company: a.Company, Mode: a.Mode, Attempt: a.ID}
}

// carriedLater lets a job run when the request that began the work has had its time.
func carriedLater() *river.InsertOpts {
	return &river.InsertOpts{ScheduledAt: time.Now().Add(15 * time.Second), MaxAttempts: 200}
}

// receives reads the partner's account anew, for an approval may be days old (MONEY.md 4.4). When Stripe cannot be asked, it
// refuses the charge itself.
func (p *Payouts) receives(ctx context.Context, t models.Tenant, id models.InvoiceID) error {
	i, err := p.Store.Invoice(ctx, t, id)
	if err != nil || p.Mode != t.Mode {
		return err
	}
	partner, err := p.Store.Partner(ctx, t, i.Partner)
	if err != nil || partner.StripeAccount == nil {
		return err
	}
	stands, err := p.Bank.ReadAccount(ctx, *partner.StripeAccount)
	if because := stands.CannotReceive(); err == nil && because != "" {
		return models.Refuse(models.ErrConflict, because+" Nothing was charged. You can pay it elsewhere and mark it as paid.")
	}
	return nil
}

// attempt freezes what will be asked of Stripe, and refuses what Stripe would refuse.
func (p *Payouts) attempt(ctx context.Context, tx *store.Store, i models.Invoice, who models.Actor) (models.Attempt, error) {
	fee := p.Fee(i.Total())
	card, account, err := p.byCard(ctx, tx, i, fee)
	if err != nil {
		return models.Attempt{}, err
	}
	return models.Attempt{Tenant: i.Tenant, ID: models.NewID[models.AttemptID](p.now()), Invoice: i.ID, Kind: "stripe", Status: models.AttemptLive,
		Amount: i.TotalMinor, Currency: i.Currency, Customer: card.Customer, Method: card.Method, Account: account, Fee: fee.Minor,
		StartedBy: who.Name, StartedAt: p.now()}, nil
}

// byCard gives the card and the account with which an invoice can be paid, or refuses with the reason and what to do.
func (p *Payouts) byCard(ctx context.Context, tx *store.Store, i models.Invoice, fee models.Money) (card models.Card, account string, err error) {
	refuse := func(format string, args ...any) (models.Card, string, error) {
		return models.Card{}, "", models.Refuse(models.ErrConflict, fmt.Sprintf(format, args...))
	}
	if err := errors.Join(chargeable(i.Total(), fee), p.notFiled(ctx, tx, i)); err != nil {
		return card, "", err
	}
	if p.Mode != i.Mode {
		return refuse("The platform's Stripe is not set up for %s mode, so %s cannot be paid through it. Pay it elsewhere and mark it as paid.", i.Mode, i.Number)
	}
	card, err = tx.Card(ctx, i.Tenant)
	if errors.Is(err, models.ErrNotFound) {
		return refuse("The company has no card saved for payouts. Save one first, or mark the invoice as paid elsewhere.")
	} else if err != nil {
		return card, "", fmt.Errorf("load the card of %s: %w", i.Company, err)
	}
	if blocked, err := tx.CardBlocked(ctx, i.Tenant, card.Method); err != nil {
		return card, "", err
	} else if blocked {
		return refuse("The card ending %s was declined and cannot be tried again. Save another card.", card.Last4)
	}
	partner, err := tx.Partner(ctx, i.Tenant, i.Partner)
	if err != nil {
		return card, "", err
	}
	if partner.StripeAccount == nil {
		return refuse("%s has not connected a Stripe account yet. Mark the invoice as paid once you have paid it elsewhere.", partner.Name)
	}
	return card, *partner.StripeAccount, nil
}
