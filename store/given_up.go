package store

import (
	"context"
	"fmt"

	"portal/models"
)

// ProgramShare is how much of an invoice one program owes.
type ProgramShare struct {
	Program *models.ProgramID `db:"program_id"` // nil: no program's, such as a debt written off
	Minor   int64             `db:"minor"`
}

// ProgramShares sums what an invoice gathers by program, the largest first: of a commission no more than it is still worth, for what a
// customer's refund took is taken.
func (s *Store) ProgramShares(ctx context.Context, i models.Invoice) ([]ProgramShare, error) {
	var list []ProgramShare
	err := s.list(ctx, &list, `SELECT program_id, sum(amount)::bigint AS minor FROM (
			SELECT c.program_id, least(sum(e.amount), greatest(c.amount, 0)) AS amount FROM commission_entries e
			JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
			WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id = $3 GROUP BY c.company_id, c.mode, c.id
			UNION ALL SELECT program_id, amount FROM adjustments WHERE company_id = $1 AND mode = $2 AND invoice_id = $3) lines
		GROUP BY program_id ORDER BY program_id IS NULL, 2 DESC, 1`, i.Company, i.Mode, i.ID)
	if err != nil {
		return nil, fmt.Errorf("sum invoice %s by program: %w", i.ID, err)
	}
	return list, nil
}

// Unripe is a commission on an invoice whose rest is on hold.
type Unripe struct {
	Commission models.CommissionID `db:"commission_id"`
	Minor      int64               `db:"minor"`
}

// UnripeOn lists the commissions on an invoice that were put on hold since, and what of them it gathers.
func (s *Store) UnripeOn(ctx context.Context, i models.Invoice) ([]Unripe, error) {
	var list []Unripe
	err := s.list(ctx, &list, `SELECT e.commission_id, sum(e.amount)::bigint AS minor FROM commission_entries e
		JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id = $3 AND NOT c.matured GROUP BY e.commission_id ORDER BY 1 LIMIT 10000`, i.Company, i.Mode, i.ID)
	if err != nil {
		return nil, fmt.Errorf("list what is on hold of invoice %s: %w", i.ID, err)
	}
	return list, nil
}
