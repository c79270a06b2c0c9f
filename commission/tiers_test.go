package commission_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/commission"
	"portal/models"
)

// tiers adds tiers to a rule: by what, and pairs of from and value.
func tiers(r models.Rule, by string, pairs ...string) models.Rule {
	r.TierBy = by
	if by == "revenue" && r.Currency == "" {
		r.Currency = "usd"
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Tiers = append(r.Tiers, models.Tier{From: pairs[i], Value: pairs[i+1]})
	}
	return r
}

func month(each ...models.Collected) []models.Collected { return each }

func sold(n int, minor int64, currency models.Currency) models.Collected {
	return models.Collected{Sales: n, Base: models.Money{Minor: minor, Currency: currency}}
}

// Issue 3.3: each case is a payment of 100.00 USD in March 2026 after what the partner's month had come to.
func TestTiers(t *testing.T) {
	bySales := tiers(rule("percent 20"), "sales", "10", "25", "50", "30")
	byRevenue := tiers(rule("percent 20"), "revenue", "1000.00", "25", "5000.00", "30")
	for name, c := range map[string]struct {
		rule  models.Rule
		month []models.Collected
		want  int64
		none  bool
		tier  string // the step
	}{
		"the first sale of a month earns the rule's own value": {rule: bySales, want: 2000,
			tier: "tier no_match: the 1st sale in March 2026: 20 % below the 10th, rule version 1"},
		"the ninth sale still does": {rule: bySales, month: month(sold(8, 0, "usd")), want: 2000},
		"the tenth sale reaches the first tier": {rule: bySales, month: month(sold(9, 90000, "usd")), want: 2500,
			tier: "tier matched: the 10th sale in March 2026: 25 % from the 10th on, rule version 1"},
		"the eleventh stays in it": {rule: bySales, month: month(sold(10, 0, "usd")), want: 2500,
			tier: "tier matched: the 11th sale in March 2026: 25 % from the 10th on, rule version 1"},
		"the fiftieth reaches the second": {rule: bySales, month: month(sold(49, 0, "usd")), want: 3000,
			tier: "tier matched: the 50th sale in March 2026: 30 % from the 50th on, rule version 1"},
		"sales in every currency count as sales": {rule: bySales, month: month(sold(5, 1, "eur"), sold(4, 1, "usd")), want: 2500},
		"nothing collected yet": {rule: byRevenue, want: 2000,
			tier: "tier no_match: 0.00 USD collected in March 2026 before this payment: 20 % below 1000.00 USD, rule version 1"},
		"a cent below a tier":                            {rule: byRevenue, month: month(sold(3, 99999, "usd")), want: 2000},
		"the payment itself does not lift what it earns": {rule: tiers(rule("percent 20"), "revenue", "50.00", "25"), want: 2000},
		"exactly a tier": {rule: byRevenue, month: month(sold(3, 100000, "usd")), want: 2500,
			tier: "tier matched: 1000.00 USD collected in March 2026 before this payment: 25 % from 1000.00 USD on, rule version 1"},
		"far beyond the last tier": {rule: byRevenue, month: month(sold(1, math.MaxInt64, "usd")), want: 3000},
		"money of other currencies is never added, and the step says so": {rule: byRevenue, month: month(sold(2, 900000, "eur"), sold(1, 7, "kwd"), sold(3, 99999, "usd")), want: 2000,
			tier: "tier no_match: 999.99 USD collected in March 2026 before this payment, not counting 3 payments in other currencies: 20 % below 1000.00 USD, rule version 1"},
		"one payment in another currency": {rule: byRevenue, month: month(sold(1, 900000, "eur")), want: 2000,
			tier: "tier no_match: 0.00 USD collected in March 2026 before this payment, not counting 1 payment in other currencies: 20 % below 1000.00 USD, rule version 1"},
		"fixed amounts have tiers too": {rule: tiers(rule("fixed 5.00 usd"), "sales", "2", "7.50"), month: month(sold(1, 1, "usd")), want: 750,
			tier: "tier matched: the 2nd sale in March 2026: 7.50 USD from the 2nd on, rule version 1"},
		"fixed amounts by revenue": {rule: tiers(rule("fixed 5.00 usd"), "revenue", "1.00", "7.50"), month: month(sold(1, 100, "usd")), want: 750},
		"nothing below the first tier is still covered, so that sales count": {rule: tiers(rule("percent 0"), "sales", "3", "25"), month: month(sold(1, 1, "usd")), want: 0},
		"a tier may lower the value":                                         {rule: tiers(rule("percent 20"), "sales", "2", "5"), month: month(sold(1, 1, "usd")), want: 500},
		"kept tiers by something unknown":                                    {rule: tiers(rule("percent 20"), "clicks", "2", "25"), none: true, tier: `amount refused: the rule's tiers go by "clicks", which is not known`},
		"a kept number of sales that cannot be read":                         {rule: tiers(rule("percent 20"), "sales", "many", "25"), none: true, tier: `amount refused: the rule's tier from "many" cannot be read`},
		"a kept revenue that cannot be read":                                 {rule: tiers(rule("percent 20"), "revenue", "many", "25"), none: true, tier: `amount refused: the rule's tier from "many" cannot be read: must be a decimal number such as 99.99`},
		"a kept value of a tier that cannot be read":                         {rule: tiers(rule("percent 20"), "sales", "2", "many"), month: month(sold(1, 1, "usd")), none: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := models.Payment{Gross: usd(10000), Base: usd(10000), PaidAt: march}
			e := commission.Earn(sets(c.rule), p, partnerA, models.Past{Month: c.month})
			if e.Share != usd(c.want) || e.Earns == c.none {
				t.Errorf("got %s, earns %v; want %s\n%s", e.Share, e.Earns, usd(c.want), said(e))
			}
			if c.tier != "" && !strings.Contains("\n"+said(e)+"\n", "\n"+c.tier+"\n") {
				t.Errorf("steps\n%s\nlack\n%s", said(e), c.tier)
			}
		})
	}
}

