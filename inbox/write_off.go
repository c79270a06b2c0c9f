package inbox

import (
	"context"
	"fmt"

	"portal/models"
	"portal/store"
)

// AskWriteOff asks to write off what a partner owes, all or a part, with a reason. Another person decides (B14). A
// partner who owes nothing, or for whom one waits already, is an ErrConflict; more than is owed is a FieldErrors.
func (in *Inbox) AskWriteOff(ctx context.Context, t models.Tenant, partner models.PartnerID, amount models.Money, reason string, who models.Actor) (models.WriteOff, error) {
	w := models.WriteOff{Tenant: t, ID: models.NewID[models.WriteOffID](in.now()), Partner: partner, Minor: amount.Minor, Currency: amount.Currency,
		AskedBy: who.Name, AskedAt: in.now(), Status: models.WriteOffAsked}
	if who.Person == nil {
		return w, models.Refuse(models.ErrForbidden, "Only a person can ask to write off a debt.")
	}
	w.AskedPerson = *who.Person
	var err error
	if w.Reason, err = words("reason", reason); err != nil {
		return w, err
	}
	err = in.alone(ctx, t, func(tx *store.Store) error {
		p, err := tx.Partner(ctx, t, partner)
		if err != nil {
			return err
		}
		due, err := tx.Balance(ctx, t, models.DueTo(partner), amount.Currency)
		if err != nil {
			return err
		}
		owed := models.Money{Minor: -due.Minor, Currency: due.Currency}
		switch {
		case owed.Minor <= 0:
			return models.Refuse(models.ErrConflict, p.Name+" owes nothing that could be written off.")
		case amount.Minor <= 0 || amount.Minor > owed.Minor:
			return models.Invalid("amount", "must be above zero, and at most the "+owed.String()+" that "+p.Name+" owes")
		}
		if err := tx.AddWriteOff(ctx, w); err != nil {
			return fmt.Errorf("keep a write-off for %s: %w", p.Key, err)
		}
		return tx.Audited(ctx, t.Company, who, "write_off.asked", w.ID.String(), fmt.Sprintf("%s of %s: %s", w.Amount(), p.Key, w.Reason), in.now())
	})
	return w, err
}

// ApproveWriteOff books a write-off that another person asked for. When the partner owes less by now than is to be
// written off, it is an ErrConflict and nothing changes: the balance rises to zero at most.
func (in *Inbox) ApproveWriteOff(ctx context.Context, t models.Tenant, id models.WriteOffID, who models.Actor) (models.WriteOff, error) {
	return in.decideWriteOff(ctx, t, id, who, func(tx *store.Store, w *models.WriteOff) error {
		due, err := tx.Balance(ctx, t, models.DueTo(w.Partner), w.Currency)
		if err != nil {
			return err
		}
		if due.Minor+w.Minor > 0 {
			return models.Refuse(models.ErrConflict, fmt.Sprintf("What %s is due has changed: it is %s now, and %s written off would make it more than zero. Refuse this request; ask for a smaller one if something is still owed.",
				w.PartnerName, due, w.Amount()))
		}
		a := models.Adjustment{Tenant: t, ID: models.NewID[models.AdjustmentID](in.now()), Partner: w.Partner, Minor: w.Minor, Currency: w.Currency, Reason: w.Reason, By: who.Name}
		if a, err = in.adjusted(ctx, tx, a, "write_off"); err != nil {
			return err
		}
		w.Status, w.Adjustment = models.WriteOffApproved, &a.ID
		return nil
	})
}

// RefuseWriteOff leaves the debt as it is.
func (in *Inbox) RefuseWriteOff(ctx context.Context, t models.Tenant, id models.WriteOffID, who models.Actor) (models.WriteOff, error) {
	return in.decideWriteOff(ctx, t, id, who, func(_ *store.Store, w *models.WriteOff) error {
		w.Status = models.WriteOffRefused
		return nil
	})
}

// decideWriteOff lets another person than the one who asked decide a request, once.
func (in *Inbox) decideWriteOff(ctx context.Context, t models.Tenant, id models.WriteOffID, who models.Actor, decide func(tx *store.Store, w *models.WriteOff) error) (models.WriteOff, error) {
	var w models.WriteOff
	err := in.alone(ctx, t, func(tx *store.Store) (err error) {
		if w, err = tx.LockWriteOff(ctx, t, id); err != nil {
			return err
		}
		switch {
		case w.Status != models.WriteOffAsked:
			return models.Refuse(models.ErrConflict, fmt.Sprintf("This write-off was %s by %s already.", w.Status, *w.DecidedBy))
		case who.Person == nil:
			return models.Refuse(models.ErrForbidden, "Only a person can decide about a write-off.")
		case *who.Person == w.AskedPerson:
			return models.Refuse(models.ErrConflict, "You asked for this write-off. Another person must approve or refuse it.")
		}
		if err := decide(tx, &w); err != nil {
			return err
		}
		w.DecidedBy, w.DecidedAt = &who.Name, new(in.now())
		if err := tx.DecideWriteOff(ctx, w, *who.Person); err != nil {
			return fmt.Errorf("decide write-off %s: %w", id, err)
		}
		return tx.Audited(ctx, t.Company, who, "write_off."+string(w.Status), id.String(), fmt.Sprintf("%s of %s, asked for by %s", w.Amount(), w.PartnerKey, w.AskedBy), in.now())
	})
	return w, err
}
