package payouts

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"portal/models"
	"portal/store"
)

// mostPerRun is how many invoices one run pays.
const mostPerRun = 1000

// Seen is an invoice to be paid, with the total that was shown.
type Seen struct {
	Invoice models.InvoiceID
	Minor   int64
}

// PayMany has approved invoices paid in one run, which a job carries: by one charge per currency and a transfer to each partner, or
// one by one. What cannot be paid is left, with the reason. Method is the card that was shown; another one is an ErrConflict.
func (p *Payouts) PayMany(ctx context.Context, t models.Tenant, list []Seen, method string, who models.Actor) (models.PayRun, error) {
	if len(list) == 0 || len(list) > mostPerRun {
		return models.PayRun{}, models.Invalid("id", fmt.Sprintf("Tick at least one invoice, and %d at most.", mostPerRun))
	}
	r := models.PayRun{Tenant: t, ID: models.NewID[models.PayRunID](p.now()), Method: method, FeePercent: p.FeePercent, StartedBy: who.Name, StartedAt: p.now()}
	err := p.inTurn(ctx, t, func(tx *store.Store) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		if card, err := tx.Card(ctx, t); errors.Is(err, models.ErrNotFound) || err == nil && card.Method != method {
			return models.Refuse(models.ErrConflict, "The company's card is not the one that was shown. Look again at what would be paid.")
		} else if err != nil {
			return err
		}
		had := map[models.InvoiceID]bool{}
		var items []models.PayRunItem
		for _, s := range list {
			if !had[s.Invoice] {
				had[s.Invoice], items = true, append(items, models.PayRunItem{Invoice: s.Invoice, Seen: s.Minor})
			}
		}
		job := models.CarryPayRun{Company: t.Company, Mode: t.Mode, Run: r.ID}
		return errors.Join(tx.AddPayRun(ctx, r, items), tx.Enqueue(ctx, job, &river.InsertOpts{MaxAttempts: 200}),
			tx.Audited(ctx, t.Company, who, "invoices.pay", r.ID.String(), fmt.Sprintf("%d invoices", len(items)), p.now()))
	})
	return r, err
}

// CarryPayRun brings a run as far as it can go now, as often as it is called. An error means that something of it is not at its end.
func (p *Payouts) CarryPayRun(ctx context.Context, t models.Tenant, id models.PayRunID) error {
	r, err := p.Store.PayRun(ctx, t, id)
	if err != nil {
		return err
	}
	if r.BegunAt == nil {
		if err := p.beginPaying(ctx, r); err != nil {
			return fmt.Errorf("begin run %s: %w", id, err)
		}
	}
	charges, err := p.Store.ChargesOf(ctx, t, id)
	if err != nil {
		return err
	}
	var later []error // one currency's trouble is not another's
	for _, c := range charges {
		later = append(later, p.CarryCharge(ctx, t, c.ID))
	}
	items, err := p.Store.PayRunItems(ctx, t, id)
	if err != nil {
		return err
	}
	for _, i := range items {
		if i.Attempt == nil {
			continue
		}
		a, err := p.Store.Attempt(ctx, t, *i.Attempt)
		if err == nil && a.Charge == nil && (a.Status == models.AttemptLive || a.Status == models.AttemptAsks) {
			err = p.Carry(ctx, t, a.ID)
		}
		later = append(later, err)
	}
	return errors.Join(later...)
}

// beginPaying writes down every charge and attempt of a run, in one transaction, before any of them is made.
func (p *Payouts) beginPaying(ctx context.Context, r models.PayRun) error {
	items, err := p.Store.PayRunItems(ctx, r.Tenant, r.ID)
	if err != nil {
		return err
	}
	var list []models.Invoice
	for _, item := range items {
		i, err := p.Store.Invoice(ctx, r.Tenant, item.Invoice)
		if err != nil {
			return err
		}
		list = append(list, i)
	}
	said, err := p.ask(ctx, r.Tenant, list)
	if err != nil {
		return err
	}
	return p.inTurn(ctx, r.Tenant, func(tx *store.Store) error {
		if now, err := tx.PayRun(ctx, r.Tenant, r.ID); err != nil || now.BegunAt != nil {
			return err
		}
		var able []models.Invoice
		for _, item := range items {
			i, because, err := p.still(ctx, tx, r, item, said)
			if err != nil {
				return err
			}
			if because == "" {
				able = append(able, i)
				continue
			}
			item.Because = &because
			if err := tx.SavePayRunItem(ctx, r, item); err != nil {
				return err
			}
		}
		for _, parcel := range p.parcels(able, said.settles) {
			if err := p.writeDown(ctx, tx, r, parcel); err != nil {
				return err
			}
		}
		return tx.BegunPayRun(ctx, r, p.now())
	})
}

// still loads an invoice of a run and says why it is not paid; empty when it is as it was shown and can be.
func (p *Payouts) still(ctx context.Context, tx *store.Store, r models.PayRun, item models.PayRunItem, said answers) (models.Invoice, string, error) {
	i, err := tx.LockInvoice(ctx, r.Tenant, item.Invoice)
	if err != nil {
		return i, "", err
	}
	because, err := p.hindrance(ctx, tx, i, said)
	switch {
	case err != nil || because != "":
	case i.TotalMinor != item.Seen:
		because = "Its total is not what was shown: it is " + i.Total().String() + " now."
	case r.FeePercent != p.FeePercent:
		because = "The fee is not what was shown any more. Pay it again."
	default:
		card, err := tx.Card(ctx, r.Tenant)
		if err != nil {
			return i, "", err
		}
		if card.Method != r.Method {
			because = "The company's card is not the one that was shown any more. Pay it again."
		}
	}
	return i, because, err
}

// writeDown keeps the charge of a parcel, if it is for several, and an attempt for each of its invoices.
func (p *Payouts) writeDown(ctx context.Context, tx *store.Store, r models.PayRun, of parcel) error {
	who := models.Actor{Name: r.StartedBy}
	var charge *models.ChargeID
	for n, i := range of.invoices {
		a, err := p.attempt(ctx, tx, i, who)
		if err != nil {
			return err
		}
		if len(of.invoices) > 1 && n == 0 {
			c := models.Charge{Tenant: r.Tenant, ID: models.NewID[models.ChargeID](p.now()), Run: r.ID, Status: models.AttemptLive, Amount: of.sum + of.fee, Fee: of.fee,
				Currency: i.Currency, Customer: a.Customer, Method: a.Method, StartedBy: r.StartedBy, StartedAt: p.now()}
			if err := tx.AddCharge(ctx, c); err != nil {
				return err
			}
			charge = &c.ID
		}
		if charge != nil {
			a.Charge, a.Fee = charge, 0
		}
		if err := tx.AddAttempt(ctx, a); err != nil {
			return err
		}
		i.Status, i.Because = models.Processing, nil
		if err := tx.SaveInvoice(ctx, i); err != nil {
			return err
		}
		if err := tx.SavePayRunItem(ctx, r, models.PayRunItem{Invoice: i.ID, Attempt: &a.ID}); err != nil {
			return err
		}
		if err := tx.Audited(ctx, r.Company, who, "invoice.pay", i.ID.String(), i.Total().String()+" "+a.ID.String(), p.now()); err != nil {
			return err
		}
	}
	return nil
}
