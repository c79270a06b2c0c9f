package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// BackfillWanted is a link from a day in the past, as a person asks for it.
type BackfillWanted struct {
	Customer models.CustomerID
	Partner  models.PartnerID
	Since    time.Time // its UTC day
	Reason   string
}

// What stands on the tape under "backfill" and "backfill_undone".
type (
	backfillDone struct {
		ID       models.BackfillID `json:"id"`
		Customer string            `json:"customer"`
		Partner  string            `json:"partner"`
		Since    time.Time         `json:"since"`
		Reason   string            `json:"reason"`
		By       string            `json:"by"`
		At       time.Time         `json:"at"`
	}
	backfillUndone struct {
		ID models.BackfillID `json:"id"`
		By string            `json:"by"`
	}
)

// errSeen ends the transaction of a preview, so that nothing of it is kept.
var errSeen = errors.New("only looked at")

// PreviewBackfill tells exactly what a backfill would change, and a seal of that to confirm it by: it is done by the same
// code, in a transaction that is rolled back. A day ahead is a FieldErrors.
func (in *Inbox) PreviewBackfill(ctx context.Context, t models.Tenant, want BackfillWanted) (e models.Effect, seal string, err error) {
	if err := in.checkSince(want); err != nil {
		return e, "", err
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		c, to, err := in.partiesTo(ctx, tx, t, want)
		if err != nil {
			return err
		}
		if e, err = in.backfill(ctx, tx, c, in.batch(c, to, want, models.Actor{})); err != nil {
			return err
		}
		return errSeen
	})
	if !errors.Is(err, errSeen) {
		return e, "", err
	}
	return e, sealOf(e), nil
}

// Backfill links a customer from a day in the past as one batch: what their payments since then earn becomes the partner's,
// by bookings (B3). When the effect is not the one that was seen, or there is none, it is an ErrConflict and nothing changes.
func (in *Inbox) Backfill(ctx context.Context, t models.Tenant, want BackfillWanted, seal string, who models.Actor) (b models.Backfill, err error) {
	if want.Reason = strings.TrimSpace(want.Reason); want.Reason == "" || len(want.Reason) > 500 {
		return b, models.Invalid("reason", "say why, in 500 characters at most")
	}
	if err := in.checkSince(want); err != nil {
		return b, err
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		c, to, err := in.partiesTo(ctx, tx, t, want)
		if err != nil {
			return err
		}
		b = in.batch(c, to, want, who)
		if b.Effect, err = in.backfill(ctx, tx, c, b); err != nil {
			return err
		}
		if len(b.Effect.Changes) == 0 {
			return models.Refuse(models.ErrConflict, "No payment since that day would change. Link the customer instead: that holds from now on.")
		}
		if sealOf(b.Effect) != seal {
			return models.Refuse(models.ErrConflict, "This is not what you saw: something came in meanwhile. Look at the preview again, then confirm it.")
		}
		done := backfillDone{ID: b.ID, Customer: c.Key, Partner: to.Key, Since: b.Since, Reason: b.Reason, By: b.MadeBy, At: b.MadeAt}
		return errors.Join(tx.AddBackfill(ctx, b), tx.Record(ctx, t, "backfill", b.MadeAt, done),
			tx.Audited(ctx, t.Company, who, "customer.backfilled", c.ID.String(), fmt.Sprintf("%s to %s since %s, %d payments: %s",
				c.Key, to.Key, b.Since.Format(time.DateOnly), len(b.Effect.Changes), b.Reason), b.MadeAt))
	})
	return b, err
}

func (in *Inbox) checkSince(want BackfillWanted) error {
	if want.Since.After(in.Now()) {
		return models.Invalid("since", "lies ahead; give a day up to today")
	}
	return nil
}

// partiesTo loads the customer and the partner. A record with one partner is theirs by its name: it is ErrNotFound (F70).
func (in *Inbox) partiesTo(ctx context.Context, tx *store.Store, t models.Tenant, want BackfillWanted) (models.Customer, models.Partner, error) {
	c, err := tx.Customer(ctx, t, want.Customer)
	if err == nil && c.Composite {
		err = fmt.Errorf("backfill %s: %w", c.Key, models.ErrNotFound)
	}
	if err != nil {
		return c, models.Partner{}, err
	}
	to, err := tx.Partner(ctx, t, want.Partner)
	return c, to, err
}

func (in *Inbox) batch(c models.Customer, to models.Partner, want BackfillWanted, who models.Actor) models.Backfill {
	now := in.now()
	return models.Backfill{Tenant: c.Tenant, ID: models.NewID[models.BackfillID](now), Customer: c.ID, Partner: to.ID, PartnerKey: to.Key, PartnerName: to.Name,
		CustomerKey: c.Key, Email: c.Email, Since: startOfDay(want.Since), Reason: want.Reason, MadeBy: who.Name, MadeAt: now}
}

