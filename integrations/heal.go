package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

const (
	listed  = 30 * 24 * time.Hour // how long Stripe lists an event (MONEY.md 3.4)
	overlap = time.Hour           // asked for again: an event may be listed a little late
)

// Heal fetches, for every connection that can be asked about, the events that the provider made and that did not come:
// since the connection, or since all was last known to be here (MONEY.md 3.4, B11). They enter by the same inbox under
// their own ids, so what came in the meantime changes nothing. Each connection's key is verified first. One connection's
// trouble is not another's.
func (in *Integrations) Heal(ctx context.Context) error {
	all, err := in.Store.ToHeal(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range all {
		failed = append(failed, in.HealOne(ctx, c))
	}
	return errors.Join(failed...)
}

// HealOne is Heal for one connection. That its provider cannot be asked now is logged, and no error: the next round asks again.
func (in *Integrations) HealOne(ctx context.Context, c store.Connection) error {
	err := in.heal(ctx, c)
	if errors.Is(err, models.ErrLater) {
		in.Log.Info("events that may be missing could not be asked for", "company", c.Company, "because", err)
		return nil
	} else if err != nil {
		return fmt.Errorf("heal the %s connection of %s: %w", c.Source, c.Program, err)
	}
	return nil
}

func (in *Integrations) heal(ctx context.Context, c store.Connection) error {
	i, err := in.Store.Integration(ctx, c.Tenant, c.Program, c.Source)
	if err != nil || !in.MayAsk(i) || i.Healed.Since == nil {
		return err
	}
	if err := in.verify(ctx, c, i); err != nil {
		return err
	}
	now := in.Now()
	from := *i.Healed.Since
	if i.Healed.To != nil {
		from = i.Healed.To.Add(-overlap)
	}
	if oldest := now.Add(-listed); from.Before(oldest) {
		from = oldest
	}
	found := 0
	err = in.reach(i).eventsSince(ctx, from, func(page []models.Event) error {
		fresh, err := in.Inbox.Fetched(ctx, c.Tenant, c.Program, page)
		found += fresh
		return err
	})
	if err != nil {
		return later(err)
	}
	return in.Store.SaveHealed(ctx, c, now, now, found)
}

// verify looks whether Stripe still takes a connection's key, and which rights it lacks now: a silent stop is the worst
// failure (MONEY.md 3.2). A key that Stripe refuses breaks the connection, visibly, until another one is connected.
func (in *Integrations) verify(ctx context.Context, c store.Connection, i store.Integration) error {
	if i.OAuth.Connected {
		return in.verifyOAuth(ctx, c, i)
	}
	_, err := in.reach(i).account(ctx)
	if errors.Is(err, models.ErrInvalid) {
		in.Log.Warn("Stripe refuses the API key of a connection", "company", c.Company, "program", c.Program, "mode", c.Mode)
		if err := in.found(ctx, c, true, i.MissingRights, models.KeyRefused); err != nil {
			return err
		}
		return models.Refuse(models.ErrLater, "Stripe refuses the API key. Connect a new one; Portal will then ask again.")
	} else if err != nil {
		return err
	}
	missing, err := in.reach(i).missingRights(ctx)
	if err != nil {
		return notChecked(err)
	}
	if i.Status != "broken" && slices.Equal(missing, i.MissingRights) {
		return nil
	}
	return in.found(ctx, c, false, missing, nil)
}

// eventsSince lists the events of a moment and later that Portal reads, a page at a time, the newest first.
func (s stripeAPI) eventsSince(ctx context.Context, from time.Time, keep func([]models.Event) error) error {
	query := url.Values{"created[gte]": {strconv.FormatInt(from.Unix(), 10)}}
	return s.each(ctx, "/v1/events", query, func(page []json.RawMessage) error {
		var list []models.Event
		for _, body := range page {
			if e := sources.StripeEvent(body); slices.Contains(events, e.Type) {
				list = append(list, e)
			}
		}
		return keep(list)
	})
}
