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
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// grant is what a code was exchanged for. The tokens that come with it are not kept: an account is reached with the platform's
// own key and its id (MONEY.md 3.1).
type grant struct {
	Account string
	Scope   string
	Live    bool
}

// oauthRefusal is a plain no of OAuth's, in its own words.
type oauthRefusal struct{ Name, Description string }

func (r oauthRefusal) Error() string { return "Stripe says " + r.Name }

// accountID is what an account is called.
var accountID = regexp.MustCompile(`^acct_[A-Za-z0-9_]{1,100}$`)

// exchange makes a code a grant. It is asked for once: a code that comes twice ends what the first time gave.
func (in *Integrations) exchange(ctx context.Context, code string) (grant, error) {
	var said struct {
		Account string `json:"stripe_user_id"`
		Scope   string `json:"scope"`
		Live    *bool  `json:"livemode"`
	}
	err := in.oauth(ctx, "/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}}, &said)
	if err == nil && (!accountID.MatchString(said.Account) || said.Live == nil) {
		err = models.Refuse(models.ErrLater, "Stripe's answer could not be read.")
	}
	if err != nil {
		return grant{}, err
	}
	return grant{said.Account, said.Scope, *said.Live}, nil
}

// deauthorize gives the access to an account back. That it was gone already is fine.
func (in *Integrations) deauthorize(ctx context.Context, account string) error {
	var any struct{}
	err := in.oauth(ctx, "/oauth/deauthorize", url.Values{"client_id": {in.Platform.ClientID}, "stripe_user_id": {account}}, &any)
	var no oauthRefusal
	if errors.As(err, &no) && no.Name == "invalid_client" && strings.Contains(no.Description, "not connected") {
		return nil
	}
	return err
}

// oauth makes one call of OAuth's and reads the answer into dest. A plain no is an oauthRefusal; no answer, and what cannot
// be read, an ErrLater. Nobody is led elsewhere with the platform's key.
func (in *Integrations) oauth(ctx context.Context, path string, form url.Values, dest any) error {
	base := in.Platform.Calls
	if base == "" {
		base = in.Platform.base()
	}
	form.Set("client_secret", in.Platform.Key)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("ask Stripe: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	caller := http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := caller.Do(req)
	if err != nil {
		return models.Refuse(models.ErrLater, "Stripe did not answer.")
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return models.Refuse(models.ErrLater, "Stripe's answer broke off.")
	}
	if res.StatusCode == http.StatusOK {
		if json.Unmarshal(body, dest) != nil {
			return models.Refuse(models.ErrLater, "Stripe's answer could not be read.")
		}
		return nil
	}
	var no struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if res.StatusCode < 400 || res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || json.Unmarshal(body, &no) != nil || no.Error == "" {
		return models.Refuse(models.ErrLater, fmt.Sprintf("Stripe answered %d.", res.StatusCode))
	}
	return oauthRefusal{no.Error, no.Description}
}

// release gives the access to an account back when no other connection here is by it. It tells whether the access is left at
// Stripe; what went wrong is logged.
func (in *Integrations) release(ctx context.Context, but store.Connection, account string) (left bool) {
	used, err := in.Store.OAuthUsed(ctx, but, account)
	if err == nil && used {
		return false
	}
	if err == nil {
		err = in.deauthorize(ctx, account)
	}
	if err != nil {
		in.Log.Warn("the access to an account could not be given back", "account", account, "because", err)
	}
	return err != nil
}

// revoked tells that the company took the platform's access to its account away.
func revoked(err error) bool {
	var r refusal
	return errors.As(err, &r) && r.Platform && r.Body.Error.Code == "account_invalid"
}

// verifyOAuth looks whether the platform is still let into an account. That the company took the access away, or that Stripe
// refuses the platform's own key, breaks the connection, visibly. An access that is there again mends it.
func (in *Integrations) verifyOAuth(ctx context.Context, c store.Connection, i store.Integration) error {
	err := in.LetIn(ctx, i)
	taken := errors.Is(err, models.ErrForbidden)
	switch {
	case err == nil && (i.Status == "broken" || i.OAuth.RevokedAt != nil):
		return errors.Join(in.Store.SetRevoked(ctx, c, false, in.Now()), in.found(ctx, c, false, lackedBy(i.OAuth.Scope), nil))
	case taken || errors.Is(err, models.ErrInvalid):
		in.Log.Warn("a connection by OAuth is broken", "company", c.Company, "program", c.Program, "mode", c.Mode, "because", err)
		var bad error
		tell := models.PlatformRefused
		if taken {
			tell, bad = models.AccessRevoked, in.Store.SetRevoked(ctx, c, true, in.Now())
		}
		if bad = errors.Join(bad, in.found(ctx, c, true, i.MissingRights, tell)); bad != nil {
			return bad
		}
		return models.Refuse(models.ErrLater, err.Error())
	}
	return err
}

// giveBack ends a connection by OAuth at Stripe. It tells whether the access is left there, for Stripe refused. ErrLater, with
// a sentence, when there is no answer.
func (in *Integrations) giveBack(ctx context.Context, i store.Integration) (left bool, err error) {
	used, err := in.Store.OAuthUsed(ctx, store.Connection{Tenant: i.Tenant, Program: i.Program, Source: i.Source}, *i.Account)
	if err != nil || used {
		return false, err
	}
	if !in.MayAuthorize(i.Mode) {
		return true, nil
	}
	err = in.deauthorize(ctx, *i.Account)
	var no oauthRefusal
	switch {
	case err == nil:
		return false, nil
	case errors.As(err, &no):
		in.Log.Warn("Stripe refused to take an access back", "account", *i.Account, "error", no.Name)
		return true, nil
	}
	return false, models.Refuse(models.ErrLater, "Stripe did not answer, so Portal's access could not be given back. Nothing was changed; try again in a minute.")
}

// ClientFits asks Stripe whether the client id belongs to the platform's key, by giving back an access that nobody has. ErrInvalid:
// it does not. ErrLater: there was no answer.
func (in *Integrations) ClientFits(ctx context.Context) error {
	err := in.deauthorize(ctx, "acct_nobody")
	var no oauthRefusal
	if errors.As(err, &no) {
		return models.Refuse(models.ErrInvalid, "Stripe says that the client id and the secret key do not belong together.")
	}
	return err
}

// LetIn asks Stripe whether the platform is let into the account of a connection by OAuth. ErrForbidden: the company took that away.
// ErrInvalid: Stripe refuses the platform's key. ErrLater: there was no answer.
func (in *Integrations) LetIn(ctx context.Context, i store.Integration) error {
	var any struct{}
	err := in.reach(i).get(ctx, pinned, "/v1/account", nil, &any)
	var no refusal
	switch {
	case err == nil || errors.As(err, &no) && no.Status == http.StatusForbidden && !revoked(err):
		return nil
	case revoked(err):
		return models.Refuse(models.ErrForbidden, "The company took Portal's access away.")
	case no.Status == http.StatusUnauthorized:
		return models.Refuse(models.ErrInvalid, "Stripe refuses the platform's key.")
	}
	return later(err)
}

// connectPath is where the platform's Connect endpoint sends to (CONTRACT.md 4).
const connectPath = "/v1/stripe/connect/webhook"

// ConnectEndpoints are the platform's own that lead here, at whatever host, and what each is not told of. A key without the right
// is an ErrForbidden.
func (in *Integrations) ConnectEndpoints(ctx context.Context) ([]Endpoint, error) {
	all, err := in.stripe(in.Platform.Key).endpoints(ctx)
	if err != nil {
		return nil, sightOf(err)
	}
	var found []Endpoint
	for _, e := range all {
		if !strings.HasSuffix(strings.TrimSuffix(e.URL, "/"), connectPath) {
			continue
		}
		missing := slices.DeleteFunc(ConnectEvents(), func(name string) bool {
			return slices.Contains(e.Events, name) || slices.Contains(e.Events, "*") || slices.Contains(events, name) && !slices.Contains(e.missing(), name)
		})
		found = append(found, Endpoint{URL: e.URL, Version: e.Version, Enabled: e.Status != "disabled", Missing: missing})
	}
	return found, nil
}
