package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/rates"
	"portal/sources"
	"portal/store"
)

// What people and the API did to customers and payments, as it stands on the tape.
type (
	customerDone struct {
		Key      string  `json:"key"`
		Email    *string `json:"email,omitempty"`
		Name     *string `json:"name,omitempty"`
		StripeID *string `json:"stripe_id,omitempty"`
		Partner  *string `json:"partner,omitempty"`
		Origin   string  `json:"origin"`

		Program *models.ProgramID `json:"program,omitempty"`
	}
	givenDone struct {
		Payment string        `json:"payment"`
		Choice  models.Choice `json:"choice"`
	}
)

// replayed is who does again what the tape tells.
var replayed = models.Actor{Name: "portal replay"}

// Play takes one turn of the tape again, in a transaction of a rebuilt database, with the clock as it stood then. It
// asks nobody: what a provider once answered is kept with the event.
func Play(ctx context.Context, tx *store.Store, turn store.Taped) error {
	now := func() time.Time { return turn.At }
	in := &Inbox{Store: tx, Now: now, Rates: &rates.Rates{Store: tx, Now: now}}
	var err error
	switch turn.Kind {
	case "event":
		e := turn.Event
		if turn.Later {
			e, err = atFirst(e)
		}
		if err == nil {
			err = in.playEvent(ctx, tx, e)
		}
	case "again":
		err = play(turn, func(done againDone) error {
			e, err := done.atAgain(turn.Event)
			if err != nil {
				return err
			}
			return in.playEvent(ctx, tx, e)
		})
	case "account":
		err = tx.SetAccount(ctx, turn.Body, turn.At)
	case "customer":
		err = play(turn, func(done customerDone) error { return in.playCustomer(ctx, tx, turn.Tenant, done) })
	case "customers_told":
		err = play(turn, func(done customersTold) error { return in.tellAgain(ctx, tx, turn.Tenant, done) })
	case "given":
		err = play(turn, func(done givenDone) error { return in.playGiven(ctx, tx, turn.Tenant, done) })
	case "adjustment", "write_off":
		err = in.PlayAdjusted(ctx, tx, turn.Tenant, turn.Body)
	case "link", "link_file", "backfill", "backfill_undone":
		err = in.playLinks(ctx, tx, turn)
	default:
		err = in.playRow(ctx, tx, turn)
	}
	if err != nil {
		return fmt.Errorf("turn %d of the tape, %s: %w", turn.Turn, turn.Kind, err)
	}
	return nil
}

func play[T any](turn store.Taped, again func(T) error) error {
	var done T
	if err := json.Unmarshal(turn.Body, &done); err != nil {
		return err
	}
	return again(done)
}

func (in *Inbox) playEvent(ctx context.Context, tx *store.Store, e models.Event) error {
	news, err := sources.ByName[e.Source].Read(e)
	if err != nil || news.Silent != "" {
		return err
	}
	_, err = in.apply(ctx, tx, e, news) // what it would ask was asked then, or is not known
	return err
}

// playRow sets a row again and decides anew what that touched, as when it was set.
func (in *Inbox) playRow(ctx context.Context, tx *store.Store, turn store.Taped) error {
	isNew, err := tx.SetRow(ctx, turn.Kind, turn.Body)
	if err != nil {
		return err
	}
	switch {
	case turn.Kind == "partner" && isNew:
		return play(turn, func(row struct{ Key string }) error { return in.settleNaming(ctx, tx, turn.Tenant, row.Key) })
	case turn.Kind == "rules":
		return play(turn, func(row struct {
			Version int
			Program string `json:"program_id"`
		}) error {
			program, err := models.ParseID[models.ProgramID](row.Program)
			if err != nil || row.Version > 1 {
				return err
			}
			return in.settleAttributed(ctx, models.Caller{Tenant: turn.Tenant, Program: program})
		})
	case turn.Kind == "code":
		return play(turn, func(row struct {
			Code      string
			MadeAt    time.Time  `json:"made_at"`
			RemovedAt *time.Time `json:"removed_at"`
		}) error {
			if row.RemovedAt != nil {
				return in.settleSince(ctx, tx, turn.Tenant, *row.RemovedAt)
			}
			return in.settleCode(ctx, tx, turn.Tenant, row.Code, row.MadeAt, in.moment())
		})
	case turn.Kind == "click":
		return play(turn, func(row struct {
			ID string
			At time.Time
		}) error {
			return in.settleClick(ctx, tx, turn.Tenant, row.ID, row.At)
		})
	case turn.Kind == "rate":
		return in.TurnWaiting(ctx)
	}
	return nil
}

func (in *Inbox) playCustomer(ctx context.Context, tx *store.Store, t models.Tenant, done customerDone) error {
	change := CustomerChange{Email: done.Email, Name: done.Name, StripeID: done.StripeID, Partner: done.Partner}
	if done.Program != nil {
		change.Program = *done.Program
	}
	c, err := tx.CustomerByKey(ctx, t, done.Key)
	if errors.Is(err, models.ErrNotFound) {
		_, err = in.AddCustomer(ctx, t, done.Key, change, done.Origin, replayed)
	} else if err == nil {
		_, err = in.ChangeCustomer(ctx, c, change, done.Origin, replayed)
	}
	return err
}

func (in *Inbox) playGiven(ctx context.Context, tx *store.Store, t models.Tenant, done givenDone) error {
	p, err := tx.PaymentByAlias(ctx, t, done.Payment)
	if err != nil {
		return err
	}
	if err := tx.SaveChoice(ctx, t, p.ID, done.Choice); err != nil {
		return err
	}
	return in.settle(ctx, tx, t, p.ID)
}
