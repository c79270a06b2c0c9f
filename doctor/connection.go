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
	came func() (heard, error)
}

// page is where a connection is set.
const page = "/admin/connection"

// pageOf is where a program's connection is set.
func pageOf(p models.Program) string { return page + "?program=" + p.ID.String() }

// page is where this connection is set.
func (c *connection) page() string { return pageOf(c.program) }

// hooks is where Stripe shows the account's endpoints.
func (c *connection) hooks() string { return integrations.HooksPage(c.tenant.Mode) }

// checks are asked in turn: what cannot be right while something before it is wrong is skipped (F116, F118).
func (c *connection) checks(ctx context.Context) []check {
	kept, err := c.Store.Integration(ctx, c.tenant, c.program.ID, models.SourceStripe)
	if err != nil {
		return []check{{"Connection", "", func(context.Context) (Finding, error) {
			if c.people {
				return failed("Its secrets cannot be opened, so nothing can be asked of Stripe and no event is proved.", "Connect it again, or "+tellThem).at(c.page()), nil
			}
			return skipped("Its secrets cannot be opened: see \"Secrets\"."), nil
		}}}
	}
	c.kept = kept
	c.ends = sync.OnceValues(func() ([]integrations.Endpoint, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.Integrations.Endpoints(ctx, kept)
	})
	c.came = sync.OnceValues(func() (heard, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.listen(ctx)
	})
	heard := []check{
		{"Deliveries", "", c.deliveries},
		{"Missed events", "", c.missedEvents},
		{"Reconciliation", "", c.reconciled},
		{"Other side", "", c.otherSide},
		{"Failed events", "", c.failedEvents},
		{"Waiting events", "", c.waitingEvents},
	}
	if kept.OAuth.Connected {
		return append(c.byOAuth(), heard...)
	}
	return append([]check{
		{"Key's side", "", c.side},
		{"API key", "Key's side", c.apiKey},
		{"Account", "API key", c.account},
		{"Rights", "Account", c.rights},
		{"Webhook endpoint", "Account", c.endpoint},
		{"Webhook version", "Webhook endpoint", c.version},
		{"Webhook events", "Webhook endpoint", c.events},
		{"Webhook secret", "", c.secret},
	}, heard...)
}

func (c *connection) side(context.Context) (Finding, error) {
	if c.kept.APIKey == "" {
		return skipped("No API key is connected."), nil
	}
	if err := integrations.KeyFits(c.kept.APIKey, c.tenant.Mode); err != nil {
		return failed(fmt.Sprintf("The API key is not one of %s mode.", c.tenant.Mode), fmt.Sprintf("Connect a key of the account's %s mode on this side.", c.tenant.Mode)).at(c.page()), nil
	}
	return ok("The API key is one of %s mode.", c.tenant.Mode), nil
}

func (c *connection) apiKey(ctx context.Context) (Finding, error) {
	if c.NoStripe != "" {
		return skipped(c.NoStripe), nil
	}
	if _, err := c.Integrations.AccountOf(ctx, c.kept.APIKey); err != nil {
		return keyTrouble(err, "Make a new key in Stripe and connect it.").at(c.page()), nil
	}
	return ok("Stripe takes it."), nil
}

func (c *connection) account(ctx context.Context) (Finding, error) {
	now, err := c.Integrations.AccountOf(ctx, c.kept.APIKey)
	switch {
	case err != nil:
		return keyTrouble(err, "Run the check again.").at(c.page()), nil
	case now == "" || c.kept.Account == nil:
		return ok("Stripe does not say which account the key opens, and Portal needs no more."), nil
	case now != *c.kept.Account:
		return failed(fmt.Sprintf("The key opens %s now; %s was connected.", now, *c.kept.Account), "Connect a key of the account that was connected, or save this one again if the company has moved.").at(c.page()), nil
	}
	return ok("The key opens %s.", now), nil
}

