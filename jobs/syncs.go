package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"portal/integrations"
	"portal/models"
)

type syncCustomers struct {
	river.WorkerDefaults[models.SyncCustomers]
	providers *integrations.Integrations
}

// Work brings a program's customers from Stripe. What cuts it off is taken up by carrySyncs.
func (w *syncCustomers) Work(ctx context.Context, job *river.Job[models.SyncCustomers]) error {
	if w.providers == nil {
		return nil
	}
	return w.providers.SyncCustomers(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Program)
}

// Timeout leaves a long list its time.
func (w *syncCustomers) Timeout(*river.Job[models.SyncCustomers]) time.Duration { return time.Hour }

type carrySyncs struct {
	river.WorkerDefaults[models.CarrySyncs]
	providers *integrations.Integrations
}

// Work takes up the syncs that were cut off, and promises those that are due.
func (w *carrySyncs) Work(ctx context.Context, _ *river.Job[models.CarrySyncs]) error {
	if w.providers == nil {
		return nil
	}
	return w.providers.CarrySyncs(ctx)
}
