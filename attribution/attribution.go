// Package attribution says which partner earned a payment, and why. It knows no clock, no database and no network:
// all it may know of a tenant stands in Lookups, as it was when the payment was made (FEATURES.md D14).
//
// A customer-based program asks in this order, and the first question with an answer ends it (D13):
//
//  1. api: does the API call name a partner? It is looked at before all else (F66, F80)
//  2. customer_id: is the customer, found by id, linked to a partner? (F81)
//  3. email: is a customer with this e-mail linked to a partner? (F82)
//  4. metadata: does metadata name a partner, place by place (D1, D3)?
//  5. client_reference: does the client reference name one (D4)?
//
// A key that is unknown, or whose partner is not active, is said and passed over, never an error (F68, F69). A
// customer whose own partner is not active earns for nobody: no other clue may take them over (F94).
package attribution

import "portal/models"

// Policy names this order of questions. A decision keeps the name of the policy it was made under.
const Policy = "customer-1"

// order is the policy. A new question is a function and a line here.
var order = []question{apiCall, customerID, email, metadata, clientReference}

// Lookups is what the rules may know of the tenant at the payment's own time. Inbox gathers it.
type Lookups struct {
	ByID     *models.Link                        // link of the customer found by the provider's id or the API's key, as it holds at the payment's paid_at; nil if none
	ByEmail  *models.Link                        // link of a customer found only by e-mail, likewise
	Partners map[string]models.Partner           // by key: every partner whose key the clues name
	Linked   map[models.PartnerID]models.Partner // the partners that the links name
}

// question looks at one clue. It is asked only while no question before it has settled the matter.
type question func(models.Payment, Lookups) answer

// answer is what a question found. Settled without a partner means that nobody earns the payment.
type answer struct {
	steps   []models.Step
	partner *models.Partner
	by      models.AttributedBy
	links   bool // the clue ties an unlinked customer to its partner
	settled bool
}

// Decide asks the questions of Policy until one is settled. Links is true when a clue other than a link found the
// partner and the customer had no link; a payment without a customer has nothing to link. The sentences of the steps
// hold partner keys and clues, never the customer's own data.
func Decide(p models.Payment, l Lookups) models.Decision {
	l.ByID, l.ByEmail = notOf(p, l.ByID), notOf(p, l.ByEmail)
	d := models.Decision{Policy: Policy}
	for _, ask := range order {
		a := ask(p, l)
		d.Steps = append(d.Steps, a.steps...)
		if a.settled {
			d.Partner, d.By = a.partner, a.by
			d.Links = a.links && l.ByID == nil && l.ByEmail == nil
			return d
		}
	}
	d.Steps = append(d.Steps, models.Step{Rule: "unattributed", Verdict: models.NoMatch, Because: "no question found a partner"})
	return d
}

// notOf passes over a link that this very payment made, so that deciding again finds what it found at first (D14).
func notOf(p models.Payment, link *models.Link) *models.Link {
	if link != nil && link.Payment != nil && *link.Payment == p.ID {
		return nil
	}
	return link
}
