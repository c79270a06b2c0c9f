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
	words := valueInWords(r, r.Value) + TiersInWords(r)
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

// valueInWords is a value of the rule's kind: its own, or a tier's.
func valueInWords(r models.Rule, value string) string {
	if r.Type == "percent" {
		return value + " %"
	}
	return amountInWords(value, r.Currency)
}

func amountInWords(value, currency string) string {
	amount, _ := models.ParseMoney(value, models.Currency(currency)) // what cannot be read earns nothing, and says so
	return amount.String()
}

// TiersInWords are the tiers of a rule as they stand behind the value which holds below them.
func TiersInWords(r models.Rule) string {
	var all []string
	for i, tier := range r.Tiers {
		from := amountInWords(tier.From, r.Currency) + " collected"
		if n, err := parseSales(tier.From); err == nil && r.TierBy == "sales" {
			from = "the " + ordinal(n) + " sale"
		}
		if i == 0 {
			from += " in a month"
		}
		all = append(all, fmt.Sprintf("%s from %s on", valueInWords(r, tier.Value), from))
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// ordinal is 1st, 2nd, 3rd, 11th.
func ordinal(n int) string {
	ending := "th"
	if tens := n / 10 % 10; tens != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}

func monthsInWords(n int) string { return plural(n, "month") }

// plural is a number of things: 1 day, 2 days.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
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
