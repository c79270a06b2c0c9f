package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"portal/models"
	"portal/sources"
)

// list is one of Stripe's lists that tell of money: where it is, what of it, and how much sooner than it was paid or made
// an object of it may have been begun.
type list struct {
	kind, path string
	query      url.Values
	earlier    time.Duration
}

// lists are in the order in which an import asks: an invoice before its charge, and both before what went back of them.
var lists = []list{
	{"invoice", "/v1/invoices", url.Values{"status": {"paid"}}, 40 * 24 * time.Hour},
	{"charge", "/v1/charges", nil, 0},
	{"checkout.session", "/v1/checkout/sessions", nil, 24 * time.Hour},
	{"refund", "/v1/refunds", nil, 0},
	{"dispute", "/v1/disputes", nil, 0},
	{"credit_note", "/v1/credit_notes", nil, 0},
}

// sessions is where the list of checkouts stands among the lists.
const sessions = 2

// between is a span of time, both ends in it.
type between struct{ from, to time.Time }

// found is an object of a list, and what it tells.
type found struct {
	sources.Listed
	Kind  string
	Raw   []byte
	Asked time.Time // what happens while the answer is on its way comes after that, and goes before it
}

// listed asks for a page of a list, and tells after what the next one begins; empty when there is none. Only what tells
// of money, or of a trial, is given. Sessions cannot be asked for by time in the pinned version: their list ends with the first that is too old.
func (s stripeAPI) listed(ctx context.Context, l list, span between, after string) (page []found, last string, err error) {
	query := url.Values{}
	for name, values := range l.query {
		query[name] = values
	}
	from := span.from.Add(-l.earlier)
	if l.kind != "checkout.session" {
		query.Set("created[gte]", strconv.FormatInt(from.Unix(), 10))
		query.Set("created[lte]", strconv.FormatInt(span.to.Unix(), 10))
	}
	if after != "" {
		query.Set("starting_after", after)
	}
	asked := s.now()
	bodies, last, err := s.page(ctx, l.path, query)
	if err != nil {
		return nil, "", err
	}
	for _, body := range bodies {
		var o struct{ Created int64 }
		if json.Unmarshal(body, &o) == nil && o.Created < from.Unix() {
			last = ""
			continue
		}
		f, err := retold(l.kind, body, asked)
		if err != nil {
			return nil, "", err
		}
		aside := l.kind == "checkout.session" && !(f.Tells() && f.At.Before(span.from)) // a checkout begun before tells of no payment by itself
		hint := l.kind == "invoice" || l.kind == "charge" && f.Invoice != ""            // an invoice of zero begins a trial
		if aside || hint || f.Tells() && l.kind != "checkout.session" {
			page = append(page, f)
		}
	}
	return page, last, nil
}

// retold reads an object that Stripe showed.
func retold(kind string, body []byte, asked time.Time) (found, error) {
	l, err := sources.StripeShown(body, nil)
	if errors.Is(err, models.ErrInvalid) {
		err = unreadable
	}
	return found{Listed: l, Kind: kind, Raw: body, Asked: asked}, err
}

// invoicesBehind asks for the invoices that charges pay and that no list has shown: they may be of long ago. Lacks tells
// which of some are not known.
func (s stripeAPI) invoicesBehind(ctx context.Context, page []found, lacks func([]string) ([]string, error)) ([]found, error) {
	var ids []string
	for _, f := range page {
		if f.Kind == "charge" && f.Invoice != "" {
			ids = append(ids, f.Invoice)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	unknown, err := lacks(slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	var more []found
	for _, id := range unknown {
		f, err := s.oneListed(ctx, "invoice", "/v1/invoices/"+url.PathEscape(id))
		if err != nil {
			return nil, err
		}
		if f != nil && f.Tells() {
			more = append(more, *f)
		}
	}
	return more, nil
}

// oneListed asks for one object as its list would show it; nil when there is none.
func (s stripeAPI) oneListed(ctx context.Context, kind, path string) (*found, error) {
	var body json.RawMessage
	asked := s.now()
	err := s.get(ctx, pinned, path, nil, &body)
	var r refusal
	if errors.As(err, &r) && r.Status == http.StatusNotFound {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	f, err := retold(kind, body, asked)
	return &f, err
}
