package handlers

import (
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// partnerSide is what every page of a partner starts from. Its tenant and partner come from the session and nowhere
// else: they go into every store call, so that nobody sees what is another's.
type partnerSide struct {
	models.Tenant
	partner models.Partner
	company string
	now     time.Time
	frame   views.Frame
}

// asPartner finds who is looking, and draws what stands around their pages.
func (h *House) asPartner(c echo.Context, se models.Session, title, sentence string) (partnerSide, error) {
	side := partnerSide{Tenant: se.Tenant(), now: h.Now()}
	if se.Partner == nil {
		return side, fmt.Errorf("a partner's page for %s: %w", se.Person, models.ErrForbidden)
	}
	var err error
	if side.partner, err = h.Store.Partner(c.Request().Context(), side.Tenant, *se.Partner); err != nil {
		return side, err
	}
	company, err := h.Store.Company(c.Request().Context(), se.Company)
	if err != nil {
		return side, err
	}
	side.company = company.Name
	side.frame = views.Frame{Title: title, Sentence: sentence, Company: company.Name, Program: "Partner account", Side: views.PartnerSide,
		Places: partnerPlaces(c.Request().URL.Path), Person: side.partner.Name, Role: se.Email, TestMode: se.Mode == models.Test, Flash: takeFlash(c)}
	return side, nil
}

func partnerPlaces(path string) []views.Place {
	places := []views.Place{
		{Label: "Home", Href: "/partner", Icon: "house"},
		{Label: "Earnings", Href: "/partner/earnings", Icon: "hand-coins"},
		{Label: "Invoices", Href: "/partner/invoices", Icon: "file-text"},
		{Label: "Money calendar", Href: "/partner/calendar", Icon: "clock"},
		{Label: "Statements", Href: "/partner/statements", Icon: "chart-line"},
		{Label: "How you are paid", Href: "/partner/payouts", Icon: "wallet"},
	}
	for i, p := range places {
		places[i].Current = path == p.Href || i > 0 && strings.HasPrefix(path, p.Href+"/")
	}
	return places
}

// pageRows is how many rows a list shows before "Older".
const pageRows = 50

// pageAsked is the part of a list that an address asks for, the newest first.
func pageAsked(c echo.Context) (store.Page, error) {
	p := store.Page{Limit: pageRows, Desc: true, Cursor: c.QueryParam("cursor")}
	return p, p.CheckCursor()
}

// pageLinks are the addresses of the newest rows and of older ones; empty where there is nothing to go to.
func pageLinks(path string, p store.Page, next string) (newest, older string) {
	if p.Cursor != "" {
		newest = path
	}
	if next != "" {
		older = path + "?cursor=" + next
	}
	return newest, older
}
