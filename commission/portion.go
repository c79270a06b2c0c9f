package commission

import "portal/models"

// portion is the part of a payment that one rule covers.
type portion struct {
	rule  *models.Rule   // nil: no rule covers it
	parts []models.Money // the base of each line
	whole bool           // the base was not split
}

// cover gives each part of the payment's base to the most specific rule. The base is split over the lines by what
// each cost only if a rule asks for the product; so discounts and tax are spread, not ignored (P11).
func cover(rules []models.Rule, p models.Payment, partner string) []portion {
	lines, parts := []models.Line{{}}, []models.Money{p.Base}
	whole := len(p.Lines) == 0 || !asksForProduct(rules, partner)
	if !whole {
		lines, parts = p.Lines, Split(p.Base, weights(p.Lines))
	}
	var portions []portion
	place := map[*models.Rule]int{}
	for i, line := range lines {
		rule := mostSpecific(rules, line, partner)
		at, seen := place[rule]
		if !seen {
			at = len(portions)
			place[rule] = at
			portions = append(portions, portion{rule: rule, whole: whole})
		}
		portions[at].parts = append(portions[at].parts, parts[i])
	}
	return portions
}

// mostSpecific is the rule that wins for a line: partner and product, partner, product, product type, all (CONTRACT.md 5).
// Of two alike, which Validate refuses, the first.
func mostSpecific(rules []models.Rule, line models.Line, partner string) *models.Rule {
	var best *models.Rule
	for i, r := range rules {
		if covers(r.Partner, partner) && covers(r.Product, line.Product) && covers(r.ProductType, line.ProductType) &&
			(best == nil || rank(r) > rank(*best)) {
			best = &rules[i]
		}
	}
	return best
}

func covers(asked *string, is string) bool { return asked == nil || *asked == is }

// rank orders rules by what they ask for: the partner weighs more than the product, and that more than its type.
func rank(r models.Rule) int {
	rank := 0
	for _, asked := range []*string{r.Partner, r.Product, r.ProductType} {
		rank *= 2
		if asked != nil {
			rank++
		}
	}
	return rank
}

func asksForProduct(rules []models.Rule, partner string) bool {
	for _, r := range rules {
		if covers(r.Partner, partner) && (r.Product != nil || r.ProductType != nil) {
			return true
		}
	}
	return false
}

func weights(lines []models.Line) []int64 {
	var nets []int64
	for _, line := range lines {
		nets = append(nets, line.Net)
	}
	return nets
}
