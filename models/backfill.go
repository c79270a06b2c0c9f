package models

import "time"

// Backfill is a link of a customer to a partner from a day in the past, made by a person as one batch (B3).
type Backfill struct {
	Tenant
	ID          BackfillID `db:"id"`
	Customer    CustomerID `db:"customer_id"`
	Partner     PartnerID  `db:"partner_id"`
	Since       time.Time  `db:"since"`
	Reason      string     `db:"reason"`
	MadeBy      string     `db:"made_by"`
	MadeAt      time.Time  `db:"made_at"`
	UndoneBy    *string    `db:"undone_by"`
	UndoneAt    *time.Time `db:"undone_at"`
	Effect      Effect     `db:"-"`
	CustomerKey string     `db:"customer_key"` // empty when the customer turned out to be another
	Email       *string    `db:"email"`
	PartnerKey  string     `db:"partner_key"`
	PartnerName string     `db:"partner_name"`
}

// Effect is what deciding a customer's payments anew changes: seen before it is done, and kept with what was done.
type Effect struct {
	Changes  []Change        `json:"changes"`
	Partners []PartnerEffect `json:"partners"`
	Invoices []InvoiceEffect `json:"invoices"`
	Stays    []LaterLink     `json:"stays"`
	Alike    int             `json:"alike"` // payments that were looked at and stay as they are
}

// LaterLink is a link by a person or the API that a backfill leaves as it is: from then on the customer is that partner's.
type LaterLink struct {
	From time.Time `json:"from"`
	Key  string    `json:"key"`
	Name string    `json:"name"`
}

// Change is one payment whose partner, or what it earns, changes.
type Change struct {
	Payment  PaymentID `json:"payment"`
	Key      string    `json:"key"`
	PaidAt   time.Time `json:"paid_at"`
	Gross    Money     `json:"gross"`
	Before   Share     `json:"before"`
	After    Share     `json:"after"`
	WasPaid  bool      `json:"was_paid"` // what it earned before is paid out: it comes off that partner's next invoice
	Nobodies string    `json:"nobodies"` // why nobody earns it afterwards; empty when somebody does
}

// Share is who earns a payment, and what; without a partner it is nobody's.
type Share struct {
	Partner   PartnerID        `json:"partner"`
	Key       string           `json:"key"`
	Name      string           `json:"name"`
	Amount    *Money           `json:"amount"` // nil while a rate is awaited, or when nothing is earned
	Rate      *Rate            `json:"rate"`
	PayableOn *time.Time       `json:"payable_on"`
	Status    CommissionStatus `json:"status"`
}

// PartnerEffect is how much more one partner earns, or less, in one currency.
type PartnerEffect struct {
	Partner  PartnerID `json:"partner"`
	Key      string    `json:"key"`
	Name     string    `json:"name"`
	Amount   Money     `json:"amount"`
	Payments int       `json:"payments"`
}

// InvoiceEffect is an invoice not yet paid that shrinks, and loses its approval.
type InvoiceEffect struct {
	ID     InvoiceID     `json:"id"`
	Number string        `json:"number"`
	Name   string        `json:"name"` // the partner's
	Before Money         `json:"before"`
	After  Money         `json:"after"`
	Status InvoiceStatus `json:"status"` // afterwards
}
