package commission

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"time"

	"portal/models"
)

const mostMonths = 120

var percentage = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,4})?$`)

// percent takes the rule's part of each line, rounded half to even.
func percent(r models.Rule, parts []models.Money) (models.Money, error) {
	rate, ok := parsePercent(r.Value)
	if !ok {
		return models.Money{}, fmt.Errorf("the rule's value %q is not a percentage", r.Value)
	}
	sum := models.Money{Currency: parts[0].Currency}
	for _, part := range parts {
		share, _ := part.Times(rate.Num(), rate.Denom()) // at most the part itself: it cannot overflow
		sum.Minor += share.Minor
	}
	return sum, nil
}

// fixed gives the rule's amount once, however many lines it covers.
func fixed(r models.Rule, parts []models.Money) (models.Money, error) {
	amount, err := models.ParseMoney(r.Value, models.Currency(r.Currency))
	if err != nil {
		return models.Money{}, fmt.Errorf("the rule's value %q cannot be read: %w", r.Value, err)
	}
	if sale := parts[0].Currency; amount.Currency != sale {
		return models.Money{}, fmt.Errorf("the rule gives %s and the sale is in %s", amount, sale.Code())
	}
	return amount, nil
}

func unknown(r models.Rule, _ []models.Money) (models.Money, error) {
	return models.Money{}, fmt.Errorf("the rule's type %q is not known", r.Type)
}

// recurring holds a rule to the customer's first payment, or to a number of months from it (F90). A payment that went back
// whole is no first payment (P19): by the cash it never was, so the next that stands is the first.
func recurring(r models.Rule, p models.Payment, past models.Past) (bool, *models.Step) {
	if r.Recurring == "always" {
		return true, nil
	}
	first := p.PaidAt
	if past.FirstSale != nil && past.FirstSale.Before(first) {
		first = *past.FirstSale
	}
	if r.Recurring == "first" {
		if first.Equal(p.PaidAt) && (past.FirstKey == "" || past.FirstKey == p.Key) {
			return true, &models.Step{Rule: "recurring", Verdict: models.Matched, Because: "this is the customer's first payment" + afterOthers(past)}
		}
		return false, &models.Step{Rule: "recurring", Verdict: models.Refused, Because: "the customer's first payment was on " + day(first) + afterOthers(past)}
	}
	months, err := parseMonths(r.Recurring)
	if err != nil {
		return false, &models.Step{Rule: "recurring", Verdict: models.Refused, Because: fmt.Sprintf("the rule's recurring %q cannot be read", r.Recurring)}
	}
	end := monthsAfter(first, months)
	step := models.Step{Rule: "recurring", Verdict: models.Matched, Because: fmt.Sprintf("the first payment was on %s%s; %s from then is %s", day(first), afterOthers(past), monthsInWords(months), day(end))}
	if p.PaidAt.Before(end) {
		return true, &step
	}
	step.Verdict = models.Refused
	return false, &step
}

// afterOthers tells of payments before the first that counts: what went back whole is no first payment (P19).
func afterOthers(past models.Past) string {
	if past.WentBack == 0 {
		return ""
	}
	return fmt.Sprintf(", after %s that went back whole", plural(past.WentBack, "payment"))
}

// monthsAfter is the same day and time of day in UTC some months later. A month that has no such day ends on its
// last one, as billing does: one month after 31 January is 28 February, two months after it 31 March.
func monthsAfter(first time.Time, months int) time.Time {
	first = first.UTC()
	end := first.AddDate(0, months, 0)
	if end.Day() != first.Day() {
		end = end.AddDate(0, 0, -end.Day())
	}
	return end
}

// parsePercent reads 0 to 100 with at most four decimals, as a fraction of one.
func parsePercent(text string) (*big.Rat, bool) {
	if !percentage.MatchString(text) {
		return nil, false
	}
	rate, ok := new(big.Rat).SetString(text)
	rate.Quo(rate, big.NewRat(100, 1))
	return rate, ok && rate.Cmp(big.NewRat(1, 1)) <= 0
}

func parseMonths(text string) (int, error) {
	months, err := strconv.Atoi(text)
	if err != nil || months < 1 || months > mostMonths || strconv.Itoa(months) != text {
		return 0, errors.New("not a number of months")
	}
	return months, nil
}
