package models

import (
	"regexp"
	"strconv"
	"strings"
)

// taxRule is what a country's VAT number is made of after its letters.
type taxRule struct {
	prefix string // the letters it is written with
	shape  *regexp.Regexp
	fits   func(number string) bool // its checksum; nil where none is checked
	sample string
}

func rule(prefix, shape, sample string, fits func(string) bool) taxRule {
	return taxRule{prefix, regexp.MustCompile("^(?:" + shape + ")$"), fits, sample}
}

// taxRules holds the forms of VAT numbers. Those of the European Union are the ones that the Commission lists for VIES ("VAT identification
// number structure", Council Directive 2006/112/EC, article 215). Those of GB are HMRC's (VATREG15130), of CH the Federal Statistical Office's
// UID with its suffix for VAT, of NO the organisation number of Brønnøysund with MVA. The checksums are the published ones of each country.
var taxRules = map[string]taxRule{
	"AT": rule("AT", `U\d{8}`, "ATU13585627", austrian),
	"BE": rule("BE", `[01]\d{9}`, "BE0428759497", func(n string) bool { return 97-number(n[:8])%97 == number(n[8:]) }),
	"BG": rule("BG", `\d{9,10}`, "BG175074752", nil),
	"CY": rule("CY", `\d{8}[A-Z]`, "CY10259033P", nil),
	"CZ": rule("CZ", `\d{8,10}`, "CZ25123891", nil),
	"DE": rule("DE", `[1-9]\d{8}`, "DE136695976", mod11and10),
	"DK": rule("DK", `\d{8}`, "DK13585628", nil),
	"EE": rule("EE", `\d{9}`, "EE100931558", nil),
	"ES": rule("ES", `[A-Z0-9]\d{7}[A-Z0-9]`, "ESB58378431", spanish),
	"FI": rule("FI", `\d{8}`, "FI20774740", func(n string) bool { return left11(weighed(n, 7, 9, 10, 5, 8, 4, 2)) == digit(n, 7) }),
	"FR": rule("FR", `[A-HJ-NP-Z0-9]{2}\d{9}`, "FR40303265045", french),
	"GR": rule("EL", `\d{9}`, "EL094259216", func(n string) bool { return weighed(n, 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == digit(n, 8) }),
	"HR": rule("HR", `\d{11}`, "HR33392005961", mod11and10),
	"HU": rule("HU", `\d{8}`, "HU12892312", func(n string) bool { return (10-weighed(n, 9, 7, 3, 1, 9, 7, 3)%10)%10 == digit(n, 7) }),
	"IE": rule("IE", `\d{7}[A-W][A-I]?|\d[A-Z+*]\d{5}[A-W]`, "IE6433435F", nil),
	"IT": rule("IT", `\d{11}`, "IT00743110157", luhn),
	"LT": rule("LT", `\d{9}|\d{12}`, "LT119511515", nil),
	"LU": rule("LU", `\d{8}`, "LU15027442", func(n string) bool { return number(n[:6])%89 == number(n[6:]) }),
	"LV": rule("LV", `\d{11}`, "LV40003521600", nil),
	"MT": rule("MT", `\d{8}`, "MT11679112", nil),
	"NL": rule("NL", `\d{9}B\d{2}`, "NL004495445B01", dutch),
	"PL": rule("PL", `\d{10}`, "PL8567346215", func(n string) bool { return weighed(n, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == digit(n, 9) }),
	"PT": rule("PT", `\d{9}`, "PT501964843", func(n string) bool { return left11(weighed(n, 9, 8, 7, 6, 5, 4, 3, 2))%10 == digit(n, 8) }),
	"RO": rule("RO", `\d{2,10}`, "RO18547290", nil),
	"SE": rule("SE", `\d{10}\d{2}`, "SE556188840401", func(n string) bool { return luhn(n[:10]) }),
	"SI": rule("SI", `[1-9]\d{7}`, "SI50223054", func(n string) bool { return left11(weighed(n, 8, 7, 6, 5, 4, 3, 2)) == digit(n, 7) }),
	"SK": rule("SK", `[1-9]\d{9}`, "SK2022749619", func(n string) bool { return number(n)%11 == 0 }),
	"GB": rule("GB", `\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2}`, "GB980780684", british),
	"CH": rule("CHE", `\d{9}(?:MWST|TVA|IVA)?`, "CHE-107.787.577 MWST", func(n string) bool { return left11(weighed(n, 5, 4, 3, 2, 7, 6, 5, 4)) == digit(n, 8) }),
	"NO": rule("NO", `\d{9}(?:MVA)?`, "NO 995 525 828 MVA", func(n string) bool { return left11(weighed(n, 3, 2, 7, 6, 5, 4, 3, 2)) == digit(n, 8) }),
}

var anyTaxNumber = regexp.MustCompile(`^[A-Z0-9/]{4,24}$`)

// ParseTaxNumber reads a tax number in any case and with any spaces, dots and dashes, and gives it with its country's letters where it is a
// VAT number. Where no form is known, 4 to 24 letters and digits are taken. Empty stays empty: nobody must have one. What is wrong is an
// ErrInvalid of the field tax_number (F101).
func ParseTaxNumber(country, text string) (string, error) {
	typed := plainCode(text)
	r, known := taxRules[country]
	switch {
	case typed == "":
		return "", nil
	case !known && anyTaxNumber.MatchString(typed):
		return typed, nil
	case !known:
		return "", Invalid("tax_number", "use 4 to 24 letters and digits")
	}
	prefix := r.prefix
	if country == "GB" && strings.HasPrefix(typed, "XI") { // Northern Ireland, in the trade of goods
		prefix = "XI"
	}
	number, own := strings.CutPrefix(typed, prefix)
	if !r.shape.MatchString(number) {
		number, own = typed, false // letters that look like the country's may be the number's own
	}
	if !r.shape.MatchString(number) || !own && ofAnother(country, typed) {
		return "", Invalid("tax_number", "is not a VAT number of "+CountryName(country)+"; one looks like "+r.sample)
	}
	if r.fits != nil && !r.fits(number) {
		return "", Invalid("tax_number", "is not right: a digit is wrong, or two are swapped; compare it with the papers of your tax office")
	}
	return prefix + number, nil
}

// ofAnother tells that a number, with its letters, is one of another country: in France two letters may be the number's own.
func ofAnother(country, typed string) bool {
	for other, r := range taxRules {
		number, begins := strings.CutPrefix(typed, r.prefix)
		if other != country && begins && r.shape.MatchString(number) {
			return true
		}
	}
	return false
}

// MaskedTax keeps of a tax number what lets its owner know it again.
func MaskedTax(number string) string {
	if len(number) < 6 {
		return strings.Repeat("•", len(number))
	}
	return number[:2] + strings.Repeat("•", len(number)-5) + number[len(number)-3:]
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func digit(text string, at int) int { return int(text[at] - '0') }

// left11 is what a sum lacks of a multiple of 11: 0 for none, 10 where there is no digit for it.
func left11(sum int) int { return (11 - sum%11) % 11 }

// luhn is ISO/IEC 7812-1, annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range digits {
		d := digit(digits, len(digits)-1-i)
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum%10 == 0
}

// mod11and10 is ISO 7064, MOD 11,10.
func mod11and10(digits string) bool {
	product := 10
	for i := range len(digits) - 1 {
		sum := (digit(digits, i) + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == digit(digits, len(digits)-1)
}

func austrian(n string) bool {
	sum := 4
	for i := 1; i < 8; i++ {
		d := digit(n, i)
		if i%2 == 0 {
			d = d/5 + d*2%10
		}
		sum += d
	}
	return (10-sum%10)%10 == digit(n, 8)
}

// french checks the key where it is of digits; keys with letters follow another rule, which is not checked.
func french(n string) bool {
	return !allDigits(n[:2]) || (12+3*(number(n[2:])%97))%97 == number(n[:2])
}

// dutch takes the numbers of firms, by 11, and those that sole traders have since 2020, by 97.
func dutch(n string) bool {
	return weighed(n, 9, 8, 7, 6, 5, 4, 3, 2)%11 == digit(n, 8) || mod97("NL"+n) == 1
}

func british(n string) bool {
	if !allDigits(n) {
		return true
	}
	sum := weighed(n, 8, 7, 6, 5, 4, 3, 2) + number(n[7:9])
	return sum%97 == 0 || (sum+55)%97 == 0
}

// spanish takes the NIF of a person, the NIE of a foreigner and the NIF of a firm.
func spanish(n string) bool {
	const letters = "TRWAGMYFPDXBNJZSQVHLCKE"
	body, check := n[:8], n[8]
	if at := strings.IndexByte("XYZ", n[0]); at >= 0 {
		body = strconv.Itoa(at) + n[1:8]
	} else if strings.IndexByte("KLM", n[0]) >= 0 {
		body = n[1:8]
	} else if n[0] > '9' {
		return spanishFirm(n)
	}
	return letters[number(body)%23] == check
}

func spanishFirm(n string) bool {
	sum := 0
	for i := 1; i < 8; i++ {
		d := digit(n, i)
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	control := (10 - sum%10) % 10
	return n[8] == byte('0'+control) || n[8] == "JABCDEFGHI"[control]
}
