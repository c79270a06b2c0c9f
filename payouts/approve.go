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
	"portal/rates"
	"portal/store"
)

// Approve lets an invoice in review be paid. It keeps who did it, when, and a hash of what was seen: when a line, the total or
// where the money goes changes later, the approval is void, and it may be approved again as it stands. Above the company's limit it takes two people (B17): the first
// approval leaves the invoice in review, with First set.
func (p *Payouts) Approve(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayApprove(ctx, tx, t, who); err != nil {
			return err
		}
		return p.approve(ctx, tx, i, who)
	})
}

func (p *Payouts) approve(ctx context.Context, tx *store.Store, i *models.Invoice, who models.Actor) error {
	hash, err := p.fingerprint(ctx, tx, *i)
	if err != nil {
		return err
	}
	changed := (i.Status == models.Approved || i.Status == models.Failed) && i.ApprovedHash != nil && *i.ApprovedHash != hash
	if i.Status != models.InReview && !changed {
		return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an invoice in review can be approved; %s %s.", i.Number, stands[i.Status]))
	}
	if changed {
		i.Unapprove()
		i.Status = models.InReview
	}
	two, err := p.asksTwo(ctx, tx, *i)
	if err != nil {
		return err
	}
	switch {
	case !two:
		i.Unapprove()
	case who.Person == nil:
		return models.Refuse(models.ErrForbidden, i.Number+" is above the limit for one approval: two people must approve it, and an API key is nobody.")
	case i.FirstHash == nil || *i.FirstHash != hash:
		i.Unapprove()
		i.FirstPerson, i.FirstBy, i.FirstAt, i.FirstHash, i.Because = who.Person, &who.Name, new(p.now()), &hash, nil
		return tx.Audited(ctx, i.Company, who, "invoice.approved_first", i.ID.String(), i.Total().String()+" "+hash, p.now())
	case samePerson(*i, who):
		return models.Refuse(models.ErrConflict, "You approved "+i.Number+" already. It is above the limit for one approval: another person must approve it too.")
	}
	i.Status, i.ApprovedPerson, i.ApprovedBy, i.ApprovedAt, i.ApprovedHash, i.Because = models.Approved, who.Person, &who.Name, new(p.now()), &hash, nil
	return errors.Join(tx.Audited(ctx, i.Company, who, "invoice.approved", i.ID.String(), i.Total().String()+" "+hash, p.now()), p.tellApproved(ctx, tx, *i))
}

// samePerson tells that the first approval was this person's, in whatever session and by whatever way.
func samePerson(i models.Invoice, who models.Actor) bool {
	return i.FirstPerson == nil || *i.FirstPerson == *who.Person || models.NormalEmail(*i.FirstBy) == models.NormalEmail(who.Name)
}

// AsksTwo tells whether an invoice is above the limit over which two people approve, and an amount is typed before it is paid.
func (p *Payouts) AsksTwo(ctx context.Context, i models.Invoice) (bool, error) {
	return p.asksTwo(ctx, p.Store, i)
}

// asksTwo turns the total into the company's currency at the newest published rate: one that somebody entered could bring any total
// under the limit. Without one two people are asked.
func (p *Payouts) asksTwo(ctx context.Context, tx *store.Store, i models.Invoice) (bool, error) {
	settings, err := tx.PayoutSettings(ctx, i.Tenant)
	if err != nil || settings.FourEyesAbove == nil {
		return false, err
	}
	company, err := tx.Company(ctx, i.Company)
	if err != nil {
		return false, err
	}
	published := rates.Rates{Store: tx, Now: p.Now}
	total, known, err := turned(i.Total(), company.Currency, func() (models.Rate, error) {
		return published.Published(ctx, tx, i.Currency, company.Currency, p.now().AddDate(0, 0, 1))
	})
	return !known || total.Minor > *settings.FourEyesAbove, err
}

// Withdraw takes an approval back while nothing is being paid: the invoice waits for review again. So does one whose first
// approval of two is taken back, and one that could not be paid.
func (p *Payouts) Withdraw(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) (models.Invoice, error) {
	return p.change(ctx, t, id, func(tx *store.Store, i *models.Invoice) error {
		if err := p.mayApprove(ctx, tx, t, who); err != nil {
			return err
		}
		if i.Status != models.Approved && i.Status != models.Failed && (i.Status != models.InReview || i.FirstAt == nil) {
			return models.Refuse(models.ErrConflict, fmt.Sprintf("Only an approval that nothing was paid on can be withdrawn; %s %s.", i.Number, stands[i.Status]))
		}
		i.Unapprove()
		i.Status = models.InReview
		return tx.Audited(ctx, t.Company, who, "invoice.withdrawn", i.ID.String(), i.Total().String(), p.now())
	})
}

// stands says where an invoice stands, for the sentences of refusals.
var stands = map[models.InvoiceStatus]string{models.InReview: "waits for approval", models.Approved: "is approved already", models.Processing: "is being paid",
	models.NeedsConfirmation: "waits for the card holder to confirm", models.Charged: "is charged and on its way", models.Refunded: "was paid and given back",
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

// fingerprint is a hash of all that an approval vouches for: who gets how much, where to, and each line of it. New bank details
// or another Stripe account make it another one.
func (p *Payouts) fingerprint(ctx context.Context, tx *store.Store, i models.Invoice) (string, error) {
	lines, err := tx.InvoiceLines(ctx, i.Tenant, i.ID)
	if err != nil {
		return "", fmt.Errorf("load the lines of %s: %w", i.ID, err)
	}
	to, err := tx.Destinations(ctx, i.Tenant, []models.PartnerID{i.Partner})
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s %s %s\n", i.ID, i.Number, i.Partner, i.Total(), to[i.Partner])
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
		return models.Refuse(models.ErrConflict, i.Number+" is not what was approved: a line of it, or where the money goes, has changed since. Review and approve it again.")
	}
	return nil
}

// Changed tells whether an invoice was approved and is not what was approved any more: it must be approved again.
func (p *Payouts) Changed(ctx context.Context, i models.Invoice) (bool, error) {
	if i.Status != models.Approved && i.Status != models.Failed || i.ApprovedHash == nil {
		return false, nil
	}
	hash, err := p.fingerprint(ctx, p.Store, i)
	return err == nil && hash != *i.ApprovedHash, err
}

// StillApproved refuses as Pay would when an invoice is not what was approved any more.
func (p *Payouts) StillApproved(ctx context.Context, i models.Invoice) error {
	return p.approved(ctx, p.Store, i)
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
