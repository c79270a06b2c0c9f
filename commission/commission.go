// Package commission says how much a partner earns from a payment, from which rule, payable when, and why. It also
// keeps what is left after money went back, and splits amounts so that the parts add up. It knows no clock, no
// database and no network: rules, payment and past are handed in, and "when" is always the payment's own time (D14).
//
// For each line of a payment the most specific rule wins, and that rule alone decides: what it refuses falls to no
// other rule. Gates then say whether the rule earns this time, its tiers which of its values holds, and its kind how much.
package commission

import (
	"fmt"
	"time"

	"portal/models"
)

// gates are asked in order; the first that is shut ends the matter for its rule. A new condition is a function and a line here.
var gates = []gate{recurring}

// kinds are the ways to count. A new one is a function and a line here.
var kinds = map[string]kind{"percent": percent, "fixed": fixed}

// gate says whether a rule earns from this payment. No step means that the question does not arise.
type gate func(models.Rule, models.Payment, models.Past) (open bool, step *models.Step)

// kind counts what a rule gives for the parts of a payment that it covers, or says why it gives nothing.
type kind func(models.Rule, []models.Money) (models.Money, error)

// Earn counts what the decision's partner earns, in the currency of the sale, rounded half to even once per sale, or
// once per line where product rules split it (MONEY.md 2.3). Without a partner, a base or a rule nothing is earned,
// and the steps say so. Clues and the customer's side have no say in the amount (P39).
func Earn(sets []models.RuleSet, p models.Payment, d models.Decision, past models.Past) models.Earning {
	e := models.Earning{Share: models.Money{Currency: p.Base.Currency}}
	set, found := Current(sets, p.PaidAt)
	e.Version = set.Version
	switch {
	case d.Partner == nil:
		e.Steps = []models.Step{{Rule: "rule", Verdict: models.Skipped, Because: "no partner earned this payment"}}
	case p.IsPast():
		e.Steps = []models.Step{{Rule: "import", Verdict: models.Refused, Because: "paid before Portal was connected, and imported without commission"}}
	case !found:
		e.Steps = []models.Step{{Rule: "rule", Verdict: models.NoMatch, Because: "the program had no rules on " + day(p.PaidAt)}}
	case p.Base.Minor <= 0:
		e.Steps = []models.Step{{Rule: "amount", Verdict: models.Refused, Because: baseOf(p) + ": there is nothing to earn from"}}
	default:
		e = gather(e, cover(set.Rules, p, d.Partner.Key), p, past)
	}
	return e
}

// gather adds up what the portions earn.
func gather(e models.Earning, portions []portion, p models.Payment, past models.Past) models.Earning {
	for _, part := range portions {
		share, steps, earns := part.earn(e.Version, p, past)
		e.Steps = append(e.Steps, steps...)
		if !earns {
			continue
		}
		sum, err := e.Share.Add(share)
		if err != nil {
			step := models.Step{Rule: "amount", Verdict: models.Refused, Because: "the shares together: " + err.Error()}
			return models.Earning{Share: models.Money{Currency: p.Base.Currency}, Version: e.Version, Steps: append(e.Steps, step)}
		}
		e.Share, e.Earns = sum, true
	}
	if len(portions) > 1 {
		e.Steps = append(e.Steps, models.Step{Rule: "amount", Verdict: models.Computed, Because: fmt.Sprintf("%s: together %s", baseOf(p), e.Share)})
	}
	return e
}

// earn asks one rule: does it earn, and how much?
func (o portion) earn(version int, p models.Payment, past models.Past) (models.Money, []models.Step, bool) {
	if o.rule == nil {
		return models.Money{}, []models.Step{{Rule: "rule", Verdict: models.NoMatch, Because: fmt.Sprintf("no rule of version %d covers %s", version, o.words(p))}}, false
	}
	steps := []models.Step{{Rule: "rule", Verdict: models.Matched, Because: fmt.Sprintf("%s, rule version %d", inWords(*o.rule), version)}}
	for _, ask := range gates {
		open, step := ask(*o.rule, p, past)
		if step != nil {
			steps = append(steps, *step)
		}
		if !open {
			return models.Money{}, steps, false
		}
	}
	rule, step, err := tiered(*o.rule, version, p, past)
	if step != nil {
		steps = append(steps, *step)
	}
	count, known := kinds[rule.Type]
	if !known {
		count = unknown
	}
	share := models.Money{}
	if err == nil {
		share, err = count(rule, o.parts)
	}
	if err != nil {
		return models.Money{}, append(steps, models.Step{Rule: "amount", Verdict: models.Refused, Because: err.Error()}), false
	}
	return share, append(steps, models.Step{Rule: "amount", Verdict: models.Computed, Because: fmt.Sprintf("%s: %s", o.words(p), share)}), true
}

// PayableOn is the UTC day, at its first moment, on which the hold of a payment ends.
func PayableOn(paidAt time.Time, holdDays int) time.Time {
	year, month, day := paidAt.UTC().Date()
	return time.Date(year, month, day+holdDays, 0, 0, 0, 0, time.UTC)
}
