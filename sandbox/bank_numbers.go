package sandbox

import "strings"

// testBank is a made-up bank account of MONEY.md 4.8.
type testBank struct {
	Value, Label string
	fails        string // failure code of each payout to it; "" when it is paid
}

var bankNumbers = []testBank{
	{"000123456789", "takes payouts", ""},
	{"000111111116", "payouts fail: no such account", "no_account"},
	{"000111111113", "payouts fail: the account is closed", "account_closed"},
	{"000222222227", "payouts fail: insufficient funds", "insufficient_funds"},
	{"000333333335", "payouts fail: debits are not authorised", "debit_not_authorized"},
	{"000444444440", "payouts fail: the currency is wrong", "invalid_currency"},
}

const testIBAN = "89370400440532013000"

// testBanks are those that an account of a country may have, the good one first.
func testBanks(country string) []testBank {
	if in := countries[country]; in.currency == "eur" || country == "DE" {
		return append([]testBank{{country + testIBAN, "takes payouts", ""}}, bankNumbers[1:]...)
	}
	return bankNumbers
}

// bankOf finds a made-up bank account by its number; ok is false when it is none.
func bankOf(country, number string) (b testBank, ok bool) {
	number = strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(number, " ", ""), "-", ""))
	for _, b := range append(testBanks(country), bankNumbers...) {
		if b.Value == number {
			return b, true
		}
	}
	return b, false
}

// bankGiven makes an external account of a connected account. _fails is the failure code of payouts to it.
func (c *call) bankGiven(o object, number string) object {
	b, _ := bankOf(o.str("country"), number)
	id := "ba_1" + letters(o.str("id")+" "+number+" "+c.at.String(), 23)
	routing := any(nil)
	if o.str("country") == "US" {
		routing = "110000000"
	}
	return object{"id": id, "object": "bank_account", "account": o["id"], "account_holder_name": o.sub("business_profile")["name"], "account_holder_type": "individual",
		"account_type": nil, "available_payout_methods": []any{"standard"}, "bank_name": "STRIPE TEST BANK", "country": o["country"], "currency": o["default_currency"],
		"default_for_currency": true, "fingerprint": letters(number, 16), "last4": number[len(number)-4:], "metadata": object{}, "routing_number": routing,
		"status": "new", "_fails": b.fails}
}
