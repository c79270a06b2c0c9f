package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"portal/models"
	"portal/sources"
)

// account verifies a key. A restricted key that may not read the account is valid all the same: Portal needs no more of
// the account than its id, which the refusal names.
func (s stripeAPI) account(ctx context.Context) (id *string, err error) {
	var account struct{ ID string }
	err = s.get(ctx, pinned, "/v1/account", nil, &account)
	var r refusal
	switch {
	case err == nil && account.ID != "":
		return &account.ID, nil
	case !errors.As(err, &r):
		return nil, models.Refuse(models.ErrLater, "The key could not be checked: Stripe did not answer. Nothing was kept; try again in a minute.")
	case r.Status == http.StatusForbidden:
		if named := accountName.FindString(r.Body.Error.Message); named != "" {
			id = &named
		}
		return id, nil
	case r.Body.Error.Code == "api_key_expired":
		return nil, models.Invalid("api_key", "has expired or was rolled; make a new one in Stripe")
	case r.Status == http.StatusUnauthorized:
		return nil, models.Invalid("api_key", "is refused by Stripe; copy it again from Developers, API keys")
	}
	return nil, models.Refuse(models.ErrLater, fmt.Sprintf("The key could not be checked: Stripe answered %d. Nothing was kept; try again in a minute.", r.Status))
}

// accountName is what the text of a 403 names: so the key is valid (MONEY.md 3.2).
var accountName = regexp.MustCompile(`acct_[A-Za-z0-9_]+`)

// invoiceOf asks for the charge, or its intent, as the pinned version shows it, then for the payments of invoices, and
// when no invoice stands behind the money, for the checkout session that made it (MONEY.md 2.2).
func (s stripeAPI) invoiceOf(ctx context.Context, q models.Question) (sources.Answer, error) {
	path := "/v1/charges/" + url.PathEscape(q.Charge)
	if q.Charge == "" {
		path = "/v1/payment_intents/" + url.PathEscape(q.Intent)
	}
	var object struct {
		Invoice       expandable
		PaymentIntent expandable `json:"payment_intent"`
	}
	if err := s.get(ctx, pinned, path, nil, &object); err != nil {
		return sources.Answer{}, later(err)
	}
	if q.Intent == "" {
		q.Intent = string(object.PaymentIntent)
	}
	if object.Invoice != "" || q.Intent == "" {
		return sources.Answer{Invoice: string(object.Invoice), Intent: q.Intent}, nil
	}
	var payments struct {
		Data []struct{ Invoice expandable }
	}
	err := s.get(ctx, newer, "/v1/invoice_payments", url.Values{"payment[type]": {"payment_intent"}, "payment[payment_intent]": {q.Intent}}, &payments)
	if err != nil && !unknownThere(err) {
		return sources.Answer{}, later(err)
	}
	if len(payments.Data) > 0 && payments.Data[0].Invoice != "" {
		return sources.Answer{Invoice: string(payments.Data[0].Invoice), Intent: q.Intent}, nil
	}
	var sessions struct{ Data []json.RawMessage }
	if err := s.get(ctx, pinned, "/v1/checkout/sessions", url.Values{"payment_intent": {q.Intent}, "limit": {"1"}}, &sessions); err != nil {
		return sources.Answer{}, later(err)
	}
	if len(sessions.Data) > 0 {
		return sources.Answer{Intent: q.Intent, Session: sessions.Data[0]}, nil
	}
	return sources.Answer{Intent: q.Intent}, nil
}

// unknownThere tells that a server which only knows older versions has no such list: then no payment is in it.
func unknownThere(err error) bool {
	var r refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}

// later makes every failure one to try again, with a sentence for the event's page.
func later(err error) error {
	var r refusal
	if !errors.As(err, &r) {
		return err
	}
	switch {
	case revoked(err):
		return models.Refuse(models.ErrLater, "Stripe says that the company took Portal's access away. Connect it again; Portal will then ask again.")
	case r.Status == http.StatusUnauthorized && r.Platform:
		return models.Refuse(models.ErrLater, "Stripe refuses the key of Portal's own account, so it can be asked nothing of this company's. Whoever runs Portal must mend it; Portal will then ask again.")
	case r.Status == http.StatusUnauthorized:
		return models.Refuse(models.ErrLater, "Stripe refuses the API key. Connect a new one; Portal will then ask again.")
	case r.Status == http.StatusForbidden:
		return models.Refuse(models.ErrLater, "The API key lacks a right that this needs: "+r.Body.Error.Message)
	}
	return models.Refuse(models.ErrLater, fmt.Sprintf("Stripe answered %d. Portal will ask again.", r.Status))
}

// expandable is an id that Stripe writes as text, as an object with an id, or as null.
type expandable string

// UnmarshalJSON takes all three.
func (e *expandable) UnmarshalJSON(raw []byte) error {
	var object struct{ ID string }
	if json.Unmarshal(raw, &object) == nil {
		*e = expandable(object.ID)
		return nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	if text != nil {
		*e = expandable(*text)
	}
	return nil
}
