package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"portal/models"
	"portal/payouts"
)

type readAccount struct {
	river.WorkerDefaults[models.ReadAccount]
	payouts *payouts.Payouts
}

// Work asks Stripe how an account stands that partners are paid on.
func (w *readAccount) Work(ctx context.Context, job *river.Job[models.ReadAccount]) error {
	return w.payouts.HearOfAccount(ctx, job.Args.Mode, job.Args.Account)
}

type readCard struct {
	river.WorkerDefaults[models.ReadCard]
	payouts *payouts.Payouts
}

// Work asks Stripe about a company's card.
func (w *readCard) Work(ctx context.Context, job *river.Job[models.ReadCard]) error {
	return w.payouts.HearOfCard(ctx, job.Args.Object, job.Args.Customer)
}

type readAccounts struct {
	river.WorkerDefaults[models.ReadAccounts]
	payouts *payouts.Payouts
}

// Work asks about the accounts and cards that nobody asked about for a day.
func (w *readAccounts) Work(ctx context.Context, _ *river.Job[models.ReadAccounts]) error {
	return errors.Join(w.payouts.ReadAccounts(ctx), w.payouts.ReadCards(ctx))
}

// Timeout leaves many accounts their time.
func (w *readAccounts) Timeout(*river.Job[models.ReadAccounts]) time.Duration { return time.Hour }
