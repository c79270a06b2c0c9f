package commission_test

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/commission"
	"portal/models"
)

// MONEY.md 2.5's sample and F96; P1 (the exact part, not the whole) and P36 (from running totals, not from what is left).
func TestRemaining(t *testing.T) {
	for name, c := range map[string]struct{ share, gross, returned, want int64 }{
		"nothing went back":                           {2000, 10000, 0, 2000},
		"half of 100 leaves 10 of 20":                 {2000, 10000, 5000, 1000},
		"25 of 100 leaves 15 of 20":                   {2000, 10000, 2500, 1500},
		"25 and another 25 leave 10, not 7.50":        {2000, 10000, 2500 + 2500, 1000},
		"all went back":                               {2000, 10000, 10000, 0},
		"more went back than came":                    {2000, 10000, 10001, 0},
		"a sum below zero took nothing":               {2000, 10000, -1, 2000},
		"half a cent stays even":                      {5, 2, 1, 2},
		"half a cent becomes even":                    {7, 2, 1, 4},
		"a share of nothing":                          {0, 10000, 5000, 0},
		"a debt shrinks likewise":                     {-2000, 10000, 5000, -1000},
		"nothing came, something went back":           {2000, 0, 1, 0},
		"nothing came, nothing went back":             {2000, 0, 0, 2000},
		"the largest amounts do not overflow":         {math.MaxInt64, math.MaxInt64, 1, math.MaxInt64 - 1},
		"the last cent leaves exactly nothing of one": {1, 3, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := commission.Remaining(usd(c.share), usd(c.gross), c.returned); got != usd(c.want) {
				t.Errorf("got %s, want %s", got, usd(c.want))
			}
		})
	}
}

// The share may be in the partner's currency and the sale in another: only the ratio counts.
func TestRemainingKeepsTheCurrencyOfTheShare(t *testing.T) {
	t.Parallel()
	share := models.Money{Minor: 1800, Currency: "eur"}
	for returned, want := range map[int64]int64{0: 1800, 5000: 900, 10000: 0} {
		if got := commission.Remaining(share, usd(10000), returned); got != (models.Money{Minor: want, Currency: "eur"}) {
			t.Errorf("%d went back: %s", returned, got)
		}
	}
}

// However a refund is cut into partials, the corrections add up to the same, never leave 0..share, and end at zero (F95, F96, P36).
func TestRefundsInAnyPiecesEndInTheSameRemainder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gross := rapid.Int64Range(1, math.MaxInt64).Draw(t, "gross")
		share := rapid.Int64Range(0, gross).Draw(t, "share")
		totals := rapid.SliceOf(rapid.Int64Range(0, gross)).Draw(t, "running totals")
		slices.Sort(totals)
		now := usd(share)
		var taken int64
		for _, total := range append(totals, gross) {
			left := commission.Remaining(usd(share), usd(gross), total)
			if left.Minor < 0 || left.Minor > now.Minor {
				t.Fatalf("%d of %d went back: %s after %s", total, gross, left, now)
			}
			taken += now.Minor - left.Minor
			now = left
		}
		if now.Minor != 0 || taken != share {
			t.Fatalf("all went back: %s is left, %d of %d taken", now, taken, share)
		}
	})
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		whole int64
		by    []int64
		want  []int64
	}{
		"three equal parts of 100 add up to 100 (P35)":         {100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		"the unit left over goes to the largest remainder":     {100, []int64{1, 2, 3}, []int64{17, 33, 50}},
		"weights that divide evenly":                           {10000, []int64{6000, 3000, 1000}, []int64{6000, 3000, 1000}},
		"a negative weight counts as zero":                     {100, []int64{-5, 1}, []int64{0, 100}},
		"all zero: everything on the first":                    {100, []int64{0, 0, -1}, []int64{100, 0, 0}},
		"a part that weighs nothing gets no unit left over":    {2, []int64{1, 0, 1, 1}, []int64{1, 0, 1, 0}},
		"a whole below zero":                                   {-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		"nothing":                                              {0, []int64{1, 2}, []int64{0, 0}},
		"one part":                                             {7, []int64{3}, []int64{7}},
		"no parts":                                             {7, nil, nil},
		"sums of weights beyond int64":                         {3, []int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}, []int64{1, 1, 1}},
		"the smallest whole":                                   {math.MinInt64, []int64{1, 1}, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
		"MONEY.md 2.3's base over its lines after two coupons": {22707, []int64{20000, 2707}, []int64{20000, 2707}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int64
			for _, part := range commission.Split(usd(c.whole), c.by) {
				got = append(got, part.Minor)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Parts always add up to the whole, keep its sign and currency, and lie within one unit of the exact part (P35).
func TestPartsAlwaysAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := usd(rapid.Int64().Draw(t, "whole"))
		by := rapid.SliceOfN(rapid.Int64(), 1, 20).Draw(t, "weights")
		sum, total := new(big.Int), new(big.Int)
		for _, weight := range by {
			total.Add(total, big.NewInt(max(weight, 0)))
		}
		for i, part := range commission.Split(whole, by) {
			sum.Add(sum, big.NewInt(part.Minor))
			if part.Currency != "usd" || part.Minor < 0 && whole.Minor > 0 || part.Minor > 0 && whole.Minor < 0 {
				t.Fatalf("part %d of %s: %s", i, whole, part)
			}
			if total.Sign() == 0 {
				continue
			}
			exact := new(big.Int).Mul(big.NewInt(whole.Minor), big.NewInt(max(by[i], 0)))
			off := exact.Sub(exact, new(big.Int).Mul(big.NewInt(part.Minor), total))
			if off.CmpAbs(total) >= 0 {
				t.Fatalf("part %d of %s is a unit or more off: %s", i, whole, part)
			}
		}
		if sum.Cmp(big.NewInt(whole.Minor)) != 0 {
			t.Fatalf("the parts of %s add up to %s", whole, sum)
		}
	})
}

func TestPayableOnIsTheUTCDayOnWhichTheHoldEnds(t *testing.T) {
	for name, c := range map[string]struct {
		paid string
		hold int
		want string
	}{
		"no hold: the same day":                      {"2026-03-01T23:59:59Z", 0, "2026-03-01"},
		"thirty days":                                {"2026-03-01T00:00:00Z", 30, "2026-03-31"},
		"over the end of a year":                     {"2026-12-15T10:00:00Z", 30, "2027-01-14"},
		"the day is UTC's, not the zone's":           {"2026-03-01T00:30:00+02:00", 1, "2026-03-01"},
		"a day of 23 hours somewhere changes nought": {"2026-03-28T12:00:00+01:00", 1, "2026-03-29"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paid, err := time.Parse(time.RFC3339, c.paid)
			if err != nil {
				t.Fatal(err)
			}
			if got := commission.PayableOn(paid, c.hold).Format(time.RFC3339); got != c.want+"T00:00:00Z" {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
