package payouts_test

import (
	"context"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// B19: what is held turns due on the day that its hold ends, is drawn up on the schedule's next day after that, and held, due and
// invoiced are all that is owed. It is the partner's alone when one is named.
func TestTheCalendarSaysWhatTurnsDueWhen(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	settings := models.DefaultPayoutSettings(h.caller.Tenant)
	settings.Schedule, settings.Day = models.Monthly, 15
	if err := h.Store.SavePayoutSettings(ctx, settings); err != nil {
		t.Fatal(err)
	}
	h.draw() // 20.00 on an invoice
	h.adjust(700, "Thanks")
	for n, daysAgo := range map[int]int{11: 3, 12: 3, 13: 20, 14: 29} {
		s := h.sold(n, 5000)
		s.PaidAt = h.at.AddDate(0, 0, -daysAgo)
		h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
	}
	h.hear(func() []byte {
		s := h.sold(13, 5000)
		s.PaidAt = h.at.AddDate(0, 0, -20)
		return s.Dispute(5000, "needs_response", time.Hour)
	}())
	today := h.at.Truncate(24 * time.Hour)
	c, err := h.Calendar(ctx, h.caller.Tenant, nil, 20)
	if err != nil || len(c.Turns) != 1 || len(c.Later) != 1 || c.Later[0].String() != "20.00 USD" || len(c.Dayless) != 1 || c.Dayless[0].Minor != 1000 {
		t.Fatalf("%+v, %v", c, err)
	}
	if first := c.Turns[0]; first.Amount().String() != "10.00 USD" || first.Payments != 1 || !first.Day.Equal(today.AddDate(0, 0, 1)) || first.Drawn.Format(time.DateOnly) != "2026-12-15" {
		t.Errorf("turns due %+v, drawn %v", first, first.Drawn)
	}
	if c.Next == nil || c.Next.Format(time.DateOnly) != "2026-12-15" || len(c.Now) != 1 || c.Now[0].Due != 700 || c.Now[0].Invoiced != 2000 || c.Now[0].Invoices != 1 {
		t.Errorf("next %v, now %+v", c.Next, c.Now)
	}
	if owed := c.Owed(); len(owed) != 1 || owed[0].Minor != h.owed() || h.owed() != 6700 {
		t.Errorf("together %v, the books hold %d", owed, h.owed())
	}
	other := storetest.Partner(t, h.Store, h.caller.Tenant, "OTHER", "usd")
	if none, err := h.Calendar(ctx, h.caller.Tenant, &other.ID, 90); err != nil || len(none.Turns)+len(none.Now)+len(none.Dayless)+len(none.Owed()) != 0 {
		t.Errorf("another partner's: %+v, %v", none, err)
	}
	own, err := h.Calendar(ctx, h.caller.Tenant, &h.partner.ID, 90)
	if err != nil || len(own.Turns) != 2 || own.Turns[1].Payments != 2 || own.Owed()[0] != c.Owed()[0] {
		t.Errorf("the partner's: %+v, %v", own, err)
	}
	h.at = h.at.AddDate(0, 0, 2) // the first hold has ended, and nothing has booked that yet
	if late, err := h.Calendar(ctx, h.caller.Tenant, nil, 90); err != nil || !late.Turns[0].Day.Equal(today.AddDate(0, 0, 2)) {
		t.Errorf("a hold that has just ended: %+v, %v", late, err)
	}
}

// F110: amounts of several currencies are one for the eye, each with its rate; one without a rate is left out and named.
func TestAmountsAreShownInTheCompanysCurrency(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.inbox.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
	company, err := h.Store.Company(ctx, h.caller.Company)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.inbox.EnterRate(ctx, h.caller.Company, models.Rate{From: "eur", To: company.Currency, Value: "1.10", Date: h.at}, h.who); err != nil {
		t.Fatal(err)
	}
	shown, err := h.Show(ctx, company, []models.Money{{Minor: 1000, Currency: company.Currency}, {Minor: 2000, Currency: "eur"}, {Minor: 5, Currency: "xof"}, {Currency: "gbp"}})
	if err != nil || shown.Total.String() != "32.00 USD" || len(shown.Rates) != 1 || shown.Rates[0].Value != "1.1" || len(shown.Without) != 1 || shown.Without[0] != "xof" {
		t.Errorf("%+v, %v", shown, err)
	}
}
