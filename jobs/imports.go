package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"portal/integrations"
	"portal/models"
	"portal/store"
)

// How soon a provider that could not be asked is asked again: for an import, and for a comparison, at first. A comparison gives
// up when the next night's is near.
const (
	again = 30 * time.Second
	later = 15 * time.Minute
	night = 12 * time.Hour
)

type carryImport struct {
	river.WorkerDefaults[models.CarryImport]
	providers *integrations.Integrations
}

// Work lists an import, or lets it enter. While Stripe cannot be asked it waits.
func (w *carryImport) Work(ctx context.Context, job *river.Job[models.CarryImport]) error {
	if w.providers == nil {
		return nil
	}
	err := w.providers.CarryImport(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Import)
	if errors.Is(err, models.ErrLater) {
		return river.JobSnooze(again)
	}
	return err
}

// Timeout leaves a long import its time. One that is cut off all the same goes on where it was.
func (w *carryImport) Timeout(*river.Job[models.CarryImport]) time.Duration { return 6 * time.Hour }

type carryImports struct {
	river.WorkerDefaults[models.CarryImports]
	providers *integrations.Integrations
}

// Work takes up imports whose own job is gone.
func (w *carryImports) Work(ctx context.Context, _ *river.Job[models.CarryImports]) error {
	if w.providers == nil {
		return nil
	}
	return w.providers.CarryImports(ctx)
}

// Timeout is that of a long import.
func (w *carryImports) Timeout(*river.Job[models.CarryImports]) time.Duration { return 6 * time.Hour }

type reconcile struct {
	river.WorkerDefaults[models.Reconcile]
	providers *integrations.Integrations
}

// Work compares every connection with its provider's lists, once a night. What could not be asked is asked again ever more
// seldom, and then left to the next night: a key that stays refused is no reason to go on.
func (w *reconcile) Work(ctx context.Context, job *river.Job[models.Reconcile]) error {
	if w.providers == nil {
		return nil
	}
	err := w.providers.Reconcile(ctx)
	age := time.Since(job.CreatedAt)
	switch {
	case errors.Is(err, models.ErrLater) && age > night:
		return nil
	case errors.Is(err, models.ErrLater):
		return river.JobSnooze(max(later, age))
	}
	return err
}

// Timeout leaves many connections their time.
func (w *reconcile) Timeout(*river.Job[models.Reconcile]) time.Duration { return 6 * time.Hour }

type reconcileOne struct {
	river.WorkerDefaults[models.ReconcileOne]
	providers *integrations.Integrations
}

// Work compares one connection, because somebody asked. When Stripe cannot be asked the run says so, and the next night is another.
func (w *reconcileOne) Work(ctx context.Context, job *river.Job[models.ReconcileOne]) error {
	if w.providers == nil {
		return nil
	}
	a := job.Args
	err := w.providers.ReconcileOne(ctx, store.Connection{Tenant: models.Tenant{Company: a.Company, Mode: a.Mode}, Program: a.Program, Source: a.Source})
	if errors.Is(err, models.ErrLater) {
		return nil
	}
	return err
}

// Timeout leaves a month of many payments its time.
func (w *reconcileOne) Timeout(*river.Job[models.ReconcileOne]) time.Duration { return time.Hour }
