package models

import (
	"slices"
	"strings"
	"time"
)

// PaymentKind says whether money came for the first time or again.
type PaymentKind string

// The kinds of payment.
const (
	Sale    PaymentKind = "sale"
	Renewal PaymentKind = "renewal"
)

// Clue is one metadata value that came with the money, and the place it stood in (D3).
type Clue struct{ Place, Name, Value string }

// Clues is everything that came with the money and may name a partner.
type Clues struct {
	Metadata        []Clue   `json:",omitempty"`
	ClientReference string   `json:",omitempty"`
	Carried         []Clue   `json:",omitempty"` // client references of the sessions that made the subscription or the customer (D2)
	Coupons         []Clue   `json:",omitempty"` // codes, promotion codes and coupons that took something off
	Unread          []string `json:",omitempty"` // discounts of which only an id is known: promo_, di_, or the session that had one
	Click           string   `json:",omitempty"` // the id of a click on a partner's link
	Partner         string   `json:",omitempty"` // named by an API call
}

// Named are the values that may be partner keys, each once. A text longer than any key names nobody.
func (c Clues) Named() []string {
	named := []string{}
	add := func(key string) {
		if IsPartnerKey(key) && !slices.Contains(named, key) {
			named = append(named, key)
		}
	}
	add(c.Partner)
	add(c.ClientReference)
	for _, clue := range slices.Concat(c.Metadata, c.Carried) {
		add(clue.Value)
	}
	return named
}

