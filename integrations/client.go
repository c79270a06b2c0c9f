package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/sethvargo/go-retry"

	"portal/models"
	"portal/store"
)

// stripeAPI asks Stripe about one company's account. stripe-go v76 has no raw requests and no invoice_payments, so this is
// a small client of our own that names the version with every call (MONEY.md 1.1).
type stripeAPI struct {
	key, base string
	as        string // whom the key is used for, when it is the platform's
	line      *line
	http      *http.Client
	clock     func() time.Time
	once      string                    // the idempotency key of what is made; empty for none
	denied    func(ctx context.Context) // is called when Stripe does not let the caller in any more; nil for nobody
}

// now is the clock in what the database can keep.
func (s stripeAPI) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// second is now as Stripe tells time.
func (s stripeAPI) second() time.Time { return s.now().Truncate(time.Second) }

// The versions that are asked in: the pinned one, and the first that tells an invoice's payments.
const (
	pinned = "2023-10-16"
	newer  = "2025-03-31.basil"
)

// reach is Stripe as a connection may ask it: with its own key, or by OAuth with the platform's for its account.
func (in *Integrations) reach(i store.Integration) stripeAPI {
	s := in.stripe(i.APIKey)
	if i.OAuth.Connected {
		s = in.stripeFor(in.Platform.Key, *i.Account)
	}
	if i.Status == "connected" {
		s.denied = func(ctx context.Context) { in.suspect(ctx, i) }
	}
	return s
}

// suspect has a connection verified soon, for Stripe did not let it in: so that it shows as broken, and its people are told,
// before the next round of Heal.
func (in *Integrations) suspect(ctx context.Context, i store.Integration) {
	job := store.Connection{Tenant: i.Tenant, Program: i.Program, Source: i.Source}.Healing()
	once := &river.InsertOpts{Queue: store.QueueOf(job), UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: 10 * time.Minute}}
	if err := in.Store.InTx(context.WithoutCancel(ctx), func(tx *store.Store) error { return tx.Enqueue(ctx, job, once) }); err != nil {
		in.Log.Error("a connection that Stripe refused could not be promised a look", "company", i.Company, "because", err)
	}
}

// MayAsk tells whether a connection has anything to ask with: a key of its own, or access by OAuth that Portal's key can use.
func (in *Integrations) MayAsk(i store.Integration) bool {
	return i.APIKey != "" || i.OAuth.Connected && KeyFits(in.Platform.Key, i.Mode) == nil
}

func (in *Integrations) stripe(key string) stripeAPI { return in.stripeFor(key, "") }

func (in *Integrations) stripeFor(key, account string) stripeAPI {
	base := in.StripeBase
	if base == "" {
		base = "https://api.stripe.com"
	}
	return stripeAPI{key: key, base: base, as: account, line: in.line(key, account), http: &http.Client{Timeout: 15 * time.Second}, clock: in.Now}
}

// refusal is an answer of Stripe that is no success.
type refusal struct {
	Status   int
	Platform bool // the key was the platform's, used for a company's account
	Body     struct {
		Error struct{ Code, Message, Param, Type string }
	}
}

func (r refusal) Error() string {
	return fmt.Sprintf("Stripe answered %d: %s", r.Status, r.Body.Error.Message)
}

// busy tells that Stripe is in trouble or asked too much: it may answer well a little later.
func (r refusal) busy() bool { return r.Status >= 500 || r.Status == http.StatusTooManyRequests }

// get asks for one thing and reads the answer into dest. A refusal is a refusal; no answer is an ErrLater.
func (s stripeAPI) get(ctx context.Context, version, path string, query url.Values, dest any) error {
	return s.call(ctx, http.MethodGet, version, path+"?"+query.Encode(), nil, dest)
}

// post makes or changes something, and reads what it is then into dest.
func (s stripeAPI) post(ctx context.Context, path string, form url.Values, dest any) error {
	return s.call(ctx, http.MethodPost, pinned, path, form, dest)
}

// call makes one call in its turn. Where Stripe failed many times in a row, it is left alone for a while.
func (s stripeAPI) call(ctx context.Context, method, version, path string, form url.Values, dest any) error {
	done, err := s.line.begin(ctx)
	if err != nil {
		return err
	}
	err = s.send(ctx, method, version, path, form, dest)
	var r refusal
	done(err == nil || errors.As(err, &r) && !r.busy() || ctx.Err() != nil)
	if s.denied != nil && (r.Status == http.StatusUnauthorized || revoked(err)) {
		s.denied(ctx)
	}
	return err
}

func (s stripeAPI) send(ctx context.Context, method, version, path string, form url.Values, dest any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("ask Stripe: %w", err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.once != "" {
		req.Header.Set("Idempotency-Key", s.once)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Stripe-Version", version)
	if s.as != "" {
		req.Header.Set("Stripe-Account", s.as)
	}
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
		r := refusal{Status: res.StatusCode, Platform: s.as != ""}
		_ = json.Unmarshal(body, &r.Body) // an answer that is no JSON has a status all the same
		return r
	}
	if err := json.Unmarshal(body, dest); err != nil {
		return unreadable
	}
	return nil
}

// unreadable is an answer that is none.
var unreadable = models.Refuse(models.ErrLater, "Stripe's answer could not be read. Portal will ask again.")

// each pages through a list, the newest first, and gives each page on.
func (s stripeAPI) each(ctx context.Context, path string, query url.Values, give func(page []json.RawMessage) error) error {
	for {
		page, last, err := s.page(ctx, path, query)
		if err != nil {
			return err
		}
		if err := give(page); err != nil || last == "" {
			return err
		}
		query.Set("starting_after", last)
	}
}

// page asks for a page of a list, and tells after what the next one begins; empty when there is none. A page that Stripe is
// too busy for is asked for again, ever more slowly, three times at most.
func (s stripeAPI) page(ctx context.Context, path string, query url.Values) (list []json.RawMessage, last string, err error) {
	query.Set("limit", "100")
	var page struct {
		HasMore bool `json:"has_more"`
		Data    []json.RawMessage
	}
	backoff := retry.WithMaxRetries(3, retry.WithJitterPercent(20, retry.NewExponential(s.line.patience)))
	err = retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := s.get(ctx, pinned, path, query, &page)
		var r refusal
		if errors.As(err, &r) && r.busy() {
			return retry.RetryableError(err)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, "", err
	case page.Data == nil: // JSON, and no list: that nothing is in it is not said
		return nil, "", unreadable
	case !page.HasMore || len(page.Data) == 0:
		return page.Data, "", nil
	}
	var object struct{ ID string }
	if err := json.Unmarshal(page.Data[len(page.Data)-1], &object); err != nil || object.ID == "" || object.ID == query.Get("starting_after") {
		return nil, "", unreadable
	}
	return page.Data, object.ID, nil
}
