package handlers

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/views"
)

const (
	calendarDays  = 90  // how far a calendar looks ahead
	calendarLines = 200 // how many payments a partner's calendar lists one by one
)

// partnerCalendar shows a partner what turns payable on which day, and why not sooner (B19).
func (h *House) partnerCalendar(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "Money calendar", "What turns payable to you on which day, and why not sooner.")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	cal, err := h.Payouts.Calendar(ctx, side.Tenant, &side.partner.ID, calendarDays)
	if err != nil {
		return err
	}
	held, err := h.Store.HeldLines(ctx, side.Tenant, side.partner.ID, calendarLines+1)
	if err != nil {
		return err
	}
	balances, err := h.Store.BalancesOf(ctx, side.Tenant, side.partner.ID)
	if err != nil {
		return err
	}
	v := views.PartnerCalendar{Frame: side.frame, Now: side.now, Drawn: drawnWords(cal, side.company)}
	for _, b := range ownFirst(balances, side.partner.Currency) {
		v.Figures = append(v.Figures, calendarFigures(b.Held, b.Due, b.Invoiced, "/partner/invoices"))
	}
	if len(held) > calendarLines {
		held, v.More = held[:calendarLines], fmt.Sprintf("The next %d are listed. The sums above hold all.", calendarLines)
	}
	for _, l := range held {
		v.Lines = append(v.Lines, heldLine(l, cal))
	}
	return show(c, http.StatusOK, views.PartnerCalendarPage(v), nil)
}

// heldLine is a payment that is not payable yet as its partner may see it.
func heldLine(l store.HeldLine, cal payouts.Calendar) views.CalendarLine {
	line := views.CalendarLine{Href: "/partner/earnings/" + l.ID.String(), Customer: maskCustomer(l.Customer), Amount: models.Money{Minor: l.Minor, Currency: l.Currency}}
	switch {
	case l.Status == models.Waiting:
		line.Why = "It waits for an exchange rate from " + l.SaleIn.Code() + " to " + l.Currency.Code() + "."
		line.Amount = models.Money{Minor: l.Share, Currency: l.SaleIn}
	case l.Disputed:
		line.Why = "The customer's bank disputes the payment. It is held until that is decided."
	default:
		line.Why = fmt.Sprintf("Refund window of %s, from %s.", views.Count(l.HoldDays, "day", "days"), views.Day(l.PaidAt))
		line.Day, line.Drawn = &l.PayableOn, cal.DrawnAfter(l.PayableOn)
	}
	return line
}

// calendarFigures are held, due and on invoices in one currency.
func calendarFigures(held, due, invoiced models.Money, invoices string) []views.Figure {
	on := views.MoneyFigure("On invoices", invoiced)
	on.Href, on.Change = invoices, "Being reviewed, approved or paid"
	now, later := views.MoneyFigure("Due now", due), views.MoneyFigure("Held", held)
	now.Change, later.Change = "For the next invoice", "Turns due on the days below"
	return []views.Figure{on, now, later}
}

// drawnWords say when invoices are drawn up, and that a person must approve them before they are paid.
func drawnWords(c payouts.Calendar, company string) string {
	if c.Next == nil {
		return company + " draws up invoices by hand, from what is due by then. Each is paid once a person there has approved it."
	}
	how := map[models.Schedule]string{models.Weekly: "every week", models.Monthly: "every month", models.Quarterly: "every quarter"}[c.Settings.Schedule]
	return company + " draws up invoices " + how + ", next on " + views.Day(*c.Next) + ", from what is due before that day. Each is paid once a person there has approved it."
}

