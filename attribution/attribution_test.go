package attribution_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/attribution"
	"portal/models"
)

var (
	january = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	march   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

	partnerA = models.Partner{ID: models.NewID[models.PartnerID](january), Key: "PARTNER_A", Status: models.PartnerActive, Active: models.Spans{{}}}
	partnerB = models.Partner{ID: models.NewID[models.PartnerID](january), Key: "PARTNER_B", Status: models.PartnerActive, Active: models.Spans{{}}}
	paused   = models.Partner{ID: models.NewID[models.PartnerID](january), Key: "PAUSED", Status: models.PartnerPaused, Active: models.Spans{{Until: &january}}}
	later    = models.Partner{ID: models.NewID[models.PartnerID](january), Key: "LATER", Status: models.PartnerBanned, Active: models.Spans{{Until: new(march.AddDate(0, 0, 1))}}}
	pending  = models.Partner{ID: models.NewID[models.PartnerID](january), Key: "PENDING", Status: models.PartnerPending}
	everyone = []models.Partner{partnerA, partnerB, paused, later, pending}
)

// lookups knows every partner, and the links given.
func lookups(byID, byEmail *models.Link) attribution.Lookups {
	l := attribution.Lookups{ByID: byID, ByEmail: byEmail, Partners: map[string]models.Partner{}, Linked: map[models.PartnerID]models.Partner{}}
	for _, p := range everyone {
		l.Partners[p.Key], l.Linked[p.ID] = p, p
	}
	return l
}

func linkTo(p models.Partner) *models.Link {
	return &models.Link{Partner: p.ID, From: january, Origin: "event"}
}

func clue(place, name, value string) models.Clue {
	return models.Clue{Place: place, Name: name, Value: value}
}

var known = models.PaymentCustomer{StripeID: "cus_123", Email: "john@x.com"}

