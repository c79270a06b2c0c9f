package sandbox

import (
	_ "embed"
	"strings"
)

//go:embed countries.csv
var countriesCSV string

// country is one that Stripe serves.
type country struct {
	name, currency string
	full           bool // it has the full service agreement; else its accounts are recipients only
	open           bool // of the regions between which money crosses the border: US, UK, EEA, Canada, Switzerland (MONEY.md 4.2)
}

var countries = func() map[string]country {
	all := map[string]country{}
	for line := range strings.Lines(countriesCSV) {
		f := strings.Split(strings.TrimSpace(line), ",")
		all[f[0]] = country{f[1], f[2], f[3] == "full", f[4] == "open"}
	}
	return all
}()

// recipient is the service agreement of accounts that only receive.
const recipient = "recipient"

// settleIn refuses a country in which a platform can make no account of the agreement, or to which it can send nothing.
func settleIn(platform, code, agreement string, transfers bool) error {
	to, known := countries[code]
	from := countries[platform]
	switch {
	case !known:
		return invalid("country_unsupported", "country", "Country '%s' is unknown or not supported. Try using a 2-character alphanumeric country code instead, such as 'US', 'EG', or 'GB'. A full list of countries is available at https://stripe.com/global", code)
	case agreement == recipient && (platform != "US" || code == "US"):
		return invalid("", "tos_acceptance[service_agreement]", "The recipient service agreement is not supported for platforms in %s creating accounts in %s.", platform, code)
	case agreement == recipient:
		return nil
	case !to.full:
		return invalid("", "tos_acceptance[service_agreement]", "Accounts in %s may not be created with the `full` service agreement. Specify the `recipient` service agreement instead. Learn more: https://stripe.com/docs/connect/service-agreement-types", code)
	case transfers && code != platform && !(to.open && from.open):
		return invalid("", "", "Funds can't be sent to accounts located in %s because it's restricted outside of your platform's region. Learn more: https://stripe.com/docs/connect/account-capabilities#transfers-cross-border", code)
	}
	return nil
}
