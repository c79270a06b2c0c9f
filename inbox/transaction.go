package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// Transaction is money news that a company's own code posts (F80).
type Transaction = sources.Transaction

// Transact keeps a posted transaction and carries it at once. The same key and content again gives the same payment
// and created false; the same key with other content is an ErrConflict. Bad fields are models.FieldErrors and change nothing.
func (in *Inbox) Transact(ctx context.Context, who models.Caller, tr Transaction) (row store.PaymentRow, created bool, err error) {
	tr.PaidAt = in.moment()
	telling, err := tr.Tell()
	if err != nil {
		return row, false, err
	}
	if !telling.Counts {
		return row, false, models.Invalid("amount", "must be above zero")
	}
	body, err := json.Marshal(tr)
	if err != nil {
		return row, false, fmt.Errorf("keep transaction %s: %w", tr.Key, err)
	}
	e := models.Event{Tenant: who.Tenant, Program: who.Program, Source: models.SourceAPI, Type: "transaction", Status: models.EventPending,
		ProviderID: fmt.Sprintf("%s/%s/%s", who.Mode, who.Program, tr.Key), Body: body}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, who.Tenant); err != nil {
			return err
		}
		_, known := tx.PaymentByAlias(ctx, who.Tenant, tr.Key)
		isNew, err := in.keep(ctx, tx, &e)
		if err != nil {
			return err
		}
		if !isNew {
			return in.sameAgain(ctx, tx, e, telling)
		}
		created = errors.Is(known, models.ErrNotFound) // a webhook may have brought the same money before
		return in.countNow(ctx, tx, e)
	})
	if err != nil {
		return row, false, err
	}
	row, err = in.Store.PaymentByAlias(ctx, who.Tenant, tr.Key)
	if errors.Is(err, models.ErrNotFound) {
		err = models.Refuse(models.ErrConflict, "The transaction was kept, but its money does not count: it was paid outside Stripe, and the program does not count that.")
	}
	return row, created, err
}

// countNow carries a posted transaction. The caller is answered now, so it counts although Stripe may still have to say
// whether an invoice stands behind its charge: that question stays open with the event, and joins the two when it is answered.
func (in *Inbox) countNow(ctx context.Context, tx *store.Store, e models.Event) error {
	news, err := sources.ByName[e.Source].Read(e)
	if err != nil {
		return err
	}
	told, err := in.apply(ctx, tx, e, news)
	if err != nil {
		return err
	}
	settled := news.Ask == nil
	if !settled {
		if settled, err = in.invoiceKnown(ctx, tx, e.Tenant, *news.Ask); err != nil {
			return err
		}
	}
	if settled {
		end, err := in.end(ctx, tx, e, told)
		if err != nil {
			return err
		}
		_, err = in.finish(ctx, tx, e, end)
		return err
	}
	return tx.ParkEvent(ctx, e, store.Parked{Because: "counted; Stripe is still to say whether an invoice stands behind this charge",
		WaitsFor: known(*news.Ask), Until: in.Now(), Counted: new(in.now())})
}

// sameAgain refuses a key that stands for something else already.
func (in *Inbox) sameAgain(ctx context.Context, tx *store.Store, e models.Event, now models.Telling) error {
	kept, err := tx.EventByProviderID(ctx, e.Company, e.Source, e.ProviderID)
	if err != nil {
		return err
	}
	news, err := sources.API{}.Read(kept)
	if err != nil {
		return err
	}
	if len(news.Tellings) != 1 || news.Tellings[0].Body != now.Body {
		return models.Refuse(models.ErrConflict, "A transaction with this key and other content exists already. Nothing was changed.")
	}
	return nil
}

// CustomerChange is what a person or the API sets on a customer; nil leaves a field as it is, and an empty address or
// name clears it.
type CustomerChange struct {
	Email, Name, StripeID, Partner *string

	Program models.ProgramID // in which it is set; zero when that is not known
}

// AddCustomer keeps a customer made by a person or the API, linked from now on if a partner is named (D14).
func (in *Inbox) AddCustomer(ctx context.Context, t models.Tenant, key string, change CustomerChange, origin string, who models.Actor) (models.Customer, error) {
	c := models.Customer{Tenant: t, ID: models.NewID[models.CustomerID](in.Now()), Key: key, CreatedAt: in.now()}
	err := in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, t); err != nil {
			return err
		}
		if err := tx.AddCustomer(ctx, c); err != nil {
			return err
		}
		return in.change(ctx, tx, &c, change, origin, who, "customer.added")
	})
	return c, err
}

// ChangeCustomer sets fields of a customer. A Stripe id links by hand: later payments under it belong to this customer (F85, F86).
func (in *Inbox) ChangeCustomer(ctx context.Context, c models.Customer, change CustomerChange, origin string, who models.Actor) (models.Customer, error) {
	err := in.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, c.Tenant); err != nil {
			return err
		}
		return in.change(ctx, tx, &c, change, origin, who, "customer.changed")
	})
	return c, err
}

func (in *Inbox) change(ctx context.Context, tx *store.Store, c *models.Customer, change CustomerChange, origin string, who models.Actor, action string) error {
	if change.Email != nil {
		c.Email = filled(change.Email)
		c.EmailSet = c.Email != nil
	}
	if change.Name != nil {
		c.Name = filled(change.Name)
	}
	if change.StripeID != nil && (c.StripeID == nil || *c.StripeID != *change.StripeID) {
		if err := in.takeStripeID(ctx, tx, *c, *change.StripeID); err != nil {
			return err
		}
		c.StripeID, c.Taught, c.StripeIDSince = change.StripeID, false, new(in.moment())
	}
	if err := tx.SaveCustomer(ctx, *c); err != nil {
		return err
	}
	if change.Partner != nil {
		partner, err := tx.PartnerByKey(ctx, c.Tenant, *change.Partner)
		if errors.Is(err, models.ErrNotFound) {
			return models.Invalid("partner.key", "names no partner of this program")
		} else if err != nil {
			return err
		}
		if err := tx.AddLink(ctx, c.Tenant, models.Link{Customer: c.ID, Partner: partner.ID, From: in.moment(), Origin: origin, Program: change.Program}); err != nil {
			return err
		}
	}
	done := customerDone{Key: c.Key, Email: change.Email, Name: change.Name, StripeID: change.StripeID, Partner: change.Partner, Origin: origin}
	if !change.Program.IsZero() {
		done.Program = &change.Program
	}
	if err := tx.Record(ctx, c.Tenant, "customer", in.now(), done); err != nil {
		return err
	}
	return tx.Audited(ctx, c.Company, who, action, c.ID.String(), c.Key, in.Now())
}

// filled is nil for an empty text.
func filled(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// takeStripeID frees a Stripe id that Portal itself filed under a customer of its own making; one that somebody gave to
// another customer is an ErrConflict.
func (in *Inbox) takeStripeID(ctx context.Context, tx *store.Store, c models.Customer, id string) error {
	other, err := tx.CustomerByStripeID(ctx, c.Tenant, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if other.Key != "stripe_"+id {
		return models.Refuse(models.ErrConflict, fmt.Sprintf("Customer %s has this Stripe customer id already.", other.Key))
	}
	return tx.MoveCustomer(ctx, c.Tenant, other.ID, c.ID)
}
