package attribution_test

import (
	"slices"
	"testing"

	"portal/attribution"
	"portal/models"
)

func coupons(values ...string) models.Clues {
	var c models.Clues
	for _, v := range values {
		c.Coupons = append(c.Coupons, clue("session", "code", v))
	}
	return c
}

// F33, F60, D13, MONEY.md 2.6: coupons and clicks are asked after the client reference, and coupons before the customer's
// link where the program says so. Payments of 1 March 2026.
func TestCouponsAndClicksFindPartners(t *testing.T) {
	t.Parallel()
	first := attribution.CouponsFirst
	for name, c := range map[string]struct {
		policy  string
		clues   models.Clues
		click   *models.Partner
		linked  bool
		partner string
		by      models.AttributedBy
		links   bool
		last    models.Step
	}{
		"a code stands for a partner, whatever its case": {clues: coupons("SAVE20"), partner: "PARTNER_B", by: models.ByCoupon, links: true,
			last: models.Step{Rule: "coupon", Verdict: "matched", Because: `the code "SAVE20" stands for PARTNER_B, an active partner`}},
		"the first of several codes that stands for an active partner": {clues: coupons("nobody", "paused10", "save20"), partner: "PARTNER_B", by: models.ByCoupon, links: true,
			last: models.Step{Rule: "coupon", Verdict: "matched", Because: `the code "save20" stands for PARTNER_B, an active partner`}},
		"codes that stand for nobody, quoted": {clues: coupons("a\n'b'", "c"), partner: "",
			last: models.Step{Rule: "coupon", Verdict: "no_match", Because: `"a\n'b'", "c" stands for no partner`}},
		"a code of a partner who was paused": {clues: coupons("paused10"),
			last: models.Step{Rule: "coupon", Verdict: "refused", Because: `the code "paused10" stands for PAUSED, which was not active on 2026-03-01`}},
		"a discount that nobody could read": {clues: models.Clues{Unread: []string{"di_1"}},
			last: models.Step{Rule: "coupon", Verdict: "no_match", Because: "something was taken off, and which code did it is not known"}},
		"the customer's link goes before a coupon":               {clues: coupons("save20"), linked: true, partner: "PARTNER_A", by: models.ByCustomerID},
		"unless coupons beat links, for this alone":              {policy: first, clues: coupons("save20"), linked: true, partner: "PARTNER_B", by: models.ByCoupon},
		"a coupon that beats links ties the unlinked":            {policy: first, clues: coupons("save20"), partner: "PARTNER_B", by: models.ByCoupon, links: true},
		"an unknown coupon leaves the link":                      {policy: first, clues: coupons("nobody"), linked: true, partner: "PARTNER_A", by: models.ByCustomerID},
		"in a transaction-based program a coupon ties as in any": {policy: attribution.TransactionBased, clues: coupons("save20"), partner: "PARTNER_B", by: models.ByCoupon, links: true},
		"and where coupons beat links, before the link":          {policy: attribution.TransactionCouponsFirst, clues: coupons("save20"), linked: true, partner: "PARTNER_B", by: models.ByCoupon},
		"payments from before there were coupons are not asked":  {policy: "customer-1", clues: coupons("save20")},
		"a client reference goes before a coupon":                {clues: models.Clues{ClientReference: "PARTNER_A", Coupons: coupons("save20").Coupons}, partner: "PARTNER_A", by: models.ByClientReference, links: true},
		"a click on a partner's link": {clues: models.Clues{Click: "clk_1"}, click: &partnerB, partner: "PARTNER_B", by: models.ByClick, links: true,
			last: models.Step{Rule: "click", Verdict: "matched", Because: "the click was on a link of PARTNER_B, an active partner"}},
		"a click that nobody knows": {clues: models.Clues{Click: "clk\x00"},
			last: models.Step{Rule: "click", Verdict: "no_match", Because: `the click "clk\x00" is not known`}},
		"a click on a paused partner's link": {clues: models.Clues{Click: "clk_1"}, click: &paused,
			last: models.Step{Rule: "click", Verdict: "refused", Because: "the click was on a link of PAUSED, which was not active on 2026-03-01"}},
		"a coupon goes before a click": {clues: models.Clues{Click: "clk_1", Coupons: coupons("save20").Coupons}, click: &partnerA, partner: "PARTNER_B", by: models.ByCoupon, links: true},
		"the session that made the subscription gives its metadata": {clues: models.Clues{Metadata: []models.Clue{clue("subscription_session", "partner_key", "PARTNER_B"), clue("customer", "partner_key", "PARTNER_A")}},
			partner: "PARTNER_B", by: models.ByMetadata, links: true, last: models.Step{Rule: "metadata", Verdict: "matched",
				Because: "metadata partner_key on the session that made the subscription names PARTNER_B, an active partner"}},
		"the subscription's own metadata goes before its session's": {clues: models.Clues{Metadata: []models.Clue{clue("subscription_session", "partner_key", "PARTNER_B"), clue("subscription", "partner_key", "PARTNER_A")}},
			partner: "PARTNER_A", by: models.ByMetadata, links: true},
		"and its client reference": {clues: models.Clues{ClientReference: "NOBODY", Carried: []models.Clue{clue("customer_session", "client_reference", "PARTNER_B")}},
			partner: "PARTNER_B", by: models.ByClientReference, links: true, last: models.Step{Rule: "client_reference", Verdict: "matched",
				Because: "the client reference on the session that made the customer names PARTNER_B, an active partner"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lookups(nil, nil)
			if c.linked {
				l = lookups(linkTo(partnerA), nil)
			}
			l.Codes, l.Click = map[string]models.Partner{"save20": partnerB, "paused10": paused}, c.click
			d := attribution.Decide(models.Payment{PaidAt: march, Customer: known, Clues: c.clues, Policy: c.policy}, l)
			if keyOf(d) != c.partner || d.By != c.by || d.Links != c.links || attribution.ForPayment(d) {
				t.Errorf("%s by %q, links %v, for the payment %v: %s", keyOf(d), d.By, d.Links, attribution.ForPayment(d), walk(d))
			}
			if c.last.Rule != "" && !slices.Contains(d.Steps, c.last) {
				t.Errorf("steps %+v hold no %+v", d.Steps, c.last)
			}
		})
	}
}

