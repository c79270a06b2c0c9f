package payouts

import (
	"context"
	"errors"

	"portal/models"
	"portal/store"
)

// Approvals is what became of the approval of several: approved, approved by the first of two people, and left for review
// because something of them had changed or this person approved them before.
type Approvals struct{ Approved, First, Left int }

// perApproval is how many approvals one transaction keeps.
const perApproval = 50

// ApproveRun approves all of a run that wait for it, in pieces, as Approve does one by one. What cannot be approved is left.
func (p *Payouts) ApproveRun(ctx context.Context, t models.Tenant, id models.RunID, who models.Actor) (Approvals, error) {
	var did Approvals
	if err := p.mayApprove(ctx, p.Store, t, who); err != nil {
		return did, err
	}
	var after models.InvoiceID
	for {
		list, err := p.Store.InReviewOfRun(ctx, t, id, after, perApproval)
		if err != nil || len(list) == 0 {
			return did, err
		}
		now := did
		err = p.inTurn(ctx, t, func(tx *store.Store) error {
			now = did
			for _, one := range list {
				if err := p.approveOne(ctx, tx, t, one, who, &now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return did, err
		}
		did, after = now, list[len(list)-1]
	}
}

func (p *Payouts) approveOne(ctx context.Context, tx *store.Store, t models.Tenant, id models.InvoiceID, who models.Actor, did *Approvals) error {
	i, err := tx.LockInvoice(ctx, t, id)
	if err != nil {
		return err
	}
	err = p.approve(ctx, tx, &i, who)
	switch {
	case errors.Is(err, models.ErrConflict), errors.Is(err, models.ErrForbidden):
		did.Left++
		return nil
	case err != nil:
		return err
	case i.Status == models.Approved:
		did.Approved++
	default:
		did.First++
	}
	return tx.SaveInvoice(ctx, i)
}
