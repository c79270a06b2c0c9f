package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const runSelect = `SELECT company_id, mode, id, scheduled, until, least, status, partners, looked, invoices, below, last_partner, started_person, started_by,
	started_at, moved_at, ended_at FROM runs WHERE `

// AddRun keeps a new run.
func (s *Store) AddRun(ctx context.Context, r models.Run) error {
	return s.do(ctx, `INSERT INTO runs (company_id, mode, id, scheduled, until, least, status, partners, started_person, started_by, started_at, moved_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
		r.Company, r.Mode, r.ID, r.Scheduled, r.Until, r.Least, r.Status, r.Partners, r.Person, r.By, r.StartedAt)
}

// SaveRun keeps how far a run has come.
func (s *Store) SaveRun(ctx context.Context, r models.Run) error {
	return s.do(ctx, `UPDATE runs SET status = $4, looked = $5, invoices = $6, below = $7, last_partner = $8, moved_at = $9, ended_at = $10
		WHERE company_id = $1 AND mode = $2 AND id = $3`, r.Company, r.Mode, r.ID, r.Status, r.Looked, r.Invoices, r.Below, r.Last, r.MovedAt, r.EndedAt)
}

// Run loads one by id.
func (s *Store) Run(ctx context.Context, t models.Tenant, id models.RunID) (models.Run, error) {
	return s.run(ctx, t, id, ``)
}

// LockRun loads one and keeps others from carrying it until the transaction ends.
func (s *Store) LockRun(ctx context.Context, t models.Tenant, id models.RunID) (models.Run, error) {
	return s.run(ctx, t, id, ` FOR UPDATE`)
}

func (s *Store) run(ctx context.Context, t models.Tenant, id models.RunID, lock string) (models.Run, error) {
	var r models.Run
	if err := s.get(ctx, &r, runSelect+`company_id = $1 AND mode = $2 AND id = $3`+lock, t.Company, t.Mode, id); err != nil {
		return r, fmt.Errorf("load run %s: %w", id, err)
	}
	return r, nil
}

// Runs lists a page by when they began.
func (s *Store) Runs(ctx context.Context, t models.Tenant, page Page) ([]models.Run, error) {
	var list []models.Run
	err := s.list(ctx, &list, runSelect+`company_id = $1 AND mode = $2 AND `+page.afterTime("started_at", "id", 3)+` LIMIT $5`,
		t.Company, t.Mode, page.At(), page.ID(), page.Limit+1)
	return list, err
}

// IdleRuns lists runs of every company that go on and have not moved since a moment.
func (s *Store) IdleRuns(ctx context.Context, since time.Time) ([]models.Run, error) {
	var list []models.Run
	err := s.list(ctx, &list, runSelect+`status = 'running' AND moved_at < $1 ORDER BY moved_at LIMIT 1000`, since)
	return list, err
}

// InvoicesOfRun lists all that a run drew up, in the order of their numbers.
func (s *Store) InvoicesOfRun(ctx context.Context, t models.Tenant, id models.RunID) ([]models.Invoice, error) {
	var list []models.Invoice
	err := s.list(ctx, &list, invoiceSelect+`i.run_id = $3 ORDER BY i.id`, t.Company, t.Mode, id)
	return list, err
}

// InReviewOfRun lists those of a run that wait for approval, after one, in the order of their ids.
func (s *Store) InReviewOfRun(ctx context.Context, t models.Tenant, id models.RunID, after models.InvoiceID, limit int) ([]models.InvoiceID, error) {
	var list []models.InvoiceID
	err := s.list(ctx, &list, `SELECT id FROM invoices WHERE company_id = $1 AND mode = $2 AND run_id = $3 AND status = 'review' AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5`,
		t.Company, t.Mode, id, after, limit)
	return list, err
}

// SumsOfRun are the totals of what a run drew up, by currency.
func (s *Store) SumsOfRun(ctx context.Context, t models.Tenant, run models.RunID) ([]models.Money, error) {
	var rows []struct {
		Currency models.Currency `db:"currency"`
		Minor    int64           `db:"minor"`
	}
	if err := s.list(ctx, &rows, `SELECT currency, sum(total)::bigint AS minor FROM invoices WHERE company_id = $1 AND mode = $2 AND run_id = $3 GROUP BY currency ORDER BY currency`,
		t.Company, t.Mode, run); err != nil {
		return nil, fmt.Errorf("sum run %s: %w", run, err)
	}
	var sums []models.Money
	for _, r := range rows {
		sums = append(sums, models.Money{Minor: r.Minor, Currency: r.Currency})
	}
	return sums, nil
}
