// Package integrations keeps a company's accounts at its providers: it verifies keys and asks the provider what only the
// provider can answer. It moves no money and decides nothing.
package integrations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// Integrations reaches the companies' providers.
type Integrations struct {
	Store      *store.Store
	StripeBase string       // Stripe's own address when empty
	PublicURL  string       // where Portal is reached: providers send their events there
	Inbox      *inbox.Inbox // keeps events that did not come and were fetched
	Pace       Pace
	Platform   Platform // whose app companies connect to by OAuth
	Now        func() time.Time
	Log        *slog.Logger

	lines sync.Map // the line of each key and account
	turns sync.Map // the lock of each connection that is being changed
}

// turn waits until nobody else here changes a program's connection: two at once would make two endpoints of it, and lose one's
// secret. Whoever is done calls end.
func (in *Integrations) turn(c models.Caller) (end func()) {
	kept, _ := in.turns.LoadOrStore(models.Caller{Tenant: c.Tenant, Program: c.Program}, new(sync.Mutex))
	one := kept.(*sync.Mutex)
	one.Lock()
	return one.Unlock
}

// unmoved begins a change of a connection as it was seen. ErrConflict: it was granted, or ended, by OAuth since: another
// process of ours did that, and what Stripe was told meanwhile is not what is kept.
func unmoved(ctx context.Context, tx *store.Store, was store.Integration) error {
	if err := tx.LockBucket(ctx, was.Tenant); err != nil { // payments are decided by who shares an account (D15)
		return err
	}
	now, err := tx.Integration(ctx, was.Tenant, was.Program, was.Source)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	same := was.OAuth.Connected == now.OAuth.Connected && (!was.OAuth.Connected || was.OAuth.GrantedAt.Equal(*now.OAuth.GrantedAt))
	if !same {
		return models.Refuse(models.ErrConflict, "Somebody else changed this connection meanwhile. Nothing was changed here; look how it stands now.")
	}
	return nil
}

// Change is what is set on a connection; nil leaves it as it is.
type Change struct{ APIKey, WebhookSecret *string }

// rollTime is how long a former webhook secret stays valid: as long as Stripe may go on signing with it (MONEY.md 1.4).
const rollTime = 24 * time.Hour

// Save checks and keeps a connection's secrets. A key of another kind or mode, or one that Stripe refuses, is a
// FieldErrors, and nothing is kept (MONEY.md 3.2). The webhook secret that a new one replaces stays valid for a day.
func (in *Integrations) Save(ctx context.Context, c models.Caller, source models.SourceName, change Change, who models.Actor) (store.Integration, error) {
	defer in.turn(c)()
	at := store.Connection{Tenant: c.Tenant, Program: c.Program, Source: source}
	i, err := in.Store.Integration(ctx, c.Tenant, c.Program, source)
	if errors.Is(err, models.ErrNotFound) {
		i = store.Integration{Tenant: c.Tenant, Program: c.Program, Source: source}
	} else if err != nil {
		return i, err
	}
	if change.WebhookSecret != nil {
		secret, err := webhookSecret(*change.WebhookSecret)
		if err != nil {
			return i, err
		}
		if i.WebhookSecret != "" && i.WebhookSecret != secret {
			i.FormerSecret, i.FormerUntil = i.WebhookSecret, new(in.Now().Add(rollTime))
		}
		i.WebhookSecret = secret
	}
	before := i
	if change.APIKey != nil {
		if err := in.takeKey(ctx, &i, *change.APIKey); err != nil {
			return i, err
		}
		i.OAuth = store.OAuth{}
	}
	var made *endpoint
	if in.MayAsk(i) && !i.OAuth.Connected { // a secret alone may be of an endpoint just made by hand: what it is told of is looked up, if it can be
		if made, err = in.listen(ctx, &i); err != nil && change.APIKey != nil {
			return i, notChecked(err)
		}
	}
	wasBroken := i.Status == "broken"
	if change.APIKey != nil || !wasBroken { // a key that Stripe refuses is not mended by a secret
		i.Status = "connected"
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := unmoved(ctx, tx, before); err != nil {
			return err
		}
		if err := untaken(ctx, tx, i); err != nil {
			return err
		}
		if err := tx.SaveIntegration(ctx, i, in.Now()); err != nil {
			return err
		}
		if wasBroken && i.Status == "connected" {
			if err := tx.QueueNotice(ctx, at, models.ConnectionMended, in.Now()); err != nil {
				return err
			}
		}
		if err := errors.Join(tx.WakeAll(ctx, c.Tenant, in.Now()), tx.Enqueue(ctx, at.Healing(), nil),
			tx.Enqueue(ctx, models.SyncCatalog{Company: c.Company, Mode: c.Mode, Program: c.Program}, nil)); err != nil {
			return err
		}
		return tx.Audited(ctx, c.Company, who, "integration.saved", c.Program.String(), string(source)+" "+string(c.Mode), in.Now())
	})
	if err != nil && made != nil { // its secret is lost
		err = errors.Join(err, in.reach(i).drop(context.WithoutCancel(ctx), made.ID))
	}
	if err == nil && before.OAuth.Connected && !i.OAuth.Connected {
		in.release(context.WithoutCancel(ctx), at, *before.Account)
	}
	return i, err
}

