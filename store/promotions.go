package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

// KeepPromotions keeps promotion codes as they were told, those that name a partner or stand for one: an account may have
// any number of others. What is known of later stays, and since when one is inactive.
func (s *Store) KeepPromotions(ctx context.Context, c models.Caller, list []models.PromotionCode) error {
	rows, err := rowsIn(list)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.do(ctx, `INSERT INTO promotion_codes (company_id, program_id, mode, id, code, coupon_id, partner_key, active, inactive_since, redeemed, told_at)
		SELECT DISTINCT ON (r."ID") $1, $2, $3, r."ID", r."Code", r."Coupon", r."PartnerKey", r."Active", CASE WHEN NOT r."Active" THEN r."ToldAt" END, r."Redeemed", r."ToldAt"
		FROM jsonb_to_recordset($4) AS r ("ID" text, "Code" text, "Coupon" text, "PartnerKey" text, "Active" boolean, "Redeemed" int, "ToldAt" timestamptz)
		WHERE r."PartnerKey" <> '' OR EXISTS (SELECT 1 FROM codes k WHERE k.company_id = $1 AND k.mode = $3 AND k.folded IN (lower(r."ID"), lower(r."Code")))
			OR EXISTS (SELECT 1 FROM promotion_codes p WHERE p.company_id = $1 AND p.program_id = $2 AND p.mode = $3 AND p.id = r."ID")
		ORDER BY r."ID"
		ON CONFLICT (company_id, program_id, mode, id) DO UPDATE SET code = excluded.code, coupon_id = excluded.coupon_id, partner_key = excluded.partner_key, active = excluded.active,
			inactive_since = CASE WHEN excluded.active THEN NULL ELSE coalesce(promotion_codes.inactive_since, excluded.inactive_since) END,
			redeemed = excluded.redeemed, told_at = excluded.told_at
		WHERE promotion_codes.told_at <= excluded.told_at`, c.Company, c.Program, c.Mode, rows)
}

// EndPromotionsOf marks the codes of coupons that were deleted or cannot be used any more as inactive (MONEY.md 3.5).
func (s *Store) EndPromotionsOf(ctx context.Context, c models.Caller) error {
	return s.do(ctx, `UPDATE promotion_codes p SET active = false, inactive_since = coalesce(p.inactive_since, k.told_at) FROM coupons k
		WHERE p.company_id = $1 AND p.program_id = $2 AND p.mode = $3 AND p.active AND k.company_id = $1 AND k.program_id = $2 AND k.mode = $3 AND k.id = p.coupon_id AND (k.gone OR NOT k.valid)`,
		c.Company, c.Program, c.Mode)
}

const promotionColumns = `p.program_id, p.id, p.code, p.coupon_id, p.partner_key, p.active, p.inactive_since, p.redeemed, p.told_at`

// Promotions lists the promotion codes of a program, by text.
func (s *Store) Promotions(ctx context.Context, c models.Caller, limit int) ([]models.PromotionCode, error) {
	var list []models.PromotionCode
	err := s.list(ctx, &list, `SELECT `+promotionColumns+` FROM promotion_codes p WHERE p.company_id = $1 AND p.program_id = $2 AND p.mode = $3
		ORDER BY lower(p.code), p.active DESC, p.id LIMIT $4`, c.Company, c.Program, c.Mode, limit)
	return list, err
}

// PromotionsNamed loads those of these ids that are known, in whichever program.
func (s *Store) PromotionsNamed(ctx context.Context, t models.Tenant, ids []string) (map[string]models.PromotionCode, error) {
	var list []models.PromotionCode
	folded := make([]string, 0, len(ids))
	for _, id := range ids {
		folded = append(folded, models.NormalCode(id))
	}
	err := s.list(ctx, &list, `SELECT `+promotionColumns+` FROM promotion_codes p WHERE p.company_id = $1 AND p.mode = $2 AND lower(p.id) = ANY($3) ORDER BY p.program_id, p.id`,
		t.Company, t.Mode, pq.Array(folded))
	named := map[string]models.PromotionCode{}
	for _, p := range list {
		named[p.ID] = p
	}
	return named, err
}

// PromotionCalled is the id of the promotion code of a text that stands for a partner now. None is ErrNotFound.
func (s *Store) PromotionCalled(ctx context.Context, t models.Tenant, code string) (string, error) {
	var id string
	if err := s.get(ctx, &id, `SELECT p.id FROM promotion_codes p JOIN codes k ON k.company_id = p.company_id AND k.mode = p.mode AND k.folded = lower(p.id) AND k.removed_at IS NULL
		WHERE p.company_id = $1 AND p.mode = $2 AND lower(p.code) = $3 ORDER BY p.active DESC, p.told_at DESC, p.id LIMIT 1`, t.Company, t.Mode, models.NormalCode(code)); err != nil {
		return "", fmt.Errorf("find promotion code %q: %w", code, err)
	}
	return id, nil
}

// Adoptable is a promotion code made at the provider for a partner of ours, which never stood for anybody here.
type Adoptable struct {
	ID      string           `db:"id"`
	Partner models.PartnerID `db:"partner_id"`
}

// Adoptables lists those of these promotion codes.
func (s *Store) Adoptables(ctx context.Context, c models.Caller, ids []string) ([]Adoptable, error) {
	var list []Adoptable
	err := s.list(ctx, &list, `SELECT p.id, r.id AS partner_id FROM promotion_codes p
		JOIN partners r ON r.company_id = p.company_id AND r.mode = p.mode AND r.key = p.partner_key
		WHERE p.company_id = $1 AND p.program_id = $2 AND p.mode = $3 AND p.id = ANY($4)
			AND NOT EXISTS (SELECT 1 FROM codes k WHERE k.company_id = $1 AND k.mode = $3 AND k.folded = lower(p.id))
		ORDER BY p.id LIMIT 1000`, c.Company, c.Program, c.Mode, pq.Array(ids))
	return list, err
}
