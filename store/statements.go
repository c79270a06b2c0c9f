package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// movements are the changes of what a company owes a partner, each with its amount: what crosses from the program's money to the
// partner's, and from there to what was paid. What only moves between held, due and invoices changes nothing that is owed.
const movements = `SELECT e.at, e.kind, e.amount, e.currency, e.because, c.payment_id, c.id AS commission_id, NULL::uuid AS invoice_id, '' AS how,
			e.commission_id::text || lpad(e.seq::text, 6, '0') AS tie
		FROM commissions c JOIN commission_entries e ON e.company_id = c.company_id AND e.mode = c.mode AND e.commission_id = c.id
		WHERE c.company_id = $1 AND c.mode = $2 AND c.partner_id = $3
	UNION ALL SELECT made_at, kind, amount, currency, reason, NULL, NULL, NULL, '', id::text FROM adjustments
		WHERE company_id = $1 AND mode = $2 AND partner_id = $3
	UNION ALL SELECT at, 'paid', -amount, currency, '', NULL, NULL, substring(cause FROM '^invoice/inv_([0-9a-f]{32})$')::uuid, split_part(to_account, '/', 1), key FROM transfers
		WHERE company_id = $1 AND mode = $2 AND to_account = ANY($4) AND (to_account LIKE 'stripe/%' OR to_account LIKE 'manual/%')
	UNION ALL SELECT at, CASE WHEN key LIKE '%/undone' THEN 'undone' ELSE 'returned' END, amount, currency, '', NULL, NULL, substring(cause FROM '^invoice/inv_([0-9a-f]{32})$')::uuid, split_part(from_account, '/', 1), key FROM transfers
		WHERE company_id = $1 AND mode = $2 AND from_account = ANY($4) AND (from_account LIKE 'stripe/%' OR from_account LIKE 'manual/%')`

func paidAccounts(partner models.PartnerID) any {
	return pq.Array([]string{string(models.PaidByStripe(partner)), string(models.PaidManually(partner))})
}

// Statements lists a partner's statements, the oldest first: one for each month and currency in which anything changed.
func (s *Store) Statements(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Statement, error) {
	var rows []struct {
		Month    time.Time       `db:"month"`
		Currency models.Currency `db:"currency"`
		Earned   int64           `db:"earned"`
		Paid     int64           `db:"paid"`
		Changes  int             `db:"changes"`
	}
	err := s.list(ctx, &rows, `SELECT date_trunc('month', at AT TIME ZONE 'UTC') AS month, currency, count(*) AS changes,
			coalesce(sum(amount) FILTER (WHERE kind NOT IN ('paid', 'returned', 'undone')), 0)::bigint AS earned,
			coalesce(-sum(amount) FILTER (WHERE kind IN ('paid', 'returned', 'undone')), 0)::bigint AS paid
		FROM (`+movements+`) m GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 5000`, t.Company, t.Mode, partner, paidAccounts(partner))
	if err != nil {
		return nil, fmt.Errorf("sum the statements of %s: %w", partner, err)
	}
	stands := map[models.Currency]int64{}
	var list []models.Statement
	for _, r := range rows {
		before := stands[r.Currency]
		stands[r.Currency] += r.Earned - r.Paid
		list = append(list, models.Statement{Month: r.Month.UTC(), Currency: r.Currency, Opening: before, Earned: r.Earned, Paid: r.Paid, Closing: stands[r.Currency], Changes: r.Changes})
	}
	return list, nil
}

// Movements lists what changed from one moment until before another, in the order of time.
func (s *Store) Movements(ctx context.Context, t models.Tenant, partner models.PartnerID, in models.Currency, from, until time.Time, limit int) ([]models.Movement, error) {
	var list []models.Movement
	err := s.list(ctx, &list, `SELECT m.at, m.kind, m.amount, m.currency, m.because, m.payment_id, m.commission_id, m.invoice_id, m.how, coalesce(p.key, '') AS payment_key,
			coalesce(u.email, u.key) AS customer, coalesce(i.number, '') AS number
		FROM (SELECT * FROM (`+movements+`) every WHERE currency = $5 AND at >= $6 AND at < $7 ORDER BY at, tie LIMIT $8) m
		LEFT JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = m.payment_id
		LEFT JOIN customers u ON u.company_id = $1 AND u.mode = $2 AND u.id = p.customer_id
		LEFT JOIN invoices i ON i.company_id = $1 AND i.mode = $2 AND i.id = m.invoice_id
		ORDER BY m.at, m.tie`, t.Company, t.Mode, partner, paidAccounts(partner), in, from, until, limit)
	if err != nil {
		return nil, fmt.Errorf("list what changed for %s: %w", partner, err)
	}
	return list, nil
}
