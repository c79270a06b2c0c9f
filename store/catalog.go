package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// rowsIn are values as one JSON array, for jsonb_to_recordset.
func rowsIn[T any](list []T) (string, error) {
	text, err := json.Marshal(list)
	return string(text), err
}

// KeepProducts keeps products as they were told; what is known of later stays.
func (s *Store) KeepProducts(ctx context.Context, c models.Caller, list []models.Product) error {
	rows, err := rowsIn(list)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.do(ctx, `INSERT INTO products (company_id, program_id, mode, id, name, active, gone, told_at)
		SELECT DISTINCT ON (r."ID") $1, $2, $3, r."ID", r."Name", r."Active", r."Gone", r."ToldAt"
		FROM jsonb_to_recordset($4) AS r ("ID" text, "Name" text, "Active" boolean, "Gone" boolean, "ToldAt" timestamptz) ORDER BY r."ID"
		ON CONFLICT (company_id, program_id, mode, id) DO UPDATE SET name = excluded.name, active = excluded.active, gone = excluded.gone, told_at = excluded.told_at
		WHERE products.told_at <= excluded.told_at`, c.Company, c.Program, c.Mode, rows)
}

// KeepPrices keeps prices as they were told; what is known of later stays.
func (s *Store) KeepPrices(ctx context.Context, c models.Caller, list []models.Price) error {
	rows, err := rowsIn(list)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.do(ctx, `INSERT INTO prices (company_id, program_id, mode, id, product_id, nickname, minor, currency, every, active, gone, told_at)
		SELECT DISTINCT ON (r."ID") $1, $2, $3, r."ID", r."Product", r."Nickname", r."Minor", r."Currency", r."Every", r."Active", r."Gone", r."ToldAt"
		FROM jsonb_to_recordset($4) AS r ("ID" text, "Product" text, "Nickname" text, "Minor" bigint, "Currency" text, "Every" text, "Active" boolean, "Gone" boolean, "ToldAt" timestamptz)
		ORDER BY r."ID"
		ON CONFLICT (company_id, program_id, mode, id) DO UPDATE SET product_id = excluded.product_id, nickname = excluded.nickname, minor = excluded.minor, currency = excluded.currency,
			every = excluded.every, active = excluded.active, gone = excluded.gone, told_at = excluded.told_at
		WHERE prices.told_at <= excluded.told_at`, c.Company, c.Program, c.Mode, rows)
}

// KeepCoupons keeps coupons as they were told; what is known of later stays.
func (s *Store) KeepCoupons(ctx context.Context, c models.Caller, list []models.Coupon) error {
	rows, err := rowsIn(list)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.do(ctx, `INSERT INTO coupons (company_id, program_id, mode, id, name, percent_off, amount_off, currency, duration, months, valid, gone, told_at)
		SELECT DISTINCT ON (r."ID") $1, $2, $3, r."ID", r."Name", r."PercentOff", r."AmountOff", r."Currency", r."Duration", r."Months", r."Valid", r."Gone", r."ToldAt"
		FROM jsonb_to_recordset($4) AS r ("ID" text, "Name" text, "PercentOff" text, "AmountOff" bigint, "Currency" text, "Duration" text, "Months" int, "Valid" boolean, "Gone" boolean, "ToldAt" timestamptz)
		ORDER BY r."ID"
		ON CONFLICT (company_id, program_id, mode, id) DO UPDATE SET name = excluded.name, percent_off = excluded.percent_off, amount_off = excluded.amount_off, currency = excluded.currency,
			duration = excluded.duration, months = excluded.months, valid = excluded.valid, gone = excluded.gone, told_at = excluded.told_at
		WHERE coupons.told_at <= excluded.told_at`, c.Company, c.Program, c.Mode, rows)
}

// ForgetUntold marks the products, prices and coupons that a whole list did not tell of any more: they were deleted.
func (s *Store) ForgetUntold(ctx context.Context, c models.Caller, table string, since time.Time) error {
	if table != "products" && table != "prices" && table != "coupons" {
		return fmt.Errorf("forget what was not told of %q: %w", table, models.ErrInvalid)
	}
	return s.do(ctx, `UPDATE `+table+` SET gone = true, told_at = $4 WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND told_at < $4 AND NOT gone`,
		c.Company, c.Program, c.Mode, since)
}

