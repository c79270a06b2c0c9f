package inbox_test

import (
	"context"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store"
	"portal/store/storetest"
)

// F110, D11, P37, B15: a sale in another currency than the company's is shown in that too, at a rate that is frozen when
// it is first known; one in the company's own is shown as it is.
func TestASaleIsShownInTheCompanysCurrencyAtARateThatStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	own, euro := sale(), sale()
	euro.N, euro.Currency, euro.Customer, euro.Email, euro.Gross, euro.Tax = 2, "eur", "cus_2", "eva@example.com", 11900, 1900
	h.post(own.Session(storetest.Old), own.Invoice(storetest.Old), euro.Session(storetest.New), euro.Invoice(storetest.New))
	h.drain()
	shown := func(key string) (string, bool) {
		t.Helper()
		p, err := h.Store.PaymentByAlias(context.Background(), h.caller.Tenant, key)
		if err != nil {
			t.Fatal(err)
		}
		n, turned := p.Shown()
		return n.Gross.String() + ", " + n.Base.String() + ", " + n.Refunded.String(), turned != p.ShownWaits && turned
	}
	if text, turned := shown("in_1"); turned {
		t.Errorf("a sale in the company's currency is turned: %s", text)
	}
	if text, turned := shown("in_2"); turned {
		t.Errorf("turned without a rate: %s", text)
	}
	enter := func(value string) {
		t.Helper()
		r := models.Rate{From: "eur", To: "usd", Value: value, Source: models.RateByHand, Date: euro.PaidAt.Truncate(24 * time.Hour)}
		if _, err := h.EnterRate(context.Background(), h.caller.Company, r, somebody); err != nil {
			t.Fatal(err)
		}
	}
	enter("1.0855")
	if text, turned := shown("in_2"); !turned || text != "129.17 USD, 108.55 USD, 0.00 USD" { // half even of 129.1745
		t.Errorf("shown as %s, %v", text, turned)
	}
	enter("2")
	h.post(euro.Charge(storetest.New), euro.Refund(storetest.New, 11900))
	h.invoices["pi_2"] = "in_2"
	h.drain()
	if text, turned := shown("in_2"); !turned || text != "129.17 USD, 108.55 USD, 129.17 USD" {
		t.Errorf("refunded on another day: shown as %s, %v", text, turned)
	}
	month, err := h.Store.Turnovers(context.Background(), h.caller.Tenant, store.Span{From: storetest.Day.AddDate(-1, 0, 0), Until: storetest.Day})
	if err != nil || len(month) != 1 || month[0].Currency != "usd" || month[0].Revenue != 10000 {
		t.Errorf("turnover %+v, %v", month, err)
	}
}
