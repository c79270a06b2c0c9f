package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"portal/models"
	"portal/store"
)

// StartCustomers begins to bring a program's customers from Stripe (F5, F32). ErrConflict, with a sentence, where nothing
// can be asked, or a run is under way already.
func (in *Integrations) StartCustomers(ctx context.Context, c models.Caller, who models.Actor) error {
	i, err := in.asked(ctx, c.Tenant, c.Program, models.SourceStripe)
	if err != nil {
		return err
	}
	if !in.MayAsk(i) {
		return models.Refuse(models.ErrConflict, "Connect Stripe first: Portal has no key to ask with.")
	}
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		now := in.reach(i).now()
		y := models.Sync{Tenant: c.Tenant, Program: c.Program, Kind: models.SyncOfCustomers, State: models.SyncRunning, MadeBy: who.Name, StartedAt: now, BeatAt: now}
		last, err := tx.LockSync(ctx, c.Tenant, c.Program, y.Kind)
		switch {
		case errors.Is(err, models.ErrNotFound):
		case err != nil:
			return err
		case last.State == models.SyncRunning || last.State == models.SyncPaused:
			return models.Refuse(models.ErrConflict, "Customers are being brought already.")
		case last.State == models.SyncDone:
			y.Expected = last.Seen
		default:
			y.Expected = last.Expected
		}
		return errors.Join(tx.SaveSync(ctx, y), promiseCustomers(ctx, tx, y), tx.Audited(ctx, c.Company, who, "customers.sync_started", c.Program.String(), string(c.Mode), now))
	})
}

func promiseCustomers(ctx context.Context, tx *store.Store, y models.Sync) error {
	return tx.Enqueue(ctx, models.SyncCustomers{Company: y.Company, Mode: y.Mode, Program: y.Program}, nil)
}

// SteerCustomers pauses a run, lets it go on from where it was, or ends it; what was brought stays. ErrConflict, with a
// sentence, when the run is not in a state for that any more.
func (in *Integrations) SteerCustomers(ctx context.Context, c models.Caller, to models.SyncState, who models.Actor) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		y, err := tx.LockSync(ctx, c.Tenant, c.Program, models.SyncOfCustomers)
		if err != nil {
			return err
		}
		from, now := y.State, in.Now().UTC().Truncate(time.Microsecond)
		switch {
		case to == models.SyncPaused && from == models.SyncRunning:
		case to == models.SyncRunning && (from == models.SyncPaused || from == models.SyncFailed):
			y.Because = ""
			if err := promiseCustomers(ctx, tx, y); err != nil {
				return err
			}
		case to == models.SyncCancelled && (from == models.SyncRunning || from == models.SyncPaused || from == models.SyncFailed):
			y.FinishedAt = &now
		default:
			return models.Refuse(models.ErrConflict, "It has moved on meanwhile. This is how it stands now.")
		}
		y.State, y.BeatAt = to, now
		return errors.Join(tx.SaveSync(ctx, y), tx.Audited(ctx, c.Company, who, "customers.sync_"+string(to), c.Program.String(), string(c.Mode), now))
	})
}

// errSteered ends a run that somebody paused or ended, or that another worker has taken further.
var errSteered = errors.New("the sync was steered")

// SyncCustomers brings a program's customers, a page and a transaction at a time, from where the last one ended. Cut off, it
// goes on there: the page that is under way is told again, which changes nothing. A key that Stripe refuses stops it,
// visibly; when Stripe is in trouble it is taken up again a little later.
func (in *Integrations) SyncCustomers(ctx context.Context, t models.Tenant, program models.ProgramID) error {
	y, err := in.Store.Sync(ctx, t, program, models.SyncOfCustomers)
	if err != nil || y.State != models.SyncRunning {
		return err
	}
	i, err := in.asked(ctx, t, program, models.SourceStripe)
	if err != nil {
		return err
	}
	if !in.MayAsk(i) {
		return in.stopped(ctx, y, models.SyncFailed, "Stripe is not connected any more. Connect it, and go on here.")
	}
	query := url.Values{}
	if y.Cursor != "" {
		query.Set("starting_after", y.Cursor)
	}
	err = in.customerPages(ctx, in.reach(i), query, &y)
	if noCursor(err) && y.ReachedAt != nil { // the customer that it had come to was deleted meanwhile
		err = in.customerPages(ctx, in.reach(i), url.Values{"created[lte]": {strconv.FormatInt(y.ReachedAt.Unix(), 10)}}, &y)
	}
	switch {
	case errors.Is(err, errSteered):
		return nil
	case err == nil:
		return in.stopped(ctx, y, models.SyncDone, "")
	case ctx.Err() != nil:
		return err
	case refused(err):
		return in.stopped(ctx, y, models.SyncFailed, standsInTheWay(err))
	}
	return errors.Join(in.stopped(ctx, y, models.SyncRunning, standsInTheWay(err)), unknownTrouble(err))
}

