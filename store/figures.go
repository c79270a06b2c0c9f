package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// CountCap is the most that Waiting counts of a thing: beyond it, it is "many".
const CountCap = 100

// Waiting is how much of each thing waits for somebody of the company, CountCap at most.
type Waiting struct {
	Review       int `db:"review"`       // invoices to approve
	Unpaid       int `db:"unpaid"`       // invoices approved or failed, to pay
	Unattributed int `db:"unattributed"` // payments without a partner, of customers who are nobody's yet
	FailedEvents int `db:"failed_events"`
	Unrated      int `db:"unrated"`    // commissions that wait for an exchange rate
	WriteOffs    int `db:"write_offs"` // that somebody asked for, for another person to decide
	Contests     int `db:"contests"`   // lines of invoices that partners contest
}

// Waiting counts what waits for somebody of the company.
func (s *Store) Waiting(ctx context.Context, t models.Tenant, now time.Time) (Waiting, error) {
	var w Waiting
	err := s.get(ctx, &w, `SELECT
		(SELECT count(*) FROM (SELECT 1 FROM invoices WHERE company_id = $1 AND mode = $2 AND status = 'review' LIMIT $3) r) AS review,
		(SELECT count(*) FROM (SELECT 1 FROM invoices WHERE company_id = $1 AND mode = $2 AND status IN ('approved', 'failed') LIMIT $3) a) AS unpaid,
		(SELECT count(*) FROM (SELECT 1 FROM (SELECT company_id, mode, customer_id FROM payments
				WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NULL AND created_at <= $4 ORDER BY paid_at DESC, id DESC LIMIT $5) p
			WHERE `+StrangersWaiting.where()+` LIMIT $3) waiting) AS unattributed,
		(SELECT count(*) FROM (SELECT 1 FROM events WHERE company_id = $1 AND mode = $2 AND status = 'failed' LIMIT $3) e) AS failed_events,
		(SELECT count(*) FROM (SELECT 1 FROM commissions WHERE company_id = $1 AND mode = $2 AND status = 'waiting' LIMIT $3) c) AS unrated,
		(SELECT count(*) FROM (SELECT 1 FROM write_offs WHERE company_id = $1 AND mode = $2 AND status = 'asked' LIMIT $3) w) AS write_offs,
		(SELECT count(*) FROM (SELECT 1 FROM contests WHERE company_id = $1 AND mode = $2 AND status = 'open' LIMIT $3) x) AS contests`,
		t.Company, t.Mode, CountCap, now.Add(-Settling), StrangersSummed)
	if err != nil {
		return w, fmt.Errorf("count what waits: %w", err)
	}
	return w, nil
}

// Codeless says why the newest CountCap payments without a partner have none.
type Codeless struct {
	All     int `db:"every"`
	NoCode  int `db:"no_code"` // nothing that came with them names a partner
	Unknown int `db:"unknown"` // what came names only keys that are no partner's
}

// Codeless looks at the payments without a partner that Waiting counts.
func (s *Store) Codeless(ctx context.Context, t models.Tenant, now time.Time) (Codeless, error) {
	var c Codeless
	err := s.get(ctx, &c, `SELECT count(*) AS every, count(*) FILTER (WHERE p.named = '{}') AS no_code,
			count(*) FILTER (WHERE p.named <> '{}' AND NOT EXISTS (SELECT 1 FROM partners r WHERE r.company_id = $1 AND r.mode = $2 AND r.key = ANY(p.named))) AS unknown
		FROM (SELECT named FROM (SELECT company_id, mode, customer_id, named FROM payments
				WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NULL AND created_at <= $4 ORDER BY paid_at DESC, id DESC LIMIT $5) p
			WHERE `+StrangersWaiting.where()+` LIMIT $3) p`,
		t.Company, t.Mode, CountCap, now.Add(-Settling), StrangersSummed)
	if err != nil {
		return c, fmt.Errorf("ask why payments have no partner: %w", err)
	}
	return c, nil
}

// UnknownCodes lists what came with a payment as a partner's key and is no partner's.
func (s *Store) UnknownCodes(ctx context.Context, t models.Tenant, id models.PaymentID) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT code FROM payments p, unnest(p.named) WITH ORDINALITY AS n (code, place)
		WHERE p.company_id = $1 AND p.mode = $2 AND p.id = $3
			AND NOT EXISTS (SELECT 1 FROM partners r WHERE r.company_id = $1 AND r.mode = $2 AND r.key = n.code) ORDER BY place`, t.Company, t.Mode, id)
	if err != nil {
		return nil, fmt.Errorf("list the unknown codes of %s: %w", id, err)
	}
	return list, nil
}

// KeysOfLength lists partner keys about as long as a code, give or take one letter: those that it may have been meant to be.
func (s *Store) KeysOfLength(ctx context.Context, t models.Tenant, length int) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT key FROM partners WHERE company_id = $1 AND mode = $2 AND length(key) BETWEEN $3 - 1 AND $3 + 1
		ORDER BY key LIMIT 5000`, t.Company, t.Mode, length)
	if err != nil {
		return nil, fmt.Errorf("list keys of length %d: %w", length, err)
	}
	return list, nil
}

