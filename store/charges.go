package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const chargeColumns = `company_id, mode, id, run_id, status, amount, fee, currency, stripe_customer, stripe_method, stripe_intent, stripe_charge, returned,
	started_by, started_at, ended_at, because, blocked`

// AddCharge keeps a charge of several invoices before Stripe is called.
func (s *Store) AddCharge(ctx context.Context, c models.Charge) error {
	return s.do(ctx, `INSERT INTO charges (`+chargeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		c.Company, c.Mode, c.ID, c.Run, c.Status, c.Amount, c.Fee, c.Currency, c.Customer, c.Method, c.Intent, c.ChargedBy, c.Returned,
		c.StartedBy, c.StartedAt, c.EndedAt, c.Because, c.Blocked)
}

// Charge loads one.
func (s *Store) Charge(ctx context.Context, t models.Tenant, id models.ChargeID) (models.Charge, error) {
	return s.charge(ctx, t, id, ``)
}

// LockCharge loads one and keeps others from changing it meanwhile.
func (s *Store) LockCharge(ctx context.Context, t models.Tenant, id models.ChargeID) (models.Charge, error) {
	return s.charge(ctx, t, id, ` FOR UPDATE`)
}

func (s *Store) charge(ctx context.Context, t models.Tenant, id models.ChargeID, lock string) (models.Charge, error) {
	var c models.Charge
	if err := s.get(ctx, &c, `SELECT `+chargeColumns+` FROM charges WHERE company_id = $1 AND mode = $2 AND id = $3`+lock, t.Company, t.Mode, id); err != nil {
		return c, fmt.Errorf("load charge %s: %w", id, err)
	}
	return c, nil
}

// SaveCharge keeps how far a charge has come.
func (s *Store) SaveCharge(ctx context.Context, c models.Charge) error {
	return s.do(ctx, `UPDATE charges SET status = $4, stripe_intent = $5, stripe_charge = $6, returned = $7, ended_at = $8, because = $9, blocked = $10
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		c.Company, c.Mode, c.ID, c.Status, c.Intent, c.ChargedBy, c.Returned, c.EndedAt, c.Because, c.Blocked)
}

// ChargesOf lists the charges of a run, the oldest first.
func (s *Store) ChargesOf(ctx context.Context, t models.Tenant, run models.PayRunID) ([]models.Charge, error) {
	var list []models.Charge
	err := s.list(ctx, &list, `SELECT `+chargeColumns+` FROM charges WHERE company_id = $1 AND mode = $2 AND run_id = $3 ORDER BY id LIMIT 1000`, t.Company, t.Mode, run)
	return list, err
}

// AttemptsOfCharge lists what a charge pays, in the order of ids.
func (s *Store) AttemptsOfCharge(ctx context.Context, t models.Tenant, id models.ChargeID) ([]models.Attempt, error) {
	var list []models.Attempt
	err := s.list(ctx, &list, `SELECT `+attemptColumns+` FROM attempts WHERE company_id = $1 AND mode = $2 AND charge_id = $3 ORDER BY id LIMIT 10000`, t.Company, t.Mode, id)
	return list, err
}

const payRunColumns = `company_id, mode, id, stripe_method, fee_percent, started_by, started_at, begun_at`

// AddPayRun keeps a run and the invoices that it is to pay.
func (s *Store) AddPayRun(ctx context.Context, r models.PayRun, items []models.PayRunItem) error {
	if err := s.do(ctx, `INSERT INTO pay_runs (`+payRunColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.Company, r.Mode, r.ID, r.Method, r.FeePercent, r.StartedBy, r.StartedAt, r.BegunAt); err != nil {
		return fmt.Errorf("keep run %s: %w", r.ID, err)
	}
	for _, i := range items {
		if err := s.do(ctx, `INSERT INTO pay_run_items (company_id, mode, run_id, invoice_id, seen, attempt_id, because) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			r.Company, r.Mode, r.ID, i.Invoice, i.Seen, i.Attempt, i.Because); err != nil {
			return fmt.Errorf("keep run %s: %w", r.ID, err)
		}
	}
	return nil
}

