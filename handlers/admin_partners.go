package handlers

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminPartners lists the partners with where their money stands.
func (h *House) adminPartners(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.Partners(ctx, t, page)
	if err != nil {
		return fmt.Errorf("list partners: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(p models.Partner) (time.Time, fmt.Stringer) { return time.Time{}, p.ID })
	v := views.AdminPartners{MayAdd: admins.takes(se.Role), Shown: shown(len(list), "partner", "partners", next != "")}
	if v.Lines, err = h.partnerLines(ctx, t, list); err != nil {
		return err
	}
	v.Newest, v.Older = around("/admin/partners", nil, page, next)
	if v.Frame, err = h.adminFrame(c, se, "/admin/partners", "Partners"); err != nil {
		return err
	}
	v.Sentence = "Who brings you customers, and where their money stands."
	if v.MayAdd && len(v.Lines) > 0 {
		v.Primary = views.Button(views.Action{Label: "Add a partner", Icon: "plus", Href: "/admin/partners/new", Kind: views.Primary})
	}
	return show(c, http.StatusOK, views.AdminPartnersPage(v), nil)
}

// partnerLines are partners as a list shows them, a line for each currency.
func (h *House) partnerLines(ctx context.Context, t models.Tenant, list []models.Partner) ([]views.PartnerLine, error) {
	ids := make([]models.PartnerID, 0, len(list))
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	balances, err := h.Store.BalancesOfAll(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	var lines []views.PartnerLine
	for _, p := range list {
		for _, b := range ownFirst(balances[p.ID], p.Currency) {
			lines = append(lines, views.PartnerLine{Href: "/admin/partners/" + p.ID.String(), Name: p.Name, Key: p.Key, Status: p.Status, Balance: b})
		}
	}
	return lines, nil
}
