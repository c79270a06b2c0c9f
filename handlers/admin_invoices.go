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
	{models.NeedsConfirmation, "To confirm", "No payment waits for the card holder to confirm it."},
	{models.Charged, "Charged", "No payment is on its way from your card to a partner."},
	{models.Paid, "Paid", "No invoice has been paid yet."},
	{models.Failed, "Failed", "No payment failed."},
	{models.Refunded, "Came back", "No payment has come back."},
	{models.Void, "Void", "No invoice is void."},
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
	only, narrowed, err := h.invoicesNarrowed(c, se.Tenant())
	if err != nil {
		return err
	}
	for _, s := range invoiceShows {
		on := string(s.status) == asked
		v.Chips = append(v.Chips, views.Chip{Label: s.label, On: on, Href: withQuery("/admin/invoices", narrowed.with(s.status))})
		if on {
			only.Status, v.Empty = s.status, s.empty
		}
	}
	if v.Only = narrowed.chips(asked); len(v.Only) > 0 {
		v.Empty = "No such invoice among those that the list is narrowed to."
	}
	status := only.Status
	list, err := h.Store.InvoicesLike(c.Request().Context(), se.Tenant(), only, page)
	if err != nil {
		return fmt.Errorf("list invoices: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(i models.Invoice) (time.Time, fmt.Stringer) { return i.DrawnAt, i.ID })
	if v.Lines, err = h.contestedList(c, se, list); err != nil {
		return err
	}
	if v.Waits, err = h.sumsShown(c, se, only); err != nil {
		return err
	}
	approves, _, err := h.mayApprove(c.Request().Context(), se)
	if err != nil {
		return err
	}
	pays, _, err := h.mayPay(c.Request().Context(), se)
	if err != nil {
		return err
	}
	if only.Run != nil && approves {
		_, number, seen, err := h.runWaits(c.Request().Context(), se.Tenant(), *only.Run)
		if err != nil {
			return err
		}
		v.Run = views.RunApproval{Post: runsAt + "/" + only.Run.String() + "/approve", Seen: seen, Number: number}
	}
	v.Tick, v.PayTick = status == models.InReview && approves, status == models.Approved && pays
	v.Newest, v.Older = around("/admin/invoices", narrowed.with(status), page, next)
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
	v.More = []views.Action{{Label: "Bank files", Icon: "banknote", Href: bankFilesAt}, {Label: "Runs", Icon: "clock", Href: runsAt}, {Label: "Payment runs", Icon: "hand-coins", Href: payRunsAt}, {Label: "Contested lines", Icon: "circle-help", Href: contestsAt}}
	if waits.Contests > 0 {
		v.Flash = append(v.Flash, views.Flash{Tone: views.Careful, Text: views.Count(waits.Contests, "line of an invoice is", "lines of invoices are") + " contested. Answer under Contested lines, in the menu."})
	}
	if draw := (views.Action{Label: "Draw up invoices", Icon: "plus", Href: "/admin/invoices/new", Kind: views.Primary}); money.takes(se.Role) && len(list) > 0 && v.Run.Number == 0 {
		v.Primary = views.Button(draw)
	} else if money.takes(se.Role) && len(list) == 0 {
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
	if i.Status == models.InReview && i.FirstAt != nil {
		return "first"
	}
	if shrank(i) {
		return "shrunk"
	}
	if i.Status == models.InReview && i.Because != nil {
		return "again"
	}
	return string(i.Status)
}

// shrank tells whether an invoice is in review again because a part of it was taken back or off, and not for another reason.
func shrank(i models.Invoice) bool {
	return i.Status == models.InReview && i.Because != nil && (strings.Contains(*i.Because, " was taken back") || strings.Contains(*i.Because, " was taken off "))
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

// previewed is how many partners a preview names; those beyond are counted.
const previewed = 200

// previewDraw fills in what invoices up to a day would gather, and what of that is still held.
func (h *House) previewDraw(ctx context.Context, t models.Tenant, day time.Time, v *views.AdminInvoicesNew) error {
	owed, err := h.Payouts.Owed(ctx, t, day)
	if err != nil {
		return fmt.Errorf("sum what is owed: %w", err)
	}
	sums, enough := map[models.Currency]int64{}, 0
	for n, o := range owed {
		if o.Enough() {
			sums[o.Total.Currency] += o.Total.Minor
			enough++
		}
		if n >= previewed {
			v.Further++
			continue
		}
		p, err := h.Store.Partner(ctx, t, o.Partner)
		if err != nil {
			return err
		}
		l := views.OwedLine{Href: "/admin/partners/" + p.ID.String(), Partner: p.Name, Total: o.Total}
		if !o.Enough() {
			l.Below = "Waits: below the minimum of " + views.AmountText(o.Least)
		}
		v.Lines = append(v.Lines, l)
	}
	var totals []models.Money
	for currency, minor := range sums {
		totals = append(totals, models.Money{Minor: minor, Currency: currency})
	}
	if v.Day = &day; enough > 0 {
		v.Draw = "Draw up " + views.Count(enough, "invoice", "invoices") + ", " + amountsText(totals)
	}
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
	return h.beginDraw(c, se, day)
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
	approved, firsts := 0, 0
	for _, text := range ids[:min(len(ids), perApproval)] {
		id, err := models.ParseID[models.InvoiceID](text)
		if err != nil {
			return err
		}
		i, err := h.approve(c, se, id, c.FormValue("seen."+text))
		switch {
		case errors.Is(err, models.ErrConflict):
		case err != nil:
			return err
		case i.Status == models.InReview:
			firsts++
		default:
			approved++
		}
	}
	if approved == 0 && firsts > 0 {
		return goTo(c, "/admin/invoices?status=review", "firsts", firsts)
	}
	if approved == 0 {
		return h.showInvoices(c, se, http.StatusConflict, string(models.InReview), "None was approved: what you ticked is not as you saw it any more. Look again, then tick what is right.")
	}
	return goTo(c, "/admin/invoices?status=approved", "approved", approved)
}

// perApproval is the most invoices that one form may approve.
const perApproval = 200

// approve lets an invoice be paid when its total is what the person saw.
func (h *House) approve(c echo.Context, se models.Session, id models.InvoiceID, seen string) (models.Invoice, error) {
	i, err := h.Store.Invoice(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return i, err
	}
	if seen != i.Total().Decimal() {
		return i, models.Refuse(models.ErrConflict, i.Number+" is not what you saw: its total is "+views.AmountText(i.Total())+" now. Review it again.")
	}
	return h.Payouts.Approve(c.Request().Context(), se.Tenant(), id, actor(se))
}
