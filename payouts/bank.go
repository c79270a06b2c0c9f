package payouts

import (
	"context"
	"time"

	"portal/models"
)

// Bank is the border to money out: the platform's own Stripe, and nothing more of it than this (DESIGN.md 3). Where it gives words
// beside an error, the words are a refusal for good, for people; an error means that nobody knows what happened: look it up, never
// begin anew.
type Bank interface {
	// Charge takes an order's amount from the company's card, and gives it to the partner's account where the order names one,
	// once per order however often it is called.
	Charge(ctx context.Context, o Order) (Outcome, error)
	// Find looks up what became of an order; found is false when Stripe has never heard of it.
	Find(ctx context.Context, o Order) (outcome Outcome, found bool, err error)
	// Confirm confirms, while the card holder is there, a charge that asks for it. The outcome may name a page of Stripe's, which
	// leads back in the end.
	Confirm(ctx context.Context, o Order, back string) (Outcome, error)
	// Cancel gives a charge up. The outcome says what holds: one that went meanwhile has gone.
	Cancel(ctx context.Context, o Order) (Outcome, error)
	// Settles lists the currencies in which the platform keeps money.
	Settles(ctx context.Context) ([]models.Currency, error)
	// Send gives a charged attempt's money to the partner's account, once per delivery however often it is called.
	Send(ctx context.Context, a models.Attempt) (transfer, because string, err error)
	// Sent looks the last delivery of an attempt up; empty when Stripe has never heard of it.
	Sent(ctx context.Context, a models.Attempt) (transfer string, err error)
	// Reverse takes back from the partner's account what a return says, once. Late says that the return is too old to be asked
	// for: it is only looked up.
	Reverse(ctx context.Context, a models.Attempt, r models.Return, late bool) (reversal, because string, err error)
	// Refund gives the company's card back what a return says, once; both takes as much back from the partner's account with it.
	Refund(ctx context.Context, a models.Attempt, r models.Return, both, late bool) (refund, because string, err error)
	// Standing reads what became of a payment that went.
	Standing(ctx context.Context, a models.Attempt) (Standing, error)
	// Arrived reads what arrived on the partner's account, in the currency in which it did.
	Arrived(ctx context.Context, a models.Attempt) (models.Money, error)
	// Whose reads what an object of the platform's belongs to, as its metadata or those of its charge say.
	Whose(ctx context.Context, object, id string) (map[string]string, error)
	// Happened lists what happened at the platform's Stripe between two moments, of some types of event.
	Happened(ctx context.Context, types []string, from, to time.Time) ([]Event, error)
	// BankPayout reads a payout from a partner's account to the partner's bank.
	BankPayout(ctx context.Context, account, id string) (models.BankPayout, error)
	Accounts
	CardDesk
}

// Order is all that a charge needs to know: of one attempt, or of several that one charge pays.
type Order struct {
	ID        string // the attempt's or the charge's, and Stripe's idempotency key
	Amount    int64  // with the fee
	Fee       int64  // that the platform keeps of it
	Currency  models.Currency
	Customer  string
	Method    string
	Account   string // the partner's, which receives; empty: the money stays on the platform
	Group     string
	Says      string // to the company
	Suffix    string // on the card's statement
	Metadata  map[string]string
	Intent    *string
	StartedAt time.Time
}

// Outcome is what Stripe says of a charge.
type Outcome struct {
	State    State
	Intent   string // the payment intent's id, when there is one
	Charge   string // what went
	Transfer string // that went on with it
	Page     string // where the card holder confirms
	Because  string // why it failed or asks, for people
	Block    bool   // the card's bank wants no further try with this card
	Look     bool   // a part of it is disputed or refunded already
}

// State is how far a charge has come.
type State int

// The states of a charge.
const (
	StillGoing State = iota
	Went
	DidNotGo
	Asks // the card holder must confirm
)

// Standing is what became of a payment that went, in its own currency.
type Standing struct {
	Charge   string
	Transfer string
	Reversed int64  // of the last transfer
	Refunded int64  // back with the company
	Disputed string // "open" while the card holder's bank has the money, "lost" when it keeps it
	Withdrew int64  // how much of the charge that bank took
	Charged  int64  // the whole charge
	Left     int64  // of it, after its refunds: a dispute takes no more
}

// patience is how long one call to Stripe may take.
const patience = 30 * time.Second

// keyLife is how long Stripe surely remembers an idempotency key. Past it an attempt is looked up, never posted again.
const keyLife = 23 * time.Hour
