package models

import "time"

// Rule says what a partner earns for a payment, or for a line of it (CONTRACT.md 5).
type Rule struct {
	Partner     *string `json:"partner"`
	Product     *string `json:"product"`
	ProductType *string `json:"product_type"`
	Type        string  `json:"type"`              // percent, fixed
	Value       string  `json:"value"`             // percent: a decimal; fixed: major units of Currency
	Currency    string  `json:"currency"`          // of a fixed value, and of what tiers by revenue begin at
	Recurring   string  `json:"recurring"`         // always, first, or a number of months
	TierBy      string  `json:"tier_by,omitempty"` // what the tiers look at: revenue, sales; empty without tiers
	Tiers       []Tier  `json:"tiers,omitempty"`   // ascending; below the first, Value holds
}

// Tier is the value of a rule from some number of sales in a partner's month on, or from some revenue on.
type Tier struct {
	From  string `json:"from"`  // sales: a whole number from 2; revenue: major units of the rule's currency
	Value string `json:"value"` // as the rule's own
}

// RuleSet is one saved version of a program's rules.
type RuleSet struct {
	Version   int
	ValidFrom *time.Time // nil for the first: it counts for payments of any date (D14)
	Rules     []Rule
}

// Past is what a commission must know of what came before.
type Past struct {
	FirstSale *time.Time  // when this customer first paid what it did not get back whole, by the money's own time; nil when this payment is the first
	FirstKey  string      // that payment's key, which breaks the tie of two in one second; empty when it is not known
	WentBack  int         // payments of the customer before that first one, of which nothing is left (P19)
	Month     []Collected // what earned for the partner in this program and UTC month before this payment, a row for each currency; only for rules with tiers
}

// Collected is how many payments in one currency there were, and what commission was counted on: before refunds, which
// change no tier.
type Collected struct {
	Sales int
	Base  Money
}

// Earning is how much a payment earns, in the sale's currency, and why.
type Earning struct {
	Share   Money
	Earns   bool // a rule covered the payment, or a part of it
	Version int
	Steps   []Step
}

// CommissionStatus is where a commission stands.
type CommissionStatus string

// The states of a commission.
const (
	Waiting            CommissionStatus = "waiting"
	Held               CommissionStatus = "held"
	Due                CommissionStatus = "due"
	CommissionInvoiced CommissionStatus = "invoiced"
	CommissionPaid     CommissionStatus = "paid"
	CommissionReversed CommissionStatus = "reversed"
)

// Commission is what one partner earned from one payment. Its amounts are sums of its entries.
type Commission struct {
	Tenant
	ID         CommissionID
	Payment    PaymentID
	PaymentKey string
	Partner    PartnerID
	Program    ProgramID
	Share      Money // now, in the sale's currency
	First      Money // earned at first, in the sale's currency
	Earned     Money // earned at first, in the partner's currency
	Amount     Money // now, in the partner's currency
	Version    int   // of the rules by which it was earned, frozen; 0 when it is not known
	Rate       *Rate // what turned the sale's currency into the partner's, frozen; nil when they are one, or while it is awaited
	Status     CommissionStatus
	HoldDays   int       // how long it is held, and
	Refunds    string    // whether refunds take it back by themselves (D9): both frozen at the moment of sale
	PayableOn  time.Time // the UTC day on which the hold ends
	Matured    bool      // the hold has ended in the books
	Disputed   bool      // a dispute is open: not payable, whatever the day
	Holds      int       // how often due money was put back on hold
	Steps      []Step
	DecidedAt  *time.Time // when it last became what it is; nil when that is not known
}

// Entry is one change of a commission's amount: earned, or taken back, or put right. Entries are never changed;
// the lines of an invoice are the entries that it gathers.
type Entry struct {
	Commission CommissionID
	Seq        int
	Kind       string // earned, refund, correction
	Amount     Money  // may be negative
	Because    string
	At         time.Time
	Invoice    *InvoiceID
}
