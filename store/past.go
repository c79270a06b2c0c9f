package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

// What came before a payment, in the order of the money's own time, ties broken by key (D14).

// CollectedBefore is what earned for a partner in a program from a moment on until a payment, that one left out: a row
// for each currency.
func (s *Store) CollectedBefore(ctx context.Context, t models.Tenant, program models.ProgramID, partner models.PartnerID, begin, paidAt time.Time, key string) ([]models.Collected, error) {
	var rows []struct {
		Currency models.Currency `db:"currency"`
		Sales    int             `db:"sales"`
		Base     int64           `db:"base"`
	}
	if err := s.list(ctx, &rows, `SELECT currency, count(*) AS sales, least(sum(base), 9223372036854775807)::bigint AS base FROM payments
		WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND partner_id = $4 AND counted AND earns
			AND paid_at >= $5 AND paid_at <= $6 AND (paid_at, key) < ($6, $7) GROUP BY currency ORDER BY currency`,
		t.Company, t.Mode, program, partner, begin, paidAt, key); err != nil {
		return nil, fmt.Errorf("sum the month of partner %s: %w", partner, err)
	}
	var month []models.Collected
	for _, r := range rows {
		month = append(month, models.Collected{Sales: r.Sales, Base: models.Money{Minor: r.Base, Currency: r.Currency}})
	}
	return month, nil
}

// EarnedAfterPlace walks what earned for a partner in a program after a place in the order, until a moment.
func (s *Store) EarnedAfterPlace(ctx context.Context, t models.Tenant, program models.ProgramID, partner models.PartnerID, paidAt time.Time, key string, end time.Time, limit int) ([]PaymentRow, error) {
	var list []PaymentRow
	err := s.list(ctx, &list, paymentRow+`p.program_id = $3 AND p.partner_id = $4 AND p.counted AND p.earns
		AND p.paid_at >= $5 AND (p.paid_at, p.key) > ($5, $6) AND p.paid_at < $7 ORDER BY p.paid_at, p.key LIMIT $8`,
		t.Company, t.Mode, program, partner, paidAt, key, end, limit)
	return list, err
}

// Standing is the first payment of a customer, before another, of which something is left, and how many came before it;
// without such a one Key is empty and Before counts all. Where a refund left the commission alone (D9) something is left.
type Standing struct {
	PaidAt *time.Time `db:"paid_at"`
	Key    string     `db:"key"`
	Before int        `db:"before"`
}

// FirstStanding finds what a customer's payments before a place in the order begin with, of those that stand.
func (s *Store) FirstStanding(ctx context.Context, t models.Tenant, customer models.CustomerID, paidAt time.Time, key string) (Standing, error) {
	var f Standing
	err := s.get(ctx, &f, `WITH earlier AS (
			SELECT p.paid_at, p.key, row_number() OVER (ORDER BY p.paid_at, p.key) AS n, p.refunded < p.gross
				OR EXISTS (SELECT 1 FROM commissions c WHERE c.company_id = $1 AND c.mode = $2 AND c.payment_id = p.id AND c.share > 0) AS stands
			FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = $3 AND p.counted AND (p.paid_at, p.key) < ($4, $5))
		SELECT f.paid_at, coalesce(f.key, '') AS key, coalesce(f.n - 1, (SELECT count(*) FROM earlier)) AS before
		FROM (SELECT 1) one LEFT JOIN (SELECT paid_at, key, n FROM earlier WHERE stands ORDER BY n LIMIT 1) f ON true`,
		t.Company, t.Mode, customer, paidAt, key)
	if err != nil {
		return f, fmt.Errorf("find the first payment of %s: %w", customer, err)
	}
	return f, nil
}
