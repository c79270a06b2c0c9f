package inbox

import (
	"context"

	"portal/models"
	"portal/store"
)

// The ways to carry a batch that must all end in the same rows.
var Ways = []string{"one by one", "in a batch", "in a batch that recalls nothing", "in a batch that forgets between events"}

// Carry has an inbox carry batches one way.
func (in *Inbox) Carry(way string) {
	in.first = map[string]carrier{
		"one by one": in.carefully,
		"in a batch": in.quickly,
		"in a batch that recalls nothing": func(ctx context.Context, tx *store.Store, batch []tidings) ([]question, error) {
			return in.remembering(ctx, tx, batch, store.About{}, func(models.Event) error { return nil })
		},
		"in a batch that forgets between events": func(ctx context.Context, tx *store.Store, batch []tidings) ([]question, error) {
			turn := 0
			return in.remembering(ctx, tx, batch, in.about(tx, batch), func(e models.Event) error {
				switch turn++; turn % 3 {
				case 0: // a statement of which memory knows nothing: it writes all and begins anew
					return tx.Tidy(ctx, in.Now().AddDate(-9, 0, 0))
				case 1: // one that only reads: it writes all
					_, err := tx.Event(ctx, e.Tenant, e.ID)
					return err
				}
				return nil
			})
		},
	}[way]
}

// Counted tells an inbox that it has carried much already, so that it does not have a test's small tables counted.
func (in *Inbox) Counted() { in.analyzed.Store(1 << 20) }
