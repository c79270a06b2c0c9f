package integrations

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// Platform is the platform's own Stripe, as far as companies connect to it by OAuth (MONEY.md 3.1).
type Platform struct {
	Key      string // its secret key, whose mode is the one in which companies can connect; empty: none can
	ClientID string // of its app: ca_…, another one for each mode; empty: none can
	Base     string // where people are asked; Stripe's own when empty
	Calls    string // where codes are exchanged; empty: Base
	Hears    bool   // its Connect endpoint's secret is known, so that what happens in the companies' accounts is heard
}

// base is where people are asked.
func (p Platform) base() string {
	if p.Base == "" {
		return "https://connect.stripe.com"
	}
	return p.Base
}

// scope is what a company is asked for. To read alone would do to count its sales, but partners' promotion codes are made in
// its Stripe and switched off there (MONEY.md 3.5), and access cannot be widened later without asking its owner again.
const scope = "read_write"

// writes are the rights, by their names of restricted keys, that a grant to read alone lacks.
var writes = []string{"rak_coupon_write", "rak_promotion_code_write"}

// ConnectEvents are the names of all that the platform's Connect endpoint is to be told of: what a company's is, and what
// becomes of the accounts themselves (MONEY.md 3.3).
func ConnectEvents() []string {
	return append(slices.Clone(events), "account.updated", "account.application.deauthorized", "payout.paid", "payout.failed")
}

// MayAuthorize tells whether companies can connect by OAuth in a mode: the platform's key is of one mode alone.
func (in *Integrations) MayAuthorize(mode models.Mode) bool {
	return in.Platform.ClientID != "" && KeyFits(in.Platform.Key, mode) == nil
}

