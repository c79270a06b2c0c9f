package models

import "time"

// Card is the card a company pays its partners with, on the platform's own Stripe (F102, F103).
type Card struct {
	Customer string `db:"stripe_customer"`
	Method   string `db:"stripe_method"`
	Brand    string `db:"brand"`
	Last4    string `db:"last4"`
	ExpMonth int    `db:"exp_month"` // 0: not known yet
	ExpYear  int    `db:"exp_year"`
}

// Ends is the moment after the card's last month; ok is false when that is not known.
func (c Card) Ends() (end time.Time, ok bool) {
	return time.Date(c.ExpYear, time.Month(c.ExpMonth)+1, 1, 0, 0, 0, 0, time.UTC), c.ExpMonth > 0
}

// Expired tells whether the card's last month is over.
func (c Card) Expired(now time.Time) bool {
	end, ok := c.Ends()
	return ok && !now.Before(end)
}

// Expiring tells whether the card has a month at most.
func (c Card) Expiring(now time.Time) bool {
	end, ok := c.Ends()
	return ok && now.Before(end) && !now.Before(end.AddDate(0, -1, 0))
}

// Payer is a company as a customer of the platform's Stripe: with its card, or without one.
type Payer struct {
	Tenant
	Card                 // its Method is empty when there is none, its Customer until Stripe's answer is known
	BegunAt   time.Time  `db:"begun_at"`
	SetUpAt   *time.Time `db:"set_up_at"` // when Stripe began to save the card: of two, the newer one holds
	SavedBy   string     `db:"saved_by"`
	SavedAt   *time.Time `db:"saved_at"`
	ReadAt    *time.Time `db:"read_at"` // when Stripe was asked about the card last
	Lost      string     `db:"lost"`    // why the card that was there is not any more; empty while there is one
	Session   string     `db:"session"` // of Stripe's page, where somebody saves a card; empty when nobody does
	SessionBy string     `db:"session_by"`
}

// ReadCard is the job that asks Stripe about a company's card after something was heard of it. Object is what it was heard of: a
// session, a set-up, or a payment method.
type ReadCard struct {
	Object   string `json:"object"`
	Customer string `json:"customer"` // at the platform's Stripe; empty when it is not known
}

// Kind names the job in the queue.
func (ReadCard) Kind() string { return "read_card" }
