package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiCommissions maps what partners earned.
func (h *House) apiCommissions(d apiDoor) {
	apiAdd(d, "GET", "/v1/commissions", 200, "List the commissions, one per payment and partner", h.apiCommissionList)
}

type apiCommissionShape struct {
	ID          string        `json:"id"`
	Partner     apiRef        `json:"partner"`
	Transaction apiRef        `json:"transaction"`
	Amount      apiMoney      `json:"amount" doc:"Now, after reversals, in the partner's currency."`
	Earned      apiMoney      `json:"earned" doc:"At first, in the partner's currency."`
	Share       apiMoney      `json:"share" doc:"Now, in the sale's currency."`
	Rate        *apiRate      `json:"rate" doc:"The exchange rate; null when the two currencies are one, or while it is awaited."`
	Status      string        `json:"status" enum:"waiting,held,due,invoiced,paid,reversed"`
	PayableOn   string        `json:"payable_on" format:"date" doc:"The day on which the hold ends."`
	RuleVersion *int          `json:"rule_version" doc:"Of the rules by which it was earned, frozen at the sale."`
	DecidedAt   *time.Time    `json:"decided_at" doc:"Since when it is decided as it is."`
	Steps       []models.Step `json:"steps" doc:"Why this amount, when it is payable, and why not sooner."`
}

// apiRate is the exchange rate that an amount was turned with.
type apiRate struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Rate   string `json:"rate"`
	Source string `json:"source"`
	Date   string `json:"date" format:"date"`
}

// apiRateOf is a rate, or null.
func apiRateOf(r *models.Rate) *apiRate {
	if r == nil {
		return nil
	}
	return &apiRate{From: string(r.From), To: string(r.To), Rate: r.Value, Source: r.Source, Date: r.Date.Format(time.DateOnly)}
}

func apiCommissionOf(c store.CommissionRow) apiCommissionShape {
	var version *int
	if c.Version > 0 {
		version = &c.Version
	}
	return apiCommissionShape{RuleVersion: version, DecidedAt: apiTimeOf(c.DecidedAt), ID: c.ID.String(), Rate: apiRateOf(c.Rate), Partner: apiRef{c.PartnerKey}, Transaction: apiRef{c.PaymentKey}, Amount: apiMoneyOf(c.Amount),
		Earned: apiMoneyOf(c.Earned), Share: apiMoneyOf(c.Share), Status: string(c.Status), PayableOn: c.PayableOn.Format(time.DateOnly), Steps: apiSteps(c.Steps)}
}

func (h *House) apiCommissionList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Partner     string `query:"partner" doc:"A partner's key."`
	Transaction string `query:"transaction" doc:"Any id of the payment."`
}) (*apiBody[apiList[apiCommissionShape]], error) {
	partner, none, err := h.apiPartnerID(ctx, who, in.Partner)
	if err != nil {
		return nil, err
	}
	var payment *models.PaymentID
	if in.Transaction != "" {
		row, err := h.Store.PaymentByAlias(ctx, who.Tenant, in.Transaction)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
		payment, none = &row.ID, none || err != nil
	}
	load := func(p store.Page) ([]store.CommissionRow, error) {
		return h.Store.Commissions(ctx, who.Tenant, partner, payment, p)
	}
	if none {
		load = nil
	}
	key := func(c store.CommissionRow) (time.Time, fmt.Stringer) { return time.Time{}, c.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiCommissionOf))
}
