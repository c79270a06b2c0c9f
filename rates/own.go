package rates

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/shopspring/decimal"

	"portal/models"
	"portal/store"
)

var decimalText = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,12})?$`)

// parseValue reads a rate: a decimal above zero, without sign and exponent. It gives it without needless zeros.
func parseValue(text string) (string, bool) {
	if !decimalText.MatchString(text) {
		return "", false
	}
	value, err := decimal.NewFromString(text)
	return value.String(), err == nil && value.IsPositive()
}

// Enter keeps a rate that a person of the company set by hand, and who did. One for the same pair and day takes the
// place of the former; commissions that were turned already keep theirs. What cannot be a rate is a FieldErrors.
func (r *Rates) Enter(ctx context.Context, tx *store.Store, company models.CompanyID, who models.Actor, rate models.Rate) error {
	value, ok := parseValue(rate.Value)
	day := rate.Date.UTC().Truncate(24 * time.Hour)
	switch {
	case !rate.From.Known():
		return models.Invalid("from", "is not a currency that Portal knows; use an ISO code such as usd")
	case !rate.To.Known():
		return models.Invalid("to", "is not a currency that Portal knows; use an ISO code such as usd")
	case rate.From == rate.To:
		return models.Invalid("to", "must be another currency than the first")
	case !ok:
		return models.Invalid("rate", "must be a decimal number above zero such as 0.9213, with at most 12 decimals")
	case day.After(r.Now().UTC()):
		return models.Invalid("date", "must not be in the future")
	}
	rate.Value, rate.Date = value, day
	return tx.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBuckets(ctx, company); err != nil {
			return err
		}
		if err := tx.SetOwnRate(ctx, company, rate, who.Name, r.Now()); err != nil {
			return err
		}
		note := fmt.Sprintf("1 %s is %s %s on %s", rate.From.Code(), value, rate.To.Code(), day.Format(time.DateOnly))
		return tx.Audited(ctx, company, who, "rate.entered", company.String(), note, r.Now())
	})
}
