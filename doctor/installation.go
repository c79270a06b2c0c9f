package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"portal/integrations"
	"portal/models"
)

// installation are the checks of what all companies share.
func (d *Doctor) installation() []check {
	return []check{
		{"Configuration", "", func(context.Context) (Finding, error) { return ok("It can be read."), nil }},
		{"Database", "", d.database},
		{"Schema", "Database", d.schema},
		{"Secrets", "Schema", d.secrets},
		{"Clock", "", d.clock},
		{"Public address", "", d.publicURL},
		{"Mail", "", d.mail},
		{"Exchange rates", "Schema", d.exchangeRates},
		{"Platform's Stripe", "", d.platform},
		{"Platform's webhook", "Platform's Stripe", d.platformWebhook},
		{"Connect with Stripe", "Platform's Stripe", d.authorising},
		{"Connect endpoint", "Connect with Stripe", d.connectEndpoint},
		{"Connected accounts' events", "Schema", d.unrouted},
	}
}

func (d *Doctor) database(ctx context.Context) (Finding, error) {
	if d.Store == nil {
		return failed(fmt.Sprintf("It cannot be reached: %v.", d.NoStore), "See that PostgreSQL runs and that the address, user and password are right.").at("database.url"), nil
	}
	if err := d.Store.Ping(ctx); err != nil {
		return failed(fmt.Sprintf("It does not answer: %v.", err), "See that PostgreSQL runs.").at("database.url"), nil
	}
	return ok("It answers."), nil
}

func (d *Doctor) schema(ctx context.Context) (Finding, error) {
	current, err := d.Store.SchemaCurrent(ctx)
	if err != nil || !current {
		return failed("The database's schema is older than this program.", "Run portal migrate, or start portal serve, which does so too.").at("portal migrate"), nil
	}
	return ok("It is current."), nil
}

// secrets opens all that is sealed: what no key opens is lost to Portal.
func (d *Doctor) secrets(ctx context.Context) (Finding, error) {
	if d.NoKeys != nil {
		return failed(fmt.Sprintf("The key ring cannot be read: %v.", d.NoKeys), "Put the keys back that sealed what is kept, or start portal serve once on a fresh installation, which makes one.").at("secrets.keys"), nil
	}
	companies, err := d.Store.Companies(ctx)
	if err != nil {
		return Finding{}, err
	}
	opened := 0
	for _, company := range companies {
		connected, err := d.Store.Connected(ctx, company.ID)
		if err != nil {
			return Finding{}, err
		}
		for _, c := range connected {
			if _, err := d.Store.Integration(ctx, models.Tenant{Company: company.ID, Mode: c.Mode}, c.Program, c.Source); err != nil {
				return failed(fmt.Sprintf("What is sealed for %s does not open: %v.", company.Name, err),
					"Put the key that sealed it back beside the others; else connect this provider again.").at("secrets.keys"), nil
			}
			opened++
		}
	}
	if opened == 0 {
		return ok("The key ring is there; nothing is sealed yet."), nil
	}
	return ok("The key ring opens what is sealed, for %s.", many(opened, "connection", "connections")), nil
}

// most is how far clocks may be apart: a webhook that is five minutes off is refused.
const most = time.Minute

func (d *Doctor) clock(ctx context.Context) (Finding, error) {
	compared := 0
	for _, other := range []struct {
		whose string
		ask   func(context.Context) (time.Time, error)
		there bool
	}{
		{"the database's", func(ctx context.Context) (time.Time, error) { return d.Store.Clock(ctx) }, d.Store != nil},
		{"Stripe's", d.Integrations.StripeClock, d.NoStripe == "" && (d.people || d.asksStripe(ctx))},
	} {
		if !other.there {
			continue
		}
		began := d.Now()
		theirs, err := other.ask(ctx)
		if err != nil {
			continue // that it cannot be reached is said elsewhere
		}
		compared++
		ours := began.Add(d.Now().Sub(began) / 2)
		if apart := ours.Sub(theirs).Abs(); apart > most {
			return failed(fmt.Sprintf("This machine's clock and %s are %s apart; webhooks are refused at 5 minutes.", other.whose, apart.Round(time.Second)),
				"Set the clocks by NTP.").at("NTP"), nil
		}
	}
	if compared == 0 {
		return skipped("There is no other clock to compare with."), nil
	}
	return ok("It agrees with %s.", many(compared, "other clock", "other clocks")), nil
}

// asksStripe tells whether anything here speaks with Stripe.
func (d *Doctor) asksStripe(ctx context.Context) bool {
	live, test := d.connectedModes(ctx)
	return d.StripeKey != "" || live || test
}

// connectedModes tells which sides have a connection. What cannot be read has none.
func (d *Doctor) connectedModes(ctx context.Context) (live, test bool) {
	if d.Store == nil {
		return false, false
	}
	companies, _ := d.Store.Companies(ctx)
	for _, company := range companies {
		connected, _ := d.Store.Connected(ctx, company.ID)
		for _, c := range connected {
			live, test = live || c.Status == "connected" && c.Mode == models.Live, test || c.Status == "connected" && c.Mode == models.Test
		}
	}
	return live, test
}

