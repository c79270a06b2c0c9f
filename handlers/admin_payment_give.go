package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// adminPaymentGive gives one payment to a partner by hand, with a reason.
func (h *House) adminPaymentGive(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	id, err := models.ParseID[models.PaymentID](c.Param("id"))
	if err != nil {
		return err
	}
	if _, err := h.Store.Payment(ctx, t, id); err != nil {
		return err
	}
	give := views.GiveForm{Partner: c.FormValue("partner"), Reason: c.FormValue("reason")}
	err = h.give(ctx, se, id, give)
	var wrong bool
	if give.Wrong, wrong = wrongFields(err); wrong {
		return h.showPayment(c, se, http.StatusUnprocessableEntity, give)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/payments/"+id.String(), "given", 0)
}

func (h *House) give(ctx context.Context, se models.Session, id models.PaymentID, give views.GiveForm) error {
	partner, err := h.Store.PartnerByKey(ctx, se.Tenant(), give.Partner)
	if errors.Is(err, models.ErrNotFound) {
		return models.Invalid("partner", "choose the partner who earned it")
	} else if err != nil {
		return err
	}
	return h.Inbox.Give(ctx, se.Tenant(), id, partner.ID, give.Reason, actor(se))
}

// partnersToPick are the newest partners of a company, for a list to pick from.
func (h *House) partnersToPick(ctx context.Context, t models.Tenant) ([]views.Option, error) {
	list, err := h.Store.Partners(ctx, t, store.Page{Limit: 200, Desc: true})
	if err != nil {
		return nil, fmt.Errorf("list the partners: %w", err)
	}
	picks := []views.Option{{Value: "", Label: "Choose a partner"}}
	for _, p := range list {
		picks = append(picks, views.Option{Value: p.Key, Label: p.Name + " (" + p.Key + ")"})
	}
	return picks, nil
}
