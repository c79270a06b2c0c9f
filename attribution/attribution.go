// Package attribution says which partner earned a payment, and why. It knows no clock, no database and no network:
// all it may know of a tenant stands in Lookups, as it was when the payment was made (FEATURES.md D14).
//
// A customer-based program asks in this order, and the first question with an answer ends it (D13):
//
//  0. manual: did a person give it to a partner? Asked of no other payment
//  1. api: does the API call name a partner? It is looked at before all else (F66, F80)
//  2. customer_id: is the customer, found by id, linked to a partner? (F81)
//  3. email: is a customer with this e-mail linked to a partner? (F82)
//  4. metadata: does metadata name a partner, place by place (D1, D3)?
//  5. client_reference: does the client reference name one (D4)?
//  6. coupon: does a coupon or promotion code stand for one (F60)?
//  7. click: did the customer come through a partner's link?
//
// Where coupons beat links, 6 stands before 2: the coupon decides its own sale and leaves the customer whose they are.
// A key that is unknown, or whose partner is not active, is said and passed over, never an error (F68, F69). A
// customer whose own partner is not active earns for nobody: no other clue may take them over (F94).
package attribution

import (
	"strings"

	"portal/models"
)

// A transaction-based program asks metadata before it asks who the customer belongs to: the payment decides, and one
// customer can earn for several partners (F62, F66). What it finds ties nobody: the customer's own record stays as it is.
// Whoever is found, one more question is asked of every clue but a person's word and the API's: is the customer the
// partner (MONEY.md 2.6)?

// The policies. A decision keeps the name of the one it was made under, and an old payment its own (F65).
const (
	Policy                  = "customer-2"
	CouponsFirst            = "customer-2-coupons"
	TransactionBased        = "transaction-2"
	TransactionCouponsFirst = "transaction-2-coupons"
)

// policies are the orders of questions. A new question is a function and a place in them.
var policies = map[string][]question{
	"customer-1":            {byHand, apiCall, customerID, email, metadata, clientReference},
	"transaction-1":         {byHand, apiCall, metadata, customerID, email, clientReference},
	Policy:                  {byHand, apiCall, customerID, email, metadata, clientReference, coupon, click},
	CouponsFirst:            {byHand, apiCall, coupon, customerID, email, metadata, clientReference, click},
	TransactionBased:        {byHand, apiCall, metadata, customerID, email, clientReference, coupon, click},
	TransactionCouponsFirst: {byHand, apiCall, metadata, coupon, customerID, email, clientReference, click},
}

// PolicyOf is the policy of a program's settings.
func PolicyOf(p models.Program) string {
	switch {
	case p.AttributionModel == "transaction" && p.CouponBeatsLink:
		return TransactionCouponsFirst
	case p.AttributionModel == "transaction":
		return TransactionBased
	case p.CouponBeatsLink:
		return CouponsFirst
	}
	return Policy
}

// ByTransaction tells whether by a policy the payment itself names its partner first (F62).
func ByTransaction(policy string) bool { return strings.HasPrefix(policy, "transaction-") }

// AsksCouponsFirst tells whether by a policy a coupon goes before the customer's link.
func AsksCouponsFirst(policy string) bool { return strings.HasSuffix(policy, "-coupons") }

// Lookups is what the rules may know of the tenant at the payment's own time. Inbox gathers it.
type Lookups struct {
	ByID     *models.Link                        // link of the customer found by the provider's id or the API's key, as it holds at the payment's paid_at; nil if none
	ByEmail  *models.Link                        // link of a customer found only by e-mail, likewise
	Partners map[string]models.Partner           // by key: every partner whose key the clues name
	Linked   map[models.PartnerID]models.Partner // the partners that the links, or a person's choice, name
	Codes    map[string]models.Partner           // by code in lower case: whose it is at paid_at
	Click    *models.Partner                     // whose link the payment's click was on, before paid_at; nil if none
}

// question looks at one clue. It is asked only while no question before it has settled the matter.
type question func(models.Payment, Lookups) answer

// answer is what a question found. Settled without a partner means that nobody earns the payment.
type answer struct {
	steps   []models.Step
	partner *models.Partner
	by      models.AttributedBy
	place   string // of the metadata that named the partner
	links   bool   // the clue ties an unlinked customer to its partner
	settled bool
}

// Decide asks the questions of the payment's policy, or of Policy when it has none, until one is settled. Links is true when a clue other than a link found the
// partner and the customer had no link; a payment without a customer has nothing to link. The sentences of the steps
// hold partner keys and clues, never the customer's own data.
func Decide(p models.Payment, l Lookups) models.Decision {
	l.ByID, l.ByEmail = notOf(p, l.ByID), notOf(p, l.ByEmail)
	d := models.Decision{Policy: p.Policy}
	if policies[d.Policy] == nil {
		d.Policy = Policy
	}
	for _, ask := range policies[d.Policy] {
		a := selfReferral(p, ask(p, l))
		d.Steps = append(d.Steps, a.steps...)
		if a.settled {
			d.Partner, d.By, d.Place = a.partner, a.by, a.place
			d.Links = a.links && l.ByID == nil && l.ByEmail == nil && !ForPayment(d)
			d.Open = ByTransaction(d.Policy) && d.Place == "" && d.By != models.ByHand && d.By != models.ByAPI
			return d
		}
	}
	d.Open = true
	d.Steps = append(d.Steps, models.Step{Rule: "unattributed", Verdict: models.NoMatch, Because: "no question found a partner"})
	return d
}

// ForPayment tells that the payment itself named its partner in a transaction-based program: it belongs to the customer's
// record with that partner, a composite one (F67, F70).
func ForPayment(d models.Decision) bool {
	return ByTransaction(d.Policy) && d.Partner != nil && (d.By == models.ByMetadata || d.By == models.ByAPI)
}

// notOf passes over a link that this very payment made, so that deciding again finds what it found at first (D14).
func notOf(p models.Payment, link *models.Link) *models.Link {
	if link != nil && link.Payment != nil && *link.Payment == p.ID {
		return nil
	}
	return link
}
