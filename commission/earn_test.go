package commission_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/commission"
	"portal/models"
)

var (
	march    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	partnerA = models.Decision{Partner: &models.Partner{Key: "PARTNER_A"}}
)

func usd(minor int64) models.Money { return models.Money{Minor: minor, Currency: "usd"} }

func sets(rules ...models.Rule) []models.RuleSet { return []models.RuleSet{{Version: 1, Rules: rules}} }

// rule reads "percent 20", "fixed 5.00 usd", and after it who or what it is for: partner=, product=, type=, recurring=.
func rule(text string) models.Rule {
	words := strings.Fields(text)
	r := models.Rule{Type: words[0], Value: words[1], Recurring: "always"}
	for _, word := range words[2:] {
		switch name, value, found := strings.Cut(word, "="); {
		case !found:
			r.Currency = word
		case name == "partner":
			r.Partner = &value
		case name == "product":
			r.Product = &value
		case name == "type":
			r.ProductType = &value
		case name == "recurring":
			r.Recurring = value
		}
	}
	return r
}

func rules(texts ...string) []models.RuleSet {
	var all []models.Rule
	for _, text := range texts {
		all = append(all, rule(text))
	}
	return sets(all...)
}

func said(e models.Earning) string {
	var all []string
	for _, s := range e.Steps {
		all = append(all, s.Rule+" "+s.Verdict+": "+s.Because)
	}
	return strings.Join(all, "\n")
}

