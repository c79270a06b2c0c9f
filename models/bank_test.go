package models_test

import (
	"errors"
	"strings"
	"testing"

	"portal/models"
)

// examples are the IBANs that the registry prints, and some of countries that lend their letters.
const examples = `AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201 AZ21NABZ00000000137010001944 BA391290079401028494
	BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456 BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957 CR05015202001026284066
	CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243 DO28BAGR00000001212453611324 EE382200221020145685
	EG380019000500000000263180002 ES9121000418450200051332 FI2112345600000785 FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917
	GI75NWBK000000007099453 GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HR1210010051863000160 HU42117730161111101800000000
	IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012 IS140159260076545510730339 IT60X0542811101000000123456 JO94CBJO0010000000000131000302
	KW81CBKU0000000000001234560101 KZ86125KZT5004100100 LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000
	LU280019400644750000 LV80BANK0000435195001 LY83002048000020100120361 MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984
	MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR NL91ABNA0417164300 NO9386011117947 PK36SCBL0000001123456702
	PL61109010140000071219812874 PS92PALS000000000400123456702 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379
	SA0380000000608010167519 SC18SSCB11010000000000001497USD SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
	ST23000100010051845310146 SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001
	VA59001123000012345678 VG96VPVG0000012345678901 XK051212012345678906`

// F101, MONEY.md 4: every IBAN of the registry is taken in any writing, and none that is wrong by one digit or letter.
func TestAnIBANWrongByOneCharacterIsRefused(t *testing.T) {
	t.Parallel()
	for iban := range strings.FieldsSeq(examples) {
		spaced := strings.ToLower(iban[:4] + " " + iban[4:8] + "\u00a0" + iban[8:])
		if got, err := models.ParseIBAN(iban[:2], spaced); err != nil || got != iban {
			t.Errorf("%s: %q, %v", iban, got, err)
		}
		for at := 2; at < len(iban); at++ {
			wrong := iban[:at] + string(iban[at]^1) + iban[at+1:] // another digit, or another letter
			if _, err := models.ParseIBAN(iban[:2], wrong); !errors.Is(err, models.ErrInvalid) {
				t.Errorf("%s was taken for %s: %v", wrong, iban, err)
			}
		}
		for _, wrong := range []string{iban[:len(iban)-1], iban + "0", "ZZ" + iban[2:]} {
			if _, err := models.ParseIBAN(iban[:2], wrong); !errors.Is(err, models.ErrInvalid) {
				t.Errorf("%s was taken: %v", wrong, err)
			}
		}
	}
	if _, err := models.ParseIBAN("JE", "GB29 NWBK 6016 1331 9268 19"); err != nil {
		t.Errorf("Jersey: %v", err)
	}
}

