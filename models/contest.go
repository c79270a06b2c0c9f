package models

import "time"

// ContestStatus is where a contest stands.
type ContestStatus string

// The states of a contest.
const (
	ContestOpen     ContestStatus = "open"
	ContestAnswered ContestStatus = "answered"
)

// Contest is what a partner says against one line of an invoice, and the company's answer: a posting, or a reason (B20).
type Contest struct {
	Tenant
	ID          ContestID     `db:"id"`
	Invoice     InvoiceID     `db:"invoice_id"`
	Number      string        `db:"number"` // the invoice's
	Partner     PartnerID     `db:"partner_id"`
	PartnerName string        `db:"partner_name"`
	Commission  CommissionID  `db:"commission_id"` // zero for an adjustment
	Adjustment  AdjustmentID  `db:"adjustment_id"` // zero for an entry of a commission
	Seq         int           `db:"seq"`
	Words       string        `db:"words"`
	AskedBy     string        `db:"asked_by"`
	AskedAt     time.Time     `db:"asked_at"`
	Status      ContestStatus `db:"status"`
	Answer      *string       `db:"answer"`
	Posting     *AdjustmentID `db:"posting_id"` // the adjustment that answers it; nil for a reason alone
	Posted      *int64        `db:"posted"`     // its amount, in the partner's currency
	PostedIn    *Currency     `db:"posted_in"`
	AnsweredBy  *string       `db:"answered_by"`
	AnsweredAt  *time.Time    `db:"answered_at"`
}

// Is tells whether the contest is of a line.
func (c Contest) Is(l InvoiceLine) bool {
	return c.Commission == l.Commission && c.Adjustment == l.Adjustment && c.Seq == l.Seq
}
