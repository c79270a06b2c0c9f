package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

type reconciliationRow struct {
	models.Reconciliation
	Days        asJSON[[]models.ReconciledDay] `db:"days"`
	Differences asJSON[[]models.Difference]    `db:"differences"`
}

func (r reconciliationRow) told() models.Reconciliation {
	r.Reconciliation.Days, r.Reconciliation.Differences = r.Days.V, r.Differences.V
	return r.Reconciliation
}

// BeginReconciliation keeps a comparison that begins. Former ones of the connection that were cut off say so.
func (s *Store) BeginReconciliation(ctx context.Context, r models.Reconciliation) error {
	if err := s.do(ctx, `UPDATE reconciliations SET state = 'waits', waits = 'It was cut off.', finished_at = $5
		WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 AND state = 'running'`, r.Company, r.Mode, r.Program, r.Source, r.StartedAt); err != nil {
		return fmt.Errorf("end former comparisons of %s: %w", r.Program, err)
	}
	return s.do(ctx, `INSERT INTO reconciliations (company_id, mode, id, program_id, source, since, until, state, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Company, r.Mode, r.ID, r.Program, r.Source, r.Since, r.Until, r.State, r.StartedAt)
}

// EndReconciliation keeps how a comparison ended, and forgets what it has met.
func (s *Store) EndReconciliation(ctx context.Context, r models.Reconciliation) error {
	if err := s.ForgetMet(ctx, r.Tenant, r.ID); err != nil {
		return err
	}
	return s.do(ctx, `UPDATE reconciliations SET state = $4, waits = $5, days = $6, differences = $7, healed = $8, open = $9, finished_at = $10
		WHERE company_id = $1 AND mode = $2 AND id = $3`, r.Company, r.Mode, r.ID, r.State, r.Waits,
		asJSON[[]models.ReconciledDay]{append([]models.ReconciledDay{}, r.Days...)}, asJSON[[]models.Difference]{append([]models.Difference{}, r.Differences...)}, r.Healed, r.Open, r.FinishedAt)
}

// Reconciliations lists the comparisons of a connection, the newest first.
func (s *Store) Reconciliations(ctx context.Context, c Connection, limit int) ([]models.Reconciliation, error) {
	var rows []reconciliationRow
	if err := s.list(ctx, &rows, `SELECT company_id, mode, id, program_id, source, since, until, state, waits, days, differences, healed, open, started_at, finished_at
		FROM reconciliations WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4 ORDER BY id DESC LIMIT $5`,
		c.Company, c.Mode, c.Program, c.Source, limit); err != nil {
		return nil, fmt.Errorf("list the comparisons of %s: %w", c.Program, err)
	}
	list := make([]models.Reconciliation, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, nil
}

// ComparedTo is up to when a connection was compared and all was right, and up to when it was compared at all; nil for never.
func (s *Store) ComparedTo(ctx context.Context, c Connection) (clean, any *time.Time, err error) {
	var row struct {
		Clean *time.Time `db:"clean"`
		Any   *time.Time `db:"compared"`
	}
	err = s.get(ctx, &row, `SELECT max(until) FILTER (WHERE state = 'clean') AS clean, max(until) FILTER (WHERE state IN ('clean', 'differs')) AS compared
		FROM reconciliations WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND source = $4`, c.Company, c.Mode, c.Program, c.Source)
	return row.Clean, row.Any, err
}

// PaymentsListed finds what is known of the money of some objects: invoices and charges.
func (s *Store) PaymentsListed(ctx context.Context, t models.Tenant, objects []string) (map[string]models.Known, error) {
	return s.known(ctx, `SELECT a.alias AS object, p.key, p.counted, p.gross AS amount, p.currency, coalesce((p.terms->>'no_outside')::boolean, false) AS no_outside, p.paid_at
		FROM payment_aliases a JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = a.payment_id
		WHERE a.company_id = $1 AND a.mode = $2 AND a.alias = ANY($3) ORDER BY a.alias`, t, objects)
}

// ReversalsListed finds what is known of some refunds.
func (s *Store) ReversalsListed(ctx context.Context, t models.Tenant, objects []string) (map[string]models.Known, error) {
	return s.known(ctx, `SELECT key AS object, key, true AS counted, amount, currency, state, made AS paid_at FROM reversals
		WHERE company_id = $1 AND mode = $2 AND key = ANY($3) ORDER BY key`, t, objects)
}

func (s *Store) known(ctx context.Context, query string, t models.Tenant, objects []string) (map[string]models.Known, error) {
	var rows []models.Known
	if err := s.list(ctx, &rows, query, t.Company, t.Mode, pq.Array(objects)); err != nil {
		return nil, fmt.Errorf("look for %d objects: %w", len(objects), err)
	}
	known := make(map[string]models.Known, len(rows))
	for _, k := range rows {
		known[k.Object] = k
	}
	return known, nil
}

// Meet notes what a comparison has met: objects, and the payments they belong to.
func (s *Store) Meet(ctx context.Context, t models.Tenant, run models.ReconcileID, keys []string) error {
	return s.do(ctx, `INSERT INTO reconciled (company_id, mode, run, key) SELECT DISTINCT $1::uuid, $2::text, $3::uuid, k FROM unnest($4::text[]) AS k ON CONFLICT DO NOTHING`,
		t.Company, t.Mode, run, pq.Array(keys))
}

// NotMet are those of some objects that a comparison has not met.
func (s *Store) NotMet(ctx context.Context, t models.Tenant, run models.ReconcileID, keys []string) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT DISTINCT k FROM unnest($4::text[]) AS k
		WHERE NOT EXISTS (SELECT 1 FROM reconciled r WHERE r.company_id = $1 AND r.mode = $2 AND r.run = $3 AND r.key = k) ORDER BY k`, t.Company, t.Mode, run, pq.Array(keys))
	return list, err
}

