package commission

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"portal/models"
)

// The most that a rule's tiers may ask for.
const (
	mostTiers = 20
	mostSales = 1_000_000
)

// tierKinds are what tiers can look at. A new one is a function and a line here.
var tierKinds = map[string]tierKind{"sales": bySales, "revenue": byRevenue}

// tierKind says what a partner's month had come to with a payment, how many of the rule's tiers that reaches, and how
// the beginning of a tier reads.
type tierKind func(models.Rule, models.Payment, models.Past) (month string, reached int, from func(models.Tier) string, err error)

// Tiered tells whether any rule of a version has tiers: only then the partner's month matters.
func Tiered(set models.RuleSet) bool {
	for _, r := range set.Rules {
		if len(r.Tiers) > 0 {
			return true
		}
	}
	return false
}

// tiered gives a rule the value of the tier that the partner's month has reached, and says which. A rule without tiers
// stays as it is, and needs no step.
func tiered(r models.Rule, version int, p models.Payment, past models.Past) (models.Rule, *models.Step, error) {
	if len(r.Tiers) == 0 {
		return r, nil, nil
	}
	look, known := tierKinds[r.TierBy]
	if !known {
		return r, nil, fmt.Errorf("the rule's tiers go by %q, which is not known", r.TierBy)
	}
	month, reached, from, err := look(r, p, past)
	if err != nil {
		return r, nil, err
	}
	step := models.Step{Rule: "tier", Verdict: models.NoMatch, Because: fmt.Sprintf("%s: %s below %s, rule version %d", month, valueInWords(r, r.Value), from(r.Tiers[0]), version)}
	if reached > 0 {
		tier := r.Tiers[reached-1]
		r.Value = tier.Value
		step.Verdict, step.Because = models.Matched, fmt.Sprintf("%s: %s from %s on, rule version %d", month, valueInWords(r, r.Value), from(tier), version)
	}
	return r, &step, nil
}

// bySales counts this payment among those of the partner's month.
func bySales(r models.Rule, p models.Payment, past models.Past) (string, int, func(models.Tier) string, error) {
	nth, reached := 1, 0
	for _, c := range past.Month {
		nth += c.Sales
	}
	for _, tier := range r.Tiers {
		from, err := parseSales(tier.From)
		if err != nil {
			return "", 0, nil, fmt.Errorf("the rule's tier from %q cannot be read", tier.From)
		}
		if nth >= from {
			reached++
		}
	}
	return fmt.Sprintf("the %s sale in %s", ordinal(nth), monthOf(p.PaidAt)), reached, func(t models.Tier) string {
		from, _ := parseSales(t.From) // it was read above
		return "the " + ordinal(from)
	}, nil
}

// byRevenue looks at what was collected before this payment, in the rule's currency alone: amounts of two currencies are
// never added.
func byRevenue(r models.Rule, p models.Payment, past models.Past) (string, int, func(models.Tier) string, error) {
	collected, others, reached := models.Money{Currency: models.Currency(r.Currency)}, 0, 0
	for _, c := range past.Month {
		if c.Base.Currency == collected.Currency {
			collected = c.Base
		} else {
			others += c.Sales
		}
	}
	for _, tier := range r.Tiers {
		from, err := models.ParseMoney(tier.From, collected.Currency)
		if err != nil {
			return "", 0, nil, fmt.Errorf("the rule's tier from %q cannot be read: %w", tier.From, err)
		}
		if collected.Minor >= from.Minor {
			reached++
		}
	}
	month := fmt.Sprintf("%s collected in %s before this payment", collected, monthOf(p.PaidAt))
	if others > 0 {
		month += fmt.Sprintf(", not counting %s in other currencies", plural(others, "payment"))
	}
	return month, reached, func(t models.Tier) string { return amountInWords(t.From, r.Currency) }, nil
}

// tiersShape checks that tiers go by something known and that each begins above the one before. Where it cannot be told
// how to read them, kindShape has said so.
func tiersShape(r models.Rule) models.FieldErrors {
	_, known := tierKinds[r.TierBy]
	switch {
	case r.TierBy == "" && len(r.Tiers) == 0:
		return nil
	case !known:
		return models.FieldErrors{{Field: "tier_by", Message: "must be revenue or sales, or null for a rule without tiers"}}
	case len(r.Tiers) == 0 || len(r.Tiers) > mostTiers:
		return models.FieldErrors{{Field: "tiers", Message: fmt.Sprintf("must be 1 to %d tiers, or none and tier_by null", mostTiers)}}
	case kindShape(r) != nil:
		return nil
	case r.TierBy == "revenue" && !models.Currency(r.Currency).Known():
		return models.FieldErrors{{Field: "currency", Message: "must be the currency of the revenue, an ISO code in lower case such as usd"}}
	}
	var wrong models.FieldErrors
	before := int64(0)
	for i, tier := range r.Tiers {
		from, message := tierFrom(r, tier)
		if message == "" && from <= before {
			message = "must be more than the tier before it begins at"
		}
		if message != "" {
			wrong = append(wrong, models.FieldError{Field: fmt.Sprintf("tiers[%d].from", i), Message: message})
		}
		before = max(before, from)
		if message := wrongValue(r, tier.Value); message != "" {
			wrong = append(wrong, models.FieldError{Field: fmt.Sprintf("tiers[%d].value", i), Message: message})
		}
	}
	return wrong
}

// tierFrom reads where a tier begins, or says what is wrong with it.
func tierFrom(r models.Rule, tier models.Tier) (int64, string) {
	if r.TierBy == "sales" {
		n, err := parseSales(tier.From)
		if err != nil {
			return 0, fmt.Sprintf("must be a whole number of sales from 2 to %d", mostSales)
		}
		return int64(n), ""
	}
	amount, err := models.ParseMoney(tier.From, models.Currency(r.Currency))
	switch {
	case err != nil:
		return 0, err.Error()
	case amount.Minor <= 0:
		return 0, "must be above zero"
	}
	return amount.Minor, ""
}

func parseSales(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 || n > mostSales || strconv.Itoa(n) != text {
		return 0, errors.New("not a number of sales")
	}
	return n, nil
}

func monthOf(at time.Time) string { return at.UTC().Format("January 2006") }

// MonthOf is the first moment of a payment's UTC month, and that of the next: tiers count from one to the other.
func MonthOf(paidAt time.Time) (begin, end time.Time) {
	year, month, _ := paidAt.UTC().Date()
	begin = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return begin, begin.AddDate(0, 1, 0)
}
