package models

import (
	"strconv"
	"strings"
	"time"
)

// Product is a name for a product's id at the provider (F17).
type Product struct {
	ID     string    `db:"id"`
	Name   string    `db:"name"`
	Active bool      `db:"active"`
	Gone   bool      `db:"gone"` // deleted there
	ToldAt time.Time `db:"told_at"`
}

// Price is what a product costs at the provider.
type Price struct {
	ID       string    `db:"id"`
	Product  string    `db:"product_id"`
	Nickname string    `db:"nickname"`
	Minor    *int64    `db:"minor"` // nil where there is no single amount
	Currency Currency  `db:"currency"`
	Every    string    `db:"every"` // "month", "3 months"; empty for a one-off price
	Active   bool      `db:"active"`
	Gone     bool      `db:"gone"`
	ToldAt   time.Time `db:"told_at"`
}

// Coupon is what a discount takes off, and for how long (MONEY.md 3.5).
type Coupon struct {
	ID         string    `db:"id"`
	Name       string    `db:"name"`
	PercentOff string    `db:"percent_off"` // a decimal; empty for an amount
	AmountOff  int64     `db:"amount_off"`  // minor units of Currency
	Currency   Currency  `db:"currency"`
	Duration   string    `db:"duration"` // once, forever, repeating
	Months     int       `db:"months"`   // of a repeating one
	Valid      bool      `db:"valid"`
	Gone       bool      `db:"gone"`
	ToldAt     time.Time `db:"told_at"`
}

// Words say what the coupon takes off: "20 % off for 3 months".
func (c Coupon) Words() string {
	off := c.PercentOff + " % off"
	if c.PercentOff == "" {
		off = Money{Minor: c.AmountOff, Currency: c.Currency}.String() + " off"
	}
	switch {
	case c.Duration == "forever":
		return off + " forever"
	case c.Duration == "repeating" && c.Months == 1:
		return off + " for a month"
	case c.Duration == "repeating":
		return off + " for " + strconv.Itoa(c.Months) + " months"
	}
	return off + " once"
}

// PromotionCode is a code that customers type at the provider, as it was last told. Whose a payment with it is says the
// Code with its id; an inactive one stands for its partner all the same, for what was sold with it (F33).
type PromotionCode struct {
	ID            string     `db:"id"`
	Code          string     `db:"code"`
	Coupon        string     `db:"coupon_id"`
	PartnerKey    string     `db:"partner_key"` // of its metadata; empty where it names none
	Active        bool       `db:"active"`
	InactiveSince *time.Time `db:"inactive_since"` // when it was first told that it is not active
	Redeemed      int        `db:"redeemed"`
	ToldAt        time.Time  `db:"told_at"`

	Program   ProgramID `db:"program_id"`
	CreatedAt time.Time `db:"-"`
	ForOther  bool      `db:"-"` // its metadata names another program
}

// CodeTrouble says what is wrong with a text as a promotion code (MONEY.md 3.5); empty when nothing is.
func CodeTrouble(code string) string {
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	}
	switch {
	case code == "":
		return "must not be empty"
	case len(code) > 100:
		return "must be at most 100 characters long"
	case strings.ContainsFunc(code, odd):
		return "may have letters a to z, digits and dashes only: Stripe takes no others"
	}
	return ""
}
