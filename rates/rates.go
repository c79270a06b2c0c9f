// Package rates finds the exchange rate that turns a commission into another currency (D11), from the ECB's daily file,
// from what finance entered by hand and, without a network, from a snapshot. It turns no money itself: commission does.
// Rates are decimals, never floats, and one that was kept is never changed.
package rates

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"portal/models"
	"portal/store"
)

const (
	oldest = 10 // days that a rate may be older than the sale
	digits = 12 // significant digits of a rate between two currencies
)

// Rates keeps and finds exchange rates.
type Rates struct {
	Store *store.Store
	Now   func() time.Time
}

// At is the rate for a sale: the last one published before the sale's UTC day, or the company's own entered for that
// day or an earlier one unless a later one is published, none older than 10 days (D11). What is left is made up, from
// the snapshot. None at all is an ErrLater that names the pair and the day.
func (r *Rates) At(ctx context.Context, tx *store.Store, company models.CompanyID, from, to models.Currency, paidAt time.Time) (models.Rate, error) {
	day := paidAt.UTC().Truncate(24 * time.Hour)
	rate, err := find(ctx, tx, company, from, to, day)
	rate.Of = day
	return rate, err
}

func find(ctx context.Context, tx *store.Store, company models.CompanyID, from, to models.Currency, day time.Time) (models.Rate, error) {
	if from == to {
		return models.Rate{From: from, To: to, Value: "1", Source: models.RateSame, Date: day}, nil
	}
	own, err := tx.LastOwnRate(ctx, company, from, to, day.AddDate(0, 0, -oldest), day)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return models.Rate{}, err
	}
	byHand := err == nil
	rate, err := published(ctx, tx, models.RateECB, from, to, day)
	switch {
	case err == nil && (!byHand || rate.Date.After(own.Date)):
		return rate, nil
	case err != nil && !errors.Is(err, models.ErrNotFound):
		return models.Rate{}, err
	case byHand:
		return own, nil
	}
	return bySnapshot(ctx, tx, from, to, day)
}

func bySnapshot(ctx context.Context, tx *store.Store, from, to models.Currency, day time.Time) (models.Rate, error) {
	rate, err := published(ctx, tx, models.RateSnapshot, from, to, day)
	if errors.Is(err, models.ErrNotFound) {
		err = models.Refuse(models.ErrLater, fmt.Sprintf("No exchange rate from %s to %s is known for %s: none was published in the %d days before, and none was entered by hand.",
			from.Code(), to.Code(), day.Format("2 January 2006"), oldest))
	}
	return rate, err
}

// Published finds the rate of a day as At does, whatever anybody entered by hand: what keeps people in check is not theirs to set.
func (r *Rates) Published(ctx context.Context, tx *store.Store, from, to models.Currency, at time.Time) (models.Rate, error) {
	day := at.UTC().Truncate(24 * time.Hour)
	rate, err := published(ctx, tx, models.RateECB, from, to, day)
	if errors.Is(err, models.ErrNotFound) {
		return bySnapshot(ctx, tx, from, to, day)
	}
	return rate, err
}

// Known tells whether any published rate was ever kept.
func (r *Rates) Known(ctx context.Context) (bool, error) { return r.Store.RatesKnown(ctx) }

// published is a source's last rate before a day, crossed through the euro.
func published(ctx context.Context, tx *store.Store, source string, from, to models.Currency, day time.Time) (models.Rate, error) {
	f, t, err := tx.LastQuotes(ctx, source, from, to, day.AddDate(0, 0, -oldest), day.AddDate(0, 0, -1))
	if err != nil {
		return models.Rate{}, err
	}
	value, err := cross(f.PerEuro, t.PerEuro)
	if err != nil {
		return models.Rate{}, fmt.Errorf("cross the rate of %s from %s to %s: %w", source, from, to, err)
	}
	return models.Rate{From: from, To: to, Value: value, Source: source, Date: f.Day}, nil
}

// cross divides what a euro is worth in one currency by what it is worth in another: 12 significant digits, rounded
// half to even once.
func cross(from, to string) (string, error) {
	divisor, err := decimal.NewFromString(from)
	if err != nil {
		return "", err
	}
	dividend, err := decimal.NewFromString(to)
	if err != nil {
		return "", err
	}
	const far = 60 // decimals, beyond anything that rounding looks at
	quotient, rest := dividend.QuoRem(divisor, far)
	if !rest.IsZero() {
		quotient = quotient.Add(decimal.New(1, -far)) // so that only a true half is taken for one
	}
	whole := int32(quotient.NumDigits()) + quotient.Exponent()
	return quotient.RoundBank(digits - whole).String(), nil
}
