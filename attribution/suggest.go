package attribution

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"portal/models"
)

// Stranger is a payment without a partner: who paid, and all that came with it.
type Stranger struct {
	Customer models.CustomerID // zero when the payment came without one
	Key      string            // the customer's
	Emails   []string          // the customer's, and the payment's own
	Names    []string
	Clues    models.Clues
}

// Neighbour is another customer record that belongs to a partner now.
type Neighbour struct {
	models.Customer
	Partner models.Partner
}

// Coupon is a code that stands for a partner now, in lower case.
type Coupon struct {
	Code    string
	Partner models.Partner
}

// The hints, and how much each speaks for a partner. One that is stronger goes before any number of weaker ones.
var weights = map[string]int{"composite": 8, "email": 7, "coupon": 6, "key": 5, "was_inactive": 4, "typo": 3, "domain": 2, "name": 1}

// most is how many suggestions one payment gets.
const most = 4

// Suggest ranks the partners who may have brought a stranger, by what other customers, the partners' keys and their
// coupons have in common with the payment (B2). A partner is not suggested for a purchase of their own.
func Suggest(s Stranger, neighbours []Neighbour, partners []models.Partner, coupons []Coupon) []models.Suggestion {
	found := hints{}
	found.composites(s, neighbours)
	found.emails(s, neighbours)
	found.coupons(s, coupons)
	found.keys(s, partners)
	found.domains(s, neighbours)
	found.names(s, neighbours)
	var list []models.Suggestion
	for _, f := range found {
		if f.partner.Email == nil || !slices.Contains(normal(s.Emails), models.NormalEmail(*f.partner.Email)) {
			list = append(list, models.Suggestion{Partner: f.partner.ID, Key: f.partner.Key, Name: f.partner.Name, Reasons: f.reasons})
		}
	}
	slices.SortFunc(list, func(a, b models.Suggestion) int {
		return cmp.Or(cmp.Compare(weights[b.Reasons[0].Hint], weights[a.Reasons[0].Hint]), cmp.Compare(weight(b), weight(a)), cmp.Compare(a.Key, b.Key))
	})
	return list[:min(len(list), most)]
}

func weight(s models.Suggestion) (sum int) {
	for _, r := range s.Reasons {
		sum += weights[r.Hint]
	}
	return sum
}

// hints are what was found for each partner. They are looked for in the order of their weight.
type hints map[models.PartnerID]*hinted

type hinted struct {
	partner models.Partner
	reasons []models.Reason
}

// add keeps a reason, one of each hint for a partner.
func (h hints) add(p models.Partner, hint, because string) {
	if h[p.ID] == nil {
		h[p.ID] = &hinted{partner: p}
	}
	if f := h[p.ID]; !slices.ContainsFunc(f.reasons, func(r models.Reason) bool { return r.Hint == hint }) {
		f.reasons = append(f.reasons, models.Reason{Hint: hint, Because: because})
	}
}

// composites finds partners for whom this customer paid before, each payment naming its own (D13, F70).
func (h hints) composites(s Stranger, all []Neighbour) {
	for _, n := range all {
		if n.Composite && s.Key != "" && n.Key == s.Key+"__pkey_"+n.Partner.Key {
			h.add(n.Partner, "composite", "another payment of this customer named "+n.Partner.Key)
		}
	}
}

// emails finds partners to whom another record with the same address belongs.
func (h hints) emails(s Stranger, all []Neighbour) {
	for _, n := range others(s, all) {
		if n.Email != nil && slices.Contains(normal(s.Emails), models.NormalEmail(*n.Email)) {
			h.add(n.Partner, "email", fmt.Sprintf("another record with the address %s belongs to %s", models.NormalEmail(*n.Email), n.Partner.Key))
		}
	}
}

