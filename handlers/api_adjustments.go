package handlers

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiAdjustments maps the bonuses and deductions of a partner.
func (h *House) apiAdjustments(d apiDoor) {
	apiAdd(d, "POST", "/v1/partners/{key}/adjustments", 201, "Give a partner a bonus, or below zero take a deduction: due at once, on the next invoice", h.apiAdjust)
	apiAdd(d, "GET", "/v1/partners/{key}/adjustments", 200, "List a partner's bonuses, deductions and debts written off", h.apiAdjustmentList)
}

type apiAdjustmentShape struct {
	ID      string    `json:"id"`
	Partner apiRef    `json:"partner"`
	Kind    string    `json:"kind" enum:"bonus,deduction,write_off"`
	Amount  apiMoney  `json:"amount" doc:"In the partner's currency; below zero for a deduction."`
	Reason  string    `json:"reason" doc:"The partner sees it."`
	Status  string    `json:"status" enum:"due,invoiced,paid"`
	Invoice *string   `json:"invoice" doc:"The invoice that gathers it; null until one does."`
	MadeBy  string    `json:"made_by"`
	MadeAt  time.Time `json:"made_at"`
}

func apiAdjustmentOf(key string) func(store.AdjustmentRow) apiAdjustmentShape {
	return func(a store.AdjustmentRow) apiAdjustmentShape {
		shape := apiAdjustmentShape{ID: a.ID.String(), Partner: apiRef{key}, Kind: string(a.Kind), Amount: apiMoneyOf(a.Amount()), Reason: a.Reason,
			Status: string(a.Status()), MadeBy: a.By, MadeAt: a.At.UTC()}
		if a.Invoice != nil {
			shape.Invoice = new(a.Invoice.String())
		}
		return shape
	}
}

func (h *House) apiAdjust(ctx context.Context, who apiCall, in *struct {
	Key  string `path:"key"`
	Body struct {
		Amount apiDecimal `json:"amount" example:"50.00" doc:"In major units of the partner's currency; below zero for a deduction."`
		Reason string     `json:"reason" example:"Best month of the year" doc:"The partner sees it."`
	}
}) (*apiBody[apiAdjustmentShape], error) {
	p, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Key)
	if err != nil {
		return nil, err
	}
	var w apiWrong
	amount, reason := in.Body.Amount.in(p.Currency, &w, "amount"), w.text("reason", in.Body.Reason, 500)
	if err := w.err(); err != nil {
		return nil, err
	}
	a, err := h.Inbox.Adjust(ctx, models.Adjustment{Tenant: who.Tenant, ID: models.NewID[models.AdjustmentID](h.now()), Partner: p.ID, Program: &who.Program,
		Minor: amount.Minor, Currency: amount.Currency, Reason: reason}, who.actor())
	return &apiBody[apiAdjustmentShape]{apiAdjustmentOf(p.Key)(store.AdjustmentRow{Adjustment: a})}, err
}

func (h *House) apiAdjustmentList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Key string `path:"key"`
}) (*apiBody[apiList[apiAdjustmentShape]], error) {
	p, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Key)
	if err != nil {
		return nil, err
	}
	load := func(page store.Page) ([]store.AdjustmentRow, error) {
		return h.Store.Adjustments(ctx, who.Tenant, p.ID, page)
	}
	key := func(a store.AdjustmentRow) (time.Time, fmt.Stringer) { return time.Time{}, a.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiAdjustmentOf(p.Key)))
}
