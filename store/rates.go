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

// OwnRate is a rate that a company's person entered by hand.
type OwnRate struct {
	models.Rate
	By string    `db:"set_by"`
	At time.Time `db:"set_at"`
	ID rateID    `db:"id"` // of its pair and day
}

// rateID orders rates that were entered in the same moment.
type rateID string

// String is the id as a cursor holds it.
func (r rateID) String() string { return "rate_" + string(r) }

const ownRateSelect = `SELECT from_currency, to_currency, rate, source, day, set_by, set_at, replace(id::text, '-', '') AS id FROM (
		SELECT from_currency, to_currency, rate::text AS rate, $2 AS source, day, set_by, set_at, md5(from_currency || to_currency || day)::uuid AS id
		FROM own_rates WHERE company_id = $1) own
	WHERE `

// OwnRate loads what a company entered by hand for a pair and a day.
func (s *Store) OwnRate(ctx context.Context, company models.CompanyID, from, to models.Currency, day time.Time) (OwnRate, error) {
	var r OwnRate
	err := s.get(ctx, &r, ownRateSelect+`from_currency = $3 AND to_currency = $4 AND day = $5::date`, company, models.RateByHand, from, to, day.Format(time.DateOnly))
	if err != nil {
		return r, fmt.Errorf("load the rate by hand from %s to %s: %w", from, to, err)
	}
	return r, nil
}

// OwnRates lists a page of what a company entered by hand, by when it did.
func (s *Store) OwnRates(ctx context.Context, company models.CompanyID, page Page) ([]OwnRate, error) {
	var list []OwnRate
	err := s.list(ctx, &list, ownRateSelect+page.afterTime("set_at", "own.id", 3)+` LIMIT $5`, company, models.RateByHand, page.At(), page.ID(), page.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("list the rates by hand of %s: %w", company, err)
	}
	return list, nil
}

// LatestQuotes lists the last published quote of each of these currencies, those that are made up only where no other is.
func (s *Store) LatestQuotes(ctx context.Context, currencies []models.Currency) ([]models.Quote, error) {
	var rows []struct {
		Day      time.Time       `db:"day"`
		Source   string          `db:"source"`
		Currency models.Currency `db:"currency"`
		PerEuro  string          `db:"per_eur"`
	}
	err := s.list(ctx, &rows, `SELECT DISTINCT ON (currency) day, source, currency, per_eur::text AS per_eur FROM fx_rates
		WHERE source = ANY($1) AND currency = ANY($2) ORDER BY currency, source = $3, day DESC`,
		pq.Array([]string{models.RateECB, models.RateSnapshot}), pq.Array(currencies), models.RateSnapshot)
	if err != nil {
		return nil, fmt.Errorf("list the last published rates: %w", err)
	}
	var list []models.Quote
	for _, r := range rows {
		list = append(list, models.Quote(r))
	}
	return list, nil
}

// RatesKnown tells whether any published rate was ever kept.
func (s *Store) RatesKnown(ctx context.Context) (bool, error) {
	var known bool
	err := s.get(ctx, &known, `SELECT EXISTS (SELECT 1 FROM fx_rates WHERE source = $1)`, models.RateECB)
	return known, err
}
