package integrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

const (
	enteredAtOnce = 500  // objects that go into the inbox in one transaction
	tried         = 1000 // objects that a preview is reckoned on: it holds up the company's other money meanwhile
)

// BeginImport promises to list what was paid since a day in the past. A day ahead is a FieldErrors; an import that is
// open already, and a connection that cannot be asked, are an ErrConflict.
func (in *Integrations) BeginImport(ctx context.Context, c models.Caller, since time.Time, who models.Actor) (i models.Import, err error) {
	now := in.Now().UTC().Truncate(time.Microsecond)
	since = since.UTC().Truncate(24 * time.Hour)
	if since.After(now) || since.Year() < 2011 {
		return i, models.Invalid("since", "must be a day in the past, 2011 at the earliest")
	}
	connection, err := in.Store.Integration(ctx, c.Tenant, c.Program, models.SourceStripe)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return i, err
	}
	if connection.Status != "connected" || !in.MayAsk(connection) || connection.Healed.Since == nil {
		return i, models.Refuse(models.ErrConflict, "Stripe cannot be asked: connect it first.")
	}
	i = models.Import{Tenant: c.Tenant, ID: models.NewID[models.ImportID](now), Program: c.Program, Source: models.SourceStripe,
		Since: since, Until: now, ConnectedAt: *connection.Healed.Since, State: models.ImportListing, MadeBy: who.Name, MadeAt: now}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.AddImport(ctx, i), promiseImport(ctx, tx, i),
			tx.Audited(ctx, c.Company, who, "import.begun", i.ID.String(), "since "+since.Format(time.DateOnly), now))
	})
	return i, err
}

func promiseImport(ctx context.Context, tx *store.Store, i models.Import) error {
	return tx.Enqueue(ctx, models.CarryImport{Company: i.Company, Mode: i.Mode, Import: i.ID}, nil)
}

// EnterImport lets what was listed enter the inbox, with commissions for what was paid before the connection or without.
func (in *Integrations) EnterImport(ctx context.Context, t models.Tenant, id models.ImportID, commissions bool, who models.Actor) error {
	word := "without commissions for the past"
	if commissions {
		word = "with commissions for the past"
	}
	return in.changeImport(ctx, t, id, "import.committed", word, who, func(i *models.Import) bool {
		may := i.State == models.ImportListed && i.Rows > 0
		i.State, i.Commissions, i.CommittedBy, i.CommittedAt = models.ImportEntering, commissions, &who.Name, new(in.Now())
		return may
	})
}

// PauseImport halts an import after the part that is under way.
func (in *Integrations) PauseImport(ctx context.Context, t models.Tenant, id models.ImportID, who models.Actor) error {
	return in.changeImport(ctx, t, id, "import.paused", "", who, func(i *models.Import) bool {
		may := !i.Paused && i.Open() && i.State != models.ImportListed
		i.Paused, i.Waits = true, nil
		return may
	})
}

// ResumeImport lets a paused import go on where it was.
func (in *Integrations) ResumeImport(ctx context.Context, t models.Tenant, id models.ImportID, who models.Actor) error {
	return in.changeImport(ctx, t, id, "import.resumed", "", who, func(i *models.Import) bool {
		may := i.Paused && i.Open()
		i.Paused = false
		return may
	})
}

// CancelImport ends an import. What it has entered stays.
func (in *Integrations) CancelImport(ctx context.Context, t models.Tenant, id models.ImportID, who models.Actor) error {
	return in.changeImport(ctx, t, id, "import.cancelled", "", who, func(i *models.Import) bool {
		may := i.Open()
		i.State, i.Paused, i.Waits, i.FinishedAt = models.ImportCancelled, false, nil, new(in.Now())
		return may
	})
}

// changeImport does what a person asks of an import; where its state does not allow it any more, it is an ErrConflict.
func (in *Integrations) changeImport(ctx context.Context, t models.Tenant, id models.ImportID, action, detail string, who models.Actor, change func(*models.Import) bool) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		i, err := tx.LockImport(ctx, t, id)
		if err != nil {
			return err
		}
		if !change(&i) {
			return models.Refuse(models.ErrConflict, "This import has moved on meanwhile.")
		}
		if i.State == models.ImportCancelled {
			err = tx.ForgetImportObjects(ctx, i)
		} else {
			err = promiseImport(ctx, tx, i)
		}
		return errors.Join(err, tx.SaveImport(ctx, i), tx.Audited(ctx, t.Company, who, action, i.ID.String(), detail, in.Now()))
	})
}

// CarryImport lists what an import asks for, or lets it enter, a part in each transaction, until the step is through.
// Cut off, it goes on where it was. ErrLater: Stripe cannot be asked now, and the import says why.
func (in *Integrations) CarryImport(ctx context.Context, t models.Tenant, id models.ImportID) error {
	for more := true; more; {
		i, err := in.Store.Import(ctx, t, id)
		if err != nil {
			return err
		}
		switch {
		case i.Paused:
			return nil
		case i.State == models.ImportListing && i.Step < len(lists):
			err = in.listPage(ctx, i)
		case i.State == models.ImportListing:
			err = in.previewImport(ctx, i)
		case i.State == models.ImportEntering:
			err = in.enterPart(ctx, i)
		default:
			more = false
		}
		var why models.Refusal
		if errors.As(err, &why) && errors.Is(err, models.ErrLater) {
			return errors.Join(err, in.Store.ImportWaits(ctx, t, id, &why.Sentence))
		} else if err != nil {
			return fmt.Errorf("carry import %s: %w", id, err)
		}
	}
	return nil
}

