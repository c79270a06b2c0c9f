package handlers

import (
	"context"
	"fmt"
	"reflect"

	"portal/models"
	"portal/store"
)

// apiProgram maps what a program is.
func (h *House) apiProgram(d apiDoor) {
	apiAdd(d, "GET", "/v1/program", 200, "Show the key's program", h.apiProgramShow)
	apiAdd(d, "PATCH", "/v1/program", 200, "Change settings of the key's program; only the fields that are given change", h.apiProgramChange)
}

type apiProgramShape struct {
	ID               string  `json:"id" example:"prg_0190d3f0a1b27c3d8e4f5a6b7c8d9e0f"`
	Name             string  `json:"name"`
	Mode             string  `json:"mode" enum:"test,live" doc:"The key's side of the program."`
	Currency         string  `json:"currency" example:"usd"`
	AttributionModel string  `json:"attribution_model" enum:"customer,transaction"`
	HoldDays         int     `json:"hold_days" doc:"Days between a payment and the day its commission is payable."`
	Refunds          string  `json:"refunds" enum:"automatic,manual" doc:"Whether a refund takes commission back by itself."`
	CookieDays       int     `json:"cookie_days"`
	LandingURL       *string `json:"landing_url"`
	CouponBeatsLink  bool    `json:"coupon_beats_link" doc:"A partner's coupon decides its own sale, whoever the customer belongs to. New payments only, like the three below."`
	SelfReferral     string  `json:"self_referral" enum:"refuse,flag" doc:"What becomes of a payment that came from the partner's own e-mail address."`
	CountShipping    bool    `json:"count_shipping" doc:"Whether shipping earns commission."`
	CountOutOfBand   bool    `json:"count_out_of_band" doc:"Whether invoices that were paid outside Stripe are counted."`
}

func apiProgramOf(p models.Program, mode models.Mode) *apiBody[apiProgramShape] {
	return &apiBody[apiProgramShape]{apiProgramShape{ID: p.ID.String(), Name: p.Name, Mode: string(mode), Currency: string(p.Currency),
		AttributionModel: p.AttributionModel, HoldDays: p.HoldDays, Refunds: p.Refunds, CookieDays: p.CookieDays, LandingURL: p.LandingURL,
		CouponBeatsLink: p.CouponBeatsLink, SelfReferral: p.SelfReferral, CountShipping: p.CountShipping, CountOutOfBand: p.CountOutOfBand}}
}

func (h *House) apiProgramShow(ctx context.Context, who apiCall, _ *struct{}) (*apiBody[apiProgramShape], error) {
	p, err := h.Store.Program(ctx, who.Company, who.Program)
	return apiProgramOf(p, who.Mode), err
}

type apiProgramPatch struct {
	Name             apiField[string]   `json:"name,omitzero"`
	Currency         apiField[string]   `json:"currency,omitzero" example:"usd"`
	AttributionModel apiField[string]   `json:"attribution_model,omitzero" enum:"customer,transaction"`
	HoldDays         apiField[apiWhole] `json:"hold_days,omitzero" minimum:"0" maximum:"3650"`
	Refunds          apiField[string]   `json:"refunds,omitzero" enum:"automatic,manual"`
	CookieDays       apiField[apiWhole] `json:"cookie_days,omitzero" minimum:"1" maximum:"3650"`
	LandingURL       apiField[string]   `json:"landing_url,omitzero" nullable:"true"`
	CouponBeatsLink  apiField[bool]     `json:"coupon_beats_link,omitzero"`
	SelfReferral     apiField[string]   `json:"self_referral,omitzero" enum:"refuse,flag"`
	CountShipping    apiField[bool]     `json:"count_shipping,omitzero"`
	CountOutOfBand   apiField[bool]     `json:"count_out_of_band,omitzero"`
}

func (h *House) apiProgramChange(ctx context.Context, who apiCall, in *struct{ Body apiProgramPatch }) (*apiBody[apiProgramShape], error) {
	var p models.Program
	err := h.Store.InTx(ctx, func(tx *store.Store) (err error) {
		if err := tx.LockBuckets(ctx, who.Company); err != nil {
			return err
		}
		if p, err = tx.LockProgram(ctx, who.Company, who.Program); err != nil {
			return err
		}
		before := p
		if err := in.Body.onto(&p); err != nil {
			return err
		}
		if reflect.DeepEqual(before, p) {
			return nil
		}
		if err := tx.SaveProgram(ctx, p, h.now()); err != nil {
			return fmt.Errorf("change program %s: %w", p.ID, err)
		}
		return tx.Audited(ctx, who.Company, who.actor(), "program.changed", p.ID.String(), p.Name, h.Now())
	})
	return apiProgramOf(p, who.Mode), err
}

func (f apiProgramPatch) onto(p *models.Program) error {
	var w apiWrong
	f.Name.into(&w, "name", func(text string) { p.Name = w.text("name", text, 200) })
	f.Currency.into(&w, "currency", func(text string) { p.Currency = w.currency("currency", text) })
	f.AttributionModel.into(&w, "attribution_model", func(text string) { p.AttributionModel = text })
	f.HoldDays.into(&w, "hold_days", func(n apiWhole) { p.HoldDays = int(n) })
	f.Refunds.into(&w, "refunds", func(text string) { p.Refunds = text })
	f.CookieDays.into(&w, "cookie_days", func(n apiWhole) { p.CookieDays = int(n) })
	f.CouponBeatsLink.into(&w, "coupon_beats_link", func(on bool) { p.CouponBeatsLink = on })
	f.SelfReferral.into(&w, "self_referral", func(text string) { p.SelfReferral = text })
	f.CountShipping.into(&w, "count_shipping", func(on bool) { p.CountShipping = on })
	f.CountOutOfBand.into(&w, "count_out_of_band", func(on bool) { p.CountOutOfBand = on })
	apiOrNull(f.LandingURL, &p.LandingURL, func(text string) string { return w.webAddress("landing_url", text) })
	return w.err()
}
