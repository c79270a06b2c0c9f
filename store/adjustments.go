package store

import (
	"context"
	"fmt"

	"portal/models"
)

// AdjustmentRow is an adjustment with the invoice that gathers it.
type AdjustmentRow struct {
	models.Adjustment
	InvoiceNumber *string               `db:"invoice_number"`
	InvoiceStatus *models.InvoiceStatus `db:"invoice_status"`
}

// Status is where its money stands, as of a commission.
func (a AdjustmentRow) Status() models.CommissionStatus {
	switch {
	case a.InvoiceStatus == nil:
		return models.Due
	case *a.InvoiceStatus == models.Paid:
		return models.CommissionPaid
	}
	return models.CommissionInvoiced
}

const adjustmentSelect = `SELECT a.company_id, a.mode, a.id, a.partner_id, a.program_id, a.amount, a.currency, a.kind, a.reason, a.made_by, a.made_at, a.invoice_id, a.attempt_id,
	i.number AS invoice_number, i.status AS invoice_status
	FROM adjustments a LEFT JOIN invoices i ON i.company_id = a.company_id AND i.mode = a.mode AND i.id = a.invoice_id
	WHERE a.company_id = $1 AND a.mode = $2 AND `

// AddAdjustment keeps a new adjustment.
func (s *Store) AddAdjustment(ctx context.Context, a models.Adjustment) error {
	return s.do(ctx, `INSERT INTO adjustments (company_id, mode, id, partner_id, program_id, amount, currency, reason, made_by, made_at, attempt_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.Company, a.Mode, a.ID, a.Partner, a.Program, a.Minor, a.Currency, a.Reason, a.By, a.At, a.Attempt)
}

// Adjustment loads one by id.
func (s *Store) Adjustment(ctx context.Context, t models.Tenant, id models.AdjustmentID) (AdjustmentRow, error) {
	var a AdjustmentRow
	if err := s.get(ctx, &a, adjustmentSelect+`a.id = $3`, t.Company, t.Mode, id); err != nil {
		return a, fmt.Errorf("load adjustment %s: %w", id, err)
	}
	return a, nil
}

// Adjustments lists a page of a partner's.
func (s *Store) Adjustments(ctx context.Context, t models.Tenant, partner models.PartnerID, page Page) ([]AdjustmentRow, error) {
	var list []AdjustmentRow
	err := s.list(ctx, &list, adjustmentSelect+`a.partner_id = $5 AND `+page.after("a.id", 3)+` LIMIT $4`, t.Company, t.Mode, page.ID(), page.Limit+1, partner)
	if err != nil {
		return nil, fmt.Errorf("list the adjustments of %s: %w", partner, err)
	}
	return list, nil
}
