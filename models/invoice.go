package models

import "time"

// InvoiceStatus is where an invoice stands (CONTRACT.md 5).
type InvoiceStatus string

// The states of an invoice.
const (
	InReview          InvoiceStatus = "review"
	Approved          InvoiceStatus = "approved"
	Processing        InvoiceStatus = "processing"
	NeedsConfirmation InvoiceStatus = "needs_confirmation" // the card holder's bank asks
	Charged           InvoiceStatus = "charged"            // paid by the company, not yet with the partner
	Paid              InvoiceStatus = "paid"
	Failed            InvoiceStatus = "failed"
	Refunded          InvoiceStatus = "refunded" // paid, and given back whole
	Void              InvoiceStatus = "void"
)

// Invoice is what a company owes one partner in one currency, gathered from commissions and adjustments, to be approved and paid.
type Invoice struct {
	Tenant
	ID           InvoiceID     `db:"id"`
	Number       string        `db:"number"`
	Partner      PartnerID     `db:"partner_id"`
	PartnerKey   string        `db:"partner_key"`
	PartnerName  string        `db:"partner_name"`
	Currency     Currency      `db:"currency"`
	TotalMinor   int64         `db:"total"`
	Status       InvoiceStatus `db:"status"`
	Until        time.Time     `db:"until"`
	DrawnAt      time.Time     `db:"drawn_at"`
	ApprovedBy   *string       `db:"approved_by"`
	ApprovedAt   *time.Time    `db:"approved_at"`
	ApprovedHash *string       `db:"approved_hash"` // of what was approved; another total or line voids the approval
	PaidBy       *string       `db:"paid_by"`
	PaidAt       *time.Time    `db:"paid_at"`
	PaidHow      *string       `db:"paid_how"` // stripe, manual
	Reference    *string       `db:"payment_reference"`
	Because      *string       `db:"because"` // why it failed, or went back to review
	// ApprovedPerson is who approved; nil for an API key.
	ApprovedPerson *PersonID `db:"approved_person"`
	// First is the first of two approvals, where the amount asks for four eyes (B17).
	FirstPerson *PersonID  `db:"first_person"`
	FirstBy     *string    `db:"first_by"`
	FirstAt     *time.Time `db:"first_at"`
	FirstHash   *string    `db:"first_hash"`
	ReissueOf   *InvoiceID `db:"reissue_of"` // the void invoice that this one stands for
	Run         *RunID     `db:"run_id"`     // that drew it up; nil for one drawn up by itself
}

// Unapprove takes every approval back: the invoice is not what was approved any more.
func (i *Invoice) Unapprove() {
	i.ApprovedPerson, i.ApprovedBy, i.ApprovedAt, i.ApprovedHash = nil, nil, nil, nil
	i.FirstPerson, i.FirstBy, i.FirstAt, i.FirstHash = nil, nil, nil, nil
}

// Total is what the partner gets.
func (i Invoice) Total() Money { return Money{i.TotalMinor, i.Currency} }

// InvoiceLine is one entry on an invoice, with the payment it comes from, or one adjustment, which comes from none.
type InvoiceLine struct {
	Commission  CommissionID `db:"commission_id"` // zero for an adjustment
	Adjustment  AdjustmentID `db:"adjustment_id"` // zero for an entry of a commission
	Seq         int          `db:"seq"`
	Kind        string       `db:"kind"` // of the entry, or of the adjustment
	AmountMinor int64        `db:"amount"`
	Because     string       `db:"because"`
	PaymentKey  string       `db:"payment_key"`
	PaymentID   PaymentID    `db:"payment_id"`
	PaidAt      time.Time    `db:"paid_at"` // when the customer paid, or the adjustment was made
	Customer    *string      `db:"customer"`
	// What the customer paid, and the rate between that currency and the invoice's where they are two; nil for an adjustment.
	SaleMinor    *int64     `db:"sale_amount"`
	SaleCurrency *Currency  `db:"sale_currency"`
	RateValue    *string    `db:"rate"`
	RateSource   *string    `db:"rate_source"`
	RateDay      *time.Time `db:"rate_day"`
}

