package models

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

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
	// Active is when the partner earned, in the order of time (D14): created active means for payments of any date.
	Active Spans `db:"active"`
}

// Span is a stretch of time: from a moment, nil being the start of time, until another, nil being now and on.
type Span struct {
	From  *time.Time `json:"from,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

// Spans are stretches of time that do not overlap.
type Spans []Span

// Value writes them as JSON.
func (s Spans) Value() (driver.Value, error) {
	if s == nil {
		return "[]", nil
	}
	text, err := json.Marshal(s)
	return string(text), err
}

// Scan reads what Value wrote.
func (s *Spans) Scan(src any) error {
	text, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("scan spans from %T", src)
	}
	return json.Unmarshal(text, s)
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
	return slices.ContainsFunc(p.Active, func(s Span) bool {
		return (s.From == nil || !at.Before(*s.From)) && (s.Until == nil || at.Before(*s.Until))
	})
}

// Begin makes a new partner's status: one who is active earns from the start of time.
func (p *Partner) Begin(status string) {
	p.Status, p.Active = status, nil
	if status == PartnerActive {
		p.Active = Spans{{}}
	}
}

// Turn gives the partner another status from a moment on. What was earned before stays earned (P49).
func (p *Partner) Turn(status string, at time.Time) {
	was := p.Status
	p.Status = status
	switch {
	case was == status:
	case status == PartnerActive:
		p.Active = append(slices.Clone(p.Active), Span{From: &at})
	case was == PartnerActive && len(p.Active) > 0:
		p.Active = slices.Clone(p.Active)
		p.Active[len(p.Active)-1].Until = &at
	}
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
	// EmailSet is whether somebody set Email by hand: payments do not change it then.
	EmailSet bool `db:"email_set"`
	// Taught is set when StripeID was learned from a payment that matched the e-mail address (F83).
	Taught bool `db:"taught_by_email"`
	// Composite is a customer's record with one partner, made by a transaction-based program (F70). No look-up finds it by id or e-mail.
	Composite bool `db:"composite"`
	// StripeIDSince is when somebody set StripeID by hand: payments made before are not this customer's by it (D10).
	StripeIDSince *time.Time `db:"stripe_id_since"`
	CreatedAt     time.Time  `db:"created_at"`
	// ToldID is by which id the provider's list of customers told of this record (F5): its own, or, of a record that somebody
	// made, the one with the same address. It decides nothing: such a record is somebody who has not paid yet.
	ToldID *string `db:"told_id"`
}

// Link ties a customer to a partner from a moment on (D14).
type Link struct {
	Customer CustomerID `db:"customer_id"`
	Partner  PartnerID  `db:"partner_id"`
	From     time.Time  `db:"linked_at"`
	Origin   string     `db:"origin"` // event, person, api, backfill
	Payment  *PaymentID `db:"payment_id"`
	PayKey   string     `db:"payment_key"` // breaks ties between events of one second
	Guest    bool       `db:"guest"`       // that payment came without a provider's id: it is known by its address alone
	Batch    BackfillID `db:"batch_id"`    // the backfill that made it; zero for any other origin
	Program  ProgramID  `db:"program_id"`  // in which it was made; zero when that is not known
}

// OriginBackfill marks a link that a person made from a day in the past: it reaches back, as no other does (D10, B3).
const OriginBackfill = "backfill"

// OneLetterApart tells whether one letter put in, left out or replaced makes a into b.
func OneLetterApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	same := 0
	for same < len(a) && a[same] == b[same] {
		same++
	}
	if len(a) == len(b) {
		return same < len(a) && a[same+1:] == b[same+1:]
	}
	return len(b) == len(a)+1 && a[same:] == b[same+1:]
}
