package payouts

import (
	"fmt"
	"math/big"
	"regexp"

	"portal/models"
)

// minimums are the smallest charges that Stripe takes, in the smallest unit (MONEY.md 4.6). Of other currencies Stripe says so itself.
var minimums = map[models.Currency]int64{
	"usd": 50, "aed": 200, "ars": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cop": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
	"hkd": 400, "huf": 17500, "idr": 50, "ils": 50, "inr": 50, "jpy": 50, "krw": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "php": 50,
	"pln": 200, "ron": 200, "rub": 50, "sek": 300, "sgd": 50, "thb": 1000, "zar": 50,
}

// Stripe takes charges of eight digits with every card network, and of more in some currencies (MONEY.md 4.6).
const maximum = 99_999_999

var maximums = map[models.Currency]int64{"idr": 999_999_999_999, "cop": 9_999_999_999, "inr": 999_999_999}

// steps are what charges in special currencies are multiples of, in the smallest unit: the last digit of three-decimal ones is 0,
// and there is less than one of UGX and ISK in name only (MONEY.md 4.6).
var steps = map[models.Currency]int64{"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "ugx": 100, "isk": 100}

// notStripes are currencies that Portal counts and Stripe does not charge.
var notStripes = map[models.Currency]bool{"btn": true, "cup": true, "ghs": true, "svc": true}

func leastOf(c models.Currency) int64 { return max(minimums[c], 1) }

func mostOf(c models.Currency) int64 { return max(maximums[c], maximum) }

func step(c models.Currency) int64 { return max(steps[c], 1) }

// chargeable refuses an amount that Stripe does not charge as it is; fee is charged besides.
func chargeable(m, fee models.Money) error {
	c := m.Currency
	in := func(minor int64) string { return models.Money{Minor: minor, Currency: c}.String() }
	refuse := func(format string, args ...any) error {
		return models.Refuse(models.ErrConflict, fmt.Sprintf(format, args...))
	}
	switch {
	case notStripes[c]:
		return refuse("Stripe does not charge cards in %s. Pay it elsewhere and mark the invoice as paid.", c.Code())
	case m.Minor < leastOf(c):
		return refuse("Stripe takes no charge under %s. Mark the invoice as paid elsewhere, or wait until more is due.", in(leastOf(c)))
	case m.Minor > mostOf(c)-fee.Minor:
		return refuse("Stripe takes no charge over %s. Pay it elsewhere and mark it as paid.", in(mostOf(c)))
	case m.Minor%step(c) != 0:
		return refuse("Stripe charges %s in steps of %s, and the total is %s. Pay it elsewhere and mark it as paid, or even it out with a bonus or a deduction.", c.Code(), in(step(c)), in(m.Minor))
	}
	return nil
}

// Chargeable refuses an amount that Stripe does not charge as it is, in a sentence (MONEY.md 4.6).
func Chargeable(m models.Money) error { return chargeable(m, models.Money{Currency: m.Currency}) }

// decimalPercent is a plain decimal number.
var decimalPercent = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,4})?$`)

// FeePercentValid tells whether a text can be Payouts.FeePercent: from 0 to 20.
func FeePercentValid(text string) bool {
	share, ok := new(big.Rat).SetString(text)
	return text == "" || decimalPercent.MatchString(text) && ok && share.Cmp(big.NewRat(20, 1)) <= 0
}

// Fee is what the company pays beside an amount, so that Stripe's fee is not the platform's: a share of it, rounded half up to what
// Stripe charges in that currency. Nothing, unless the installation asks for it.
func (p *Payouts) Fee(m models.Money) models.Money {
	fee := models.Money{Currency: m.Currency}
	share, ok := new(big.Rat).SetString(p.FeePercent)
	if !ok {
		return fee
	}
	units := share.Mul(share, big.NewRat(m.Minor, 100*step(m.Currency)))
	units.Add(units, big.NewRat(1, 2))
	fee.Minor = new(big.Int).Div(units.Num(), units.Denom()).Int64() * step(m.Currency)
	return fee
}
