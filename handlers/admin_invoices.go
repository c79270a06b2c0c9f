package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	return h.showInvoices(c, se, http.StatusOK, c.QueryParam("status"), "")
}

// showInvoices lists the invoices of a state; wrong says what was wrong with what was ticked among them.
func (h *House) showInvoices(c echo.Context, se models.Session, code int, asked, wrong string) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminInvoices{Now: h.Now(), Wrong: wrong, Approve: withQuery("/admin/invoices/approve", url.Values{"cursor": {page.Cursor}})}
	var status models.InvoiceStatus
	for _, s := range invoiceShows {
		on := string(s.status) == asked
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
	v.Tick, v.PayTick = status == models.InReview && money.takes(se.Role), status == models.Approved && money.takes(se.Role)
	v.Newest, v.Older = around("/admin/invoices", url.Values{"status": {string(status)}}, page, next)
	v.Shown = shown(len(list), "invoice", "invoices", next != "")
	var waits store.Waiting
	if v.Frame, waits, err = h.adminFrameCounted(c, se, "/admin/invoices", "Invoices"); err != nil {
		return err
	}
	ends, err := h.cardBanner(c.Request().Context(), se.Tenant())
	if err != nil {
		return err
	}
	v.Flash = append(v.Flash, ends...)
	v.Chips[reviewTab].Count = waits.Review
	v.Sentence = "What partners are to be paid: review it, approve it, pay it."
	v.More = []views.Action{{Label: "Bank files", Icon: "banknote", Href: bankFilesAt}, {Label: "Payment runs", Icon: "hand-coins", Href: payRunsAt}}
	if draw := (views.Action{Label: "Draw up invoices", Icon: "plus", Href: "/admin/invoices/new", Kind: views.Primary}); money.takes(se.Role) && len(list) > 0 {
		v.Primary = views.Button(draw)
	} else if money.takes(se.Role) {
		v.EmptyDo = draw
	}
	return show(c, code, views.AdminInvoicesPage(v), nil)
}

func invoiceLines(list []models.Invoice) []views.InvoiceLine {
	var lines []views.InvoiceLine
	for _, i := range list {
		lines = append(lines, views.InvoiceLine{ID: i.ID.String(), Href: "/admin/invoices/" + i.ID.String(), Number: i.Number, Partner: i.PartnerName,
			Status: invoiceState(i), Until: i.Until, DrawnAt: i.DrawnAt, Total: i.Total()})
	}
	return lines
}

// invoiceState is the state that a list and a page show: one that shrank waits for another approval than a new one.
func invoiceState(i models.Invoice) string {
	if i.Status == models.InReview && i.Because != nil {
		return "shrunk"
	}
	return string(i.Status)
}

// adminInvoicesNew asks up to which day, and shows what the day asked for would gather.
func (h *House) adminInvoicesNew(c echo.Context, se models.Session) error {
	return h.showDraw(c, se, http.StatusOK, c.QueryParam("until"))
}

// showDraw asks for the day, and previews the one that was typed: what is drawn up later is what was previewed.
func (h *House) showDraw(c echo.Context, se models.Session, status int, until string) error {
	v := views.AdminInvoicesNew{Until: until}
	day, err := dayTyped("until", until)
	wrong, refused := wrongFields(err)
	switch {
	case until == "" && status == http.StatusOK:
		v.Until = h.Now().UTC().Format(time.DateOnly)
	case refused:
		v.Wrong, status = wrong, http.StatusUnprocessableEntity
	default:
		if err := h.previewDraw(c.Request().Context(), se.Tenant(), day, &v); err != nil {
			return err
		}
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/invoices", "Draw up invoices"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Invoices", Href: "/admin/invoices"}, "Gathers what is payable into one invoice for each partner and currency. No money moves before you approve and pay it."
	return show(c, status, views.AdminInvoicesNewPage(v), nil)
}

// previewDraw fills in what invoices up to a day would gather, and what of that is still held.
func (h *House) previewDraw(ctx context.Context, t models.Tenant, day time.Time, v *views.AdminInvoicesNew) error {
	owed, err := h.Store.OwedUntil(ctx, t, day)
	if err != nil {
		return fmt.Errorf("sum what is owed: %w", err)
	}
	sums := map[models.Currency]int64{}
	for _, o := range owed {
		p, err := h.Store.Partner(ctx, t, o.Partner)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, views.OwedLine{Href: "/admin/partners/" + p.ID.String(), Partner: p.Name, Total: models.Money{Minor: o.Total, Currency: o.Currency}})
		sums[o.Currency] += o.Total
	}
	var totals []models.Money
	for currency, minor := range sums {
		totals = append(totals, models.Money{Minor: minor, Currency: currency})
	}
	v.Day, v.Draw = &day, "Draw up "+views.Count(len(owed), "invoice", "invoices")+", "+amountsText(totals)
	held, err := h.Store.HeldUntil(ctx, t, day, h.now())
	if err != nil {
		return err
	}
	if len(held) > 0 {
		v.Held = "Includes " + amountsText(held) + " that is still held for refunds until its day comes. Drawing it up ends that hold; a refund after it is paid comes off the partner's next invoice."
	}
	return nil
}

// amountsText joins amounts of several currencies, the largest figure first: "1,047.67 USD + 189.07 EUR".
func amountsText(amounts []models.Money) string {
	slices.SortFunc(amounts, func(a, b models.Money) int {
		return cmp.Or(cmp.Compare(b.Minor, a.Minor), cmp.Compare(a.Currency, b.Currency))
	})
	var parts []string
	for _, m := range amounts {
		parts = append(parts, views.AmountText(m))
	}
	return strings.Join(parts, " + ")
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
	if len(ids) == 0 {
		return h.showInvoices(c, se, http.StatusUnprocessableEntity, string(models.InReview), "Tick at least one invoice.")
	}
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
	if approved == 0 {
		return h.showInvoices(c, se, http.StatusConflict, string(models.InReview), "None was approved: what you ticked is not as you saw it any more. Look again, then tick what is right.")
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
