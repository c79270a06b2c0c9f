package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const eventColumns = `company_id, mode, id, bucket, program_id, source, provider_event_id, type, body, received_at, status, because, answer, tries, turn`

// KeepEvent keeps money news as it came, once per provider event, and wakes the workers when the transaction ends.
// It tells whether the event is new.
func (s *Store) KeepEvent(ctx context.Context, e models.Event) (bool, error) {
	n, err := s.exec(ctx, `WITH kept AS (
			INSERT INTO events (company_id, mode, id, bucket, program_id, source, provider_event_id, type, body, received_at, status, because, next_try_at, stray)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $10, $13)
			ON CONFLICT (company_id, source, provider_event_id) `+unlessStray+` RETURNING 1)
		SELECT pg_notify('inbox', '') FROM kept`,
		e.Company, e.Mode, e.ID, e.Bucket, e.Program, e.Source, e.ProviderID, e.Type, e.Body, e.ReceivedAt, e.Status, e.Because, e.Stray)
	if err != nil {
		return false, fmt.Errorf("keep event %s: %w", e.ProviderID, err)
	}
	return n == 1, nil
}

// becauseOf is why an event stands as it does; empty for no reason.
func becauseOf(e models.Event) string {
	if e.Because == nil {
		return ""
	}
	return *e.Because
}

// unlessStray is what becomes of an event that is here already: nothing, unless it came signed for the other side only.
const unlessStray = `DO UPDATE SET status = excluded.status, because = excluded.because, stray = false, program_id = excluded.program_id, next_try_at = excluded.next_try_at
	WHERE events.stray AND NOT excluded.stray`

// KeepEvents is KeepEvent for many at once: one statement, so that they are on disk together, and one wake-up. Events that
// are there already change nothing. They are kept in the order of their names, so that two of these never wait for each other.
func (s *Store) KeepEvents(ctx context.Context, events []models.Event) error {
	slices.SortFunc(events, func(a, b models.Event) int {
		if a.ProviderID != b.ProviderID {
			return cmp.Compare(a.ProviderID, b.ProviderID)
		}
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(uuidOf(a.Company), uuidOf(b.Company)), cmp.Compare(len(becauseOf(a)), len(becauseOf(b)))) // one that is no stray goes before one that is
	})
	events = slices.CompactFunc(events, func(a, b models.Event) bool {
		return a.ProviderID == b.ProviderID && a.Source == b.Source && a.Company == b.Company
	})
	size := 0
	for _, e := range events {
		size += len(e.Body)
	}
	bodies := make([]byte, 0, size) // one value, cut up by the database: an array would carry each byte as two digits
	begins, sizes := make([]int64, 0, len(events)), make([]int64, 0, len(events))
	for _, e := range events {
		begins, sizes = append(begins, int64(len(bodies))+1), append(sizes, int64(len(e.Body)))
		bodies = append(bodies, e.Body...)
	}
	err := s.do(ctx, `WITH kept AS (
			INSERT INTO events (company_id, mode, id, bucket, program_id, source, provider_event_id, type, body, received_at, status, because, next_try_at, stray)
			SELECT company_id, mode, id, bucket, program_id, source, provider_event_id, type, substr($1::bytea, begins, size), received_at, status, nullif(because, ''), received_at, stray
			FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::smallint[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::int[], $11::int[], $12::timestamptz[], $13::text[], $14::text[], $15::boolean[])
				AS e (company_id, mode, id, bucket, program_id, source, provider_event_id, type, begins, size, received_at, status, because, stray)
			ON CONFLICT (company_id, source, provider_event_id) `+unlessStray+` RETURNING 1)
		SELECT pg_notify('inbox', '') WHERE EXISTS (SELECT 1 FROM kept)`,
		bodies,
		column(events, func(e models.Event) string { return uuidOf(e.Company) }),
		column(events, func(e models.Event) string { return string(e.Mode) }),
		column(events, func(e models.Event) string { return uuidOf(e.ID) }),
		column(events, func(e models.Event) int64 { return int64(e.Bucket) }),
		column(events, func(e models.Event) string { return uuidOf(e.Program) }),
		column(events, func(e models.Event) string { return string(e.Source) }),
		column(events, func(e models.Event) string { return e.ProviderID }),
		column(events, func(e models.Event) string { return e.Type }),
		pq.Array(begins), pq.Array(sizes),
		column(events, func(e models.Event) string { return e.ReceivedAt.Format(time.RFC3339Nano) }),
		column(events, func(e models.Event) string { return string(e.Status) }),
		column(events, becauseOf),
		column(events, func(e models.Event) bool { return e.Stray }))
	if err != nil {
		return fmt.Errorf("keep %d events: %w", len(events), err)
	}
	return nil
}

