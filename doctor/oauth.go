package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portal/integrations"
	"portal/models"
)

// authorising looks whether what companies need to connect by OAuth is there and belongs together (MONEY.md 3.1). Without any of it
// they connect by key.
func (d *Doctor) authorising(ctx context.Context) (Finding, error) {
	p := d.Integrations.Platform
	switch {
	case p.ClientID == "" && !p.Hears:
		return ok("It is not set up: there is no client id, and companies connect by API key."), nil
	case p.ClientID == "":
		return failed("The Connect endpoint's secret is set, and no client id.", "Set the app's client id (ca_…) of the same mode as the secret key.").at("stripe.client_id"), nil
	case !strings.HasPrefix(p.ClientID, "ca_"):
		return failed("The client id is none: it must begin with ca_.", "Copy it from Stripe, Settings, Connect, Onboarding options, OAuth.").at("stripe.client_id"), nil
	case p.Key == "":
		return failed("There is a client id, and no secret key to exchange codes with.", "Set the platform's secret key of the same mode.").at("stripe.secret_key"), nil
	case !strings.HasPrefix(p.Key, "sk_"):
		return failed("The platform's key is restricted: Stripe exchanges codes for a secret key (sk_…) alone.", "Set the platform's secret key.").at("stripe.secret_key"), nil
	}
	mode := models.Live
	if !d.Integrations.MayAuthorize(mode) {
		mode = models.Test
	}
	if !p.Hears {
		return failed("The Connect endpoint's signing secret is not set, so what happens in the companies' accounts is fetched every six hours only.",
			"In the platform's Stripe make an endpoint for connected accounts at "+strings.TrimSuffix(d.PublicURL, "/")+"/v1/stripe/connect/webhook and set its secret.").at("stripe.connect_webhook_secret"), nil
	}
	if live := mode == models.Live; live && !strings.HasPrefix(d.PublicURL, "https://") {
		return failed("Stripe leads people back to https addresses only in live mode.", "Put Portal behind TLS and set the https address.").at("server.public_url"), nil
	}
	return d.clientKnown(ctx, mode)
}

// clientKnown has Stripe tell whether the client id and the secret key belong together: it is asked to give back an access that nobody has.
func (d *Doctor) clientKnown(ctx context.Context, mode models.Mode) (Finding, error) {
	if d.NoStripe != "" {
		return skipped(d.NoStripe), nil
	}
	err := d.Integrations.ClientFits(ctx)
	switch {
	case errors.Is(err, models.ErrInvalid):
		return failed("Stripe says that the client id and the secret key do not belong together.", "Copy both from the same account and mode: there is a client id for each.").at("stripe.client_id"), nil
	case err != nil:
		return warning("Stripe did not say whether the client id and the secret key belong together.", "Run the check again.").at("https://status.stripe.com"), nil
	}
	return ok("Companies connect with Stripe's page in %s mode.", mode), nil
}

// connectEndpoint looks for the one by which the platform hears of the accounts that are connected to it.
func (d *Doctor) connectEndpoint(ctx context.Context) (Finding, error) {
	switch {
	case d.Integrations.Platform.ClientID == "":
		return ok("None is needed: companies connect by API key."), nil
	case d.NoStripe != "":
		return skipped(d.NoStripe), nil
	}
	all, err := d.Integrations.ConnectEndpoints(ctx)
	if err != nil {
		return sightless(err)
	}
	const where = "https://dashboard.stripe.com/webhooks"
	at := strings.TrimSuffix(d.PublicURL, "/") + "/v1/stripe/connect/webhook"
	if len(all) == 0 {
		return failed("The platform's Stripe has no endpoint for its connected accounts here.", "Make one in the platform's Stripe that listens to connected accounts and sends to "+at+".").at(where), nil
	}
	e := best(all, at)
	switch {
	case !e.Enabled:
		return failed("The Connect endpoint is disabled in Stripe, so nothing is told.", "Enable it in the platform's Stripe under Developers, Webhooks.").at(where), nil
	case len(e.Missing) > 0:
		return failed("The Connect endpoint is not told of "+strings.Join(e.Missing, ", ")+".", "Add these events to it in the platform's Stripe.").at(where), nil
	case !integrations.WellKnown(e.Version):
		return warning(fmt.Sprintf("Connect events come in API version %s, which Portal is not tested with.", or(e.Version, "of the account, which may change")), "Make the endpoint anew with version 2023-10-16.").at(where), nil
	}
	return ok("Stripe sends what happens in connected accounts to %s.", e.URL), nil
}

