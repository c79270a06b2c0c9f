package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const syncColumns = `company_id, program_id, mode, kind, state, cursor, reached_at, seen, fresh, updated, expected, because, made_by, started_at, beat_at, finished_at`

// SaveSync keeps how far a sync has come; a new one takes the place of the last.
func (s *Store) SaveSync(ctx context.Context, y models.Sync) error {
	if err := s.do(ctx, `INSERT INTO syncs (`+syncColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (company_id, program_id, mode, kind) DO UPDATE SET state = excluded.state, cursor = excluded.cursor, reached_at = excluded.reached_at, seen = excluded.seen,
			fresh = excluded.fresh, updated = excluded.updated, expected = excluded.expected, because = excluded.because, made_by = excluded.made_by,
			started_at = excluded.started_at, beat_at = excluded.beat_at, finished_at = excluded.finished_at`,
		y.Company, y.Program, y.Mode, y.Kind, y.State, y.Cursor, y.ReachedAt, y.Seen, y.Fresh, y.Updated, y.Expected, y.Because, y.MadeBy, y.StartedAt, y.BeatAt, y.FinishedAt); err != nil {
		return fmt.Errorf("save the sync of %s in %s: %w", y.Kind, y.Program, err)
	}
	return nil
}

// Sync loads the run that is under way, or the last one. None is ErrNotFound.
func (s *Store) Sync(ctx context.Context, t models.Tenant, program models.ProgramID, kind models.SyncKind) (models.Sync, error) {
	return s.sync(ctx, t, program, kind, ``)
}

// LockSync loads one and keeps others from changing it until the transaction ends.
func (s *Store) LockSync(ctx context.Context, t models.Tenant, program models.ProgramID, kind models.SyncKind) (models.Sync, error) {
	return s.sync(ctx, t, program, kind, ` FOR UPDATE`)
}

func (s *Store) sync(ctx context.Context, t models.Tenant, program models.ProgramID, kind models.SyncKind, lock string) (models.Sync, error) {
	var y models.Sync
	if err := s.get(ctx, &y, `SELECT `+syncColumns+` FROM syncs WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND kind = $4`+lock, t.Company, program, t.Mode, kind); err != nil {
		return y, fmt.Errorf("load the sync of %s in %s: %w", kind, program, err)
	}
	return y, nil
}

// SyncsCutOff lists the runs of all companies that are under way and have not come on since a moment.
func (s *Store) SyncsCutOff(ctx context.Context, since time.Time) ([]models.Sync, error) {
	var list []models.Sync
	if err := s.list(ctx, &list, `SELECT `+syncColumns+` FROM syncs WHERE state = 'running' AND beat_at < $1 ORDER BY company_id, program_id, mode, kind LIMIT 1000`, since); err != nil {
		return nil, fmt.Errorf("list the syncs that were cut off: %w", err)
	}
	return list, nil
}

// CatalogsDue lists the connections of all companies to Stripe whose catalog was not asked for since a moment, or did not
// come and was not asked for since another.
func (s *Store) CatalogsDue(ctx context.Context, since, failedSince time.Time) ([]Connection, error) {
	var list []Connection
	if err := s.list(ctx, &list, `SELECT i.company_id, i.mode, i.program_id, i.source FROM integrations i
		WHERE i.status = 'connected' AND i.source = 'stripe' AND NOT EXISTS (
			SELECT 1 FROM syncs y WHERE y.company_id = i.company_id AND y.program_id = i.program_id AND y.mode = i.mode AND y.kind = 'catalog' AND y.started_at >= CASE y.state WHEN 'done' THEN $1::timestamptz ELSE $2 END)
		ORDER BY i.company_id, i.program_id, i.mode LIMIT 1000`, since, failedSince); err != nil {
		return nil, fmt.Errorf("list the catalogs that are due: %w", err)
	}
	return list, nil
}