// adminCalendar shows a company what it owes and will owe, by week or day and currency (B19).
func (h *House) adminCalendar(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	byDay := c.QueryParam("by") == "day"
	cal, err := h.Payouts.Calendar(ctx, t, nil, calendarDays)
	if err != nil {
		return err
	}
	var v views.AdminCalendar
	if v.Frame, err = h.adminFrame(c, se, "/admin/calendar", "Money calendar"); err != nil {
		return err
	}
	v.Sentence = "What you owe your partners and will owe, as of today: refunds and new sales change it."
	if v.Shown, err = h.shownWords(ctx, t, cal); err != nil {
		return err
	}
	held := map[models.Currency]int64{}
	for _, m := range cal.Held() {
		held[m.Currency] = m.Minor
	}
	for _, m := range cal.Owed() {
		at := models.Money{Currency: m.Currency}
		due, invoiced := at, at
		for _, s := range cal.Now {
			if s.Currency == m.Currency {
				due.Minor, invoiced.Minor = s.Due+s.Owed, s.Invoiced
			}
		}
		at.Minor = held[m.Currency]
		v.Figures = append(v.Figures, append(calendarFigures(at, due, invoiced, "/admin/invoices"), views.MoneyFigure("Together", m)))
	}
	v.By = []views.Chip{{Label: "By week", Href: "/admin/calendar", On: !byDay}, {Label: "By day", Href: "/admin/calendar?by=day", On: byDay}}
	v.Turns = calendarTurns(cal, byDay)
	v.Empty = fmt.Sprintf("Nothing that is held turns due in the next %d days.", calendarDays)
	v.Notes = calendarNotes(cal, v.Company)
	return show(c, http.StatusOK, views.AdminCalendarPage(v), nil)
}

// shownWords is one line in the display currency with the rates that made it; empty when nothing is owed.
func (h *House) shownWords(ctx context.Context, t models.Tenant, cal payouts.Calendar) (string, error) {
	company, err := h.Store.Company(ctx, t.Company)
	if err != nil {
		return "", err
	}
	owed := cal.Owed()
	shown, err := h.Payouts.Show(ctx, company, owed)
	if err != nil || len(owed) == 0 {
		return "", err
	}
	said := "All of it together is " + views.AmountText(shown.Total)
	var with []string
	for _, r := range shown.Rates {
		with = append(with, fmt.Sprintf("1 %s = %s %s, %s of %s", r.From.Code(), r.Value, r.To.Code(), sourceWords(r.Source), views.Day(r.Date)))
	}
	if len(with) > 0 {
		said += ", at " + strings.Join(with, "; ")
	}
	for _, c := range shown.Without {
		said += ". What is in " + c.Code() + " is left out: no rate is known for it"
	}
	return said + ".", nil
}

func sourceWords(source string) string {
	if words, known := rateSources[source]; known {
		return words
	}
	return source
}

// calendarTurns are the rows of the days to come; with a schedule each says when it would be drawn up.
func calendarTurns(cal payouts.Calendar, byDay bool) []views.CalendarTurn {
	sums := map[models.Currency]int64{}
	at := map[string]int{}
	var rows []views.CalendarTurn
	for _, t := range cal.Turns {
		first, days := t.Day, views.Day(t.Day)
		if !byDay {
			first = t.Day.AddDate(0, 0, -(int(t.Day.Weekday())+6)%7)
			days = views.DaySpan(first, first.AddDate(0, 0, 6))
		}
		sums[t.Currency] += t.Minor
		drawn := "By hand"
		if t.Drawn != nil {
			drawn = views.Day(*t.Drawn)
		}
		sum := models.Money{Minor: sums[t.Currency], Currency: t.Currency}
		key := first.Format(time.DateOnly) + string(t.Currency) + drawn
		if n, there := at[key]; there {
			rows[n].Payments += t.Payments
			rows[n].Amount.Minor += t.Minor
			rows[n].Sum = sum
			continue
		}
		at[key] = len(rows)
		rows = append(rows, views.CalendarTurn{Days: days, At: first, Payments: t.Payments, Amount: t.Amount(), Sum: sum, Drawn: drawn})
	}
	slices.SortStableFunc(rows, func(a, b views.CalendarTurn) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return rows
}

// calendarNotes say what has no day, what comes later, and when invoices are drawn up.
func calendarNotes(cal payouts.Calendar, company string) []string {
	notes := []string{drawnWords(cal, company)}
	for _, s := range cal.Dayless {
		amount, n := views.AmountText(models.Money{Minor: s.Minor, Currency: s.Currency}), views.Count(s.Payments, "payment", "payments")
		if s.Why == "disputed" {
			notes = append(notes, amount+" of "+n+" is held without a day: their customers' banks dispute them.")
		} else {
			notes = append(notes, n+" in "+s.Currency.Code()+" of which partners earn "+amount+" wait for an exchange rate and are in no sum above.")
		}
	}
	if len(cal.Later) > 0 {
		notes = append(notes, "After "+views.Day(cal.Until)+" another "+amountsText(cal.Later)+" turns due.")
	}
	return notes
}