// F101: what is typed for a bank account is brought into one form, or each wrong field is named.
func TestBankDetailsAreReadByTheKindOfTheirCountry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		country string
		typed   models.BankNumbers
		want    models.BankNumbers
		kind    models.BankKind
		last4   string
		wrong   string // fields
	}{
		"an IBAN in lower case":         {"DE", models.BankNumbers{IBAN: "de89 3704 0044 0532 0130 00", BIC: "cobadeff"}, models.BankNumbers{IBAN: "DE89370400440532013000", BIC: "COBADEFF"}, models.IBANAccount, "3000", ""},
		"an IBAN without a BIC":         {"DE", models.BankNumbers{IBAN: "DE89370400440532013000"}, models.BankNumbers{IBAN: "DE89370400440532013000"}, models.IBANAccount, "3000", ""},
		"a BIC that is none":            {"DE", models.BankNumbers{IBAN: "DE89370400440532013000", BIC: "COBADE"}, models.BankNumbers{}, models.IBANAccount, "", "bic"},
		"an IBAN wrong by one digit":    {"DE", models.BankNumbers{IBAN: "DE89370400440532013001"}, models.BankNumbers{}, models.IBANAccount, "", "iban"},
		"an IBAN of another country":    {"FR", models.BankNumbers{IBAN: "DE89370400440532013000"}, models.BankNumbers{}, models.IBANAccount, "", "iban"},
		"an account in the US":          {"US", models.BankNumbers{Routing: "110000000", Account: "000-123 456789"}, models.BankNumbers{Routing: "110000000", Account: "000123456789"}, models.USAccount, "6789", ""},
		"a routing number with a typo":  {"US", models.BankNumbers{Routing: "110000001", Account: "12"}, models.BankNumbers{}, models.USAccount, "", "routing account"},
		"no routing number at all":      {"US", models.BankNumbers{Routing: "000000000", Account: "000123456789"}, models.BankNumbers{}, models.USAccount, "", "routing"},
		"an account in India":           {"IN", models.BankNumbers{Account: "0001 2345", Bank: " Bank  of India ", BIC: "BKIDINBB"}, models.BankNumbers{Account: "00012345", Bank: "Bank of India", BIC: "BKIDINBB"}, models.OtherAccount, "2345", ""},
		"an account without a bank":     {"IN", models.BankNumbers{Account: "00012345"}, models.BankNumbers{}, models.OtherAccount, "", "bank bic"},
		"an account in no country":      {"ZZ", models.BankNumbers{Account: "00012345"}, models.BankNumbers{}, "", "", "country"},
		"an account that is no account": {"IN", models.BankNumbers{Account: "=1+1", Bank: "B", BIC: "BKIDINBB"}, models.BankNumbers{}, models.OtherAccount, "", "account"},
	} {
		b, err := models.ParseBank(models.BankDetails{Holder: "  Nora   Lind ", Country: strings.ToLower(c.country), Numbers: c.typed})
		var fields models.FieldErrors
		errors.As(err, &fields)
		var names []string
		for _, f := range fields {
			names = append(names, f.Field)
		}
		if strings.Join(names, " ") != c.wrong || b.Numbers != c.want || b.Kind != c.kind || b.Last4 != c.last4 || c.wrong == "" && b.Holder != "Nora Lind" {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
	if _, err := models.ParseBank(models.BankDetails{Country: "DE", Numbers: models.BankNumbers{IBAN: "DE89370400440532013000"}}); err == nil || !strings.Contains(err.Error(), "holder") {
		t.Errorf("nobody's account: %v", err)
	}
}

// F101: VAT numbers that exist are taken as people write them, and those wrong by one digit are refused where there is a checksum.
func TestATaxNumberIsOneOfItsCountry(t *testing.T) {
	t.Parallel()
	for country, list := range map[string]string{
		"AT": "ATU13585627 u13585627", "BE": "BE0428759497 428759497x", "DE": "DE136695976 136695976", "ES": "ESB58378431 54362315K X2482300W J99216582", "FR": "FR40303265045 83404833048",
		"GB": "GB980780684 XI980780684 GBGD001", "GR": "EL094259216 094259216", "HR": "HR33392005961", "HU": "HU12892312", "IT": "IT00743110157", "LU": "LU15027442",
		"NL": "NL004495445B01 NL000099998B57", "PL": "PL8567346215 856-734-62-15", "PT": "PT501964843", "SE": "SE556188840401", "SI": "SI50223054", "SK": "SK2022749619", "FI": "FI20774740",
		"CH": "CHE-107.787.577CHMWST CHE107787577 CHE-107.787.577.IVA", "NO": "NO995525828MVA 995525828", "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891", "DK": "DK13585628",
		"EE": "EE100931558", "IE": "IE6433435F IE8D79739I IE6433435OA", "LT": "LT119511515", "LV": "LV40003521600", "MT": "MT11679112", "RO": "RO18547290", "US": "12-3456789", "IN": "22AAAAA0000A1Z5",
	} {
		for typed := range strings.FieldsSeq(list) {
			got, err := models.ParseTaxNumber(country, strings.ToLower(typed))
			if bad := strings.HasSuffix(typed, "x") || strings.Contains(typed, "CHMWST"); (err != nil) != bad {
				t.Errorf("%s %s: %q, %v", country, typed, got, err)
			}
		}
	}
	for _, of := range strings.Fields("AT BE DE ES FI FR GR HR HU IT LU PL PT SE SI SK GB NL") {
		number := map[string]string{"AT": "ATU13585627", "BE": "BE0428759497", "DE": "DE136695976", "ES": "ES54362315K", "FI": "FI20774740", "FR": "FR40303265045", "GR": "EL094259216", "HR": "HR33392005961",
			"HU": "HU12892312", "IT": "IT00743110157", "LU": "LU15027442", "PL": "PL8567346215", "PT": "PT501964843", "SE": "SE556188840401", "SI": "SI50223054", "SK": "SK2022749619", "GB": "GB980780684", "NL": "NL004495445B01"}[of]
		wrong := number[:6] + string((number[6]-'0'+1)%10+'0') + number[7:]
		if _, err := models.ParseTaxNumber(of, wrong); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%s was taken: %v", wrong, err)
		}
	}
	if _, err := models.ParseTaxNumber("FR", "DE136695976"); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("a German number in France: %v", err)
	}
	if none, err := models.ParseTaxNumber("DE", "  "); none != "" || err != nil {
		t.Errorf("nobody must have one: %q, %v", none, err)
	}
	if shown := models.MaskedTax("DE136695976"); shown != "DE••••••976" {
		t.Errorf("masked as %s", shown)
	}
}

func TestEveryCountryHasTwoLettersAndAName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range models.Countries {
		if len(c.Code) != 2 || c.Name == "" || seen[c.Code] || models.CountryName(c.Code) != c.Name {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
	}
	if len(seen) != 250 || models.CountryName("ZZ") != "" {
		t.Errorf("%d countries", len(seen))
	}
}