// HeldUntil sums, by currency, what an invoice drawn up until a day would gather although its hold lasts beyond today.
func (s *Store) HeldUntil(ctx context.Context, t models.Tenant, day, today time.Time) ([]models.Money, error) {
	var rows []struct {
		Currency models.Currency `db:"currency"`
		Minor    int64           `db:"minor"`
	}
	err := s.list(ctx, &rows, `SELECT currency, sum(held)::bigint AS minor FROM (
			SELECT currency, sum(amount) FILTER (WHERE payable_on > $4) AS held FROM (
				SELECT e.partner_id, e.currency, e.amount, e.payable_on FROM commission_entries e
				JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
				WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id IS NULL AND e.payable_on <= $3 AND NOT c.disputed
				UNION ALL SELECT partner_id, currency, amount, NULL FROM adjustments WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL) standing
			GROUP BY partner_id, currency HAVING sum(amount) > 0) gathered
		WHERE held > 0 GROUP BY currency ORDER BY currency`, t.Company, t.Mode, day, today)
	if err != nil {
		return nil, fmt.Errorf("sum what is still held until %s: %w", day.Format(time.DateOnly), err)
	}
	var sums []models.Money
	for _, r := range rows {
		sums = append(sums, models.Money{Minor: r.Minor, Currency: r.Currency})
	}
	return sums, nil
}

// Span is a stretch of time, its end not included.
type Span struct{ From, Until time.Time }

// Turnover is what happened in a span in one currency.
type Turnover struct {
	Currency models.Currency `db:"currency"`
	Payments int64           `db:"payments"` // how many customers made through partners
	Revenue  int64           `db:"revenue"`  // what those came to, less what went back
	Earned   int64           `db:"earned"`   // partners earned from those payments, less what was taken back
	Paid     int64           `db:"paid"`     // partners were paid
}

// Turnovers sums a span by currency, revenue in the company's own where a rate is known (F110): payments by the time they were made, invoices by the time they were paid.
func (s *Store) Turnovers(ctx context.Context, t models.Tenant, span Span) ([]Turnover, error) {
	var list []Turnover
	err := s.list(ctx, &list, `WITH sold AS (
			SELECT id, coalesce(shown_currency, currency) AS currency, coalesce(shown_gross - shown_refunded, gross - refunded) AS kept FROM payments
			WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NOT NULL AND paid_at >= $3 AND paid_at < $4)
		SELECT currency, sum(payments)::bigint AS payments, sum(revenue)::bigint AS revenue, sum(earned)::bigint AS earned, sum(paid)::bigint AS paid FROM (
			SELECT currency, count(*) AS payments, sum(kept) AS revenue, 0 AS earned, 0 AS paid FROM sold GROUP BY currency
			UNION ALL
			SELECT c.currency, 0, 0, sum(c.amount), 0 FROM sold
			JOIN commissions c ON c.company_id = $1 AND c.mode = $2 AND c.payment_id = sold.id GROUP BY c.currency
			UNION ALL
			SELECT currency, 0, 0, 0, sum(total) FROM invoices
			WHERE company_id = $1 AND mode = $2 AND status = 'paid' AND paid_at >= $3 AND paid_at < $4 GROUP BY currency) parts
		GROUP BY currency ORDER BY sum(revenue) DESC, currency LIMIT 20`, t.Company, t.Mode, span.From, span.Until)
	if err != nil {
		return nil, fmt.Errorf("sum a span: %w", err)
	}
	return list, nil
}

// CommissionsOn sums what partners earn now from each of these payments. One whose rate is awaited is left out.
func (s *Store) CommissionsOn(ctx context.Context, t models.Tenant, payments []models.PaymentID) (map[models.PaymentID]models.Money, error) {
	var rows []struct {
		Payment  models.PaymentID `db:"payment_id"`
		Currency models.Currency  `db:"currency"`
		Minor    int64            `db:"minor"`
	}
	err := s.list(ctx, &rows, `SELECT payment_id, currency, sum(amount)::bigint AS minor FROM commissions
		WHERE company_id = $1 AND mode = $2 AND payment_id = ANY($3::uuid[]) AND status <> 'waiting'
		GROUP BY payment_id, currency ORDER BY payment_id, minor`, t.Company, t.Mode, pq.Array(uuids(payments)))
	if err != nil {
		return nil, fmt.Errorf("sum the commissions of %d payments: %w", len(payments), err)
	}
	sums := map[models.PaymentID]models.Money{}
	for _, r := range rows {
		sums[r.Payment] = models.Money{Minor: r.Minor, Currency: r.Currency}
	}
	return sums, nil
}
