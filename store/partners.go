package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const partnerColumns = `company_id, mode, id, key, name, email, currency, country, status, stripe_account, created_at, active`

// AddPartner keeps a new partner. A key that exists is an ErrConflict.
func (s *Store) AddPartner(ctx context.Context, p models.Partner) error {
	return s.do(ctx, onTape("partner", `INSERT INTO partners (`+partnerColumns+`) VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $1, $12)`),
		p.CreatedAt, p.Company, p.Mode, p.ID, p.Key, p.Name, p.Email, p.Currency, p.Country, p.Status, p.StripeAccount, p.Active)
}

// SavePartner keeps changed fields. Key and currency stay.
func (s *Store) SavePartner(ctx context.Context, p models.Partner, now time.Time) error {
	return s.do(ctx, onTape("partner", `UPDATE partners SET name = $5, email = $6, country = $7, status = $8, stripe_account = $9, active = $10
		WHERE company_id = $2 AND mode = $3 AND id = $4`),
		now, p.Company, p.Mode, p.ID, p.Name, p.Email, p.Country, p.Status, p.StripeAccount, p.Active)
}

// Partner loads one by id.
func (s *Store) Partner(ctx context.Context, t models.Tenant, id models.PartnerID) (models.Partner, error) {
	if m := s.remembers(t); m != nil {
		return m.partner(ctx, id)
	}
	var p models.Partner
	if err := s.get(ctx, &p, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id); err != nil {
		return p, fmt.Errorf("load partner %s: %w", id, err)
	}
	return p, nil
}

// PartnerByKey loads one by the key that links and metadata carry.
func (s *Store) PartnerByKey(ctx context.Context, t models.Tenant, key string) (models.Partner, error) {
	var p models.Partner
	if err := s.get(ctx, &p, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND key = $3`, t.Company, t.Mode, key); err != nil {
		return p, fmt.Errorf("load partner %q: %w", key, err)
	}
	return p, nil
}

// PartnersByKey loads those partners whose keys are named.
func (s *Store) PartnersByKey(ctx context.Context, t models.Tenant, keys []string) ([]models.Partner, error) {
	if m := s.remembers(t); m != nil {
		return m.partnersByKey(ctx, keys)
	}
	var list []models.Partner
	err := s.list(ctx, &list, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND key = ANY($3) ORDER BY key`,
		t.Company, t.Mode, pq.Array(keys))
	return list, err
}

// Partners lists a page of partners, the oldest first, or the newest first when desc is set.
func (s *Store) Partners(ctx context.Context, t models.Tenant, page Page) ([]models.Partner, error) {
	var list []models.Partner
	err := s.list(ctx, &list, `SELECT `+partnerColumns+` FROM partners WHERE company_id = $1 AND mode = $2 AND `+page.after("id", 3)+` LIMIT $4`,
		t.Company, t.Mode, page.ID(), page.Limit+1)
	return list, err
}
