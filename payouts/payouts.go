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
		if err := p.inTurn(ctx, t, func(tx *store.Store) error { return p.endHolds(ctx, tx, t, nil, p.now()) }); err != nil {
			failed = append(failed, fmt.Errorf("end the holds of %s: %w", t.Company, err))
		}
	}
	return errors.Join(failed...)
}

// endHolds books held → due for all that is payable on or before a day, to one partner or to all.
func (p *Payouts) endHolds(ctx context.Context, tx *store.Store, t models.Tenant, partner *models.PartnerID, day time.Time) error {
	for {
		ripe, err := tx.Ripe(ctx, t, partner, day, 500)
		if err != nil || len(ripe) == 0 {
			return err
		}
		for _, row := range ripe {
			c := row.Commission
			amount := c.Amount
			if c.Holds > 0 { // put back on hold after a dispute: a part may have been paid before
				if amount, err = tx.Standing(ctx, c); err != nil {
					return err
				}
			}
			if err := tx.Book(ctx, t, ledger.Stamp(t, ledger.Matured(c, amount, p.now()))); err != nil {
				return err
			}
			c.Matured = true
			if c.Status == models.Held {
				c.Status = models.Due
			}
			if err := tx.KeepCommission(ctx, c, p.now()); err != nil {
				return err
			}
		}
	}
}

// DrawUp gathers everything payable on or before a day into one invoice per partner and currency, for review. What a
// partner owes back is netted; who has nothing above zero, or less than the minimum, waits for the next time.
func (p *Payouts) DrawUp(ctx context.Context, t models.Tenant, until time.Time, minimum int64, who models.Actor) ([]models.Invoice, error) {
	var drawn []models.Invoice
	err := p.inTurn(ctx, t, func(tx *store.Store) error {
		if err := p.endHolds(ctx, tx, t, nil, earlier(until, p.now())); err != nil {
			return err
		}
		owed, err := tx.OwedUntil(ctx, t, until)
		if err != nil {
			return fmt.Errorf("sum what is owed: %w", err)
		}
		for _, o := range owed {
			if o.Total < minimum {
				continue
			}
			i, err := p.drawOne(ctx, tx, t, o, until, who)
			if err != nil {
				return err
			}
			drawn = append(drawn, i)
		}
		return p.tellReady(ctx, tx, t, drawn, who)
	})
	return drawn, err
}

func (p *Payouts) drawOne(ctx context.Context, tx *store.Store, t models.Tenant, o store.Owed, until time.Time, who models.Actor) (models.Invoice, error) {
	now := p.now()
	n, err := tx.NextInvoiceNumber(ctx, t, now.Year())
	if err != nil {
		return models.Invoice{}, fmt.Errorf("number an invoice: %w", err)
	}
	i := models.Invoice{Tenant: t, ID: models.NewID[models.InvoiceID](now), Number: number(t.Mode, now.Year(), n), Partner: o.Partner,
		Currency: o.Currency, TotalMinor: o.Total, Status: models.InReview, Until: until, DrawnAt: now}
	// A day ahead was a person's choice: what the invoice gathers is due now.
	if err := p.endHolds(ctx, tx, t, &o.Partner, until); err != nil {
		return i, err
	}
	if err := tx.AddInvoice(ctx, i); err != nil {
		return i, fmt.Errorf("keep invoice %s: %w", i.Number, err)
	}
	if err := tx.Gather(ctx, i, until); err != nil {
		return i, err
	}
	if err := tx.Book(ctx, t, ledger.Stamp(t, ledger.Drawn(i))); err != nil {
		return i, err
	}
	if err := tx.Audited(ctx, t.Company, who, "invoice.drawn", i.ID.String(), i.Number+" over "+i.Total().String(), now); err != nil {
		return i, err
	}
	return tx.Invoice(ctx, t, i.ID)
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