func (c *connection) rights(ctx context.Context) (Finding, error) {
	missing, err := c.Integrations.LackingRights(ctx, c.kept.APIKey)
	if err != nil {
		return sightless(err)
	}
	if len(missing) > 0 {
		return failed("The API key lacks "+strings.Join(missing, ", ")+".", "Give the restricted key these rights in Stripe, or make a new one with all of them.").at(integrations.KeyPage(c.tenant.Mode)), nil
	}
	return ok("It has them all."), nil
}

// sightless says that something could not be looked at: without the right it is skipped, for the right itself is named.
func sightless(err error) (Finding, error) {
	if errors.Is(err, models.ErrForbidden) {
		return skipped(err.Error()), nil
	}
	return failed("It could not be looked at: "+sentence(err), "Look at status.stripe.com and run the check again.").at("https://status.stripe.com"), nil
}

// sentence is what an error says to people.
func sentence(err error) string {
	var r models.Refusal
	if errors.As(err, &r) {
		return r.Sentence
	}
	return "there was no answer."
}

func (c *connection) endpoint(context.Context) (Finding, error) {
	all, err := c.ends()
	if err != nil {
		return sightless(err)
	}
	at := c.Integrations.Webhook(c.program.ID, models.SourceStripe)
	save := "Save the API key again: Portal then makes the endpoint."
	if len(all) == 0 {
		return failed("Stripe has no endpoint for this program, so nothing is told.", save).at(c.page()), nil
	}
	e := best(all, at)
	switch {
	case !e.Enabled:
		return failed("The endpoint is disabled in Stripe, so nothing is told.", "Enable it in Stripe under Developers, Webhooks.").at(c.hooks()), nil
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
			"Delete the endpoint in Stripe and save the API key again: Portal then makes one of a fixed version.").at(c.page()), nil
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
	lost, verdict := map[string][]string{}, Warning
	var costs, lesser []string // those that cost money come first
	for _, event := range e.Missing {
		cost, money := integrations.CostOf(event)
		switch {
		case money && lost[cost] == nil:
			costs, verdict = append(costs, cost), Failed
		case lost[cost] == nil:
			lesser = append(lesser, cost)
		}
		lost[cost] = append(lost[cost], event)
	}
	costs = append(costs, lesser...)
	var words []string
	rest := len(e.Missing)
	for _, cost := range costs[:min(len(costs), mostNamed)] {
		rest -= len(lost[cost])
		words = append(words, strings.Join(lost[cost], ", ")+" ("+cost+")")
	}
	more := "."
	if rest > 0 {
		more = "; and of " + many(rest, "other", "others") + "."
	}
	f := warning("Stripe does not tell of "+strings.Join(words, "; ")+more, "Add these events to the endpoint in Stripe, or save the API key again if Portal made it.").at(c.hooks())
	f.Verdict = verdict
	return f, nil
}

func (c *connection) secret(context.Context) (Finding, error) {
	if c.kept.WebhookSecret != "" {
		return c.secretHolds()
	}
	if c.kept.APIKey == "" {
		return warning("Neither a signing secret nor an API key is connected, so no event can be proved.", "Connect an API key: Portal then makes the endpoint and keeps its secret.").at(c.page()), nil
	}
	if all, err := c.ends(); c.NoStripe != "" || err != nil || len(all) == 0 {
		return skipped("There is no endpoint to have a secret of."), nil
	}
	return failed("The endpoint's signing secret is not kept, so every event is refused.", "Save the API key again: Portal then makes a new endpoint; or paste the secret of the one in Stripe.").at(c.page()), nil
}

// secretHolds tells whether the secret proves what comes. Anybody may send what it does not prove: it is only sure to be wrong
// when what Stripe has did not come either.
func (c *connection) secretHolds() (Finding, error) {
	h, err := c.came()
	if err != nil {
		return Finding{}, err
	}
	if !h.refused() {
		return ok("It is kept, and proves what comes."), nil
	}
	f := warning("What came on "+moment(*h.signs.Refused)+" was not signed with the secret that is kept, and was refused.",
		"Copy the endpoint's signing secret from Stripe and save it here, or save the API key again. If all else arrives, somebody else sent it.").at(c.page())
	if h.behind(c.Now()) {
		f.Verdict = Failed
	}
	return f, nil
}
