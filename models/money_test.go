package models

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"
)

// MONEY.md 4.6 and 6, P15, P34: each currency has its own number of decimals, as Stripe counts them.
func TestAmountsAreShownWithTheCurrencysDigits(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]Money{
		"1000000 JPY": {1_000_000, "jpy"}, "5.00 UGX": {500, "ugx"}, "5.00 ISK": {500, "isk"}, "5.120 KWD": {5120, "kwd"}, "123.45 HUF": {12345, "huf"}, "1.00 TWD": {100, "twd"},
		"0.05 USD": {5, "usd"}, "-0.05 USD": {-5, "usd"}, "-1204.50 EUR": {-120450, "eur"}, "0.00 USD": {0, "usd"},
		"-92233720368547758.08 USD": {math.MinInt64, "usd"}, "92233720368547758.07 USD": {math.MaxInt64, "usd"},
	} {
		if m.String() != want {
			t.Errorf("%d: %s, want %s", m.Minor, m, want)
		}
		if back, err := ParseMoney(m.Decimal(), m.Currency); err != nil && m.Minor != math.MinInt64 || err == nil && back != m {
			t.Errorf("%s read back as %v, %v", want, back, err)
		}
	}
}

// D12: more decimals than the currency has is an error, not a rounding.
func TestAmountsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]Currency{"": "usd", ".": "usd", "1.": "usd", ".5": "usd", "1.234": "usd", "1.0": "jpy", "1e3": "usd", "NaN": "usd", "+1": "usd",
		"1,5": "usd", "--1": "usd", "1.-5": "usd", "٣": "usd", "92233720368547758.08": "usd"} {
		if m, err := ParseMoney(text, c); err == nil {
			t.Errorf("%q was read as %v", text, m)
		}
	}
}

func TestSumsRefuseMixedCurrenciesAndOverflow(t *testing.T) {
	t.Parallel()
	if _, err := (Money{1, "usd"}).Add(Money{1, "eur"}); !errors.Is(err, ErrMixed) {
		t.Errorf("mixed: %v", err)
	}
	for _, pair := range [][2]int64{{math.MaxInt64, 1}, {math.MinInt64, -1}} {
		if _, err := (Money{pair[0], "usd"}).Add(Money{pair[1], "usd"}); !errors.Is(err, ErrOverflow) {
			t.Errorf("%v: %v", pair, err)
		}
	}
	if _, err := (Money{0, "usd"}).Sub(Money{math.MinInt64, "usd"}); !errors.Is(err, ErrOverflow) {
		t.Errorf("minus the least: %v", err)
	}
	if sum, err := (Money{math.MaxInt64, "usd"}).Add(Money{0, "usd"}); err != nil || sum.Minor != math.MaxInt64 {
		t.Errorf("plus nothing: %v, %v", sum, err)
	}
}

// MONEY.md 2.3: halves go to the even one, on both sides of zero.
func TestSharesAreRoundedHalfToEven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, num, den, want int64 }{
		{5, 1, 10, 0}, {15, 1, 10, 2}, {25, 1, 10, 2}, {35, 1, 10, 4}, {-5, 1, 10, 0}, {-15, 1, 10, -2}, {-25, 1, 10, -2}, {26, 1, 10, 3}, {-26, 1, 10, -3}, {9999, 20, 100, 2000},
	} {
		got, err := (Money{c.minor, "usd"}).Times(big.NewInt(c.num), big.NewInt(c.den))
		if err != nil || got.Minor != c.want {
			t.Errorf("%d × %d/%d is %d, %v; want %d", c.minor, c.num, c.den, got.Minor, err, c.want)
		}
	}
	if _, err := (Money{1, "usd"}).Times(big.NewInt(1), big.NewInt(0)); !errors.Is(err, ErrOverflow) {
		t.Errorf("by nothing: %v", err)
	}
}

// Ids keep the order in which they were made, name their noun, and read back.
func TestIDsAreOrderedAndNameTheirNoun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	before := NewID[PaymentID](now.Add(-time.Millisecond))
	id := NewID[PaymentID](now)
	if before.String() >= id.String() || id.String()[:4] != "pay_" {
		t.Errorf("%s, %s", before, id)
	}
	if back, err := ParseID[PaymentID](id.String()); err != nil || back != id {
		t.Errorf("%v, %v", back, err)
	}
	for _, bad := range []string{"", "pay_", "inv_" + id.String()[4:], "pay_xyz", id.String() + "0"} {
		if _, err := ParseID[PaymentID](bad); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// F94, D14: only an active partner earns, judged at the payment's time.
func TestAPartnerEarnsWhileActive(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	early, late := noon.Add(-time.Hour), noon.Add(time.Hour)
	for name, c := range map[string]struct {
		p    Partner
		want bool
	}{
		"active from the start":          {Partner{Active: Spans{{}}}, true},
		"pending":                        {Partner{}, false},
		"active since before":            {Partner{Active: Spans{{From: &early}}}, true},
		"active since later":             {Partner{Active: Spans{{From: &late}}}, false},
		"paused later":                   {Partner{Active: Spans{{Until: &late}}}, true},
		"paused before":                  {Partner{Active: Spans{{Until: &early}}}, false},
		"banned at that moment":          {Partner{Active: Spans{{Until: &noon}}}, false},
		"active since that time":         {Partner{Active: Spans{{From: &noon}}}, true},
		"paused for an hour, and back":   {Partner{Active: Spans{{Until: &early}, {From: &noon}}}, true},
		"paused for two hours, and back": {Partner{Active: Spans{{Until: &early}, {From: &late}}}, false},
	} {
		if got := c.p.ActiveAt(noon); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
