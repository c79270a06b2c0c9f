package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

const importColumns = `company_id, mode, id, program_id, source, since, until, connected_at, state, paused, step, after_id, rows, entered, fresh, waits, found,
	commissions, made_by, made_at, committed_by, committed_at, finished_at`

type importRow struct {
	models.Import
	Found asJSON[models.Found] `db:"found"`
}

func (r importRow) told() models.Import {
	r.Import.Found = r.Found.V
	return r.Import
}

// AddImport keeps a new import. A program has one open at a time: another is an ErrConflict.
func (s *Store) AddImport(ctx context.Context, i models.Import) error {
	return s.do(ctx, `INSERT INTO imports (company_id, mode, id, program_id, source, since, until, connected_at, state, made_by, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		i.Company, i.Mode, i.ID, i.Program, i.Source, i.Since, i.Until, i.ConnectedAt, i.State, i.MadeBy, i.MadeAt)
}

// SaveImport keeps how far an import has come.
func (s *Store) SaveImport(ctx context.Context, i models.Import) error {
	return s.do(ctx, `UPDATE imports SET state = $4, paused = $5, step = $6, after_id = $7, rows = $8, entered = $9, fresh = $10, waits = $11, found = $12,
			commissions = $13, committed_by = $14, committed_at = $15, finished_at = $16, moved_at = now()
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		i.Company, i.Mode, i.ID, i.State, i.Paused, i.Step, i.After, i.Rows, i.Entered, i.Fresh, i.Waits, asJSON[models.Found]{i.Found},
		i.Commissions, i.CommittedBy, i.CommittedAt, i.FinishedAt)
}

// ImportWaits keeps why the provider cannot be asked for an import now; nil when it can.
func (s *Store) ImportWaits(ctx context.Context, t models.Tenant, id models.ImportID, because *string) error {
	return s.do(ctx, `UPDATE imports SET waits = $4 WHERE company_id = $1 AND mode = $2 AND id = $3 AND waits IS DISTINCT FROM $4`, t.Company, t.Mode, id, because)
}

// Import loads one by id.
func (s *Store) Import(ctx context.Context, t models.Tenant, id models.ImportID) (models.Import, error) {
	return s.importBy(ctx, t, id, ``)
}

// LockImport loads one and keeps others from working on it until the transaction ends.
func (s *Store) LockImport(ctx context.Context, t models.Tenant, id models.ImportID) (models.Import, error) {
	return s.importBy(ctx, t, id, ` FOR UPDATE`)
}

func (s *Store) importBy(ctx context.Context, t models.Tenant, id models.ImportID, lock string) (models.Import, error) {
	var r importRow
	if err := s.get(ctx, &r, `SELECT `+importColumns+` FROM imports WHERE company_id = $1 AND mode = $2 AND id = $3`+lock, t.Company, t.Mode, id); err != nil {
		return models.Import{}, fmt.Errorf("load import %s: %w", id, err)
	}
	return r.told(), nil
}