// Products lists those of a program whose name or id holds a text, by name: those that are sold first. Deleted ones are left out.
func (s *Store) Products(ctx context.Context, c models.Caller, holding string, limit int) ([]models.Product, error) {
	var list []models.Product
	err := s.list(ctx, &list, `SELECT id, name, active, gone, told_at FROM products WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND NOT gone
		AND ($4 = '' OR strpos(lower(name), lower($4)) > 0 OR id = $4) ORDER BY active DESC, lower(name), id LIMIT $5`, c.Company, c.Program, c.Mode, holding, limit)
	return list, err
}

// ProductsNamed loads those of these ids that are known, deleted ones too.
func (s *Store) ProductsNamed(ctx context.Context, c models.Caller, ids []string) (map[string]models.Product, error) {
	var list []models.Product
	err := s.list(ctx, &list, `SELECT id, name, active, gone, told_at FROM products WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND id = ANY($4) ORDER BY id`,
		c.Company, c.Program, c.Mode, pq.Array(ids))
	named := map[string]models.Product{}
	for _, p := range list {
		named[p.ID] = p
	}
	return named, err
}

// PricesOf lists the prices of products that are asked now.
func (s *Store) PricesOf(ctx context.Context, c models.Caller, products []string) (map[string][]models.Price, error) {
	var list []models.Price
	err := s.list(ctx, &list, `SELECT id, product_id, nickname, minor, currency, every, active, gone, told_at FROM prices
		WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND product_id = ANY($4) AND active AND NOT gone ORDER BY product_id, minor, id LIMIT 2000`,
		c.Company, c.Program, c.Mode, pq.Array(products))
	of := map[string][]models.Price{}
	for _, p := range list {
		of[p.Product] = append(of[p.Product], p)
	}
	return of, err
}

const couponColumns = `id, name, percent_off, amount_off, currency, duration, months, valid, gone, told_at`

// Coupons lists those of a program that can be used, by name.
func (s *Store) Coupons(ctx context.Context, c models.Caller) ([]models.Coupon, error) {
	var list []models.Coupon
	err := s.list(ctx, &list, `SELECT `+couponColumns+` FROM coupons WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND valid AND NOT gone ORDER BY lower(name), id LIMIT 500`,
		c.Company, c.Program, c.Mode)
	return list, err
}

// CouponNamed loads one by its id.
func (s *Store) CouponNamed(ctx context.Context, c models.Caller, id string) (models.Coupon, error) {
	var coupon models.Coupon
	if err := s.get(ctx, &coupon, `SELECT `+couponColumns+` FROM coupons WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND id = $4`, c.Company, c.Program, c.Mode, id); err != nil {
		return coupon, fmt.Errorf("load coupon %q: %w", id, err)
	}
	return coupon, nil
}

// ProgramCoupon loads the coupon that a program gives its partners codes of. ErrNotFound when none was chosen.
func (s *Store) ProgramCoupon(ctx context.Context, c models.Caller) (models.Coupon, error) {
	var id string
	if err := s.get(ctx, &id, `SELECT coupon_id FROM program_coupons WHERE company_id = $1 AND program_id = $2 AND mode = $3`, c.Company, c.Program, c.Mode); err != nil {
		return models.Coupon{}, fmt.Errorf("load the coupon of %s: %w", c.Program, err)
	}
	return s.CouponNamed(ctx, c, id)
}

// SetProgramCoupon says of which coupon a program gives its partners codes from now on.
func (s *Store) SetProgramCoupon(ctx context.Context, c models.Caller, coupon, by string, now time.Time) error {
	return s.do(ctx, `INSERT INTO program_coupons (company_id, program_id, mode, coupon_id, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (company_id, program_id, mode) DO UPDATE SET coupon_id = excluded.coupon_id, set_by = excluded.set_by, set_at = excluded.set_at`,
		c.Company, c.Program, c.Mode, coupon, by, now)
}
