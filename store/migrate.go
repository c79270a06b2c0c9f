package store

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"portal/migrations"
)

// Migrate brings the schema up to date, the house's tables and the job queue's. Two at once wait for each other.
func Migrate(ctx context.Context, url string) error {
	db, err := sqlx.ConnectContext(ctx, "postgres", url)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	turn, err := db.Connx(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = turn.Close() }()
	if _, err := turn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext('portal migrations'))`); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	defer func() { _, _ = turn.ExecContext(ctx, `SELECT pg_advisory_unlock(hashtext('portal migrations'))`) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db.DB, migrations.FS)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	jobs, err := rivermigrate.New(riverdatabasesql.New(db.DB), nil)
	if err != nil {
		return err
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// SchemaCurrent tells whether the database has this program's newest migration.
func (s *Store) SchemaCurrent(ctx context.Context) (bool, error) {
	var have int64
	if err := s.get(ctx, &have, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`); err != nil {
		return false, fmt.Errorf("read the schema's version: %w", err)
	}
	newest, err := migrations.Newest()
	return have >= newest, err
}
