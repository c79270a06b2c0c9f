package models

import "time"

// Euro is the currency that published rates are counted from.
const Euro Currency = "eur"

// Where a rate can come from. A snapshot is made up, for use without a network: it is taken only when nothing else is known.
const (
	RateECB      = "ecb"
	RateByHand   = "by hand"
	RateSnapshot = "snapshot"
	RateSame     = "same"
)

// Rate turns amounts of one currency into another: one major unit of From is Value major units of To (D11).
type Rate struct {
	From   Currency  `db:"from_currency"`
	To     Currency  `db:"to_currency"`
	Value  string    `db:"rate"` // a decimal above zero, without exponent: "0.9213"
	Source string    `db:"source"`
	Date   time.Time `db:"day"` // the day it was published for, at midnight UTC
	Of     time.Time `db:"-"`   // the day of the sale for which it was found, at midnight UTC; zero when it was found for none
}

// For tells whether this is the rate of a sale in a currency at a moment: then it stays, whatever is published later (D11).
func (r *Rate) For(from Currency, at time.Time) bool {
	return r != nil && r.From == from && r.Of.Equal(at.UTC().Truncate(24*time.Hour))
}

// Quote is what one euro was worth in a currency on a day, as a source published it.
type Quote struct {
	Day      time.Time
	Source   string
	Currency Currency
	PerEuro  string // a decimal above zero
}
