package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
)

// LastDelivery is what a program last heard from a source, without its body, or nil.
func (s *Store) LastDelivery(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (*models.Event, error) {
	var e models.Event
	err := s.get(ctx, &e, `SELECT company_id, mode, id, bucket, program_id, source, provider_event_id, type, ''::bytea AS body, received_at, status, because, tries
		FROM events WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 ORDER BY received_at DESC, id DESC LIMIT 1`, t.Company, t.Mode, program, source)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("find what %s last heard: %w", program, err)
	}
	return &e, nil
}

// DeliveryDay is how many events came on a day, DeliveriesCounted at most, and how many of those could not be read.
type DeliveryDay struct {
	Day    time.Time `db:"day"`
	Came   int       `db:"came"`
	Failed int       `db:"failed"`
}

// DeliveriesCounted is the most events of a day that DeliveryDays counts: beyond it, it is "many".
const DeliveriesCounted = 10_000

// DeliveryDays counts what a program heard from a source on each of some days in UTC, from the first to the last.
func (s *Store) DeliveryDays(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, first, last time.Time) ([]DeliveryDay, error) {
	var list []DeliveryDay
	err := s.list(ctx, &list, `SELECT d.day, n.came, n.failed
		FROM generate_series($5::timestamptz, $6::timestamptz, '24 hours') AS d (day) CROSS JOIN LATERAL (
			SELECT count(*) AS came, count(*) FILTER (WHERE status = 'failed') AS failed FROM (
				SELECT status FROM events WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4
					AND received_at >= d.day AND received_at < d.day + interval '24 hours'
				ORDER BY received_at DESC, id DESC LIMIT $7) of_day) n
		ORDER BY d.day LIMIT 100`, t.Company, t.Mode, program, source, first, last, DeliveriesCounted)
	if err != nil {
		return nil, fmt.Errorf("count what %s heard: %w", program, err)
	}
	return list, nil
}

// Stuck is how many of a tenant's events are not through yet, CountCap at most, and what the one says that is tried again last;
// nil when none says anything.
type Stuck struct {
	Events  int     `db:"events"`
	Because *string `db:"because"`
}

// Stuck looks at the events that are not through yet.
func (s *Store) Stuck(ctx context.Context, t models.Tenant) (Stuck, error) {
	var w Stuck
	err := s.get(ctx, &w, `SELECT (SELECT count(*) FROM (SELECT 1 FROM events WHERE company_id = $1 AND bucket = $2 AND status = 'pending' LIMIT $3) p) AS events,
		(SELECT because FROM events WHERE company_id = $1 AND bucket = $2 AND status = 'pending' AND because IS NOT NULL ORDER BY next_try_at DESC, id DESC LIMIT 1) AS because`,
		t.Company, t.Bucket(), CountCap)
	if err != nil {
		return w, fmt.Errorf("count the events that wait: %w", err)
	}
	return w, nil
}
