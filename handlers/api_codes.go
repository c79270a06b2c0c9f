package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// apiCodes maps the coupons and promotion codes that stand for partners.
func (h *House) apiCodes(d apiDoor) {
	apiAdd(d, "POST", "/v1/codes", 201, "Give a partner a coupon or promotion code, or Stripe's id of one; it stands for the partner from now on. With create_in_stripe the promotion code is made in Stripe, from the program's coupon", h.apiCodeAdd)
	apiAdd(d, "GET", "/v1/codes", 200, "List the codes that stand for partners", h.apiCodeList)
	apiAdd(d, "DELETE", "/v1/codes/{code}", 200, "Remove a code: payments from now on find nobody by it. Answered with the code as it was", h.apiCodeRemove)
}

type apiCodeShape struct {
	Code      string    `json:"code" example:"SAVE20" doc:"Compared without regard to case."`
	Partner   apiRef    `json:"partner"`
	CreatedAt time.Time `json:"created_at" doc:"From when it stands for the partner."`

	StripeID       *string `json:"stripe_id" doc:"Stripe's id of the promotion code, where Portal made it or found it there for this partner; else null."`
	ActiveInStripe *bool   `json:"active_in_stripe" doc:"Whether it can be used; null where stripe_id is. What was sold with an inactive one is the partner's all the same."`
}

// apiCodesOf shows codes with what Stripe tells of them.
func (h *House) apiCodesOf(ctx context.Context, t models.Tenant) func([]models.Code) ([]apiCodeShape, error) {
	return func(list []models.Code) ([]apiCodeShape, error) {
		var ids []string
		for _, c := range list {
			ids = append(ids, c.Code)
		}
		known, err := h.Store.PromotionsNamed(ctx, t, ids)
		shapes := []apiCodeShape{}
		for _, c := range list {
			shape := apiCodeShape{Code: c.Code, Partner: apiRef{c.PartnerKey}, CreatedAt: c.From.UTC()}
			if p, ok := known[c.Code]; ok {
				shape.Code, shape.StripeID, shape.ActiveInStripe = p.Code, &p.ID, &p.Active
			}
			shapes = append(shapes, shape)
		}
		return shapes, err
	}
}

func (h *House) apiCodeShown(ctx context.Context, t models.Tenant, c models.Code, err error) (*apiBody[apiCodeShape], error) {
	if err != nil {
		return nil, err
	}
	shapes, err := h.apiCodesOf(ctx, t)([]models.Code{c})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiCodeShape]{shapes[0]}, nil
}

type apiCodeIn struct {
	Code    string `json:"code" example:"SAVE20" doc:"What customers type, or Stripe's id of the promotion code or coupon."`
	Partner apiRef `json:"partner"`

	CreateInStripe bool `json:"create_in_stripe,omitempty" doc:"Make it in Stripe, as a promotion code of the program's coupon: letters, digits and dashes only."`
}

func (h *House) apiCodeAdd(ctx context.Context, who apiCall, in *struct{ Body apiCodeIn }) (*apiBody[apiCodeShape], error) {
	partner, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Body.Partner.Key)
	if errors.Is(err, models.ErrNotFound) {
		return nil, models.Invalid("partner.key", "names no partner of this program")
	} else if err != nil {
		return nil, err
	}
	if in.Body.CreateInStripe {
		p, err := h.Integrations.GiveCode(ctx, who.Caller, partner.ID, integrations.NewCode{Code: in.Body.Code}, who.actor())
		return h.apiCodeShown(ctx, who.Tenant, models.Code{Code: p.ID, PartnerKey: partner.Key, From: p.CreatedAt}, err)
	}
	c, err := h.Inbox.AddCode(ctx, who.Tenant, in.Body.Code, partner.ID, who.actor())
	return h.apiCodeShown(ctx, who.Tenant, c, err)
}

func (h *House) apiCodeList(ctx context.Context, who apiCall, in *struct{ APIPage }) (*apiBody[apiList[apiCodeShape]], error) {
	load := func(p store.Page) ([]models.Code, error) { return h.Store.Codes(ctx, who.Tenant, p) }
	key := func(c models.Code) (time.Time, fmt.Stringer) { return time.Time{}, c.ID }
	return apiPaged(in.APIPage, load, key, h.apiCodesOf(ctx, who.Tenant))
}

func (h *House) apiCodeRemove(ctx context.Context, who apiCall, in *struct {
	Code string `path:"code"`
}) (*apiBody[apiCodeShape], error) {
	c, err := h.Inbox.RemoveCode(ctx, who.Tenant, in.Code, who.actor())
	if errors.Is(err, models.ErrNotFound) { // what customers type, of a promotion code that stands for the partner by its id
		id, named := h.Store.PromotionCalled(ctx, who.Tenant, in.Code)
		if named != nil {
			return nil, named
		}
		c, err = h.Inbox.RemoveCode(ctx, who.Tenant, id, who.actor())
	}
	return h.apiCodeShown(ctx, who.Tenant, c, err)
}
