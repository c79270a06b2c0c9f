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

type syncCatalog struct {
	river.WorkerDefaults[models.SyncCatalog]
	providers *integrations.Integrations
}

// Work brings a program's products, prices, coupons and promotion codes from Stripe.
func (w *syncCatalog) Work(ctx context.Context, job *river.Job[models.SyncCatalog]) error {
	if w.providers == nil {
		return nil
	}
	return w.providers.SyncCatalog(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Program)
}

// Timeout leaves long lists their time.
func (w *syncCatalog) Timeout(*river.Job[models.SyncCatalog]) time.Duration { return time.Hour }

type keepCatalog struct {
	river.WorkerDefaults[models.KeepCatalog]
	providers *integrations.Integrations
}

// Work keeps what an event says of a product, a price, a coupon or a promotion code.
func (w *keepCatalog) Work(ctx context.Context, job *river.Job[models.KeepCatalog]) error {
	if w.providers == nil {
		return nil
	}
	return w.providers.KeepCatalogEvent(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Event)
}
