package commission_test

import (
	"strings"
	"testing"
	"time"

	"portal/commission"
	"portal/models"
)

// cash is what a customer's subscription brought in one month, and what of it each line stands for.
type cash struct {
	month int // after the first
	base  int64
	lines []models.Line
	want  int64
}

// F89-F93, D7: a subscription's life by the cash. Prorations stand on the invoice as lines above and below zero; the
// commission is of what was collected, never of a line alone.
func TestASubscriptionsLifeFollowsTheCash(t *testing.T) {
	basic := func(net int64) models.Line {
		return models.Line{Product: "prod_basic", ProductType: "monthly", Net: net}
	}
	pro := func(net int64) models.Line { return models.Line{Product: "prod_pro", ProductType: "monthly", Net: net} }
	for name, c := range map[string]struct {
		rules []models.RuleSet
		life  []cash
	}{
		"F89, F90: the first payment and each renewal earn while recurring commissions are on": {rules("percent 20"),
			[]cash{{0, 10000, nil, 2000}, {1, 10000, nil, 2000}, {11, 10000, nil, 2000}, {120, 10000, nil, 2000}}},
		"F90: with recurring commissions off only the first payment earns": {rules("percent 20 recurring=first"),
			[]cash{{0, 10000, nil, 2000}, {1, 10000, nil, 0}}},
		"F90: recurring for three months": {rules("percent 20 recurring=3"),
			[]cash{{0, 10000, nil, 2000}, {2, 10000, nil, 2000}, {3, 10000, nil, 0}}},
		"F91: an upgrade invoiced at once earns on the increase": {rules("percent 20"),
			[]cash{{0, 10000, []models.Line{basic(10000)}, 2000}, {0, 4000, []models.Line{basic(-5000), pro(9000)}, 800}, {1, 18000, []models.Line{pro(18000)}, 3600}}},
		"F91, F17: the increase is the new product's": {rules("percent 10 product=prod_basic", "percent 30 product=prod_pro"),
			[]cash{{0, 10000, []models.Line{basic(10000)}, 1000}, {0, 4000, []models.Line{basic(-5000), pro(9000)}, 1200}, {1, 18000, []models.Line{pro(18000)}, 5400}}},
		"F91: prorations that come with the next renewal": {rules("percent 10 product=prod_basic", "percent 30 product=prod_pro"),
			[]cash{{0, 10000, []models.Line{basic(10000)}, 1000}, {1, 22000, []models.Line{basic(-5000), pro(9000), pro(18000)}, 6600}}},
		"F92: a downgrade earns nothing when it gives credit, and less when less is collected": {rules("percent 20"),
			[]cash{{0, 18000, []models.Line{pro(18000)}, 3600}, {0, 0, []models.Line{pro(-9000), basic(5000)}, 0}, {1, 6000, []models.Line{basic(10000)}, 1200}, {2, 10000, []models.Line{basic(10000)}, 2000}}},
		"F92: a downgrade whose lines net below zero makes no debt": {rules("percent 10 product=prod_basic", "percent 30 product=prod_pro"),
			[]cash{{0, 0, []models.Line{pro(-9000), basic(5000)}, 0}}},
		"D7: a line below zero weighs nothing when it stands beside the new one": {rules("percent 10 type=monthly", "fixed 5.00 usd product=prod_basic"),
			[]cash{{0, 4000, []models.Line{basic(-5000), pro(9000)}, 400 + 500}}},
		"F93: after a cancellation nothing is collected, and so nothing is earned": {rules("percent 20"),
			[]cash{{0, 10000, nil, 2000}, {1, 0, nil, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, paid := range c.life {
				p := models.Payment{Gross: usd(paid.base), Base: usd(paid.base), Lines: paid.lines, PaidAt: march.AddDate(0, paid.month, 0).Add(time.Duration(i) * time.Second)}
				e := commission.Earn(c.rules, p, partnerA, models.Past{FirstSale: &march})
				if e.Share != usd(paid.want) {
					t.Errorf("payment %d earned %s, want %s\n%s", i+1, e.Share, usd(paid.want), said(e))
				}
			}
		})
	}
}

// F94: without an active partner attribution gives none, and nothing is earned, whatever the rules.
func TestNobodyEarnsWhatHasNoActivePartner(t *testing.T) {
	t.Parallel()
	e := commission.Earn(rules("fixed 5.00 usd", "percent 20 product=a"), models.Payment{Base: usd(10000), PaidAt: march}, models.Decision{By: models.ByCustomerID}, models.Past{})
	if e.Earns || e.Share != usd(0) || len(e.Steps) != 1 {
		t.Errorf("%+v", e)
	}
}

// F95, F96, P36: 100 paid earns 20; 50 back leaves 10; a refund of 25 and another of 25 leave 10 too, not 7.50; all back leaves nothing.
func TestTheWorkedExampleOfRefunds(t *testing.T) {
	t.Parallel()
	e := commission.Earn(rules("percent 20"), models.Payment{Gross: usd(10000), Base: usd(10000), PaidAt: march}, partnerA, models.Past{})
	for _, c := range []struct {
		back []int64
		want int64
	}{{nil, 2000}, {[]int64{5000}, 1000}, {[]int64{2500, 2500}, 1000}, {[]int64{5000, 5000}, 0}, {[]int64{3333, 3333, 3334}, 0}} {
		var refunds []models.Reversal
		for i, amount := range c.back {
			refunds = append(refunds, models.Reversal{Key: string(rune('a' + i)), Charge: "ch_1", Kind: models.Refund, State: models.Takes, Amount: usd(amount), Made: march.Add(time.Duration(i))})
		}
		back := commission.Returned(usd(10000), map[string]models.Money{"ch_1": usd(10000)}, refunds)
		if left := commission.Remaining(e.Share, usd(10000), back.Total); left != usd(c.want) {
			t.Errorf("%v back: %s left, want %s", c.back, left, usd(c.want))
		}
	}
}

// MONEY.md 1.3's real invoice: lines of 17400 and 8700 less a line discount of 870 and an invoice discount of 2523 make a
// base of 22707, after 1805 tax. P11: discounts and tax are spread over the lines, not ignored; F17, P35: the parts add up.
func TestTheWorkedInvoiceWithDiscountsOnTwoLevels(t *testing.T) {
	t.Parallel()
	p := models.Payment{Gross: usd(24512), Base: usd(22707), PaidAt: march,
		Lines: []models.Line{{Product: "prod_a", Net: 17400 - 870 - 1653}, {Product: "prod_b", Net: 8700 - 870}}}
	for text, c := range map[string]struct {
		rules []models.RuleSet
		want  int64
	}{
		"20 % of the base, not of the sum of lines": {rules("percent 20"), 4541}, // 4541.4
		"the whole base, split, is the whole base":  {rules("percent 100 product=prod_a", "percent 100 product=prod_b"), 22707},
		"one product's part":                        {rules("percent 100 product=prod_a"), 14877},
		"a rule each":                               {rules("percent 10 product=prod_a", "percent 50 product=prod_b"), 1488 + 3915},
	} {
		if e := commission.Earn(c.rules, p, partnerA, models.Past{}); e.Share != usd(c.want) {
			t.Errorf("%s: %s, want %s\n%s", text, e.Share, usd(c.want), said(e))
		}
	}
}

// F47, F48: a product's id, or its type, prices what the browser's snippet or the API names.
func TestAProductOrItsTypePricesALine(t *testing.T) {
	t.Parallel()
	priced := rules("percent 10 type=monthly", "fixed 7.00 usd product=prod_1", "percent 1")
	for want, line := range map[int64]models.Line{
		700:  {Product: "prod_1", ProductType: "monthly", Net: 1},
		1000: {Product: "prod_2", ProductType: "monthly", Net: 1},
		100:  {Product: "prod_2", ProductType: "yearly", Net: 1},
	} {
		if e := commission.Earn(priced, models.Payment{Base: usd(10000), Lines: []models.Line{line}, PaidAt: march}, partnerA, models.Past{}); e.Share != usd(want) {
			t.Errorf("%+v: %s, want %s", line, e.Share, usd(want))
		}
	}
}

// P12, P13: of many lines each is judged by its own rule: one line's duration, tier or amount says nothing of another's.
func TestMixedLinesAreJudgedEachByItsOwnRule(t *testing.T) {
	t.Parallel()
	january := march.AddDate(0, -2, 0)
	set := sets(rule("percent 50 product=once recurring=first"), tiers(rule("percent 10 product=tiered"), "sales", "2", "20"), rule("fixed 1.00 usd product=fixed"), rule("percent 5"))
	var lines []models.Line
	for range 10 {
		lines = append(lines, models.Line{Product: "once", Net: 10}, models.Line{Product: "tiered", Net: 10}, models.Line{Product: "fixed", Net: 10}, models.Line{Product: "other", Net: 10})
	}
	e := commission.Earn(set, models.Payment{Base: usd(40000), Lines: lines, PaidAt: march}, partnerA, models.Past{FirstSale: &january, Month: month(sold(1, 1, "usd"))})
	if e.Share != usd(0+2000+100+500) {
		t.Errorf("%s\n%s", e.Share, said(e))
	}
}

// P19: what went back whole is no first payment; the step says so.
func TestAFirstPaymentThatWentBackIsNotTheFirst(t *testing.T) {
	february, april := march.AddDate(0, -1, 0), march.AddDate(0, 1, 0)
	for name, c := range map[string]struct {
		rules []models.RuleSet
		past  models.Past
		paid  time.Time
		earns bool
		step  string
	}{
		"first: the next one earns": {rules("percent 20 recurring=first"), models.Past{FirstSale: &march, FirstKey: "in_2", WentBack: 1}, march, true,
			"this is the customer's first payment, after 1 payment that went back whole"},
		"first: the one after that does not": {rules("percent 20 recurring=first"), models.Past{FirstSale: &march, FirstKey: "in_1", WentBack: 2}, april, false,
			"the customer's first payment was on 2026-03-01, after 2 payments that went back whole"},
		"months: they begin anew": {rules("percent 20 recurring=1"), models.Past{FirstSale: &march, FirstKey: "in_2", WentBack: 1}, march.AddDate(0, 0, 30), true,
			"the first payment was on 2026-03-01, after 1 payment that went back whole; 1 month from then is 2026-04-01"},
		"months: from a first that stands": {rules("percent 20 recurring=1"), models.Past{FirstSale: &february, FirstKey: "in_1"}, march, false,
			"the first payment was on 2026-02-01; 1 month from then is 2026-03-01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := commission.Earn(c.rules, models.Payment{Key: "in_2", Base: usd(10000), PaidAt: c.paid}, partnerA, c.past)
			if e.Earns != c.earns || !strings.Contains(said(e), c.step) {
				t.Error(said(e))
			}
		})
	}
}
