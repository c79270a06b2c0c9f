package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiCodes maps the coupons and promotion codes that stand for partners.
func (h *House) apiCodes(d apiDoor) {
	apiAdd(d, "POST", "/v1/codes", 201, "Give a partner a coupon or promotion code, or Stripe's id of one; it stands for the partner from now on", h.apiCodeAdd)
	apiAdd(d, "GET", "/v1/codes", 200, "List the codes that stand for partners", h.apiCodeList)
	apiAdd(d, "DELETE", "/v1/codes/{code}", 200, "Remove a code: payments from now on find nobody by it. Answered with the code as it was", h.apiCodeRemove)
}

type apiCodeShape struct {
	Code      string    `json:"code" example:"SAVE20" doc:"Compared without regard to case."`
	Partner   apiRef    `json:"partner"`
	CreatedAt time.Time `json:"created_at" doc:"From when it stands for the partner."`
}

func apiCodeOf(c models.Code) apiCodeShape {
	return apiCodeShape{Code: c.Code, Partner: apiRef{c.PartnerKey}, CreatedAt: c.From.UTC()}
}

type apiCodeIn struct {
	Code    string `json:"code" example:"SAVE20" doc:"What customers type, or Stripe's id of the promotion code or coupon."`
	Partner apiRef `json:"partner"`
}

func (h *House) apiCodeAdd(ctx context.Context, who apiCall, in *struct{ Body apiCodeIn }) (*apiBody[apiCodeShape], error) {
	partner, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Body.Partner.Key)
	if errors.Is(err, models.ErrNotFound) {
		return nil, models.Invalid("partner.key", "names no partner of this program")
	} else if err != nil {
		return nil, err
	}
	c, err := h.Inbox.AddCode(ctx, who.Tenant, in.Body.Code, partner.ID, who.actor())
	return &apiBody[apiCodeShape]{apiCodeOf(c)}, err
}

func (h *House) apiCodeList(ctx context.Context, who apiCall, in *struct{ APIPage }) (*apiBody[apiList[apiCodeShape]], error) {
	load := func(p store.Page) ([]models.Code, error) { return h.Store.Codes(ctx, who.Tenant, p) }
	key := func(c models.Code) (time.Time, fmt.Stringer) { return time.Time{}, c.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiCodeOf))
}

func (h *House) apiCodeRemove(ctx context.Context, who apiCall, in *struct {
	Code string `path:"code"`
}) (*apiBody[apiCodeShape], error) {
	c, err := h.Inbox.RemoveCode(ctx, who.Tenant, in.Code, who.actor())
	return &apiBody[apiCodeShape]{apiCodeOf(c)}, err
}
