package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// invoiceShows are the tabs of the list.
var invoiceShows = []struct {
	status       models.InvoiceStatus
	label, empty string
}{
	{"", "All", "No invoice yet. One is drawn up from commissions whose refund window has ended."},
	{models.InReview, "To review", "No invoice waits for approval."},
	{models.Approved, "Approved", "No approved invoice waits to be paid."},
	{models.Processing, "Under way", "No payment is under way."},
	{models.Paid, "Paid", "No invoice has been paid yet."},
	{models.Failed, "Failed", "No payment failed."},
}

// reviewTab is the place of the invoices to review among the tabs.
const reviewTab = 1

// adminInvoices lists invoices, those of one state or all.
func (h *House) adminInvoices(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminInvoices{Now: h.Now()}
	var status models.InvoiceStatus
	for _, s := range invoiceShows {
		on := string(s.status) == c.QueryParam("status")
		v.Chips = append(v.Chips, views.Chip{Label: s.label, On: on, Href: withQuery("/admin/invoices", url.Values{"status": {string(s.status)}})})
		if on {
			status, v.Empty = s.status, s.empty
		}
	}
	list, err := h.Store.Invoices(c.Request().Context(), se.Tenant(), nil, status, page)
	if err != nil {
		return fmt.Errorf("list invoices: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(i models.Invoice) (time.Time, fmt.Stringer) { return i.DrawnAt, i.ID })
	v.Lines = invoiceLines(list)
	v.Tick = status == models.InReview && money.takes(se.Role)
	v.Newest, v.Older = around("/admin/invoices", url.Values{"status": {string(status)}}, page, next)
	v.Shown = shown(len(list), "invoice", "invoices", next != "")
	var waits store.Waiting
	if v.Frame, waits, err = h.adminFrameCounted(c, se, "/admin/invoices", "Invoices"); err != nil {
		return err
	}
	v.Chips[reviewTab].Count = waits.Review
	v.Sentence = "What partners are to be paid: review it, approve it, pay it."
	if draw := (views.Action{Label: "Draw up invoices", Icon: "plus", Href: "/admin/invoices/new", Kind: views.Primary}); money.takes(se.Role) && len(list) > 0 {
		v.Primary = views.Button(draw)
	} else if money.takes(se.Role) {
		v.EmptyDo = draw
	}
	return show(c, http.StatusOK, views.AdminInvoicesPage(v), nil)
}

func invoiceLines(list []models.Invoice) []views.InvoiceLine {
	var lines []views.InvoiceLine
	for _, i := range list {
		lines = append(lines, views.InvoiceLine{ID: i.ID.String(), Href: "/admin/invoices/" + i.ID.String(), Number: i.Number, Partner: i.PartnerName,
			Status: string(i.Status), Until: i.Until, DrawnAt: i.DrawnAt, Total: i.Total()})
	}
	return lines
}

// adminInvoicesNew asks up to which day, and shows what that would gather.
func (h *House) adminInvoicesNew(c echo.Context, se models.Session) error {
	until := c.QueryParam("until")
	if until == "" {
		until = h.Now().UTC().Format(time.DateOnly)
	}
	return h.showDraw(c, se, http.StatusOK, until)
}

func (h *House) showDraw(c echo.Context, se models.Session, status int, until string) error {
	ctx, t := c.Request().Context(), se.Tenant()
	v := views.AdminInvoicesNew{Until: until}
	day, err := dayTyped("until", until)
	if wrong, ok := wrongFields(err); ok {
		v.Wrong, status = wrong, http.StatusUnprocessableEntity
	} else {
		owed, err := h.Store.OwedUntil(ctx, t, day)
		if err != nil {
			return fmt.Errorf("sum what is owed: %w", err)
		}
		for _, o := range owed {
			p, err := h.Store.Partner(ctx, t, o.Partner)
			if err != nil {
				return err
			}
			v.Lines = append(v.Lines, views.OwedLine{Href: "/admin/partners/" + p.ID.String(), Partner: p.Name, Total: models.Money{Minor: o.Total, Currency: o.Currency}})
		}
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Draw up invoices"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "Gathers what is payable into one invoice for each partner and currency. No money moves before you approve and pay it."
	return show(c, status, views.AdminInvoicesNewPage(v), nil)
}

// adminInvoicesDraw draws them up.
func (h *House) adminInvoicesDraw(c echo.Context, se models.Session) error {
	day, err := dayTyped("until", c.FormValue("until"))
	if err != nil {
		return h.showDraw(c, se, http.StatusUnprocessableEntity, c.FormValue("until"))
	}
	drawn, err := h.Payouts.DrawUp(c.Request().Context(), se.Tenant(), day, 0, actor(se))
	switch {
	case err != nil:
		return fmt.Errorf("draw up invoices: %w", err)
	case len(drawn) == 0:
		return goTo(c, "/admin/invoices", "none", 0)
	}
	return goTo(c, "/admin/invoices?status=review", "drawn", len(drawn))
}

// dayTyped reads a day as a date field sends it.
func dayTyped(field, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 2000 || day.Year() > 2200 {
		return day, models.Invalid(field, "give a day such as 2026-11-30")
	}
	return day, nil
}

// adminInvoicesApprove approves those that were ticked. One that is not as it was seen is left for review.
func (h *House) adminInvoicesApprove(c echo.Context, se models.Session) error {
	ids := c.Request().PostForm["id"]
	approved := 0
	for _, text := range ids[:min(len(ids), perApproval)] {
		id, err := models.ParseID[models.InvoiceID](text)
		if err != nil {
			return err
		}
		err = h.approve(c, se, id, c.FormValue("seen."+text))
		if errors.Is(err, models.ErrConflict) {
			continue
		} else if err != nil {
			return err
		}
		approved++
	}
	return goTo(c, "/admin/invoices?status=approved", "approved", approved)
}

// perApproval is the most invoices that one form may approve.
const perApproval = 200

// approve lets an invoice be paid when its total is what the person saw.
func (h *House) approve(c echo.Context, se models.Session, id models.InvoiceID, seen string) error {
	i, err := h.Store.Invoice(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	if seen != i.Total().Decimal() {
		return models.Refuse(models.ErrConflict, i.Number+" is not what you saw: its total is "+views.AmountText(i.Total())+" now. Review it again.")
	}
	_, err = h.Payouts.Approve(c.Request().Context(), se.Tenant(), id, actor(se))
	return err
}
