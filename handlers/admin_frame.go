package handlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminFrame is what stands around a page of the company's side; at is the place in the navigation it belongs to.
func (h *House) adminFrame(c echo.Context, se models.Session, at, title string) (views.Frame, error) {
	f, _, err := h.adminFrameCounted(c, se, at, title)
	return f, err
}

// adminFrameCounted also gives what the navigation counted.
func (h *House) adminFrameCounted(c echo.Context, se models.Session, at, title string) (views.Frame, store.Waiting, error) {
	ctx := c.Request().Context()
	company, err := h.Store.Company(ctx, se.Company)
	if err != nil {
		return views.Frame{}, store.Waiting{}, err
	}
	programs, err := h.Store.Programs(ctx, se.Company)
	if err != nil {
		return views.Frame{}, store.Waiting{}, fmt.Errorf("list the programs of %s: %w", se.Company, err)
	}
	waits, err := h.Store.Waiting(ctx, se.Tenant(), h.now())
	if err != nil {
		return views.Frame{}, waits, err
	}
	var names []string
	for _, p := range programs {
		names = append(names, p.Name)
	}
	f := views.Frame{Title: title, Company: company.Name, Program: strings.Join(names, ", "), Side: views.AdminSide, Person: se.Name, Role: roleInWords[se.Role],
		TestMode: se.Mode == models.Test, SwitchMode: "/admin/mode", Flash: takeFlash(c), Places: []views.Place{
			{Label: "Home", Href: "/admin", Icon: "house"},
			{Label: "Payments", Href: "/admin/payments", Icon: "banknote"},
			{Label: "Unattributed", Href: "/admin/unattributed", Icon: "inbox", Count: waits.Unattributed},
			{Label: "Partners", Href: "/admin/partners", Icon: "users", Group: "Program"},
			{Label: "Commission rules", Href: "/admin/rules", Icon: "percent"},
			{Label: "Coupons and codes", Href: "/admin/coupons", Icon: "hand-coins"},
			{Label: "Invoices", Href: "/admin/invoices", Icon: "file-text", Group: "Paying partners", Count: waits.Review + waits.Unpaid + waits.Contests},
			{Label: "Money calendar", Href: "/admin/calendar", Icon: "clock"},
			{Label: "Write-offs", Href: "/admin/write-offs", Icon: "circle-minus", Count: waits.WriteOffs},
			{Label: "Exchange rates", Href: "/admin/rates", Icon: "chart-line", Count: waits.Unrated},
			{Label: "Settings", Href: "/admin/settings/payments", Icon: "settings"},
			{Label: "Connection", Href: "/admin/connection", Icon: "link", Group: "Stripe"},
			{Label: "Events", Href: "/admin/events", Icon: "webhook", Count: waits.FailedEvents},
			{Label: "Doctor", Href: doctorAt, Icon: "activity"},
		}}
	if !money.takes(se.Role) {
		f.Places = slices.DeleteFunc(f.Places, func(p views.Place) bool { return p.Href == "/admin/rates" })
	}
	if h.Sandbox != nil {
		f.Places = append(f.Places, views.Place{Label: "Stripe sandbox", Href: "/sandbox/", Icon: "flask-conical", Group: "Demo"}, views.Place{Label: "Mail kept here", Href: "/dev/mail", Icon: "inbox"})
	}
	for i := range f.Places {
		f.Places[i].Current = f.Places[i].Href == at
	}
	return f, waits, nil
}

var roleInWords = map[models.Role]string{models.Owner: "Owner", models.Admin: "Admin", models.Finance: "Finance", models.Viewer: "Viewer", models.PartnerMember: "Partner"}

// around are the addresses of the newest rows and of older ones under the same filters; empty where there are none.
func around(path string, filters url.Values, p store.Page, next string) (newest, older string) {
	at := func(cursor string) string {
		q := url.Values{}
		maps.Copy(q, filters)
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		return withQuery(path, q)
	}
	if p.Cursor != "" {
		newest = at("")
	}
	if next != "" {
		older = at(next)
	}
	return newest, older
}

// withQuery is a path with its filters, those that are empty left out.
func withQuery(path string, filters url.Values) string {
	q := url.Values{}
	for name, values := range filters {
		if values[0] != "" {
			q[name] = values
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// shown says how many rows a page lists.
func shown(n int, one, many string, more bool) string {
	if more {
		return views.Count(n, one, many) + ", and older ones"
	}
	return views.Count(n, one, many)
}

// partnerNamed finds the partner whose key the address names; none is nil.
func (h *House) partnerNamed(ctx context.Context, t models.Tenant, key string) (*models.Partner, error) {
	if key == "" {
		return nil, nil
	}
	if !models.IsPartnerKey(key) {
		return nil, fmt.Errorf("partner %q: %w", key, models.ErrNotFound)
	}
	p, err := h.Store.PartnerByKey(ctx, t, key)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// wrongFields sorts an error's sentences by field; ok is false when the error is not about fields.
func wrongFields(err error) (wrong map[string]string, ok bool) {
	var fields models.FieldErrors
	if !errors.As(err, &fields) {
		return nil, false
	}
	wrong = map[string]string{}
	for _, f := range fields {
		wrong[f.Field] = began(f.Message) + "."
	}
	return wrong, true
}
