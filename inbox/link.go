package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// linkDone is one link by a person, as it stands on the tape under "link".
type linkDone struct {
	Customer string    `json:"customer"`
	Partner  string    `json:"partner"`
	From     time.Time `json:"from"`
}

// Link ties customers to a partner from now on, and tells how many were not theirs already (F85). What they paid before
// stays as it is (F86). A partner who is not active is an ErrConflict.
func (in *Inbox) Link(ctx context.Context, t models.Tenant, customers []models.CustomerID, partner models.PartnerID, who models.Actor) (linked int, err error) {
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		to, err := tx.Partner(ctx, t, partner)
		if err != nil {
			return err
		}
		if to.Status != models.PartnerActive {
			return models.Refuse(models.ErrConflict, to.Name+" is not active: a customer linked to them would earn nothing for anybody.")
		}
		for _, id := range customers {
			isNew, err := in.linkOne(ctx, tx, t, id, to, who)
			if err != nil {
				return fmt.Errorf("link customer %s: %w", id, err)
			}
			if isNew {
				linked++
			}
		}
		return nil
	})
	return linked, err
}

func (in *Inbox) linkOne(ctx context.Context, tx *store.Store, t models.Tenant, id models.CustomerID, to models.Partner, who models.Actor) (bool, error) {
	owned, err := tx.Owned(ctx, t, []models.CustomerID{id}, in.moment())
	if err != nil {
		return false, err
	}
	c, known := owned[id]
	if !known || c.Composite { // a record with one partner belongs to them by its name (F70)
		return false, models.ErrNotFound
	}
	if c.PartnerID == to.ID {
		return false, nil
	}
	done := linkDone{Customer: c.Key, Partner: to.Key, From: in.moment()}
	return true, errors.Join(in.tie(ctx, tx, c.Customer, to, done.From), tx.Record(ctx, t, "link", in.now(), done),
		tx.Audited(ctx, t.Company, who, "customer.linked", c.ID.String(), c.Key+" to "+to.Key, in.now()))
}

// tie keeps a link by a person. Payments of its own time or later that are there already are decided anew (D14).
func (in *Inbox) tie(ctx context.Context, tx *store.Store, c models.Customer, to models.Partner, from time.Time) error {
	if err := tx.AddLink(ctx, c.Tenant, models.Link{Customer: c.ID, Partner: to.ID, From: from, Origin: "person"}); err != nil {
		return err
	}
	return in.redecideKin(ctx, tx, c, since{at: from})
}

// redecideKin decides anew what a customer paid from a moment on, and everybody whom a link of theirs may reach.
func (in *Inbox) redecideKin(ctx context.Context, tx *store.Store, c models.Customer, from since) error {
	group, err := in.kin(ctx, tx, c)
	if err != nil {
		return err
	}
	return in.redecideGroup(ctx, tx, c.Tenant, group, from)
}

// redecideGroup decides anew what some customers paid from a moment on.
func (in *Inbox) redecideGroup(ctx context.Context, tx *store.Store, t models.Tenant, group map[models.CustomerID]models.Customer, from since) error {
	return in.counted(ctx, tx, t, func(ctx context.Context) error { return in.redecideAll(ctx, tx, t, group, from, nil) })
}

// kin are a customer, all who share an address with them, on their record or on any payment, and all who share one with those.
func (in *Inbox) kin(ctx context.Context, tx *store.Store, c models.Customer) (map[models.CustomerID]models.Customer, error) {
	group, _, err := in.akin(ctx, tx, c.Tenant, []models.Customer{c})
	return group, err
}

// linkAgain does what the tape tells of a link.
func (in *Inbox) linkAgain(ctx context.Context, tx *store.Store, t models.Tenant, done linkDone) error {
	c, err := tx.CustomerByKey(ctx, t, done.Customer)
	if err != nil {
		return err
	}
	to, err := tx.PartnerByKey(ctx, t, done.Partner)
	if err != nil {
		return err
	}
	return in.tie(ctx, tx, c, to, done.From)
}
