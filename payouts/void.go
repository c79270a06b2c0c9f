package payouts

import (
	"context"
	"fmt"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Void gives up an invoice on which nothing is being paid, with a reason. Its number stays used, its lines are kept to be seen,
// and all that it gathered is due again.
func (p *Payouts) Void(ctx context.Context, t models.Tenant, id models.InvoiceID, reason string, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error { return p.void(ctx, tx, i, reason, who) })
}

// Reissue gives up an invoice and draws up another one for the same partner and currency, up to the same day, of what is due
// now. With nothing due it is refused, and nothing changes.
func (p *Payouts) Reissue(ctx context.Context, t models.Tenant, id models.InvoiceID, reason string, who models.Actor) (models.Invoice, error) {
	void, err := p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.void(ctx, tx, i, reason, who); err != nil {
			return err
		}
		if err := tx.SaveInvoice(ctx, *i); err != nil {
			return err
		}
		owed, err := tx.OwedUntil(ctx, t, i.Until, i.Partner)
		if err != nil {
			return err
		}
		for _, o := range owed {
			if o.Currency == i.Currency {
				mine := Owed{Partner: i.Partner, Total: models.Money{Minor: o.Total, Currency: o.Currency}}
				return p.draw(ctx, tx, t, []Owed{mine}, models.Invoice{Until: i.Until, ReissueOf: &i.ID}, who)
			}
		}
		return models.Refuse(models.ErrConflict, "Nothing is due to "+i.PartnerName+" any more, so there is nothing to draw up in place of "+i.Number+". Void it without another one.")
	})
	if err != nil {
		return models.Invoice{}, err
	}
	return p.Store.ReissueOf(ctx, t, void.ID)
}

func (p *Payouts) void(ctx context.Context, tx *store.Store, i *models.Invoice, reason string, who models.Actor) error {
	if err := p.mayApprove(ctx, tx, i.Tenant, who); err != nil {
		return err
	}
	if i.Status != models.InReview && i.Status != models.Approved && i.Status != models.Failed {
		return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an invoice on which nothing is being paid, or was, can be voided; %s %s.", i.Number, stands[i.Status]))
	}
	filed, err := tx.FiledIn(ctx, i.Tenant, []models.InvoiceID{i.ID})
	if err != nil {
		return err
	}
	if in, is := filed[i.ID]; is { // the bank may be paying it, and what it gathers would be paid again
		return models.Refuse(models.ErrConflict, fmt.Sprintf("%s is in the file for the bank that %s made on %s and that is not settled. Settle or cancel that file first.",
			i.Number, in.MadeBy, in.MadeAt.UTC().Format("2 January 2006")))
	}
	reason, err = reasonIn(reason, "say why, in 500 characters at most")
	if err != nil {
		return err
	}
	was := i.Total()
	if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Voided(*i, was, p.now()))); err != nil {
		return err
	}
	if err := tx.Release(ctx, *i); err != nil {
		return err
	}
	i.Unapprove()
	i.TotalMinor, i.Status, i.Because = 0, models.Void, &reason
	return tx.Audited(ctx, i.Company, who, "invoice.voided", i.ID.String(), was.String()+": "+reason, p.now())
}
