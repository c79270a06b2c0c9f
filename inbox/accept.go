package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// Accept proves who sent a webhook and keeps it. After it returns nil the event is on disk, or was already.
// ErrNotFound: no such program. ErrInvalid: the signature does not hold, and nothing was kept. ErrLater: not kept, send again.
func (in *Inbox) Accept(ctx context.Context, program models.ProgramID, source models.SourceName, h http.Header, body []byte) error {
	e, err := in.prove(ctx, program, source, h, body)
	if err != nil {
		return err
	}
	in.name(&e)
	return in.door.keep(ctx, in.Store, e)
}

// prove finds out who sent a webhook. A signature that does not hold is held against the newest secrets before it is
// refused, so that a new secret counts at once.
func (in *Inbox) prove(ctx context.Context, program models.ProgramID, source models.SourceName, h http.Header, body []byte) (models.Event, error) {
	for _, again := range []bool{false, true} {
		known, err := in.senders.of(ctx, in.Store, sender{program, source}, again)
		if errors.Is(err, models.ErrNotFound) {
			return models.Event{}, err
		} else if err != nil {
			return models.Event{}, fmt.Errorf("%w: %w", models.ErrLater, err)
		}
		secrets, connections := known.secrets(in.Now())
		e, which, err := sources.Match(sources.ByName[source], secrets, h, body, in.Now())
		if err != nil && !again {
			continue
		} else if err != nil {
			in.refused(ctx, models.Tenant{Company: known.company, Mode: sources.StripeEvent(body).Mode}, program, source)
			return models.Event{}, err
		}
		e.Company, e.Program, e.Status = known.company, program, models.EventPending
		if side := connections[which].Mode; e.Mode == "" {
			e.Mode = side
		} else if e.Mode != side {
			e.Stray, e.Status, e.Because = true, models.EventIgnored, new(fmt.Sprintf("a %s event, signed for the %s side: the %s side is not connected here (D16)", e.Mode, side, e.Mode))
		}
		return e, nil
	}
	panic("not reached")
}

// refused notes, for the doctor, that something came which no secret proves. The side is what it says of itself.
func (in *Inbox) refused(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) {
	if err := in.Store.SaveRefused(ctx, t, program, source, in.Now()); err != nil {
		in.Log.Info("a refused webhook could not be noted", "program", program, "because", err)
	}
}

// Fetched keeps events that a provider listed when it was asked: its own word, with no signature to prove. It tells how
// many are new. Events of the other side are left out.
func (in *Inbox) Fetched(ctx context.Context, t models.Tenant, program models.ProgramID, events []models.Event) (fresh int, err error) {
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		kept, err := in.FetchedBy(ctx, tx, t, program, events)
		fresh = len(kept)
		return err
	})
	return fresh, err
}

// FetchedBy is Fetched inside a transaction. It gives the events that are new.
func (in *Inbox) FetchedBy(ctx context.Context, tx *store.Store, t models.Tenant, program models.ProgramID, events []models.Event) ([]models.Event, error) {
	var fresh []models.Event
	for _, e := range events {
		if e.Mode != t.Mode {
			continue
		}
		e.Tenant, e.Program, e.Status = t, program, models.EventPending
		isNew, err := in.keep(ctx, tx, &e)
		if err != nil {
			return nil, err
		}
		if isNew {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// What waits at the door, and what one statement keeps, stays under these.
const (
	batchers     = 2 // statements under way at once
	together     = 128
	togetherSize = 4 << 20
	waiting      = 4096
	waitingSize  = 64 << 20
	keepTime     = 10 * time.Second
)

// door keeps events together: while one statement is under way the next batch gathers by itself, so no clock is needed.
// The zero door works, and nothing runs while nobody waits.
type door struct {
	mu      sync.Mutex
	waiting []arrival
	size    int // of the bodies of those waiting
	running int
}

// arrival is an event at the door; whoever sent it waits for the answer.
type arrival struct {
	models.Event
	kept chan error
}

var errBusy = models.Refuse(models.ErrLater, "Too much is coming in at once. Send it again in a moment.")

// keep waits until the event is on disk, or until the context ends: then nobody knows, and the sender sends it again.
func (d *door) keep(ctx context.Context, s *store.Store, e models.Event) error {
	a := arrival{e, make(chan error, 1)}
	d.mu.Lock()
	if len(d.waiting) >= waiting || d.size+len(e.Body) > waitingSize {
		d.mu.Unlock()
		return errBusy
	}
	d.waiting, d.size = append(d.waiting, a), d.size+len(e.Body)
	start := d.running < batchers
	if start {
		d.running++
	}
	d.mu.Unlock()
	if start {
		go d.run(context.WithoutCancel(ctx), s)
	}
	select {
	case err := <-a.kept:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", models.ErrLater, ctx.Err())
	}
}

// run keeps what waits, batch after batch, until nothing does.
func (d *door) run(ctx context.Context, s *store.Store) {
	for batch := d.next(); batch != nil; batch = d.next() {
		keepAll(ctx, s, batch)
	}
}

// next takes a batch from those waiting; nil ends this run.
func (d *door) next() []arrival {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		d.running--
		d.waiting = nil
		return nil
	}
	n, size := 0, 0
	for n < min(len(d.waiting), together) && (n == 0 || size+len(d.waiting[n].Body) <= togetherSize) {
		size += len(d.waiting[n].Body)
		n++
	}
	batch := d.waiting[:n:n]
	d.waiting, d.size = d.waiting[n:], d.size-size
	return batch
}

// keepAll keeps a batch in one statement and answers all. When that fails for something in it, each is tried alone, so
// that one that cannot be kept fails alone.
func keepAll(ctx context.Context, s *store.Store, batch []arrival) {
	ctx, cancel := context.WithTimeout(ctx, keepTime)
	defer cancel()
	events := make([]models.Event, 0, len(batch))
	for _, a := range batch {
		events = append(events, a.Event)
	}
	err := s.KeepEvents(ctx, events)
	for _, a := range batch {
		if err != nil && !store.IsDatabaseFault(err) {
			_, alone := s.KeepEvent(ctx, a.Event)
			a.answer(alone)
			continue
		}
		a.answer(err)
	}
}

func (a arrival) answer(err error) {
	if err != nil {
		err = fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	a.kept <- err
}
