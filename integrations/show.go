package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"portal/models"
	"portal/sources"
)

// view is how one kind of thing is asked for, and what of it is kept: no more than is read of it.
type view struct {
	path   string
	expand []string
	keep   []string
}

var views = map[string]view{
	"customer":       {"/v1/customers/%s", nil, []string{"id", "metadata"}},
	"subscription":   {"/v1/subscriptions/%s", nil, []string{"id", "metadata"}},
	"payment_intent": {"/v1/payment_intents/%s", []string{"latest_charge"}, []string{"id", "metadata", "latest_charge"}},
	"promotion_code": {"/v1/promotion_codes/%s", nil, []string{"id", "code", "coupon", "promotion"}},
	"session":        {"/v1/checkout/sessions/%s", []string{"total_details.breakdown"}, []string{"id", "total_details", "discounts"}},
	"discounts": {"/v1/invoices/%s", []string{"discounts.promotion_code", "total_discount_amounts.discount.promotion_code"},
		[]string{"id", "discounts", "total_discount_amounts"}},
	"invoice": {"/v1/invoices/%s", nil, []string{"id", "paid_out_of_band"}},
}

// show asks for each of the wanted things in turn, as the pinned version shows it.
func (s stripeAPI) show(ctx context.Context, wants []models.Want) (sources.Answer, error) {
	a := sources.Answer{Aside: true, Shown: map[string]sources.Shown{}, Without: map[string]string{}}
	for _, w := range wants {
		shown, err := s.one(ctx, w)
		var r refusal
		switch {
		case err == nil:
			a.Shown[w.String()] = sources.Shown{At: s.now(), Object: shown}
		case errors.As(err, &r) && r.Status == http.StatusNotFound:
			a.Shown[w.String()] = sources.Shown{At: s.now(), Object: json.RawMessage("null")}
		case errors.As(err, &r) && r.Status == http.StatusForbidden && !revoked(err):
			a.Without[w.String()] = "the API key lacks a right that this needs: " + r.Body.Error.Message
		default:
			return sources.Answer{}, later(err)
		}
	}
	return a, nil
}

func (s stripeAPI) one(ctx context.Context, w models.Want) (json.RawMessage, error) {
	if w.Kind == "lines" {
		return s.lines(ctx, w.ID)
	}
	v := views[w.Kind]
	var object map[string]json.RawMessage
	if err := s.get(ctx, pinned, fmt.Sprintf(v.path, url.PathEscape(w.ID)), url.Values{"expand[]": v.expand}, &object); err != nil {
		return nil, err
	}
	kept := map[string]json.RawMessage{}
	for _, field := range v.keep {
		if value, there := object[field]; there {
			kept[field] = value
		}
	}
	if charge, there := kept["latest_charge"]; there {
		kept["latest_charge"] = only(charge, "id", "metadata")
	}
	return json.Marshal(kept)
}

// only is an object with a few of its fields; what is no object stays as it is.
func only(raw json.RawMessage, fields ...string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || object == nil {
		return raw
	}
	kept := map[string]json.RawMessage{}
	for _, field := range fields {
		kept[field] = object[field]
	}
	few, _ := json.Marshal(kept) // it was JSON a moment ago
	return few
}

// most is how many lines of one invoice are read.
const most = 10_000

// lines pages through all lines of an invoice (P12). Of each only what it weighs and what it sells is kept.
func (s stripeAPI) lines(ctx context.Context, invoice string) (json.RawMessage, error) {
	all := []json.RawMessage{}
	err := s.each(ctx, "/v1/invoices/"+url.PathEscape(invoice)+"/lines", url.Values{}, func(page []json.RawMessage) error {
		for _, line := range page {
			all = append(all, only(line, "id", "amount", "discount_amounts", "tax_amounts", "taxes", "price", "plan", "pricing"))
		}
		if len(all) >= most {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return json.Marshal(all)
}

var errEnough = errors.New("enough was read")
