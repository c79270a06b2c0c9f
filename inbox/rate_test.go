package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// F111, D11, P14, P37, P50: a sale in another currency waits visibly for a rate, goes on when one comes, and keeps
// that rate whatever comes later; a refund uses the sale's rate, and a full one ends at exactly nothing.
func TestASaleInAnotherCurrencyIsTurnedOnceAtItsOwnRate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	euro := storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	s := sale()
	s.Partner = "EURO"
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old))
	h.drain()
	c := h.only()
	if c.Status != models.Waiting || c.Rate != nil || c.Amount.String() != "0.00 EUR" || c.Share.String() != "20.00 USD" || c.Steps[len(c.Steps)-2].Rule != "rate" || !strings.HasPrefix(c.Steps[len(c.Steps)-1].Because, "waits for a rate; then payable on 18 December 2026") {
		t.Fatalf("without a rate: %+v", c.Commission)
	}
	rate := func(value string, day time.Time) {
		t.Helper()
		r := models.Rate{From: "usd", To: "eur", Value: value, Source: models.RateByHand, Date: day}
		if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody, r); err != nil {
			t.Fatal(err)
		}
	}
	sold := s.PaidAt.Truncate(24 * time.Hour)
	rate("0.91115", sold)
	if err := h.TurnWaiting(context.Background()); err != nil {
		t.Fatal(err)
	}
	if c = h.only(); c.Amount.String() != "18.22 EUR" || c.Status != models.Held || c.Rate == nil || c.Rate.Value != "0.91115" { // half even of 18.223
		t.Fatalf("with a rate: %+v", c.Commission)
	}
	rate("0.5", sold.AddDate(0, 0, 1))
	h.post(s.Refund(storetest.Old, 5000))
	h.drain()
	if c = h.only(); c.Amount.String() != "9.11 EUR" || c.Earned.String() != "18.22 EUR" {
		t.Errorf("half back: %s of %s", c.Amount, c.Earned)
	}
	h.post(s.Refund(storetest.Old, 10000))
	h.drain()
	if c = h.only(); c.Amount.Minor != 0 || c.Status != models.CommissionReversed {
		t.Errorf("all back: %s %s", c.Amount, c.Status)
	}
	balances, err := h.Store.BalancesOf(context.Background(), h.caller.Tenant, euro.ID)
	if err != nil || len(balances) != 1 || balances[0].Currency != "eur" || balances[0].Held.Minor != 0 {
		t.Errorf("balances %+v, %v", balances, err)
	}
}

// priced is a house that finds rates, with a partner who is paid in euro.
func priced(t testing.TB) *house {
	t.Helper()
	h := newHouse(t)
	h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	h.partner = storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	return h
}

