package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// batchEvents is how many events one transaction carries, and how many bytes they may have together.
const (
	batchEvents = 500
	batchBytes  = 16 << 20
)

// drainers is how many queues are drained at once: one company's slow provider does not hold up the others.
const drainers = 4

// Work drains the queues until the context ends. Wake tells that something may have come; it looks by itself every second too.
func (in *Inbox) Work(ctx context.Context, wake <-chan struct{}) {
	var all sync.WaitGroup
	for range drainers {
		all.Go(func() { in.work(ctx, wake) })
	}
	all.Wait()
}

func (in *Inbox) work(ctx context.Context, wake <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := in.Drain(ctx); err != nil && ctx.Err() == nil {
			in.Log.Error("drain the inbox", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-wake:
		}
	}
}

// Drain carries every event that may be carried now, in every queue that nobody else is draining. A queue that fails is
// left for the next time, and does not keep the others from being drained.
func (in *Inbox) Drain(ctx context.Context) error {
	var last store.Bucket
	var failing []store.Bucket
	var failed []error
	var counting errgroup.Group
	for {
		queue, asked, err := in.drainOne(ctx, last, failing)
		last = queue
		if errors.Is(err, models.ErrNotFound) && queue == (store.Bucket{}) {
			return errors.Join(append(failed, counting.Wait())...)
		}
		if err == nil {
			counting.Go(func() error { return in.count(ctx) })
			err = in.askAll(ctx, asked)
		}
		if err != nil && queue == (store.Bucket{}) {
			return errors.Join(append(failed, err, counting.Wait())...)
		} else if err != nil {
			failing, failed = append(failing, queue), append(failed, err)
		}
	}
}

// count lets PostgreSQL count its tables anew if they grow fast: when this process has carried 100 events, 400, 1600 …
// A fresh database is planned as if it were empty, and each look-up would read ever more rows; later its own counting keeps up.
func (in *Inbox) count(ctx context.Context) error {
	last, now := in.analyzed.Load(), in.carried.Load()
	if now < max(100, 4*last) || last > 100_000 || !in.analyzed.CompareAndSwap(last, now) {
		return nil
	}
	return in.Store.Analyze(ctx)
}

// atOnce is how many questions are put to providers at once.
const atOnce = 8

func (in *Inbox) askAll(ctx context.Context, asked []question) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, q := range distinct(asked) {
		group.Go(func() error { return in.ask(ctx, q) })
	}
	return group.Wait()
}

// question is an event that must ask the provider before it can go on, or that counts already and would like to be shown more.
type question struct {
	models.Event
	models.Question
	wants []models.Want
}

// drainOne claims the next queue and carries a batch of it in one transaction. It gives back the questions that came up:
// they are asked afterwards, outside any transaction.
func (in *Inbox) drainOne(ctx context.Context, after store.Bucket, but []store.Bucket) (queue store.Bucket, asked []question, err error) {
	carried := 0
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		var err error
		if queue, err = tx.ClaimBucket(ctx, in.Now(), after, but); err != nil {
			return err
		}
		events, err := tx.PendingEvents(ctx, queue, in.Now(), batchEvents, batchBytes)
		if err != nil {
			return err
		}
		batch := read(events)
		first := in.first
		if first == nil {
			first = in.quickly
		}
		if asked, err = first(ctx, tx, batch); err != nil && !store.IsDatabaseFault(err) {
			asked, err = in.carefully(ctx, tx, batch)
		}
		carried = len(batch)
		return err
	})
	if err == nil {
		in.carried.Add(int64(carried))
	}
	return queue, asked, err
}

// tidings is an event and what it tells, or why it cannot be read.
type tidings struct {
	models.Event
	news models.News
	err  error
}

// read reads events, on two processors where there are two.
func read(events []models.Event) []tidings {
	list := make([]tidings, len(events))
	var all sync.WaitGroup
	for half := range 2 {
		all.Go(func() {
			for n := half; n < len(events); n += 2 {
				list[n] = readOne(events[n])
			}
		})
	}
	all.Wait()
	return list
}

func readOne(e models.Event) (t tidings) {
	t.Event = e
	defer func() {
		if p := recover(); p != nil {
			t.err = fmt.Errorf("panic: %v", p)
		}
	}()
	t.news, t.err = sources.ByName[e.Source].Read(e)
	return t
}

// carrier carries a batch of one queue's events, and gives the questions that came up.
type carrier func(ctx context.Context, tx *store.Store, batch []tidings) ([]question, error)

// quickly carries a batch as one: what it touches is read at once, and what it changes is written at once. An event that
// fails undoes what was done for all of them.
func (in *Inbox) quickly(ctx context.Context, tx *store.Store, batch []tidings) ([]question, error) {
	return in.remembering(ctx, tx, batch, in.about(tx, batch), func(models.Event) error { return nil })
}