// Each case is a payment of 100.00 USD and 20.00 USD tax by PARTNER_A's customer on 1 March 2026, unless it says
// otherwise. It shows F89, F90, F96's first half, MONEY.md 2.3, CONTRACT.md 5's order of rules, P11, P13 and P19.
func TestEarn(t *testing.T) {
	january := march.AddDate(0, -2, 0)
	soon := march.AddDate(0, 0, 1)
	lines := []models.Line{{Product: "prod_x", ProductType: "course", Net: 6000}, {Product: "prod_y", ProductType: "book", Net: 3000}, {Net: 1000}}
	for name, c := range map[string]struct {
		sets  []models.RuleSet
		lines []models.Line
		first *time.Time
		base  *models.Money
		want  int64
		none  bool // Earns is false
		steps string
	}{
		"20 % of the net amount": {sets: rules("percent 20"), want: 2000,
			steps: "rule matched: 20 % of each payment, rule version 1\namount computed: base 100.00 USD, after 20.00 USD tax: 20.00 USD"},
		"a percentage with four decimals":                   {sets: rules("percent 12.3456"), want: 1235},
		"half a cent goes to the even one, down":            {sets: rules("percent 50"), base: new(usd(5)), want: 2},
		"half a cent goes to the even one, up":              {sets: rules("percent 50"), base: new(usd(7)), want: 4},
		"nothing of a payment is still covered":             {sets: rules("percent 0"), want: 0},
		"all of the largest amount there is":                {sets: rules("percent 100"), base: new(usd(math.MaxInt64)), want: math.MaxInt64},
		"without product rules the lines do not matter":     {sets: rules("percent 50"), base: new(usd(5)), lines: []models.Line{{Net: 1}, {Net: 1}, {Net: 1}, {Net: 1}, {Net: 1}}, want: 2},
		"another partner's product rules do not split":      {sets: rules("percent 50", "percent 90 partner=PARTNER_B product=prod_x"), base: new(usd(5)), lines: []models.Line{{Product: "prod_x", Net: 1}, {Net: 1}}, want: 2},
		"a fixed amount":                                    {sets: rules("fixed 5.00 usd"), want: 500, steps: "rule matched: 5.00 USD of each payment, rule version 1\namount computed: base 100.00 USD, after 20.00 USD tax: 5.00 USD"},
		"a fixed amount is given once for many lines":       {sets: rules("fixed 5.00 usd type=course"), lines: []models.Line{{ProductType: "course", Net: 1}, {ProductType: "course", Net: 1}}, want: 500},
		"a fixed amount in another currency gives nothing":  {sets: rules("fixed 5.00 eur"), none: true, steps: "rule matched: 5.00 EUR of each payment, rule version 1\namount refused: the rule gives 5.00 EUR and the sale is in USD"},
		"a partner's rule beats a product's":                {sets: rules("percent 10 product=prod_x", "percent 30 partner=PARTNER_A", "percent 20"), lines: lines, want: 3000},
		"a partner's product rule beats the partner's":      {sets: rules("percent 30 partner=PARTNER_A", "percent 50 partner=PARTNER_A product=prod_x"), lines: lines, want: 3000 + 1200},
		"a product's rule beats its type's":                 {sets: rules("percent 10 type=course", "percent 40 product=prod_x"), lines: lines, want: 2400},
		"a type's rule beats the program's":                 {sets: rules("percent 20", "percent 10 type=course"), lines: lines, want: 600 + 800},
		"of two rules alike the first wins":                 {sets: rules("percent 20", "percent 30"), want: 2000},
		"a rule of another partner does not count":          {sets: rules("percent 20 partner=PARTNER_B"), none: true, steps: "rule no_match: no rule of version 1 covers base 100.00 USD, after 20.00 USD tax"},
		"lines that no rule covers earn nothing":            {sets: rules("percent 10 product=prod_x"), lines: lines, want: 600, steps: "rule matched: 10 % of each payment for product prod_x, rule version 1\namount computed: 1 line with a base of 60.00 USD: 6.00 USD\nrule no_match: no rule of version 1 covers 2 lines with a base of 40.00 USD\namount computed: base 100.00 USD, after 20.00 USD tax: together 6.00 USD"},
		"the base is split by what lines cost after coupon": {sets: rules("percent 100 product=prod_x"), lines: []models.Line{{Product: "prod_x", Net: 2500}, {Net: 7500}}, want: 2500},
		"negative lines carry nothing":                      {sets: rules("percent 10 product=prod_x", "percent 20"), lines: []models.Line{{Product: "prod_x", Net: -5000}, {Net: 15000}}, want: 2000},
		"a product rule on a payment without lines is idle": {sets: rules("percent 10 product=prod_x", "percent 20"), want: 2000},
		"each line is rounded once":                         {sets: rules("percent 50 type=a"), base: new(usd(6)), lines: []models.Line{{ProductType: "a", Net: 1}, {ProductType: "a", Net: 1}}, want: 4},
		"first: the first payment earns":                    {sets: rules("percent 20 recurring=first"), want: 2000, steps: "rule matched: 20 % of the first payment, rule version 1\nrecurring matched: this is the customer's first payment\namount computed: base 100.00 USD, after 20.00 USD tax: 20.00 USD"},
		"first: the first payment, decided again, earns":    {sets: rules("percent 20 recurring=first"), first: &march, want: 2000},
		"first: a payment earlier than the first known is":  {sets: rules("percent 20 recurring=first"), first: &soon, want: 2000},
		"first: a renewal does not earn":                    {sets: rules("percent 20 recurring=first"), first: &january, none: true, steps: "rule matched: 20 % of the first payment, rule version 1\nrecurring refused: the customer's first payment was on 2026-01-01"},
		"months: within them a renewal earns":               {sets: rules("percent 20 recurring=3"), first: &january, want: 2000, steps: "rule matched: 20 % of each payment in the first 3 months, rule version 1\nrecurring matched: the first payment was on 2026-01-01; 3 months from then is 2026-04-01\namount computed: base 100.00 USD, after 20.00 USD tax: 20.00 USD"},
		"months: on the day they end a renewal does not":    {sets: rules("percent 20 recurring=2"), first: &january, none: true},
		"months: one is the first month":                    {sets: rules("percent 20 recurring=1"), want: 2000},
		"a refused rule falls to no wider rule":             {sets: rules("percent 30 partner=PARTNER_A recurring=first", "percent 20"), first: &january, none: true},
		"every line is asked by its own rule's terms":       {sets: rules("percent 50 product=prod_x recurring=first", "percent 10"), lines: lines, first: &january, want: 400},
		"a fixed and a percent rule add up":                 {sets: rules("fixed 5.00 usd product=prod_x", "percent 10"), lines: lines, want: 500 + 400},
		"a base of nothing earns nothing":                   {sets: rules("fixed 5.00 usd"), base: new(usd(0)), none: true, steps: "amount refused: base 0.00 USD, after 120.00 USD tax: there is nothing to earn from"},
		"a base below zero earns nothing":                   {sets: rules("percent 20"), base: new(usd(-1)), none: true},
		"no rules at all":                                   {none: true, steps: "rule no_match: the program had no rules on 2026-03-01"},
		"rules saved after the payment":                     {sets: []models.RuleSet{{Version: 2, ValidFrom: &soon, Rules: []models.Rule{rule("percent 20")}}}, none: true},
		"an empty list of rules":                            {sets: sets(), none: true},
		"an amount too large to add":                        {sets: rules("fixed 92233720368547758.07 usd product=prod_x", "percent 10"), lines: lines, none: true},
		"a kept percentage that cannot be read":             {sets: rules("percent 1e2"), none: true},
		"a kept amount that cannot be read":                 {sets: rules("fixed 1.234 usd"), none: true},
		"a kept type that is not known":                     {sets: rules("share 20"), none: true},
		"a kept duration that cannot be read":               {sets: rules("percent 20 recurring=often"), none: true},
		"a rule agreed with one partner for a type is said": {sets: rules("percent 20 partner=PARTNER_A type=course recurring=1"), lines: lines[:1], want: 2000, steps: "rule matched: 20 % of each payment in the first month for products of type course, agreed with PARTNER_A, rule version 1\nrecurring matched: the first payment was on 2026-03-01; 1 month from then is 2026-04-01\namount computed: 1 line with a base of 100.00 USD: 20.00 USD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := models.Payment{Gross: usd(12000), Base: usd(10000), Lines: c.lines, PaidAt: march}
			if c.base != nil {
				p.Base = *c.base
			}
			e := commission.Earn(c.sets, p, partnerA, models.Past{FirstSale: c.first})
			if e.Share != usd(c.want) || e.Earns == c.none {
				t.Errorf("got %s, earns %v; want %s, earns %v\n%s", e.Share, e.Earns, usd(c.want), !c.none, said(e))
			}
			if got := said(e); c.steps != "" && got != c.steps {
				t.Errorf("steps\n%s\nwant\n%s", got, c.steps)
			}
			if len(e.Steps) == 0 {
				t.Error("no step says why")
			}
		})
	}
}