// Where a rule is said in words its tiers are said with it, and each line of a payment is judged by its own rule's.
func TestARuleInWordsNamesItsTiers(t *testing.T) {
	for want, rules := range map[string][]models.Rule{
		"20 % (25 % from the 2nd sale in a month on, 30 % from the 3rd sale on) of the first payment": {tiers(rule("percent 20 recurring=first"), "sales", "2", "25", "3", "30")},
		"20 % (25 % from 1000.00 USD collected in a month on) of each payment for product a":          {tiers(rule("percent 20 product=a"), "revenue", "1000", "25")},
		"5.00 USD (7.50 USD from the 111th sale in a month on) of each payment":                       {tiers(rule("fixed 5 usd"), "sales", "111", "7.50")},
		"10 % (11 % from the 21st sale in a month on) of each payment for products of type t":         {rule("percent 20"), tiers(rule("percent 10 type=t"), "sales", "21", "11")},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			p := models.Payment{Base: usd(10000), PaidAt: march, Lines: []models.Line{{Product: "a", Net: 1}, {ProductType: "t", Net: 1}}}
			e := commission.Earn(sets(rules...), p, partnerA, models.Past{})
			if !strings.Contains(said(e), "rule matched: "+want+", rule version 1") {
				t.Error(said(e))
			}
		})
	}
}

func TestOrdinals(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 22: "22nd", 101: "101st", 111: "111th", 113: "113th", 123: "123rd"} {
		e := commission.Earn(sets(tiers(rule("percent 20"), "sales", "2", "25")), models.Payment{Base: usd(100), PaidAt: march}, partnerA, models.Past{Month: month(sold(n-1, 0, "usd"))})
		if !strings.Contains(said(e), "the "+want+" sale in March 2026") {
			t.Error(said(e))
		}
	}
}

// D14: a month is UTC's, whatever zone a provider tells its time in.
func TestAMonthIsOneOfUTC(t *testing.T) {
	t.Parallel()
	for paid, want := range map[string]string{
		"2026-03-01T00:00:00Z":      "2026-03-01 2026-04-01",
		"2026-03-31T23:59:59Z":      "2026-03-01 2026-04-01",
		"2026-04-01T00:30:00+02:00": "2026-03-01 2026-04-01",
		"2026-12-31T23:30:00-01:00": "2027-01-01 2027-02-01",
	} {
		at, err := time.Parse(time.RFC3339, paid)
		if err != nil {
			t.Fatal(err)
		}
		begin, end := commission.MonthOf(at)
		if got := begin.Format(time.DateOnly) + " " + end.Format(time.DateOnly); got != want || begin.Location() != time.UTC {
			t.Errorf("%s: %s, want %s", paid, got, want)
		}
	}
}

func TestOnlyAVersionWithTiersIsTiered(t *testing.T) {
	t.Parallel()
	if commission.Tiered(sets(rule("percent 20"))[0]) || !commission.Tiered(sets(rule("percent 20"), tiers(rule("percent 1 product=a"), "sales", "2", "3"))[0]) {
		t.Error("tiers are not where they were put")
	}
}

