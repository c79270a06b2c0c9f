package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// MarkPaid records that an approved invoice was paid elsewhere, when nothing but its reference is told.
func (p *Payouts) MarkPaid(ctx context.Context, t models.Tenant, id models.InvoiceID, reference string, paidAt time.Time, who models.Actor) (models.Invoice, error) {
	return p.MarkPaidElsewhere(ctx, t, id, models.PaidElsewhere{Reference: reference, PaidAt: paidAt}, who)
}

// MarkPaidElsewhere records that an approved invoice was paid elsewhere (F107). It is refused while a payment is under way or done, when it
// lies ahead, and while the partner's new bank details are on hold.
func (p *Payouts) MarkPaidElsewhere(ctx context.Context, t models.Tenant, id models.InvoiceID, how models.PaidElsewhere, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		if err := p.approved(ctx, tx, *i); err != nil {
			return err
		}
		if err := how.Check(p.now()); err != nil {
			return err
		}
		if err := p.cooled(ctx, tx, *i, how.PaidAt); err != nil {
			return err
		}
		return p.paidElsewhere(ctx, tx, i, how, who)
	})
}

// paidElsewhere books a payment that somebody made outside.
func (p *Payouts) paidElsewhere(ctx context.Context, tx *store.Store, i *models.Invoice, how models.PaidElsewhere, who models.Actor) error {
	now := p.now()
	a := models.Attempt{Tenant: i.Tenant, ID: models.NewID[models.AttemptID](now), Invoice: i.ID, Kind: "manual", Status: models.AttemptSucceeded,
		Amount: i.TotalMinor, Currency: i.Currency, StartedBy: who.Name, StartedAt: now, EndedAt: &now}
	if err := tx.AddAttempt(ctx, a); err != nil {
		return err
	}
	how.Attempt = a.ID
	if how.File != nil {
		how.File.KeptAt = now
	}
	if err := tx.KeepOutside(ctx, i.Tenant, how); err != nil {
		return err
	}
	return p.paid(ctx, tx, i, a, how.Reference, how.PaidAt, who)
}

// undoDays is for how long a payment marked by hand can be undone.
const undoDays = 60

// UndoUntil is until when a payment that was marked at a moment can be undone.
func UndoUntil(marked time.Time) time.Time { return marked.AddDate(0, 0, undoDays) }

// Undo takes back that an invoice was marked as paid, for a reason. Nothing is edited: the money is booked back onto the invoice, the
// attempt stays as undone, and what it gathers is on an invoice again. It can be done while the period is open: within 60 days of the
// marking, and as long as no later invoice of the same partner in the same currency was paid or is being paid, for that one netted
// what was taken back meanwhile. A dispute of a payment on it must end first, for it holds what is not paid.
func (p *Payouts) Undo(ctx context.Context, t models.Tenant, id models.InvoiceID, reason string, who models.Actor) (models.Invoice, error) {
	reason, err := reasonIn(reason, "say why, in 500 characters at most")
	if err != nil {
		return models.Invoice{}, err
	}
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayPay(ctx, tx, t, who); err != nil {
			return err
		}
		a, err := p.undoable(ctx, tx, *i)
		if err != nil {
			return err
		}
		now := p.now()
		a.Status, a.EndedAt, a.Because = models.AttemptUndone, &now, &reason
		if err := tx.EndAttempt(ctx, a); err != nil {
			return err
		}
		if err := tx.Book(ctx, t, ledger.Stamp(t, ledger.Unpaid(*i, a, now))); err != nil {
			return err
		}
		if err := tx.MarkCommissions(ctx, *i, models.CommissionPaid, models.CommissionInvoiced); err != nil {
			return err
		}
		if err := tx.Audited(ctx, t.Company, who, "invoice.undone", i.ID.String(), i.Total().String()+" "+reason, now); err != nil {
			return err
		}
		why := "It was marked as paid, and that was undone: " + strings.TrimRight(reason, ".") + "."
		i.PaidBy, i.PaidAt, i.PaidHow, i.Reference, i.Because = nil, nil, nil, nil, &why
		i.Status = models.Approved
		if hash, err := p.fingerprint(ctx, tx, *i); err != nil {
			return err
		} else if i.ApprovedHash == nil || hash != *i.ApprovedHash {
			i.Unapprove()
			i.Status = models.InReview
		}
		return errors.Join(p.tellTakenBack(ctx, tx, *i, "it was marked as paid by mistake, and is paid later. If the money did reach you all the same, say so."), p.shrink(ctx, tx, i))
	})
}

// undoable gives the attempt that an invoice was marked as paid by, or refuses to undo it.
func (p *Payouts) undoable(ctx context.Context, tx *store.Store, i models.Invoice) (models.Attempt, error) {
	refuse := func(format string, args ...any) (models.Attempt, error) {
		return models.Attempt{}, models.Refuse(models.ErrConflict, fmt.Sprintf(format, args...))
	}
	if i.Status != models.Paid || i.PaidHow == nil || *i.PaidHow != "manual" {
		return refuse("Only what was marked as paid by hand can be undone; %s %s.", i.Number, stands[i.Status])
	}
	attempts, err := tx.AttemptsOf(ctx, i.Tenant, i.ID)
	if err != nil {
		return models.Attempt{}, err
	}
	at := slices.IndexFunc(attempts, func(a models.Attempt) bool { return a.Kind == "manual" && a.Status == models.AttemptSucceeded })
	if at < 0 {
		return refuse("%s was not marked as paid by hand.", i.Number)
	}
	if p.now().After(UndoUntil(attempts[at].StartedAt)) {
		return refuse("%s was marked as paid more than %d days ago, so its period is closed. Book a bonus or a deduction instead.", i.Number, undoDays)
	}
	later, err := tx.PaidAfter(ctx, i)
	if err != nil {
		return models.Attempt{}, err
	}
	if later != "" {
		return refuse("%s, a later invoice of %s, is paid or being paid, so the period of %s is closed. Undo that first where it was marked by hand too, or book a bonus or a deduction.", later, i.PartnerName, i.Number)
	}
	disputed, err := tx.DisputedOn(ctx, i)
	if err != nil {
		return models.Attempt{}, err
	}
	if disputed {
		return refuse("A payment that %s gathers is disputed now. Undo it once that has ended.", i.Number)
	}
	return tx.LockAttempt(ctx, i.Tenant, attempts[at].ID)
}
