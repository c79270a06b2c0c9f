package integrations

import (
	"context"
	"errors"
	"slices"

	"portal/models"
	"portal/store"
)

// keyRefused is why a connection by key breaks.
const keyRefused = "Stripe refuses the API key that Portal was given: it was rolled or deleted. Until another one is connected, nothing can be asked of Stripe."

// found keeps how a connection was found, and tells the company's owners and admins when that is news: that it broke, that it
// works again, or that it lost rights. What stays as it was is told once.
func (in *Integrations) found(ctx context.Context, c store.Connection, broken bool, missing []string) error {
	err := in.Store.InTx(ctx, func(tx *store.Store) error {
		was, err := tx.SaveVerified(ctx, c, broken, missing)
		if err != nil {
			return err
		}
		lost := slices.DeleteFunc(slices.Clone(missing), func(right string) bool { return slices.Contains(was.Missing, right) })
		switch {
		case broken && was.Status != "broken":
			return in.tellBroken(ctx, tx, c, keyRefused)
		case !broken && was.Status == "broken":
			return in.tellMended(ctx, tx, c)
		case !broken && len(lost) > 0:
			return in.tell(ctx, tx, c, func(company models.Company, p models.Program) models.Message { return models.RightsLost(company, p, c.Mode, lost) })
		}
		return nil
	})
	if errors.Is(err, models.ErrNotFound) { // ended meanwhile
		return nil
	}
	return err
}

// tellBroken tells that a connection broke, in the transaction that finds it so.
func (in *Integrations) tellBroken(ctx context.Context, tx *store.Store, c store.Connection, why string) error {
	return in.tell(ctx, tx, c, func(company models.Company, p models.Program) models.Message {
		return models.ConnectionBroken(company, p, c.Mode, why)
	})
}

// tellMended tells those who were told that a connection broke that it works again.
func (in *Integrations) tellMended(ctx context.Context, tx *store.Store, c store.Connection) error {
	return in.tell(ctx, tx, c, func(company models.Company, p models.Program) models.Message {
		return models.ConnectionMended(company, p, c.Mode)
	})
}

// tell writes to a company's owners and admins.
func (in *Integrations) tell(ctx context.Context, tx *store.Store, c store.Connection, message func(models.Company, models.Program) models.Message) error {
	company, err := tx.Company(ctx, c.Company)
	if err != nil {
		return err
	}
	p, err := tx.Program(ctx, c.Company, c.Program)
	if err != nil {
		return err
	}
	to, err := tx.PeopleOf(ctx, c.Company, models.Owner, models.Admin)
	if err != nil {
		return err
	}
	return tx.QueueMail(ctx, c.Tenant, message(company, p), to, in.Now())
}
