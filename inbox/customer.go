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

// compositeOf is the customer's record with the partner whom a payment names itself, in a transaction-based program (F67).
// Any other payment belongs to the customer's own record: then own is true (D13).
func (in *Inbox) compositeOf(ctx context.Context, tx *store.Store, p *told) (c *models.Customer, own bool, err error) {
	if !attribution.ByTransaction(p.Policy) {
		return nil, true, nil
	}
	var look attribution.Lookups
	if err := in.partnersFor(ctx, tx, p.Payment, &look); err != nil {
		return nil, false, err
	}
	d, err := in.judge(ctx, tx, p, &look)
	if err != nil || !attribution.ForPayment(d) {
		return nil, true, err
	}
	key := in.keyOf(tx, p.Payment)
	if key == "" {
		return nil, false, nil
	}
	c, err = in.composite(ctx, tx, p.Payment, key+"__pkey_"+d.Partner.Key, *d.Partner)
	return c, false, err
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
		return guestKey(tx, p.Company, models.NormalEmail(who.Email))
	}
	return ""
}

func guestKey(tx *store.Store, company models.CompanyID, address string) string {
	return "guest_" + tx.Blind(company.String()+"\n"+address)
}

// plainly finds who paid where that is plain: nobody else is known by what the payment says, so that it changes nothing
// for others. A new customer is kept. No id, key or e-mail: no customer. It is not ok where more must be looked at.
func (in *Inbox) plainly(ctx context.Context, tx *store.Store, before store.PaymentRow, p models.Payment) (c *models.Customer, ok bool, err error) {
	who, address := p.Customer, models.NormalEmail(p.Customer.Email)
	if who.StripeID != "" && who.Key != "" {
		return nil, false, nil
	}
	known, err := in.known(ctx, tx, p.Tenant, who)
	if err != nil || len(known) > 1 {
		return nil, false, err
	}
	if len(known) == 0 {
		return in.stranger(ctx, tx, before, p)
	}
	c = &known[0]
	if before.Customer != nil && *before.Customer != c.ID {
		return nil, false, nil
	}
	if isTold(*c) && who.StripeID == "" { // the provider's list alone may have told of the address
		return nil, false, nil
	}
	if c.Email != nil {
		own := models.NormalEmail(*c.Email)
		if address != "" && address != own { // others may be known by either
			return nil, false, nil
		}
		address = own
	}
	if ok, err = tx.Alone(ctx, p.Tenant, c.ID, address, p.ID); err != nil || !ok {
		return nil, false, err
	}
	return c, true, in.fill(ctx, tx, c, who)
}

// known are the records that what came with a payment names first: by the provider's id, the API's key, or else the address.
func (in *Inbox) known(ctx context.Context, tx *store.Store, t models.Tenant, who models.PaymentCustomer) ([]models.Customer, error) {
	var c models.Customer
	var err error
	switch {
	case who.StripeID != "":
		c, err = tx.CustomerByStripeID(ctx, t, who.StripeID)
	case who.Key != "":
		c, err = tx.CustomerByKey(ctx, t, who.Key)
	case models.NormalEmail(who.Email) != "":
		return tx.CustomersByEmail(ctx, t, who.Email)
	default:
		return nil, nil
	}
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	return []models.Customer{c}, err
}

// stranger keeps a customer seen for the first time, if nobody else is known by the address or waits for the id or the key.
func (in *Inbox) stranger(ctx context.Context, tx *store.Store, before store.PaymentRow, p models.Payment) (*models.Customer, bool, error) {
	if before.Customer != nil {
		return nil, false, nil
	}
	if address := models.NormalEmail(p.Customer.Email); address != "" {
		alone, err := tx.Alone(ctx, p.Tenant, models.CustomerID{}, address, p.ID)
		if err != nil || !alone {
			return nil, false, err
		}
	}
	if p.Customer.StripeID != "" && !p.Customer.FindOnly {
		if waits, err := tx.AnyWaits(ctx, p.Tenant, p.Customer.StripeID, p.ID); err != nil || waits {
			return nil, false, err
		}
	}
	if p.Customer.Key != "" && !p.Customer.FindOnly {
		if waits, err := tx.KeyWaits(ctx, p.Tenant, p.Customer.Key); err != nil || waits {
			return nil, false, err
		}
	}
	if key := in.keyOf(tx, p); key != "" && !p.Customer.FindOnly {
		c, err := in.newCustomer(ctx, tx, p.Tenant, key, p.Customer)
		return c, true, err
	}
	return nil, true, nil
}

// fill adds what a customer record does not have yet. The address of one that somebody made is set by whom they name by
// its key, and by nobody else: it joins others to it.
func (in *Inbox) fill(ctx context.Context, tx *store.Store, c *models.Customer, who models.PaymentCustomer) error {
	before := *c
	if c.Email == nil && who.Email != "" && (!isNamed(*c) || who.Key == c.Key) {
		c.Email = &who.Email
	}
	if c.Name == nil && who.Name != "" {
		c.Name = &who.Name
	}
	if *c == before {
		return nil
	}
	return tx.SaveCustomer(ctx, *c)
}

// newCustomer keeps somebody seen for the first time. A guest's key is a keyed hash of the address, not the address.
func (in *Inbox) newCustomer(ctx context.Context, tx *store.Store, t models.Tenant, key string, who models.PaymentCustomer) (*models.Customer, error) {
	c := models.Customer{Tenant: t, ID: models.NewID[models.CustomerID](in.Now()), Key: key, CreatedAt: in.now()}
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
	for n := 2; ; n++ {
		if _, err := tx.CustomerByKey(ctx, t, c.Key); errors.Is(err, models.ErrNotFound) {
			break
		} else if err != nil {
			return nil, err
		}
		c.Key = fmt.Sprintf("%s_%d", key, n)
	}
	if err := tx.AddCustomer(ctx, c); err != nil {
		return nil, fmt.Errorf("keep customer %s: %w", c.Key, err)
	}
	return &c, nil
}