// enter enters a rate of the day of the sale and gives how many commissions it priced.
func (h *house) enter(from, to models.Currency, value string, day time.Time) int {
	h.t.Helper()
	n, err := h.EnterRate(context.Background(), h.caller.Company, models.Rate{From: from, To: to, Value: value, Date: day}, somebody)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// F111, D11: a rate that finance enters prices at once what waited for it, and never again what is priced.
func TestARateByHandPricesWhatWaitedAtOnceAndNothingTwice(t *testing.T) {
	t.Parallel()
	h := priced(t)
	for n, currency := range []string{"kwd", "kwd", "aed"} {
		s := sale()
		s.N, s.Customer, s.Partner, s.Currency = n+1, "cus_"+currency, "EURO", currency
		h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	}
	h.drain()
	sold := sale().PaidAt
	if n := h.enter("usd", "eur", "0.9", sold); n != 0 {
		t.Errorf("a rate that nothing waits for priced %d", n)
	}
	if n := h.enter("kwd", "eur", "2.8", sold.AddDate(0, 0, 1)); n != 0 {
		t.Errorf("a rate of the day after the sale priced %d", n)
	}
	if n := h.enter("kwd", "eur", "2.8", sold.AddDate(0, 0, -10)); n != 2 {
		t.Errorf("priced %d, want the two in KWD", n)
	}
	if n := h.enter("kwd", "eur", "9.9", sold); n != 0 {
		t.Errorf("priced %d again", n)
	}
	if err := h.TurnWaiting(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, c := range h.commissions() { // 20 % of 10.000 KWD are 2.000 KWD, 5.60 EUR
		want := "5.60 EUR held"
		if c.Share.Currency == "aed" {
			want = "0.00 EUR waiting"
		}
		if got := c.Amount.String() + " " + string(c.Status); got != want {
			t.Errorf("%s: %s, want %s", c.Share, got, want)
		}
	}
}

// MONEY.md 4.6, F111, F113, P15, P34: whatever the exponent of a sale's currency, the share is counted in its smallest
// unit and turned into the partner's once.
func TestASaleInEveryKindOfCurrencyIsCountedInItsOwnSmallestUnit(t *testing.T) {
	t.Parallel()
	h := priced(t)
	for n, c := range []struct {
		currency    models.Currency
		gross       int64
		rate        string
		share, want string
	}{
		{"jpy", 1_000_000, "0.0059", "200000 JPY", "1180.00 EUR"},
		{"ugx", 500, "0.00024", "1.00 UGX", "0.00 EUR"},
		{"isk", 50_000, "0.0069", "100.00 ISK", "0.69 EUR"},
		{"kwd", 5120, "2.8", "1.024 KWD", "2.87 EUR"},
		{"huf", 12345, "0.0026", "24.69 HUF", "0.06 EUR"},
		{"twd", 10_000, "0.0277", "20.00 TWD", "0.55 EUR"},
	} {
		s := sale()
		s.N, s.Customer, s.Partner, s.Currency, s.Gross = n+1, "cus_"+string(c.currency), "EURO", string(c.currency), c.gross
		h.enter(c.currency, "eur", c.rate, s.PaidAt)
		h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
		h.drain()
		list := h.commissions()
		if got := list[len(list)-1]; got.Share.String() != c.share || got.Amount.String() != c.want {
			t.Errorf("%s: %s is %s, want %s and %s", c.currency, got.Share, got.Amount, c.share, c.want)
		}
	}
}

// MONEY.md 2.4 (adaptive pricing), D11: the sale's currency is known better later. Without a rate for that one nothing is
// owed until it comes; with the partner's own currency no rate is needed any more.
func TestASaleWhoseCurrencyIsKnownBetterLaterWaitsForTheRateOfThatOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first  models.Currency // of the charge, which is all that is heard of first
		then   models.Currency // of the session
		before string
		after  string
		priced string
	}{
		"from the partner's own to one without a rate": {"eur", "usd", "18.40 EUR due", "0.00 EUR waiting", "10.00 EUR due"},
		"from one with a rate to one without":          {"gbp", "usd", "21.16 EUR due", "0.00 EUR waiting", "10.00 EUR due"},
		"from one with a rate to the partner's own":    {"gbp", "eur", "21.16 EUR due", "20.00 EUR due", "20.00 EUR due"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := priced(t)
			s := sale()
			s.OneOff, s.Currency, s.Gross, s.Partner, s.PaidAt = true, string(c.first), 9200, "EURO", storetest.Day.AddDate(0, 0, -40)
			h.enter("gbp", "eur", "1.15", s.PaidAt)
			is := func(when, want string) {
				t.Helper()
				h.drain()
				got := h.only()
				if said := got.Amount.String() + " " + string(got.Status); said != want || (got.Rate != nil) != (got.Share.Currency != "eur" && got.Status != models.Waiting) {
					t.Errorf("%s: %s at %+v, want %s", when, said, got.Rate, want)
				}
				storetest.CheckBooks(t, h.Store)
			}
			h.post([]byte(strings.Replace(string(s.Charge(storetest.Old)), `"metadata":{}`, `"metadata":{"partner_key":"EURO"}`, 1)))
			is("the charge alone", c.before)
			h.post([]byte(strings.Replace(string(s.Session(storetest.Old)), `"currency":"`+string(c.first)+`"`,
				`"currency":"`+string(c.first)+`","currency_conversion":{"amount_total":10000,"amount_subtotal":10000,"source_currency":"`+string(c.then)+`","fx_rate":"0.92"}`, 1)))
			is("with the session", c.after)
			h.enter("usd", "eur", "0.5", s.PaidAt)
			is("with the rate", c.priced)
		})
	}
}

