package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Sale is what the customer paid of whose payment a commission is, and the rate that stands between it and the partner's currency.
type Sale struct {
	Gross models.Money
	Rate  *models.Rate // nil where both currencies are one, or while a rate is awaited
}

// SalesOf gives the sale behind each of these commissions.
func (s *Store) SalesOf(ctx context.Context, t models.Tenant, ids []models.CommissionID) (map[models.CommissionID]Sale, error) {
	var rows []struct {
		ID       models.CommissionID `db:"id"`
		Gross    int64               `db:"gross"`
		Currency models.Currency     `db:"currency"`
		From     models.Currency     `db:"sale_currency"`
		To       models.Currency     `db:"partner_currency"`
		Rate     *string             `db:"rate"`
		Source   *string             `db:"rate_source"`
		Day      *time.Time          `db:"rate_day"`
	}
	if err := s.list(ctx, &rows, `SELECT c.id, p.gross, p.currency, c.sale_currency, c.currency AS partner_currency, c.rate, c.rate_source, c.rate_day
		FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		WHERE c.company_id = $1 AND c.mode = $2 AND c.id = ANY($3) ORDER BY c.id`, t.Company, t.Mode, pq.Array(uuids(ids))); err != nil {
		return nil, fmt.Errorf("load the sales of %d commissions: %w", len(ids), err)
	}
	sales := make(map[models.CommissionID]Sale, len(rows))
	for _, r := range rows {
		sale := Sale{Gross: models.Money{Minor: r.Gross, Currency: r.Currency}}
		if r.Rate != nil && r.From != r.To {
			sale.Rate = &models.Rate{From: r.From, To: r.To, Value: *r.Rate, Source: *r.Source, Date: r.Day.UTC()}
		}
		sales[r.ID] = sale
	}
	return sales, nil
}

// asOf orders details by which held at a moment: the newest before it, and where none was given yet the first that came later.
const asOf = ` ORDER BY set_at <= $4 DESC, CASE WHEN set_at <= $4 THEN set_at END DESC, set_at, id DESC LIMIT 1`

// BillingAt loads the billing details that held at a moment, as Billing does; the first ones where none was given by then.
func (s *Store) BillingAt(ctx context.Context, t models.Tenant, partner *models.PartnerID, at time.Time) (models.BillingDetails, error) {
	var row struct {
		models.BillingDetails
		Tax []byte `db:"tax_number"`
	}
	err := s.get(ctx, &row, `SELECT company_id, mode, partner_id, id, name, address, country, tax_number, set_by, set_at FROM billing_details
		WHERE company_id = $1 AND mode = $2 AND partner_id IS NOT DISTINCT FROM $3`+asOf, t.Company, t.Mode, partner, at)
	if err != nil {
		return row.BillingDetails, fmt.Errorf("load billing details: %w", err)
	}
	row.TaxNumber, err = s.keys.open(row.Tax, taxLocked(row.BillingDetails))
	return row.BillingDetails, err
}

// BankAt loads the bank details that held at a moment, as Bank does; the first ones where none was given by then.
func (s *Store) BankAt(ctx context.Context, t models.Tenant, partner models.PartnerID, at time.Time) (models.BankDetails, error) {
	var row struct {
		models.BankDetails
		Sealed []byte `db:"numbers"`
	}
	err := s.get(ctx, &row, `SELECT company_id, mode, partner_id, id, holder, kind, country, numbers, last4, set_by, set_at, holds_until FROM bank_details
		WHERE company_id = $1 AND mode = $2 AND partner_id = $3`+asOf, t.Company, t.Mode, partner, at)
	if err != nil {
		return row.BankDetails, fmt.Errorf("load the bank details of %s: %w", partner, err)
	}
	text, err := s.keys.open(row.Sealed, bankLocked(row.BankDetails))
	if err == nil {
		err = json.Unmarshal([]byte(text), &row.Numbers)
	}
	if err != nil {
		return row.BankDetails, fmt.Errorf("load the bank details of %s: %w", partner, err)
	}
	return row.BankDetails, nil
}
