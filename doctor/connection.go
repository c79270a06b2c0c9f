package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// connection is one program's Stripe on one side.
type connection struct {
	*Doctor
	tenant  models.Tenant
	program models.Program
	saved   time.Time // when its secrets were last set

	kept store.Integration
	ends func() ([]integrations.Endpoint, error)
}

// page is where a connection is set.
const page = "/admin/connection"

// checks are asked in turn: what cannot be right while something before it is wrong is skipped (F116, F118).
func (c *connection) checks(ctx context.Context) []check {
	kept, err := c.Store.Integration(ctx, c.tenant, c.program.ID, models.SourceStripe)
	if err != nil {
		return []check{{"Connection", "", func(context.Context) (Finding, error) {
			return skipped("Its secrets cannot be opened: see \"Secrets\"."), nil
		}}}
	}
	c.kept = kept
	if kept.OAuth.Connected {
		return c.byOAuth()
	}
	c.ends = sync.OnceValues(func() ([]integrations.Endpoint, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.Integrations.Endpoints(ctx, kept)
	})
	return []check{
		{"Key's side", "", c.side},
		{"API key", "Key's side", c.apiKey},
		{"Account", "API key", c.account},
		{"Rights", "Account", c.rights},
		{"Webhook endpoint", "Account", c.endpoint},
		{"Webhook version", "Webhook endpoint", c.version},
		{"Webhook events", "Webhook endpoint", c.events},
		{"Webhook secret", "", c.secret},
		{"Deliveries", "", c.deliveries},
		{"Failed events", "", c.failedEvents},
		{"Waiting events", "", c.waitingEvents},
		{"Reconciliation", "", c.reconciled},
	}
}

func (c *connection) side(context.Context) (Finding, error) {
	if c.kept.APIKey == "" {
		return skipped("No API key is connected."), nil
	}
	if err := integrations.KeyFits(c.kept.APIKey, c.tenant.Mode); err != nil {
		return failed(fmt.Sprintf("The API key is not one of %s mode.", c.tenant.Mode), fmt.Sprintf("Connect a key of the account's %s mode on this side.", c.tenant.Mode)).at(page), nil
	}
	return ok("The API key is one of %s mode.", c.tenant.Mode), nil
}

func (c *connection) apiKey(ctx context.Context) (Finding, error) {
	if c.NoStripe != "" {
		return skipped(c.NoStripe), nil
	}
	if _, err := c.Integrations.AccountOf(ctx, c.kept.APIKey); err != nil {
		return keyTrouble(err, "Make a new key in Stripe and connect it.").at(page), nil
	}
	return ok("Stripe takes it."), nil
}

func (c *connection) account(ctx context.Context) (Finding, error) {
	now, err := c.Integrations.AccountOf(ctx, c.kept.APIKey)
	switch {
	case err != nil:
		return keyTrouble(err, "Run the check again.").at(page), nil
	case now == "" || c.kept.Account == nil:
		return ok("Stripe does not say which account the key opens, and Portal needs no more."), nil
	case now != *c.kept.Account:
		return failed(fmt.Sprintf("The key opens %s now; %s was connected.", now, *c.kept.Account), "Connect a key of the account that was connected, or save this one again if the company has moved.").at(page), nil
	}
	return ok("The key opens %s.", now), nil
}

func (c *connection) rights(ctx context.Context) (Finding, error) {
	missing, err := c.Integrations.LackingRights(ctx, c.kept.APIKey)
	if err != nil {
		return sightless(err)
	}
	if len(missing) > 0 {
		return failed("The API key lacks "+strings.Join(missing, ", ")+".", "Give the restricted key these rights in Stripe, or make a new one with all of them.").at("https://dashboard.stripe.com/apikeys"), nil
	}
	return ok("The API key has them all."), nil
}

// sightless says that something could not be looked at: without the right it is skipped, for the right itself is named.
func sightless(err error) (Finding, error) {
	if errors.Is(err, models.ErrForbidden) {
		return skipped(err.Error()), nil
	}
	return failed("It could not be looked at: "+err.Error(), "Look at status.stripe.com and run the check again.").at("https://status.stripe.com"), nil
}

func (c *connection) endpoint(context.Context) (Finding, error) {
	all, err := c.ends()
	if err != nil {
		return sightless(err)
	}
	at := c.Integrations.Webhook(c.program.ID, models.SourceStripe)
	save := "Save the API key again: Portal then makes the endpoint."
	if len(all) == 0 {
		return failed("Stripe has no endpoint for this program, so nothing is told.", save).at(page), nil
	}
	e := best(all, at)
	switch {
	case !e.Enabled:
		return failed("The endpoint is disabled in Stripe, so nothing is told.", "Enable it in Stripe under Developers, Webhooks.").at("https://dashboard.stripe.com/webhooks"), nil
	case e.URL != at:
		return warning(fmt.Sprintf("The endpoint sends to %s, not to %s.", e.URL, at), "If that address does not lead here, save the API key again; if it does, set server.public_url to it.").at("server.public_url"), nil
	}
	return ok("Stripe sends to %s.", at), nil
}

