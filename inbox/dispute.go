package inbox

import (
	"context"
	"errors"
	"fmt"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// dispute holds a commission while a dispute of its payment is open, and lets it go when that is decided (D6): due money
// is put back on hold, and taken off an invoice on which nothing is paid yet. What is being paid, or was, stays: a lost
// dispute then takes it back like a refund.
func (in *Inbox) dispute(ctx context.Context, tx *store.Store, c *models.Commission, open bool, entries []models.Entry) error {
	was := c.Disputed
	c.Disputed = open
	switch {
	case open && !was && c.Matured:
		return in.holdAgain(ctx, tx, c, entries)
	case !open && was && !c.Matured && !c.PayableOn.After(in.Now()):
		return in.mature(ctx, tx, c, entries)
	}
	return nil
}

func (in *Inbox) holdAgain(ctx context.Context, tx *store.Store, c *models.Commission, entries []models.Entry) error {
	open, err := in.takeOffInvoice(ctx, tx, *c)
	if err != nil {
		return err
	}
	amount := models.Money{Minor: open + standing(entries), Currency: c.Amount.Currency}
	if amount.Minor <= 0 {
		return nil // paid, or being paid
	}
	c.Holds++
	c.Matured, c.Status = false, models.Held
	return tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.HeldAgain(*c, amount, in.now())))
}

// mature ends a hold whose day came while the dispute was open.
func (in *Inbox) mature(ctx context.Context, tx *store.Store, c *models.Commission, entries []models.Entry) error {
	amount := models.Money{Minor: standing(entries), Currency: c.Amount.Currency}
	if err := tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.Matured(*c, amount, in.now()))); err != nil {
		return err
	}
	c.Matured, c.Status = true, models.Due
	return nil
}

// standing sums the entries that no invoice gathers.
func standing(entries []models.Entry) int64 {
	var sum int64
	for _, e := range entries {
		if e.Invoice == nil {
			sum += e.Amount.Minor
		}
	}
	return sum
}

// takeOffInvoice takes a commission off the invoice that gathers it while nothing was paid of it, and gives what it came
// to. The approval is void; an invoice with nothing left is void too, and all that it gathered is due.
func (in *Inbox) takeOffInvoice(ctx context.Context, tx *store.Store, c models.Commission) (int64, error) {
	i, err := tx.OpenInvoiceOf(ctx, c.Tenant, c.ID)
	if errors.Is(err, models.ErrNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	off, err := tx.TakeOff(ctx, i, c.ID)
	if err != nil {
		return 0, err
	}
	why := fmt.Sprintf("%s of %s is disputed and was taken off %s", models.Money{Minor: off, Currency: i.Currency}, c.PaymentKey, i.Number)
	i.Unapprove()
	i.Because = &why
	if left := i.TotalMinor - off; left > 0 {
		c.Holds++ // the key of the booking that follows
		err = tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.TakenOff(i, c, models.Money{Minor: off, Currency: i.Currency}, in.now())))
		i.TotalMinor, i.Status = left, models.InReview
	} else {
		err = errors.Join(tx.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.Voided(i, i.Total(), in.now()))), tx.Release(ctx, i))
		i.TotalMinor, i.Status = 0, models.Void
	}
	if err != nil {
		return 0, fmt.Errorf("take commission %s off invoice %s: %w", c.ID, i.ID, err)
	}
	if err := tx.SaveInvoice(ctx, i); err != nil {
		return 0, err
	}
	return off, tx.Audited(ctx, c.Company, models.Actor{Name: "Portal"}, "invoice.shrunk", i.ID.String(), why, in.now())
}
