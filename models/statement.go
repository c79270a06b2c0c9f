package models

import "time"

// Movement is one change of what a company owes a partner: what is held for them, due to them, on invoices, and charged but not yet
// delivered. It is read from the books, so what a month's statement says stays.
type Movement struct {
	At         time.Time     `db:"at"`
	Kind       string        `db:"kind"` // of a commission's entry or an adjustment; paid, returned, or undone: marked as paid by mistake
	Minor      int64         `db:"amount"`
	Currency   Currency      `db:"currency"`
	Because    string        `db:"because"`
	PaymentKey string        `db:"payment_key"`   // empty where no payment stands behind it
	Payment    *PaymentID    `db:"payment_id"`    // that one
	Commission *CommissionID `db:"commission_id"` // of that payment
	Customer   *string       `db:"customer"`
	Invoice    *InvoiceID    `db:"invoice_id"` // that was paid, or given back
	Number     string        `db:"number"`     // of that invoice
	How        string        `db:"how"`        // stripe, manual
}

// Amount is by how much more is owed, or less.
func (m Movement) Amount() Money { return Money{m.Minor, m.Currency} }

// Statement is what changed in one month and currency. Opening and the sum of all changes are Closing.
type Statement struct {
	Month    time.Time // its first moment, UTC
	Currency Currency
	Opening  int64
	Earned   int64 // and taken back, and adjusted
	Paid     int64 // less what came back
	Closing  int64
	Changes  int
}

// Money is one of the statement's amounts in its currency.
func (s Statement) Money(minor int64) Money { return Money{minor, s.Currency} }
