package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// Event is one event of the platform's Stripe, as its webhook would have brought it.
type Event struct {
	ID, Type string
	Body     []byte
}

const (
	onItsWay   = 10 * time.Minute    // an event so young may come yet
	lookedBack = 26 * time.Hour      // each time, at least
	keptBy     = 30 * 24 * time.Hour // Stripe
)

// Missed lists what happened at the platform's Stripe lately, of these types of event, whether it was told or not. After a time in which
// nothing was heard it goes back to then, at most as long as Stripe keeps events (MONEY.md 1.4).
func (p *Payouts) Missed(ctx context.Context, types []string) ([]Event, error) {
	if p.Mode == "" {
		return nil, nil
	}
	now := p.now()
	from := now.Add(-lookedBack)
	heard, err := p.Store.PlatformHeard(ctx)
	if err != nil {
		return nil, err
	}
	if since := heard.Add(-time.Hour); since.Before(from) {
		from = since
	}
	if eldest := now.Add(-keptBy); from.Before(eldest) {
		from = eldest
	}
	return p.Bank.Happened(ctx, types, from, now.Add(-onItsWay))
}

// Happened asks for as many types at once as Stripe takes.
func (s Stripe) Happened(ctx context.Context, types []string, from, to time.Time) ([]Event, error) {
	var list []Event
	for some := range slices.Chunk(types, 20) {
		params := &stripe.EventListParams{Types: stripe.StringSlice(some), CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThanOrEqual: to.Unix()}}
		params.Context = ctx
		params.Limit = stripe.Int64(100)
		all := s.api.Events.List(params)
		for all.Next() {
			e := all.Event()
			body, err := json.Marshal(map[string]any{"id": e.ID, "object": "event", "type": e.Type, "created": e.Created, "livemode": e.Livemode, "data": map[string]any{"object": e.Data.Raw}})
			if err != nil {
				return nil, fmt.Errorf("read event %s: %w", e.ID, err)
			}
			list = append(list, Event{e.ID, string(e.Type), body})
		}
		if err := all.Err(); err != nil {
			return nil, fmt.Errorf("list what happened: %w", err)
		}
	}
	return list, nil
}
