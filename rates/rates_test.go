package rates_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// monday is the sale's day of most tests: Monday, 23 November 2026, in the afternoon.
var monday = time.Date(2026, 11, 23, 15, 30, 0, 0, time.UTC)

func day(offset int) time.Time { return monday.Truncate(24*time.Hour).AddDate(0, 0, offset) }

type world struct {
	*testing.T
	*rates.Rates
	company models.CompanyID
}

func newWorld(t *testing.T) world {
	t.Parallel()
	s := storetest.Open(t)
	return world{t, &rates.Rates{Store: s, Now: func() time.Time { return monday }}, storetest.Company(t, s).Company}
}

// published keeps a file of one day with these rates: "USD 1.25".
func (w world) published(sender string, at time.Time, lines ...string) int64 {
	w.Helper()
	added, err := w.Keep(context.Background(), []byte(file(sender, at.Format(time.DateOnly), lines...)))
	if err != nil {
		w.Fatal(err)
	}
	return added
}

func (w world) at(from, to models.Currency, paidAt time.Time) (models.Rate, error) {
	var rate models.Rate
	err := w.Store.InTx(context.Background(), func(tx *store.Store) (err error) {
		rate, err = w.At(context.Background(), tx, w.company, from, to, paidAt)
		return err
	})
	return rate, err
}

// wants says what At must find: "0.8 ecb 2026-11-20".
func (w world) wants(from, to models.Currency, paidAt time.Time, want string) {
	w.Helper()
	rate, err := w.at(from, to, paidAt)
	got := fmt.Sprintf("%s %s %s", rate.Value, rate.Source, rate.Date.Format(time.DateOnly))
	if err != nil || got != want || rate.From != from || rate.To != to || rate.Date.Location() != time.UTC {
		w.Errorf("%s to %s at %s: got %q %v, want %q", from, to, paidAt, got, err, want)
	}
}

func (w world) wantsNone(from, to models.Currency, paidAt time.Time, sentence string) {
	w.Helper()
	rate, err := w.at(from, to, paidAt)
	var refusal models.Refusal
	if !errors.Is(err, models.ErrLater) || !errors.As(err, &refusal) || refusal.Sentence != sentence {
		w.Errorf("got %+v, %v; want %q", rate, err, sentence)
	}
}

func (w world) enter(from, to models.Currency, value string, at time.Time) error {
	w.Helper()
	return w.Enter(context.Background(), w.Store, w.company, models.Actor{Name: "fay@acme.example"}, models.Rate{From: from, To: to, Value: value, Date: at})
}

const ecb = "European Central Bank"

// F111, D11: the last published before the UTC day of the sale, so what is published later changes nothing. On a weekend,
// and on the Monday after it, that is Friday's.
func TestASaleTakesTheLastRateDatedBeforeItsUTCDay(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-4), "USD 1.28") // Thursday
	w.published(ecb, day(-3), "USD 1.25") // Friday
	w.published(ecb, day(0), "USD 1.6")   // the sale's own Monday
	w.wants("usd", "eur", monday, "0.8 ecb 2026-11-20")
	w.wants("usd", "eur", day(0), "0.8 ecb 2026-11-20")
	w.wants("usd", "eur", day(1).Add(-1), "0.8 ecb 2026-11-20")
	w.wants("usd", "eur", day(1), "0.625 ecb 2026-11-23")
	w.wants("usd", "eur", day(-1), "0.8 ecb 2026-11-20")     // Sunday
	w.wants("usd", "eur", day(-2), "0.8 ecb 2026-11-20")     // Saturday
	w.wants("usd", "eur", day(-3), "0.78125 ecb 2026-11-19") // Friday does not know its own yet
	east := time.FixedZone("UTC+9", 9*3600)
	w.wants("usd", "eur", time.Date(2026, 11, 24, 8, 59, 0, 0, east), "0.8 ecb 2026-11-20") // still Monday in UTC
	west := time.FixedZone("UTC-5", -5*3600)
	w.wants("usd", "eur", time.Date(2026, 11, 23, 20, 0, 0, 0, west), "0.625 ecb 2026-11-23") // Tuesday in UTC
}

