package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// F110-F113, D11, P14, P37, P50: a sale in another currency waits visibly for a rate, goes on when one comes, and keeps
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
