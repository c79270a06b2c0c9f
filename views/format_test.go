package views

import (
	"testing"
	"time"

	"portal/models"
)

func TestAmountsAreSetAsInALedger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ decimal, currency, figures, code string }{
		{"1204.50", "usd", "1,204.50", "USD"},
		{"0.00", "eur", "0.00", "EUR"},
		{"-0.00", "eur", "0.00", "EUR"},
		{"-12.05", "eur", "−12.05", "EUR"},
		{"999", "jpy", "999", "JPY"},
		{"1000", "jpy", "1,000", "JPY"},
		{"-123456789.125", "kwd", "−123,456,789.125", "KWD"},
		{"92233720368547758.07", "usd", "92,233,720,368,547,758.07", "USD"},
	} {
		if figures, code := Amount(c.decimal, c.currency); figures != c.figures || code != c.code {
			t.Errorf("%s %s: %q %q, want %q %q", c.decimal, c.currency, figures, code, c.figures, c.code)
		}
	}
	if got := AmountText(models.Money{Minor: -120450, Currency: "usd"}); got != "−1,204.50\u00a0USD" {
		t.Errorf("in a sentence: %q", got)
	}
}

func TestAMomentIsToldAsSeenFromNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 12, 14, 3, 5, 0, time.UTC)
	for _, c := range []struct {
		before time.Duration
		want   string
	}{
		{0, "just now"},
		{44 * time.Second, "just now"},
		{50 * time.Second, "1 minute ago"},
		{3*time.Minute + 59*time.Second, "3 minutes ago"},
		{time.Hour, "1 hour ago"},
		{23*time.Hour + 59*time.Minute, "23 hours ago"},
		{24 * time.Hour, "1 day ago"},
		{30 * 24 * time.Hour, "30 days ago"},
		{31 * 24 * time.Hour, "11 November 2026"},
		{-10 * time.Second, "just now"},
		{-5 * time.Minute, "in 5 minutes"},
		{-49 * time.Hour, "in 2 days"},
		{-400 * 24 * time.Hour, "16 January 2028"},
	} {
		if got := Ago(now.Add(-c.before), now); got != c.want {
			t.Errorf("%v before: %q, want %q", c.before, got, c.want)
		}
	}
}

func TestDatesAreInUTC(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 12, 11, 23, 30, 0, 0, time.FixedZone("", -3600))
	if got := Day(late); got != "12 December 2026" {
		t.Errorf("day %q", got)
	}
	if got := Exact(late); got != "12 December 2026, 00:30:00 UTC" {
		t.Errorf("exact %q", got)
	}
}

func TestAChangeIsToldInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		now, before int64
		want        string
	}{
		{112, 100, "12\u00a0% more than October"},
		{91, 100, "9\u00a0% less than October"},
		{100, 100, "As much as October"},
		{1001, 1000, "Less than 1\u00a0% more than October"},
		{2500000, 100, "2,499,900\u00a0% more than October"},
		{0, 100, "100\u00a0% less than October"},
		{0, 0, "As much as October"},
		{100, 0, ""},
		{-5, 100, ""},
	} {
		if got := Change(c.now, c.before, "October"); got != c.want {
			t.Errorf("%d after %d: %q, want %q", c.now, c.before, got, c.want)
		}
	}
}

func TestLongIdsKeepWhatAPersonCompares(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"in_1":                            "in_1",
		"in_1PabcDEFghiJKLmno":            "in_…JKLmno",
		"inv_0192f3ab55a27c11b5d03e9a1f2": "inv_…e9a1f2",
		"a-key-without-a-prefix-at-all":   "…at-all",
		"":                                "",
	} {
		if got := ShortID(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestANumberTakesItsNoun(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 invoices", 1: "1 invoice", 4: "4 invoices", 12345: "12,345 invoices"} {
		if got := Count(n, "invoice", "invoices"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestDaysAreNamedOnceWhereTheyAgree(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for want, span := range map[string][2]string{"10 to 20 November 2026": {"2026-11-10", "2026-11-20"}, "28 October to 7 November 2026": {"2026-10-28", "2026-11-07"},
		"25 December 2026 to 4 January 2027": {"2026-12-25", "2027-01-04"}} {
		if got := DaySpan(day(span[0]), day(span[1])); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
