package commission

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// inWords says a rule as a person would.
func inWords(r models.Rule) string {
	words := r.Value + " %"
	if r.Type != "percent" {
		amount, _ := models.ParseMoney(r.Value, models.Currency(r.Currency))
		words = amount.String()
	}
	switch months, err := parseMonths(r.Recurring); {
	case r.Recurring == "first":
		words += " of the first payment"
	case err == nil:
		words += " of each payment in the first " + strings.TrimPrefix(monthsInWords(months), "1 ")
	default:
		words += " of each payment"
	}
	if r.Product != nil {
		words += " for product " + *r.Product
	}
	if r.ProductType != nil {
		words += " for products of type " + *r.ProductType
	}
	if r.Partner != nil {
		words += ", agreed with " + *r.Partner
	}
	return words
}

func monthsInWords(n int) string {
	if n == 1 {
		return "1 month"
	}
	return strconv.Itoa(n) + " months"
}

// words say what the portion stands on.
func (o portion) words(p models.Payment) string {
	if o.whole {
		return baseOf(p)
	}
	sum := models.Money{Currency: p.Base.Currency}
	for _, part := range o.parts {
		sum.Minor += part.Minor // parts of one base: they cannot overflow
	}
	if len(o.parts) == 1 {
		return fmt.Sprintf("1 line with a base of %s", sum)
	}
	return fmt.Sprintf("%d lines with a base of %s", len(o.parts), sum)
}

// baseOf says what a commission is counted on.
func baseOf(p models.Payment) string {
	tax, err := p.Gross.Sub(p.Base)
	if err != nil || tax.Minor <= 0 {
		return fmt.Sprintf("base %s", p.Base)
	}
	return fmt.Sprintf("base %s, after %s tax", p.Base, tax)
}

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }
