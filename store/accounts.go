package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

const accountColumns = `company_id, mode, partner_id, number, country, recipient, account, begun_by, begun_at, submitted, transfers, payouts_enabled,
	disabled_reason, requirements, deadline, default_currency, bank_name, bank_last4, gone, changed_at, read_at`

// BeginAccount keeps an account before Stripe is asked to make it. A second one that is not left behind is an ErrConflict.
func (s *Store) BeginAccount(ctx context.Context, a models.PayoutAccount) error {
	return s.do(ctx, `INSERT INTO payout_accounts (company_id, mode, partner_id, number, country, recipient, begun_by, begun_at) VALUES ($1, $2, $3,
		(SELECT count(*) + 1 FROM payout_accounts WHERE company_id = $1 AND mode = $2 AND partner_id = $3), $4, $5, $6, $7)`,
		a.Company, a.Mode, a.Partner, a.Country, a.Recipient, a.BegunBy, a.BegunAt)
}

// PayoutAccount loads the account on which a partner is paid, or that is being made. None is ErrNotFound.
func (s *Store) PayoutAccount(ctx context.Context, t models.Tenant, partner models.PartnerID) (models.PayoutAccount, error) {
	var a models.PayoutAccount
	if err := s.get(ctx, &a, `SELECT `+accountColumns+` FROM payout_accounts WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND left_at IS NULL`,
		t.Company, t.Mode, partner); err != nil {
		return a, fmt.Errorf("load the account of %s: %w", partner, err)
	}
	return a, nil
}

// DropAccount puts an account aside that Stripe did not make.
func (s *Store) DropAccount(ctx context.Context, a models.PayoutAccount, now time.Time) error {
	return s.do(ctx, `UPDATE payout_accounts SET left_at = $5 WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND number = $4 AND account IS NULL`,
		a.Company, a.Mode, a.Partner, a.Number, now)
}

// NameAccount keeps which account Stripe made.
func (s *Store) NameAccount(ctx context.Context, a models.PayoutAccount, account string) error {
	return s.do(ctx, `UPDATE payout_accounts SET account = $5 WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND number = $4`,
		a.Company, a.Mode, a.Partner, a.Number, account)
}

// KeepAccountState keeps what Stripe said of an account at a moment. What was read earlier never takes the place of what was read
// later: isNew tells whether it was kept and says something else than before.
func (s *Store) KeepAccountState(ctx context.Context, a models.PayoutAccount, says models.AccountState, at time.Time) (isNew bool, err error) {
	changed := a.ChangedAt
	if changed == nil || !a.Same(says) {
		changed = &at
	}
	n, err := s.exec(ctx, `UPDATE payout_accounts SET submitted = $5, transfers = $6, payouts_enabled = $7, disabled_reason = $8, requirements = $9, deadline = $10,
		default_currency = $11, bank_name = $12, bank_last4 = $13, gone = $14, changed_at = $15, read_at = $16
		WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND number = $4 AND (read_at IS NULL OR read_at <= $16)`,
		a.Company, a.Mode, a.Partner, a.Number, says.Submitted, says.Transfers, says.Payouts, says.Disabled, says.Needs, says.Deadline,
		says.Currency, says.BankName, says.BankLast4, says.Gone, changed, at)
	return n == 1 && changed.Equal(at), err
}

// LeaveAccount puts an account aside for another one.
func (s *Store) LeaveAccount(ctx context.Context, a models.PayoutAccount, now time.Time) error {
	return s.do(ctx, `UPDATE payout_accounts SET left_at = $5 WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND number = $4`,
		a.Company, a.Mode, a.Partner, a.Number, now)
}

// AccountUsed tells whether a payment to an account went, or may have.
func (s *Store) AccountUsed(ctx context.Context, t models.Tenant, account string) (bool, error) {
	var used bool
	err := s.get(ctx, &used, `SELECT EXISTS (SELECT 1 FROM attempts WHERE company_id = $1 AND mode = $2 AND stripe_account = $3 AND status <> 'failed')`,
		t.Company, t.Mode, account)
	return used, err
}

// AccountPaidNow tells whether a payment to an account is under way.
func (s *Store) AccountPaidNow(ctx context.Context, t models.Tenant, account string) (bool, error) {
	var is bool
	err := s.get(ctx, &is, `SELECT EXISTS (SELECT 1 FROM attempts WHERE company_id = $1 AND mode = $2 AND stripe_account = $3
		AND status IN ('live', 'needs_confirmation', 'charged'))`, t.Company, t.Mode, account)
	return is, err
}

// AccountsCalled lists whose an account at the platform's Stripe is, of whatever company.
func (s *Store) AccountsCalled(ctx context.Context, mode models.Mode, account string) ([]models.PayoutAccount, error) {
	var list []models.PayoutAccount
	err := s.list(ctx, &list, `SELECT `+accountColumns+` FROM payout_accounts WHERE account = $2 AND mode = $1 AND left_at IS NULL
		ORDER BY company_id, partner_id LIMIT 10`, mode, account)
	return list, err
}

// AccountsUnable lists accounts of every company that cannot receive, or that Stripe asks something of, and that nobody asked about
// since a moment, those first whom nobody asked about for longest.
func (s *Store) AccountsUnable(ctx context.Context, mode models.Mode, before time.Time, limit int) ([]models.PayoutAccount, error) {
	var list []models.PayoutAccount
	err := s.list(ctx, &list, `SELECT `+accountColumns+` FROM payout_accounts WHERE mode = $1 AND left_at IS NULL AND account IS NOT NULL
		AND disabled_reason NOT LIKE 'rejected.%' AND (read_at IS NULL OR read_at < $2)
		AND (transfers <> 'active' OR NOT payouts_enabled OR requirements ? 'due') ORDER BY read_at NULLS FIRST, company_id, partner_id LIMIT $3`, mode, before, limit)
	return list, err
}

// AccountsBegun lists accounts of every company of which nobody knows since before a moment whether Stripe made them.
func (s *Store) AccountsBegun(ctx context.Context, mode models.Mode, before time.Time, limit int) ([]models.PayoutAccount, error) {
	var list []models.PayoutAccount
	err := s.list(ctx, &list, `SELECT `+accountColumns+` FROM payout_accounts WHERE mode = $1 AND left_at IS NULL AND account IS NULL AND begun_at < $2
		ORDER BY begun_at, company_id, partner_id LIMIT $3`, mode, before, limit)
	return list, err
}
