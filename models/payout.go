package models

import (
	"slices"
	"time"
)

// Schedule says when invoices are drawn up by themselves (F105).
type Schedule string

// The schedules.
const (
	NoSchedule Schedule = "manual"
	Weekly     Schedule = "weekly"
	Monthly    Schedule = "monthly"
	Quarterly  Schedule = "quarterly"
)

// PayoutSettings are how a company pays its partners on one side.
type PayoutSettings struct {
	Tenant
	Schedule      Schedule   `db:"schedule"`
	Day           int        `db:"schedule_day"`    // of the week from Monday, 1 to 7, or of the month, 1 to 28
	DrawnUntil    *time.Time `db:"drawn_until"`     // up to which day the schedule has drawn up
	Minimum       int64      `db:"minimum"`         // in the company's currency; a partner below it waits
	FourEyesAbove *int64     `db:"four_eyes_above"` // in the company's currency; nil: one approval does (B17)
	ApproveRoles  []Role     `db:"-"`
	PayRoles      []Role     `db:"-"`
	CoolingDays   int        `db:"cooling_days"` // for which new bank details are not paid to (B17)
	SelfBilling   bool       `db:"self_billing"` // the company makes the invoice out in the partner's name
	ReverseCharge bool       `db:"reverse_charge"`
	TaxNote       string     `db:"tax_note"`
}

// DefaultPayoutSettings are those of a company that has set none.
func DefaultPayoutSettings(t Tenant) PayoutSettings {
	money := []Role{Owner, Admin, Finance}
	return PayoutSettings{Tenant: t, Schedule: NoSchedule, Day: 1, ApproveRoles: money, PayRoles: slices.Clone(money), CoolingDays: 3, SelfBilling: true}
}

// BillingDetails say who an invoice is from or to. They are never changed: newer ones take their place.
type BillingDetails struct {
	Tenant
	ID        DetailsID  `db:"id"`
	Partner   *PartnerID `db:"partner_id"` // nil: the company's own
	Name      string     `db:"name"`
	Address   string     `db:"address"` // several lines
	Country   string     `db:"country"` // two letters
	TaxNumber string     `db:"-"`       // with its country's prefix where it is a VAT number; sealed in the database
	SetBy     string     `db:"set_by"`
	SetAt     time.Time  `db:"set_at"`
}

// BankKind says how a bank account is named.
type BankKind string

// The kinds of bank account.
const (
	IBANAccount  BankKind = "iban"
	USAccount    BankKind = "us"
	OtherAccount BankKind = "other"
)

// BankDetails say where a partner gets money that is paid outside Stripe (F101). They are never changed: newer ones take their
// place, and nothing is paid to them before HoldsUntil.
type BankDetails struct {
	Tenant
	ID         DetailsID   `db:"id"`
	Partner    PartnerID   `db:"partner_id"`
	Holder     string      `db:"holder"`
	Kind       BankKind    `db:"kind"`
	Country    string      `db:"country"` // two letters
	Numbers    BankNumbers `db:"-"`       // sealed in the database
	Last4      string      `db:"last4"`
	SetBy      string      `db:"set_by"`
	SetAt      time.Time   `db:"set_at"`
	HoldsUntil time.Time   `db:"holds_until"`
}

// BankNumbers name a bank account; those that its kind does not have are empty.
type BankNumbers struct {
	IBAN    string `json:"iban,omitempty"`
	BIC     string `json:"bic,omitempty"`
	Routing string `json:"routing,omitempty"`
	Account string `json:"account,omitempty"`
	Bank    string `json:"bank,omitempty"` // the bank's name, where it takes one
}

// drawsOn tells whether the schedule draws up on a day.
func (p PayoutSettings) drawsOn(day time.Time) bool {
	switch p.Schedule {
	case Weekly:
		return (int(day.Weekday())+6)%7+1 == p.Day
	case Monthly:
		return day.Day() == p.Day
	case Quarterly:
		return day.Day() == p.Day && day.Month()%3 == 1
	}
	return false
}

// longest is more days than any schedule leaves between two.
const longest = 100

// DrawsNext is the first UTC day after a moment's on which the schedule draws up; false for none.
func (p PayoutSettings) DrawsNext(at time.Time) (time.Time, bool) { return p.draws(at, 1) }

// DrewLast is the last UTC day up to a moment's on which the schedule draws up; false for none.
func (p PayoutSettings) DrewLast(at time.Time) (time.Time, bool) { return p.draws(at, 0) }

func (p PayoutSettings) draws(at time.Time, first int) (time.Time, bool) {
	step := 2*first - 1
	day := at.UTC().Truncate(24*time.Hour).AddDate(0, 0, first)
	for range longest {
		if p.drawsOn(day) {
			return day, true
		}
		day = day.AddDate(0, 0, step)
	}
	return time.Time{}, false
}
