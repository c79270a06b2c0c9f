package handlers

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiEvents maps the money news that was kept.
func (h *House) apiEvents(d apiDoor) {
	apiAdd(d, "GET", "/v1/events", 200, "List the events that were kept", h.apiEventList)
}

type apiEventShape struct {
	ID         string    `json:"id"`
	ProviderID string    `json:"provider_event_id" example:"evt_1Pq"`
	Source     string    `json:"source" example:"stripe"`
	Type       string    `json:"type" example:"invoice.paid"`
	Status     string    `json:"status" enum:"pending,done,ignored,failed" doc:"pending: not yet through, or waiting for a provider's answer."`
	Because    *string   `json:"because"`
	ReceivedAt time.Time `json:"received_at"`
}

func apiEventOf(e models.Event) apiEventShape {
	return apiEventShape{ID: e.ID.String(), ProviderID: e.ProviderID, Source: string(e.Source), Type: e.Type, Status: string(e.Status),
		Because: e.Because, ReceivedAt: e.ReceivedAt.UTC()}
}

func (h *House) apiEventList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Status string `query:"status" enum:"pending,done,ignored,failed"`
}) (*apiBody[apiList[apiEventShape]], error) {
	load := func(p store.Page) ([]models.Event, error) {
		return h.Store.Events(ctx, who.Tenant, models.EventStatus(in.Status), p)
	}
	key := func(e models.Event) (time.Time, fmt.Stringer) { return e.ReceivedAt, e.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiEventOf))
}
