package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
)

type carryPayRun struct {
	river.WorkerDefaults[models.CarryPayRun]
	payouts *payouts.Payouts
}

// Work carries a run of payments. What has no outcome is looked at again.
func (w *carryPayRun) Work(ctx context.Context, job *river.Job[models.CarryPayRun]) error {
	return w.payouts.CarryPayRun(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Run)
}

// Timeout leaves a long run its time. One that is cut off all the same goes on where it was.
func (w *carryPayRun) Timeout(*river.Job[models.CarryPayRun]) time.Duration { return 30 * time.Minute }

// NextRetry looks at an open run every half minute at first, then ever more seldom, up to an hour.
func (w *carryPayRun) NextRetry(job *river.Job[models.CarryPayRun]) time.Time {
	return soon(job.Attempt)
}

type platformNews struct {
	river.WorkerDefaults[models.PlatformNews]
	payouts *payouts.Payouts
}

// Work looks at what an event of the platform's Stripe, or of a partner's account, named.
func (w *platformNews) Work(ctx context.Context, job *river.Job[models.PlatformNews]) error {
	switch {
	case w.payouts == nil || w.payouts.Mode == "":
		return nil
	case job.Args.Account != "":
		return w.payouts.HeardOfPayout(ctx, job.Args.Account, job.Args.ID)
	case job.Args.Object == "payout": // the platform's own, to its own bank
		return nil
	}
	return w.payouts.Heard(ctx, job.Args.Object, job.Args.ID)
}

// NextRetry asks again after half a minute at first, then ever more seldom, up to an hour.
func (w *platformNews) NextRetry(job *river.Job[models.PlatformNews]) time.Time {
	return soon(job.Attempt)
}

type hearMissed struct {
	river.WorkerDefaults[models.HearMissed]
	payouts *payouts.Payouts
	inbox   *inbox.Inbox
}

// Work keeps the events of the platform's Stripe that did not come. Those that came are known.
func (w *hearMissed) Work(ctx context.Context, _ *river.Job[models.HearMissed]) error {
	list, err := w.payouts.Missed(ctx, append(payouts.PlatformEvents(), inbox.CardEvents...))
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := w.inbox.HearPlatform(ctx, e.ID, e.Type, e.Body); err != nil {
			return err
		}
	}
	return nil
}

// Timeout leaves many events their time.
func (w *hearMissed) Timeout(*river.Job[models.HearMissed]) time.Duration { return 30 * time.Minute }

// soon is when something that is not at its end is looked at again after so many times.
func soon(times int) time.Time {
	return time.Now().Add(min(30*time.Second<<min(times-1, 7), time.Hour))
}