// PayRun loads a run.
func (s *Store) PayRun(ctx context.Context, t models.Tenant, id models.PayRunID) (models.PayRun, error) {
	var r models.PayRun
	if err := s.get(ctx, &r, `SELECT `+payRunColumns+` FROM pay_runs WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id); err != nil {
		return r, fmt.Errorf("load run %s: %w", id, err)
	}
	return r, nil
}

// PayRuns lists the newest runs, the newest first.
func (s *Store) PayRuns(ctx context.Context, t models.Tenant, limit int) ([]models.PayRun, error) {
	var list []models.PayRun
	err := s.list(ctx, &list, `SELECT `+payRunColumns+` FROM pay_runs WHERE company_id = $1 AND mode = $2 ORDER BY id DESC LIMIT $3`, t.Company, t.Mode, limit)
	return list, err
}

// BegunPayRun keeps that the charges of a run are written down.
func (s *Store) BegunPayRun(ctx context.Context, r models.PayRun, at time.Time) error {
	return s.do(ctx, `UPDATE pay_runs SET begun_at = $4 WHERE company_id = $1 AND mode = $2 AND id = $3`, r.Company, r.Mode, r.ID, at)
}

// WaitingPayRuns lists the runs of every company, begun before a moment, whose charges are not written down.
func (s *Store) WaitingPayRuns(ctx context.Context, before time.Time) ([]models.PayRun, error) {
	var list []models.PayRun
	err := s.list(ctx, &list, `SELECT `+payRunColumns+` FROM pay_runs WHERE begun_at IS NULL AND started_at < $1 ORDER BY started_at, id LIMIT 1000`, before)
	return list, err
}

// PayRunItems lists the invoices of a run.
func (s *Store) PayRunItems(ctx context.Context, t models.Tenant, run models.PayRunID) ([]models.PayRunItem, error) {
	var list []models.PayRunItem
	err := s.list(ctx, &list, `SELECT invoice_id, seen, attempt_id, because FROM pay_run_items WHERE company_id = $1 AND mode = $2 AND run_id = $3
		ORDER BY invoice_id LIMIT 10000`, t.Company, t.Mode, run)
	return list, err
}

// SavePayRunItem keeps what pays an invoice of a run, or why nothing does.
func (s *Store) SavePayRunItem(ctx context.Context, r models.PayRun, i models.PayRunItem) error {
	return s.do(ctx, `UPDATE pay_run_items SET attempt_id = $5, because = $6 WHERE company_id = $1 AND mode = $2 AND run_id = $3 AND invoice_id = $4`,
		r.Company, r.Mode, r.ID, i.Invoice, i.Attempt, i.Because)
}

// PayRunLine is an invoice of a run as it stands now.
type PayRunLine struct {
	models.PayRunItem
	Number      string                `db:"number"`
	PartnerName string                `db:"partner_name"`
	Currency    models.Currency       `db:"currency"`
	Status      models.InvoiceStatus  `db:"status"`
	Try         *models.AttemptStatus `db:"try"` // how far its attempt has come
	Why         *string               `db:"why"` // what the attempt says
	Charge      *models.ChargeID      `db:"charge_id"`
}

// PayRunLines lists the invoices of a run as they stand, by number.
func (s *Store) PayRunLines(ctx context.Context, t models.Tenant, run models.PayRunID) ([]PayRunLine, error) {
	var list []PayRunLine
	err := s.list(ctx, &list, `SELECT r.invoice_id, r.seen, r.attempt_id, r.because, i.number, p.name AS partner_name, i.currency, i.status, a.status AS try, a.because AS why, a.charge_id
		FROM pay_run_items r JOIN invoices i ON i.company_id = r.company_id AND i.mode = r.mode AND i.id = r.invoice_id
		JOIN partners p ON p.company_id = i.company_id AND p.mode = i.mode AND p.id = i.partner_id
		LEFT JOIN attempts a ON a.company_id = r.company_id AND a.mode = r.mode AND a.id = r.attempt_id
		WHERE r.company_id = $1 AND r.mode = $2 AND r.run_id = $3 ORDER BY i.number LIMIT 10000`, t.Company, t.Mode, run)
	if err != nil {
		return nil, fmt.Errorf("list the invoices of run %s: %w", run, err)
	}
	return list, nil
}
