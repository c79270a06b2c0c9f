package models

import (
	"regexp"
	"strings"
	"time"
)

// Mode keeps test data and live data apart. Everything that money touches carries it.
type Mode string

// The two sides of a program (D16).
const (
	Test Mode = "test"
	Live Mode = "live"
)

// ModeOf is the side an event's livemode names.
func ModeOf(livemode bool) Mode {
	if livemode {
		return Live
	}
	return Test
}

// Tenant says whose data, and which side of it: the first argument of every statement about money.
type Tenant struct {
	Company CompanyID `db:"company_id"`
	Mode    Mode      `db:"mode"`
}

// SourceName is a provider that brings money news.
type SourceName string

// The sources this version reads.
const (
	SourceStripe SourceName = "stripe"
	SourceAPI    SourceName = "api"
)

// Company is a business that pays partners.
type Company struct {
	ID       CompanyID `db:"id"`
	Name     string    `db:"name"`
	Currency Currency  `db:"currency"` // what totals are shown in (F110)
}

// Program is one set of terms a company offers its partners.
type Program struct {
	Company          CompanyID `db:"company_id"`
	ID               ProgramID `db:"id"`
	Name             string    `db:"name"`
	Currency         Currency  `db:"currency"`
	AttributionModel string    `db:"attribution_model"` // customer, transaction (F61, F62)
	HoldDays         int       `db:"hold_days"`
	Refunds          string    `db:"refunds"` // automatic, manual (D9)
	CookieDays       int       `db:"cookie_days"`
	LandingURL       *string   `db:"landing_url"`
	CouponBeatsLink  bool      `db:"coupon_beats_link"` // a coupon decides its sale, whoever the customer belongs to
	SelfReferral     string    `db:"self_referral"`     // refuse, flag: what becomes of a payment by the partner's own address
	CountShipping    bool      `db:"count_shipping"`
	CountOutOfBand   bool      `db:"count_out_of_band"` // count what was paid outside Stripe
	CreatedAt        time.Time `db:"created_at"`
}

// Role is what a person may do in a company.
type Role string

// The roles of a company's people, and the one of a partner's.
const (
	Owner         Role = "owner"
	Admin         Role = "admin"
	Finance       Role = "finance"
	Viewer        Role = "viewer"
	PartnerMember Role = "partner"
)

// Person signs in. A person is one for the whole installation.
type Person struct {
	ID       PersonID `db:"id"`
	Email    string   `db:"email"`
	Name     string   `db:"name"`
	Password string   `db:"password_hash" json:"-"`
}

// Session is one signed-in browser, and the place in the house it stands in.
type Session struct {
	Person    PersonID   `db:"person_id"`
	Name      string     `db:"name"`
	Email     string     `db:"email"`
	Company   CompanyID  `db:"company_id"`
	Role      Role       `db:"role"`
	Partner   *PartnerID `db:"partner_id"`
	Mode      Mode       `db:"mode"`
	ExpiresAt time.Time  `db:"expires_at"`
}

// Tenant is whose data this session sees.
func (s Session) Tenant() Tenant { return Tenant{s.Company, s.Mode} }

// Caller is who holds an API key: one program, one mode.
type Caller struct {
	Tenant
	Program ProgramID `db:"program_id"`
	KeyName string    `db:"name"`
}

// Actor is who changed something, for the audit row.
type Actor struct {
	Person *PersonID
	Name   string // an address, or "API key ab12", or "Portal"
	Role   Role   // the person's; empty for a key and for Portal itself
}

// Audit is one thing a person, a key or Portal itself changed.
type Audit struct {
	At     time.Time `db:"at"`
	Actor  string    `db:"actor"`
	Action string    `db:"action"`
	Object string    `db:"object"`
	Note   string    `db:"note"`
}

// NormalEmail is how addresses are compared: trimmed and in lower case.
func NormalEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

var partnerKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// IsPartnerKey tells whether Stripe would carry this key unharmed as a client reference (D4).
func IsPartnerKey(key string) bool { return partnerKey.MatchString(key) }