func TestValidateTiers(t *testing.T) {
	many := tiers(rule("percent 1"), "sales")
	for i := range 21 {
		many = tiers(many, "sales", fmt.Sprint(i+2), "1")
	}
	for name, c := range map[string]struct {
		rule models.Rule
		want string
	}{
		"by sales":                            {tiers(rule("percent 20"), "sales", "2", "0", "1000000", "100"), ""},
		"by revenue":                          {tiers(rule("percent 20"), "revenue", "0.01", "25", "1000", "30"), ""},
		"a fixed value by revenue":            {tiers(rule("fixed 5 usd"), "revenue", "10", "7.50"), ""},
		"a yen has no decimals":               {tiers(rule("fixed 500 jpy"), "revenue", "10.5", "600.5"), "data[0].tiers[0].from data[0].tiers[0].value"},
		"tiers of nothing":                    {tiers(rule("percent 20"), "sales"), "data[0].tiers"},
		"more tiers than anybody needs":       {many, "data[0].tiers"},
		"tiers that go by nothing":            {tiers(rule("percent 20"), "", "2", "25"), "data[0].tier_by"},
		"tiers that go by something unknown":  {tiers(rule("percent 20"), "clicks", "2", "25"), "data[0].tier_by"},
		"the first sale is below every tier":  {tiers(rule("percent 20"), "sales", "1", "25"), "data[0].tiers[0].from"},
		"numbers of sales that are none":      {tiers(rule("percent 20"), "sales", "2.0", "1", "x", "1", "03", "1", "", "1", "1000001", "1"), "data[0].tiers[0].from data[0].tiers[1].from data[0].tiers[2].from data[0].tiers[3].from data[0].tiers[4].from"},
		"revenue of nothing, or below":        {tiers(rule("percent 20"), "revenue", "0", "1", "-5", "1"), "data[0].tiers[0].from data[0].tiers[1].from"},
		"revenue with too many decimals":      {tiers(rule("percent 20"), "revenue", "10.005", "1"), "data[0].tiers[0].from"},
		"revenue beyond counting":             {tiers(rule("percent 20"), "revenue", "92233720368547758.08", "1"), "data[0].tiers[0].from"},
		"one tier twice":                      {tiers(rule("percent 20"), "sales", "2", "25", "2", "30"), "data[0].tiers[1].from"},
		"one amount twice, written otherwise": {tiers(rule("percent 20"), "revenue", "10", "25", "10.00", "30"), "data[0].tiers[1].from"},
		"tiers that fall":                     {tiers(rule("percent 20"), "sales", "9", "25", "5", "30", "8", "1"), "data[0].tiers[1].from data[0].tiers[2].from"},
		"a percentage above 100":              {tiers(rule("percent 20"), "sales", "2", "100.1"), "data[0].tiers[0].value"},
		"a fixed value below zero":            {tiers(rule("fixed 5 usd"), "sales", "2", "-1"), "data[0].tiers[0].value"},
		"an empty value":                      {tiers(rule("percent 20"), "sales", "2", ""), "data[0].tiers[0].value"},
		"revenue in no currency":              {tiers(rule("percent 20 zzz"), "revenue", "2", "1"), "data[0].currency"},
		"a fixed value in no currency, once":  {tiers(rule("fixed 5 zzz"), "revenue", "2", "1"), "data[0].currency"},
		"a type that is not known, once":      {tiers(rule("share 5"), "sales", "2", "1"), "data[0].type"},
		"all that is wrong is named at once":  {tiers(rule("percent 101"), "sales", "1", "101"), "data[0].value data[0].tiers[0].from data[0].tiers[0].value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fields []string
			err := commission.Validate([]models.Rule{c.rule})
			var wrong models.FieldErrors
			if errors.As(err, &wrong) {
				for _, e := range wrong {
					fields = append(fields, e.Field)
				}
			}
			if got := strings.Join(fields, " "); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// A month that grows never leaves the tier it has reached: the value is that of the last tier whose beginning is reached.
func TestTheLastTierThatIsReachedHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		by := rapid.SampledFrom([]string{"sales", "revenue"}).Draw(t, "by")
		r, from := models.Rule{Type: "percent", Value: "0", Recurring: "always", Currency: "usd", TierBy: by}, 1
		var begins []int
		for i := range rapid.IntRange(1, 20).Draw(t, "tiers") {
			from += rapid.IntRange(1, 50).Draw(t, "step")
			begins = append(begins, from)
			r.Tiers = append(r.Tiers, models.Tier{From: fmt.Sprint(from), Value: fmt.Sprint(i + 1)})
		}
		if err := commission.Validate([]models.Rule{r}); err != nil {
			t.Fatal(err)
		}
		before := rapid.IntRange(0, 1100).Draw(t, "before")
		reached := before // whole dollars; of sales this one counts too
		if by == "sales" {
			reached++
		}
		want := int64(0)
		for i, begin := range begins {
			if reached >= begin {
				want = int64(i + 1)
			}
		}
		e := commission.Earn(sets(r), models.Payment{Base: usd(100), PaidAt: march}, partnerA, models.Past{Month: month(sold(before, int64(before)*100, "usd"))})
		if !e.Earns || e.Share.Minor != want {
			t.Fatalf("%d before %v: %s\n%s", before, begins, e.Share, said(e))
		}
	})
}
