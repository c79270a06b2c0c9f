package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"portal/models"
	"portal/payouts"
)

type remind struct {
	river.WorkerDefaults[models.Remind]
	payouts *payouts.Payouts
}

// Work says what is to be said without anybody doing anything.
func (w *remind) Work(ctx context.Context, _ *river.Job[models.Remind]) error {
	return w.payouts.Remind(ctx)
}