// AuthorizeOrigin is the scheme and host of the page on which people are asked. Stripe's own leads on to others of its hosts:
// to sign in, and to the page of an app.
func (in *Integrations) AuthorizeOrigin() string {
	if in.Platform.Base == "" {
		return "https://*.stripe.com"
	}
	u, err := url.Parse(in.Platform.base())
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// stateLife is how long somebody may take on Stripe's page.
const stateLife = 10 * time.Minute

// Visitor is the browser in which somebody connects.
type Visitor struct {
	models.Session
	Token string // the browser's secret, which a state is bound to
	Back  string // where Stripe leads back to
}

// Authorize begins to connect a program by OAuth: it gives the address of Stripe's page, with a state that this browser alone
// may bring back, once, within ten minutes. ErrConflict, with a sentence, when companies cannot connect so in this mode.
func (in *Integrations) Authorize(ctx context.Context, c models.Caller, by Visitor) (address string, err error) {
	if !in.MayAuthorize(c.Mode) {
		return "", models.Refuse(models.ErrConflict, "This Portal cannot be connected to with Stripe's page in "+string(c.Mode)+" mode. Connect with an API key.")
	}
	state := newState()
	is := store.OAuthState{Person: by.Person, Company: c.Company, Program: c.Program, Mode: c.Mode}
	if err := in.Store.AddOAuthState(ctx, state, by.Token, is, in.Now().Add(stateLife), in.Now()); err != nil {
		return "", err
	}
	return in.Platform.base() + "/oauth/authorize?" + url.Values{"response_type": {"code"}, "client_id": {in.Platform.ClientID},
		"scope": {scope}, "redirect_uri": {by.Back}, "state": {state}}.Encode(), nil
}

func newState() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Outcome is how a try to connect by OAuth ended, in a word.
type Outcome string

// The outcomes. Whatever is not one of the first three left everything as it was.
const (
	Connected    Outcome = "connected"
	Replaced     Outcome = "replaced"      // an API key was connected before; its endpoint is deleted
	ReplacedLeft Outcome = "replaced-left" // the same, but the endpoint is left in Stripe

	Denied     Outcome = "denied"     // by the person, on Stripe's page
	Incomplete Outcome = "incomplete" // the address lacks something
	Foreign    Outcome = "foreign"    // the state is unknown, or another browser's or company's
	Replayed   Outcome = "replayed"   // the state was used before
	Expired    Outcome = "expired"    // the state is too old
	Spent      Outcome = "spent"      // Stripe says that the code is
	Misfit     Outcome = "misfit"     // Stripe does not take the platform's own key or client id
	Refused    Outcome = "refused"    // Stripe said no for another reason
	Silent     Outcome = "silent"     // Stripe did not answer, or what cannot be read
	OtherMode  Outcome = "other-mode" // Stripe granted the other mode
	Taken      Outcome = "taken"      // another company is connected to the account
	Ours       Outcome = "ours"       // the account is the platform's own, or one that partners are paid to
)

// Answered takes what Stripe's page said when it led back, and connects. It tells for what somebody had been sent there, as far
// as that is known. The code is exchanged once: what becomes of it is never guessed. An error is a fault of ours.
func (in *Integrations) Answered(ctx context.Context, said url.Values, by Visitor) (is store.OAuthState, end Outcome, err error) {
	if said.Get("state") == "" {
		return is, Incomplete, nil
	}
	is, err = in.Store.TakeOAuthState(ctx, said.Get("state"), by.Token, by.Session, in.Now())
	switch {
	case errors.Is(err, store.ErrStateUnknown):
		return is, Foreign, nil
	case errors.Is(err, store.ErrStateUsed):
		return is, Replayed, nil
	case errors.Is(err, store.ErrStateOutdated):
		return is, Expired, nil
	case err != nil:
		return is, "", err
	case said.Get("error") == "access_denied":
		return is, Denied, nil
	case said.Get("error") != "":
		return is, in.refusedBy(said.Get("error")), nil
	case strings.TrimSpace(said.Get("code")) == "":
		return is, Incomplete, nil
	case !in.MayAuthorize(is.Mode): // the configuration changed meanwhile
		return is, Misfit, nil
	}
	end, err = in.enter(ctx, is, said.Get("code"), models.Actor{Person: &by.Person, Name: by.Email})
	return is, end, err
}

// refusedBy is the outcome of an error that OAuth names.
func (in *Integrations) refusedBy(name string) Outcome {
	in.Log.Warn("Stripe refused to connect a company", "error", name)
	switch name {
	case "invalid_grant":
		return Spent
	case "invalid_client", "unauthorized_client":
		return Misfit
	}
	return Refused
}

// enter exchanges a code and keeps the connection that it gives.
func (in *Integrations) enter(ctx context.Context, is store.OAuthState, code string, who models.Actor) (Outcome, error) {
	defer in.turn(models.Caller{Tenant: models.Tenant{Company: is.Company, Mode: is.Mode}, Program: is.Program})()
	now := in.Now().UTC().Truncate(time.Microsecond)
	own, err := in.stripe(in.Platform.Key).account(ctx)
	if errors.Is(err, models.ErrInvalid) {
		return Misfit, nil
	} else if err != nil {
		return Silent, nil // nothing was exchanged
	}
	g, err := in.exchange(ctx, code)
	var no oauthRefusal
	switch {
	case errors.As(err, &no):
		return in.refusedBy(no.Name), nil
	case err != nil:
		in.Log.Warn("a code of OAuth could not be exchanged", "because", err)
		return Silent, nil
	}
	c := store.Connection{Tenant: models.Tenant{Company: is.Company, Mode: is.Mode}, Program: is.Program, Source: models.SourceStripe}
	nobody := store.Connection{Tenant: models.Tenant{Mode: models.ModeOf(g.Live)}, Source: c.Source} // also what connected this program before may be by the same grant
	if end, err := in.unfit(ctx, c, g, own); end != "" || err != nil {
		in.release(ctx, nobody, g.Account)
		return end, err
	}
	before, end, err := in.keepGrant(ctx, c, g, now, who)
	if end != Connected || err != nil {
		in.release(ctx, nobody, g.Account)
		return end, err
	}
	return in.supersede(ctx, before, g.Account), nil
}

// unfit tells why a grant cannot be kept; the empty outcome when it can.
func (in *Integrations) unfit(ctx context.Context, c store.Connection, g grant, own *string) (Outcome, error) {
	if models.ModeOf(g.Live) != c.Mode {
		return OtherMode, nil
	}
	if own != nil && *own == g.Account {
		return Ours, nil
	}
	if pays, err := in.Store.AccountPaysPartners(ctx, g.Account); err != nil || pays {
		return Ours, err
	}
	return "", nil
}

// keepGrant keeps a connection by OAuth, in place of whatever connected the program before. Everything that waits goes on, and
// what happened since it was last connected is fetched.
func (in *Integrations) keepGrant(ctx context.Context, c store.Connection, g grant, now time.Time, who models.Actor) (before store.Integration, end Outcome, err error) {
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := errors.Join(tx.LockBucket(ctx, c.Tenant), tx.LockAccount(ctx, c.Source, g.Account)); err != nil { // payments are decided by who shares an account (D15)
			return err
		}
		if taken, err := tx.AccountTaken(ctx, c.Tenant, c.Source, g.Account); err != nil || taken {
			end = Taken
			return err
		}
		if before, err = tx.Integration(ctx, c.Tenant, c.Program, c.Source); err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		i := store.Integration{Tenant: c.Tenant, Program: c.Program, Source: c.Source, Status: "connected", Account: &g.Account,
			OAuth: store.OAuth{Connected: true, Scope: g.Scope, GrantedAt: &now}, MissingRights: lackedBy(g.Scope)}
		end = Connected
		if before.Status == "broken" {
			if err := tx.QueueNotice(ctx, c, models.ConnectionMended, now); err != nil {
				return err
			}
		}
		return errors.Join(tx.SaveIntegration(ctx, i, now), tx.WakeAll(ctx, c.Tenant, now), tx.Enqueue(ctx, c.Healing(), nil),
			tx.Enqueue(ctx, models.SyncCatalog{Company: c.Company, Mode: c.Mode, Program: c.Program}, nil), tx.Audited(ctx, c.Company, who, "integration.authorised", c.Program.String(), string(c.Source)+" "+string(c.Mode)+" "+g.Account, now))
	})
	return before, end, err
}

// lackedBy are the rights that a grant lacks.
func lackedBy(granted string) []string {
	if granted == scope {
		return nil
	}
	return writes
}

// supersede ends at Stripe what connected a program before it was connected by OAuth.
func (in *Integrations) supersede(ctx context.Context, before store.Integration, account string) Outcome {
	switch {
	case before.OAuth.Connected && before.Account != nil && *before.Account != account:
		in.release(ctx, store.Connection{Tenant: before.Tenant, Program: before.Program, Source: before.Source}, *before.Account)
	case before.APIKey != "":
		if left, err := in.silence(ctx, before); left || err != nil {
			in.Log.Warn("the endpoint of a connection by key could not be deleted", "company", before.Company, "program", before.Program, "because", err)
			return ReplacedLeft
		}
		return Replaced
	case before.WebhookSecret != "":
		return ReplacedLeft
	}
	return Connected
}
