package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const returnColumns = `company_id, mode, id, attempt_id, kind, status, amount, currency, again, reason, stripe_reversal, stripe_refund,
	started_by, started_at, ended_at, because`

// AddReturn keeps a return before Stripe is asked. A second live one of the same attempt is an ErrConflict.
func (s *Store) AddReturn(ctx context.Context, r models.Return) error {
	return s.do(ctx, `INSERT INTO returns (`+returnColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		r.Company, r.Mode, r.ID, r.Attempt, r.Kind, r.Status, r.Minor, r.Currency, r.Again, r.Reason, r.Reversal, r.Refund,
		r.StartedBy, r.StartedAt, r.EndedAt, r.Because)
}

// LockReturn loads one and keeps others from ending it meanwhile.
func (s *Store) LockReturn(ctx context.Context, t models.Tenant, id models.ReturnID) (models.Return, error) {
	var r models.Return
	if err := s.get(ctx, &r, `SELECT `+returnColumns+` FROM returns WHERE company_id = $1 AND mode = $2 AND id = $3 FOR UPDATE`, t.Company, t.Mode, id); err != nil {
		return r, fmt.Errorf("load return %s: %w", id, err)
	}
	return r, nil
}

// SaveReturn keeps how far a return has come.
func (s *Store) SaveReturn(ctx context.Context, r models.Return) error {
	return s.do(ctx, `UPDATE returns SET status = $4, stripe_reversal = $5, stripe_refund = $6, ended_at = $7, because = $8 WHERE company_id = $1 AND mode = $2 AND id = $3`,
		r.Company, r.Mode, r.ID, r.Status, r.Reversal, r.Refund, r.EndedAt, r.Because)
}

// ReturnsOf lists the returns of an attempt, the oldest first.
func (s *Store) ReturnsOf(ctx context.Context, t models.Tenant, attempt models.AttemptID) ([]models.Return, error) {
	var list []models.Return
	err := s.list(ctx, &list, `SELECT `+returnColumns+` FROM returns WHERE company_id = $1 AND mode = $2 AND attempt_id = $3 ORDER BY id LIMIT 200`, t.Company, t.Mode, attempt)
	return list, err
}

// LiveReturns lists the returns of every company that are open since before a moment.
func (s *Store) LiveReturns(ctx context.Context, before time.Time) ([]models.Return, error) {
	var list []models.Return
	err := s.list(ctx, &list, `SELECT `+returnColumns+` FROM returns WHERE status = 'live' AND started_at < $1 ORDER BY started_at, id LIMIT 10000`, before)
	return list, err
}

// KeepBankPayout keeps how money on its way from a partner's Stripe account to the bank stands.
func (s *Store) KeepBankPayout(ctx context.Context, b models.BankPayout) error {
	return s.do(ctx, `INSERT INTO bank_payouts (company_id, mode, partner_id, stripe_id, amount, currency, status, failure_code, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (company_id, mode, partner_id, stripe_id) DO UPDATE SET status = excluded.status, failure_code = excluded.failure_code`,
		b.Company, b.Mode, b.Partner, b.StripeID, b.Minor, b.Currency, b.Status, b.Failure, b.MadeAt)
}

// BankPayouts lists the newest of a partner, the newest first.
func (s *Store) BankPayouts(ctx context.Context, t models.Tenant, partner models.PartnerID, limit int) ([]models.BankPayout, error) {
	var list []models.BankPayout
	err := s.list(ctx, &list, `SELECT company_id, mode, partner_id, stripe_id, amount, currency, status, failure_code, made_at FROM bank_payouts
		WHERE company_id = $1 AND mode = $2 AND partner_id = $3 ORDER BY made_at DESC, stripe_id DESC LIMIT $4`, t.Company, t.Mode, partner, limit)
	return list, err
}

// PartnersOnAccount lists the partners that are paid on a Stripe account.
func (s *Store) PartnersOnAccount(ctx context.Context, account string, mode models.Mode) ([]models.Partner, error) {
	var ids []struct {
		models.Tenant
		ID models.PartnerID `db:"id"`
	}
	if err := s.list(ctx, &ids, `SELECT company_id, mode, id FROM partners WHERE stripe_account = $1 AND mode = $2 ORDER BY company_id, id LIMIT 100`, account, mode); err != nil {
		return nil, fmt.Errorf("list the partners on %s: %w", account, err)
	}
	var list []models.Partner
	for _, r := range ids {
		p, err := s.Partner(ctx, r.Tenant, r.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
