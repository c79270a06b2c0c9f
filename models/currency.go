package models

import "strings"

// Currency is an ISO code in lower case, as Stripe writes it.
type Currency string

// The currencies Portal counts, by the number of decimals of Stripe's smallest unit (MONEY.md 4.6).
// UGX and ISK have two here although ISO says none: Stripe writes 5 UGX as 500.
const (
	noDecimals    = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
	threeDecimals = "bhd jod kwd omr tnd"
	twoDecimals   = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop crc cup cve czk " +
		"dkk dop dzd egp etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl " +
		"mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle " +
		"sos srd std svc szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw"
)

var exponents = func() map[Currency]int {
	table := map[Currency]int{}
	for digits, list := range map[int]string{0: noDecimals, 2: twoDecimals, 3: threeDecimals} {
		for code := range strings.FieldsSeq(list) {
			table[Currency(code)] = digits
		}
	}
	return table
}()

// ParseCurrency reads a code in any case. An unknown code is an ErrInvalid.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(strings.ToLower(strings.TrimSpace(code)))
	if !c.Known() {
		return "", Invalid("currency", "is not a currency that Portal knows; use an ISO code such as usd")
	}
	return c, nil
}

// Known tells whether Portal can count this currency.
func (c Currency) Known() bool { _, ok := exponents[c]; return ok }

// Exponent is the number of decimals between the smallest unit and the major one.
func (c Currency) Exponent() int { return exponents[c] }

// Code is the form people read: upper case.
func (c Currency) Code() string { return strings.ToUpper(string(c)) }
