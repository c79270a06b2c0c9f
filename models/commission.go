package models

import "time"

// Rule says what a partner earns for a payment, or for a line of it (CONTRACT.md 5).
type Rule struct {
	Partner     *string `json:"partner"`
	Product     *string `json:"product"`
	ProductType *string `json:"product_type"`
	Type        string  `json:"type"`      // percent, fixed
	Value       string  `json:"value"`     // percent: a decimal; fixed: major units of Currency
	Currency    string  `json:"currency"`  // of a fixed value
	Recurring   string  `json:"recurring"` // always, first, or a number of months
}

// RuleSet is one saved version of a program's rules.
type RuleSet struct {
	Version   int
	ValidFrom *time.Time // nil for the first: it counts for payments of any date (D14)
	Rules     []Rule
}

// Past is what a commission must know of what came before.
type Past struct {
	FirstSale *time.Time // when this customer first paid, by the money's own time; nil when this payment is the first
	FirstKey  string     // that payment's key, which breaks the tie of two in one second; empty when it is not known
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
	Rate       *Rate // what turned the sale's currency into the partner's, frozen; nil when they are one, or while it is awaited
	Status     CommissionStatus
	HoldDays   int       // how long it is held, and
	Refunds    string    // whether refunds take it back by themselves (D9): both frozen at the moment of sale
	PayableOn  time.Time // the UTC day on which the hold ends
	Matured    bool      // the hold has ended in the books
	Disputed   bool      // a dispute is open: not payable, whatever the day
	Holds      int       // how often due money was put back on hold
	Steps      []Step
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
