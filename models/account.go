package models

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PayoutAccount is an account at the platform's Stripe on which a partner is paid (F100). Its country cannot be changed.
type PayoutAccount struct {
	Tenant
	Partner   PartnerID  `db:"partner_id"`
	Number    int        `db:"number"` // the partner's first, second …
	Country   string     `db:"country"`
	Recipient bool       `db:"recipient"` // it can only receive (MONEY.md 4.2)
	Account   *string    `db:"account"`   // nil until Stripe's answer is known
	BegunBy   string     `db:"begun_by"`
	BegunAt   time.Time  `db:"begun_at"`
	ChangedAt *time.Time `db:"changed_at"` // when it was first read to stand so
	ReadAt    *time.Time `db:"read_at"`    // when Stripe was asked last; nil: never
	AccountState
}

// AccountState is what Stripe says of such an account (MONEY.md 4.1).
type AccountState struct {
	Submitted bool         `db:"submitted"` // its owner has answered; that alone proves nothing
	Transfers string       `db:"transfers"` // the capability: active, inactive, pending
	Payouts   bool         `db:"payouts_enabled"`
	Disabled  string       `db:"disabled_reason"`
	Needs     AccountNeeds `db:"requirements"`
	Deadline  *time.Time   `db:"deadline"` // by which what is due must be given
	Currency  Currency     `db:"default_currency"`
	BankName  string       `db:"bank_name"`
	BankLast4 string       `db:"bank_last4"`
	Gone      bool         `db:"gone"` // Stripe knows it no more
}

// AccountNeeds are what Stripe still asks of an account's owner, by Stripe's names.
type AccountNeeds struct {
	Due     []string       `json:"due,omitempty"` // what is past due included
	PastDue []string       `json:"past_due,omitempty"`
	Pending []string       `json:"pending,omitempty"` // that Stripe is checking
	Errors  []AccountError `json:"errors,omitempty"`
}

// AccountError is why Stripe did not take what was given.
type AccountError struct {
	Need   string `json:"need"`
	Reason string `json:"reason"` // Stripe's own sentence
}

// Value writes them as JSON.
func (n AccountNeeds) Value() (driver.Value, error) {
	text, err := json.Marshal(n)
	return string(text), err
}

// Scan reads what Value wrote.
func (n *AccountNeeds) Scan(src any) error {
	text, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("scan an account's needs from %T", src)
	}
	*n = AccountNeeds{}
	return json.Unmarshal(text, n)
}

// CanReceive tells whether payouts are allowed: transfers are active and Stripe pays out (MONEY.md 4.1).
func (a AccountState) CanReceive() bool { return !a.Gone && a.Transfers == "active" && a.Payouts }

// Rejected tells whether Stripe wants nothing to do with the owner. That is final.
func (a AccountState) Rejected() bool { return strings.HasPrefix(a.Disabled, "rejected.") }

// Checking tells whether Stripe has all it asked for and looks at it.
func (a AccountState) Checking() bool {
	return !a.CanReceive() && a.Submitted && len(a.Needs.Due) == 0 && !a.Rejected() &&
		(len(a.Needs.Pending) > 0 || slices.Contains([]string{"", "requirements.pending_verification", "under_review", "listed"}, a.Disabled))
}

// Same tells whether two readings say the same.
func (a AccountState) Same(b AccountState) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// ReadAccount is the job that asks Stripe how an account stands that partners are paid on.
type ReadAccount struct {
	Mode    Mode   `json:"mode"`
	Account string `json:"account"`
}

// Kind names the job in the queue.
func (ReadAccount) Kind() string { return "read_account" }

// ReadAccounts is the job that asks about those accounts that cannot receive yet, and about the companies' cards, once a day each.
type ReadAccounts struct{}

// Kind names the job in the queue.
func (ReadAccounts) Kind() string { return "read_accounts" }
