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

// country is what Stripe does in one.
type country struct{ full, open bool }

var countries = func() map[string]country {
	all := map[string]country{}
	for line := range strings.Lines(countryList) {
		f := strings.Split(strings.TrimSpace(line), ",")
		all[f[0]] = country{f[1] == "full", f[2] == "open"}
	}
	return all
}()

// Serves tells whether a platform in a country can pay accounts in another through Stripe, and whether only as recipients. Stripe
// itself has the last word when the account is made.
func Serves(platform, code string) (recipient, ok bool) {
	from, known := countries[platform]
	to, listed := countries[code]
	switch {
	case !known || !listed:
		return false, false
	case to.full && (code == platform || to.open && from.open):
		return false, true
	}
	return true, platform == "US"
}
