package handlers

import (
	"context"
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

// ratesByHand is how many of the rates entered by hand the page shows.
const ratesByHand = 20

// adminRates shows what waits for a rate, the form to enter one, and the rates there are. The address may prefill the form.
func (h *House) adminRates(c echo.Context, se models.Session) error {
	q := c.Request().URL.Query()
	f := views.RateForm{From: strings.ToUpper(shortened(q.Get("from"), 3)), To: strings.ToUpper(shortened(q.Get("to"), 3)), Date: q.Get("date")}
	if _, err := dayTyped("date", f.Date); err != nil {
		f.Date = h.Now().UTC().Format(time.DateOnly)
	}
	return h.showRates(c, se, http.StatusOK, f)
}

func (h *House) showRates(c echo.Context, se models.Session, status int, f views.RateForm) error {
	ctx := c.Request().Context()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminRates{Now: h.Now(), Form: f}
	list, err := h.Store.Unpriced(ctx, se.Tenant(), page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(u store.Unpriced) (time.Time, fmt.Stringer) { return time.Time{}, u.ID })
	for _, u := range list {
		v.Waiting = append(v.Waiting, unpricedLine(u))
	}
	v.Newest, v.Older = pageLinks("/admin/rates", page, next)
	v.Shown = shown(len(list), "commission", "commissions", next != "")
	if v.ByHand, err = h.ratesByHand(ctx, se.Company); err != nil {
		return err
	}
	if v.Published, err = h.published(ctx, se.Company, list); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/rates", "Exchange rates"); err != nil {
		return err
	}
	v.Sentence = "What turns a sale's currency into the one a partner is paid in. A commission keeps the rate it was priced with."
	return show(c, status, views.AdminRatesPage(v), nil)
}

// unpricedLine is a commission that waits, with the days of which a rate may be: that of the sale and the 10 before it.
func unpricedLine(u store.Unpriced) views.UnpricedLine {
	day := dayOf(u.PaidAt)
	return views.UnpricedLine{Href: "/admin/payments/" + u.Payment.String(), Payment: u.PaymentKey, Partner: u.Name, Share: models.Money{Minor: u.Share, Currency: u.From},
		From: u.From.Code(), To: u.To.Code(), First: day.AddDate(0, 0, -10), Last: day, Since: u.Since,
		Enter: "/admin/rates?" + url.Values{"from": {string(u.From)}, "to": {string(u.To)}, "date": {day.Format(time.DateOnly)}}.Encode() + "#enter"}
}

// ratesByHand are the latest that were entered.
func (h *House) ratesByHand(ctx context.Context, company models.CompanyID) ([]views.OwnRateLine, error) {
	list, err := h.Store.OwnRates(ctx, company, store.Page{Limit: ratesByHand, Desc: true})
	if err != nil {
		return nil, err
	}
	var lines []views.OwnRateLine
	for _, r := range list[:min(len(list), ratesByHand)] {
		lines = append(lines, views.OwnRateLine{From: r.From.Code(), To: r.To.Code(), Value: r.Value, Day: r.Date, By: r.By, At: r.At})
	}
	return lines, nil
}

var rateSources = map[string]string{models.RateECB: "European Central Bank", models.RateSnapshot: "Made-up snapshot"}

// published are the last published rates of common currencies, the company's own, and those that something waits for.
func (h *House) published(ctx context.Context, id models.CompanyID, waiting []store.Unpriced) ([]views.QuoteLine, error) {
	company, err := h.Store.Company(ctx, id)
	if err != nil {
		return nil, err
	}
	wanted := []models.Currency{"usd", "gbp", "jpy", "chf", company.Currency}
	for _, u := range waiting {
		wanted = append(wanted, u.From, u.To)
	}
	wanted = slices.DeleteFunc(wanted, func(c models.Currency) bool { return c == models.Euro })
	list, err := h.Store.LatestQuotes(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var lines []views.QuoteLine
	for _, q := range list {
		lines = append(lines, views.QuoteLine{Currency: q.Currency.Code(), Value: q.PerEuro, Day: q.Day, Source: rateSources[q.Source]})
	}
	return lines, nil
}

// adminRateEnter keeps a rate by hand and prices what waited for it.
func (h *House) adminRateEnter(c echo.Context, se models.Session) error {
	f := views.RateForm{From: strings.ToUpper(strings.TrimSpace(c.FormValue("from"))), To: strings.ToUpper(strings.TrimSpace(c.FormValue("to"))),
		Date: c.FormValue("date"), Rate: strings.TrimSpace(c.FormValue("rate"))}
	day, err := dayTyped("date", f.Date)
	priced := 0
	if err == nil {
		rate := models.Rate{From: models.Currency(strings.ToLower(f.From)), To: models.Currency(strings.ToLower(f.To)), Value: f.Rate, Source: models.RateByHand, Date: day}
		priced, err = h.Inbox.EnterRate(c.Request().Context(), se.Company, rate, actor(se))
	}
	var wrong bool
	if f.Wrong, wrong = wrongFields(err); wrong {
		return h.showRates(c, se, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/rates", "rate", priced)
}
