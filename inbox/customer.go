package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/attribution"
	"portal/models"
	"portal/store"
)

// whose finds the customer record that a payment belongs to. A payment that names its own partner, in a transaction-based
// program, belongs to the customer's composite record with that partner; any other to the customer's own (D13, F67).
func (in *Inbox) whose(ctx context.Context, tx *store.Store, p *told) (*models.Customer, error) {
	if !attribution.ByTransaction(p.Policy) {
		return in.customerOf(ctx, tx, p.Payment)
	}
	var look attribution.Lookups
	if err := in.partnersFor(ctx, tx, p.Payment, &look); err != nil {
		return nil, err
	}
	d, err := in.judge(ctx, tx, p, &look)
	if err != nil {
		return nil, err
	}
	if !attribution.ForPayment(d) {
		return in.customerOf(ctx, tx, p.Payment)
	}
	key := in.keyOf(tx, p.Payment)
	if key == "" {
		return nil, nil
	}
	return in.composite(ctx, tx, p.Payment, key+"__pkey_"+d.Partner.Key, *d.Partner)
}

// composite finds or makes a customer's record with one partner. It has no id of the provider's: that is the own record's.
func (in *Inbox) composite(ctx context.Context, tx *store.Store, p models.Payment, key string, partner models.Partner) (*models.Customer, error) {
	c, err := tx.CustomerByKey(ctx, p.Tenant, key)
	if err == nil || !errors.Is(err, models.ErrNotFound) {
		return &c, err
	}
	c = models.Customer{Tenant: p.Tenant, ID: models.NewID[models.CustomerID](in.Now()), Key: key, Composite: true, CreatedAt: in.now()}
	if p.Customer.Email != "" {
		c.Email = &p.Customer.Email
	}
	if p.Customer.Name != "" {
		c.Name = &p.Customer.Name
	}
	if err := tx.AddCustomer(ctx, c); err != nil {
		return nil, fmt.Errorf("keep customer %s: %w", key, err)
	}
	// Its partner is in its name: the link holds for payments of any date.
	return &c, tx.AddLink(ctx, p.Tenant, models.Link{Customer: c.ID, Partner: partner.ID, From: time.Unix(0, 0).UTC(), Origin: "api"})
}

// keyOf is what a customer whom nobody has named yet is called; empty when nothing tells who it is.
func (in *Inbox) keyOf(tx *store.Store, p models.Payment) string {
	switch who := p.Customer; {
	case who.StripeID != "":
		return "stripe_" + who.StripeID
	case who.Key != "":
		return who.Key
	case models.NormalEmail(who.Email) != "":
		return "guest_" + tx.Blind(p.Company.String()+"\n"+models.NormalEmail(who.Email))
	}
	return ""
}

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
	if c.Key = in.keyOf(tx, p); c.Key == "" || who.FindOnly {
		return nil, nil
	}
	if who.StripeID != "" {
		c.StripeID = &who.StripeID
	}
	if who.Email != "" {
		c.Email = &who.Email
	}
	if who.Name != "" {
		c.Name = &who.Name
	}
	// The key may be another's by now: somebody gave that one another address or id by hand.
	for base, n := c.Key, 2; ; n++ {
		if _, err := tx.CustomerByKey(ctx, p.Tenant, c.Key); errors.Is(err, models.ErrNotFound) {
			break
		} else if err != nil {
			return nil, err
		}
		c.Key = fmt.Sprintf("%s_%d", base, n)
	}
	if err := tx.AddCustomer(ctx, c); err != nil {
		return nil, fmt.Errorf("keep customer %s: %w", c.Key, err)
	}
	return &c, nil
}
