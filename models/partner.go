package models

import "time"

// Partner brings customers to a company and is paid for it, in one currency.
type Partner struct {
	Tenant
	ID            PartnerID `db:"id"`
	Key           string    `db:"key"`
	Name          string    `db:"name"`
	Email         *string   `db:"email"`
	Currency      Currency  `db:"currency"`
	Country       *string   `db:"country"`
	Status        string    `db:"status"`
	StripeAccount *string   `db:"stripe_account"`
	CreatedAt     time.Time `db:"created_at"`
	// ActiveSince and ActiveUntil bound when the partner earns (D14): created active means for payments of any date.
	ActiveSince *time.Time `db:"active_since"`
	ActiveUntil *time.Time `db:"active_until"`
}

// The states of a partner. Only an active one earns (F94).
const (
	PartnerPending = "pending"
	PartnerActive  = "active"
	PartnerPaused  = "paused"
	PartnerBanned  = "banned"
)

// ActiveAt tells whether the partner earned at that moment (D14).
func (p Partner) ActiveAt(at time.Time) bool {
	if p.Status == PartnerPending {
		return false
	}
	return (p.ActiveSince == nil || !at.Before(*p.ActiveSince)) && (p.ActiveUntil == nil || at.Before(*p.ActiveUntil))
}

// Balance is where a partner's money stands in one currency.
type Balance struct {
	Currency                  Currency
	Held, Due, Invoiced, Paid Money
}

// Customer is somebody who pays the company.
type Customer struct {
	Tenant
	ID       CustomerID `db:"id"`
	Key      string     `db:"key"`
	Email    *string    `db:"email"`
	Name     *string    `db:"name"`
	StripeID *string    `db:"stripe_customer_id"`
	// Taught is set when StripeID was learned from a payment that matched the e-mail address (F83).
	Taught bool `db:"taught_by_email"`
	// Composite is a customer's record with one partner, made by a transaction-based program (F70). No look-up finds it by id or e-mail.
	Composite bool `db:"composite"`
	// StripeIDSince is when somebody set StripeID by hand: payments made before are not this customer's by it (D10).
	StripeIDSince *time.Time `db:"stripe_id_since"`
	CreatedAt     time.Time  `db:"created_at"`
}

// Link ties a customer to a partner from a moment on (D14).
type Link struct {
	Customer CustomerID `db:"customer_id"`
	Partner  PartnerID  `db:"partner_id"`
	From     time.Time  `db:"linked_at"`
	Origin   string     `db:"origin"` // event, person, api
	Payment  *PaymentID `db:"payment_id"`
	PayKey   string     `db:"payment_key"` // breaks ties between events of one second
	Guest    bool       `db:"guest"`       // that payment came without a provider's id: it is known by its address alone
}
