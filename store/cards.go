package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const payerColumns = `company_id, mode, stripe_customer, stripe_method, brand, last4, exp_month, exp_year, begun_at, set_up_at, saved_by, saved_at, read_at, lost,
	session, session_by`

// Card loads the card a company pays with. None is ErrNotFound.
func (s *Store) Card(ctx context.Context, t models.Tenant) (models.Card, error) {
	var c models.Card
	err := s.get(ctx, &c, `SELECT stripe_customer, stripe_method, brand, last4, exp_month, exp_year FROM cards
		WHERE company_id = $1 AND mode = $2 AND stripe_method <> ''`, t.Company, t.Mode)
	return c, err
}

// Payer loads a company as a customer of the platform's Stripe, with its card or without one. None is ErrNotFound.
func (s *Store) Payer(ctx context.Context, t models.Tenant) (models.Payer, error) {
	var p models.Payer
	if err := s.get(ctx, &p, `SELECT `+payerColumns+` FROM cards WHERE company_id = $1 AND mode = $2`, t.Company, t.Mode); err != nil {
		return p, fmt.Errorf("load how %s pays: %w", t.Company, err)
	}
	return p, nil
}

// CardsEnding lists the cards of every company whose last month is over between two moments.
func (s *Store) CardsEnding(ctx context.Context, from, to time.Time) ([]models.Payer, error) {
	var list []models.Payer
	if err := s.list(ctx, &list, `SELECT `+payerColumns+` FROM cards WHERE stripe_method <> '' AND exp_month > 0
		AND (make_date(exp_year, exp_month, 1) + interval '1 month') AT TIME ZONE 'UTC' BETWEEN $1 AND $2 ORDER BY company_id, mode LIMIT 100000`, from, to); err != nil {
		return nil, fmt.Errorf("list the cards that end: %w", err)
	}
	return list, nil
}

// BeginPayer keeps a company before Stripe is asked to make it a customer, once.
func (s *Store) BeginPayer(ctx context.Context, t models.Tenant, now time.Time) error {
	return s.do(ctx, `INSERT INTO cards (company_id, mode, stripe_customer, stripe_method, brand, last4, begun_at) VALUES ($1, $2, '', '', '', '', $3)
		ON CONFLICT (company_id, mode) DO NOTHING`, t.Company, t.Mode, now)
}

// SavePayer keeps how a company pays.
func (s *Store) SavePayer(ctx context.Context, p models.Payer) error {
	return s.do(ctx, `UPDATE cards SET stripe_customer = $3, stripe_method = $4, brand = $5, last4 = $6, exp_month = $7, exp_year = $8, set_up_at = $9, saved_by = $10,
		saved_at = $11, read_at = $12, lost = $13, session = $14, session_by = $15 WHERE company_id = $1 AND mode = $2`,
		p.Company, p.Mode, p.Customer, p.Method, p.Brand, p.Last4, p.ExpMonth, p.ExpYear, p.SetUpAt, p.SavedBy, p.SavedAt, p.ReadAt, p.Lost, p.Session, p.SessionBy)
}

// PayersCalled lists whose a customer or a payment method of the platform's Stripe is, of whatever company.
func (s *Store) PayersCalled(ctx context.Context, mode models.Mode, customer, method string) ([]models.Payer, error) {
	var list []models.Payer
	err := s.list(ctx, &list, `SELECT `+payerColumns+` FROM cards WHERE mode = $1 AND (stripe_customer = $2 AND $2 <> '' OR stripe_method = $3 AND $3 <> '')
		ORDER BY company_id LIMIT 10`, mode, customer, method)
	return list, err
}

// PayersToRead lists companies of whose card nobody asked since a moment, those first of which nobody asked for longest.
func (s *Store) PayersToRead(ctx context.Context, mode models.Mode, before time.Time, limit int) ([]models.Payer, error) {
	var list []models.Payer
	err := s.list(ctx, &list, `SELECT `+payerColumns+` FROM cards WHERE mode = $1 AND stripe_customer <> '' AND (read_at IS NULL OR read_at < $2)
		ORDER BY read_at NULLS FIRST, company_id LIMIT $3`, mode, before, limit)
	return list, err
}

// PaysNow tells whether a payment by a company's card is under way.
func (s *Store) PaysNow(ctx context.Context, t models.Tenant) (bool, error) {
	var is bool
	err := s.get(ctx, &is, `SELECT EXISTS (SELECT 1 FROM attempts WHERE company_id = $1 AND mode = $2 AND status IN ('live', 'needs_confirmation', 'charged'))`, t.Company, t.Mode)
	return is, err
}
