package models

import (
	"strings"
	"time"
)

// Code is a coupon, a promotion code, or Stripe's id of one, that stands for a partner (F33, F60). It holds for payments
// from when it was made until it was removed.
type Code struct {
	Tenant
	ID      CodeID     `db:"id"`
	Code    string     `db:"code"` // as it was typed; compared without regard to case
	Partner PartnerID  `db:"partner_id"`
	From    time.Time  `db:"made_at"`
	Until   *time.Time `db:"removed_at"`

	PartnerKey string `db:"partner_key"`
}

// HoldsAt tells whether the code stood for its partner at that moment (D14).
func (c Code) HoldsAt(at time.Time) bool {
	return !at.Before(c.From) && (c.Until == nil || at.Before(*c.Until))
}

// NormalCode is how codes are compared: trimmed and in lower case.
func NormalCode(code string) string { return strings.ToLower(strings.TrimSpace(code)) }

// Click is a visit through a partner's link. It speaks for payments made after it.
type Click struct {
	Tenant
	ID      string    `db:"id"`
	Partner PartnerID `db:"partner_id"`
	At      time.Time `db:"at"`
}