// D6, D11: what waits for a rate while its payment is disputed is held when the rate comes, whatever its day.
func TestADisputeAlsoHoldsWhatWaitsForARate(t *testing.T) {
	t.Parallel()
	for _, disputedFirst := range []bool{true, false} {
		h := newHouse(t)
		h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
		storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
		s := sale()
		s.Partner, s.OneOff, s.PaidAt = "EURO", true, storetest.Day.AddDate(0, 0, -40) // payable already
		bodies := [][]byte{s.Session(storetest.Old), s.Dispute(10000, "needs_response", time.Hour)}
		if disputedFirst {
			bodies[0], bodies[1] = bodies[1], bodies[0]
		}
		for _, body := range bodies {
			h.post(body)
			h.drain()
		}
		rate := models.Rate{From: "usd", To: "eur", Value: "0.9", Source: models.RateByHand, Date: s.PaidAt.Truncate(24 * time.Hour)}
		if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody, rate); err != nil {
			t.Fatal(err)
		}
		if err := h.TurnWaiting(context.Background()); err != nil {
			t.Fatal(err)
		}
		if c := h.only(); c.Amount.String() != "18.00 EUR" || c.Status != models.Held {
			t.Errorf("disputed first %v: %s %s", disputedFirst, c.Amount, c.Status)
		}
		h.post(s.Dispute(10000, "won", 2*time.Hour))
		h.drain()
		if c := h.only(); c.Amount.String() != "18.00 EUR" || c.Status != models.Due {
			t.Errorf("disputed first %v, won: %s %s", disputedFirst, c.Amount, c.Status)
		}
	}
}

// D11, D14: an API call gives a sale the day on which it was made; when Stripe tells of another day, the rate is that day's,
// as if Stripe had told first. The rate of a day that stays is never looked up again.
func TestTheRateIsOfTheDayOnWhichTheSaleTurnsOutToBe(t *testing.T) {
	t.Parallel()
	h := priced(t)
	s := sale()
	s.Partner = "EURO"
	h.enter("usd", "eur", "0.9", s.PaidAt)
	h.enter("usd", "eur", "0.5", storetest.Day)
	call := inbox.Transaction{Key: "ch_1", Amount: "100.00", AmountUnits: "usd", CustomerKey: "cus_1", CreateCustomer: true, Partner: "EURO"}
	if _, _, err := h.Transact(context.Background(), h.caller, call); err != nil {
		t.Fatal(err)
	}
	if c := h.only(); c.Amount.String() != "10.00 EUR" || c.Rate.Value != "0.5" {
		t.Fatalf("by the call alone: %s at %+v", c.Amount, c.Rate)
	}
	h.invoices["pi_1"] = "in_1"
	h.post(s.Invoice(storetest.Old), s.Charge(storetest.Old))
	h.drain()
	if c := h.only(); c.Amount.String() != "18.00 EUR" || c.Rate.Value != "0.9" {
		t.Errorf("when Stripe has told: %s at %+v", c.Amount, c.Rate)
	}
	h.enter("usd", "eur", "0.1", s.PaidAt)
	h.post(s.Refund(storetest.Old, 5000))
	h.drain()
	if c := h.only(); c.Amount.String() != "9.00 EUR" || c.Earned.String() != "18.00 EUR" {
		t.Errorf("half back, after another rate was entered for the day: %s of %s", c.Amount, c.Earned)
	}
}
