package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// paymentShows are the filters of the list, in the order of their chips.
var paymentShows = []struct {
	name, label, empty string
	filter             store.PaymentFilter
}{
	{"", "All", "No payment has come yet. Connect Stripe, and each sale will show here with its partner and the reason.", store.PaymentFilter{}},
	{"attributed", "With a partner", "No payment here has a partner yet. A sale finds its partner by link, metadata or client reference.", store.PaymentFilter{Attributed: new(true)}},
	{"unattributed", "No partner", "Every payment here has a partner.", store.PaymentFilter{Attributed: new(false)}},
	{"partly-refunded", "Partly refunded", "No payment here was partly refunded.", store.PaymentFilter{Status: "partially_refunded"}},
	{"refunded", "Refunded", "No payment here was refunded whole.", store.PaymentFilter{Status: "refunded"}},
}

// adminPayments lists payments, narrowed by the address.
func (h *House) adminPayments(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	partner, err := h.partnerNamed(ctx, t, c.QueryParam("partner"))
	if err != nil {
		return err
	}
	v := views.AdminPayments{Now: h.Now()}
	filters := url.Values{"partner": {c.QueryParam("partner")}, "show": {c.QueryParam("show")}}
	var filter store.PaymentFilter
	for _, s := range paymentShows {
		on := s.name == c.QueryParam("show")
		v.Chips = append(v.Chips, views.Chip{Label: s.label, On: on, Href: withQuery("/admin/payments", url.Values{"partner": filters["partner"], "show": {s.name}})})
		if on {
			filter, v.Empty = s.filter, s.empty
		}
	}
	if partner != nil {
		filter.Partner = &partner.ID
	}
	rows, err := h.Store.Payments(ctx, t, filter, page)
	if err != nil {
		return fmt.Errorf("list payments: %w", err)
	}
	rows, next := store.Next(rows, page.Limit, func(p store.PaymentRow) (time.Time, fmt.Stringer) { return p.PaidAt, p.ID })
	if v.Lines, err = h.paymentLines(ctx, t, rows); err != nil {
		return err
	}
	if v.Partners, err = h.partnerChoice(ctx, t, partner); err != nil {
		return err
	}
	if c.QueryParam("show") != "" {
		v.Keep = []views.Hidden{{Name: "show", Value: c.QueryParam("show")}}
	}
	if withQuery("", filters) != "" {
		v.EmptyDo = views.Action{Label: "Show all payments", Href: "/admin/payments"}
	}
	v.Newest, v.Older = around("/admin/payments", filters, page, next)
	v.Shown = shown(len(rows), "payment", "payments", next != "")
	if v.Frame, err = h.adminFrame(c, se, "/admin/payments", "Payments"); err != nil {
		return err
	}
	v.Sentence = "What customers paid, who earned it, and why."
	return show(c, http.StatusOK, views.AdminPaymentsPage(v), nil)
}

// partnerChoice offers the company's partners to narrow by.
func (h *House) partnerChoice(ctx context.Context, t models.Tenant, chosen *models.Partner) (views.Choice, error) {
	choice := views.Choice{Options: []views.Option{{Label: "Any partner"}}}
	list, err := h.Store.Partners(ctx, t, store.Page{Limit: 200, Desc: true})
	if err != nil {
		return choice, fmt.Errorf("list partners: %w", err)
	}
	if chosen != nil {
		choice.Value = chosen.Key
		choice.Options = append(choice.Options, views.Option{Value: chosen.Key, Label: chosen.Name})
	}
	for _, p := range list {
		if chosen == nil || p.ID != chosen.ID {
			choice.Options = append(choice.Options, views.Option{Value: p.Key, Label: p.Name})
		}
	}
	return choice, nil
}

// paymentLines are payments as a list shows them, with what partners earn from each now.
func (h *House) paymentLines(ctx context.Context, t models.Tenant, rows []store.PaymentRow) ([]views.PaymentLine, error) {
	ids := make([]models.PaymentID, 0, len(rows))
	for _, p := range rows {
		ids = append(ids, p.ID)
	}
	sums, err := h.Store.CommissionsOn(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	var lines []views.PaymentLine
	for _, p := range rows {
		l := views.PaymentLine{Href: "/admin/payments/" + p.ID.String(), Customer: customerName(p), Key: p.Key, PaidAt: p.PaidAt, Status: p.Status, Gross: p.Money(p.Gross)}
		if n, turned := p.Shown(); turned {
			l.Shown = &n.Gross
		}
		l.Fresh = h.Now().Sub(p.CreatedAt) < store.Settling
		if p.Partner != nil && p.PartnerName != nil {
			l.Partner, l.PartnerHref = *p.PartnerName, "/admin/partners/"+p.Partner.String()
		}
		if sum, earned := sums[p.ID]; earned {
			l.Commission = &sum
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// customerName is what a customer is called: the address, else the key.
func customerName(p store.PaymentRow) string {
	switch {
	case p.CustomerEmail != nil && *p.CustomerEmail != "":
		return *p.CustomerEmail
	case p.CustomerKey != nil:
		return *p.CustomerKey
	}
	return "No customer"
}
