package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// latestPayments is how many the first page shows.
const latestPayments = 8

// adminHome shows what needs somebody, how the month goes, and what came last.
func (h *House) adminHome(c echo.Context, se models.Session) error {
	ctx, t, now := c.Request().Context(), se.Tenant(), h.Now()
	frame, waits, err := h.adminFrameCounted(c, se, "/admin", "Home")
	if err != nil {
		return err
	}
	month := monthOf(now)
	this, err := h.Store.Turnovers(ctx, t, store.Span{From: month, Until: now})
	if err != nil {
		return err
	}
	before := month.AddDate(0, -1, 0)
	last, err := h.Store.Turnovers(ctx, t, store.Span{From: before, Until: earliest(before.Add(now.Sub(month)), month)})
	if err != nil {
		return err
	}
	rows, err := h.Store.Payments(ctx, t, store.PaymentFilter{}, store.Page{Limit: latestPayments, Desc: true})
	if err != nil {
		return err
	}
	lines, err := h.paymentLines(ctx, t, rows[:min(len(rows), latestPayments)])
	if err != nil {
		return err
	}
	company, err := h.Store.Company(ctx, se.Company)
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, views.AdminHomePage(views.AdminHome{Frame: frame, Now: now, Latest: lines,
		Needs: needs(waits, money.takes(se.Role)), Figures: monthFigures(this, last, company.Currency, before)}), nil)
}

// needs says what waits, each with the place where it is done.
func needs(w store.Waiting, pays bool) []views.Need {
	var list []views.Need
	add := func(n int, icon, one, many, why, label, href string) {
		if n == 1 {
			label = strings.Replace(label, "them", "it", 1)
		}
		if n > 0 {
			list = append(list, views.Need{Icon: icon, Text: manyOf(n, one, many), Why: why, Do: views.Action{Label: label, Href: href}})
		}
	}
	review, pay := "Review them", "Pay them"
	if !pays {
		review, pay = "Look at them", "Look at them"
	}
	add(w.Review, "file-text", "invoice waits for approval", "invoices wait for approval", "Approve what is right; then it can be paid.", review, "/admin/invoices?status=review")
	add(w.Unpaid, "wallet", "invoice is approved but not paid", "invoices are approved but not paid", "Pay each with one click, or mark it as paid elsewhere.", pay, "/admin/invoices?status=approved")
	add(w.Unattributed, "circle-help", "payment has no partner", "payments have no partner", "Each says which questions were asked and why none found a partner.", "Look at them", "/admin/payments?show=unattributed")
	add(w.FailedEvents, "triangle-alert", "event could not be read", "events could not be read", "What came was kept; each says what is wrong with it.", "Look at them", "/admin/events?status=failed")
	return list
}

// manyOf counts up to what Waiting counts.
func manyOf(n int, one, many string) string {
	if n >= store.CountCap {
		return strconv.Itoa(store.CountCap) + " or more " + many
	}
	return views.Count(n, one, many)
}

// monthFigures are a row for each currency of this month, compared with the same days of the month before.
func monthFigures(this, last []store.Turnover, own models.Currency, before time.Time) [][]views.Figure {
	then := map[models.Currency]store.Turnover{}
	for _, t := range last {
		then[t.Currency] = t
	}
	if len(this) == 0 {
		this = []store.Turnover{{Currency: own}}
	}
	than := fmt.Sprintf("%s up to this day", before.Month())
	var rows [][]views.Figure
	for _, t := range this {
		figure := func(label string, now, was int64) views.Figure {
			f := views.MoneyFigure(label, models.Money{Minor: now, Currency: t.Currency})
			if was != 0 {
				f.Change = views.Change(now, was, than)
			}
			return f
		}
		was := then[t.Currency]
		sales := views.Figure{Label: "Payments through partners", Value: strings.TrimSpace(views.Count(int(t.Payments), "", "")), Href: "/admin/payments?show=attributed"}
		if was.Payments != 0 {
			sales.Change = views.Change(t.Payments, was.Payments, than)
		}
		rows = append(rows, []views.Figure{sales, figure("Revenue through partners", t.Revenue, was.Revenue),
			figure("Commissions earned", t.Earned, was.Earned), figure("Paid to partners", t.Paid, was.Paid)})
	}
	return rows
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
