package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
)

const attemptColumns = `company_id, mode, id, invoice_id, kind, status, amount, currency, stripe_customer, stripe_method, stripe_account,
	stripe_intent, started_by, started_at, ended_at, because, charge_id, stripe_charge, stripe_transfer, fee, returned,
	deliveries, delivery_at, held, refunded, disputed, blocked, received, received_in, delivering, looks`

// AddAttempt keeps an attempt before anything is paid. A second live one of the same invoice is an ErrConflict.
func (s *Store) AddAttempt(ctx context.Context, a models.Attempt) error {
	return s.do(ctx, `INSERT INTO attempts (`+attemptColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
		$19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)`,
		a.Company, a.Mode, a.ID, a.Invoice, a.Kind, a.Status, a.Amount, a.Currency, a.Customer, a.Method, a.Account, a.Intent,
		a.StartedBy, a.StartedAt, a.EndedAt, a.Because, a.Charge, a.ChargedBy, a.Transfer, a.Fee, a.Returned,
		a.Deliveries, a.DeliveryAt, a.Held, a.Refunded, a.Disputed, a.Blocked, a.Received, a.ReceivedIn, a.Delivering, a.Looks)
}

// LockAttempt loads one and keeps others from ending it meanwhile.
func (s *Store) LockAttempt(ctx context.Context, t models.Tenant, id models.AttemptID) (models.Attempt, error) {
	var a models.Attempt
	if err := s.get(ctx, &a, `SELECT `+attemptColumns+` FROM attempts WHERE company_id = $1 AND mode = $2 AND id = $3 FOR UPDATE`, t.Company, t.Mode, id); err != nil {
		return a, fmt.Errorf("load attempt %s: %w", id, err)
	}
	return a, nil
}

// Attempt loads one.
func (s *Store) Attempt(ctx context.Context, t models.Tenant, id models.AttemptID) (models.Attempt, error) {
	var a models.Attempt
	if err := s.get(ctx, &a, `SELECT `+attemptColumns+` FROM attempts WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id); err != nil {
		return a, fmt.Errorf("load attempt %s: %w", id, err)
	}
	return a, nil
}

// AttemptsOf lists every try to pay an invoice, the oldest first.
func (s *Store) AttemptsOf(ctx context.Context, t models.Tenant, invoice models.InvoiceID) ([]models.Attempt, error) {
	var list []models.Attempt
	err := s.list(ctx, &list, `SELECT `+attemptColumns+` FROM attempts WHERE company_id = $1 AND mode = $2 AND invoice_id = $3 ORDER BY id LIMIT 200`,
		t.Company, t.Mode, invoice)
	return list, err
}

// EndAttempt keeps how far an attempt has come.
func (s *Store) EndAttempt(ctx context.Context, a models.Attempt) error {
	return s.do(ctx, `UPDATE attempts SET status = $4, stripe_intent = $5, ended_at = $6, because = $7, stripe_charge = $8, stripe_transfer = $9,
		returned = $10, deliveries = $11, delivery_at = $12, held = $13, refunded = $14, disputed = $15, blocked = $16, received = $17, received_in = $18,
		delivering = $19, looks = $20
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		a.Company, a.Mode, a.ID, a.Status, a.Intent, a.EndedAt, a.Because, a.ChargedBy, a.Transfer, a.Returned,
		a.Deliveries, a.DeliveryAt, a.Held, a.Refunded, a.Disputed, a.Blocked, a.Received, a.ReceivedIn, a.Delivering, a.Looks)
}

// OpenAttempts walks the attempts of every company that are not at their end and were begun before a moment, by id.
func (s *Store) OpenAttempts(ctx context.Context, before time.Time, after models.AttemptID, limit int) ([]models.Attempt, error) {
	var list []models.Attempt
	err := s.list(ctx, &list, `SELECT `+attemptColumns+` FROM attempts WHERE status IN ('live', 'needs_confirmation', 'charged') AND started_at < $1
		AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`, before, after, limit)
	return list, err
}

// CardBlocked tells whether a card's bank wants no further try with it.
func (s *Store) CardBlocked(ctx context.Context, t models.Tenant, method string) (bool, error) {
	var blocked bool
	err := s.get(ctx, &blocked, `SELECT EXISTS (SELECT 1 FROM attempts WHERE company_id = $1 AND mode = $2 AND stripe_method = $3 AND blocked)`, t.Company, t.Mode, method)
	return blocked, err
}

// PaidLast lists the attempts that brought a partner money through Stripe, the newest first.
func (s *Store) PaidLast(ctx context.Context, t models.Tenant, partner models.PartnerID, limit int) ([]models.Attempt, error) {
	var list []models.Attempt
	err := s.list(ctx, &list, `SELECT `+attemptColumns+` FROM attempts WHERE company_id = $1 AND mode = $2 AND kind = 'stripe' AND status = 'succeeded'
		AND invoice_id IN (SELECT id FROM invoices WHERE company_id = $1 AND mode = $2 AND partner_id = $3) ORDER BY id DESC LIMIT $4`, t.Company, t.Mode, partner, limit)
	return list, err
}

// PlatformHeard is when an event of the platform's own Stripe was last kept; zero for never.
func (s *Store) PlatformHeard(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := s.get(ctx, &at, `SELECT received_at FROM platform_events WHERE account IS NULL ORDER BY id DESC LIMIT 1`)
	if errors.Is(err, models.ErrNotFound) {
		return at, nil
	}
	return at, err
}

// KeepPlatformEvent keeps an event of the platform's own Stripe, once. It tells whether it was new.
func (s *Store) KeepPlatformEvent(ctx context.Context, id models.EventID, providerID, kind string, body []byte, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO platform_events (id, provider_event_id, type, body, received_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (provider_event_id) DO NOTHING`, id, providerID, kind, body, now)
	return n == 1, err
}