// Imports lists a page of imports, in the order in which they were made or the newest first.
func (s *Store) Imports(ctx context.Context, t models.Tenant, page Page) ([]models.Import, error) {
	var rows []importRow
	if err := s.list(ctx, &rows, `SELECT `+importColumns+` FROM imports WHERE company_id = $1 AND mode = $2 AND `+page.after("id", 3)+` LIMIT $4`,
		t.Company, t.Mode, page.ID(), page.Limit+1); err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	list := make([]models.Import, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, nil
}

// KeepImportObjects keeps what a list held, a page at a time.
func (s *Store) KeepImportObjects(ctx context.Context, i models.Import, objects []models.ImportObject) error {
	for _, o := range objects {
		if err := s.do(ctx, `INSERT INTO import_objects (company_id, mode, import_id, n, kind, object, currency, amount, at, listed_at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, i.Company, i.Mode, i.ID, o.N, o.Kind, o.Object, o.Currency, o.Amount, o.At, o.ListedAt, o.Body); err != nil {
			return fmt.Errorf("keep %s of import %s: %w", o.Object, i.ID, err)
		}
	}
	return nil
}

// ImportLacks are those of some objects that an import has not listed.
func (s *Store) ImportLacks(ctx context.Context, i models.Import, objects []string) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT DISTINCT u.object FROM unnest($4::text[]) AS u (object)
		WHERE NOT EXISTS (SELECT 1 FROM import_objects o WHERE o.company_id = $1 AND o.mode = $2 AND o.import_id = $3 AND o.object = u.object) ORDER BY u.object`,
		i.Company, i.Mode, i.ID, pq.Array(objects))
	return list, err
}

// ImportObjects lists what an import has listed, after one and as many as the limit.
func (s *Store) ImportObjects(ctx context.Context, i models.Import, after, limit int) ([]models.ImportObject, error) {
	var list []models.ImportObject
	err := s.list(ctx, &list, `SELECT n, kind, object, currency, amount, at, listed_at, body FROM import_objects
		WHERE company_id = $1 AND mode = $2 AND import_id = $3 AND n > $4 ORDER BY n LIMIT $5`, i.Company, i.Mode, i.ID, after, limit)
	return list, err
}

// NewestImportObjects lists the newest of what an import has listed, in the order in which they were listed.
func (s *Store) NewestImportObjects(ctx context.Context, i models.Import, limit int) ([]models.ImportObject, error) {
	var list []models.ImportObject
	err := s.list(ctx, &list, `SELECT n, kind, object, currency, amount, at, listed_at, body FROM (
			SELECT n, kind, object, currency, amount, at, listed_at, body FROM import_objects WHERE company_id = $1 AND mode = $2 AND import_id = $3 ORDER BY at DESC, n LIMIT $4) newest
		ORDER BY n`, i.Company, i.Mode, i.ID, limit)
	return list, err
}

// ForgetImportObjects lets go what an import has listed.
func (s *Store) ForgetImportObjects(ctx context.Context, i models.Import) error {
	return s.do(ctx, `DELETE FROM import_objects WHERE company_id = $1 AND mode = $2 AND import_id = $3`, i.Company, i.Mode, i.ID)
}

// CountImport counts what an import has listed, by kind and currency, and how much of it is known already.
func (s *Store) CountImport(ctx context.Context, i models.Import) ([]models.FoundKind, error) {
	var list []models.FoundKind
	err := s.list(ctx, &list, `SELECT kind, currency, count(*) AS count, sum(amount)::bigint AS sum, count(*) FILTER (WHERE CASE
				WHEN kind IN ('refund', 'dispute', 'credit_note') THEN EXISTS (SELECT 1 FROM reversals r WHERE r.company_id = $1 AND r.mode = $2 AND r.key = o.object)
				WHEN kind IN ('checkout.session', 'zero_invoice') THEN EXISTS (SELECT 1 FROM payment_aliases a WHERE a.company_id = $1 AND a.mode = $2 AND a.alias = o.object)
				ELSE EXISTS (SELECT 1 FROM payment_aliases a JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = a.payment_id AND p.counted
					WHERE a.company_id = $1 AND a.mode = $2 AND a.alias = o.object) END) AS here
		FROM import_objects o WHERE company_id = $1 AND mode = $2 AND import_id = $3 GROUP BY kind, currency ORDER BY min(n), currency`, i.Company, i.Mode, i.ID)
	if err != nil {
		return nil, fmt.Errorf("count import %s: %w", i.ID, err)
	}
	return list, nil
}

// ImportedPayments counts the payments that some objects tell of, and their customers who belong to a partner.
func (s *Store) ImportedPayments(ctx context.Context, t models.Tenant, objects []string) (payments, customers int, err error) {
	var row struct {
		Payments  int `db:"payments"`
		Customers int `db:"customers"`
	}
	err = s.get(ctx, &row, `SELECT count(DISTINCT p.id) AS payments, count(DISTINCT p.customer_id) FILTER (WHERE p.partner_id IS NOT NULL) AS customers
		FROM payment_aliases a JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = a.payment_id AND p.counted
		WHERE a.company_id = $1 AND a.mode = $2 AND a.alias = ANY($3)`, t.Company, t.Mode, pq.Array(objects))
	return row.Payments, row.Customers, err
}

// ImportsLeft lists the imports that were to go on and have not for a while: whoever carried them is gone.
func (s *Store) ImportsLeft(ctx context.Context) ([]models.Import, error) {
	var rows []importRow
	err := s.list(ctx, &rows, `SELECT `+importColumns+` FROM imports
		WHERE state IN ('listing', 'entering') AND NOT paused AND moved_at < now() - interval '5 minutes' ORDER BY company_id, mode, id LIMIT 1000`)
	list := make([]models.Import, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, err
}
