package store

import (
	"context"
	"fmt"

	"portal/models"
)

// DemoState tells how far the demo's history is: "" not begun, begun, or made. A database with companies of its own
// is an ErrConflict: the demo keeps off it.
func (s *Store) DemoState(ctx context.Context) (string, error) {
	var found struct {
		Made      bool `db:"made"`
		Begun     bool `db:"begun"`
		Companies int  `db:"companies"`
	}
	if err := s.get(ctx, &found, `SELECT EXISTS (SELECT 1 FROM audit WHERE action = 'demo.made') AS made,
		EXISTS (SELECT 1 FROM audit WHERE action = 'demo.begun') AS begun, (SELECT count(*) FROM companies) AS companies`); err != nil {
		return "", fmt.Errorf("look for the demo: %w", err)
	}
	switch {
	case found.Made:
		return "made", nil
	case found.Begun:
		return "begun", nil
	case found.Companies > 0:
		return "", models.Refuse(models.ErrConflict, "this data directory holds a company that is not the demo's; give the demo a directory of its own with PORTAL_DATABASE_DATA_DIR")
	}
	return "", nil
}

// Clear empties a database whose demo history was broken off. Migrate makes the schema anew.
func (s *Store) Clear(ctx context.Context) error {
	if state, err := s.DemoState(ctx); err != nil || state != "begun" {
		return fmt.Errorf("clear the database: the demo is %q: %w", state, err)
	}
	return s.do(ctx, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
}

// FasterWrites lets this store's connections commit without waiting for the disk: a crash may lose the last moments, but
// never a part of a transaction. Only the making of the demo's history runs so.
func (s *Store) FasterWrites(ctx context.Context, on bool) error {
	wait := "on"
	if on {
		wait = "off"
	}
	if err := s.do(ctx, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = `+wait+`', current_database()); END $$`); err != nil {
		return err
	}
	s.db.SetMaxIdleConns(0) // connections made from now on have the setting
	s.db.SetMaxIdleConns(12)
	return nil
}
