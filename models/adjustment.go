package models

import "time"

// AdjustmentKind says what an adjustment is to the partner.
type AdjustmentKind string

// The kinds of adjustment. The sign of its amount makes one a bonus or a deduction.
const (
	Bonus          AdjustmentKind = "bonus"
	Deduction      AdjustmentKind = "deduction"
	DebtWrittenOff AdjustmentKind = "write_off"
	PaymentBack    AdjustmentKind = "returned" // of a payment to the partner, a part came back and is due again
)

// Adjustment is a change of what a partner is due that no payment caused. It is due at once, and on the partner's next
// invoice. It is never changed; another one the other way undoes it.
type Adjustment struct {
	Tenant
	ID       AdjustmentID   `db:"id"`
	Partner  PartnerID      `db:"partner_id"`
	Program  *ProgramID     `db:"program_id"` // whose money it is; nil for a debt written off
	Minor    int64          `db:"amount"`     // below zero for a deduction
	Currency Currency       `db:"currency"`   // the partner's
	Kind     AdjustmentKind `db:"kind"`       // made by the database from amount and program
	Reason   string         `db:"reason"`
	By       string         `db:"made_by"`
	At       time.Time      `db:"made_at"`
	Invoice  *InvoiceID     `db:"invoice_id"` // that gathers it
	Attempt  *AttemptID     `db:"attempt_id"` // the payment that came back, in part or whole
}

// Amount is by how much the partner is due more, or less.
func (a Adjustment) Amount() Money { return Money{a.Minor, a.Currency} }

// WriteOffStatus is where a request to write off a debt stands.
type WriteOffStatus string

// The states of a request.
const (
	WriteOffAsked    WriteOffStatus = "asked"
	WriteOffApproved WriteOffStatus = "approved"
	WriteOffRefused  WriteOffStatus = "refused"
)

// WriteOff is a request to write off what a partner owes, which another person decides (B14).
type WriteOff struct {
	Tenant
	ID          WriteOffID     `db:"id"`
	Partner     PartnerID      `db:"partner_id"`
	PartnerKey  string         `db:"partner_key"`
	PartnerName string         `db:"partner_name"`
	Minor       int64          `db:"amount"`
	Currency    Currency       `db:"currency"`
	Reason      string         `db:"reason"`
	AskedPerson PersonID       `db:"asked_person"`
	AskedBy     string         `db:"asked_by"`
	AskedAt     time.Time      `db:"asked_at"`
	Status      WriteOffStatus `db:"status"`
	DecidedBy   *string        `db:"decided_by"`
	DecidedAt   *time.Time     `db:"decided_at"`
	Adjustment  *AdjustmentID  `db:"adjustment_id"` // what books it, once approved
}

// Amount is how much of the debt is to go.
func (w WriteOff) Amount() Money { return Money{w.Minor, w.Currency} }
