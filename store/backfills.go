package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// AddBackfill keeps a batch with what it changed. Its link is AddLink's.
func (s *Store) AddBackfill(ctx context.Context, b models.Backfill) error {
	return s.do(ctx, `INSERT INTO backfills (company_id, mode, id, customer_id, partner_id, since, reason, made_by, made_at, effect)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		b.Company, b.Mode, b.ID, b.Customer, b.Partner, b.Since, b.Reason, b.MadeBy, b.MadeAt, asJSON[models.Effect]{b.Effect})
}

const backfillSelect = `SELECT b.company_id, b.mode, b.id, b.customer_id, b.partner_id, b.since, b.reason, b.made_by, b.made_at, b.undone_by, b.undone_at,
	coalesce(c.key, '') AS customer_key, c.email, r.key AS partner_key, r.name AS partner_name, `

const backfillFrom = ` AS effect FROM backfills b
	JOIN partners r ON r.company_id = b.company_id AND r.mode = b.mode AND r.id = b.partner_id
	LEFT JOIN customers c ON c.company_id = b.company_id AND c.mode = b.mode AND c.id = b.customer_id
	WHERE b.company_id = $1 AND b.mode = $2 AND `

type backfillRow struct {
	models.Backfill
	Effect asJSON[models.Effect] `db:"effect"`
}

func (r backfillRow) told() models.Backfill {
	r.Backfill.Effect = r.Effect.V
	return r.Backfill
}

// Backfill loads one batch with what it changed.
func (s *Store) Backfill(ctx context.Context, t models.Tenant, id models.BackfillID) (models.Backfill, error) {
	var r backfillRow
	if err := s.get(ctx, &r, backfillSelect+`b.effect`+backfillFrom+`b.id = $3`, t.Company, t.Mode, id); err != nil {
		return models.Backfill{}, fmt.Errorf("load backfill %s: %w", id, err)
	}
	return r.told(), nil
}

// Backfills lists a page of batches by when they were made. Of what they changed only the sums by partner are given.
func (s *Store) Backfills(ctx context.Context, t models.Tenant, page Page) ([]models.Backfill, error) {
	var rows []backfillRow
	if err := s.list(ctx, &rows, backfillSelect+`jsonb_build_object('partners', b.effect->'partners')`+backfillFrom+page.afterTime("b.made_at", "b.id", 3)+` LIMIT $5`,
		t.Company, t.Mode, page.At(), page.ID(), page.Limit+1); err != nil {
		return nil, fmt.Errorf("list backfills: %w", err)
	}
	list := make([]models.Backfill, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, nil
}

// UndoBackfill marks a batch as undone and drops its link. It tells whether the batch still stood.
func (s *Store) UndoBackfill(ctx context.Context, t models.Tenant, id models.BackfillID, who string, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE backfills SET undone_by = $4, undone_at = $5 WHERE company_id = $1 AND mode = $2 AND id = $3 AND undone_at IS NULL`,
		t.Company, t.Mode, id, who, now)
	if err != nil || n == 0 {
		return false, err
	}
	return true, s.do(ctx, `DELETE FROM links WHERE company_id = $1 AND mode = $2 AND batch_id = $3`, t.Company, t.Mode, id)
}

// CommissionsOfAll lists the commissions of each of these payments.
func (s *Store) CommissionsOfAll(ctx context.Context, t models.Tenant, payments []models.PaymentID) (map[models.PaymentID][]CommissionRow, error) {
	list, err := s.commissions(ctx, `c.payment_id = ANY($3::uuid[]) ORDER BY c.id`, t.Company, t.Mode, pq.Array(uuids(payments)))
	if err != nil {
		return nil, err
	}
	all := make(map[models.PaymentID][]CommissionRow, len(payments))
	for _, c := range list {
		all[c.Payment] = append(all[c.Payment], c)
	}
	return all, nil
}

// EntriesPaid tells which of these commissions have an entry on an invoice that is paid or being paid.
func (s *Store) EntriesPaid(ctx context.Context, t models.Tenant, commissions []models.CommissionID) (map[models.CommissionID]string, error) {
	var rows []struct {
		Commission models.CommissionID `db:"commission_id"`
		Number     string              `db:"number"`
	}
	if err := s.list(ctx, &rows, `SELECT e.commission_id, max(i.number) AS number FROM commission_entries e
		JOIN invoices i ON i.company_id = e.company_id AND i.mode = e.mode AND i.id = e.invoice_id AND i.status NOT IN ('review', 'approved', 'failed', 'void')
		WHERE e.company_id = $1 AND e.mode = $2 AND e.commission_id = ANY($3::uuid[]) GROUP BY e.commission_id ORDER BY 2, 1`,
		t.Company, t.Mode, pq.Array(uuids(commissions))); err != nil {
		return nil, fmt.Errorf("ask what of %d commissions is paid: %w", len(commissions), err)
	}
	paid := make(map[models.CommissionID]string, len(rows))
	for _, r := range rows {
		paid[r.Commission] = r.Number
	}
	return paid, nil
}

// PaymentsByID loads some payments, in the order of the money's own time.
func (s *Store) PaymentsByID(ctx context.Context, t models.Tenant, ids []models.PaymentID) ([]PaymentRow, error) {
	var list []PaymentRow
	err := s.list(ctx, &list, paymentRow+`p.id = ANY($3::uuid[]) ORDER BY p.paid_at, p.key`, t.Company, t.Mode, pq.Array(uuids(ids)))
	return list, err
}
