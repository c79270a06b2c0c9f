package sandbox

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// How Stripe counts each currency's smallest unit, and the least it charges (MONEY.md 4.6).
var (
	wholeOnly = words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
	thousands = words("bhd jod kwd omr tnd")
	roundTo   = map[string]int64{"ugx": 100, "isk": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}
	minimums  = map[string]int64{"usd": 50, "aed": 200, "ars": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "cop": 50, "czk": 1500, "dkk": 250,
		"eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "idr": 50, "ils": 50, "inr": 50, "jpy": 50, "krw": 50, "mxn": 1000, "myr": 200, "nok": 300,
		"nzd": 50, "php": 50, "pln": 200, "ron": 200, "rub": 50, "sek": 300, "sgd": 50, "thb": 1000, "zar": 50}
	maximums = map[string]int64{"idr": 999999999999, "cop": 9999999999, "inr": 999999999} // of the others 8 digits
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

func digits(currency string) int {
	switch {
	case wholeOnly[currency]:
		return 0
	case thousands[currency]:
		return 3
	}
	return 2
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// least is the smallest amount that Stripe charges; where it names none it is what half a US dollar is.
func least(currency string) int64 {
	if n, ok := minimums[currency]; ok {
		return n
	}
	return max(1, convert(minimums["usd"], "usd", currency))
}

// chargeable refuses amounts that Stripe would not charge.
func chargeable(amount int64, currency string) error {
	most := int64(99999999)
	if n, ok := maximums[currency]; ok {
		most = n
	}
	switch {
	case amount > most:
		return invalid("amount_too_large", "amount", "Amount must be no more than %s", show(most, currency))
	case amount > 0 && amount < least(currency):
		return invalid("amount_too_small", "amount", "Amount must be at least %s", show(least(currency), currency))
	}
	return wholeSteps(amount, currency)
}

// wholeSteps refuses amounts that a currency does not have (MONEY.md 4.6).
func wholeSteps(amount int64, currency string) error {
	switch step := roundTo[currency]; {
	case amount < 1:
		return invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case step > 0 && amount%step != 0:
		return invalid("parameter_invalid_integer", "amount", "Amounts in %s must be a multiple of %d.", currency, step)
	}
	return nil
}

// show writes an amount with its currency: 1204.50 USD.
func show(minor int64, currency string) string {
	sign := ""
	if minor < 0 {
		sign, minor = "−", -minor
	}
	d := digits(currency)
	text := fmt.Sprintf("%0*d", d+1, minor)
	whole, part := text[:len(text)-d], text[len(text)-d:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if d > 0 {
		whole += "." + part
	}
	return sign + whole + " " + strings.ToUpper(currency)
}

// parse reads an amount as a person writes it, in major units.
func parse(text, currency string) (int64, error) {
	whole, part, _ := strings.Cut(strings.TrimSpace(text), ".")
	d := digits(currency)
	if whole == "" || len(part) > d || strings.Trim(whole+part, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not an amount with at most %d decimals", text, d)
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", d-len(part)), 10, 64)
	if err != nil || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is too large", text)
	}
	return n, nil
}