// Bucket names one queue of one company.
type Bucket struct {
	Company models.CompanyID `db:"company_id"`
	Bucket  int              `db:"bucket"`
}

// ClaimBucket takes a queue, but for some, that has events to carry, and that nobody else is draining: the next after one,
// and in the end that one again, so that each has its turn. None is ErrNotFound. It stays claimed until the transaction ends.
func (s *Store) ClaimBucket(ctx context.Context, now time.Time, after Bucket, but []Bucket) (Bucket, error) {
	var not []string
	for _, b := range but {
		not = append(not, fmt.Sprintf("%s/%d", b.Company, b.Bucket))
	}
	last := lowestID
	if !after.Company.IsZero() {
		last = uuidOf(after.Company)
	}
	var b Bucket
	claim := func(where string) error {
		// The look at the events has a limit of its own: else all of them may be read, to be joined with the queues.
		return s.get(ctx, &b, `SELECT b.company_id, b.bucket FROM buckets b
			WHERE `+where+` AND NOT ('co_' || replace(b.company_id::text, '-', '') || '/' || b.bucket = ANY($2))
				AND (SELECT true FROM events e WHERE e.company_id = b.company_id AND e.bucket = b.bucket AND e.status = 'pending' AND e.next_try_at <= $1
					ORDER BY e.next_try_at LIMIT 1)
			ORDER BY b.company_id, b.bucket LIMIT 1 FOR UPDATE OF b SKIP LOCKED`, now, pq.Array(append([]string{}, not...)), last, after.Bucket)
	}
	err := claim(`(b.company_id, b.bucket) > ($3::uuid, $4)`)
	if errors.Is(err, models.ErrNotFound) && last != lowestID {
		err = claim(`(b.company_id, b.bucket) <= ($3::uuid, $4)`)
	}
	return b, err
}

// LockBucket waits for a tenant's queue. Whoever holds it is alone in deciding about the tenant's money.
func (s *Store) LockBucket(ctx context.Context, t models.Tenant) error {
	var one int
	if err := s.get(ctx, &one, `SELECT 1 FROM buckets WHERE company_id = $1 AND bucket = $2 FOR UPDATE`, t.Company, t.Bucket()); err != nil {
		return fmt.Errorf("lock the queue of %s: %w", t.Company, err)
	}
	return nil
}

// LockBuckets waits for both queues of a company, before something is set that both sides are decided by.
func (s *Store) LockBuckets(ctx context.Context, company models.CompanyID) error {
	var both []int
	if err := s.list(ctx, &both, `SELECT bucket FROM buckets WHERE company_id = $1 ORDER BY bucket FOR UPDATE`, company); err != nil {
		return fmt.Errorf("lock the queues of %s: %w", company, err)
	}
	return nil
}

// PendingEvents lists the events of a queue that may be carried now, in the order they came: as many as the limit, while
// their bodies stay under a size.
func (s *Store) PendingEvents(ctx context.Context, b Bucket, now time.Time, limit, size int) ([]models.Event, error) {
	var list []models.Event
	err := s.list(ctx, &list, `SELECT `+eventColumns+` FROM (
			SELECT `+eventColumns+`, next_try_at, sum(octet_length(body)) OVER (ORDER BY next_try_at, id ROWS UNBOUNDED PRECEDING) AS so_far
			FROM events WHERE company_id = $1 AND bucket = $2 AND status = 'pending' AND next_try_at <= $3
			ORDER BY next_try_at, id LIMIT $4) AS next
		WHERE so_far <= $5 ORDER BY next_try_at, id`, b.Company, b.Bucket, now, limit, size)
	return list, err
}

// Event loads one by id.
func (s *Store) Event(ctx context.Context, t models.Tenant, id models.EventID) (models.Event, error) {
	var e models.Event
	if err := s.get(ctx, &e, `SELECT `+eventColumns+` FROM events WHERE company_id = $1 AND bucket = $2 AND id = $3`, t.Company, t.Bucket(), id); err != nil {
		return e, fmt.Errorf("load event %s: %w", id, err)
	}
	return e, nil
}

