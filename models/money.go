package models

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Money is an amount in a currency's smallest unit as Stripe counts it. It is never a float and never crosses currencies.
type Money struct {
	Minor    int64
	Currency Currency
}

// ErrMixed and ErrOverflow are what arithmetic refuses.
var (
	ErrMixed    = errors.New("amounts of two currencies cannot be added")
	ErrOverflow = errors.New("the amount is too large")
)

// Add sums two amounts of one currency.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, ErrMixed
	}
	sum := m.Minor + o.Minor
	if (sum > m.Minor) != (o.Minor > 0) && o.Minor != 0 {
		return Money{}, ErrOverflow
	}
	return Money{sum, m.Currency}, nil
}

// Sub takes one amount from another of the same currency.
func (m Money) Sub(o Money) (Money, error) {
	if o.Minor == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return m.Add(Money{-o.Minor, o.Currency})
}

// Times is the amount times num/den, rounded half to even once. A den of zero, or a result beyond int64, is ErrOverflow.
func (m Money) Times(num, den *big.Int) (Money, error) {
	if den.Sign() == 0 {
		return Money{}, ErrOverflow
	}
	product := new(big.Int).Mul(big.NewInt(m.Minor), num)
	rounded := halfEven(product, den)
	if !rounded.IsInt64() {
		return Money{}, ErrOverflow
	}
	return Money{rounded.Int64(), m.Currency}, nil
}

// halfEven divides and rounds to the nearest whole number, halves to the even one.
func halfEven(num, den *big.Int) *big.Int {
	quotient, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	twice := new(big.Int).Lsh(new(big.Int).Abs(rest), 1)
	half := twice.Cmp(new(big.Int).Abs(den))
	if half > 0 || half == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(int64(num.Sign()*den.Sign())))
	}
	return quotient
}

// Decimal is the amount in major units with exactly the currency's digits: "1204.50".
func (m Money) Decimal() string {
	digits := m.Currency.Exponent()
	sign, text := "", strconv.FormatInt(m.Minor, 10)
	if m.Minor < 0 {
		sign, text = "-", text[1:]
	}
	if digits == 0 {
		return sign + text
	}
	if len(text) <= digits {
		text = strings.Repeat("0", digits+1-len(text)) + text
	}
	return sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
}

// String is for logs and sentences: "1204.50 USD".
func (m Money) String() string { return m.Decimal() + " " + m.Currency.Code() }

// ParseMoney reads major units as people and scripts write them ("99.99"). More decimals than the currency has is an error, not a rounding (D12).
func ParseMoney(text string, c Currency) (Money, error) {
	digits := c.Exponent()
	body, negative := strings.CutPrefix(text, "-")
	whole, part, point := strings.Cut(body, ".")
	if whole == "" || !allDigits(whole) || point && (part == "" || !allDigits(part)) {
		return Money{}, errors.New("must be a decimal number such as 99.99")
	}
	if len(part) > digits {
		return Money{}, fmt.Errorf("has more decimals than %s, which has %d", c.Code(), digits)
	}
	minor, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	if err != nil {
		return Money{}, ErrOverflow
	}
	if negative {
		minor = -minor
	}
	return Money{minor, c}, nil
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
