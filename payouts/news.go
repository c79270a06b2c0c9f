package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
)

// PlatformEvents are the names of all that the endpoint of the platform's own Stripe is to be told of (MONEY.md 3.3).
func PlatformEvents() []string {
	return []string{"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.requires_action", "payment_intent.processing", "payment_intent.canceled",
		"transfer.created", "transfer.updated", "transfer.reversed", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
		"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"}
}

// Heard looks at what an event of the platform's Stripe named. The event may be late, early, a repeat or a forgery of somebody with
// the secret: Stripe is asked whose it is and how it stands (MONEY.md 1.4). What is nobody's here is left alone.
func (p *Payouts) Heard(ctx context.Context, object, id string) error {
	named, err := p.Bank.Whose(ctx, object, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("%w: whose is %s: %w", models.ErrLater, id, err)
	}
	company, err := models.ParseID[models.CompanyID](named["company"])
	t := models.Tenant{Company: company, Mode: models.Mode(named["mode"])}
	if err != nil || t.Mode != p.Mode {
		return nil
	}
	if attempt, err := models.ParseID[models.AttemptID](named["attempt"]); err == nil {
		return known(p.Carry(ctx, t, attempt))
	}
	charge, err := models.ParseID[models.ChargeID](named["charge"])
	if err != nil {
		return nil
	}
	if err := known(p.CarryCharge(ctx, t, charge)); err != nil {
		return err
	}
	all, err := p.Store.AttemptsOfCharge(ctx, t, charge)
	var later []error
	for _, a := range all {
		later = append(later, p.look(ctx, t, a.ID))
	}
	return errors.Join(append(later, err)...)
}

// known takes what is not here for nothing to do.
func known(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return err
}

// HeardOfPayout looks at a payout from a partner's Stripe account to their bank. One that fails is kept and shown; the invoices that
// it came from stay paid, for the money is on the partner's Stripe balance (MONEY.md 4.7).
func (p *Payouts) HeardOfPayout(ctx context.Context, account, id string) error {
	partners, err := p.Store.PartnersOnAccount(ctx, account, p.Mode)
	if err != nil || len(partners) == 0 {
		return err
	}
	b, err := p.Bank.BankPayout(ctx, account, id)
	if err != nil {
		return known(err)
	}
	for _, partner := range partners {
		b.Tenant, b.Partner = partner.Tenant, partner.ID
		if err := p.Store.KeepBankPayout(ctx, b); err != nil {
			return fmt.Errorf("keep payout %s: %w", id, err)
		}
	}
	return nil
}
