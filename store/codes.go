package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const codeRow = `SELECT c.company_id, c.mode, c.id, c.code, c.partner_id, c.made_at, c.removed_at, r.key AS partner_key
	FROM codes c JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
	WHERE c.company_id = $1 AND c.mode = $2 AND `

// AddCode keeps a code that stands for a partner. One that stands for somebody already is an ErrConflict.
func (s *Store) AddCode(ctx context.Context, c models.Code, now time.Time) error {
	return s.do(ctx, onTape("code", `INSERT INTO codes (company_id, mode, id, code, folded, partner_id, made_at) VALUES ($2, $3, $4, $5, $6, $7, $8)`),
		now, c.Company, c.Mode, c.ID, c.Code, models.NormalCode(c.Code), c.Partner, c.From)
}

// RemoveCode ends what a code stands for from a moment on. None is ErrNotFound.
func (s *Store) RemoveCode(ctx context.Context, t models.Tenant, code string, now time.Time) error {
	n, err := s.exec(ctx, onTape("code", `UPDATE codes SET removed_at = $1 WHERE company_id = $2 AND mode = $3 AND folded = $4 AND removed_at IS NULL`),
		now, t.Company, t.Mode, models.NormalCode(code))
	if err == nil && n == 0 {
		err = fmt.Errorf("remove code %q: %w", code, models.ErrNotFound)
	}
	return err
}

// Codes lists a page of those that hold now, in the order in which they were made.
func (s *Store) Codes(ctx context.Context, t models.Tenant, page Page) ([]models.Code, error) {
	var list []models.Code
	err := s.list(ctx, &list, codeRow+`c.removed_at IS NULL AND `+page.after("c.id", 3)+` LIMIT $4`, t.Company, t.Mode, page.ID(), page.Limit+1)
	return list, err
}

// CodesOf lists those of one partner that hold now.
func (s *Store) CodesOf(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Code, error) {
	var list []models.Code
	err := s.list(ctx, &list, codeRow+`c.partner_id = $3 AND c.removed_at IS NULL ORDER BY c.folded LIMIT 200`, t.Company, t.Mode, partner)
	return list, err
}

// CodesNamed loads those of these codes that ever stood for a partner, the oldest first.
func (s *Store) CodesNamed(ctx context.Context, t models.Tenant, codes []string) ([]models.Code, error) {
	var list []models.Code
	err := s.apart().list(ctx, &list, codeRow+`c.folded = ANY($3) ORDER BY c.made_at, c.id LIMIT 1000`, t.Company, t.Mode, pq.Array(codes))
	return list, err
}

// AnyCodes tells whether any code stands for a partner, or did: a payment of that time is decided by it.
func (s *Store) AnyCodes(ctx context.Context, t models.Tenant) (bool, error) {
	var any bool
	err := s.apart().get(ctx, &any, `SELECT EXISTS (SELECT 1 FROM codes WHERE company_id = $1 AND mode = $2)`, t.Company, t.Mode)
	return any, err
}

// AddClick keeps a visit through a partner's link, once.
func (s *Store) AddClick(ctx context.Context, c models.Click) error {
	return s.do(ctx, onTape("click", `INSERT INTO clicks (company_id, mode, id, partner_id, at) VALUES ($2, $3, $4, $5, $1)
		ON CONFLICT (company_id, mode, id) DO NOTHING`), c.At, c.Company, c.Mode, c.ID, c.Partner)
}

// Click loads one by its id.
func (s *Store) Click(ctx context.Context, t models.Tenant, id string) (models.Click, error) {
	var c models.Click
	if err := s.apart().get(ctx, &c, `SELECT company_id, mode, id, partner_id, at FROM clicks WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id); err != nil {
		return c, fmt.Errorf("load click %q: %w", id, err)
	}
	return c, nil
}