// D11, P50: older than 10 days, or none, is no rate: what needs one waits, with a sentence that names the pair and the day.
func TestARateMayBeTenDaysOldAndNoOlder(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-10), "USD 1.25")
	w.wants("usd", "eur", monday, "0.8 ecb 2026-11-13")
	w.wantsNone("usd", "eur", day(1), "No exchange rate from USD to EUR is known for 24 November 2026: none was published in the 10 days before, and none was entered by hand.")
	w.wantsNone("usd", "eur", day(-10), "No exchange rate from USD to EUR is known for 13 November 2026: none was published in the 10 days before, and none was entered by hand.")
	w.wantsNone("usd", "kwd", monday, "No exchange rate from USD to KWD is known for 23 November 2026: none was published in the 10 days before, and none was entered by hand.")
}

// D11, F112: any two currencies are crossed through the euro, rounded once.
func TestRatesCrossThroughTheEuroWithTwelveSignificantDigitsHalfEven(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-3), "USD 3", "JPY 1", "GBP 0.000000000002", "CHF 1.000000000005", "IDR 1.000000000015", "SEK 2", "KRW 999999999", "DKK 300")
	for _, c := range []struct {
		from, to models.Currency
		value    string
	}{
		{"usd", "jpy", "0.333333333333"},
		{"usd", "sek", "0.666666666667"},
		{"dkk", "jpy", "0.00333333333333"},
		{"krw", "eur", "0.000000001000000001"},
		{"eur", "usd", "3"},
		{"eur", "dkk", "300"},
		{"eur", "krw", "999999999"},
		{"krw", "gbp", "0.000000000000000000002000000002"},
		{"gbp", "krw", "499999999500000000000"},
		{"eur", "chf", "1"},             // 1.000000000005: a half stays even
		{"eur", "idr", "1.00000000002"}, // 1.000000000015: a half becomes even
	} {
		w.wants(c.from, c.to, monday, c.value+" ecb 2026-11-20")
	}
}

// Both sides of a cross are of one day: a currency that stopped being published does not lend its old rate.
func TestTheTwoSidesOfACrossAreOfOneDay(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-4), "USD 2", "ISK 100")
	w.published(ecb, day(-3), "USD 4")
	w.wants("usd", "isk", monday, "50 ecb 2026-11-19")
	w.wants("usd", "eur", monday, "0.25 ecb 2026-11-20")
}

// F113: a sale in the partner's own currency needs no rate.
func TestACurrencyToItselfIsOne(t *testing.T) {
	w := newWorld(t)
	w.wants("kwd", "kwd", monday, "1 same 2026-11-23")
}

// D11, issue 3: a rate by hand goes before a published one of its day or an earlier one, and the last one entered counts.
func TestARateEnteredByHandGoesFirstUnlessALaterOneIsPublished(t *testing.T) {
	w := newWorld(t)
	w.published(ecb, day(-4), "USD 1.25")
	for _, c := range []struct {
		value string
		at    time.Time
		want  string
	}{
		{"0.7", day(-5), "0.8 ecb 2026-11-19"},       // older than the published one
		{"0.71", day(-4), "0.71 by hand 2026-11-19"}, // of the same day
		{"0.72", day(-2), "0.72 by hand 2026-11-21"}, // later
		{"0.730", day(0), "0.73 by hand 2026-11-23"}, // of the sale's own day
	} {
		if err := w.enter("usd", "eur", c.value, c.at); err != nil {
			t.Fatal(err)
		}
		w.wants("usd", "eur", monday, c.want)
	}
	w.wants("usd", "eur", day(-1), "0.72 by hand 2026-11-21") // what is dated after the sale's day does not count
	w.wants("eur", "usd", monday, "1.25 ecb 2026-11-19")      // the other direction is another rate
	w.published(ecb, day(1).AddDate(0, 0, -1), "USD 2")
	w.wants("usd", "eur", day(1), "0.73 by hand 2026-11-23") // published the same day
	if err := w.enter("usd", "eur", "0.74", day(0)); err != nil {
		t.Fatal(err)
	}
	w.wants("usd", "eur", monday, "0.74 by hand 2026-11-23") // entered again for the same day
	audit, err := w.Store.AuditOf(context.Background(), w.company, w.company.String())
	if err != nil || len(audit) != 5 || audit[4].Actor != "fay@acme.example" || audit[4].Note != "1 USD is 0.74 EUR on 2026-11-23" {
		t.Errorf("%+v, %v", audit, err)
	}
}

