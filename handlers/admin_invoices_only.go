package handlers

import (
	"fmt"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// narrowed is what a list of invoices is narrowed to beside a state, as its address says it, with the words for each.
type narrowed []struct{ name, value, words string }

// invoicesNarrowed reads what the address narrows the list to: a partner by key, a run.
func (h *House) invoicesNarrowed(c echo.Context, t models.Tenant) (store.InvoicesAsked, narrowed, error) {
	var only store.InvoicesAsked
	var to narrowed
	ctx, key := c.Request().Context(), c.QueryParam("partner")
	partner, err := h.partnerNamed(ctx, t, key)
	if err != nil {
		return only, nil, err
	}
	if partner != nil {
		only.Partner = &partner.ID
		to = append(to, struct{ name, value, words string }{"partner", key, partner.Name})
	}
	if text := c.QueryParam("run"); text != "" {
		id, err := models.ParseID[models.RunID](text)
		if err != nil {
			return only, nil, err
		}
		r, err := h.Store.Run(ctx, t, id)
		if err != nil {
			return only, nil, err
		}
		only.Run = &r.ID
		to = append(to, struct{ name, value, words string }{"run", text, "Run of " + views.Day(r.StartedAt)})
	}
	return only, to, nil
}

// with is the address's query with a state.
func (n narrowed) with(status models.InvoiceStatus) url.Values {
	q := url.Values{"status": {string(status)}}
	for _, one := range n {
		q[one.name] = []string{one.value}
	}
	return q
}

// chips show what the list is narrowed to; each widens it again.
func (n narrowed) chips(status string) []views.Chip {
	var chips []views.Chip
	for _, one := range n {
		q := n.with(models.InvoiceStatus(status))
		delete(q, one.name)
		chips = append(chips, views.Chip{Label: one.words, On: true, Href: withQuery("/admin/invoices", q)})
	}
	return chips
}

// sumsShown says what the listed invoices that are not paid come to.
func (h *House) sumsShown(c echo.Context, se models.Session, only store.InvoicesAsked) (string, error) {
	sums, err := h.Store.InvoiceSums(c.Request().Context(), se.Tenant(), only)
	if err != nil || len(sums) == 0 {
		return "", err
	}
	var amounts []models.Money
	number := 0
	for _, s := range sums {
		amounts, number = append(amounts, models.Money{Minor: s.Minor, Currency: s.Currency}), number+s.Number
	}
	return views.Count(number, "invoice", "invoices") + " not paid yet, " + amountsText(amounts), nil
}

// contestedList is the list with what of it is contested.
func (h *House) contestedList(c echo.Context, se models.Session, list []models.Invoice) ([]views.InvoiceLine, error) {
	open, err := h.contestedIn(c.Request().Context(), se.Tenant(), list)
	if err != nil {
		return nil, err
	}
	lines := invoiceLines(list)
	for n, i := range list {
		if changed, err := h.Payouts.Changed(c.Request().Context(), i); err != nil {
			return nil, err
		} else if changed {
			lines[n].Status = "changed"
		}
		if open[i.ID] > 0 {
			lines[n].Contest = views.Count(open[i.ID], "line contested", "lines contested")
		}
	}
	return lines, nil
}

// drawnAtOnce is for how many partners invoices are drawn up before the answer; for more it goes on without.
const drawnAtOnce = 200

// beginDraw draws up invoices: a few before the answer, many by a run whose page shows how far it is.
func (h *House) beginDraw(c echo.Context, se models.Session, day time.Time) error {
	ctx, t := c.Request().Context(), se.Tenant()
	owed, err := h.Store.OwedUntil(ctx, t, day)
	if err != nil {
		return err
	}
	r, err := h.Payouts.BeginRun(ctx, t, day, 0, actor(se))
	if err == nil && !r.ID.IsZero() && len(owed) <= drawnAtOnce {
		if err = h.Payouts.CarryRun(ctx, t, r.ID); err == nil {
			r, err = h.Store.Run(ctx, t, r.ID)
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("draw up invoices: %w", err)
	case r.ID.IsZero():
		return goTo(c, "/admin/invoices", "none", 0)
	case r.Status == models.RunGoing:
		return goTo(c, runsAt+"/"+r.ID.String(), "run-begun", 0)
	case r.Invoices == 0:
		return goTo(c, "/admin/invoices", "none", 0)
	}
	return goTo(c, withQuery("/admin/invoices", url.Values{"status": {string(models.InReview)}, "run": {r.ID.String()}}), "drawn", r.Invoices)
}
