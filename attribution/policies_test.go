package attribution_test

import (
	"testing"

	"portal/attribution"
	"portal/models"
)

// F62-F66, D13: in a transaction-based program the payment's own key goes before the customer's link, ties nobody, and
// an unknown one falls back to the link. A person's choice goes before everything in both.
func TestThePolicyOfAPaymentSaysInWhichOrderItIsAsked(t *testing.T) {
	t.Parallel()
	for want, program := range map[string]models.Program{
		attribution.Policy: {AttributionModel: "customer"}, attribution.CouponsFirst: {AttributionModel: "customer", CouponBeatsLink: true},
		attribution.TransactionBased: {AttributionModel: "transaction"}, attribution.TransactionCouponsFirst: {AttributionModel: "transaction", CouponBeatsLink: true},
	} {
		if got := attribution.PolicyOf(program); got != want {
			t.Errorf("%+v: policy %s, want %s", program, got, want)
		}
	}
	given := &models.Choice{Partner: partnerB.ID, Reason: "she called", By: "ann", At: january}
	nobody := &models.Choice{Partner: models.NewID[models.PartnerID](january), Reason: "?", By: "ann", At: january}
	for name, c := range map[string]struct {
		policy  string
		key     string
		choice  *models.Choice
		linked  bool
		partner string
		by      models.AttributedBy
		links   bool
		own     bool // for the payment alone
	}{
		"the payment names another partner than the link":    {attribution.TransactionBased, "PARTNER_B", nil, true, "PARTNER_B", models.ByMetadata, false, true},
		"the payment names a partner, nobody is linked":      {attribution.TransactionBased, "PARTNER_B", nil, false, "PARTNER_B", models.ByMetadata, false, true},
		"the payment names nobody known":                     {attribution.TransactionBased, "NOBODY", nil, true, "PARTNER_A", models.ByCustomerID, false, false},
		"the same in a customer-based program":               {attribution.Policy, "PARTNER_B", nil, true, "PARTNER_A", models.ByCustomerID, false, false},
		"a payment of a policy that is not known any more":   {"customer-0", "PARTNER_B", nil, false, "PARTNER_B", models.ByMetadata, true, false},
		"given by hand in a customer-based program":          {attribution.Policy, "PARTNER_A", given, true, "PARTNER_B", models.ByHand, false, false},
		"given by hand in a transaction-based program":       {attribution.TransactionBased, "PARTNER_A", given, true, "PARTNER_B", models.ByHand, false, false},
		"given by hand to a partner who is not known at all": {attribution.Policy, "PARTNER_A", nobody, true, "PARTNER_A", models.ByCustomerID, false, false},
	} {
		p := models.Payment{PaidAt: march, Customer: known, Policy: c.policy, Choice: c.choice,
			Clues: models.Clues{Metadata: []models.Clue{clue("charge", "partner_key", c.key)}}}
		l := lookups(nil, nil)
		if c.linked {
			l = lookups(linkTo(partnerA), nil)
		}
		d := attribution.Decide(p, l)
		if d.Partner == nil || d.Partner.Key != c.partner || d.By != c.by || d.Links != c.links || attribution.ForPayment(d) != c.own {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