func TestWithoutAPartnerNothingIsEarned(t *testing.T) {
	t.Parallel()
	e := commission.Earn(rules("percent 20"), models.Payment{Base: usd(10000)}, models.Decision{}, models.Past{})
	if e.Earns || e.Share != usd(0) || said(e) != "rule skipped: no partner earned this payment" {
		t.Errorf("%+v", e)
	}
}

func TestAPaymentWithoutTaxSaysOnlyItsBase(t *testing.T) {
	t.Parallel()
	e := commission.Earn(rules("percent 20"), models.Payment{Base: usd(10000), Gross: usd(10000)}, partnerA, models.Past{})
	if !strings.HasSuffix(said(e), "computed: base 100.00 USD: 20.00 USD") {
		t.Error(said(e))
	}
}

func TestEachCurrencyCountsInItsOwnSmallestUnit(t *testing.T) {
	for currency, want := range map[models.Currency]string{"jpy": "1234 JPY", "kwd": "1.234 KWD", "ugx": "12.34 UGX", "isk": "12.34 ISK", "huf": "12.34 HUF"} {
		t.Run(string(currency), func(t *testing.T) {
			t.Parallel()
			e := commission.Earn(rules("percent 10"), models.Payment{Base: models.Money{Minor: 12340, Currency: currency}}, partnerA, models.Past{})
			if e.Share.String() != want {
				t.Errorf("got %s, want %s", e.Share, want)
			}
		})
	}
}

// A rule changed later never touches what was earned before, in whatever order the versions are given (D14, P49).
func TestTheVersionInForceAtThePaymentsOwnTimeCounts(t *testing.T) {
	t.Parallel()
	second, third := march, march.AddDate(0, 1, 0)
	versions := []models.RuleSet{{Version: 3, ValidFrom: &third}, {Version: 1}, {Version: 2, ValidFrom: &second}}
	for at, want := range map[time.Time]int{
		march.AddDate(-20, 0, 0): 1, march.Add(-1): 1, march: 2, third.Add(-1): 2, third: 3, third.AddDate(9, 0, 0): 3,
	} {
		if got, found := commission.Current(versions, at); !found || got.Version != want {
			t.Errorf("at %s: version %d, want %d", at, got.Version, want)
		}
	}
	if _, found := commission.Current(versions[:1], march); found {
		t.Error("a later version was found")
	}
	twins := []models.RuleSet{{Version: 2, ValidFrom: &second}, {Version: 3, ValidFrom: &second}, {Version: 1}, {Version: 0}}
	if got, _ := commission.Current(twins, march); got.Version != 3 {
		t.Errorf("of two saved at once: version %d", got.Version)
	}
	if got, _ := commission.Current(twins[2:], march); got.Version != 1 {
		t.Errorf("of two without a date: version %d", got.Version)
	}
}

