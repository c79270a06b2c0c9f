package store

import (
	"context"
	"time"

	"portal/models"
)

// Shown is a payment in its company's display currency (F110).
type Shown struct {
	Rate                  models.Rate
	Gross, Base, Refunded models.Money
}

const shownColumns = `p.shown_currency, p.shown_rate, p.shown_source, p.shown_day, p.shown_gross, p.shown_base, p.shown_refunded, p.shown_of, p.shown_waits`

type shownRow struct {
	ShownCurrency *models.Currency `db:"shown_currency"`
	ShownRate     *string          `db:"shown_rate"`
	ShownSource   *string          `db:"shown_source"`
	ShownDay      *time.Time       `db:"shown_day"`
	ShownGross    *int64           `db:"shown_gross"`
	ShownBase     *int64           `db:"shown_base"`
	ShownRefunded *int64           `db:"shown_refunded"`
	ShownOf       *time.Time       `db:"shown_of"`
	ShownWaits    bool             `db:"shown_waits"` // for a rate
}

// Shown gives the payment as the company reads it. Of one in the company's own currency there is nothing to turn, and
// there is nothing while no rate is known: then it is false.
func (p PaymentRow) Shown() (Shown, bool) { return p.shownRow.of(p.Currency) }

// Shown gives the payment as the company reads it, as PaymentRow's does.
func (p Told) Shown() (Shown, bool) { return p.shownRow.of(p.Currency) }

func (r shownRow) of(from models.Currency) (Shown, bool) {
	if r.ShownCurrency == nil {
		return Shown{}, false
	}
	money := func(minor int64) models.Money { return models.Money{Minor: minor, Currency: *r.ShownCurrency} }
	return Shown{Rate: models.Rate{From: from, To: *r.ShownCurrency, Value: *r.ShownRate, Source: *r.ShownSource, Date: r.ShownDay.UTC(), Of: r.ShownOf.UTC()},
		Gross: money(*r.ShownGross), Base: money(*r.ShownBase), Refunded: money(*r.ShownRefunded)}, true
}

// SaveShown keeps a payment's amounts in the company's display currency; nil when a rate is awaited, or none is needed.
func (s *Store) SaveShown(ctx context.Context, t models.Tenant, id models.PaymentID, n *Shown, waits bool) error {
	if m := s.remembers(t); m != nil {
		return m.saveShown(ctx, id, n, waits)
	}
	if n == nil {
		return s.do(ctx, `UPDATE payments SET shown_currency = NULL, shown_rate = NULL, shown_source = NULL, shown_day = NULL, shown_gross = NULL, shown_base = NULL,
			shown_refunded = NULL, shown_of = NULL, shown_waits = $4 WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id, waits)
	}
	return s.do(ctx, `UPDATE payments SET shown_currency = $4, shown_rate = $5, shown_source = $6, shown_day = $7, shown_gross = $8, shown_base = $9,
		shown_refunded = $10, shown_of = $11, shown_waits = false WHERE company_id = $1 AND mode = $2 AND id = $3`,
		t.Company, t.Mode, id, n.Rate.To, n.Rate.Value, n.Rate.Source, n.Rate.Date, n.Gross.Minor, n.Base.Minor, n.Refunded.Minor, n.Rate.Of)
}