// customerPages reads the list to its end, and keeps its place.
func (in *Integrations) customerPages(ctx context.Context, s stripeAPI, query url.Values, y *models.Sync) error {
	return s.each(ctx, "/v1/customers", query, func(page []json.RawMessage) error {
		list := make([]models.ToldCustomer, 0, len(page))
		var last toldCustomer
		for _, raw := range page {
			last = toldCustomer{}
			if err := json.Unmarshal(raw, &last); err != nil || last.ID == "" {
				return unreadable
			}
			list = append(list, models.ToldCustomer{ID: last.ID, Email: last.Email, Name: last.Name})
		}
		return in.Inbox.TellCustomers(ctx, y.Tenant, list, func(tx *store.Store, fresh, updated int) error {
			now, err := tx.LockSync(ctx, y.Tenant, y.Program, y.Kind)
			if err != nil {
				return err
			}
			if now.State != models.SyncRunning || now.Cursor != y.Cursor || !now.StartedAt.Equal(y.StartedAt) {
				return errSteered
			}
			now.Seen, now.Fresh, now.Updated, now.BeatAt, now.Because = now.Seen+len(list), now.Fresh+fresh, now.Updated+updated, s.now(), ""
			if last.ID != "" {
				now.Cursor, now.ReachedAt = last.ID, new(time.Unix(last.Created, 0).UTC())
			}
			*y = now
			return tx.SaveSync(ctx, now)
		})
	})
}

// toldCustomer is what of Stripe's customer object is kept.
type toldCustomer struct {
	ID, Email, Name string
	Created         int64
}

// stopped keeps how a run ended, or what stands in its way, unless somebody steered it meanwhile.
func (in *Integrations) stopped(ctx context.Context, y models.Sync, state models.SyncState, because string) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		now, err := tx.LockSync(ctx, y.Tenant, y.Program, y.Kind)
		if err != nil || now.State != models.SyncRunning || now.Cursor != y.Cursor || !now.StartedAt.Equal(y.StartedAt) {
			return err
		}
		at := in.Now().UTC().Truncate(time.Microsecond)
		now.State, now.Because, now.BeatAt = state, because, at
		if state == models.SyncDone {
			now.FinishedAt = &at
		}
		return tx.SaveSync(ctx, now)
	})
}

// standsInTheWay says in a sentence why something could not be brought.
func standsInTheWay(err error) string {
	var r refusal
	var known models.Refusal
	switch {
	case errors.As(err, &r) && r.Status == http.StatusUnauthorized:
		return "Stripe refuses the API key. Connect a new one, and go on here."
	case errors.As(err, &r) && r.Status == http.StatusForbidden:
		return "The API key lacks a right that this needs: " + r.Body.Error.Message
	case errors.As(err, &r):
		return fmt.Sprintf("Stripe answered %d. Portal will ask again in a minute.", r.Status)
	case errors.As(err, &known):
		return known.Sentence
	}
	return "Something went wrong here. Portal will try again in a minute."
}

// unknownTrouble is an error that is neither Stripe's nor said in a sentence: it is nobody's but ours.
func unknownTrouble(err error) error {
	var r refusal
	if errors.As(err, &r) || errors.Is(err, models.ErrLater) {
		return nil
	}
	return err
}

// noCursor tells that Stripe does not know the thing after which a list was to go on.
func noCursor(err error) bool {
	var r refusal
	return errors.As(err, &r) && (r.Status == http.StatusBadRequest || r.Status == http.StatusNotFound) && (r.Body.Error.Code == "resource_missing" || r.Body.Error.Param == "starting_after")
}

// restartAfter is how long a run may stand still before it is taken up again.
const restartAfter = time.Minute

// CarrySyncs takes up runs that were cut off, or that Stripe was too busy for, and promises the catalogs that are due.
func (in *Integrations) CarrySyncs(ctx context.Context) error {
	list, err := in.Store.SyncsCutOff(ctx, in.Now().Add(-restartAfter))
	if err != nil {
		return err
	}
	failed := []error{in.promiseCatalogs(ctx)}
	for _, y := range list {
		if y.Kind == models.SyncOfCustomers {
			failed = append(failed, in.Store.InTx(ctx, func(tx *store.Store) error { return promiseCustomers(ctx, tx, y) }))
		}
	}
	return errors.Join(failed...)
}