// MONEY.md 2.6: a partner whose own address paid earns nothing, or is flagged, however they were found; a person's word
// and the API's stand, and a payment from before the setting is not asked.
func TestAPartnerWhoPaysThemselves(t *testing.T) {
	t.Parallel()
	self := partnerA
	self.Email = new(" John@X.com")
	l := lookups(linkTo(self), nil)
	l.Partners[self.Key], l.Linked[self.ID] = self, self
	given := &models.Choice{Partner: self.ID, Reason: "she may", By: "ann", At: january}
	metadata := models.Clues{Metadata: []models.Clue{clue("charge", "partner_key", "PARTNER_A")}}
	for name, c := range map[string]struct {
		policy, setting string
		p               models.Payment
		linked          bool
		partner         string
		verdict         string // of the step about it; empty for none
		open            bool
	}{
		"by their own link": {setting: "refuse", linked: true, verdict: models.Refused},
		"by metadata":       {setting: "refuse", p: models.Payment{Clues: metadata}, verdict: models.Refused},
		"by metadata, in a transaction-based one":      {setting: "refuse", policy: attribution.TransactionBased, p: models.Payment{Clues: metadata}, verdict: models.Refused},
		"by a client reference, which settles it":      {setting: "refuse", p: models.Payment{Clues: models.Clues{ClientReference: "PARTNER_A", Click: "clk_1"}}, verdict: models.Refused},
		"flagged, it earns":                            {setting: "flag", linked: true, partner: "PARTNER_A", verdict: models.Flagged},
		"before there was the setting":                 {linked: true, partner: "PARTNER_A"},
		"given by hand":                                {setting: "refuse", p: models.Payment{Choice: given}, partner: "PARTNER_A"},
		"named by an API call":                         {setting: "refuse", p: models.Payment{Clues: models.Clues{Partner: "PARTNER_A"}}, partner: "PARTNER_A"},
		"another's address":                            {setting: "refuse", linked: true, p: models.Payment{Customer: models.PaymentCustomer{StripeID: "cus_123", Email: "jane@x.com"}}, partner: "PARTNER_A"},
		"nobody's address":                             {setting: "refuse", linked: true, p: models.Payment{Customer: models.PaymentCustomer{StripeID: "cus_123"}}, partner: "PARTNER_A"},
		"a link in a transaction-based one stays open": {setting: "refuse", policy: attribution.TransactionBased, linked: true, verdict: models.Refused, open: true},
	} {
		p, look := c.p, l
		if p.Customer == (models.PaymentCustomer{}) {
			p.Customer = known
		}
		if !c.linked {
			look.ByID = nil
		}
		p.PaidAt, p.Policy, p.Terms = march, c.policy, models.Terms{SelfReferral: c.setting}
		d := attribution.Decide(p, look)
		var verdict string
		for _, s := range d.Steps {
			if s.Rule == "self_referral" {
				verdict = s.Verdict
			}
		}
		if keyOf(d) != c.partner || verdict != c.verdict || d.Open != c.open || d.Partner == nil && (d.Links || d.By != "") {
			t.Errorf("%s: %s by %q, verdict %q, open %v, links %v", name, keyOf(d), d.By, verdict, d.Open, d.Links)
		}
	}
}

// What nobody has told is said to be unknown, not to name nobody; and only what is open may still be changed by it.
func TestMetadataThatNobodyToldIsSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	p := models.Payment{PaidAt: march, Customer: known, Unknown: []string{"payment_intent", "customer"}}
	d := attribution.Decide(p, lookups(nil, nil))
	want := []models.Step{{Rule: "metadata", Verdict: models.Skipped, Because: "no metadata came that names a partner, on charge, session, invoice, subscription"},
		{Rule: "metadata", Verdict: models.Skipped, Because: "the metadata of the payment intent, customer is not known"}}
	if !d.Open || !slices.Equal(d.Steps[2:4], want) {
		t.Errorf("open %v, %+v", d.Open, d.Steps)
	}
	p.Clues.Metadata = []models.Clue{clue("session", "partner_key", "NOBODY"), clue("invoice", "partner_key", "PARTNER_A")}
	d = attribution.Decide(p, lookups(nil, nil))
	if got := walk(d); got != "customer_id no_match, email no_match, metadata no_match, metadata no_match, metadata skipped, metadata matched" || d.Open || d.Place != "invoice" {
		t.Errorf("open %v at %s: %s", d.Open, d.Place, got)
	}
	p.Clues.Metadata = p.Clues.Metadata[:1]
	if d = attribution.Decide(p, lookups(nil, nil)); !d.Open || d.Steps[len(d.Steps)-5].Because != "the metadata of the payment intent, customer is not known" {
		t.Errorf("open %v, %+v", d.Open, d.Steps)
	}
	p.Policy, p.Clues.Metadata = attribution.TransactionBased, nil
	if d = attribution.Decide(p, lookups(linkTo(partnerA), nil)); !d.Open || keyOf(d) != "PARTNER_A" {
		t.Errorf("a payment that did not name its partner in a transaction-based program: open %v", d.Open)
	}
	p.Clues.Partner = "PARTNER_B"
	if d = attribution.Decide(p, lookups(nil, nil)); d.Open {
		t.Error("an API call's partner is open")
	}
}
