package payouts_test

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

// scheduled sets how the house pays its partners, as an owner does.
func (h *house) scheduled(set func(*models.PayoutSettings)) {
	h.t.Helper()
	s, err := h.Store.PayoutSettings(context.Background(), h.caller.Tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	set(&s)
	if err := h.SaveSettings(context.Background(), s, h.person(models.Owner)); err != nil {
		h.t.Fatal(err)
	}
}

// person is somebody of the company in a role; each call is another one.
func (h *house) person(role models.Role) models.Actor {
	id := models.NewID[models.PersonID](h.at)
	return models.Actor{Person: &id, Name: id.String() + "@example.com", Role: role}
}

// runs are what was begun, the newest first.
func (h *house) runs() []models.Run {
	h.t.Helper()
	list, err := h.Store.Runs(context.Background(), h.caller.Tenant, store.Page{Limit: 50, Desc: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// pass lets the clock come to a day, and what is due by then be begun and carried.
func (h *house) pass(to time.Time) {
	h.t.Helper()
	h.at = to
	if err := h.DrawScheduled(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	for _, r := range h.runs() {
		if err := h.CarryRun(context.Background(), r.Tenant, r.ID); err != nil {
			h.t.Fatal(err)
		}
	}
}

// F105, P30: on its UTC day a schedule draws up what was payable up to the day before, once, however often the clock ticks; the
// period is of the clock when it runs. One that is set draws up nothing for days gone by.
func TestAScheduleDrawsUpOnItsDayOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule    models.Schedule
		day         int
		next, until string
	}{ // the house's day is Friday, 20 November 2026
		{models.Weekly, 1, "2026-11-23", "2026-11-22"}, {models.Weekly, 5, "2026-11-27", "2026-11-26"},
		{models.Monthly, 1, "2026-12-01", "2026-11-30"}, {models.Monthly, 20, "2026-12-20", "2026-12-19"},
		{models.Quarterly, 15, "2027-01-15", "2027-01-14"},
	} {
		h := newHouse(t)
		h.scheduled(func(s *models.PayoutSettings) { s.Schedule, s.Day = c.schedule, c.day })
		s, err := h.Store.PayoutSettings(context.Background(), h.caller.Tenant)
		next, has := s.DrawsNext(h.at)
		if err != nil || !has || next.Format(time.DateOnly) != c.next {
			t.Errorf("%s on %d draws next on %s, want %s, %v", c.schedule, c.day, next.Format(time.DateOnly), c.next, err)
		}
		h.pass(h.at)
		h.pass(next.Add(-time.Second))
		if runs := h.runs(); len(runs) != 0 {
			t.Errorf("%s: begun before its day: %+v", c.schedule, runs)
		}
		for range 3 {
			h.pass(next.Add(time.Minute))
		}
		runs := h.runs()
		if len(runs) != 1 || runs[0].Until.Format(time.DateOnly) != c.until || !runs[0].Scheduled || runs[0].Invoices != 1 || runs[0].Status != models.RunDone {
			t.Errorf("%s: %+v", c.schedule, runs)
		}
	}
}

// F105: what a schedule missed while Portal was down is caught up once, with one run up to its last day.
func TestAScheduleCatchesUpOnceAfterDowntime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.scheduled(func(s *models.PayoutSettings) { s.Schedule, s.Day = models.Weekly, 1 })
	h.pass(time.Date(2027, 2, 3, 7, 0, 0, 0, time.UTC)) // ten Mondays later
	h.pass(time.Date(2027, 2, 3, 8, 0, 0, 0, time.UTC))
	if runs := h.runs(); len(runs) != 1 || runs[0].Until.Format(time.DateOnly) != "2027-01-31" {
		t.Errorf("%+v", runs)
	}
	// Changing the schedule does not draw up a day again.
	h.scheduled(func(s *models.PayoutSettings) { s.Schedule, s.Day = models.Monthly, 1 })
	h.pass(h.at.Add(time.Hour))
	if runs := h.runs(); len(runs) != 1 {
		t.Errorf("%+v", runs)
	}
}

// P31: a hold that is changed later moves nothing that was sold: the day on which it is payable is of the sale.
func TestAnotherHoldChangesNothingThatWasSold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	p, err := h.Store.Program(ctx, h.caller.Company, h.caller.Program)
	if err != nil {
		t.Fatal(err)
	}
	p.HoldDays = 300
	if err := h.Store.SaveProgram(ctx, p, h.at); err != nil {
		t.Fatal(err)
	}
	h.scheduled(func(s *models.PayoutSettings) { s.Schedule, s.Day = models.Weekly, 1 })
	h.pass(h.at.AddDate(0, 0, 4))
	if runs := h.runs(); len(runs) != 1 || runs[0].Invoices != 1 {
		t.Errorf("%+v", runs)
	}
}

// B14: who is due less than the minimum waits, and it adds up: the partner's own, else the company's turned into the partner's
// currency at the newest rate. Without a rate there is none.
func TestWhoIsDueLessThanTheMinimumWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t) // 20.00 USD are due, and the company counts in usd
	ctx := context.Background()
	drawn := func() string {
		list, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
		var totals []string
		for _, i := range list {
			totals = append(totals, i.Total().String())
		}
		if err != nil {
			t.Error(err)
		}
		return strings.Join(totals, " ")
	}
	h.scheduled(func(s *models.PayoutSettings) { s.Minimum = 2001 })
	if got := drawn(); got != "" {
		t.Errorf("below the company's minimum: %s", got)
	}
	if runs := h.runs(); len(runs) != 1 || runs[0].Below != 1 || runs[0].Invoices != 0 {
		t.Errorf("%+v", runs)
	}
	h.sell(2, 10000)
	if got := drawn(); got != "40.00 USD" {
		t.Errorf("added up: %s", got)
	}
	h.sell(3, 10000)
	if err := h.SetMinimum(ctx, h.caller.Tenant, h.partner.ID, new(int64(0)), h.who); err != nil {
		t.Fatal(err)
	}
	if got := drawn(); got != "20.00 USD" {
		t.Errorf("with a minimum of none of their own: %s", got)
	}
	euro := storetest.Partner(t, h.Store, h.caller.Tenant, "EURO", "eur")
	bonus := func(minor int64) {
		_, err := h.inbox.Adjust(ctx, models.Adjustment{Tenant: h.caller.Tenant, ID: models.NewID[models.AdjustmentID](h.at), Partner: euro.ID, Program: &h.caller.Program,
			Minor: minor, Currency: "eur", Reason: "a bonus"}, h.who)
		if err != nil {
			t.Fatal(err)
		}
	}
	bonus(1000)
	if got := drawn(); got != "10.00 EUR" {
		t.Errorf("without a rate: %s", got)
	}
	known := rates.Rates{Store: h.Store, Now: h.Now}
	if err := known.Enter(ctx, h.Store, h.caller.Company, h.who, models.Rate{From: "usd", To: "eur", Value: "0.5", Date: h.at.Truncate(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	bonus(999)
	if got := drawn(); got != "" {
		t.Errorf("9.99 EUR, below 20.01 USD: %s", got)
	}
	bonus(1)
	if got := drawn(); got != "10.00 EUR" {
		t.Errorf("the minimum turned is 10.005 EUR, rounded half to even: %s", got)
	}
}

// What cannot be a setting is refused by its field, and nothing is kept; an owner cannot be locked out; what changed is audited.
func TestSettingsAreCheckedAndAudited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	for field, set := range map[string]func(*models.PayoutSettings){
		"schedule": func(s *models.PayoutSettings) { s.Schedule = "daily" }, "day": func(s *models.PayoutSettings) { s.Schedule, s.Day = models.Monthly, 29 },
		"weekday": func(s *models.PayoutSettings) { s.Schedule, s.Day = models.Weekly, 8 }, "minimum": func(s *models.PayoutSettings) { s.Minimum = -1 },
		"four_eyes_above": func(s *models.PayoutSettings) { s.FourEyesAbove = new(int64(-1)) }, "cooling_days": func(s *models.PayoutSettings) { s.CoolingDays = 61 },
		"tax_note": func(s *models.PayoutSettings) { s.TaxNote = strings.Repeat("x", 501) },
	} {
		s := models.DefaultPayoutSettings(h.caller.Tenant)
		set(&s)
		var fields models.FieldErrors
		if err := h.SaveSettings(ctx, s, h.person(models.Owner)); !errors.As(err, &fields) || len(fields) != 1 || fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	h.scheduled(func(s *models.PayoutSettings) {
		s.ApproveRoles, s.PayRoles, s.Minimum = nil, []models.Role{models.Viewer}, 2500
	})
	s, err := h.Store.PayoutSettings(ctx, h.caller.Tenant)
	if err != nil || fmt.Sprint(s.ApproveRoles, s.PayRoles) != "[owner] [owner]" {
		t.Errorf("%v %v, %v", s.ApproveRoles, s.PayRoles, err)
	}
	audit, err := h.Store.AuditOf(ctx, h.caller.Company, h.caller.Company.String())
	note := ""
	for _, a := range audit {
		if a.Action == "payout_settings.changed" {
			note += a.Note
		}
	}
	if err != nil || note != "minimum from 0.00 USD to 25.00 USD; who approves from [owner admin finance] to [owner]; who pays from [owner admin finance] to [owner]" {
		t.Errorf("%q, %v", note, err)
	}
}

// P20: what a schedule of the test side draws up is of the test side.
func TestAScheduleIsOfOneSide(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	live := h.caller.Tenant
	live.Mode = models.Live
	s := models.DefaultPayoutSettings(live)
	s.Schedule, s.Day = models.Weekly, 1
	if err := h.SaveSettings(context.Background(), s, h.who); err != nil {
		t.Fatal(err)
	}
	h.pass(h.at.AddDate(0, 0, 4))
	if runs := h.runs(); len(runs) != 0 || h.balance().Due.Minor != 2000 {
		t.Errorf("%+v, %+v", runs, h.balance())
	}
}
