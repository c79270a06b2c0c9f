package models

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	bic          = regexp.MustCompile(`^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$`)
	usAccount    = regexp.MustCompile(`^\d{4,17}$`)
	otherAccount = regexp.MustCompile(`^[A-Z0-9]{4,34}$`)
)

// BankKindOf is how bank accounts of a country are named.
func BankKindOf(country string) BankKind {
	if _, ok := ibanOf(country); ok {
		return IBANAccount
	}
	if country == "US" {
		return USAccount
	}
	return OtherAccount
}

// ParseBank reads bank details as somebody typed them, and brings them into the form in which they are kept: Holder, Country, Kind, Numbers
// and Last4. What is wrong is a FieldErrors by field: holder, country, iban, bic, routing, account, bank (F101).
func ParseBank(typed BankDetails) (BankDetails, error) {
	var wrong FieldErrors
	b := BankDetails{Tenant: typed.Tenant, Partner: typed.Partner, Holder: strings.Join(strings.Fields(typed.Holder), " "), Country: strings.ToUpper(strings.TrimSpace(typed.Country))}
	if CountryName(b.Country) == "" {
		return b, Invalid("country", "choose the country of the account")
	}
	if n := utf8.RuneCountInString(b.Holder); n == 0 || n > 140 {
		wrong = append(wrong, FieldError{"holder", "give the name that the account is in, in 140 characters at most"})
	}
	b.Kind = BankKindOf(b.Country)
	numbers, err := bankNumbers(b.Kind, b.Country, typed.Numbers)
	wrong = append(wrong, err...)
	if len(wrong) > 0 {
		return b, wrong
	}
	b.Numbers = numbers
	account := numbers.IBAN + numbers.Account // one of them
	b.Last4 = account[len(account)-4:]
	return b, nil
}

func bankNumbers(kind BankKind, country string, typed BankNumbers) (n BankNumbers, wrong FieldErrors) {
	say := func(field, message string) { wrong = append(wrong, FieldError{field, message}) }
	switch kind {
	case IBANAccount:
		var err error
		if n.IBAN, err = ParseIBAN(country, typed.IBAN); err != nil {
			wrong = append(wrong, err.(FieldErrors)...)
		}
	case USAccount:
		if n.Routing = plainCode(typed.Routing); !IsRoutingNumber(n.Routing) {
			say("routing", "is not a routing number: nine digits, and one of them is wrong; they stand at the lower left of a check")
		}
		if n.Account = plainCode(typed.Account); !usAccount.MatchString(n.Account) {
			say("account", "give the account number: 4 to 17 digits")
		}
		return n, wrong
	default:
		if n.Account = plainCode(typed.Account); !otherAccount.MatchString(n.Account) {
			say("account", "give the account number: 4 to 34 letters and digits, with what your bank wants before it, such as a branch code")
		}
		if n.Bank = strings.Join(strings.Fields(typed.Bank), " "); n.Bank == "" || utf8.RuneCountInString(n.Bank) > 140 {
			say("bank", "give the bank's name, in 140 characters at most")
		}
		if plainCode(typed.BIC) == "" {
			say("bic", "give the bank's BIC, also called SWIFT code; it takes one to reach the bank from abroad")
		}
	}
	if n.BIC = plainCode(typed.BIC); n.BIC != "" && (!bic.MatchString(n.BIC) || CountryName(n.BIC[4:6]) == "") {
		say("bic", "is not a BIC: 8 or 11 letters and digits, such as COBADEFFXXX")
	}
	return n, wrong
}

// IsRoutingNumber tells whether nine digits name a bank in the US, by the ABA's ranges of the first two and its checksum.
func IsRoutingNumber(text string) bool {
	if len(text) != 9 || !allDigits(text) {
		return false
	}
	first := int(text[0]-'0')*10 + int(text[1]-'0')
	known := first >= 1 && first <= 12 || first >= 21 && first <= 32 || first >= 61 && first <= 72 || first == 80
	return known && weighed(text, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0
}

// weighed sums digits, each times its weight.
func weighed(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return sum
}