func (d *Doctor) publicURL(ctx context.Context) (Finding, error) {
	return d.reachable(d.connectedModes(ctx))
}

// reachable tells whether providers reach Portal, when a live or a test connection waits for what they send.
func (d *Doctor) reachable(live, test bool) (Finding, error) {
	u, err := url.Parse(d.PublicURL)
	if err != nil {
		return failed("It is no address.", "Set it to the address that people and providers use.").at("server.public_url"), nil
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
	switch {
	case live && here:
		return failed(fmt.Sprintf("%s leads nowhere from outside, and a live connection waits for events there.", d.PublicURL), "Set it to the https address that Portal has on the Internet.").at("server.public_url"), nil
	case live && u.Scheme != "https":
		return failed(fmt.Sprintf("%s is not https, and Stripe sends live events to https only.", d.PublicURL), "Put Portal behind TLS and set the https address.").at("server.public_url"), nil
	case test && here && d.StripeBase == "":
		return warning(fmt.Sprintf("%s leads nowhere from outside, so Stripe cannot deliver test events.", d.PublicURL), "Set it to an address that Stripe reaches, or forward events with Stripe's own command line.").at("server.public_url"), nil
	}
	return ok("%s.", d.PublicURL), nil
}

// oldestRate is how many working days may pass without new rates: four holidays in a row are the most there are.
const oldestRate = 4

func (d *Doctor) exchangeRates(ctx context.Context) (Finding, error) {
	day, err := d.Store.NewestRate(ctx)
	if err != nil {
		return Finding{}, err
	}
	if day.IsZero() {
		return warning("None are known yet, so commissions in another currency than their sale wait.", "Start portal serve where it reaches the ECB, or enter rates by hand.").at("rates.url"), nil
	}
	if passed := workingDays(day, d.Now().UTC()); passed > oldestRate {
		return failed(fmt.Sprintf("The newest are of %s, %d working days ago.", day.Format("2 January 2006"), passed), "See that portal serve reaches this address, or enter rates by hand.").at("rates.url"), nil
	}
	return ok("The newest are of %s.", day.Format("2 January 2006")), nil
}

// workingDays counts the days after one up to another, without weekends.
func workingDays(from, to time.Time) int {
	n := 0
	for day := from.AddDate(0, 0, 1); !day.After(to) && n < 1000; day = day.AddDate(0, 0, 1) {
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			n++
		}
	}
	return n
}

// platform tries the key that pays partners.
func (d *Doctor) platform(ctx context.Context) (Finding, error) {
	if d.StripeKey == "" {
		return warning("None is configured, so invoices can only be marked as paid.", "Set the platform's secret key if Portal is to pay partners.").at("stripe.secret_key"), nil
	}
	mode := models.Live
	if integrations.KeyFits(d.StripeKey, mode) != nil {
		mode = models.Test
	}
	if err := integrations.KeyFits(d.StripeKey, mode); err != nil {
		return failed("The key is neither a secret nor a restricted key.", "Copy the secret key (sk_…) of the platform's own account.").at("stripe.secret_key"), nil
	}
	if d.PublishableKey != "" && !strings.HasPrefix(d.PublishableKey, "pk_"+string(mode)+"_") {
		return failed(fmt.Sprintf("The publishable key does not belong to the secret key, which is one of %s mode.", mode), "Copy the publishable key (pk_"+string(mode)+"_…) of the same account.").at("stripe.publishable_key"), nil
	}
	if d.NoStripe != "" {
		return skipped(d.NoStripe), nil
	}
	account, err := d.Integrations.AccountOf(ctx, d.StripeKey)
	if err != nil {
		return keyTrouble(err, "Copy the key again from the platform's account.").at("stripe.secret_key"), nil
	}
	return ok("The key opens %s in %s mode.", or(account, "an account"), mode), nil
}

func (d *Doctor) platformWebhook(context.Context) (Finding, error) {
	if d.StripeKey == "" {
		return skipped("There is no platform's Stripe."), nil
	}
	if !d.HasPlatformSecret {
		return warning("Its signing secret is not configured, so news of payments to partners is refused.",
			"In the platform's Stripe make an endpoint for "+strings.TrimSuffix(d.PublicURL, "/")+"/v1/stripe/webhook and set its secret.").at("stripe.webhook_secret"), nil
	}
	return ok("Its signing secret is configured."), nil
}

// keyTrouble says why a key could not be used.
func keyTrouble(err error, do string) Finding {
	var fields models.FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		return failed("The key "+fields[0].Message+".", do)
	}
	return failed("Stripe did not answer as it should, so the key could not be tried.", "Look at the network and at status.stripe.com, and run the check again.")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
