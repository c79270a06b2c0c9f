package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"portal/integrations"
	"portal/models"
)

// again is how soon a provider that could not be asked is asked again for an import.
const again = 30 * time.Second

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