// listPage asks for the next page of the list that is under way, and keeps what of it tells of money in the range.
func (in *Integrations) listPage(ctx context.Context, i models.Import) error {
	connection, err := in.Store.Integration(ctx, i.Tenant, i.Program, i.Source)
	if err != nil {
		return err
	}
	if connection.Status != "connected" || !in.MayAsk(connection) {
		return models.Refuse(models.ErrLater, "Stripe is not connected. Connect it again; the import then goes on.")
	}
	reach := in.reach(connection)
	found, last, err := reach.listed(ctx, lists[i.Step], between{i.Since, i.Until}, i.After)
	if err != nil {
		return later(err)
	}
	more, err := reach.invoicesBehind(ctx, found, func(ids []string) ([]string, error) { return in.Store.ImportLacks(ctx, i, ids) })
	if err != nil {
		return later(err)
	}
	return in.stillAt(ctx, i, func(tx *store.Store, now *models.Import) error {
		var objects []models.ImportObject
		for _, l := range append(found, more...) {
			if l.Kind == "charge" && l.Invoice != "" || l.Kind != "checkout.session" && l.At.Before(i.Since) {
				continue
			}
			kind := l.Kind
			if kind == "invoice" && !l.Tells() {
				kind = "zero_invoice"
			}
			now.Rows++
			objects = append(objects, models.ImportObject{N: now.Rows, Kind: kind, Object: l.Object, Currency: l.Money.Currency, Amount: l.Money.Minor,
				At: l.At, ListedAt: l.Asked, Body: l.Raw})
		}
		if now.After = last; last == "" {
			now.Step++
		}
		now.Waits = nil
		return tx.KeepImportObjects(ctx, *now, objects)
	})
}

// stillAt does a part of an import, unless another worker or a person has moved it meanwhile.
func (in *Integrations) stillAt(ctx context.Context, i models.Import, do func(tx *store.Store, now *models.Import) error) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		now, err := tx.LockImport(ctx, i.Tenant, i.ID)
		if err != nil || now.State != i.State || now.Paused || now.Step != i.Step || now.After != i.After || now.Rows != i.Rows || now.Entered != i.Entered {
			return err
		}
		if err := do(tx, &now); err != nil {
			return err
		}
		return tx.SaveImport(ctx, now)
	})
}

// previewImport counts what was listed and tells what entering it would do, with commissions.
func (in *Integrations) previewImport(ctx context.Context, i models.Import) error {
	kinds, err := in.Store.CountImport(ctx, i)
	if err != nil {
		return err
	}
	newest, err := in.Store.NewestImportObjects(ctx, i, tried)
	if err != nil {
		return err
	}
	found := models.Found{Kinds: kinds, Tried: len(newest), Of: i.Rows}
	events, err := eventsOf(newest, i.Mode, nil)
	if err != nil {
		return err
	}
	var ids []string
	for _, o := range newest {
		ids = append(ids, o.Object)
	}
	found.Earned, err = in.Inbox.Try(ctx, i.Tenant, i.Program, events, func(tx *store.Store) (err error) {
		found.Payments, found.Customers, err = tx.ImportedPayments(ctx, i.Tenant, ids)
		return err
	})
	if err != nil {
		return fmt.Errorf("try import %s: %w", i.ID, err)
	}
	return in.stillAt(ctx, i, func(_ *store.Store, now *models.Import) error {
		now.State, now.Found = models.ImportListed, found
		return nil
	})
}

// eventsOf are listed objects as events. What was paid before a moment earns nothing; nil: it earns.
func eventsOf(objects []models.ImportObject, mode models.Mode, before *time.Time) ([]models.Event, error) {
	var events []models.Event
	for _, o := range objects {
		l, err := sources.StripeListed(o.Body, mode, o.ListedAt, before)
		if err != nil {
			return nil, fmt.Errorf("retell %s: %w", o.Object, err)
		}
		events = append(events, l.Event)
	}
	return events, nil
}

// enterPart lets the next objects enter the inbox. When none is left, the import is done.
func (in *Integrations) enterPart(ctx context.Context, i models.Import) error {
	objects, err := in.Store.ImportObjects(ctx, i, i.Entered, enteredAtOnce)
	if err != nil {
		return err
	}
	before := &i.ConnectedAt
	if i.Commissions {
		before = nil
	}
	events, err := eventsOf(objects, i.Mode, before)
	if err != nil {
		return err
	}
	return in.stillAt(ctx, i, func(tx *store.Store, now *models.Import) error {
		fresh, err := in.Inbox.FetchedBy(ctx, tx, i.Tenant, i.Program, events)
		if err != nil {
			return err
		}
		now.Entered, now.Fresh = now.Entered+len(objects), now.Fresh+len(fresh)
		if len(objects) == enteredAtOnce {
			return nil
		}
		now.State, now.FinishedAt = models.ImportDone, new(in.Now())
		return tx.ForgetImportObjects(ctx, i)
	})
}

// CarryImports takes up the imports whose own job is gone. One that Stripe cannot be asked for now is tried the next time.
func (in *Integrations) CarryImports(ctx context.Context) error {
	left, err := in.Store.ImportsLeft(ctx)
	for _, i := range left {
		if one := in.CarryImport(ctx, i.Tenant, i.ID); one != nil && !errors.Is(one, models.ErrLater) {
			err = errors.Join(err, one)
		}
	}
	return err
}