// backfill keeps the batch's link and decides anew what the customer, and all who share an address with them, paid since.
func (in *Inbox) backfill(ctx context.Context, tx *store.Store, c models.Customer, b models.Backfill) (models.Effect, error) {
	from := since{at: b.Since}
	e, _, err := in.effect(ctx, tx, c, from, func(ctx context.Context) error {
		link := models.Link{Customer: c.ID, Partner: b.Partner, From: b.Since, Origin: models.OriginBackfill, Batch: b.ID}
		if err := tx.AddLink(ctx, c.Tenant, link); err != nil {
			return fmt.Errorf("link customer %s since %s: %w", c.Key, b.Since.Format(time.DateOnly), err)
		}
		return in.redecideKin(ctx, tx, c, from)
	})
	if err != nil {
		return e, err
	}
	e.Stays, err = in.linkedLater(ctx, tx, c, b)
	return e, err
}

// linkedLater are the links by people and the API that begin after a backfill's and stay.
func (in *Inbox) linkedLater(ctx context.Context, tx *store.Store, c models.Customer, b models.Backfill) ([]models.LaterLink, error) {
	links, err := tx.LinksOf(ctx, c.Tenant, c.ID)
	if err != nil {
		return nil, err
	}
	var later []models.LaterLink
	for _, l := range links {
		if l.Origin == "event" || !l.From.After(b.Since) || l.Partner == b.Partner {
			continue
		}
		p, err := tx.Partner(ctx, c.Tenant, l.Partner)
		if err != nil {
			return nil, err
		}
		later = append(later, models.LaterLink{From: l.From, Key: p.Key, Name: p.Name})
	}
	return later, nil
}

// sealOf is a digest of an effect: who confirms it has seen exactly this.
func sealOf(e models.Effect) string {
	text, _ := json.Marshal(e) // plain values always marshal
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// UndoBackfill takes a batch back as one: its link goes, and what it touched is decided anew, by bookings. Once a part of
// it is paid or being paid, or it was undone before, it is an ErrConflict and nothing changes.
func (in *Inbox) UndoBackfill(ctx context.Context, t models.Tenant, id models.BackfillID, who models.Actor) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		b, err := tx.Backfill(ctx, t, id)
		if err != nil {
			return err
		}
		shrunk, err := in.undo(ctx, tx, b, who.Name)
		if err != nil {
			return err
		}
		paid, err := tx.EntriesPaid(ctx, t, shrunk)
		if err != nil {
			return err
		}
		for _, c := range slices.SortedFunc(slices.Values(shrunk), func(a, b models.CommissionID) int { return strings.Compare(a.String(), b.String()) }) {
			if number := paid[c]; number != "" {
				return models.Refuse(models.ErrConflict, "Invoice "+number+" has paid a part of this backfill, or is paying it now, so it cannot be undone as a whole. "+
					"Give single payments to another partner instead: what was paid then comes off the next invoice.")
			}
		}
		return errors.Join(tx.Record(ctx, t, "backfill_undone", in.now(), backfillUndone{ID: id, By: who.Name}),
			tx.Audited(ctx, t.Company, who, "customer.backfill_undone", b.Customer.String(), b.CustomerKey+" to "+b.PartnerKey+" since "+b.Since.Format(time.DateOnly), in.now()))
	})
}

// undo drops a batch's link and decides anew; it gives the commissions that shrank.
func (in *Inbox) undo(ctx context.Context, tx *store.Store, b models.Backfill, who string) ([]models.CommissionID, error) {
	stood, err := tx.UndoBackfill(ctx, b.Tenant, b.ID, who, in.now())
	if err != nil {
		return nil, err
	}
	if !stood {
		return nil, models.Refuse(models.ErrConflict, "This backfill was undone already.")
	}
	c, err := tx.Customer(ctx, b.Tenant, b.Customer)
	if err != nil {
		return nil, err
	}
	from := since{at: b.Since}
	_, shrunk, err := in.effect(ctx, tx, c, from, func(ctx context.Context) error { return in.redecideKin(ctx, tx, c, from) })
	return shrunk, err
}

// backfillAgain does what the tape tells of a backfill.
func (in *Inbox) backfillAgain(ctx context.Context, tx *store.Store, t models.Tenant, done backfillDone) error {
	c, err := tx.CustomerByKey(ctx, t, done.Customer)
	if err != nil {
		return err
	}
	to, err := tx.PartnerByKey(ctx, t, done.Partner)
	if err != nil {
		return err
	}
	b := models.Backfill{Tenant: t, ID: done.ID, Customer: c.ID, Partner: to.ID, Since: done.Since, Reason: done.Reason, MadeBy: done.By, MadeAt: done.At}
	if b.Effect, err = in.backfill(ctx, tx, c, b); err != nil {
		return err
	}
	return tx.AddBackfill(ctx, b)
}

// backfillUndoneAgain does what the tape tells of an undoing.
func (in *Inbox) backfillUndoneAgain(ctx context.Context, tx *store.Store, t models.Tenant, done backfillUndone) error {
	b, err := tx.Backfill(ctx, t, done.ID)
	if err != nil {
		return err
	}
	_, err = in.undo(ctx, tx, b, done.By)
	return err
}
