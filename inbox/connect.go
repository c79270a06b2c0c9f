package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// Why an event of a connected account is no company's money. It is kept with the platform's events.
const (
	ofPlatform = "it names no connected account, so it is the platform's own"
	ofNoMode   = "it does not say whether it is test or live"
	ofPartner  = "it is of an account that partners are paid to: never revenue"
	ofNobody   = "nobody here is connected by OAuth to this account in this mode"
	ofAccess   = "a company took Portal's access to its account away"
)

// heard is an event of a connected account, as far as its way depends on it.
type heard struct {
	models.Event
	account string
	at      time.Time // when it happened
}

// AcceptConnect proves an event that the platform's Connect endpoint is sent, and keeps it: for each company that is connected
// by OAuth to its account in its mode, once, in the oldest such program (MONEY.md 1.4, 0.10, D15); with the platform's events
// where there is none, which is never revenue. ErrInvalid: the signature does not hold. ErrLater: not kept, send again.
func (in *Inbox) AcceptConnect(ctx context.Context, secret string, h http.Header, body []byte) error {
	e, err := sources.Stripe{}.Verify([]string{secret}, h, body, in.Now())
	if err != nil {
		return err
	}
	account, at := accountIn(body)
	told := heard{e, account, at}
	to, because, err := in.routed(ctx, told)
	if err != nil {
		return fmt.Errorf("%w: route event %s: %w", models.ErrLater, e.ProviderID, err)
	}
	for _, c := range to {
		one := e
		one.Tenant, one.Program, one.Status = c.Tenant, c.Program, models.EventPending
		in.name(&one)
		if err := in.door.keep(ctx, in.Store, one); err != nil {
			return err
		}
	}
	if len(to) > 0 {
		return nil
	}
	if err := in.Store.InTx(ctx, func(tx *store.Store) error { return in.aside(ctx, tx, told, because) }); err != nil {
		return fmt.Errorf("%w: keep event %s of %s: %w", models.ErrLater, e.ProviderID, account, err)
	}
	return nil
}

// routed lists whose money an event is news of; where it is nobody's, why.
func (in *Inbox) routed(ctx context.Context, e heard) (to []store.Connection, because string, err error) {
	switch {
	case e.account == "":
		return nil, ofPlatform, nil
	case e.Mode == "":
		return nil, ofNoMode, nil
	}
	if pays, err := in.Store.AccountPaysPartners(ctx, e.account); err != nil || pays {
		return nil, ofPartner, err
	}
	if e.Type == "account.application.deauthorized" {
		return nil, ofAccess, nil
	}
	to, err = in.Store.Routed(ctx, e.Mode, models.SourceStripe, e.account, e.at)
	return to, ofNobody, err
}

// aside keeps an event with the platform's, once. One that says that a company took the access away breaks its connections, and
// has Stripe asked: an access that was granted again meanwhile mends them.
func (in *Inbox) aside(ctx context.Context, tx *store.Store, e heard, because string) error {
	isNew, err := tx.KeepAccountEvent(ctx, store.PlatformEvent{ID: models.NewID[models.EventID](in.now()), ProviderID: e.ProviderID, Type: e.Type,
		Account: e.account, Mode: e.Mode, Because: because, Body: e.Body}, in.now())
	if err != nil || !isNew {
		return err
	}
	if because == ofPartner && tellsOfAccount(e.Type) {
		return tx.Enqueue(ctx, models.ReadAccount{Mode: e.Mode, Account: e.account}, nil)
	}
	if because == ofPartner {
		return in.ofPayout(ctx, tx, e)
	}
	if because != ofAccess {
		return nil
	}
	broken, err := tx.Revoke(ctx, e.Mode, models.SourceStripe, e.account, e.at)
	if err != nil || len(broken) == 0 {
		return err
	}
	var failed error
	for _, c := range broken {
		failed = errors.Join(failed, tx.Enqueue(ctx, c.Healing(), nil), tx.Audited(ctx, c.Company, models.Actor{Name: "Stripe"}, "integration.revoked", c.Program.String(), string(c.Source)+" "+string(c.Mode), in.now()))
		if c.Anew {
			failed = errors.Join(failed, tx.QueueNotice(ctx, c.Connection, models.AccessRevoked, in.now()))
		}
	}
	return failed
}

// tellsOfAccount tells an event after which an account may stand otherwise: Stripe is asked, the event is not believed (MONEY.md 1.3).
func tellsOfAccount(kind string) bool {
	return strings.HasPrefix(kind, "account.") || strings.HasPrefix(kind, "capability.") || strings.HasPrefix(kind, "person.")
}

// accountID is what a connected account is called.
var accountID = regexp.MustCompile(`^acct_[A-Za-z0-9_]{1,100}$`)

// accountIn is the connected account that an event is of, and when it happened; the zero values where it does not say.
func accountIn(body []byte) (account string, at time.Time) {
	var said struct {
		Account any
		Created any
	}
	_ = json.Unmarshal(body, &said) // what is no JSON names nobody
	if text, _ := said.Account.(string); accountID.MatchString(text) {
		account = text
	}
	seconds, _ := said.Created.(float64)
	return account, time.Unix(int64(seconds), 0).UTC()
}

// ofPayout has a payout from a partner's account to the partner's bank looked at (MONEY.md 4.7).
func (in *Inbox) ofPayout(ctx context.Context, tx *store.Store, e heard) error {
	news, ok := namedIn(e.Body)
	if !ok || news.Object != "payout" {
		return nil
	}
	news.Account = e.account
	return tx.Enqueue(ctx, news, nil)
}