// unrouted tells of events of connected accounts that nobody here is connected to.
func (d *Doctor) unrouted(ctx context.Context) (Finding, error) {
	counts, err := d.Store.Unrouted(ctx, d.Now().Add(-remembered))
	if err != nil {
		return Finding{}, err
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum == 0 {
		return ok("Every event of a connected account in the last 7 days was some company's."), nil
	}
	return ok("In the last 7 days %s no company's, as of partners' accounts; they are kept with the platform's.", many(sum, "event of a connected account was", "events of connected accounts were")), nil
}

// byOAuth are the checks of a connection by OAuth, before those of what comes by it.
func (c *connection) byOAuth() []check {
	return []check{
		{"Access", "", c.access},
		{"Rights", "Access", c.granted},
		{"Webhook secret", "", c.connectSecret},
	}
}

func (c *connection) access(ctx context.Context) (Finding, error) {
	switch {
	case c.NoStripe != "":
		return skipped(c.NoStripe), nil
	case !c.Integrations.MayAuthorize(c.tenant.Mode):
		return c.theirs(failed(fmt.Sprintf("It was connected with Stripe's page, and there is no client id with a secret key of %s mode any more.", c.tenant.Mode), "Set both again, or connect an API key.").at("stripe.secret_key")), nil
	}
	err := c.Integrations.LetIn(ctx, c.kept)
	switch {
	case errors.Is(err, models.ErrForbidden):
		at := c.Now()
		if c.kept.OAuth.RevokedAt != nil {
			at = *c.kept.OAuth.RevokedAt
		}
		return failed(fmt.Sprintf("The company took Portal's access to %s away, as Stripe said on %s.", *c.kept.Account, at.UTC().Format("2 January 2006")), "Connect it again; what happened meanwhile is then fetched.").at(c.page()), nil
	case errors.Is(err, models.ErrInvalid):
		return c.theirs(failed("Stripe refuses the platform's own key.", "Copy the key again from the platform's account.").at("stripe.secret_key")), nil
	case err != nil:
		return failed("It could not be looked at: "+sentence(err), "Look at status.stripe.com and run the check again.").at("https://status.stripe.com"), nil
	case c.kept.Status == "broken":
		return warning("Stripe lets Portal in again; the connection still stands as broken.", "It mends itself within six hours, or at once when it is connected again.").at(c.page()), nil
	}
	return ok("Stripe lets Portal into %s.", *c.kept.Account), nil
}

func (c *connection) granted(context.Context) (Finding, error) {
	if len(c.kept.MissingRights) > 0 {
		return failed("Portal may read the account and not write: it lacks "+strings.Join(c.kept.MissingRights, ", ")+".", "Connect it again, and let Portal write.").at(c.page()), nil
	}
	return ok("Portal may read and write."), nil
}

func (c *connection) connectSecret(context.Context) (Finding, error) {
	if !c.Integrations.Platform.Hears {
		return c.theirs(failed("The Connect endpoint's signing secret is not set, so every event is refused.", "Set it: see \"Connect with Stripe\".").at("stripe.connect_webhook_secret")), nil
	}
	return ok("The Connect endpoint's is kept."), nil
}

// theirs tells a company's people of what they cannot mend.
func (c *connection) theirs(f Finding) Finding {
	if c.people {
		f.Do, f.Where = "T"+tellThem[1:], ""
	}
	return f
}