// best is the endpoint that counts: an enabled one before a disabled one, ours before others.
func best(all []integrations.Endpoint, at string) integrations.Endpoint {
	return slices.MinFunc(all, func(a, b integrations.Endpoint) int { return worth(b, at) - worth(a, at) })
}

func worth(e integrations.Endpoint, at string) int {
	n := 0
	if e.Enabled {
		n += 2
	}
	if e.URL == at {
		n++
	}
	return n
}

func (c *connection) counting() (integrations.Endpoint, error) {
	all, err := c.ends()
	if err != nil || len(all) == 0 {
		return integrations.Endpoint{}, err
	}
	return best(all, c.Integrations.Webhook(c.program.ID, models.SourceStripe)), nil
}

func (c *connection) version(context.Context) (Finding, error) {
	e, err := c.counting()
	if err != nil {
		return sightless(err)
	}
	if !integrations.WellKnown(e.Version) {
		return warning(fmt.Sprintf("Events come in API version %s, which Portal is not tested with.", or(e.Version, "of the account, which may change")),
			"Delete the endpoint in Stripe and save the API key again: Portal then makes one of a fixed version.").at(page), nil
	}
	return ok("Events come in API version %s.", e.Version), nil
}

// events says what each event that Stripe does not tell costs.
func (c *connection) events(context.Context) (Finding, error) {
	e, err := c.counting()
	if err != nil {
		return sightless(err)
	}
	if len(e.Missing) == 0 {
		return ok("Stripe tells of all that Portal reads."), nil
	}
	lost, costs, verdict := map[string][]string{}, []string{}, Warning
	for _, event := range e.Missing {
		cost, money := integrations.CostOf(event)
		if money {
			verdict = Failed
		}
		if lost[cost] == nil {
			costs = append(costs, cost)
		}
		lost[cost] = append(lost[cost], event)
	}
	var words []string
	for _, cost := range costs {
		words = append(words, strings.Join(lost[cost], ", ")+" ("+cost+")")
	}
	f := warning("Stripe does not tell of "+strings.Join(words, "; ")+".", "Add these events to the endpoint in Stripe, or save the API key again if Portal made it.").at("https://dashboard.stripe.com/webhooks")
	f.Verdict = verdict
	return f, nil
}

func (c *connection) secret(context.Context) (Finding, error) {
	if c.kept.WebhookSecret != "" {
		return ok("It is kept."), nil
	}
	if c.kept.APIKey == "" {
		return warning("Neither a signing secret nor an API key is connected, so no event can be proved.", "Connect an API key: Portal then makes the endpoint and keeps its secret.").at(page), nil
	}
	if all, err := c.ends(); c.NoStripe != "" || err != nil || len(all) == 0 {
		return skipped("There is no endpoint to have a secret of."), nil
	}
	return failed("The endpoint's signing secret is not kept, so every event is refused.", "Save the API key again: Portal then makes a new endpoint; or paste the secret of the one in Stripe.").at(page), nil
}

// quiet is how long nothing may come while Stripe has news.
const quiet = 7 * 24 * time.Hour

func (c *connection) deliveries(ctx context.Context) (Finding, error) {
	last, err := c.Store.LastDelivery(ctx, c.tenant, c.program.ID, models.SourceStripe)
	if err != nil {
		return Finding{}, err
	}
	since, words := c.saved, "No event has come yet"
	if last != nil {
		since, words = last.ReceivedAt, "The last event came on "+last.ReceivedAt.UTC().Format("2 January 2006, 15:04")+" UTC"
	}
	if last != nil && c.Now().Sub(since) < quiet {
		return ok("%s.", words), nil
	}
	if c.kept.APIKey != "" && c.NoStripe == "" && integrations.KeyFits(c.kept.APIKey, c.tenant.Mode) == nil && c.Now().Sub(since) >= quiet {
		newest, err := c.Integrations.NewestEvent(ctx, c.kept.APIKey)
		if err == nil && newest.After(since.Add(time.Hour)) {
			return failed(fmt.Sprintf("%s; Stripe has news of %s.", words, newest.Format("2 January 2006, 15:04")), "Look in Stripe's webhook log why they did not arrive, and have them sent again.").at("https://dashboard.stripe.com/webhooks"), nil
		}
	}
	if last == nil {
		return warning(words+".", "Make a sale, or send a test event from Stripe, to see it arrive.").at("/admin/events"), nil
	}
	return ok("%s; Stripe is not known to have newer ones.", words), nil
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
