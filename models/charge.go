package models

import "time"

// Charge is one charge of the company's card on the platform's Stripe that pays several invoices in one currency: each of its
// attempts has a transfer of its own (MONEY.md 4.4). It is written before Stripe is called.
type Charge struct {
	Tenant
	ID        ChargeID      `db:"id"`
	Run       PayRunID      `db:"run_id"`
	Status    AttemptStatus `db:"status"` // live, needs_confirmation, succeeded or failed
	Amount    int64         `db:"amount"` // of all its attempts, and the fee
	Fee       int64         `db:"fee"`
	Currency  Currency      `db:"currency"`
	Customer  string        `db:"stripe_customer"`
	Method    string        `db:"stripe_method"`
	Intent    *string       `db:"stripe_intent"`
	ChargedBy *string       `db:"stripe_charge"`
	Returned  int64         `db:"returned"` // given back to the company, or lost in a dispute
	StartedBy string        `db:"started_by"`
	StartedAt time.Time     `db:"started_at"`
	EndedAt   *time.Time    `db:"ended_at"`
	Because   *string       `db:"because"`
	Blocked   bool          `db:"blocked"`
}

// PayRun is one press on "Pay" for many invoices.
type PayRun struct {
	Tenant
	ID         PayRunID   `db:"id"`
	Method     string     `db:"stripe_method"` // the card that was shown
	FeePercent string     `db:"fee_percent"`   // that was shown
	StartedBy  string     `db:"started_by"`
	StartedAt  time.Time  `db:"started_at"`
	BegunAt    *time.Time `db:"begun_at"` // when its charges were written down
}

// PayRunItem is one invoice of a run.
type PayRunItem struct {
	Invoice InvoiceID  `db:"invoice_id"`
	Seen    int64      `db:"seen"` // the total that was shown
	Attempt *AttemptID `db:"attempt_id"`
	Because *string    `db:"because"` // why it is not paid in this run
}

// ReturnKind says why money of a payment comes back.
type ReturnKind string

// The kinds of return.
const (
	RefundPayout ReturnKind = "refund"    // from the partner to the company, by a person
	GiveBack     ReturnKind = "give_back" // charged and not delivered: back to the company
	Withdrawn    ReturnKind = "withdrawn" // from the partner to the platform: the card holder disputes the charge
)

// Return is money of a payment on its way back. It is written before Stripe is asked.
type Return struct {
	Tenant
	ID        ReturnID   `db:"id"`
	Attempt   AttemptID  `db:"attempt_id"`
	Kind      ReturnKind `db:"kind"`
	Status    string     `db:"status"` // live, done, failed
	Minor     int64      `db:"amount"`
	Currency  Currency   `db:"currency"`
	Again     bool       `db:"again"` // what it paid is payable again; else it is given up
	Reason    string     `db:"reason"`
	Reversal  *string    `db:"stripe_reversal"`
	Refund    *string    `db:"stripe_refund"`
	StartedBy string     `db:"started_by"`
	StartedAt time.Time  `db:"started_at"`
	EndedAt   *time.Time `db:"ended_at"`
	Because   *string    `db:"because"`
}

// The states of a return.
const (
	ReturnLive   = "live"
	ReturnDone   = "done"
	ReturnFailed = "failed"
)

// BankPayout is money that Stripe sends from a partner's account to the partner's bank (MONEY.md 4.7).
type BankPayout struct {
	Tenant
	Partner  PartnerID `db:"partner_id"`
	StripeID string    `db:"stripe_id"`
	Minor    int64     `db:"amount"`
	Currency Currency  `db:"currency"`
	Status   string    `db:"status"` // as Stripe says it
	Failure  string    `db:"failure_code"`
	MadeAt   time.Time `db:"made_at"`
}

// CarryPayRun is the job that carries a run of payments.
type CarryPayRun struct {
	Company CompanyID `json:"company"`
	Mode    Mode      `json:"mode"`
	Run     PayRunID  `json:"run"`
}

// Kind names the job.
func (CarryPayRun) Kind() string { return "carry_pay_run" }

// HearMissed is the job that asks the platform's Stripe for events that did not come.
type HearMissed struct{}

// Kind names the job.
func (HearMissed) Kind() string { return "hear_missed" }

// PlatformNews is the job that looks at something of the platform's Stripe, which an event named: what the event says of it is
// not believed (MONEY.md 1.4).
type PlatformNews struct {
	Object string `json:"object"` // payment_intent, charge, transfer; payout of a partner's account
	ID     string `json:"id"`
	// Account is the partner's Stripe account; empty for the platform's own objects.
	Account string `json:"account"`
}

// Kind names the job.
func (PlatformNews) Kind() string { return "platform_news" }
