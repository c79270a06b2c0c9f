package models

import "strings"

// Text is the amount as people read it: thousands apart, a true minus, and the currency's code: "−1,204.50 USD".
func (m Money) Text() string {
	whole, negative := strings.CutPrefix(m.Decimal(), "-")
	whole, part, point := strings.Cut(whole, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + part
	}
	if negative {
		whole = "\u2212" + whole
	}
	return whole + " " + m.Currency.Code()
}
