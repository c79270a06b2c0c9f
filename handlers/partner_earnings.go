package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// partnerEarnings lists what a partner earned, the newest first.
func (h *House) partnerEarnings(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "Earnings", "Each payment of a customer whom you brought and what it earns you, and what was booked for you by hand.")
	if err != nil {
		return err
	}
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.earnings(c.Request().Context(), side, page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(e earning) (time.Time, fmt.Stringer) { return time.Time{}, e.id })
	v := views.PartnerEarnings{Frame: side.frame, Rows: earningRows(list)}
	v.Newest, v.Older = pageLinks("/partner/earnings", page, next)
	return show(c, http.StatusOK, views.PartnerEarningsPage(v), nil)
}

// earning is a row of what a partner earned, with the id that it is ordered by.
type earning struct {
	id  fmt.Stringer
	row views.EarningRow
}

// order is an id without its noun: ids of all nouns have one order, that of when they were made.
func (e earning) order() string {
	_, hex, _ := strings.Cut(e.id.String(), "_")
	return hex
}

// earnings are a page of what a partner earned and of what was booked for them by hand, the newest first, and a row
// beyond it where there is one.
func (h *House) earnings(ctx context.Context, side partnerSide, page store.Page) ([]earning, error) {
	earned, err := h.Store.Commissions(ctx, side.Tenant, &side.partner.ID, nil, page)
	if err != nil {
		return nil, err
	}
	byHand, err := h.Store.Adjustments(ctx, side.Tenant, side.partner.ID, page)
	if err != nil {
		return nil, err
	}
	var all []earning
	for _, c := range earned {
		all = append(all, earning{c.ID, earningRow(c, side.now)})
	}
	for _, a := range byHand {
		all = append(all, earning{a.ID, byHandRow(a, side.company)})
	}
	slices.SortFunc(all, func(a, b earning) int { return strings.Compare(b.order(), a.order()) })
	return all[:min(len(all), page.Limit+1)], nil
}

func earningRows(list []earning) []views.EarningRow {
	var rows []views.EarningRow
	for _, e := range list {
		rows = append(rows, e.row)
	}
	return rows
}

// partnerEarning answers why a partner earned this much, and why it is not paid yet.
func (h *House) partnerEarning(c echo.Context, se models.Session) error {
	side, err := h.asPartner(c, se, "", "")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	id, err := models.ParseID[models.CommissionID](c.Param("id"))
	if err != nil {
		return err
	}
	row, err := h.Store.CommissionOfPartner(ctx, side.Tenant, side.partner.ID, id)
	if err != nil {
		return err
	}
	payment, err := h.Store.Payment(ctx, side.Tenant, row.Payment)
	if err != nil {
		return err
	}
	entries, err := h.Store.Entries(ctx, side.Tenant, id)
	if err != nil {
		return err
	}
	invoices, err := h.invoicesOf(ctx, side, entries)
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, views.PartnerEarningPage(whyEarning(side, row, payment, entries, invoices)), nil)
}

// invoicesOf loads the invoices that gather a commission's entries, in the order of the entries.
func (h *House) invoicesOf(ctx context.Context, side partnerSide, entries []models.Entry) ([]models.Invoice, error) {
	var list []models.Invoice
	for _, e := range entries {
		if e.Invoice == nil || slices.ContainsFunc(list, func(i models.Invoice) bool { return i.ID == *e.Invoice }) {
			continue
		}
		i, err := h.Store.InvoiceOfPartner(ctx, side.Tenant, side.partner.ID, *e.Invoice)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}

// whyEarning is the page of one commission, with all left out that is not this partner's to see.
func whyEarning(side partnerSide, row store.CommissionRow, payment store.PaymentRow, entries []models.Entry, invoices []models.Invoice) views.PartnerEarning {
	v := views.PartnerEarning{Frame: side.frame, Now: side.now, Row: earningRow(row, side.now), Reference: withoutAddresses(row.PaymentKey)}
	v.Title = "Earning of " + views.Day(row.PaidAt)
	v.Sentence = "Why it is this much, and when it is paid."
	v.Status = views.BadgeWords("commission", v.Row.State, v.Row.Words)
	v.Back = views.Place{Label: "Earnings", Href: "/partner/earnings"}
	if row.Share.Currency != row.Amount.Currency {
		v.Share = &row.Share
	}
	var on *models.Invoice
	if len(invoices) > 0 {
		on = &invoices[0]
		shown := invoiceRow(*on, side.company)
		v.Invoice = &shown
	}
	v.When = whenPaid(row.Commission, on, side.company, side.now)
	mine := payment.Partner != nil && *payment.Partner == side.partner.ID
	if !mine {
		v.Lost = "By what is known now, this sale was not brought by you. What it earned you at first was taken back."
	}
	v.Decision, v.Earning = whyMine(payment.Steps.V, mine), whyAmount(row.Steps)
	v.Version, v.Decided = row.Version, row.DecidedAt
	v.Later = later(row, entries, invoices, side)
	return v
}

// later is what came after a commission was earned, in the order of time: changes of its amount, and its invoices.
func later(row store.CommissionRow, entries []models.Entry, invoices []models.Invoice, side partnerSide) []views.LaterStep {
	var steps []views.LaterStep
	for n, e := range entries {
		if n == 0 && e.Kind == "earned" {
			continue
		}
		step := views.LaterStep{Detail: becauseOf(e.Because, row.PaymentKey), At: e.At, Effect: &entries[n].Amount}
		step.What, step.Icon, step.Tone = changeWords(e)
		if at := slices.IndexFunc(invoices, func(i models.Invoice) bool { return e.Invoice != nil && i.ID == *e.Invoice }); at >= 0 {
			step.Detail += ", on invoice " + invoices[at].Number
		} else if len(invoices) > 0 && e.Amount.Minor < 0 {
			step.Detail += ", taken off what you are paid next"
		}
		steps = append(steps, step)
	}
	for _, i := range invoices {
		steps = append(steps, views.LaterStep{What: "Put on invoice " + i.Number, At: i.DrawnAt, Icon: "file-text", Tone: views.Telling})
		if i.Status == models.Paid {
			steps = append(steps, views.LaterStep{What: "Invoice " + i.Number + " was paid", Detail: began(paidHow(i, side.company)), At: *i.PaidAt, Icon: "circle-check", Tone: views.Good})
		}
	}
	slices.SortStableFunc(steps, func(a, b views.LaterStep) int { return a.At.Compare(b.At) })
	return steps
}
