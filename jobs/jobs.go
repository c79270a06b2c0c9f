// Package jobs says which work runs when. It decides nothing itself: it calls inbox and payouts.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"portal/inbox"
	"portal/integrations"
	"portal/mail"
	"portal/models"
	"portal/payouts"
	"portal/store"
)

// Jobs is the background work of one process. Any number of processes may work at once.
type Jobs struct {
	Store   *store.Store
	Inbox   *inbox.Inbox
	Payouts *payouts.Payouts
	Log     *slog.Logger
	// Integrations fetches events that did not come; nil fetches none.
	Integrations *integrations.Integrations
	// FetchRates brings the newest exchange rates; nil leaves them as they are.
	FetchRates func(ctx context.Context) error
	// Post sends mail; without a mail server it is kept.
	Post mail.Post
	// DirectURL reaches the database without a pooler: LISTEN needs it.
	DirectURL string
}

// Run works until the context ends, then finishes what is under way.
func (j *Jobs) Run(ctx context.Context) error {
	wake, err := store.Listen(ctx, j.DirectURL, "inbox")
	if err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	client, err := river.NewClient(riverdatabasesql.New(j.Store.DB()), j.config())
	if err != nil {
		return fmt.Errorf("open the job queue: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the jobs: %w", err)
	}
	j.Inbox.Work(ctx, wake)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return client.Stop(end)
}

func (j *Jobs) config() *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &endHolds{payouts: j.Payouts})
	river.AddWorker(workers, &payInvoice{payouts: j.Payouts})
	river.AddWorker(workers, &carryAll{payouts: j.Payouts})
	river.AddWorker(workers, &remind{payouts: j.Payouts})
	river.AddWorker(workers, &carryPayRun{payouts: j.Payouts})
	river.AddWorker(workers, &platformNews{payouts: j.Payouts})
	river.AddWorker(workers, &hearMissed{payouts: j.Payouts, inbox: j.Inbox})
	river.AddWorker(workers, &drawScheduled{payouts: j.Payouts})
	river.AddWorker(workers, &carryRun{payouts: j.Payouts})
	river.AddWorker(workers, &fetchRates{inbox: j.Inbox, fetch: j.FetchRates, log: j.Log})
	river.AddWorker(workers, &tidy{store: j.Store})
	river.AddWorker(workers, &heal{providers: j.Integrations})
	river.AddWorker(workers, &carryLinkFile{inbox: j.Inbox})
	river.AddWorker(workers, &sendMail{store: j.Store, post: j.Post})
	river.AddWorker(workers, &carryImport{providers: j.Integrations})
	river.AddWorker(workers, &carryImports{providers: j.Integrations})
	river.AddWorker(workers, &reconcile{providers: j.Integrations})
	river.AddWorker(workers, &reconcileOne{providers: j.Integrations})
	river.AddWorker(workers, &syncCustomers{providers: j.Integrations})
	river.AddWorker(workers, &syncCatalog{providers: j.Integrations})
	river.AddWorker(workers, &keepCatalog{providers: j.Integrations})
	river.AddWorker(workers, &carrySyncs{providers: j.Integrations})
	river.AddWorker(workers, &readAccount{payouts: j.Payouts})
	river.AddWorker(workers, &readAccounts{payouts: j.Payouts})
	river.AddWorker(workers, &readCard{payouts: j.Payouts})
	return &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}, store.MailQueue: {MaxWorkers: 2}, store.ProviderQueue: {MaxWorkers: 6}},
		Workers:           workers,
		Logger:            slog.New(quiet{j.Log.Handler()}),
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: 100 * time.Millisecond,
		PeriodicJobs:      []*river.PeriodicJob{every(time.Minute, models.EndHolds{}), every(time.Minute, models.DrawScheduled{}), every(5*time.Minute, models.CarryAttempts{}), every(time.Hour, models.FetchRates{}), every(time.Hour, models.HearMissed{}), every(time.Hour, models.ReadAccounts{}), every(time.Hour, models.Tidy{}), every(6*time.Hour, models.Heal{}), every(5*time.Minute, models.CarryImports{}), every(24*time.Hour, models.Reconcile{}), every(time.Minute, models.CarrySyncs{}), every(24*time.Hour, models.Remind{})},
	}
}

