package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

// MonthSum is what a partner earned in one month and currency, after what was taken back of it.
type MonthSum struct {
	Month    time.Time       `db:"month"` // its first moment, UTC
	Currency models.Currency `db:"currency"`
	Minor    int64           `db:"minor"`
}

// EarnedByMonth sums a partner's commissions by the month in which the customer paid, and bonuses and deductions by that
// in which they were made, from a moment on.
func (s *Store) EarnedByMonth(ctx context.Context, t models.Tenant, partner models.PartnerID, since time.Time) ([]MonthSum, error) {
	var list []MonthSum
	err := s.list(ctx, &list, `SELECT date_trunc('month', at AT TIME ZONE 'UTC') AS month, currency, sum(amount)::bigint AS minor FROM (
			SELECT p.paid_at AS at, c.currency, c.amount FROM payments p
			JOIN commissions c ON c.company_id = p.company_id AND c.mode = p.mode AND c.payment_id = p.id AND c.partner_id = p.partner_id
			WHERE p.company_id = $1 AND p.mode = $2 AND p.partner_id = $3 AND p.counted AND p.paid_at >= $4
			UNION ALL
			SELECT made_at, currency, amount FROM adjustments
			WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND made_at >= $4 AND kind <> 'write_off') earned
		GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1000`, t.Company, t.Mode, partner, since)
	if err != nil {
		return nil, fmt.Errorf("sum the months of %s: %w", partner, err)
	}
	return list, nil
}

// Turn is held money that becomes due on one day.
type Turn struct {
	Day   time.Time `db:"payable_on"`
	Minor int64     `db:"minor"`
}

// NextTurn is the first day, from a day on, on which held money of a partner becomes due in a currency. None is ErrNotFound.
func (s *Store) NextTurn(ctx context.Context, t models.Tenant, partner models.PartnerID, in models.Currency, from time.Time) (Turn, error) {
	var next Turn
	err := s.get(ctx, &next, `SELECT e.payable_on, sum(e.amount)::bigint AS minor FROM commission_entries e
		JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.partner_id = $3 AND e.currency = $4 AND e.invoice_id IS NULL AND e.payable_on >= $5 AND NOT c.matured
		GROUP BY e.payable_on HAVING sum(e.amount) > 0 ORDER BY e.payable_on LIMIT 1`, t.Company, t.Mode, partner, in, from)
	if err != nil {
		return next, fmt.Errorf("find what of %s is due next: %w", partner, err)
	}
	return next, nil
}

// CommissionOfPartner loads one of a partner's own. Another partner's is ErrNotFound.
func (s *Store) CommissionOfPartner(ctx context.Context, t models.Tenant, partner models.PartnerID, id models.CommissionID) (CommissionRow, error) {
	list, err := s.commissions(ctx, `c.partner_id = $3 AND c.id = $4 ORDER BY c.id LIMIT 1`, t.Company, t.Mode, partner, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("load commission %s of %s: %w", id, partner, models.ErrNotFound)
	}
	if err != nil {
		return CommissionRow{}, err
	}
	return list[0], nil
}

// InvoiceOfPartner loads one of a partner's own. Another partner's is ErrNotFound.
func (s *Store) InvoiceOfPartner(ctx context.Context, t models.Tenant, partner models.PartnerID, id models.InvoiceID) (models.Invoice, error) {
	var i models.Invoice
	if err := s.get(ctx, &i, invoiceSelect+`i.partner_id = $3 AND i.id = $4`, t.Company, t.Mode, partner, id); err != nil {
		return i, fmt.Errorf("load invoice %s of %s: %w", id, partner, err)
	}
	return i, nil
}

// UnpaidInvoices lists a partner's invoices on their way to be paid, the newest first, at most 20.
func (s *Store) UnpaidInvoices(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Invoice, error) {
	var list []models.Invoice
	err := s.list(ctx, &list, invoiceSelect+`i.partner_id = $3 AND i.status NOT IN ('paid', 'void') ORDER BY i.drawn_at DESC, i.id DESC LIMIT 20`,
		t.Company, t.Mode, partner)
	return list, err
}
