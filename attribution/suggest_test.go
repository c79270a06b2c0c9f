package attribution_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"portal/attribution"
	"portal/models"
)

// owned is another customer's record that belongs to a partner.
func owned(p models.Partner, key, email, name string) attribution.Neighbour {
	n := attribution.Neighbour{Customer: models.Customer{ID: models.NewID[models.CustomerID](january), Key: key}, Partner: p}
	if email != "" {
		n.Email = &email
	}
	if name != "" {
		n.Name = &name
	}
	return n
}

func composite(p models.Partner, key string) attribution.Neighbour {
	n := owned(p, key, "", "")
	n.Composite = true
	return n
}

// B2, D13: what speaks for each partner, the strongest first, with its reason.
func TestSuggest(t *testing.T) {
	t.Parallel()
	me := models.NewID[models.CustomerID](march)
	stranger := attribution.Stranger{Customer: me, Key: "stripe_cus_1", Emails: []string{" Ann@Acme.example "}, Names: []string{"Ann  Example"}}
	mine := owned(partnerA, "stripe_cus_1", "ann@acme.example", "Ann Example")
	mine.ID = me
	mail := "ann@acme.example"
	herself := partnerB
	herself.Email = &mail
	metadata := func(value string) models.Clues {
		return models.Clues{Metadata: []models.Clue{clue("session", "partner_key", value)}}
	}
	for name, c := range map[string]struct {
		emails     []string
		names      []string
		clues      models.Clues
		neighbours []attribution.Neighbour
		partners   []models.Partner
		coupons    []attribution.Coupon
		want       string // hint+hint KEY, in order
		because    string // of the first
	}{
		"nothing in common": {neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@other.example", "Bo Other")}, partners: everyone},
		"the same address, however it is written": {neighbours: []attribution.Neighbour{owned(partnerA, "k", "ANN@acme.example ", "")},
			want: "email+domain PARTNER_A", because: "another record with the address ann@acme.example belongs to PARTNER_A"},
		"the customer's own record says nothing": {neighbours: []attribution.Neighbour{mine}},
		"others at the same company": {neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@acme.example", ""), owned(partnerA, "l", "cy@ACME.example", ""), owned(partnerB, "m", "di@acme.example", "")},
			want: "domain PARTNER_A, domain PARTNER_B", because: "2 other customers at acme.example belong to PARTNER_A"},
		"one other at the same company": {neighbours: []attribution.Neighbour{owned(partnerB, "m", "di@acme.example", "")},
			want: "domain PARTNER_B", because: "another customer at acme.example belongs to PARTNER_B"},
		"a subdomain is another company":      {neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@eu.acme.example", "")}},
		"a mail host for everybody is none":   {emails: []string{"ann@gmail.com"}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@gmail.com", "")}},
		"nor is a country's part of one":      {emails: []string{"ann@yahoo.co.uk"}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@yahoo.co.uk", "")}},
		"what is no address has no company":   {emails: []string{"ann", "ann@localhost", ""}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@localhost", "")}},
		"the same name, however it is spaced": {emails: []string{""}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "x@gmail.com", "ann example")}, want: "name PARTNER_A", because: "a customer of the same name, ann example, belongs to PARTNER_A"},
		"one plain word is no name":           {emails: []string{""}, names: []string{"Ann"}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "", "Ann")}},
		"one word in another script is":       {emails: []string{""}, names: []string{"山田太郎"}, neighbours: []attribution.Neighbour{owned(partnerA, "k", "", "山田太郎")}, want: "name PARTNER_A"},
		"a payment of theirs named a partner": {neighbours: []attribution.Neighbour{composite(partnerB, "stripe_cus_1__pkey_PARTNER_B"), composite(partnerA, "stripe_cus_2__pkey_PARTNER_A")},
			want: "composite PARTNER_B", because: "another payment of this customer named PARTNER_B"},
		"a key in another case": {clues: metadata("partner_a"), partners: everyone,
			want: "key PARTNER_A, typo PARTNER_B", because: `metadata partner_key on the session says "partner_a", which is PARTNER_A but for case or spaces`},
		"a key with spaces around": {clues: models.Clues{ClientReference: " PARTNER_B\n"}, partners: []models.Partner{partnerB},
			want: "key PARTNER_B", because: `the client reference says " PARTNER_B\n", which is PARTNER_B but for case or spaces`},
		"a letter too many":                {clues: models.Clues{Partner: "PARTNERR_A"}, partners: everyone, want: "typo PARTNER_A", because: `the API call says "PARTNERR_A", one letter away from PARTNER_A`},
		"a letter too few":                 {clues: metadata("LATE"), partners: []models.Partner{later}, want: "typo LATER"},
		"two letters apart":                {clues: metadata("LATEST"), partners: []models.Partner{partnerA, {Key: "LAST"}}},
		"two letters in all":               {clues: metadata("AB"), partners: []models.Partner{{Key: "AC"}}},
		"a key of somebody not active yet": {clues: metadata("LATER"), partners: []models.Partner{later}, want: "was_inactive LATER", because: "metadata partner_key on the session names LATER, who was not active then"},
		"a coupon that stands for somebody only now": {clues: coupons("Spring", "Save20 "), coupons: []attribution.Coupon{{"save20", partnerB}, {"other", partnerA}},
			want: "coupon PARTNER_B", because: `the code "Save20 " stands for PARTNER_B now, and did not then`},
		"a reference that an earlier session carried": {clues: models.Clues{Carried: []models.Clue{clue("subscription", "client_reference_id", "later")}}, partners: []models.Partner{later},
			want: "key LATER", because: `the client reference of an earlier session says "later", which is LATER but for case or spaces`},
		"reasons add up, and a strong one goes before many": {clues: metadata("partner_b"), partners: []models.Partner{partnerB},
			neighbours: []attribution.Neighbour{owned(partnerA, "k", "bo@acme.example", "Ann Example"), owned(later, "l", "cy@acme.example", "")},
			want:       "key PARTNER_B, domain+name PARTNER_A, domain LATER"},
		"a partner's own purchase": {neighbours: []attribution.Neighbour{owned(herself, "k", "bo@acme.example", "")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stranger
			s.Clues = c.clues
			if c.emails != nil {
				s.Emails = c.emails
			}
			if c.names != nil {
				s.Names = c.names
			}
			found := attribution.Suggest(s, c.neighbours, c.partners, c.coupons)
			var got []string
			for _, f := range found {
				var hints []string
				for _, r := range f.Reasons {
					hints = append(hints, r.Hint)
				}
				got = append(got, strings.Join(hints, "+")+" "+f.Key)
			}
			if strings.Join(got, ", ") != c.want {
				t.Fatalf("got %q, want %q", strings.Join(got, ", "), c.want)
			}
			if c.because != "" && found[0].Reasons[0].Because != c.because {
				t.Errorf("because\n got %s\nwant %s", found[0].Reasons[0].Because, c.because)
			}
		})
	}
}

// A page has no room for everybody at a large company.
func TestAtMostFourPartnersAreSuggested(t *testing.T) {
	t.Parallel()
	var all []attribution.Neighbour
	for n := range 9 {
		p := models.Partner{ID: models.NewID[models.PartnerID](january), Key: fmt.Sprint("P", n)}
		all = append(all, owned(p, "k", fmt.Sprintf("c%d@acme.example", n), ""))
	}
	found := attribution.Suggest(attribution.Stranger{Emails: []string{"ann@acme.example"}}, all, nil, nil)
	var keys []string
	for _, f := range found {
		keys = append(keys, f.Key)
	}
	if !slices.Equal(keys, []string{"P0", "P1", "P2", "P3"}) {
		t.Errorf("suggested %v", keys)
	}
}

// What cannot be a key, trimmed and in lower case, is not looked for among keys.
func TestNearLooksForWhatCouldBeAKey(t *testing.T) {
	t.Parallel()
	c := models.Clues{Partner: "Nora", ClientReference: " NORA ", Metadata: []models.Clue{clue("charge", "partner_key", "two words"), clue("customer", "partner_key", "Atlas"), clue("charge", "x", "")}}
	if got := attribution.Near(c); !slices.Equal(got, []string{"nora", "atlas"}) {
		t.Errorf("looked for %q", got)
	}
}
