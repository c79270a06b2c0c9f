package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// refunded ends a payment that went back whole to the company: what it had paid is due again, and on the next invoice; or, where
// somebody gave it up, taken off again.
func (p *Payouts) refunded(ctx context.Context, tx *store.Store, i *models.Invoice, a *models.Attempt) error {
	again, reason, by := true, "somebody gave it back in Stripe", "Stripe"
	all, err := tx.ReturnsOf(ctx, a.Tenant, a.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Kind == models.RefundPayout && r.Status != models.ReturnFailed {
			again, reason, by = r.Again, r.Reason, r.StartedBy
		}
	}
	shares, err := tx.ProgramShares(ctx, *i)
	if err != nil {
		return err
	}
	unripe, err := tx.UnripeOn(ctx, *i)
	if err != nil {
		return err
	}
	a.Status, a.Returned, a.Because = models.AttemptReturned, a.Amount, &reason
	i.Status, i.Because = models.Refunded, new("Taken back: "+reason)
	if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Refunded(*i, *a, p.now()))); err != nil {
		return err
	}
	if err := tx.Release(ctx, *i); err != nil {
		return err
	}
	for _, u := range unripe {
		if err := p.holdAgain(ctx, tx, i.Tenant, u, i.Currency); err != nil {
			return err
		}
	}
	if !again {
		if err := p.giveUp(ctx, tx, *i, *a, shares, reason); err != nil {
			return err
		}
	}
	why := "it went back. What it paid is due to you again, and comes on the next invoice."
	if !again {
		why = "it went back, and what it paid was given up. Your statement says so too."
	}
	return errors.Join(tx.Audited(ctx, i.Company, models.Actor{Name: by}, "invoice.refunded", i.ID.String(), i.Total().String()+": "+reason, p.now()), p.tellTakenBack(ctx, tx, *i, why))
}

// holdAgain puts on hold what an invoice had paid of a commission whose payment is disputed now.
func (p *Payouts) holdAgain(ctx context.Context, tx *store.Store, t models.Tenant, u store.Unripe, currency models.Currency) error {
	row, err := tx.Commission(ctx, t, u.Commission)
	if err != nil {
		return err
	}
	c := row.Commission
	c.Holds++
	if c.Status == models.Due {
		c.Status = models.Held
	}
	if err := tx.Book(ctx, t, ledger.Stamp(t, ledger.HeldAgain(c, models.Money{Minor: u.Minor, Currency: currency}, p.now()))); err != nil {
		return err
	}
	return tx.KeepCommission(ctx, c, p.now())
}

// giveUp takes off again what a refunded invoice had paid, from each program as much as was its own.
func (p *Payouts) giveUp(ctx context.Context, tx *store.Store, i models.Invoice, a models.Attempt, shares []store.ProgramShare, reason string) error {
	if len(shares) == 0 || shares[0].Program == nil {
		return models.Refuse(models.ErrConflict, "No program owes what "+i.Number+" paid, so it cannot be given up.")
	}
	for n, s := range shares {
		if s.Program == nil { // nobody's in particular: the largest takes it
			shares[0].Minor += s.Minor
			shares[n].Minor = 0
		}
	}
	for _, s := range shares {
		if s.Program == nil || s.Minor == 0 {
			continue
		}
		if err := p.adjust(ctx, tx, i, a, s.Program, -s.Minor, fmt.Sprintf("%s was given up: %s", i.Number, reason)); err != nil {
			return err
		}
	}
	return nil
}

// adjust makes due, or takes off, what follows from a payment that came back. It is not on the tape: it hangs on the payment, which a
// replay does not make again.
func (p *Payouts) adjust(ctx context.Context, tx *store.Store, i models.Invoice, a models.Attempt, program *models.ProgramID, minor int64, reason string) error {
	adj := models.Adjustment{Tenant: i.Tenant, ID: models.NewID[models.AdjustmentID](p.now()), Partner: i.Partner, Program: program, Minor: minor, Currency: i.Currency,
		Reason: reason, By: "Portal", At: p.now(), Attempt: &a.ID}
	if err := tx.AddAdjustment(ctx, adj); err != nil {
		return fmt.Errorf("keep an adjustment of %s: %w", i.Number, err)
	}
	return tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Adjusted(adj)))
}
