package doctor

import (
	"context"
	"fmt"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// heard is what came by a connection, and what Stripe has.
type heard struct {
	last   *models.Event // the last that came; nil for none
	since  time.Time     // when it came, or when the connection was made
	newest time.Time     // what Stripe last made and should have told; zero when it is not known
	signs  store.Signs
	other  bool // another program hears for this one
}

// behind tells that Stripe has news that should have come long ago.
func (h heard) behind(now time.Time) bool {
	return h.newest.After(h.since.Add(quiet)) && now.Sub(h.newest) > quiet
}

// refused tells that the last that came was not proved.
func (h heard) refused() bool { return h.signs.Refused != nil && h.signs.Refused.After(h.since) }

// quiet is how long nothing may come while Stripe has news.
const quiet = time.Hour

// moment is a time as a finding says it.
func moment(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04") + " UTC" }

// listen finds out what came, and asks Stripe for its newest only when nothing came lately.
func (c *connection) listen(ctx context.Context) (h heard, err error) {
	if h.last, err = c.Store.LastDelivery(ctx, c.tenant, c.program.ID, models.SourceStripe); err != nil {
		return h, err
	}
	if h.signs, err = c.Store.SignsOf(ctx, c.tenant, c.program.ID, models.SourceStripe); err != nil {
		return h, err
	}
	if c.kept.OAuth.Connected { // an event of a shared account comes to its oldest program
		sharing, err := c.Store.Sharing(ctx, c.tenant, models.SourceStripe, c.program.ID)
		if err != nil {
			return h, err
		}
		h.other = len(sharing) > 0 && sharing[0] != c.program.ID
	}
	if h.since = c.saved; h.last != nil {
		h.since = h.last.ReceivedAt
	}
	fits := c.kept.OAuth.Connected || integrations.KeyFits(c.kept.APIKey, c.tenant.Mode) == nil
	if fits && c.NoStripe == "" && c.Integrations.MayAsk(c.kept) && c.Now().Sub(h.since) >= quiet {
		h.newest, _ = c.Integrations.NewestEvent(ctx, c.kept) // that Stripe cannot be asked is said elsewhere
	}
	return h, nil
}

func (c *connection) deliveries(context.Context) (Finding, error) {
	h, err := c.came()
	if err != nil {
		return Finding{}, err
	}
	if h.other {
		return skipped("Another program of the company's has the same account, and hears for this one."), nil
	}
	words := "No event has come yet"
	if h.last != nil {
		words = "The last event came on " + moment(h.last.ReceivedAt)
	}
	switch {
	case h.behind(c.Now()) && h.refused():
		return skipped(words + ". What came since was refused: see \"Webhook secret\"."), nil
	case h.behind(c.Now()):
		return failed(fmt.Sprintf("%s; Stripe has news of %s.", words, moment(h.newest)), "Look in Stripe's webhook log why they did not arrive, and have them sent again.").at(c.hooks()), nil
	case h.last == nil:
		return warning(words+".", "Make a sale, or send a test event from Stripe, to see it arrive.").at("/admin/events"), nil
	}
	return ok("%s; Stripe is not known to have newer ones.", words), nil
}

const (
	healedEvery = 24 * time.Hour     // at least: it is done every six hours
	remembered  = 7 * 24 * time.Hour // how long events that had to be fetched are told of
)

// missedEvents tells whether what did not come is asked for, and whether much had to be.
func (c *connection) missedEvents(context.Context) (Finding, error) {
	if !c.Integrations.MayAsk(c.kept) {
		return skipped("No API key is connected to ask with."), nil
	}
	h, err := c.came()
	if err != nil {
		return Finding{}, err
	}
	asked := c.saved
	if c.kept.Healed.At != nil && c.kept.Healed.At.After(asked) {
		asked = *c.kept.Healed.At
	}
	switch missed := h.signs.Missed; {
	case c.Now().Sub(asked) > healedEvery:
		return warning("Stripe was last asked on "+moment(asked)+" for events that did not come; it is due every six hours.", "See that Portal's background work runs, portal serve or portal work, and that Stripe takes the key.").at(c.page()), nil
	case missed != nil && missed.After(c.saved.Add(quiet)) && c.Now().Sub(*missed) < remembered:
		return warning("On "+moment(*missed)+" Portal had to fetch events that no webhook had brought. They count.", "Look in Stripe's webhook log why they did not arrive.").at(c.hooks()), nil
	}
	return ok("None had to be fetched lately."), nil
}

// otherSide finds events of the side that is not connected, signed by this one (D16).
func (c *connection) otherSide(ctx context.Context) (Finding, error) {
	other := models.Live
	if c.tenant.Mode == models.Live {
		other = models.Test
	}
	n, err := c.Store.StraysSince(ctx, models.Tenant{Company: c.tenant.Company, Mode: other}, c.program.ID, models.SourceStripe, c.Now().Add(-lately))
	if err != nil || n == 0 {
		return ok("What comes is of %s mode, as it should be.", c.tenant.Mode), err
	}
	return warning(fmt.Sprintf("%s of the last 30 days %s of %s mode, signed for the %s side: %s counts nowhere.", many(n, "event", "events"), map[bool]string{true: "was", false: "were"}[n == 1], other, c.tenant.Mode,
		map[bool]string{true: "it", false: "each"}[n == 1]),
		fmt.Sprintf("Connect the %s side with a key of its own, or have Stripe send %s events elsewhere.", other, other)).at(c.page()), nil
}

func (c *connection) failedEvents(ctx context.Context) (Finding, error) {
	stuck, err := c.Store.FailedEvents(ctx, c.tenant, c.program.ID, models.SourceStripe)
	if err != nil || stuck.Events == 0 {
		return ok("No event failed."), err
	}
	return failed(fmt.Sprintf("%s failed. The newest, %s: %s", many(stuck.Events, "event", "events"), stuck.Type, or(stuck.Because, "no reason was kept.")),
		"Open it to see what it holds, and tell Portal's makers if the reason does not help.").at("/admin/events?status=failed"), nil
}

func (c *connection) waitingEvents(ctx context.Context) (Finding, error) {
	stuck, err := c.Store.WaitingEvents(ctx, c.tenant, c.program.ID, models.SourceStripe, c.Now().Add(-time.Hour))
	if err != nil || stuck.Events == 0 {
		return ok("No event has waited for more than an hour."), err
	}
	why := or(stuck.Because, "nobody has carried it; see that portal serve or portal work runs.")
	return failed(fmt.Sprintf("%s for more than an hour. The newest, %s: %s", many(stuck.Events, "event has waited", "events have waited"), stuck.Type, why),
		"Do what the reason says; Portal then goes on by itself.").at("/admin/events?status=pending"), nil
}
