package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	without, err := h.programsWithoutRule(ctx, t)
	if err != nil {
		return err
	}
	unconnected, err := h.connectionNeeds(ctx, t)
	if err != nil {
		return err
	}
	codeless, err := h.Store.Codeless(ctx, t, h.now())
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, views.AdminHomePage(views.AdminHome{Frame: frame, Now: now, Latest: lines,
		Needs: slices.Concat(unconnected, ruleNeeds(without), needs(waits, codeless, money.takes(se.Role))), Figures: monthFigures(this, last, company.Currency, before)}), nil)
}

// programsWithoutRule are the programs that have no rule in force in this mode, as a sentence begins with them.
func (h *House) programsWithoutRule(ctx context.Context, t models.Tenant) ([]string, error) {
	programs, err := h.Store.Programs(ctx, t.Company)
	if err != nil {
		return nil, fmt.Errorf("list the programs of %s: %w", t.Company, err)
	}
	var without []string
	for _, p := range programs {
		sets, err := h.Store.RuleSets(ctx, t, p.ID)
		if err != nil {
			return nil, fmt.Errorf("load the rules of %s: %w", p.ID, err)
		}
		if len(sets) > 0 && len(sets[len(sets)-1].Rules) > 0 {
			continue
		}
		called := "The program"
		if len(programs) > 1 {
			called += " " + p.Name
		}
		without = append(without, called)
	}
	return without, nil
}

func ruleNeeds(programs []string) []views.Need {
	var list []views.Need
	for _, called := range programs {
		list = append(list, views.Need{Icon: "percent", Text: called + " has no rule yet: no payment earns anything",
			Why: "Say what partners earn: a share of each payment, or an amount.", Do: views.Action{Label: "Set the rules", Href: rulesAt}})
	}
	return list
}

// whyCodeless says what came, or did not come, with the payments that have no partner.
func whyCodeless(c store.Codeless) string {
	var said []string
	switch {
	case c.NoCode > 0 && c.NoCode == c.All:
		said = append(said, map[bool]string{true: "It came without any code.", false: "All came without any code."}[c.All == 1])
	case c.NoCode*2 > c.All:
		said = append(said, "Most came without any code.")
	case c.NoCode > 0:
		said = append(said, strconv.Itoa(c.NoCode)+" came without any code.")
	}
	if c.Unknown > 0 && c.All == 1 {
		said = append(said, "It named a code that is no partner's.")
	} else if c.Unknown > 0 {
		said = append(said, strconv.Itoa(c.Unknown)+" named a code that is no partner's.")
	}
	return strings.Join(append(said, "Each says which questions were asked."), " ")
}

// needs says what waits, each with the place where it is done.
func needs(w store.Waiting, codeless store.Codeless, pays bool) []views.Need {
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
	add(w.Unattributed, "circle-help", "payment has no partner", "payments have no partner", whyCodeless(codeless), "Look at them", "/admin/unattributed")
	add(w.WriteOffs, "circle-minus", "write-off waits for another person", "write-offs wait for another person", "Somebody else than the one who asked approves or refuses each.", "Look at them", "/admin/write-offs")
	if pays {
		add(w.Unrated, "chart-line", "commission waits for an exchange rate", "commissions wait for an exchange rate", "No rate is published for their currencies. Enter one by hand.", "Look at them", "/admin/rates")
	}
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
		row := []views.Figure{figure("Commissions earned", t.Earned, was.Earned), figure("Paid to partners", t.Paid, was.Paid)}
		if t.Currency == own || t.Payments != 0 || was.Payments != 0 { // partners are paid in more currencies than customers pay in
			row = append([]views.Figure{sales, figure("Revenue through partners", t.Revenue, was.Revenue)}, row...)
		}
		rows = append(rows, row)
	}
	return rows
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
