package payouts

import (
	"context"
	"time"

	"portal/models"
)

// Bank is the border to money out: the platform's own Stripe, and nothing more of it than this (DESIGN.md 3).
type Bank interface {
	// Charge takes an attempt's amount from the company's card and gives it to the partner's account, once per attempt
	// however often it is called. An error means that nobody knows what happened: look it up, never begin anew.
	Charge(ctx context.Context, o Order) (Outcome, error)
	// Find looks up what became of an attempt; found is false when Stripe has never heard of it.
	Find(ctx context.Context, o Order) (outcome Outcome, found bool, err error)
	Accounts
	CardDesk
}

// Order is all that a charge needs to know of an attempt.
type Order struct {
	Attempt models.Attempt
	Number  string // of the invoice, for the statement
}

// Outcome is what Stripe says of a charge.
type Outcome struct {
	State   State
	Intent  string // the payment intent's id, when there is one
	Because string // why it failed, for people
}

// State is how far a charge has come.
type State int

// The states of a charge.
const (
	StillGoing State = iota
	Went
	DidNotGo
)

// minimums are the smallest charges that Stripe takes, in the smallest unit (MONEY.md 4.6).
var minimums = map[models.Currency]int64{
	"usd": 50, "aed": 200, "ars": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cop": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
	"hkd": 400, "huf": 17500, "idr": 50, "ils": 50, "inr": 50, "jpy": 50, "krw": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "php": 50,
	"pln": 200, "ron": 200, "rub": 50, "sek": 300, "sgd": 50, "thb": 1000, "zar": 50,
}

// maximum is a bound of eight digits that every card network takes (MONEY.md 4.6).
const maximum = 99_999_999

// patience is how long one call to Stripe may take.
const patience = 30 * time.Second