// ForgetMet forgets what a comparison has met.
func (s *Store) ForgetMet(ctx context.Context, t models.Tenant, run models.ReconcileID) error {
	return s.do(ctx, `DELETE FROM reconciled WHERE company_id = $1 AND mode = $2 AND run = $3`, t.Company, t.Mode, run)
}

// OnlyHere lists payments of a provider in some programs and a span, and refunds, that a comparison has not met.
func (s *Store) OnlyHere(ctx context.Context, r models.Reconciliation, programs []models.ProgramID, limit int) (payments, refunds []models.Known, err error) {
	args := []any{r.Company, r.Mode, pq.Array(uuids(programs)), r.Since, r.Until, r.ID, limit}
	if err = s.list(ctx, &payments, `SELECT key AS object, key, true AS counted, gross AS amount, currency, paid_at FROM payments p
		WHERE company_id = $1 AND mode = $2 AND program_id = ANY($3::uuid[]) AND paid_at >= $4 AND paid_at <= $5 AND counted AND source = $8
			AND NOT EXISTS (SELECT 1 FROM reconciled m WHERE m.company_id = $1 AND m.mode = $2 AND m.run = $6 AND m.key = p.key) ORDER BY paid_at, key LIMIT $7`, append(args, r.Source)...); err != nil {
		return nil, nil, fmt.Errorf("list payments that %s does not list: %w", r.Source, err)
	}
	err = s.list(ctx, &refunds, `SELECT v.key AS object, v.key, true AS counted, v.amount, v.currency, v.state, v.made AS paid_at
		FROM reversals v JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = v.payment_id AND p.program_id = ANY($3::uuid[])
		WHERE v.company_id = $1 AND v.mode = $2 AND v.kind = 'refund' AND v.state = 'takes' AND v.made >= $4 AND v.made <= $5
			AND NOT EXISTS (SELECT 1 FROM reconciled m WHERE m.company_id = $1 AND m.mode = $2 AND m.run = $6 AND m.key = v.key) ORDER BY v.made, v.key LIMIT $7`, args...)
	return payments, refunds, err
}

// DueEvents counts the events of a tenant that could be carried now and were not yet.
func (s *Store) DueEvents(ctx context.Context, t models.Tenant, now time.Time) (n int, err error) {
	err = s.get(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM events WHERE company_id = $1 AND bucket = $2 AND status = 'pending' AND next_try_at <= $3 LIMIT 10000) due`, t.Company, t.Bucket(), now)
	return n, err
}
