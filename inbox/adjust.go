package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// mostByHand bounds what one person books at once, in the smallest unit: no sum of such amounts can outgrow its column.
const mostByHand = 999_999_999_999

// Adjust gives a partner a bonus, or below zero takes a deduction, in the partner's own currency and with a reason that
// the partner sees. It is due at once. An id that was booked before with the same amount and reason changes nothing, so
// that a form sent twice counts once; with others it is an ErrConflict.
func (in *Inbox) Adjust(ctx context.Context, a models.Adjustment, who models.Actor) (models.Adjustment, error) {
	err := in.alone(ctx, a.Tenant, func(tx *store.Store) (err error) {
		a, err = in.adjustBy(ctx, tx, a, who)
		return err
	})
	return a, err
}

func (in *Inbox) adjustBy(ctx context.Context, tx *store.Store, a models.Adjustment, who models.Actor) (models.Adjustment, error) {
	var err error
	if a.Reason, err = words("reason", a.Reason); err != nil {
		return a, err
	}
	if a.Minor == 0 || a.Minor > mostByHand || a.Minor < -mostByHand {
		return a, models.Invalid("amount", "must not be zero, and at most "+models.Money{Minor: mostByHand, Currency: a.Currency}.Decimal())
	}
	had, err := tx.Adjustment(ctx, a.Tenant, a.ID)
	if err == nil && had.Partner == a.Partner && had.Amount() == a.Amount() && had.Reason == a.Reason {
		return had.Adjustment, nil
	} else if err == nil {
		return a, models.Refuse(models.ErrConflict, "This form was sent before and booked something else. Open it anew.")
	} else if !errors.Is(err, models.ErrNotFound) {
		return a, err
	}
	partner, err := tx.Partner(ctx, a.Tenant, a.Partner)
	if err != nil {
		return a, err
	}
	if a.Currency != partner.Currency {
		return a, models.Invalid("amount", "must be in "+partner.Currency.Code()+", which "+partner.Name+" is paid in")
	}
	if _, err := tx.Program(ctx, a.Company, *a.Program); err != nil {
		return a, err
	}
	a.By = who.Name
	if a, err = in.adjusted(ctx, tx, a, "adjustment"); err != nil {
		return a, err
	}
	return a, tx.Audited(ctx, a.Company, who, "adjustment.made", a.ID.String(), fmt.Sprintf("%s of %s for %s: %s", a.Kind, a.Amount(), partner.Key, a.Reason), in.now())
}

// alone runs fn in one transaction, alone in deciding about the tenant's money.
func (in *Inbox) alone(ctx context.Context, t models.Tenant, fn func(tx *store.Store) error) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		return fn(tx)
	})
}

// adjustedDone is an adjustment on the tape, under its own id: rebuilt, its booking has the same key.
type adjustedDone struct {
	ID       models.AdjustmentID `json:"id"`
	Partner  models.PartnerID    `json:"partner"`
	Program  *models.ProgramID   `json:"program,omitempty"`
	Minor    int64               `json:"minor"`
	Currency models.Currency     `json:"currency"`
	Reason   string              `json:"reason"`
	By       string              `json:"by"`
}

// adjusted keeps and books an adjustment, and puts it on the tape as one of a kind: adjustment or write_off.
func (in *Inbox) adjusted(ctx context.Context, tx *store.Store, a models.Adjustment, kind string) (models.Adjustment, error) {
	done := adjustedDone{ID: a.ID, Partner: a.Partner, Program: a.Program, Minor: a.Minor, Currency: a.Currency, Reason: a.Reason, By: a.By}
	if err := tx.Record(ctx, a.Tenant, kind, in.now(), done); err != nil {
		return a, err
	}
	return in.bookAdjusted(ctx, tx, a.Tenant, done)
}

func (in *Inbox) bookAdjusted(ctx context.Context, tx *store.Store, t models.Tenant, done adjustedDone) (models.Adjustment, error) {
	a := models.Adjustment{Tenant: t, ID: done.ID, Partner: done.Partner, Program: done.Program, Minor: done.Minor, Currency: done.Currency,
		Reason: done.Reason, By: done.By, At: in.now()}
	if err := tx.AddAdjustment(ctx, a); err != nil {
		return a, fmt.Errorf("keep adjustment %s: %w", a.ID, err)
	}
	if err := tx.Book(ctx, t, ledger.Stamp(t, ledger.Adjusted(a))); err != nil {
		return a, err
	}
	kept, err := tx.Adjustment(ctx, t, a.ID)
	return kept.Adjustment, err
}

// PlayAdjusted does again what the tape tells of an adjustment or a write-off, with the clock as it stood then.
func (in *Inbox) PlayAdjusted(ctx context.Context, tx *store.Store, t models.Tenant, body []byte) error {
	var done adjustedDone
	if err := json.Unmarshal(body, &done); err != nil {
		return err
	}
	_, err := in.bookAdjusted(ctx, tx, t, done)
	return err
}
