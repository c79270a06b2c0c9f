package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// KeepQuotes keeps what is not known yet and tells how many that were. A quote once kept is never changed.
func (s *Store) KeepQuotes(ctx context.Context, quotes []models.Quote, now time.Time) (int64, error) {
	var days, sources, currencies, values []string
	for _, q := range quotes {
		days, sources = append(days, q.Day.Format(time.DateOnly)), append(sources, q.Source)
		currencies, values = append(currencies, string(q.Currency)), append(values, q.PerEuro)
	}
	kept, err := s.exec(ctx, `INSERT INTO fx_rates (day, source, currency, per_eur, fetched_at)
		SELECT day, source, currency, per_eur, $5 FROM unnest($1::date[], $2::text[], $3::text[], $4::numeric[]) AS q (day, source, currency, per_eur)
		ORDER BY source, day, currency
		ON CONFLICT (source, day, currency) DO NOTHING`, pq.Array(days), pq.Array(sources), pq.Array(currencies), pq.Array(values), now)
	if err != nil {
		return 0, fmt.Errorf("keep %d exchange rates: %w", len(quotes), err)
	}
	return kept, nil
}

// LastQuotes loads what one euro was worth in two currencies on the last day, of those from first to last, for which a
// source quotes both. None is ErrNotFound.
func (s *Store) LastQuotes(ctx context.Context, source string, from, to models.Currency, first, last time.Time) (models.Quote, models.Quote, error) {
	var row struct {
		Day  time.Time `db:"day"`
		From string    `db:"from_value"`
		To   string    `db:"to_value"`
	}
	err := s.apart().get(ctx, &row, `SELECT f.day, f.per_eur::text AS from_value, t.per_eur::text AS to_value
		FROM fx_rates f JOIN fx_rates t ON t.source = f.source AND t.day = f.day AND t.currency = $3
		WHERE f.source = $1 AND f.currency = $2 AND f.day BETWEEN $4::date AND $5::date ORDER BY f.day DESC LIMIT 1`,
		source, from, to, first.Format(time.DateOnly), last.Format(time.DateOnly))
	if err != nil {
		return models.Quote{}, models.Quote{}, fmt.Errorf("load the rate of %s from %s to %s: %w", source, from, to, err)
	}
	day := row.Day.UTC()
	return models.Quote{Day: day, Source: source, Currency: from, PerEuro: row.From}, models.Quote{Day: day, Source: source, Currency: to, PerEuro: row.To}, nil
}

// SetOwnRate keeps a rate that a company's person entered by hand; another one for the same day takes its place.
func (s *Store) SetOwnRate(ctx context.Context, company models.CompanyID, r models.Rate, by string, now time.Time) error {
	err := s.do(ctx, onTape("rate", `INSERT INTO own_rates (company_id, from_currency, to_currency, day, rate, set_by, set_at)
		VALUES ($2, $3, $4, $5::date, $6::numeric, $7, $1)
		ON CONFLICT (company_id, from_currency, to_currency, day) DO UPDATE SET rate = excluded.rate, set_by = excluded.set_by, set_at = excluded.set_at`),
		now, company, r.From, r.To, r.Date.Format(time.DateOnly), r.Value, by)
	if err != nil {
		return fmt.Errorf("keep the rate from %s to %s: %w", r.From, r.To, err)
	}
	return nil
}

// LastOwnRate loads the last rate that a company entered by hand for the days from first to last. None is ErrNotFound.
func (s *Store) LastOwnRate(ctx context.Context, company models.CompanyID, from, to models.Currency, first, last time.Time) (models.Rate, error) {
	var r models.Rate
	err := s.apart().get(ctx, &r, `SELECT from_currency, to_currency, rate::text AS rate, $6 AS source, day FROM own_rates
		WHERE company_id = $1 AND from_currency = $2 AND to_currency = $3 AND day BETWEEN $4::date AND $5::date ORDER BY day DESC LIMIT 1`,
		company, from, to, first.Format(time.DateOnly), last.Format(time.DateOnly), models.RateByHand)
	if err != nil {
		return r, fmt.Errorf("load the company's rate from %s to %s: %w", from, to, err)
	}
	r.Date = r.Date.UTC()
	return r, nil
}

// RatesKnown tells whether any published rate was ever kept.
func (s *Store) RatesKnown(ctx context.Context) (bool, error) {
	var known bool
	err := s.get(ctx, &known, `SELECT EXISTS (SELECT 1 FROM fx_rates WHERE source = $1)`, models.RateECB)
	return known, err
}
