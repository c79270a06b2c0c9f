package integrations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"portal/models"
	"portal/store"
)

// events are what a company's endpoint is to be told of (MONEY.md 3.3).
var events = strings.Fields(`checkout.session.completed checkout.session.async_payment_succeeded checkout.session.async_payment_failed
	invoice.paid invoice.payment_failed invoice.voided invoice.marked_uncollectible invoice.overpaid
	charge.succeeded charge.captured charge.refunded charge.updated refund.created refund.updated refund.failed
	charge.dispute.created charge.dispute.updated charge.dispute.closed charge.dispute.funds_withdrawn charge.dispute.funds_reinstated
	credit_note.created credit_note.voided customer.created customer.updated customer.deleted
	customer.subscription.created customer.subscription.updated customer.subscription.deleted customer.subscription.paused customer.subscription.resumed
	promotion_code.created promotion_code.updated coupon.created coupon.updated coupon.deleted
	product.created product.updated product.deleted price.created price.updated price.deleted`)

// Events are the names of all that a company's endpoint is to be told of, as Stripe calls them (MONEY.md 3.3).
func Events() []string { return slices.Clone(events) }

// endpoint is where Stripe sends an account's events.
type endpoint struct {
	ID       string
	URL      string
	Secret   string // told only when it is made
	Status   string
	Version  string   `json:"api_version"`
	Events   []string `json:"enabled_events"`
	Metadata map[string]string
}

// missing are the events that the endpoint is not told of, but for those that its version may not know.
func (e endpoint) missing() []string {
	if slices.Contains(e.Events, "*") {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(events), func(name string) bool {
		return slices.Contains(e.Events, name) || (e.Version == pinned || e.Version == "") && slices.Contains(young, name)
	})
}

// listen sees to it that the account's events come to the program's webhook: it makes an endpoint, with its secret, where
// there is none and no secret is given by hand; one that we made learns of events that it is not told of yet. It says which
// events will be missing. A key without the right, or an address that Stripe does not take, leaves that to the company.
func (in *Integrations) listen(ctx context.Context, i *store.Integration) (made *endpoint, err error) {
	s, at := in.reach(*i), in.Webhook(i.Program, i.Source)
	found, err := s.endpoints(ctx)
	if refused(err) {
		i.MissingEvents = nil // nobody may look; that the right is missing says so
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, e := range found {
		if e.URL != at {
			continue
		}
		ours := e.Metadata[ourMark] == i.Program.String()
		if ours && i.WebhookSecret == "" { // its secret was told once and is lost
			if err := s.drop(ctx, e.ID); err != nil && !refused(err) {
				return nil, err
			}
			continue
		}
		if ours && len(e.missing()) > 0 {
			more, err := s.enable(ctx, "/"+e.ID, url.Values{})
			if err == nil {
				e = more
			} else if !refused(err) { // without the right it stays as it is, and what it is told of still comes
				return nil, err
			}
		}
		i.MissingEvents = e.missing()
		return nil, nil
	}
	if i.MissingEvents = nil; i.WebhookSecret != "" { // made by hand, perhaps for an address that leads here
		return nil, nil
	}
	e, err := s.enable(ctx, "", url.Values{"url": {at}, "api_version": {pinned}, "description": {"Portal"}, "metadata[" + ourMark + "]": {i.Program.String()}})
	if refused(err) || err == nil && e.Secret == "" {
		i.MissingEvents = events
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	i.WebhookSecret, i.MissingEvents = e.Secret, e.missing()
	return &e, nil
}

// ourMark is what tells an endpoint of ours from others.
const ourMark = "portal_program"

// Webhook is the address that a program's provider is to send events to (CONTRACT.md 4).
func (in *Integrations) Webhook(program models.ProgramID, source models.SourceName) string {
	return strings.TrimSuffix(in.PublicURL, "/") + webhookPath(program, source)
}

func webhookPath(program models.ProgramID, source models.SourceName) string {
	return fmt.Sprintf("/v1/integrations/%s/%s/webhook", source, program)
}

// refused tells a plain no of Stripe's from a failure that another try may not meet.
func refused(err error) bool {
	var r refusal
	return errors.As(err, &r) && r.Status >= 400 && r.Status < 500 && r.Status != http.StatusTooManyRequests && r.Status != http.StatusConflict
}

// endpoints are the account's endpoints.
func (s stripeAPI) endpoints(ctx context.Context) ([]endpoint, error) {
	var list struct{ Data []endpoint }
	err := s.get(ctx, pinned, "/v1/webhook_endpoints", url.Values{"limit": {"100"}}, &list)
	return list.Data, err
}

// young are events that the pinned version may not know (MONEY.md 3.3, 7).
var young = []string{"refund.failed", "invoice.overpaid"}

// enable makes or changes an endpoint so that it is told of all events. What Stripe does not know in this version is left
// out: what it names, or else those that may be too young.
func (s stripeAPI) enable(ctx context.Context, path string, form url.Values) (e endpoint, err error) {
	names := slices.Clone(events)
	for {
		form["enabled_events[]"] = names
		err = s.post(ctx, "/v1/webhook_endpoints"+path, form, &e)
		var r refusal
		if !errors.As(err, &r) || r.Status != http.StatusBadRequest {
			return e, err
		}
		unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.Contains(r.Body.Error.Message, name) })
		if len(unknown) == 0 {
			unknown = young
		}
		before := len(names)
		if names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(unknown, name) }); len(names) == before || len(names) == 0 {
			return e, err
		}
	}
}

func (s stripeAPI) drop(ctx context.Context, id string) error {
	var gone struct{}
	return s.call(ctx, http.MethodDelete, pinned, "/v1/webhook_endpoints/"+url.PathEscape(id), nil, &gone)
}