// D11, P50: a currency that nobody publishes waits until finance enters a rate.
func TestARateByHandServesWhatNobodyPublishesForTenDays(t *testing.T) {
	w := newWorld(t)
	if err := w.enter("kwd", "eur", "2.8", day(-10)); err != nil {
		t.Fatal(err)
	}
	w.wants("kwd", "eur", monday, "2.8 by hand 2026-11-13")
	w.wantsNone("kwd", "eur", day(1), "No exchange rate from KWD to EUR is known for 24 November 2026: none was published in the 10 days before, and none was entered by hand.")
}

func TestARateByHandIsItsCompanysOwn(t *testing.T) {
	w := newWorld(t)
	if err := w.enter("kwd", "eur", "2.8", day(0)); err != nil {
		t.Fatal(err)
	}
	w.company = models.NewID[models.CompanyID](monday)
	if rate, err := w.at("kwd", "eur", monday); !errors.Is(err, models.ErrLater) {
		t.Errorf("another company got %+v, %v", rate, err)
	}
}

func TestWhatCannotBeARateIsRefusedByField(t *testing.T) {
	w := newWorld(t)
	for field, r := range map[string]models.Rate{
		"from": {From: "xxx", To: "eur", Value: "1", Date: monday},
		"to":   {From: "eur", To: "", Value: "1", Date: monday},
		"date": {From: "usd", To: "eur", Value: "1", Date: day(1)},
	} {
		var fields models.FieldErrors
		if err := w.enter(r.From, r.To, r.Value, r.Date); !errors.As(err, &fields) || fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := w.enter("usd", "usd", "1", monday); !errors.Is(err, models.ErrInvalid) {
		t.Error(err)
	}
	for _, value := range []string{"", "0", "0.0", "-1", "+1", "1e3", "NaN", "Infinity", "1,5", " 1", "1.", ".5", "1234567890", "0.1234567890123", strings.Repeat("9", 100000)} {
		if err := w.enter("usd", "eur", value, monday); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("%.20q: %v", value, err)
		}
	}
}

// What is made up serves only while nothing else is known, and says what it is.
func TestTheSnapshotComesLast(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Keep(context.Background(), rates.Snapshot()); err != nil {
		t.Fatal(err)
	}
	w.wants("eur", "usd", monday, "1.16 snapshot 2026-11-19")
	w.wants("usd", "jpy", monday, "155.172413793 snapshot 2026-11-19")
	w.published(ecb, day(-9), "USD 1.25")
	w.wants("eur", "usd", monday, "1.25 ecb 2026-11-14")
	if err := w.enter("eur", "jpy", "170", day(-9)); err != nil {
		t.Fatal(err)
	}
	w.wants("eur", "jpy", monday, "170 by hand 2026-11-14")
}

func TestTheSnapshotServesAnyDay(t *testing.T) {
	w := newWorld(t)
	w.Now = func() time.Time { return day(800) }
	for _, offset := range []int{-400, 0, 799} {
		if added, err := w.Keep(context.Background(), rates.Of(day(offset))); err != nil || added != 30 {
			t.Errorf("kept %d, %v", added, err)
		}
		w.wants("eur", "usd", day(offset+1), "1.16 snapshot "+day(offset).Format(time.DateOnly))
	}
	if string(rates.Of(time.Date(2026, 11, 19, 23, 0, 0, 0, time.UTC))) != string(rates.Snapshot()) {
		t.Error("the snapshot is not of the day that it names")
	}
}
