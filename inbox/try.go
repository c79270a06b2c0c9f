package inbox

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"portal/models"
	"portal/store"
)

// Try tells what some events would do if they came: by the same code, in a transaction that is rolled back. Look is asked
// before that, while all stands as it would. It gives what would be earned, by the partners' currencies.
func (in *Inbox) Try(ctx context.Context, t models.Tenant, program models.ProgramID, events []models.Event, look func(tx *store.Store) error) (earned []models.Money, err error) {
	seen := &noting{map[models.CommissionID]*noted{}, map[models.InvoiceID]*models.InvoiceEffect{}}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		fresh, err := in.FetchedBy(ctx, tx, t, program, events)
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(fresh, batchEvents) {
			if err := in.tryBatch(context.WithValue(ctx, notingKey{}, seen), tx, read(batch)); err != nil {
				return err
			}
		}
		if err := look(tx); err != nil {
			return err
		}
		return errSeen
	})
	if !errors.Is(err, errSeen) {
		return nil, err
	}
	return seen.sums(), nil
}

// tryBatch carries a batch; what it would ask the provider is not asked.
func (in *Inbox) tryBatch(ctx context.Context, tx *store.Store, batch []tidings) error {
	_, err := in.quickly(ctx, tx, batch)
	if err != nil && !store.IsDatabaseFault(err) {
		_, err = in.carefully(ctx, tx, batch)
	}
	return err
}

// sums are what all entries come to, by currency.
func (n *noting) sums() []models.Money {
	var list []models.Money
	for _, c := range n.entries {
		i := slices.IndexFunc(list, func(m models.Money) bool { return m.Currency == c.Amount.Currency })
		if i < 0 {
			i, list = len(list), append(list, models.Money{Currency: c.Amount.Currency})
		}
		list[i].Minor += c.more
	}
	list = slices.DeleteFunc(list, func(m models.Money) bool { return m.Minor == 0 })
	slices.SortFunc(list, func(a, b models.Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return list
}
