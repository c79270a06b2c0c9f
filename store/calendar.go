package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

// Ripening is held money that turns due on one day in one currency.
type Ripening struct {
	Day      time.Time       `db:"payable_on"`
	Currency models.Currency `db:"currency"`
	Minor    int64           `db:"minor"`
	Payments int             `db:"payments"`
}

// Amount is how much turns due.
func (r Ripening) Amount() models.Money { return models.Money{Minor: r.Minor, Currency: r.Currency} }

// Ripenings lists the days on which held money turns due, of one partner or, when nil, of all; what is disputed is not among it.
func (s *Store) Ripenings(ctx context.Context, t models.Tenant, partner *models.PartnerID) ([]Ripening, error) {
	var list []Ripening
	err := s.list(ctx, &list, `SELECT c.payable_on, c.currency, sum(e.amount)::bigint AS minor, count(DISTINCT c.id) AS payments
		FROM commissions c JOIN commission_entries e ON e.company_id = c.company_id AND e.mode = c.mode AND e.commission_id = c.id AND e.invoice_id IS NULL
		WHERE c.company_id = $1 AND c.mode = $2 AND ($3::uuid IS NULL OR c.partner_id = $3) AND NOT c.matured AND NOT c.disputed AND c.status <> 'waiting'
		GROUP BY c.payable_on, c.currency HAVING sum(e.amount) <> 0 ORDER BY c.payable_on, c.currency LIMIT 5000`, t.Company, t.Mode, partner)
	if err != nil {
		return nil, fmt.Errorf("list what turns due: %w", err)
	}
	return list, nil
}

// Dayless sums what has no day yet: what is disputed, in the partners' currencies, and what waits for a rate, in the sales'.
type Dayless struct {
	Why      string          `db:"why"` // disputed, waiting
	Currency models.Currency `db:"currency"`
	Minor    int64           `db:"minor"`
	Payments int             `db:"payments"`
}

// Dayless lists those sums, of one partner or, when nil, of all.
func (s *Store) Dayless(ctx context.Context, t models.Tenant, partner *models.PartnerID) ([]Dayless, error) {
	var list []Dayless
	err := s.list(ctx, &list, `SELECT 'disputed' AS why, c.currency, sum(e.amount)::bigint AS minor, count(DISTINCT c.id) AS payments
		FROM commissions c JOIN commission_entries e ON e.company_id = c.company_id AND e.mode = c.mode AND e.commission_id = c.id AND e.invoice_id IS NULL
		WHERE c.company_id = $1 AND c.mode = $2 AND ($3::uuid IS NULL OR c.partner_id = $3) AND NOT c.matured AND c.disputed
		GROUP BY c.currency HAVING sum(e.amount) <> 0
		UNION ALL SELECT 'waiting', sale_currency, sum(share)::bigint, count(*) FROM commissions
		WHERE company_id = $1 AND mode = $2 AND ($3::uuid IS NULL OR partner_id = $3) AND status = 'waiting' GROUP BY sale_currency
		ORDER BY why, currency LIMIT 1000`, t.Company, t.Mode, partner)
	if err != nil {
		return nil, fmt.Errorf("sum what has no day to turn due: %w", err)
	}
	return list, nil
}

// HeldLine is one payment whose commission is not due yet.
type HeldLine struct {
	ID        models.CommissionID     `db:"id"`
	Status    models.CommissionStatus `db:"status"`
	Disputed  bool                    `db:"disputed"`
	PayableOn time.Time               `db:"payable_on"`
	HoldDays  int                     `db:"hold_days"`
	PaidAt    time.Time               `db:"paid_at"`
	Customer  *string                 `db:"customer"`
	Currency  models.Currency         `db:"currency"`
	Minor     int64                   `db:"minor"`
	SaleIn    models.Currency         `db:"sale_currency"`
	Share     int64                   `db:"share"` // in the sale's currency
}

// HeldLines lists a partner's payments that are not due yet, by the day on which they turn so, those without a day last.
func (s *Store) HeldLines(ctx context.Context, t models.Tenant, partner models.PartnerID, limit int) ([]HeldLine, error) {
	var list []HeldLine
	err := s.list(ctx, &list, `SELECT c.id, c.status, c.disputed, c.payable_on, c.hold_days, p.paid_at, coalesce(u.email, u.key) AS customer, c.currency, e.minor, c.sale_currency, c.share
		FROM (SELECT id, payment_id, status, disputed, payable_on, hold_days, currency, sale_currency, share FROM commissions
			WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND NOT matured AND status IN ('held', 'waiting')
			ORDER BY disputed OR status = 'waiting', payable_on, id LIMIT $4) c
		CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS minor FROM commission_entries
			WHERE company_id = $1 AND mode = $2 AND commission_id = c.id AND invoice_id IS NULL) e
		JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = c.payment_id
		LEFT JOIN customers u ON u.company_id = $1 AND u.mode = $2 AND u.id = p.customer_id
		WHERE c.status = 'waiting' OR e.minor <> 0
		ORDER BY c.disputed OR c.status = 'waiting', c.payable_on, c.id`, t.Company, t.Mode, partner, limit)
	if err != nil {
		return nil, fmt.Errorf("list what %s has held: %w", partner, err)
	}
	return list, nil
}

// OwedNow is what is owed already in one currency: due, on no invoice yet, and on invoices that are not paid.
type OwedNow struct {
	Currency models.Currency `db:"currency"`
	Due      int64           `db:"due"`  // to those to whom more is due than they owe
	Owed     int64           `db:"owed"` // by those who owe more than is due to them: below zero
	Invoiced int64           `db:"invoiced"`
	Invoices int             `db:"invoices"`
}

// OwedNow lists them by currency, for one partner or, when nil, for all.
func (s *Store) OwedNow(ctx context.Context, t models.Tenant, partner *models.PartnerID) ([]OwedNow, error) {
	account := "due/ptr_%"
	if partner != nil {
		account = string(models.DueTo(*partner))
	}
	var list []OwedNow
	err := s.list(ctx, &list, `SELECT currency, coalesce(sum(due), 0)::bigint AS due, coalesce(sum(owed), 0)::bigint AS owed, coalesce(sum(invoiced), 0)::bigint AS invoiced,
			coalesce(sum(invoices), 0)::bigint AS invoices FROM (
			SELECT currency, greatest(minor, 0) AS due, least(minor, 0) AS owed, 0 AS invoiced, 0 AS invoices FROM balances
			WHERE company_id = $1 AND mode = $2 AND account LIKE $4 AND minor <> 0
			UNION ALL SELECT currency, 0, 0, total, 1 FROM invoices
			WHERE company_id = $1 AND mode = $2 AND ($3::uuid IS NULL OR partner_id = $3) AND status NOT IN ('paid', 'void', 'refunded')) standing
		GROUP BY currency ORDER BY currency LIMIT 500`, t.Company, t.Mode, partner, account)
	if err != nil {
		return nil, fmt.Errorf("sum what is due: %w", err)
	}
	return list, nil
}