// EventByProviderID loads the event that a source told under an id.
func (s *Store) EventByProviderID(ctx context.Context, company models.CompanyID, source models.SourceName, id string) (models.Event, error) {
	var e models.Event
	if err := s.get(ctx, &e, `SELECT `+eventColumns+` FROM events WHERE company_id = $1 AND source = $2 AND provider_event_id = $3`, company, source, id); err != nil {
		return e, fmt.Errorf("load event %s: %w", id, err)
	}
	return e, nil
}

// Events lists a page by when they came, narrowed to a status when it is given. Bodies are left out.
func (s *Store) Events(ctx context.Context, t models.Tenant, status models.EventStatus, page Page) ([]models.Event, error) {
	where, args := ``, []any{t.Company, t.Mode, page.At(), page.ID(), page.Limit + 1}
	if status != "" {
		args = append(args, status)
		where = `status = $6 AND `
	}
	var list []models.Event
	err := s.list(ctx, &list, `SELECT company_id, mode, id, bucket, program_id, source, provider_event_id, type, ''::bytea AS body, received_at, status, because, tries
		FROM events WHERE company_id = $1 AND mode = $2 AND `+where+page.afterTime("received_at", "id", 3)+` LIMIT $5`, args...)
	return list, err
}

// FinishEvent keeps how an event ended. One that was carried through takes its turn on the tape.
func (s *Store) FinishEvent(ctx context.Context, e models.Event, status models.EventStatus, because *string, now time.Time) error {
	if m := s.remembers(e.Tenant); m != nil {
		return m.end(ctx, ended{event: e, status: status, because: because, carriedAt: &now, turns: status == models.EventDone})
	}
	return s.do(ctx, `UPDATE events SET status = $4, because = $5, waits_for = NULL, carried_at = coalesce(carried_at, $6),
			turn = CASE WHEN $4 = 'done' THEN coalesce(turn, nextval('tape')) ELSE turn END
		WHERE company_id = $1 AND bucket = $2 AND id = $3`,
		e.Company, e.Bucket, e.ID, status, because, now)
}

// Parked is why an event is put aside, and until when.
type Parked struct {
	Because  string
	WaitsFor []string // what lets it go on sooner, once it is known
	Until    time.Time
	Counted  *time.Time // since when it counts all the same: then it takes its turn on the tape
}

// ParkEvent puts an event aside.
func (s *Store) ParkEvent(ctx context.Context, e models.Event, p Parked) error {
	if m := s.remembers(e.Tenant); m != nil {
		for _, id := range p.WaitsFor {
			m.asked[id] = true
		}
		return m.end(ctx, ended{event: e, status: models.EventPending, because: &p.Because, waitsFor: p.WaitsFor, until: &p.Until, carriedAt: p.Counted, turns: p.Counted != nil})
	}
	return s.do(ctx, `UPDATE events SET because = $4, waits_for = $5, next_try_at = $6, tries = tries + 1, carried_at = coalesce(carried_at, $7),
			turn = CASE WHEN $7 IS NOT NULL THEN coalesce(turn, nextval('tape')) ELSE turn END
		WHERE company_id = $1 AND bucket = $2 AND id = $3 AND status = 'pending'`,
		e.Company, e.Bucket, e.ID, p.Because, pq.Array(p.WaitsFor), p.Until, p.Counted)
}

// WakeEvents lets events go on that waited for one of these ids.
func (s *Store) WakeEvents(ctx context.Context, t models.Tenant, known []string, now time.Time) error {
	if m := s.remembers(t); m != nil && !m.waitedFor(known) {
		return nil
	}
	return s.aside(ctx, func(s *Store) error {
		return s.do(ctx, `UPDATE events SET next_try_at = $4 WHERE company_id = $1 AND bucket = $2 AND status = 'pending' AND waits_for && $3`,
			t.Company, t.Bucket(), pq.Array(known), now)
	})
}

// WakeAll lets every parked event of a tenant go on, when a connection was made or mended.
func (s *Store) WakeAll(ctx context.Context, t models.Tenant, now time.Time) error {
	return s.do(ctx, `WITH woken AS (UPDATE events SET next_try_at = $3 WHERE company_id = $1 AND bucket = $2 AND status = 'pending' RETURNING 1)
		SELECT pg_notify('inbox', '') FROM woken LIMIT 1`, t.Company, t.Bucket(), now)
}

// KeepAnswer keeps what the provider said about an event, so that a replay needs no network.
func (s *Store) KeepAnswer(ctx context.Context, e models.Event, answer []byte) error {
	return s.do(ctx, `UPDATE events SET answer = $4 WHERE company_id = $1 AND bucket = $2 AND id = $3`, e.Company, e.Bucket, e.ID, answer)
}
