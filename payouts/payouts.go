// Package payouts is money out: it ends holds, draws up invoices, has them approved by a person, pays them through the
// platform's Stripe or marks them as paid. It never pays twice: the attempt is written before Stripe is called, and an
// invoice has one live attempt at most. It knows no page and no webhook.
package payouts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Payouts carries due money to the partners.
type Payouts struct {
	Store *store.Store
	Bank  Bank
	Mode  models.Mode // the side whose money the bank moves; empty when there is no bank
	Now   func() time.Time
	Log   *slog.Logger
	// FeePercent is what the company pays beside each invoice for Stripe's fee, a decimal such as "2.9"; empty or "0": the platform bears it.
	FeePercent string

	home home // of the platform
}

// now is the clock in what the database can keep.
func (p *Payouts) now() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// inTurn runs fn in one transaction, alone in deciding about the tenant's money.
func (p *Payouts) inTurn(ctx context.Context, t models.Tenant, fn func(tx *store.Store) error) error {
	return p.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		return fn(tx)
	})
}

// EndHolds turns held commissions into due ones wherever their day has come.
func (p *Payouts) EndHolds(ctx context.Context) error {
	tenants, err := p.Store.TenantsWithRipe(ctx, p.now())
	if err != nil {
		return err
	}
	var failed []error // one company's trouble is not another's
	for _, t := range tenants {
		if err := p.endRipe(ctx, t, p.now()); err != nil {
			failed = append(failed, fmt.Errorf("end the holds of %s: %w", t.Company, err))
		}
	}
	return errors.Join(failed...)
}

// endRipe ends a tenant's holds up to a day, some in each transaction: webhooks flow in between.
func (p *Payouts) endRipe(ctx context.Context, t models.Tenant, day time.Time) error {
	for more := true; more; {
		err := p.inTurn(ctx, t, func(tx *store.Store) (err error) {
			more, err = p.endHolds(ctx, tx, t, nil, day)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// perHolds is how many holds end at once.
const perHolds = 500

// endHolds books held → due for some of what is payable on or before a day, to these partners or to all. It tells whether
// there may be more.
func (p *Payouts) endHolds(ctx context.Context, tx *store.Store, t models.Tenant, partners []models.PartnerID, day time.Time) (bool, error) {
	ripe, err := tx.Ripe(ctx, t, partners, day, perHolds)
	if err != nil || len(ripe) == 0 {
		return false, err
	}
	var ids []models.CommissionID
	var due []models.Transfer
	for _, row := range ripe {
		c := row.Commission
		amount := c.Amount
		if c.Holds > 0 { // put back on hold after a dispute: a part may have been paid before
			if amount, err = tx.Standing(ctx, c); err != nil {
				return false, err
			}
		}
		ids, due = append(ids, c.ID), append(due, ledger.Matured(c, amount, p.now())...)
	}
	if err := tx.Book(ctx, t, ledger.Stamp(t, due)); err != nil {
		return false, err
	}
	return len(ripe) == perHolds, tx.Mature(ctx, t, ids)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// number is what people call an invoice. Those of the test side cannot be taken for real ones.
func number(mode models.Mode, year, n int) string {
	if mode == models.Test {
		return fmt.Sprintf("TEST-%d-%04d", year, n)
	}
	return fmt.Sprintf("INV-%d-%04d", year, n)
}
