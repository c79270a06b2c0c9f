package replay_test

import (
	"encoding/json"
	"testing"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// list takes in an event's object as a list shows it. What was paid before a moment earns nothing by it; nil: it earns.
func (c *company) list(body []byte, before *time.Time) {
	c.t.Helper()
	var event struct {
		Data struct{ Object json.RawMessage }
	}
	c.must(json.Unmarshal(body, &event))
	c.clock = c.clock.Add(time.Hour)
	l, err := sources.StripeListed(event.Data.Object, models.Test, c.clock, before)
	c.must(err)
	_, err = c.Fetched(c.t.Context(), c.caller.Tenant, c.caller.Program, []models.Event{l.Event})
	c.must(err)
	c.hear()
}

// B9, MONEY.md 3.4: imports without commissions and with them, beside webhooks, are on the tape by their events, and what
// was chosen stands in them: played again it ends in the same state.
func TestImportsAreOnTheTape(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	storetest.Partner(t, c.Store, c.caller.Tenant, "PARTNER_A", "usd")
	sold := func(n int) storetest.Sold {
		return storetest.Sold{N: n, Customer: "cus_1", Email: "a@x", Partner: "PARTNER_A", Gross: 10000, Currency: "usd", PaidAt: storetest.Day.AddDate(0, 0, -20+n)}
	}
	connected := storetest.Day
	for n := 1; n <= 4; n++ {
		c.list(sold(n).Session(storetest.Old), &connected)
		c.list(sold(n).Invoice(storetest.Old), &connected)
	}
	c.hear(sold(2).Invoice(storetest.New), sold(3).Refund(storetest.Old, 5000))
	c.list(sold(4).Invoice(storetest.Old), nil)
	report := c.replay()
	if !report.OK || report.Hash != report.Rebuilt || report.Events < 10 {
		t.Errorf("%+v", report)
	}
	list, err := c.Store.Commissions(t.Context(), c.caller.Tenant, nil, nil, storetest.FirstPage())
	c.must(err)
	earns := map[string]int64{}
	for _, one := range list {
		earns[one.PaymentKey] = one.Amount.Minor
	}
	if len(earns) != 2 || earns["in_2"] != 2000 || earns["in_4"] != 2000 {
		t.Errorf("earned %v", earns)
	}
}
