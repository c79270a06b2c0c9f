package store

import (
	"context"
	"fmt"

	"portal/models"
)

const writeOffSelect = `SELECT w.company_id, w.mode, w.id, w.partner_id, r.key AS partner_key, r.name AS partner_name, w.amount, w.currency, w.reason,
	w.asked_person, w.asked_by, w.asked_at, w.status, w.decided_by, w.decided_at, w.adjustment_id
	FROM write_offs w JOIN partners r ON r.company_id = w.company_id AND r.mode = w.mode AND r.id = w.partner_id
	WHERE w.company_id = $1 AND w.mode = $2 AND `

// AddWriteOff keeps a request. A second open one of the same partner and currency is an ErrConflict.
func (s *Store) AddWriteOff(ctx context.Context, w models.WriteOff) error {
	return s.do(ctx, `INSERT INTO write_offs (company_id, mode, id, partner_id, amount, currency, reason, asked_person, asked_by, asked_at, status)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		w.Company, w.Mode, w.ID, w.Partner, w.Minor, w.Currency, w.Reason, w.AskedPerson, w.AskedBy, w.AskedAt, w.Status)
}

// LockWriteOff loads one and keeps others from deciding it meanwhile.
func (s *Store) LockWriteOff(ctx context.Context, t models.Tenant, id models.WriteOffID) (models.WriteOff, error) {
	var w models.WriteOff
	if err := s.get(ctx, &w, writeOffSelect+`w.id = $3 FOR UPDATE OF w`, t.Company, t.Mode, id); err != nil {
		return w, fmt.Errorf("load write-off %s: %w", id, err)
	}
	return w, nil
}

// DecideWriteOff keeps who decided a request, and how. The person who asked for it is an ErrConflict.
func (s *Store) DecideWriteOff(ctx context.Context, w models.WriteOff, person models.PersonID) error {
	return s.do(ctx, `UPDATE write_offs SET status = $4, decided_person = $5, decided_by = $6, decided_at = $7, adjustment_id = $8
		WHERE company_id = $1 AND mode = $2 AND id = $3`, w.Company, w.Mode, w.ID, w.Status, person, w.DecidedBy, w.DecidedAt, w.Adjustment)
}

// OpenWriteOffs lists the requests that wait, of one partner or of all, the oldest first, CountCap at most.
func (s *Store) OpenWriteOffs(ctx context.Context, t models.Tenant, partner *models.PartnerID) ([]models.WriteOff, error) {
	return s.writeOffs(ctx, `w.status = 'asked' AND ($3::uuid IS NULL OR w.partner_id = $3) ORDER BY w.asked_at, w.id LIMIT $4`, t.Company, t.Mode, partner, CountCap)
}

// DecidedWriteOffs lists a page of those that were approved or refused.
func (s *Store) DecidedWriteOffs(ctx context.Context, t models.Tenant, page Page) ([]models.WriteOff, error) {
	return s.writeOffs(ctx, `w.status <> 'asked' AND `+page.afterTime("w.asked_at", "w.id", 3)+` LIMIT $5`, t.Company, t.Mode, page.At(), page.ID(), page.Limit+1)
}

func (s *Store) writeOffs(ctx context.Context, where string, args ...any) ([]models.WriteOff, error) {
	var list []models.WriteOff
	if err := s.list(ctx, &list, writeOffSelect+where, args...); err != nil {
		return nil, fmt.Errorf("list write-offs: %w", err)
	}
	return list, nil
}
