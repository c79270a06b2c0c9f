package models

import (
	"regexp"
	"strconv"
	"strings"
)

// ibans holds what follows an IBAN's first four characters, by country: how many digits (n), capital letters (a), or either (c). From
// the IBAN registry that SWIFT keeps for ISO 13616.
const ibans = `AD 8n12c, AE 19n, AL 8n16c, AT 16n, AZ 4a20c, BA 16n, BE 12n, BG 4a6n8c, BH 4a14c, BI 23n, BR 23n1a1c, BY 4c4n16c, CH 5n12c, CR 18n,
	CY 8n16c, CZ 20n, DE 18n, DJ 23n, DK 14n, DO 4c20n, EE 16n, EG 25n, ES 20n, FI 14n, FK 2a12n, FO 14n, FR 10n11c2n, GB 4a14n, GE 2a16n, GI 4a15c,
	GL 14n, GR 7n16c, GT 24c, HN 4a20n, HR 17n, HU 24n, IE 4a14n, IL 19n, IQ 4a15n, IS 22n, IT 1a10n12c, JO 4a4n18c, KW 4a22c, KZ 3n13c, LB 4n20c,
	LC 4a24c, LI 5n12c, LT 16n, LU 3n13c, LV 4a13c, LY 21n, MC 10n11c2n, MD 20c, ME 18n, MK 3n10c2n, MN 16n, MR 23n, MT 4a5n18c, MU 4a19n3a, NI 4a20n,
	NL 4a10n, NO 11n, OM 3n16c, PK 4a16c, PL 24n, PS 4a21c, PT 21n, QA 4a21c, RO 4a16c, RS 18n, RU 14n15c, SA 2n18c, SC 4a20n3a, SD 14n, SE 20n,
	SI 15n, SK 20n, SM 1a10n12c, SO 19n, ST 21n, SV 4a20n, TL 19n, TN 20n, TR 6n16c, UA 6n19c, VA 18n, VG 4a16n, XK 16n, YE 4a4n18c`

// ibanLent are places whose accounts bear another country's letters.
var ibanLent = map[string]string{"AX": "FI", "BL": "FR", "GF": "FR", "GP": "FR", "MF": "FR", "MQ": "FR", "NC": "FR", "PF": "FR", "PM": "FR", "RE": "FR", "TF": "FR",
	"WF": "FR", "YT": "FR", "GG": "GB", "IM": "GB", "JE": "GB"}

// sepa are the countries whose accounts a SEPA credit transfer reaches, by the European Payments Council's list of 2025 and 2026.
const sepa = "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE SI SK SM VA"

type ibanShape struct {
	length int
	rest   *regexp.Regexp
}

var ibanParts = regexp.MustCompile(`(\d+)([nac])`)

var ibanShapes = func() map[string]ibanShape {
	shapes := map[string]ibanShape{}
	for line := range strings.SplitSeq(ibans, ",") {
		code, structure, _ := strings.Cut(strings.TrimSpace(line), " ")
		length, rest := 4, "^"
		for _, part := range ibanParts.FindAllStringSubmatch(structure, -1) {
			n, _ := strconv.Atoi(part[1])
			length += n
			rest += map[string]string{"n": `\d`, "a": `[A-Z]`, "c": `[A-Z0-9]`}[part[2]] + "{" + part[1] + "}"
		}
		shapes[code] = ibanShape{length, regexp.MustCompile(rest + "$")}
	}
	return shapes
}()

// ibanOf is with which letters the IBANs of a country begin; ok is false where there are none.
func ibanOf(country string) (letters string, ok bool) {
	letters = country
	if lent := ibanLent[country]; lent != "" {
		letters = lent
	}
	_, ok = ibanShapes[letters]
	return letters, ok
}

// ParseIBAN reads an IBAN of a country in any case and with any spaces. One of another length, with a wrong letter or digit, or whose two
// check digits do not fit (ISO 7064, mod 97-10: any one wrong digit) is an ErrInvalid of the field iban.
func ParseIBAN(country, text string) (string, error) {
	iban := plainCode(text)
	letters, ok := ibanOf(country)
	switch {
	case !ok:
		return "", Invalid("iban", "there are no IBANs in "+CountryName(country))
	case iban == "":
		return "", Invalid("iban", "give the IBAN; it stands on a bank statement")
	case !strings.HasPrefix(iban, letters):
		return "", Invalid("iban", "does not begin with "+letters+", as those of "+CountryName(country)+" do; correct it, or choose the account's country")
	}
	shape := ibanShapes[letters]
	switch {
	case len(iban) != shape.length:
		return "", Invalid("iban", "has "+strconv.Itoa(len(iban))+" characters; those of "+CountryName(country)+" have "+strconv.Itoa(shape.length))
	case !shape.rest.MatchString(iban[4:]) || mod97(iban[4:]+iban[:4]) != 1:
		return "", Invalid("iban", "is not right: a digit or a letter is wrong, or two are swapped; compare it with a bank statement")
	}
	return iban, nil
}

// ReachedBySEPA tells whether a SEPA credit transfer reaches the accounts of a country.
func ReachedBySEPA(country string) bool {
	letters, ok := ibanOf(country)
	return ok && InSEPA(letters)
}

// InSEPA tells whether a SEPA credit transfer reaches an account.
func InSEPA(iban string) bool { return len(iban) >= 2 && strings.Contains(sepa, iban[:2]) }

// mod97 is the remainder of a number written in digits and letters, A being 10 and Z 35; -1 for any other character.
func mod97(text string) int {
	sum := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			sum = (sum*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z':
			sum = (sum*100 + int(r-'A') + 10) % 97
		default:
			return -1
		}
	}
	return sum
}

// plainCode is a number as it is compared: without spaces, dots and dashes, in upper case.
func plainCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "\t", "", "\r", "", "\n", "", ".", "", "-", "").Replace(text))
}
