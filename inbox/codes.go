package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// AddCode gives a partner a coupon or promotion code, or Stripe's id of one. It stands for the partner for payments from
// now on, as a link made by hand does (D14). One that stands for somebody already is an ErrConflict.
func (in *Inbox) AddCode(ctx context.Context, t models.Tenant, text string, partner models.PartnerID, who models.Actor) (c models.Code, err error) {
	return in.addCode(ctx, t, text, partner, in.moment(), who)
}

// AdoptCode gives a partner a promotion code that was made at the provider for them, by its id: it stands for the partner
// from when it was made (F33). Payments that came with it before this was known are decided anew. One that stands for
// somebody already is an ErrConflict.
func (in *Inbox) AdoptCode(ctx context.Context, t models.Tenant, id string, partner models.PartnerID, made time.Time, who models.Actor) error {
	_, err := in.addCode(ctx, t, id, partner, made, who)
	return err
}

func (in *Inbox) addCode(ctx context.Context, t models.Tenant, text string, partner models.PartnerID, from time.Time, who models.Actor) (c models.Code, err error) {
	c = models.Code{Tenant: t, ID: models.NewID[models.CodeID](in.Now()), Code: strings.TrimSpace(text), Partner: partner, From: from}
	if !isCode(c.Code) {
		return c, models.Invalid("code", "must be 1 to 200 printable characters")
	}
	err = in.locked(ctx, t, func(tx *store.Store) error {
		to, err := tx.Partner(ctx, t, partner)
		if err != nil {
			return err
		}
		c.PartnerKey = to.Key
		if err := tx.AddCode(ctx, c, in.now()); err != nil {
			return fmt.Errorf("add code %q: %w", c.Code, err)
		}
		if err := tx.Audited(ctx, t.Company, who, "code.added", partner.String(), c.Code, in.now()); err != nil {
			return err
		}
		return in.settleCode(ctx, tx, t, c.Code, c.From, in.moment())
	})
	return c, err
}

// settleCode decides anew what came with a code since a moment, and what was paid since another: of that, what a discount
// stands for may not be known yet.
func (in *Inbox) settleCode(ctx context.Context, tx *store.Store, t models.Tenant, code string, from, now time.Time) error {
	touched, err := tx.PaymentsTouched(ctx, t, code, from)
	if err != nil {
		return err
	}
	if err := in.settleTouched(ctx, tx, t, touched, nil); err != nil {
		return err
	}
	return in.settleSince(ctx, tx, t, now)
}

// RemoveCode ends what a code stands for: payments from now on find nobody by it. It gives the code as it was; ErrNotFound
// when it stands for nobody.
func (in *Inbox) RemoveCode(ctx context.Context, t models.Tenant, text string, who models.Actor) (was models.Code, err error) {
	err = in.locked(ctx, t, func(tx *store.Store) error {
		codes, err := tx.CodesNamed(ctx, t, []string{models.NormalCode(text)})
		if err != nil {
			return err
		}
		live := slices.IndexFunc(codes, func(c models.Code) bool { return c.Until == nil })
		if live < 0 {
			return fmt.Errorf("remove code %q: %w", text, models.ErrNotFound)
		}
		now := in.moment()
		was = codes[live]
		if err := tx.RemoveCode(ctx, t, text, now); err != nil {
			return err
		}
		if err := tx.Audited(ctx, t.Company, who, "code.removed", was.Partner.String(), was.Code, in.now()); err != nil {
			return err
		}
		return in.settleSince(ctx, tx, t, now)
	})
	return was, err
}

// settleSince decides anew the payments from a moment on. When the moment is now there are hardly any.
func (in *Inbox) settleSince(ctx context.Context, tx *store.Store, t models.Tenant, from time.Time) error {
	touched, err := tx.PaymentsSince(ctx, t, from)
	if err != nil {
		return err
	}
	return in.settleTouched(ctx, tx, t, touched, nil)
}

// locked runs fn in a transaction that is alone in deciding about the tenant's money.
func (in *Inbox) locked(ctx context.Context, t models.Tenant, fn func(*store.Store) error) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Clicked keeps a visit through a partner's link, and decides anew what named the click before it was known.
func (in *Inbox) Clicked(ctx context.Context, c models.Click) error {
	return in.locked(ctx, c.Tenant, func(tx *store.Store) error {
		if err := tx.AddClick(ctx, c); err != nil {
			return fmt.Errorf("keep click %q: %w", c.ID, err)
		}
		return in.settleClick(ctx, tx, c.Tenant, c.ID, c.At)
	})
}

func (in *Inbox) settleClick(ctx context.Context, tx *store.Store, t models.Tenant, id string, at time.Time) error {
	touched, err := tx.PaymentsTouched(ctx, t, id, at)
	if err != nil {
		return err
	}
	return in.settleTouched(ctx, tx, t, touched, nil)
}

func isCode(text string) bool {
	odd := func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }
	return text != "" && len(text) <= 200 && !strings.ContainsFunc(text, odd)
}