// Each case is a payment of 1 March 2026. It shows F61, F66, F68, F69, F73, F74, F80-F82, F84, F94, D1, D3, D4, D13, D14.
func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		customer      models.PaymentCustomer
		clues         models.Clues
		byID, byEmail *models.Link
		partner       string // "" for nobody
		by            models.AttributedBy
		links         bool
		steps         string // rule verdict, in order
		because       string // of the last step
	}{
		"a customer linked by id pays their partner whatever the metadata says": {
			customer: known, clues: models.Clues{Metadata: []models.Clue{clue("charge", "partner_key", "PARTNER_B")}}, byID: linkTo(partnerA),
			partner: "PARTNER_A", by: models.ByCustomerID, steps: "customer_id matched", because: "the customer belongs to PARTNER_A since 2026-01-02"},
		"a customer linked by e-mail pays their partner": {
			customer: known, byEmail: linkTo(partnerA),
			partner: "PARTNER_A", by: models.ByEmail, steps: "customer_id no_match, email matched", because: "a customer with the same e-mail belongs to PARTNER_A since 2026-01-02"},
		"the id is asked before the e-mail": {
			customer: known, byID: linkTo(partnerB), byEmail: linkTo(partnerA),
			partner: "PARTNER_B", by: models.ByCustomerID, steps: "customer_id matched", because: "the customer belongs to PARTNER_B since 2026-01-02"},
		"a customer whose partner is paused pays nobody, and no clue takes them over": {
			customer: known, clues: models.Clues{ClientReference: "PARTNER_B"}, byID: linkTo(paused),
			steps: "customer_id refused", because: "the customer belongs to PAUSED, which was not active on 2026-03-01: nobody earns this payment"},
		"a partner banned after the payment earns it": {
			customer: known, byID: linkTo(later),
			partner: "LATER", by: models.ByCustomerID, steps: "customer_id matched", because: "the customer belongs to LATER since 2026-01-02"},
		"a link to a partner that was not looked up pays nobody": {
			customer: known, byID: &models.Link{Partner: models.NewID[models.PartnerID](march)},
			steps: "customer_id refused", because: "the customer is linked to a partner that is not known here: nobody earns this payment"},
		"the API's partner goes before the customer's link and does not change it": {
			customer: known, clues: models.Clues{Partner: "PARTNER_B"}, byID: linkTo(partnerA),
			partner: "PARTNER_B", by: models.ByAPI, steps: "api matched", because: "the API call names PARTNER_B, an active partner"},
		"the API's partner links a customer who has none": {
			customer: models.PaymentCustomer{Key: "user-1"}, clues: models.Clues{Partner: "PARTNER_B"},
			partner: "PARTNER_B", by: models.ByAPI, links: true, steps: "api matched", because: "the API call names PARTNER_B, an active partner"},
		"the API's unknown partner is passed over": {
			customer: known, clues: models.Clues{Partner: "NOBODY"}, byID: linkTo(partnerA),
			partner: "PARTNER_A", by: models.ByCustomerID, steps: "api no_match, customer_id matched", because: "the customer belongs to PARTNER_A since 2026-01-02"},
		"metadata on the session links the customer": {
			customer: known, clues: models.Clues{Metadata: []models.Clue{clue("session", "partner_key", "PARTNER_A")}},
			partner: "PARTNER_A", by: models.ByMetadata, links: true,
			steps:   "customer_id no_match, email no_match, metadata no_match, metadata no_match, metadata matched",
			because: "metadata partner_key on the session names PARTNER_A, an active partner"},
		"a key on the charge beats one on the customer, in whatever order they came": {
			customer: known, clues: models.Clues{Metadata: []models.Clue{clue("customer", "partner_key", "PARTNER_B"), clue("charge", "partnero_partner", "PARTNER_A")}},
			partner: "PARTNER_A", by: models.ByMetadata, links: true,
			steps:   "customer_id no_match, email no_match, metadata matched",
			because: "metadata partnero_partner on the charge names PARTNER_A, an active partner"},
		"in one place partner_key beats partnero_partner": {
			clues:   models.Clues{Metadata: []models.Clue{clue("charge", "partnero_partner", "PARTNER_B"), clue("charge", "partner_key", "PARTNER_A")}},
			partner: "PARTNER_A", by: models.ByMetadata, links: true,
			steps:   "customer_id skipped, email skipped, metadata matched",
			because: "metadata partner_key on the charge names PARTNER_A, an active partner"},
		"unknown, empty, paused and pending keys are passed over for the next place": {
			customer: known, clues: models.Clues{Metadata: []models.Clue{
				clue("charge", "partner_key", "INVALID"), clue("charge", "partnero_partner", " "), clue("payment_intent", "partner_key", "PAUSED"),
				clue("session", "partner_key", "PENDING"), clue("customer", "partner_key", "PARTNER_B")}},
			partner: "PARTNER_B", by: models.ByMetadata, links: true,
			steps:   "customer_id no_match, email no_match, metadata no_match, metadata skipped, metadata refused, metadata refused, metadata no_match, metadata no_match, metadata matched",
			because: "metadata partner_key on the customer names PARTNER_B, an active partner"},
		"keys are matched exactly: neither trimmed nor in another case": {
			clues: models.Clues{Metadata: []models.Clue{clue("customer", "partner_key", "partner_a"), clue("customer", "partnero_partner", "PARTNER_A ")}, ClientReference: "PARTNER_B"},
			by:    models.ByClientReference, partner: "PARTNER_B", links: true,
			steps:   "customer_id skipped, email skipped, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, client_reference matched",
			because: "the client reference names PARTNER_B, an active partner"},
		"a place that D3 does not know comes last": {
			clues:   models.Clues{Metadata: []models.Clue{clue("order", "partner_key", "PARTNER_B"), clue("customer", "partner_key", "PARTNER_A")}},
			partner: "PARTNER_A", by: models.ByMetadata, links: true,
			steps:   "customer_id skipped, email skipped, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata matched",
			because: "metadata partner_key on the customer names PARTNER_A, an active partner"},
		"a place that D3 does not know is asked all the same": {
			clues:   models.Clues{Metadata: []models.Clue{clue("order", "partner_key", "PARTNER_B")}},
			partner: "PARTNER_B", by: models.ByMetadata, links: true,
			steps:   "customer_id skipped, email skipped, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata matched",
			because: "metadata partner_key on the order names PARTNER_B, an active partner"},
		"metadata under other names is no clue": {
			clues: models.Clues{Metadata: []models.Clue{clue("charge", "partner", "PARTNER_A")}},
			steps: "customer_id skipped, email skipped, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, metadata no_match, client_reference skipped, coupon skipped, click skipped, unattributed no_match", because: "no question found a partner"},
		"the client reference is asked after metadata": {
			customer: known, clues: models.Clues{ClientReference: "PARTNER_A"},
			partner: "PARTNER_A", by: models.ByClientReference, links: true,
			steps:   "customer_id no_match, email no_match, metadata skipped, client_reference matched",
			because: "the client reference names PARTNER_A, an active partner"},
		"a payment without any clue is unattributed": {
			customer: known, steps: "customer_id no_match, email no_match, metadata skipped, client_reference skipped, coupon skipped, click skipped, unattributed no_match", because: "no question found a partner"},
		"a guest with a paused partner's reference is unattributed": {
			clues: models.Clues{ClientReference: "PAUSED"}, steps: "customer_id skipped, email skipped, metadata skipped, client_reference refused, coupon skipped, click skipped, unattributed no_match", because: "no question found a partner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := attribution.Decide(models.Payment{Customer: c.customer, Clues: c.clues, PaidAt: march}, lookups(c.byID, c.byEmail))
			if keyOf(d) != c.partner || d.By != c.by || d.Links != c.links || d.Policy != attribution.Policy {
				t.Errorf("got %s by %q, links %v, policy %s; want %s by %q, links %v", keyOf(d), d.By, d.Links, d.Policy, c.partner, c.by, c.links)
			}
			if got := walk(d); got != c.steps {
				t.Errorf("steps\n got %s\nwant %s", got, c.steps)
			}
			if got := d.Steps[len(d.Steps)-1].Because; got != c.because {
				t.Errorf("because\n got %s\nwant %s", got, c.because)
			}
		})
	}
}