// remembering carries a batch with a memory that begins with what about names. After each event it calls then.
func (in *Inbox) remembering(ctx context.Context, tx *store.Store, batch []tidings, about store.About, then func(models.Event) error) (asked []question, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	each := func() error {
		for _, e := range batch {
			end, err := in.carry(ctx, tx, e)
			if err != nil {
				return err
			}
			if asked, err = in.ended(ctx, tx, e.Event, end, asked); err != nil {
				return err
			}
			if err := then(e.Event); err != nil {
				return err
			}
		}
		return nil
	}
	err = tx.Savepoint(ctx, func() error { return tx.Remembering(ctx, batch[0].Tenant, about, each) })
	return asked, err
}

// about is what a batch of events names.
func (in *Inbox) about(tx *store.Store, batch []tidings) (about store.About) {
	for _, e := range batch {
		for _, ids := range touched(e.news) {
			about.Aliases = append(about.Aliases, ids...)
		}
		for _, f := range e.news.Facts {
			about.Told = append(about.Told, f.Subject)
		}
		for _, l := range e.news.Tellings {
			who := l.Customer
			if who.StripeID != "" {
				about.StripeIDs = append(about.StripeIDs, who.StripeID)
			}
			if email := models.NormalEmail(who.Email); email != "" {
				about.Emails = append(about.Emails, email)
			}
			if key := in.keyOf(tx, models.Payment{Tenant: e.Tenant, Customer: who}); key != "" {
				about.Keys = append(about.Keys, key)
			}
			about.PartnerKeys = append(about.PartnerKeys, l.Clues.Named()...)
			about.Subjects = append(about.Subjects, l.Clues.Unread...)
			for _, w := range metadataOf(models.Payment{Aliases: l.Aliases(), Subscription: l.Subscription, Customer: who}) {
				about.Subjects = append(about.Subjects, w.ID)
			}
		}
	}
	return about
}

// carefully carries a batch event by event, so that one that fails undoes only itself. What the event itself gets wrong
// ends it as failed, with the reason; a fault of the database ends the whole transaction, which is tried again.
func (in *Inbox) carefully(ctx context.Context, tx *store.Store, batch []tidings) (asked []question, err error) {
	for _, e := range batch {
		var end outcome
		err = tx.Savepoint(ctx, func() (err error) {
			end, err = in.carry(ctx, tx, e)
			return err
		})
		if err != nil && store.IsDatabaseFault(err) {
			return nil, fmt.Errorf("carry event %s: %w", e.ID, err)
		} else if errors.Is(err, models.ErrInvalid) {
			end = outcome{status: models.EventFailed, because: new(err.Error())}
		} else if err != nil {
			in.Log.Error("carry an event", "event", e.ID, "error", err)
			end = outcome{status: models.EventFailed, because: new("an error in Portal: " + err.Error())}
		}
		if asked, err = in.ended(ctx, tx, e.Event, end, asked); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// ended keeps how an event ended. One with a question is set aside until the answer is there, so that the same batch does
// not find it again; the question joins those to be asked.
func (in *Inbox) ended(ctx context.Context, tx *store.Store, e models.Event, end outcome, asked []question) ([]question, error) {
	if end.ask != nil {
		return append(asked, question{Event: e, Question: *end.ask}),
			tx.ParkEvent(ctx, e, store.Parked{Because: "Stripe is being asked which invoice this money belongs to", WaitsFor: end.waitsFor, Until: in.Now().Add(time.Minute)})
	}
	q, err := in.finish(ctx, tx, e, end)
	if q != nil {
		asked = append(asked, *q)
	}
	return asked, err
}

// ask puts an event's question to the provider and keeps the answer with the event, or parks the event with the reason.
func (in *Inbox) ask(ctx context.Context, q question) error {
	if len(q.wants) > 0 {
		return in.show(ctx, q)
	}
	answer, err := in.Ask(ctx, q.Tenant, q.Program, q.Source, q.Question)
	if err != nil {
		in.Log.Info("a question to the provider stays open", "event", q.ID, "because", err)
		return in.Store.ParkEvent(ctx, q.Event, store.Parked{Because: sentence(err), WaitsFor: known(q.Question), Until: in.Now().Add(backoff(q.Tries))})
	}
	if err := in.keepAnswer(ctx, q.Event, answer); err != nil {
		return err
	}
	return in.Store.WakeEvents(ctx, q.Tenant, known(q.Question), in.Now())
}

// known are the ids whose money, once known, makes the question needless.
func known(q models.Question) []string {
	return slices.DeleteFunc([]string{q.Charge, q.Intent}, func(id string) bool { return id == "" })
}

// sentence is what people read of a refusal; anything else is told in general.
func sentence(err error) string {
	var r models.Refusal
	if errors.As(err, &r) {
		return r.Sentence
	}
	return "Stripe could not be asked: " + err.Error()
}

// backoff grows from ten seconds to a day.
func backoff(tries int) time.Duration {
	return min(10*time.Second<<min(tries, 14), 24*time.Hour)
}
