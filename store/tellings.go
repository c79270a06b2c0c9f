package store

import (
	"context"
	"slices"
	"time"

	"portal/models"
)

// Tellings lists what was told of a payment.
func (s *Store) Tellings(ctx context.Context, t models.Tenant, id models.PaymentID) ([]models.Telling, error) {
	if m := s.remembers(t); m != nil {
		p, err := m.tellingsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		return slices.Clone(p.tellings), nil
	}
	var rows []asJSON[models.Telling]
	err := s.list(ctx, &rows, `SELECT body FROM tellings WHERE company_id = $1 AND mode = $2 AND payment_id = $3 ORDER BY object`, t.Company, t.Mode, id)
	list := make([]models.Telling, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.V)
	}
	return list, err
}

// KeepTelling keeps what an object says now of a payment.
func (s *Store) KeepTelling(ctx context.Context, t models.Tenant, id models.PaymentID, telling models.Telling) error {
	if m := s.remembers(t); m != nil {
		return m.keepTelling(ctx, id, telling)
	}
	return s.do(ctx, `INSERT INTO tellings (company_id, mode, payment_id, object, told_at, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (company_id, mode, payment_id, object) DO UPDATE SET told_at = excluded.told_at, body = excluded.body`,
		t.Company, t.Mode, id, telling.Object, telling.At, asJSON[models.Telling]{telling})
}

// reversalColumns are what a reversal is read as.
const reversalColumns = `key, kind, state, charge, says, amount, currency, made, at, counted`

type reversalRow struct {
	Payment  models.PaymentID     `db:"payment_id"`
	Counted  int64                `db:"counted"`
	Key      string               `db:"key"`
	Kind     models.ReversalKind  `db:"kind"`
	State    models.ReversalState `db:"state"`
	Charge   string               `db:"charge"`
	Says     string               `db:"says"`
	Amount   int64                `db:"amount"`
	Currency models.Currency      `db:"currency"`
	Made     time.Time            `db:"made"`
	At       time.Time            `db:"at"`
}

// Reversals lists what went back of a payment, or is at stake.
func (s *Store) Reversals(ctx context.Context, t models.Tenant, id models.PaymentID) ([]models.Reversal, error) {
	if m := s.remembers(t); m != nil {
		p, err := m.reversalsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		var list []models.Reversal
		for _, k := range p.reversals {
			list = append(list, k.Reversal)
		}
		return list, nil
	}
	var rows []reversalRow
	err := s.list(ctx, &rows, `SELECT `+reversalColumns+` FROM reversals
		WHERE company_id = $1 AND mode = $2 AND payment_id = $3 ORDER BY made, key`, t.Company, t.Mode, id)
	var list []models.Reversal
	for _, r := range rows {
		list = append(list, r.reversal())
	}
	return list, err
}

func (r reversalRow) reversal() models.Reversal {
	return models.Reversal{Key: r.Key, Kind: r.Kind, State: r.State, Charge: r.Charge, Says: r.Says,
		Amount: models.Money{Minor: r.Amount, Currency: r.Currency}, Made: r.Made, At: r.At}
}

// CountReversal keeps what a reversal takes off its payment, in the payment's currency.
func (s *Store) CountReversal(ctx context.Context, t models.Tenant, id models.PaymentID, key string, counted int64) error {
	if m := s.remembers(t); m != nil {
		return m.countReversal(ctx, id, key, counted)
	}
	return s.do(ctx, `UPDATE reversals SET counted = $5 WHERE company_id = $1 AND mode = $2 AND payment_id = $3 AND key = $4 AND counted <> $5`,
		t.Company, t.Mode, id, key, counted)
}

// KeepReversal keeps the newest state of one reversal.
func (s *Store) KeepReversal(ctx context.Context, t models.Tenant, id models.PaymentID, r models.Reversal) error {
	if m := s.remembers(t); m != nil {
		return m.keepReversal(ctx, id, r)
	}
	return s.do(ctx, `INSERT INTO reversals (company_id, mode, payment_id, key, kind, state, charge, says, amount, currency, made, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (company_id, mode, payment_id, key) DO UPDATE SET state = excluded.state, charge = excluded.charge, says = excluded.says,
			amount = excluded.amount, currency = excluded.currency, made = excluded.made, at = excluded.at`,
		t.Company, t.Mode, id, r.Key, r.Kind, r.State, r.Charge, r.Says, r.Amount.Minor, r.Amount.Currency, r.Made, r.At)
}
