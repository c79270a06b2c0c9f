package payouts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Approve lets an invoice in review be paid. It keeps who did it, when, and a hash of what was seen: when a line or the
// total changes later, the approval is void.
func (p *Payouts) Approve(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if i.Status != models.InReview {
			return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an invoice in review can be approved; %s %s.", i.Number, stands[i.Status]))
		}
		hash, err := p.fingerprint(ctx, tx, *i)
		if err != nil {
			return err
		}
		i.Status, i.ApprovedPerson, i.ApprovedBy, i.ApprovedAt, i.ApprovedHash, i.Because = models.Approved, who.Person, &who.Name, new(p.now()), &hash, nil
		return errors.Join(tx.Audited(ctx, t.Company, who, "invoice.approved", i.ID.String(), i.Total().String()+" "+hash, p.now()), p.tellApproved(ctx, tx, *i))
	})
}

// Withdraw takes an approval back while nothing is being paid: the invoice waits for review again.
func (p *Payouts) Withdraw(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if i.Status != models.Approved {
			return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an approval that nothing was paid on can be withdrawn; %s %s.", i.Number, stands[i.Status]))
		}
		i.Unapprove()
		i.Status = models.InReview
		return tx.Audited(ctx, t.Company, who, "invoice.withdrawn", i.ID.String(), i.Total().String(), p.now())
	})
}

// stands says where an invoice stands, for the sentences of refusals.
var stands = map[models.InvoiceStatus]string{models.InReview: "waits for approval", models.Approved: "is approved already", models.Processing: "is being paid",
	models.Paid: "is paid", models.Failed: "could not be paid and must be looked at", models.Void: "is void"}

// change loads an invoice for changing, alone, and keeps what fn made of it.
func (p *Payouts) change(ctx context.Context, t models.Tenant, id models.InvoiceID, fn func(tx *store.Store, i *models.Invoice) error) (models.Invoice, error) {
	var i models.Invoice
	err := p.inTurn(ctx, t, func(tx *store.Store) (err error) {
		if i, err = tx.LockInvoice(ctx, t, id); err != nil {
			return err
		}
		if err := fn(tx, &i); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, i)
	})
	return i, err
}

// fingerprint is a hash of all that an approval vouches for: who gets how much, and each line of it.
func (p *Payouts) fingerprint(ctx context.Context, tx *store.Store, i models.Invoice) (string, error) {
	lines, err := tx.InvoiceLines(ctx, i.Tenant, i.ID)
	if err != nil {
		return "", fmt.Errorf("load the lines of %s: %w", i.ID, err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s %s\n", i.ID, i.Number, i.Partner, i.Total())
	slices.SortFunc(lines, func(a, b models.InvoiceLine) int { // their order on paper may change with what is known of the payments
		return cmp.Or(cmp.Compare(a.Of(), b.Of()), cmp.Compare(a.Seq, b.Seq))
	})
	for _, l := range lines {
		fmt.Fprintf(&text, "%s %d %d\n", l.Of(), l.Seq, l.AmountMinor)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:]), nil
}

// approved refuses an invoice that nobody approved, or that is not what was approved.
func (p *Payouts) approved(ctx context.Context, tx *store.Store, i models.Invoice) error {
	if i.Status != models.Approved && i.Status != models.Failed || i.ApprovedHash == nil {
		return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an approved invoice can be paid; %s %s.", i.Number, stands[i.Status]))
	}
	hash, err := p.fingerprint(ctx, tx, i)
	if err != nil {
		return err
	}
	if hash != *i.ApprovedHash {
		return models.Refuse(models.ErrConflict, i.Number+" is not what was approved. Review it again.")
	}
	return nil
}

// MarkPaid records that an approved invoice was paid elsewhere. It is refused while a payment is under way, and when
// paidAt lies ahead.
func (p *Payouts) MarkPaid(ctx context.Context, t models.Tenant, id models.InvoiceID, reference string, paidAt time.Time, who models.Actor) (models.Invoice, error) {
	if paidAt.After(p.now().Add(time.Minute)) {
		return models.Invoice{}, models.Invalid("paid_at", "lies in the future; give the day on which it was paid")
	}
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.approved(ctx, tx, *i); err != nil {
			return err
		}
		if reference = strings.TrimSpace(reference); reference == "" {
			return models.Invalid("reference", "must say how it was paid, such as the transfer's reference")
		}
		now := p.now()
		a := models.Attempt{Tenant: t, ID: models.NewID[models.AttemptID](now), Invoice: id, Kind: "manual", Status: models.AttemptSucceeded,
			Amount: i.TotalMinor, Currency: i.Currency, StartedBy: who.Name, StartedAt: now, EndedAt: &now}
		if err := tx.AddAttempt(ctx, a); err != nil {
			return err
		}
		return p.paid(ctx, tx, i, a, reference, paidAt, who)
	})
}

// paid books a payment that went through and marks everything the invoice gathers.
func (p *Payouts) paid(ctx context.Context, tx *store.Store, i *models.Invoice, a models.Attempt, reference string, at time.Time, who models.Actor) error {
	i.Status, i.PaidBy, i.PaidAt, i.PaidHow, i.Because = models.Paid, &who.Name, new(at.UTC().Truncate(time.Microsecond)), &a.Kind, nil
	if reference != "" {
		i.Reference = &reference
	}
	if err := tx.Book(ctx, i.Tenant, ledger.Stamp(i.Tenant, ledger.Paid(*i, a, p.now()))); err != nil {
		return err
	}
	if err := tx.MarkCommissions(ctx, *i, models.CommissionInvoiced, models.CommissionPaid); err != nil {
		return err
	}
	return errors.Join(tx.Audited(ctx, i.Company, who, "invoice.paid", i.ID.String(), i.Total().String()+" "+a.Kind+" "+reference, p.now()), p.tellPaid(ctx, tx, *i))
}