// Sale is what the customer paid; nil for an adjustment.
func (l InvoiceLine) Sale() *Money {
	if l.SaleMinor == nil || l.SaleCurrency == nil {
		return nil
	}
	return &Money{*l.SaleMinor, *l.SaleCurrency}
}

// Rate is what turned the sale's currency into the invoice's; nil where none stands between.
func (l InvoiceLine) Rate(to Currency) *Rate {
	if l.RateValue == nil || l.RateSource == nil || l.RateDay == nil || l.SaleCurrency == nil {
		return nil
	}
	return &Rate{From: *l.SaleCurrency, To: to, Value: *l.RateValue, Source: *l.RateSource, Date: *l.RateDay}
}

// IsAdjustment tells that no payment stands behind the line.
func (l InvoiceLine) IsAdjustment() bool { return !l.Adjustment.IsZero() }

// Of is the id of what the line is an entry of.
func (l InvoiceLine) Of() string {
	if l.IsAdjustment() {
		return l.Adjustment.String()
	}
	return l.Commission.String()
}

// Attempt is one try to pay an invoice. It is written before Stripe is called, and an invoice has one at most that is under way
// or went.
type Attempt struct {
	Tenant
	ID        AttemptID     `db:"id"`
	Invoice   InvoiceID     `db:"invoice_id"`
	Kind      string        `db:"kind"` // stripe, manual
	Status    AttemptStatus `db:"status"`
	Amount    int64         `db:"amount"`
	Currency  Currency      `db:"currency"`
	Customer  string        `db:"stripe_customer"`
	Method    string        `db:"stripe_method"`
	Account   string        `db:"stripe_account"`
	Intent    *string       `db:"stripe_intent"`
	StartedBy string        `db:"started_by"`
	StartedAt time.Time     `db:"started_at"`
	EndedAt   *time.Time    `db:"ended_at"`
	Because   *string       `db:"because"`
	Charge    *ChargeID     `db:"charge_id"` // of the batch that it is part of
	ChargedBy *string       `db:"stripe_charge"`
	Transfer  *string       `db:"stripe_transfer"`
	Fee       int64         `db:"fee"`      // that the company pays beside the amount
	Returned  int64         `db:"returned"` // of the amount, reversed since

	Deliveries int        `db:"deliveries"`  // transfers that were begun of money charged before
	DeliveryAt *time.Time `db:"delivery_at"` // when the last of them was begun
	Delivering bool       `db:"delivering"`  // whether the last of them may be made: its answer is not known
	Held       bool       `db:"held"`        // charged money that is not sent on by itself: somebody took the transfer back
	Refunded   int64      `db:"refunded"`    // of the amount, back with the company
	Disputed   string     `db:"disputed"`    // by the card holder: "open" while the bank has the money, "lost"
	Blocked    bool       `db:"blocked"`     // the card's bank wants no further try with this card
	Looks      int        `db:"looks"`       // how often what became of it was kept
	Received   *int64     `db:"received"`    // what arrived on the partner's account, where it is known
	ReceivedIn *Currency  `db:"received_in"`
}

// AttemptStatus is how far an attempt has come.
type AttemptStatus string

// The states of an attempt.
const (
	AttemptLive      AttemptStatus = "live"
	AttemptAsks      AttemptStatus = "needs_confirmation" // the card holder's bank asks
	AttemptCharged   AttemptStatus = "charged"            // the company has paid, the partner has not got it yet
	AttemptSucceeded AttemptStatus = "succeeded"
	AttemptFailed    AttemptStatus = "failed"
	AttemptUndone    AttemptStatus = "undone"   // marked as paid by mistake
	AttemptReturned  AttemptStatus = "returned" // given back whole
)