// notChecked says of a failure while a key was checked that nothing was kept.
func notChecked(err error) error {
	var r refusal
	if errors.As(err, &r) {
		return models.Refuse(models.ErrLater, fmt.Sprintf("The key could not be checked: Stripe answered %d. Nothing was kept; try again in a minute.", r.Status))
	}
	return err
}

// webhookSecret takes a signing secret as Stripe shows it.
func webhookSecret(text string) (string, error) {
	secret := strings.TrimSpace(text)
	switch {
	case secret == "":
		return "", models.Invalid("webhook_secret", "must not be empty")
	case !strings.HasPrefix(secret, "whsec_") || secret == "whsec_" || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", models.Invalid("webhook_secret", "must be a webhook signing secret; it begins with whsec_")
	}
	return secret, nil
}

// takeKey checks a key's kind and mode, verifies it against the account, and puts it on the connection.
func (in *Integrations) takeKey(ctx context.Context, i *store.Integration, text string) error {
	key, err := apiKey(text, i.Mode)
	if err != nil {
		return err
	}
	account, err := in.stripe(key).account(ctx)
	if err != nil {
		return err
	}
	missing, err := in.stripe(key).missingRights(ctx)
	if err != nil {
		return notChecked(err)
	}
	i.APIKey, i.Account, i.MissingRights = key, account, missing
	return untaken(ctx, in.Store, *i)
}

// untaken refuses an account that another company is connected to: the same sale would count in both (MONEY.md 3.1). In a
// transaction nobody else connects it meanwhile.
func untaken(ctx context.Context, tx *store.Store, i store.Integration) error {
	if i.Account == nil || i.APIKey == "" {
		return nil
	}
	if err := tx.LockAccount(ctx, i.Source, *i.Account); err != nil {
		return err
	}
	taken, err := tx.AccountTaken(ctx, i.Tenant, i.Source, *i.Account)
	if err == nil && taken {
		err = models.Invalid("api_key", "opens a Stripe account that another company is connected to here; its sales would count twice. Disconnect it there first, or use another account's key")
	}
	return err
}

// kinds are what people paste by mistake, and what it is.
var kinds = map[string]string{"pk_": "a publishable key", "whsec_": "a webhook signing secret", "ca_": "an OAuth client id", "acct_": "an account id"}

// odd is what no key holds: also what is pasted along and not seen.
var odd = regexp.MustCompile(`[^!-~]`)

// apiKey takes a secret or restricted key of the right mode.
func apiKey(text string, mode models.Mode) (string, error) {
	key := strings.TrimSpace(text)
	for prefix, kind := range kinds {
		if strings.HasPrefix(key, prefix) {
			return "", models.Invalid("api_key", "is "+kind+"; paste a secret key (sk_…) or a restricted key (rk_…)")
		}
	}
	for _, prefix := range []string{"sk_", "rk_"} {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok || odd.MatchString(key) {
			continue
		}
		if secret, ok := strings.CutPrefix(rest, string(mode)+"_"); ok && secret != "" {
			return key, nil
		}
		return "", models.Invalid("api_key", "is not a key of "+string(mode)+" mode; it must begin with "+prefix+string(mode)+"_")
	}
	return "", models.Invalid("api_key", "must be a Stripe secret key (sk_"+string(mode)+"_…) or restricted key (rk_"+string(mode)+"_…)")
}

// Ask finds out whose invoice a charge is, from the provider (MONEY.md 2.2). ErrLater, with a sentence, when it cannot be had.
func (in *Integrations) Ask(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, q models.Question) (sources.Answer, error) {
	i, err := in.asked(ctx, t, program, source)
	if err != nil {
		return sources.Answer{}, err
	}
	if !in.MayAsk(i) {
		return sources.Answer{}, models.Refuse(models.ErrLater, "Only Stripe can say whether an invoice stands behind this charge, and no API key is connected. Connect one, or wait for the sale's own event.")
	}
	return in.reach(i).invoiceOf(ctx, q)
}

// asked is the connection to ask by; the zero one where there is none. The money of an API call is asked about at Stripe,
// too: its key is a charge's or an intent's id then.
func (in *Integrations) asked(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (store.Integration, error) {
	if source == models.SourceAPI {
		source = models.SourceStripe
	}
	i, err := in.Store.Integration(ctx, t, program, source)
	if errors.Is(err, models.ErrNotFound) {
		return store.Integration{}, nil
	}
	return i, err
}

// Show asks the provider for things that a payment which counts already would like to know. What does not exist, and what
// the key may not read, is said in the answer. ErrLater, with a sentence, when it cannot be had now.
func (in *Integrations) Show(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, wants []models.Want) (sources.Answer, error) {
	i, err := in.asked(ctx, t, program, source)
	if err != nil {
		return sources.Answer{}, err
	}
	if !in.MayAsk(i) {
		return sources.Answer{}, models.Refuse(models.ErrLater, "No API key is connected.")
	}
	return in.reach(i).show(ctx, wants)
}
