package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

const contestSelect = `SELECT x.company_id, x.mode, x.id, x.invoice_id, i.number, x.partner_id, r.name AS partner_name, x.commission_id, x.adjustment_id, x.seq, x.words,
	x.asked_by, x.asked_at, x.status, x.answer, x.posting_id, a.amount AS posted, a.currency AS posted_in, x.answered_by, x.answered_at
	FROM contests x JOIN invoices i ON i.company_id = x.company_id AND i.mode = x.mode AND i.id = x.invoice_id
	JOIN partners r ON r.company_id = x.company_id AND r.mode = x.mode AND r.id = x.partner_id
	LEFT JOIN adjustments a ON a.company_id = x.company_id AND a.mode = x.mode AND a.id = x.posting_id
	WHERE x.company_id = $1 AND x.mode = $2 AND `

// AddContest keeps what a partner says against a line. A second open one of the same line is an ErrConflict.
func (s *Store) AddContest(ctx context.Context, c models.Contest) error {
	return s.do(ctx, `INSERT INTO contests (company_id, mode, id, invoice_id, partner_id, commission_id, adjustment_id, seq, words, asked_by, asked_at, status)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.Company, c.Mode, c.ID, c.Invoice, c.Partner, c.Commission, c.Adjustment, c.Seq, c.Words, c.AskedBy, c.AskedAt, c.Status)
}

// AnswerContest keeps the answer.
func (s *Store) AnswerContest(ctx context.Context, c models.Contest) error {
	return s.do(ctx, `UPDATE contests SET status = $4, answer = $5, posting_id = $6, answered_by = $7, answered_at = $8
		WHERE company_id = $1 AND mode = $2 AND id = $3`, c.Company, c.Mode, c.ID, c.Status, c.Answer, c.Posting, c.AnsweredBy, c.AnsweredAt)
}

// Contest loads one by id.
func (s *Store) Contest(ctx context.Context, t models.Tenant, id models.ContestID) (models.Contest, error) {
	var c models.Contest
	if err := s.get(ctx, &c, contestSelect+`x.id = $3`, t.Company, t.Mode, id); err != nil {
		return c, fmt.Errorf("load contest %s: %w", id, err)
	}
	return c, nil
}

// Contests lists a page by when they were made, open ones or answered ones.
func (s *Store) Contests(ctx context.Context, t models.Tenant, status models.ContestStatus, page Page) ([]models.Contest, error) {
	var list []models.Contest
	err := s.list(ctx, &list, contestSelect+`x.status = $6 AND `+page.afterTime("x.asked_at", "x.id", 3)+` LIMIT $5`, t.Company, t.Mode, page.At(), page.ID(), page.Limit+1, status)
	return list, err
}

// ContestsOf lists those of the lines of these invoices, in the order in which they were made.
func (s *Store) ContestsOf(ctx context.Context, t models.Tenant, invoices []models.InvoiceID) ([]models.Contest, error) {
	var list []models.Contest
	err := s.list(ctx, &list, contestSelect+`x.invoice_id = ANY($3::uuid[]) ORDER BY x.asked_at, x.id LIMIT 10000`, t.Company, t.Mode, pq.Array(uuids(invoices)))
	return list, err
}
