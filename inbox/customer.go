package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portal/models"
	"portal/store"
)

// customerOf finds who paid: by the provider's id, then by the API's key, then by e-mail; else a new customer is kept.
// A customer found by e-mail learns the provider's id for next time (F83). No id, key or e-mail: no customer.
func (in *Inbox) customerOf(ctx context.Context, tx *store.Store, p models.Payment) (*models.Customer, error) {
	who := p.Customer
	if who.StripeID != "" {
		c, err := tx.CustomerByStripeID(ctx, p.Tenant, who.StripeID)
		if err == nil {
			return in.fill(ctx, tx, c, who, false)
		} else if !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
	}
	if who.Key != "" {
		c, err := tx.CustomerByKey(ctx, p.Tenant, who.Key)
		if err == nil {
			return in.fill(ctx, tx, c, who, false)
		} else if !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
	}
	if c, err := in.byEmail(ctx, tx, p.Tenant, who); c != nil || err != nil {
		return c, err
	}
	return in.newCustomer(ctx, tx, p)
}

// byEmail finds a customer with the same address. With a provider's id only one that has none yet, and it learns the id;
// with an API key none, since a key names its own customer.
func (in *Inbox) byEmail(ctx context.Context, tx *store.Store, t models.Tenant, who models.PaymentCustomer) (*models.Customer, error) {
	if models.NormalEmail(who.Email) == "" || who.Key != "" {
		return nil, nil
	}
	same, err := tx.CustomersByEmail(ctx, t, who.Email)
	if err != nil {
		return nil, err
	}
	for _, c := range same {
		if who.StripeID == "" || c.StripeID == nil {
			if who.StripeID != "" {
				c.StripeID, c.Taught = &who.StripeID, true
			}
			return in.fill(ctx, tx, c, who, who.StripeID != "")
		}
	}
	return nil, nil
}

// fill adds what a customer record does not have yet. Learned tells that the record has a new id already.
func (in *Inbox) fill(ctx context.Context, tx *store.Store, c models.Customer, who models.PaymentCustomer, learned bool) (*models.Customer, error) {
	before := c
	if c.Email == nil && who.Email != "" {
		c.Email = &who.Email
	}
	if c.Name == nil && who.Name != "" {
		c.Name = &who.Name
	}
	if c == before && !learned {
		return &c, nil
	}
	return &c, tx.SaveCustomer(ctx, c)
}

// newCustomer keeps somebody seen for the first time. A guest's key is a keyed hash of the address, not the address.
func (in *Inbox) newCustomer(ctx context.Context, tx *store.Store, p models.Payment) (*models.Customer, error) {
	who := p.Customer
	c := models.Customer{Tenant: p.Tenant, ID: models.NewID[models.CustomerID](in.Now()), CreatedAt: in.now()}
	switch {
	case who.FindOnly:
		return nil, nil
	case who.StripeID != "":
		c.Key, c.StripeID = "stripe_"+who.StripeID, &who.StripeID
	case who.Key != "":
		c.Key = who.Key
	case models.NormalEmail(who.Email) != "":
		c.Key = "guest_" + tx.Blind(p.Company.String()+"\n"+models.NormalEmail(who.Email))
	default:
		return nil, nil
	}
	if who.Email != "" {
		c.Email = &who.Email
	}
	if who.Name != "" {
		c.Name = &who.Name
	}
	// The key may be another's by now: somebody gave that one another address or id by hand.
	if _, err := tx.CustomerByKey(ctx, p.Tenant, c.Key); err == nil {
		c.Key += "_" + strings.TrimPrefix(c.ID.String(), "cst_")
	} else if !errors.Is(err, models.ErrNotFound) {
		return nil, err
	}
	if err := tx.AddCustomer(ctx, c); err != nil {
		return nil, fmt.Errorf("keep customer %s: %w", c.Key, err)
	}
	return &c, nil
}