// coupons finds partners for whom a coupon of the payment stands now, though it did not when it was paid.
func (h hints) coupons(s Stranger, all []Coupon) {
	for _, clue := range s.Clues.Coupons {
		for _, c := range all {
			if models.NormalCode(clue.Value) == c.Code {
				h.add(c.Partner, "coupon", fmt.Sprintf("the code %q stands for %s now, and did not then", clue.Value, c.Partner.Key))
			}
		}
	}
}

// keys finds partners whose key is almost what came as a code: in another case or with spaces, of somebody who was not
// active then, or with one letter amiss.
func (h hints) keys(s Stranger, partners []models.Partner) {
	for _, hint := range []string{"key", "was_inactive", "typo"} {
		for _, c := range codes(s.Clues) {
			for _, p := range partners {
				if hint == near(c.value, p.Key) {
					h.add(p, hint, sayNear(hint, c, p.Key))
				}
			}
		}
	}
}

// code is a value that may have been meant as a partner's key, and where it stood.
type code struct{ where, value string }

func codes(c models.Clues) []code {
	list := []code{{"the API call", c.Partner}, {"the client reference", c.ClientReference}}
	for _, clue := range c.Metadata {
		list = append(list, code{"metadata " + clue.Name + " on the " + spoken(clue.Place), clue.Value})
	}
	for _, clue := range c.Carried {
		list = append(list, code{"the client reference of an earlier session", clue.Value})
	}
	return slices.DeleteFunc(list, func(c code) bool { return strings.TrimSpace(c.value) == "" })
}

// near tells how a code comes near a key; empty when it does not.
func near(code, key string) string {
	switch {
	case code == key:
		return "was_inactive" // a key that names an active partner would have been found
	case strings.EqualFold(strings.TrimSpace(code), key):
		return "key"
	case len(code) >= 3 && models.OneLetterApart(strings.ToLower(code), strings.ToLower(key)):
		return "typo"
	}
	return ""
}

func sayNear(hint string, c code, key string) string {
	switch hint {
	case "was_inactive":
		return fmt.Sprintf("%s names %s, who was not active then", c.where, key)
	case "key":
		return fmt.Sprintf("%s says %q, which is %s but for case or spaces", c.where, c.value, key)
	}
	return fmt.Sprintf("%s says %q, one letter away from %s", c.where, c.value, key)
}

// domains finds partners to whom others at the same company belong. A mail host for everybody is no company.
func (h hints) domains(s Stranger, all []Neighbour) {
	for _, domain := range Domains(s.Emails) {
		count := map[models.PartnerID]int{}
		of := map[models.PartnerID]models.Partner{}
		for _, n := range others(s, all) {
			if n.Email != nil && slices.Contains(Domains([]string{*n.Email}), domain) {
				count[n.Partner.ID]++
				of[n.Partner.ID] = n.Partner
			}
		}
		for id, n := range count {
			h.add(of[id], "domain", fmt.Sprintf("%s to %s", belong(n, domain), of[id].Key))
		}
	}
}

func belong(n int, domain string) string {
	if n == 1 {
		return "another customer at " + domain + " belongs"
	}
	return fmt.Sprintf("%d other customers at %s belong", n, domain)
}

// names finds partners to whom a customer of the same name belongs.
func (h hints) names(s Stranger, all []Neighbour) {
	mine := FoldedNames(s.Names)
	for _, n := range others(s, all) {
		if n.Name == nil {
			continue
		}
		if theirs := FoldedNames([]string{*n.Name}); len(theirs) > 0 && slices.Contains(mine, theirs[0]) {
			h.add(n.Partner, "name", fmt.Sprintf("a customer of the same name, %s, belongs to %s", *n.Name, n.Partner.Key))
		}
	}
}

// others are the records that are not the stranger's own, nor anybody's with one partner.
func others(s Stranger, all []Neighbour) []Neighbour {
	return slices.DeleteFunc(slices.Clone(all), func(n Neighbour) bool { return n.Composite || n.ID == s.Customer })
}

func normal(addresses []string) []string {
	var list []string
	for _, a := range addresses {
		if a = models.NormalEmail(a); a != "" {
			list = append(list, a)
		}
	}
	return list
}