// Beside are what the clues name besides partner keys, in lower case and each once: coupons, discounts, a click. A text
// longer than any of these can be names nothing.
func (c Clues) Beside() []string {
	named := []string{}
	add := func(name string) {
		if name = strings.ToLower(name); name != "" && len(name) <= 255 && !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	for _, clue := range c.Coupons {
		add(clue.Value)
	}
	for _, id := range c.Unread {
		add(id)
	}
	add(c.Click)
	return named
}

// PaymentCustomer is who paid, as the provider tells it. Any field may be empty.
type PaymentCustomer struct {
	StripeID string `json:",omitempty"`
	Key      string `json:",omitempty"` // the key an API call gives
	Email    string `json:",omitempty"`
	Name     string `json:",omitempty"`
	FindOnly bool   `json:",omitempty"` // do not make a customer that is not known
}

// Line is one part of a payment: its net share and what was sold.
type Line struct {
	Product     string `json:",omitempty"`
	ProductType string `json:",omitempty"`
	Net         int64  // weight, in the payment's smallest unit; the payment's base is split by it
}

// Telling is what one provider object says about one movement of customer money. The tellings of one payment are
// kept side by side and combined, so that the order in which they came does not matter (MONEY.md 2.1).
type Telling struct {
	Source       SourceName
	Object       string      // the object that tells: cs_, in_, ch_, pi_, or the API's key
	Rank         int         // whose word on amounts goes first: the greatest
	At           time.Time   // when the provider made the event; of one object the newest telling stays
	Counts       bool        // money was collected, and this object may say how much
	InvoiceKnown bool        // the telling settles whether an invoice stands behind the money
	Invoice      string      `json:",omitempty"`
	Intent       string      `json:",omitempty"`
	Charge       string      `json:",omitempty"`
	Session      string      `json:",omitempty"`
	Subscription string      `json:",omitempty"` // which the money pays for; no id of the money itself
	Key          string      `json:",omitempty"` // the API's own
	Program      *ProgramID  `json:",omitempty"` // whose API key told; nil of a provider's word
	Kind         PaymentKind `json:",omitempty"`
	Gross, Base  Money
	Lines        []Line `json:",omitempty"`
	Customer     PaymentCustomer
	Clues        Clues
	Knows        []string `json:",omitempty"` // the places whose metadata was seen, whether it names anybody or not (D3)
	Shipping     int64    `json:",omitempty"` // the part of Base that is shipping
	Outside      bool     `json:",omitempty"` // it was paid outside the provider
	OutsideOpen  bool     `json:",omitempty"` // the telling leaves open whether it was
	Cut          bool     `json:",omitempty"` // there are more lines than Lines holds
	PaidAt       time.Time
	Body         string `json:",omitempty"` // the digest of an API call, to tell a repeat from a contradiction

	Listed *time.Time `json:",omitempty"` // a list of the past told it, not an event: when the connection began
	Again  bool       `json:",omitempty"` // an event told it that speaks of money from before, such as its refund
}

// Announced tells whether an event told of this money when it came in.
func (t Telling) Announced() bool { return t.Listed == nil && !t.Again }

// Aliases are all the ids this telling knows the money by.
func (t Telling) Aliases() []string {
	var ids []string
	for _, id := range []string{t.Invoice, t.Intent, t.Charge, t.Session, t.Key} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Payment is one movement of customer money, told the same way for every source.
type Payment struct {
	Tenant
	ID       PaymentID
	Via      ProgramID // the program it earns in (D15)
	Asked    ProgramID // whose API key told of it; zero when no API call did
	Source   SourceName
	Key      string // the money's id: its invoice, else payment intent, else charge, else the API's key
	Aliases  []string
	Counted  bool // false while only hints of it have come
	Kind     PaymentKind
	Gross    Money // collected from the customer
	Base     Money // what commission is counted on (MONEY.md 2.3)
	Lines    []Line
	Customer PaymentCustomer
	Clues    Clues
	PaidAt   time.Time
	Policy   string // the order of questions it is decided by, kept from its first decision
	Terms    Terms  // the program's settings when the payment was first kept
	Choice   *Choice

	Subscription string
	Knows        []string // the places whose metadata came with the money
	Unknown      []string // the places whose metadata nobody has told so far
	Shipping     int64    // the part of Base that is shipping
	Outside      bool     // it was paid outside the provider
	OutsideOpen  bool     // nobody has told whether it was

	Listed *time.Time // lists of the past alone tell of it: when the connection began; nil when an event announced it
}

// IsPast tells whether a payment was made before the connection and is known by an import without commissions alone: it
// earns nothing (MONEY.md 3.4).
func (p Payment) IsPast() bool { return p.Listed != nil && p.PaidAt.Before(*p.Listed) }

// Terms are the settings of a program that act on new payments only: each payment keeps those it began with. The zero
// value is that of payments from before there were such settings.
type Terms struct {
	SelfReferral string `json:"self_referral,omitempty"` // refuse, flag; empty: nobody asks whether the partner paid
	NoShipping   bool   `json:"no_shipping,omitempty"`   // shipping earns nothing
	NoOutside    bool   `json:"no_outside,omitempty"`    // what was paid outside the provider is not counted

	// Programs are those that could earn from the payment, the oldest first, where several share the provider's account (D15).
	Programs []ProgramTerms `json:"programs,omitempty"`
}

// ProgramTerms are the settings that a payment began with, of one of several programs.
type ProgramTerms struct {
	Program ProgramID `json:"program"`
	Policy  string    `json:"policy"`
	Terms
}

// TermsOf are the settings of a program that a new payment begins with.
func TermsOf(p Program) Terms {
	return Terms{SelfReferral: p.SelfReferral, NoShipping: !p.CountShipping, NoOutside: !p.CountOutOfBand}
}

// BaseOn is what commission is counted on under a program's settings (MONEY.md 2.3).
func (p Payment) BaseOn(t Terms) Money {
	base := p.Base
	if t.NoShipping {
		base.Minor -= p.Shipping
	}
	return base
}

// Choice is a person's word on whose a payment is. It goes before every clue.
type Choice struct {
	Partner PartnerID
	Reason  string
	By      string
	At      time.Time
}

// ReversalKind is how money went back, or is at stake.
type ReversalKind string

// The kinds of reversal (MONEY.md 2.5).
const (
	RefundTotal ReversalKind = "refund_total" // what a charge says was refunded of it so far
	Refund      ReversalKind = "refund"       // one refund, by its own id
	Dispute     ReversalKind = "dispute"
	CreditNote  ReversalKind = "credit_note" // its part that was given back outside the provider
)

// ReversalState is what a reversal means for the commission.
type ReversalState string

// The states of a reversal.
const (
	Takes ReversalState = "takes" // the money went back
	Holds ReversalState = "holds" // nobody knows yet: the commission is not payable meanwhile
	Rests ReversalState = "rests" // no money went back, or it came back: failed, won, withdrawn
)

// Reversal is money that went back to the customer: the state of one key, never a delta (D5).
type Reversal struct {
	Of     []string // any ids of the money
	Charge string   // whose money it is a part of: the amount counts by its share of what this charge took; empty when it is not told
	Key    string   // what this is the state of: a charge, a refund, a dispute, a credit note
	Kind   ReversalKind
	State  ReversalState
	Amount Money     // what went back under this key, or is at stake
	Made   time.Time // when the refund, dispute or credit note itself was made
	At     time.Time // when the provider made the event; the newest state stays
	Says   string    // its status in the provider's words, such as needs_response
}

// Question is what only the provider can answer: whose invoice is this charge? (MONEY.md 2.2)
type Question struct {
	Charge string
	Intent string
}

// Want is one thing that the provider is asked to show. Nothing waits for it: the payment counts already.
type Want struct {
	Kind string // customer, subscription, payment_intent: its metadata; promotion_code, session, invoice: its discounts; lines: all of an invoice's
	ID   string
}

// String names it as the kept answer does: "customer cus_1".
func (w Want) String() string { return w.Kind + " " + w.ID }

// FactKind is how a fact was learned.
type FactKind string

// The kinds of facts.
const (
	ByEvent   FactKind = "event"   // the provider told it by itself
	ByAnswer  FactKind = "answer"  // it was asked for; what events tell goes before it
	BySession FactKind = "session" // a session told it, of the subscription or the customer which it made (D2)
)

// Fact is what is known of a customer, a subscription, a payment intent or a discount, beside the payments it touches:
// the clues it gives from a moment on, and what it gave before (D14).
type Fact struct {
	Subject     string // cus_…, sub_…, pi_…, promo_…, di_…, cs_…, in_…
	Kind        FactKind
	At          time.Time // from when it holds
	Key         string    // breaks ties of one second, the same way in any order
	Says        []Clue    `json:",omitempty"`
	Before      []Clue    `json:",omitempty"` // what held until then
	BeforeKnown bool      `json:",omitempty"`
}

// News is what one event tells. An event that says nothing has a reason in Silent.
type News struct {
	Tellings  []Telling
	Reversals []Reversal
	Facts     []Fact    `json:",omitempty"`
	Ask       *Question // must be answered before the tellings can be counted, unless the money is known already
	Silent    string
}

// Step is one question asked and its answer. The "why" pages print these and nothing else.
type Step struct {
	Rule    string `json:"rule"`
	Verdict string `json:"verdict"`
	Because string `json:"because"`
}

// The verdicts of a step.
const (
	Matched  = "matched"
	NoMatch  = "no_match"
	Skipped  = "skipped"
	Refused  = "refused"
	Computed = "computed"
	Flagged  = "flagged"
)

// AttributedBy names the clue that found the partner.
type AttributedBy string

// The ways a payment finds its partner (CONTRACT.md 5).
const (
	ByMetadata        AttributedBy = "metadata"
	ByClientReference AttributedBy = "client_reference"
	ByCoupon          AttributedBy = "coupon"
	ByClick           AttributedBy = "click"
	ByCustomerID      AttributedBy = "customer_id"
	ByEmail           AttributedBy = "email"
	ByAPI             AttributedBy = "api"
	ByHand            AttributedBy = "manual"
)

// Decision says which partner a payment belongs to, and why.
type Decision struct {
	Partner *Partner
	By      AttributedBy
	Links   bool // the customer belongs to this partner from now on
	Policy  string
	Place   string // where the metadata stood that settled it; empty when no metadata did
	Open    bool   // more metadata could still change it: it found nobody, or the payment itself was to name its partner and did not
	Steps   []Step
}
