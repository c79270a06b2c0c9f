package payouts

import (
	_ "embed"
	"strings"
)

// The countries in which Stripe makes accounts: those with its full service agreement, of which some are open to each other, and
// those whose accounts can only receive, from platforms in the US (MONEY.md 4.2).
//
//go:embed countries.csv
var countryList string

// Country is one in which Stripe makes accounts of some kind.
type Country struct {
	Code, Name string // two letters, and English words
	full, open bool
}

// Countries lists them by name.
var Countries = func() []Country {
	var list []Country
	for line := range strings.Lines(countryList) {
		f := strings.Split(strings.TrimSpace(line), ",")
		list = append(list, Country{f[0], f[1], f[2] == "full", f[3] == "open"})
	}
	return list
}()

func countryOf(code string) (Country, bool) {
	for _, c := range Countries {
		if c.Code == code {
			return c, true
		}
	}
	return Country{}, false
}

// CountryName is what a country is called; its letters when Stripe makes no account there.
func CountryName(code string) string {
	if c, ok := countryOf(code); ok {
		return c.Name
	}
	return code
}

// Serves tells whether a platform in a country can pay accounts in this one, and whether only as recipients. Stripe itself has the
// last word when the account is made.
func (c Country) Serves(platform string) (recipient, ok bool) {
	from, known := countryOf(platform)
	switch {
	case !known:
		return false, false
	case c.full && (c.Code == from.Code || c.open && from.open):
		return false, true
	}
	return true, from.Code == "US"
}
