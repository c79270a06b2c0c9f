package handlers

import (
	"context"
	"fmt"

	"portal/models"
	"portal/store"
	"portal/views"
)

// connectionState is how a connection does, as its badge shows it.
func (h *House) connectionState(i store.Integration) string {
	switch {
	case i.Status == "not_connected" || i.Status == "broken":
		return i.Status
	case i.OAuth.Connected && h.ConnectSecret == "" || !i.OAuth.Connected && i.WebhookSecret == "":
		return "silent"
	case len(i.MissingRights) > 0 || len(i.MissingEvents) > 0:
		return "gaps"
	}
	return "connected"
}

// connectionNotes say what is wrong with a connection, the worst first.
func (h *House) connectionNotes(i store.Integration, may bool) []views.Flash {
	var notes []views.Flash
	add := func(tone views.Tone, text string) { notes = append(notes, views.Flash{Tone: tone, Text: text}) }
	switch state := h.connectionState(i); {
	case state == "not_connected" && !may:
		add(views.Telling, "Stripe is not connected: no payment comes in by itself. An owner or an admin of the company connects it here.")
	case state == "not_connected":
		add(views.Telling, "Stripe is not connected: no payment comes in by itself.")
	case state == "broken" && i.OAuth.Connected:
		add(views.Bad, accessLost(i.OAuth, i.Mode))
	case state == "broken" && i.APIKey == "":
		add(views.Bad, "The connection is broken. Connect a new API key to mend it.")
	case state == "broken":
		add(views.Bad, "Stripe refuses the API key that ends in "+ending(i.APIKey)+": it was rolled, deleted, or lost its rights. Nothing can be asked of Stripe until a new one is connected.")
	}
	if i.Status == "not_connected" {
		return notes
	}
	switch {
	case i.OAuth.Connected && h.ConnectSecret == "":
		add(views.Bad, unheard)
	case !i.OAuth.Connected && i.WebhookSecret == "":
		add(views.Bad, "There is no signing secret, so Portal cannot prove what Stripe sends, and nothing that it sends counts. Either the key may make no endpoint, or there is one for this address whose secret only Stripe knows: copy it from Stripe and save it below.")
	}
	if i.APIKey == "" && !i.OAuth.Connected && i.Status == "connected" {
		add(views.Telling, "No API key is connected. Events come in and count, but what only Stripe can answer stays open: a charge whose invoice is not known waits.")
	}
	if n := len(i.MissingRights); n > 0 && i.OAuth.Connected {
		add(views.Careful, "Portal may read this account, and not write. What that costs stands below. Connect again to let it.")
	} else if n > 0 {
		add(views.Careful, "The key lacks "+views.Count(n, "right", "rights")+". What each costs stands below.")
	}
	if n := len(i.MissingEvents); n > 0 && i.WebhookSecret != "" && !i.OAuth.Connected {
		add(views.Careful, "Stripe does not send "+views.Count(n, "event", "events")+" that Portal reads. What that costs stands below.")
	}
	return notes
}

// connectionNeeds are the connections of a company's programs that need somebody.
func (h *House) connectionNeeds(ctx context.Context, t models.Tenant) ([]views.Need, error) {
	programs, err := h.Store.Programs(ctx, t.Company)
	if err != nil {
		return nil, fmt.Errorf("list the programs of %s: %w", t.Company, err)
	}
	var list []views.Need
	for _, p := range programs {
		i, err := h.connection(ctx, t, p.ID)
		if err != nil {
			return nil, err
		}
		need, wrong := connectionNeed[h.connectionState(i)]
		if !wrong {
			continue
		}
		if i.OAuth.Connected {
			need.Why = oauthNeed[h.connectionState(i)]
		}
		need.Icon, need.Do.Href = "link", connectionAt
		if len(programs) > 1 {
			need.Text, need.Do.Href = p.Name+": "+need.Text, connectionAt+"?program="+p.ID.String()
		}
		list = append(list, need)
	}
	return list, nil
}

var connectionNeed = map[string]views.Need{
	"not_connected": {Text: "Stripe is not connected", Why: "No payment comes in by itself until it is. It takes a minute.", Do: views.Action{Label: "Connect it"}},
	"broken":        {Text: "The connection to Stripe is broken", Why: "Stripe refuses the API key: what only Stripe can answer waits.", Do: views.Action{Label: "Mend it"}},
	"silent":        {Text: "No events come in from Stripe", Why: "There is no signing secret that proves them.", Do: views.Action{Label: "Mend it"}},
	"gaps":          {Text: "The connection to Stripe has gaps", Why: "A right or an event is missing. The page says what each costs.", Do: views.Action{Label: "See what is missing"}},
}