// A renewal of the customer finds the link; deciding the first payment again must not (D14).
func TestALinkThatThePaymentMadeItselfDoesNotAnswerForIt(t *testing.T) {
	t.Parallel()
	p := models.Payment{ID: models.NewID[models.PaymentID](march), Customer: known, PaidAt: march, Clues: models.Clues{ClientReference: "PARTNER_A"}}
	link := linkTo(partnerA)
	link.Payment = &p.ID
	d := attribution.Decide(p, lookups(link, link))
	if d.By != models.ByClientReference || !d.Links {
		t.Errorf("the first payment, decided again: by %s, links %v", d.By, d.Links)
	}
	renewal := p
	renewal.ID, renewal.Clues = models.NewID[models.PaymentID](march), models.Clues{}
	if d := attribution.Decide(renewal, lookups(link, nil)); d.By != models.ByCustomerID || keyOf(d) != "PARTNER_A" {
		t.Errorf("the renewal: %s by %s", keyOf(d), d.By)
	}
}

func TestForeignValuesAreQuotedAndTheCustomersOwnDataIsNotRepeated(t *testing.T) {
	t.Parallel()
	p := models.Payment{Customer: known, PaidAt: march, Clues: models.Clues{ClientReference: "a\x00<b>\n'; --"}}
	var said string
	for _, s := range attribution.Decide(p, lookups(nil, nil)).Steps {
		said += s.Because + "|"
	}
	if !strings.Contains(said, `"a\x00<b>\n'; --"`) || strings.ContainsRune(said, 0) {
		t.Errorf("not quoted: %s", said)
	}
	if strings.Contains(said, known.Email) || strings.Contains(said, known.StripeID) {
		t.Errorf("the customer is repeated: %s", said)
	}
}

// Whatever comes: no panic, every step has its words, only an active partner is found, and only the last step decides.
func TestAnyPaymentGetsADecisionThatExplainsItself(t *testing.T) {
	keys := []string{"", " ", "NOBODY", "PARTNER_A", "PARTNER_B", "PAUSED", "LATER", "PENDING", "'; DROP"}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(keys)
		link := rapid.Custom(func(t *rapid.T) *models.Link {
			if n := rapid.IntRange(-1, len(everyone)-1).Draw(t, "linked to"); n >= 0 {
				return linkTo(everyone[n])
			}
			return nil
		})
		clues := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) models.Clue {
			return clue(rapid.SampledFrom([]string{"charge", "session", "customer", "order"}).Draw(t, "place"), rapid.SampledFrom([]string{"partner_key", "partnero_partner", "x"}).Draw(t, "name"), key.Draw(t, "value"))
		}), 0, 6).Draw(t, "metadata")
		p := models.Payment{PaidAt: march, Customer: known, Clues: models.Clues{Metadata: clues, ClientReference: key.Draw(t, "reference"), Partner: key.Draw(t, "api")}}
		byID, byEmail := link.Draw(t, "by id"), link.Draw(t, "by e-mail")
		d := attribution.Decide(p, lookups(byID, byEmail))
		if d.Partner != nil && (!d.Partner.ActiveAt(march) || d.By == "") || d.Partner == nil && (d.By != "" || d.Links) {
			t.Fatalf("%s by %q, links %v", keyOf(d), d.By, d.Links)
		}
		if d.Links && (byID != nil || byEmail != nil) {
			t.Fatal("a linked customer was linked again")
		}
		for i, s := range d.Steps {
			if s.Rule == "" || s.Because == "" || s.Verdict == models.Matched && i != len(d.Steps)-1 {
				t.Fatalf("step %d of %d: %+v", i, len(d.Steps), s)
			}
		}
		if again := attribution.Decide(p, lookups(byID, byEmail)); !slices.Equal(again.Steps, d.Steps) || keyOf(again) != keyOf(d) {
			t.Fatal("decided again, it differs")
		}
	})
}

func keyOf(d models.Decision) string {
	if d.Partner == nil {
		return ""
	}
	return d.Partner.Key
}

func walk(d models.Decision) string {
	var all []string
	for _, s := range d.Steps {
		all = append(all, s.Rule+" "+s.Verdict)
	}
	return strings.Join(all, ", ")
}
