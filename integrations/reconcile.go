package integrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

const (
	day      = 24 * time.Hour
	settling = time.Hour // what is younger may be on its way
	shortest = 3 * day   // that a comparison goes back (MONEY.md 3.4)
	longest  = 30 * day  // that it goes back over what was compared before
)

// Reconcile compares every connection that can be asked about with its provider's lists (B11), unless that was done in the
// last hours. ErrLater: not all could be compared. One connection's trouble is not another's.
func (in *Integrations) Reconcile(ctx context.Context) error {
	all, err := in.Store.ToHeal(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range all {
		last, err := in.Store.Reconciliations(ctx, c, 1)
		if err == nil && len(last) > 0 && last[0].State != models.ReconcileWaits && last[0].StartedAt.After(in.Now().Add(-20*time.Hour)) {
			continue
		}
		if err == nil {
			err = in.ReconcileOne(ctx, c)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("compare the %s connection of %s: %w", c.Source, c.Program, err))
		}
	}
	return errors.Join(failed...)
}

// ReconcileOne fetches the events that did not come, then compares what the provider lists as paid and refunded with what
// is here, brings in what is missing, and looks again. ErrLater: the provider cannot be asked now, and the run says why.
func (in *Integrations) ReconcileOne(ctx context.Context, c store.Connection) error {
	i, err := in.Store.Integration(ctx, c.Tenant, c.Program, c.Source)
	if err != nil || !in.MayAsk(i) || i.Healed.Since == nil || i.Status == "not_connected" {
		return err
	}
	r, err := in.spanOf(ctx, c, *i.Healed.Since)
	if err != nil || !r.Since.Before(r.Until) {
		return err
	}
	if err := in.Store.BeginReconciliation(ctx, r); err != nil {
		return err
	}
	err = in.reconcile(ctx, c, i, &r)
	var why models.Refusal
	switch {
	case errors.As(err, &why) && errors.Is(err, models.ErrLater):
		r.State, r.Waits = models.ReconcileWaits, &why.Sentence
	case err != nil:
		in.Log.Error("a comparison failed", "company", c.Company, "program", c.Program, "error", err)
		r.State, r.Waits = models.ReconcileWaits, new("It failed; Portal's log says why.")
	}
	r.FinishedAt = new(in.Now())
	return errors.Join(err, in.Store.EndReconciliation(context.WithoutCancel(ctx), r))
}

// CompareSoon promises to compare a connection now, because somebody asked.
func (in *Integrations) CompareSoon(ctx context.Context, c store.Connection, who models.Actor) error {
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.Enqueue(ctx, models.ReconcileOne{Company: c.Company, Mode: c.Mode, Program: c.Program, Source: c.Source}, nil),
			tx.Audited(ctx, c.Company, who, "reconciliation.asked", c.Program.String(), string(c.Source)+" "+string(c.Mode), in.Now()))
	})
}

// spanOf is what is to be compared: since the last time that all was right, three days at least. Beyond thirty days only
// what was never compared.
func (in *Integrations) spanOf(ctx context.Context, c store.Connection, connected time.Time) (models.Reconciliation, error) {
	now := in.Now().UTC().Truncate(time.Microsecond)
	r := models.Reconciliation{Tenant: c.Tenant, ID: models.NewID[models.ReconcileID](now), Program: c.Program, Source: c.Source,
		Since: connected, Until: now.Add(-settling), State: models.ReconcileRunning, StartedAt: now}
	clean, compared, err := in.Store.ComparedTo(ctx, c)
	if err != nil || compared == nil {
		return r, err
	}
	from := *compared
	if oldest := r.Until.Add(-longest); from.After(oldest) {
		from = oldest
	}
	if clean != nil && clean.After(from) {
		from = *clean
	}
	if young := r.Until.Add(-shortest); from.After(young) {
		from = young
	}
	if from.After(r.Since) {
		r.Since = from
	}
	return r, nil
}

// reconcile compares, heals and compares again.
func (in *Integrations) reconcile(ctx context.Context, c store.Connection, i store.Integration, r *models.Reconciliation) error {
	if err := in.heal(ctx, c); err != nil {
		return err
	}
	if err := in.carried(ctx, c.Tenant); err != nil {
		return err
	}
	first := &comparison{Integrations: in, r: *r, reach: in.reach(i), before: *i.Healed.Since, heals: true}
	if err := first.run(ctx); err != nil {
		return later(err)
	}
	last := first
	if first.open > 0 {
		if err := in.carried(ctx, c.Tenant); err != nil {
			return err
		}
		last = &comparison{Integrations: in, r: *r, reach: in.reach(i), before: *i.Healed.Since}
		if err := last.run(ctx); err != nil {
			return later(err)
		}
	}
	r.State, r.Days, r.Open, r.Healed = models.ReconcileClean, days(first, last), last.open, max(first.open-last.open, 0)
	if last.open > 0 {
		r.State = models.ReconcileDiffers
	}
	r.Differences = append(r.Differences, last.differences...)
	for _, d := range first.differences {
		if last != first && !last.has(d.Object) && len(r.Differences) < told {
			d.Healed = true
			r.Differences = append(r.Differences, d)
		}
	}
	return nil
}

// carried waits until the events that have come are carried, for a while: this process, or another, does it.
func (in *Integrations) carried(ctx context.Context, t models.Tenant) error {
	for range 600 {
		if err := in.Inbox.Drain(ctx); err != nil {
			return err
		}
		due, err := in.Store.DueEvents(ctx, t, in.Now())
		if err != nil || due == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil
}