// every queues a job at the start and then in steps, once among all processes.
func every(step time.Duration, job river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(step), func() (river.JobArgs, *river.InsertOpts) {
		return job, &river.InsertOpts{Queue: store.QueueOf(job), UniqueOpts: river.UniqueOpts{ByPeriod: step}}
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

type carryAll struct {
	river.WorkerDefaults[models.CarryAttempts]
	payouts *payouts.Payouts
}

// Work looks again at payments without an outcome.
func (w *carryAll) Work(ctx context.Context, _ *river.Job[models.CarryAttempts]) error {
	return w.payouts.CarryAll(ctx)
}

type fetchRates struct {
	river.WorkerDefaults[models.FetchRates]
	inbox *inbox.Inbox
	fetch func(ctx context.Context) error
	log   *slog.Logger
}

// Work brings the newest rates and prices what waited for one. Rates that cannot be had now are had the next hour.
func (w *fetchRates) Work(ctx context.Context, _ *river.Job[models.FetchRates]) error {
	if w.fetch != nil {
		if err := w.fetch(ctx); err != nil {
			w.log.Info("no new exchange rates", "because", err)
		}
	}
	return w.inbox.TurnWaiting(ctx)
}

type tidy struct {
	river.WorkerDefaults[models.Tidy]
	store *store.Store
}

// Work forgets what nobody may use any more.
func (w *tidy) Work(ctx context.Context, _ *river.Job[models.Tidy]) error {
	return w.store.Tidy(ctx, time.Now())
}

type heal struct {
	river.WorkerDefaults[models.Heal]
	providers *integrations.Integrations
}

// Work fetches the events that did not come. A provider that cannot be asked now is asked the next time.
func (w *heal) Work(ctx context.Context, job *river.Job[models.Heal]) error {
	a := job.Args
	switch {
	case w.providers == nil:
		return nil
	case a.Company.IsZero():
		return w.providers.Heal(ctx)
	}
	return w.providers.HealOne(ctx, store.Connection{Tenant: models.Tenant{Company: a.Company, Mode: a.Mode}, Program: a.Program, Source: a.Source})
}

// Timeout leaves many connections their time.
func (w *heal) Timeout(*river.Job[models.Heal]) time.Duration { return time.Hour }

type carryLinkFile struct {
	river.WorkerDefaults[models.CarryLinkFile]
	inbox *inbox.Inbox
}

// Work checks a file of links, or links by it.
func (w *carryLinkFile) Work(ctx context.Context, job *river.Job[models.CarryLinkFile]) error {
	return w.inbox.CarryLinkFile(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.File)
}

// Timeout leaves a long file its time. One that is cut off all the same goes on where it was.
func (w *carryLinkFile) Timeout(*river.Job[models.CarryLinkFile]) time.Duration {
	return 10 * time.Minute
}

type endHolds struct {
	river.WorkerDefaults[models.EndHolds]
	payouts *payouts.Payouts
}

// Work ends the holds whose day has come.
func (w *endHolds) Work(ctx context.Context, _ *river.Job[models.EndHolds]) error {
	return w.payouts.EndHolds(ctx)
}

type payInvoice struct {
	river.WorkerDefaults[models.PayInvoice]
	payouts *payouts.Payouts
}

// Work carries a payment attempt to its end. An attempt without an outcome is looked at again.
func (w *payInvoice) Work(ctx context.Context, job *river.Job[models.PayInvoice]) error {
	return w.payouts.Carry(ctx, models.Tenant{Company: job.Args.Company, Mode: job.Args.Mode}, job.Args.Attempt)
}

// NextRetry looks at an open attempt every half minute at first, then ever more seldom, up to an hour.
func (w *payInvoice) NextRetry(job *river.Job[models.PayInvoice]) time.Time {
	return soon(job.Attempt)
}

// quiet lets only what needs somebody's eye through: the queue tells of every round it makes.
type quiet struct{ slog.Handler }

// Enabled passes warnings and errors.
func (q quiet) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