// Months end as Stripe bills: 31 January is followed by 28 February and 31 March.
func TestMonthsEndOnTheLastDayOfAShortMonth(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, c := range map[string]struct {
		first, paid, months string
		earns               bool
	}{
		"the second before one month after 31 January":  {"2026-01-31T10:00:00Z", "2026-02-28T09:59:59Z", "1", true},
		"one month after 31 January":                    {"2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z", "1", false},
		"one month after 31 January in a leap year":     {"2028-01-31T10:00:00Z", "2028-02-29T09:59:59Z", "1", true},
		"the second renewal of 31 January's":            {"2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z", "2", true},
		"two months after 31 January":                   {"2026-01-31T10:00:00Z", "2026-03-31T10:00:00Z", "2", false},
		"the eleventh renewal of a year":                {"2025-03-15T10:00:00Z", "2026-02-15T10:00:00Z", "12", true},
		"the twelfth renewal of a year":                 {"2025-03-15T10:00:00Z", "2026-03-15T10:00:00Z", "12", false},
		"one year after 29 February":                    {"2028-02-29T10:00:00Z", "2029-02-28T10:00:00Z", "12", false},
		"days are counted in UTC, whatever the zone is": {"2026-02-01T00:30:00+01:00", "2026-02-28T22:00:00Z", "1", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := day(c.first)
			e := commission.Earn(rules("percent 20 recurring="+c.months), models.Payment{Base: usd(100), PaidAt: day(c.paid)}, partnerA, models.Past{FirstSale: &first})
			if e.Earns != c.earns {
				t.Error(said(e))
			}
		})
	}
}

// Nothing that the buyer's side sends sets the rate (P39), and deciding again gives the same.
func TestCluesHaveNoSayInTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := models.Payment{Base: usd(rapid.Int64Range(1, math.MaxInt64).Draw(t, "base")), PaidAt: march}
		plain := commission.Earn(rules("percent 12.5"), p, partnerA, models.Past{})
		p.Clues.Metadata = []models.Clue{{Place: "session", Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")}}
		p.Clues.ClientReference, p.Customer.Name = rapid.String().Draw(t, "reference"), rapid.String().Draw(t, "customer")
		if e := commission.Earn(rules("percent 12.5"), p, partnerA, models.Past{}); e.Share != plain.Share || said(e) != said(plain) {
			t.Fatalf("%s became %s", plain.Share, e.Share)
		}
	})
}

// However rules and lines are mixed, percentages give at most the base, and every earning explains itself.
func TestPercentagesNeverGiveMoreThanTheBase(t *testing.T) {
	optional := rapid.SampledFrom([]string{"", " product=a", " product=b", " type=t", " partner=PARTNER_A"})
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(0, 5).Draw(t, "rules") {
			texts = append(texts, "percent "+rapid.SampledFrom([]string{"0", "0.0001", "33.3333", "50", "100"}).Draw(t, "value")+optional.Draw(t, "for")+optional.Draw(t, "and for"))
		}
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) models.Line {
			return models.Line{Product: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "product"), ProductType: rapid.SampledFrom([]string{"", "t"}).Draw(t, "type"), Net: rapid.Int64().Draw(t, "net")}
		}), 0, 8).Draw(t, "lines")
		p := models.Payment{Base: usd(rapid.Int64Range(1, math.MaxInt64).Draw(t, "base")), Lines: lines, PaidAt: march}
		e := commission.Earn(rules(texts...), p, partnerA, models.Past{})
		if e.Share.Minor < 0 || e.Share.Minor > p.Base.Minor || !e.Earns && e.Share.Minor != 0 || len(e.Steps) == 0 {
			t.Fatalf("%s of %s, earns %v\n%s", e.Share, p.Base, e.Earns, said(e))
		}
	})
}
