package integrations

import (
	"context"
	"errors"
	"slices"

	"portal/models"
	"portal/store"
)

// found keeps how a connection was found, and tells the company's owners and admins when that is news: that it broke, that it
// works again, or that it lost rights. What stays as it was is told once. The message is what is told when it broke.
func (in *Integrations) found(ctx context.Context, c store.Connection, broken bool, missing []string, message func(models.Company, models.Program, models.Mode) models.Message) error {
	err := in.Store.InTx(ctx, func(tx *store.Store) error {
		was, err := tx.SaveVerified(ctx, c, broken, missing)
		if err != nil {
			return err
		}
		lost := slices.DeleteFunc(slices.Clone(missing), func(right string) bool { return slices.Contains(was.Missing, right) })
		switch {
		case broken && was.Status != "broken":
			return tx.QueueNotice(ctx, c, message, in.Now())
		case !broken && was.Status == "broken":
			return tx.QueueNotice(ctx, c, models.ConnectionMended, in.Now())
		case !broken && len(lost) > 0:
			return tx.QueueNotice(ctx, c, func(company models.Company, p models.Program, mode models.Mode) models.Message {
				return models.RightsLost(company, p, mode, lost)
			}, in.Now())
		}
		return nil
	})
	if errors.Is(err, models.ErrNotFound) { // ended meanwhile
		return nil
	}
	return err
}
