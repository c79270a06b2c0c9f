package commission_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"portal/commission"
	"portal/models"
)

// D11 and the exponents of MONEY.md 4.6.
func TestConvert(t *testing.T) {
	for name, c := range map[string]struct {
		minor       int64
		from, to    models.Currency
		rate        string
		want        int64
		backwards   string // the rate back, and what it must give
		wantAgainst int64
	}{
		"100.00 USD to EUR and back":                {10000, "usd", "eur", "0.862068965517", 8621, "1.16", 10000},
		"100.00 USD to JPY, which has no decimals":  {10000, "usd", "jpy", "155.172413793", 15517, "0.00644444444444", 10000},
		"100.00 USD to KWD, which has three":        {10000, "usd", "kwd", "0.307", 30700, "3.2573289902", 10000},
		"1.00 KWD to JPY, from three to none":       {1000, "kwd", "jpy", "505.4", 505, "0.00197863", 999},
		"5.00 USD to UGX counts two decimals":       {500, "usd", "ugx", "3600", 1800000, "0.000277777777778", 500},
		"1.00 USD to ISK counts two decimals":       {100, "usd", "isk", "126.724137931", 12672, "0.00789115646259", 100},
		"1.00 USD to HUF counts two decimals":       {100, "usd", "huf", "331.896551724", 33190, "0.00301298701299", 100},
		"1.00 USD to TWD counts two decimals":       {100, "usd", "twd", "31.25", 3125, "0.032", 100},
		"a currency to itself":                      {12345, "usd", "usd", "1", 12345, "1", 12345},
		"a half stays even":                         {1, "usd", "eur", "0.5", 0, "1", 0},
		"a half becomes even":                       {3, "usd", "eur", "0.5", 2, "1", 2},
		"a little over a half goes up":              {1, "usd", "eur", "0.500000000001", 1, "1", 1},
		"a little under a half goes down":           {3, "usd", "eur", "0.499999999999", 1, "1", 1},
		"a half yen stays even":                     {50, "usd", "jpy", "1", 0, "1", 0},
		"one and a half yen becomes two":            {150, "usd", "jpy", "1", 2, "1", 200},
		"nothing stays nothing":                     {0, "usd", "jpy", "155", 0, "0.006", 0},
		"a rate so small that nothing is left":      {1, "idr", "kwd", "0.00001", 0, "100000", 0},
		"the largest amount at one":                 {math.MaxInt64, "usd", "eur", "1", math.MaxInt64, "1.0", math.MaxInt64},
		"zeros around a rate mean nothing":          {10000, "usd", "eur", "00.9200", 9200, "1.00", 9200},
		"no float: 0.1 of 3 is 0.30, not 0.3000004": {300, "usd", "eur", "0.1", 30, "10", 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := convert(t, models.Money{Minor: c.minor, Currency: c.from}, c.to, c.rate)
			if there.Minor != c.want {
				t.Errorf("got %s, want %d", there, c.want)
			}
			if back := convert(t, there, c.from, c.backwards); back.Minor != c.wantAgainst {
				t.Errorf("back: got %s, want %d", back, c.wantAgainst)
			}
			if twin := convert(t, models.Money{Minor: -c.minor, Currency: c.from}, c.to, c.rate); twin.Minor != -c.want {
				t.Errorf("its negative twin: got %s, want %d", twin, -c.want)
			}
		})
	}
}

func convert(t *testing.T, m models.Money, to models.Currency, rate string) models.Money {
	t.Helper()
	got, err := commission.Convert(m, models.Rate{From: m.Currency, To: to, Value: rate})
	if err != nil || got.Currency != to {
		t.Fatalf("%s at %s: %s, %v", m, rate, got, err)
	}
	return got
}

func TestWhatCannotBeConvertedIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		m    models.Money
		rate models.Rate
		want error
	}{
		"an amount of another currency than the rate's": {usd(1), models.Rate{From: "eur", To: "usd", Value: "1"}, models.ErrMixed},
		"more than can be counted":                      {usd(math.MaxInt64), models.Rate{From: "usd", To: "eur", Value: "1.000001"}, models.ErrOverflow},
		"less than can be counted":                      {usd(math.MinInt64), models.Rate{From: "usd", To: "eur", Value: "2"}, models.ErrOverflow},
		"more only because of the exponents":            {models.Money{Minor: math.MaxInt64 / 10, Currency: "jpy"}, models.Rate{From: "jpy", To: "kwd", Value: "1"}, models.ErrOverflow},
		"into an unknown currency":                      {usd(1), models.Rate{From: "usd", To: "xxx", Value: "1"}, models.ErrInvalid},
		"from an unknown currency":                      {models.Money{Minor: 1, Currency: "xxx"}, models.Rate{From: "xxx", To: "usd", Value: "1"}, models.ErrInvalid},
		"from no currency":                              {models.Money{}, models.Rate{To: "usd", Value: "1"}, models.ErrInvalid},
		"no rate":                                       {usd(1), models.Rate{From: "usd", To: "eur"}, models.ErrInvalid},
		"a rate of zero":                                {usd(1), models.Rate{From: "usd", To: "eur", Value: "0.000"}, models.ErrInvalid},
		"a rate below zero":                             {usd(1), models.Rate{From: "usd", To: "eur", Value: "-1"}, models.ErrInvalid},
		"a rate with an exponent":                       {usd(1), models.Rate{From: "usd", To: "eur", Value: "1e999999999"}, models.ErrInvalid},
		"a rate that is a fraction":                     {usd(1), models.Rate{From: "usd", To: "eur", Value: "1/3"}, models.ErrInvalid},
		"a rate with a comma":                           {usd(1), models.Rate{From: "usd", To: "eur", Value: "0,92"}, models.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := commission.Convert(c.m, c.rate); !errors.Is(err, c.want) || got != (models.Money{}) {
				t.Errorf("got %s, %v; want %v", got, err, c.want)
			}
		})
	}
}

// Whatever the amount and the rate: what comes out is never further than half a smallest unit from the exact product.
func TestConvertIsNeverOffByMoreThanAHalf(t *testing.T) {
	t.Parallel()
	currencies := []models.Currency{"usd", "eur", "jpy", "kwd", "ugx", "isk", "idr"}
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.SampledFrom(currencies).Draw(t, "from"), rapid.SampledFrom(currencies).Draw(t, "to")
		m := models.Money{Minor: rapid.Int64Range(-1e12, 1e12).Draw(t, "minor"), Currency: from}
		rate := rapid.StringMatching(`[1-9][0-9]{0,3}\.[0-9]{1,9}`).Draw(t, "rate")
		got, err := commission.Convert(m, models.Rate{From: from, To: to, Value: rate})
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(m.Decimal())
		value, _ := new(big.Rat).SetString(rate)
		counted, _ := new(big.Rat).SetString(got.Decimal())
		unit, _ := new(big.Rat).SetString(models.Money{Minor: 1, Currency: to}.Decimal())
		off := counted.Sub(counted, exact.Mul(exact, value))
		if off.Abs(off).Cmp(unit.Quo(unit, big.NewRat(2, 1))) > 0 {
			t.Fatalf("%s at %s is %s, off by %s", m, rate, got, off.FloatString(6))
		}
	})
}
