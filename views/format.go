package views

import (
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// Amount is a decimal amount as people read it: thousands apart, a real minus sign, zero without one; and the currency's code.
func Amount(decimal, currency string) (figures, code string) {
	whole, negative := strings.CutPrefix(decimal, "-")
	whole, part, point := strings.Cut(whole, ".")
	figures = thousands(whole)
	if point {
		figures += "." + part
	}
	if negative && strings.Trim(decimal, "-0.") != "" {
		figures = "\u2212" + figures
	}
	return figures, strings.ToUpper(currency)
}

// AmountText is an amount inside a sentence: "1,204.50 USD".
func AmountText(m models.Money) string {
	figures, code := Amount(m.Decimal(), m.Currency.Code())
	return figures + "\u00a0" + code
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Count is a number with its noun: "1 invoice", "1,204 invoices".
func Count(n int, one, many string) string {
	noun := many
	if n == 1 {
		noun = one
	}
	return thousands(strconv.Itoa(n)) + " " + noun
}

// Change compares a figure with the one before it, in words: "12 % more than October". Both are counts or minor units.
func Change(now, before int64, than string) string {
	switch {
	case before == now:
		return "As much as " + than
	case before <= 0 || now < 0:
		return ""
	case now > before:
		return percent(now-before, before) + " more than " + than
	}
	return percent(before-now, before) + " less than " + than
}

// percent rounds to whole percents, but never a difference down to none.
func percent(part, whole int64) string {
	p := int64(float64(part)/float64(whole)*100 + 0.5)
	if p == 0 {
		return "Less than 1\u00a0%"
	}
	return thousands(strconv.FormatInt(p, 10)) + "\u00a0%"
}

// Day is a date in UTC: "12 December 2026".
func Day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// DaySpan is the days from one to another: "10 to 20 November 2026".
func DaySpan(first, last time.Time) string {
	first, last = first.UTC(), last.UTC()
	switch {
	case first.Year() != last.Year():
		return Day(first) + " to " + Day(last)
	case first.Month() != last.Month():
		return first.Format("2 January") + " to " + Day(last)
	}
	return first.Format("2") + " to " + Day(last)
}

// Minute is a moment to the minute, for what somebody waits for: "23 November 2026, 20:08 UTC".
func Minute(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// Exact is a moment to the second, in UTC: "12 December 2026, 14:03:05 UTC".
func Exact(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

// Ago is a moment as seen from now, before or after it: "3 minutes ago", "in 2 days"; beyond 30 days it is the day.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	ahead := d < 0
	if ahead {
		d = -d
	}
	var text string
	switch {
	case d < 45*time.Second:
		return "just now"
	case d < time.Hour:
		text = Count(max(1, int(d.Minutes())), "minute", "minutes")
	case d < 24*time.Hour:
		text = Count(int(d.Hours()), "hour", "hours")
	case d < 31*24*time.Hour:
		text = Count(int(d.Hours()/24), "day", "days")
	default:
		return Day(t)
	}
	if ahead {
		return "in " + text
	}
	return text + " ago"
}

// ShortID keeps of a long id what a person compares: its prefix and its last six characters.
func ShortID(id string) string {
	if len(id) <= 16 {
		return id
	}
	prefix, _, found := strings.Cut(id, "_")
	if !found || len(prefix) > 6 {
		return "…" + id[len(id)-6:]
	}
	return prefix + "_…" + id[len(id)-6:]
}
