package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
)

// stripeAPI reads one company's Stripe account. stripe-go v76 has no raw requests and no invoice_payments, so this is a
// small client of our own that names the version with every call (MONEY.md 1.1).
type stripeAPI struct {
	key, base string
	http      *http.Client
	clock     func() time.Time
}

// now is the clock in what the database can keep.
func (s stripeAPI) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// The versions that are asked in: the pinned one, and the first that tells an invoice's payments.
const (
	pinned = "2023-10-16"
	newer  = "2025-03-31.basil"
)

func (in *Integrations) stripe(key string) stripeAPI {
	base := in.StripeBase
	if base == "" {
		base = "https://api.stripe.com"
	}
	return stripeAPI{key: key, base: base, http: &http.Client{Timeout: 15 * time.Second}, clock: in.Now}
}

// refusal is an answer of Stripe that is no success.
type refusal struct {
	Status int
	Body   struct {
		Error struct{ Code, Message, Type string }
	}
}

func (r refusal) Error() string {
	return fmt.Sprintf("Stripe answered %d: %s", r.Status, r.Body.Error.Message)
}

// get asks for one thing and reads the answer into dest. A refusal is a refusal; no answer is an ErrLater.
func (s stripeAPI) get(ctx context.Context, version, path string, query url.Values, dest any) error {
	return s.call(ctx, http.MethodGet, version, path+"?"+query.Encode(), nil, dest)
}

// post makes or changes something, and reads what it is then into dest.
func (s stripeAPI) post(ctx context.Context, path string, form url.Values, dest any) error {
	return s.call(ctx, http.MethodPost, pinned, path, form, dest)
}

func (s stripeAPI) call(ctx context.Context, method, version, path string, form url.Values, dest any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("ask Stripe: %w", err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Stripe-Version", version)
	res, err := s.http.Do(req)
	if err != nil {
		return models.Refuse(models.ErrLater, "Stripe did not answer. Portal will ask again.")
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return models.Refuse(models.ErrLater, "Stripe's answer broke off. Portal will ask again.")
	}
	if res.StatusCode != http.StatusOK {
		r := refusal{Status: res.StatusCode}
		_ = json.Unmarshal(body, &r.Body) // an answer that is no JSON has a status all the same
		return r
	}
	if err := json.Unmarshal(body, dest); err != nil {
		return models.Refuse(models.ErrLater, "Stripe's answer could not be read. Portal will ask again.")
	}
	return nil
}

// account verifies a key. A restricted key that may not read the account is valid all the same: Portal needs no more of
// the account than its id, which the refusal names.
func (s stripeAPI) account(ctx context.Context) (id *string, err error) {
	var account struct{ ID string }
	err = s.get(ctx, pinned, "/v1/account", nil, &account)
	var r refusal
	switch {
	case err == nil:
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
	switch r.Status {
	case http.StatusUnauthorized:
		return models.Refuse(models.ErrLater, "Stripe refuses the API key. Connect a new one; Portal will then ask again.")
	case http.StatusForbidden:
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
