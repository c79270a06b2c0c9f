package payouts

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"portal/commission"
	"portal/models"
	"portal/rates"
	"portal/store"
)

// Calendar is what turns payable when, for one partner or for all of a company's (B19).
type Calendar struct {
	Turns    []Turn          // of the days to come up to Until
	Later    []models.Money  // what turns due after that
	Now      []store.OwedNow // due already, and on invoices
	Dayless  []store.Dayless // without a day: disputed, or waiting for a rate
	Until    time.Time
	Next     *time.Time // when the schedule draws up next; nil without one
	Settings models.PayoutSettings
}

// Turn is held money that turns due on a day, and when the schedule would put it on an invoice; nil without a schedule.
type Turn struct {
	store.Ripening
	Drawn *time.Time
}

// Calendar reads what is owed and what will be, for the days to come. A partner of nil stands for all.
func (p *Payouts) Calendar(ctx context.Context, t models.Tenant, partner *models.PartnerID, days int) (Calendar, error) {
	now := p.now()
	today := now.Truncate(24 * time.Hour)
	c := Calendar{Until: today.AddDate(0, 0, days)}
	err := p.Store.Snapshot(ctx, func(tx *store.Store) (err error) {
		if c.Settings, err = tx.PayoutSettings(ctx, t); err != nil {
			return err
		}
		c.Next = c.DrawnAfter(now)
		if c.Now, err = tx.OwedNow(ctx, t, partner); err != nil {
			return err
		}
		if c.Dayless, err = tx.Dayless(ctx, t, partner); err != nil {
			return err
		}
		ripe, err := tx.Ripenings(ctx, t, partner)
		if err != nil {
			return err
		}
		for _, r := range ripe {
			if r.Day = r.Day.UTC(); r.Day.Before(today) { // its hold ends within the minute
				r.Day = today
			}
			if r.Day.After(c.Until) {
				c.Later = added(c.Later, r.Amount())
				continue
			}
			c.Turns = append(c.Turns, Turn{r, c.DrawnAfter(r.Day)})
		}
		return nil
	})
	return c, err
}

// DrawnAfter is when the schedule puts on an invoice what turns due on a day: the first of its days after that, for it draws up to
// the day before. Nil without a schedule.
func (c Calendar) DrawnAfter(day time.Time) *time.Time {
	if next, has := c.Settings.DrawsNext(day); has {
		return &next
	}
	return nil
}

// Held is all that is held, by currency, with and without a day. What waits for a rate has no amount yet.
func (c Calendar) Held() []models.Money {
	sums := slices.Clone(c.Later)
	for _, turn := range c.Turns {
		sums = added(sums, turn.Amount())
	}
	for _, s := range c.Dayless {
		if s.Why == "disputed" {
			sums = added(sums, models.Money{Minor: s.Minor, Currency: s.Currency})
		}
	}
	return sums
}

// Owed is all that is owed, or will be, by currency: on invoices, due, and held.
func (c Calendar) Owed() []models.Money {
	sums := c.Held()
	for _, s := range c.Now {
		sums = added(sums, models.Money{Minor: s.Due + s.Owed + s.Invoiced, Currency: s.Currency})
	}
	slices.SortFunc(sums, func(a, b models.Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return sums
}

// added puts an amount to the sum of its currency.
func added(sums []models.Money, m models.Money) []models.Money {
	for n := range sums {
		if sums[n].Currency == m.Currency {
			sums[n].Minor += m.Minor
			return sums
		}
	}
	return append(sums, m)
}

// Shown is amounts of several currencies as one, at the newest rates: for the eye, never for a booking (F110).
type Shown struct {
	Total   models.Money
	Rates   []models.Rate
	Without []models.Currency // whose rate is not known: what is in them is not in Total
}

// Show turns amounts into a company's display currency.
func (p *Payouts) Show(ctx context.Context, company models.Company, amounts []models.Money) (Shown, error) {
	shown := Shown{Total: models.Money{Currency: company.Currency}}
	known := rates.Rates{Store: p.Store, Now: p.Now}
	for _, m := range amounts {
		if m.Minor == 0 {
			continue
		}
		rate, err := known.At(ctx, p.Store, company.ID, m.Currency, company.Currency, p.now().AddDate(0, 0, 1))
		if errors.Is(err, models.ErrLater) {
			shown.Without = append(shown.Without, m.Currency)
			continue
		} else if err != nil {
			return shown, err
		}
		turned, err := commission.Convert(m, rate)
		if err == nil {
			shown.Total, err = shown.Total.Add(turned)
		}
		if err != nil {
			return shown, err
		}
		if rate.From != rate.To {
			shown.Rates = append(shown.Rates, rate)
		}
	}
	return shown, nil
}
