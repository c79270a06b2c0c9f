package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"portal/models"
	"portal/payouts"
)

type drawScheduled struct {
	river.WorkerDefaults[models.DrawScheduled]
	payouts *payouts.Payouts
}

// Work begins what schedules ask for today.
func (w *drawScheduled) Work(ctx context.Context, _ *river.Job[models.DrawScheduled]) error {
	return w.payouts.DrawScheduled(ctx)
}

// Timeout leaves runs that are taken up their time.
func (w *drawScheduled) Timeout(*river.Job[models.DrawScheduled]) time.Duration { return time.Hour }

type carryRun struct {
	river.WorkerDefaults[models.CarryRun]
	payouts *payouts.Payouts
}

// Work draws up the invoices of a run.
func (w *carryRun) Work(ctx context.Context, job *river.Job[models.CarryRun]) error {
	return w.payouts.CarryRun(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Run)
}

// Timeout leaves a long run its time. One that is cut off all the same goes on where it was.
func (w *carryRun) Timeout(*river.Job[models.CarryRun]) time.Duration { return time.Hour }
