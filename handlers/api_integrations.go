package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// apiIntegrations maps the program's connections to its providers.
func (h *House) apiIntegrations(d apiDoor) {
	apiAdd(d, "GET", "/v1/integrations/{source}", 200, "Show the connection to a provider", h.apiIntegrationShow)
	apiAdd(d, "PUT", "/v1/integrations/{source}", 200, "Give the secrets of a connection; they are checked, kept sealed and never shown again", h.apiIntegrationSave)
}

// apiSources are the providers of CONTRACT.md 4, and whether this version speaks with them.
var apiSources = map[models.SourceName]bool{models.SourceStripe: true, "paddle": false, "woocommerce": false, "chargebee": false}

type apiIntegrationShape struct {
	Status        string     `json:"status" enum:"connected,not_connected,broken" doc:"broken: the provider refuses the API key, or the company took the access away that it had granted."`
	Mode          string     `json:"mode" enum:"test,live"`
	Account       *string    `json:"account" doc:"The provider's id of the account, once an API key told it."`
	WebhookURL    *string    `json:"webhook_url" doc:"Where the provider is to send its events."`
	WebhookLast4  *string    `json:"webhook_secret_last4"`
	MissingRights []string   `json:"missing_rights"`
	MissingEvents []string   `json:"missing_events"`
	LastEventAt   *time.Time `json:"last_event_at"`
}

func (h *House) apiIntegrationOf(ctx context.Context, who apiCall, i store.Integration) (*apiBody[apiIntegrationShape], error) {
	shape := apiIntegrationShape{Status: i.Status, Mode: string(who.Mode), Account: i.Account, WebhookLast4: store.Last4(i.WebhookSecret),
		MissingRights: append([]string{}, i.MissingRights...), MissingEvents: append([]string{}, i.MissingEvents...)}
	if apiSources[i.Source] {
		shape.WebhookURL = new(fmt.Sprintf("%s/v1/integrations/%s/%s/webhook", strings.TrimSuffix(h.PublicURL, "/"), i.Source, who.Program))
		last, err := h.Store.LastDelivery(ctx, who.Tenant, who.Program, i.Source)
		if err != nil {
			return nil, err
		}
		if last != nil {
			shape.LastEventAt = new(last.ReceivedAt.UTC())
		}
	}
	return &apiBody[apiIntegrationShape]{shape}, nil
}

// apiBySource is the path of one connection.
type apiBySource struct {
	Source string `path:"source" example:"stripe" doc:"stripe, paddle, woocommerce or chargebee."`
}

func (in apiBySource) name() (models.SourceName, bool, error) {
	reads, known := apiSources[models.SourceName(in.Source)]
	if !known {
		return "", false, fmt.Errorf("source %q: %w", in.Source, models.ErrNotFound)
	}
	return models.SourceName(in.Source), reads, nil
}

func (h *House) apiIntegrationShow(ctx context.Context, who apiCall, in *apiBySource) (*apiBody[apiIntegrationShape], error) {
	source, _, err := in.name()
	if err != nil {
		return nil, err
	}
	i, err := h.Store.Integration(ctx, who.Tenant, who.Program, source)
	if errors.Is(err, models.ErrNotFound) {
		i, err = store.Integration{Source: source, Status: "not_connected"}, nil
	}
	if err != nil {
		return nil, err
	}
	return h.apiIntegrationOf(ctx, who, i)
}

func (h *House) apiIntegrationSave(ctx context.Context, who apiCall, in *struct {
	Source string `path:"source" example:"stripe"`
	Body   struct {
		APIKey        *string `json:"api_key,omitempty" doc:"A secret or restricted key of the key's mode."`
		WebhookSecret *string `json:"webhook_secret,omitempty" example:"whsec_…" doc:"What the provider signs its events with. The one it replaces stays valid for 24 hours."`
	}
}) (*apiBody[apiIntegrationShape], error) {
	source, reads, err := apiBySource{in.Source}.name()
	switch {
	case err != nil:
		return nil, err
	case !reads:
		return nil, models.Invalid("source", "cannot be connected in this version of Portal; it comes later")
	case in.Body.APIKey == nil && in.Body.WebhookSecret == nil:
		return nil, models.FieldErrors{{Field: "api_key", Message: "give this, or webhook_secret, or both"}, {Field: "webhook_secret", Message: "give this, or api_key, or both"}}
	}
	i, err := h.Integrations.Save(ctx, who.Caller, source, integrations.Change{APIKey: in.Body.APIKey, WebhookSecret: in.Body.WebhookSecret}, who.actor())
	if err != nil {
		return nil, err
	}
	return h.apiIntegrationOf(ctx, who, i)
}
