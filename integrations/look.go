package integrations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// What the doctor asks (B18). Each of these looks and keeps nothing.

// KeyFits tells what is wrong with a key of a mode, by its looks: a FieldErrors, or nil.
func KeyFits(key string, mode models.Mode) error {
	_, err := apiKey(key, mode)
	return err
}

// AccountOf is the account that a key opens; empty when Stripe does not name it. A key that Stripe refuses is an
// ErrInvalid, one that could not be tried an ErrLater.
func (in *Integrations) AccountOf(ctx context.Context, key string) (string, error) {
	id, err := in.stripe(key).account(ctx)
	if err != nil || id == nil {
		return "", err
	}
	return *id, nil
}

// LackingRights are those that a key lacks, by Stripe's names.
func (in *Integrations) LackingRights(ctx context.Context, key string) ([]string, error) {
	missing, err := in.stripe(key).missingRights(ctx)
	return missing, sightOf(err)
}

// Endpoint is where Stripe sends an account's events.
type Endpoint struct {
	URL     string
	Version string // of the events; empty for the account's own
	Enabled bool
	Missing []string // the events that it is not told of, but for those its version may not know
}

// Endpoints are those that lead to a program, at whatever host. A key without the right is an ErrForbidden.
func (in *Integrations) Endpoints(ctx context.Context, i store.Integration) ([]Endpoint, error) {
	all, err := in.reach(i).endpoints(ctx)
	if err != nil {
		return nil, sightOf(err)
	}
	var found []Endpoint
	for _, e := range all {
		if !strings.HasSuffix(strings.TrimSuffix(e.URL, "/"), webhookPath(i.Program, i.Source)) {
			continue
		}
		found = append(found, Endpoint{URL: e.URL, Version: e.Version, Enabled: e.Status != "disabled", Missing: e.missing()})
	}
	return found, nil
}

// CanReceive tells whether a partner's account can be paid to, asked with the platform's key. No answer is an ErrLater.
func (in *Integrations) CanReceive(ctx context.Context, key, account string) (bool, error) {
	var a struct {
		Payouts      bool `json:"payouts_enabled"`
		Capabilities struct{ Transfers string }
	}
	if err := in.stripe(key).get(ctx, pinned, "/v1/accounts/"+url.PathEscape(account), nil, &a); err != nil {
		return false, sightOf(err)
	}
	return a.Payouts && a.Capabilities.Transfers == "active", nil
}

// WellKnown tells whether Portal is tested with events of an API version.
func WellKnown(version string) bool { return version == pinned || version == newer }

// costs are what is lost without an event; those that cost money first. The longest name that an event begins with holds.
var costs = []struct {
	event string
	money bool
	cost  string
}{
	{"checkout.session.completed", true, "sales by checkout find no partner"},
	{"checkout.session.async_payment_succeeded", true, "checkouts by slow methods find no partner"},
	{"invoice.paid", true, "subscriptions do not count"},
	{"charge.succeeded", true, "one-off payments do not count"},
	{"charge.captured", true, "payments that are captured later do not count"},
	{"charge.refunded", true, "refunds do not take commission back"},
	{"charge.dispute.created", true, "disputes are not seen"},
	{"charge.dispute.closed", true, "the end of a dispute is not seen"},
	{"refund.", false, "a refund that fails later is not seen"},
	{"charge.", false, "what a dispute or a charge becomes later is seen late"},
	{"credit_note.", false, "credit notes without a refund are not seen"},
	{"customer.", false, "keys in the metadata of customers and subscriptions are seen late"},
}

// CostOf is what is lost when an event is not told, and whether money is.
func CostOf(event string) (cost string, money bool) {
	for _, c := range costs {
		if strings.HasPrefix(event, c.event) {
			return c.cost, c.money
		}
	}
	return "its news is seen late", false
}

// newsworthy are events that each account with sales has, at most as many as Stripe takes in one question.
var newsworthy = strings.Fields(`checkout.session.completed invoice.paid charge.succeeded charge.captured charge.refunded charge.dispute.created`)

// NewestEvent is when Stripe last made an event that the program's endpoint should tell; the zero time for none in the 30
// days that Stripe lists. A key without the right is an ErrForbidden.
func (in *Integrations) NewestEvent(ctx context.Context, i store.Integration) (time.Time, error) {
	var list struct{ Data []struct{ Created int64 } }
	err := in.reach(i).get(ctx, pinned, "/v1/events", url.Values{"limit": {"1"}, "types[]": newsworthy}, &list)
	if err != nil || len(list.Data) == 0 {
		return time.Time{}, sightOf(err)
	}
	return time.Unix(list.Data[0].Created, 0).UTC(), nil
}

// StripeClock is what Stripe's clock shows, by an answer's Date header. No answer is an ErrLater.
func (in *Integrations) StripeClock(ctx context.Context) (time.Time, error) {
	s := in.stripe("")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/v1/account", nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask Stripe for its clock: %w", err)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return time.Time{}, models.Refuse(models.ErrLater, "Stripe did not answer.")
	}
	defer func() { _ = res.Body.Close() }()
	at, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		return time.Time{}, models.Refuse(models.ErrLater, "Stripe's answer has no date.")
	}
	return at, nil
}

// sightOf says in a sentence why something could not be looked at.
func sightOf(err error) error {
	var r refusal
	switch {
	case !errors.As(err, &r):
		return err
	case r.Status == http.StatusForbidden:
		return models.Refuse(models.ErrForbidden, "The API key has no right to look at it.")
	}
	return models.Refuse(models.ErrLater, fmt.Sprintf("Stripe answered %d.", r.Status))
}
