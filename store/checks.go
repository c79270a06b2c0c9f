package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

// Clock is what the database's clock shows.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.get(ctx, &now, `SELECT clock_timestamp()`)
	return now, err
}

// Connected is where a company has a connection, without its secrets.
type Connected struct {
	Program models.ProgramID  `db:"program_id"`
	Mode    models.Mode       `db:"mode"`
	Source  models.SourceName `db:"source"`
	Status  string            `db:"status"`
	Saved   time.Time         `db:"updated_at"`
}

// Connected lists a company's connections, the oldest program first.
func (s *Store) Connected(ctx context.Context, company models.CompanyID) ([]Connected, error) {
	var list []Connected
	err := s.list(ctx, &list, `SELECT program_id, mode, source, status, updated_at FROM integrations WHERE company_id = $1 ORDER BY program_id, mode, source LIMIT 1000`, company)
	return list, err
}

// InUse tells whether anything is on one side of a company: a connection, a partner, or a payment.
func (s *Store) InUse(ctx context.Context, t models.Tenant) (bool, error) {
	var used bool
	err := s.get(ctx, &used, `SELECT EXISTS (SELECT 1 FROM integrations WHERE company_id = $1 AND mode = $2)
		OR EXISTS (SELECT 1 FROM partners WHERE company_id = $1 AND mode = $2) OR EXISTS (SELECT 1 FROM payments WHERE company_id = $1 AND mode = $2)`, t.Company, t.Mode)
	return used, err
}

// Uncounted are events that did not count, and why the newest of them did not.
type Uncounted struct {
	Events  int    `db:"events"`
	Type    string `db:"type"`
	Because string `db:"because"`
}

// FailedEvents counts a program's events that failed.
func (s *Store) FailedEvents(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (Uncounted, error) {
	return s.uncounted(ctx, `mode = $2 AND program_id = $3 AND source = $4 AND status = 'failed'`, t.Company, t.Mode, program, source)
}

// WaitingEvents counts a program's events that came before a moment and do not count yet.
func (s *Store) WaitingEvents(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, before time.Time) (Uncounted, error) {
	return s.uncounted(ctx, `bucket = $2 AND program_id = $3 AND source = $4 AND status = 'pending' AND turn IS NULL AND received_at < $5`, t.Company, t.Bucket(), program, source, before)
}

func (s *Store) uncounted(ctx context.Context, where string, args ...any) (Uncounted, error) {
	var found Uncounted
	err := s.get(ctx, &found, `SELECT count(*) AS events, coalesce((array_agg(type ORDER BY received_at DESC, id DESC))[1], '') AS type,
		coalesce((array_agg(because ORDER BY received_at DESC, id DESC))[1], '') AS because FROM events WHERE company_id = $1 AND `+where, args...)
	return found, err
}

// Signs are what tells of a connection that does not hear everything.
type Signs struct {
	Refused *time.Time `db:"refused_at"` // when something came that no secret proved
	Missed  *time.Time `db:"missed_at"`  // when events had to be fetched that had not come
}

// SignsOf loads them.
func (s *Store) SignsOf(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName) (Signs, error) {
	var found Signs
	err := s.get(ctx, &found, `SELECT refused_at, missed_at FROM integrations WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND source = $4`, t.Company, program, t.Mode, source)
	return found, err
}

// SaveRefused keeps that something came by a connection that no secret proved; at most once a minute, for anybody may send it.
func (s *Store) SaveRefused(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, now time.Time) error {
	return s.do(ctx, `UPDATE integrations SET refused_at = $5 WHERE company_id = $1 AND program_id = $2 AND mode = $3 AND source = $4
		AND (refused_at IS NULL OR refused_at < $5::timestamptz - interval '1 minute')`, t.Company, program, t.Mode, source, now)
}

// StraysSince counts the events of one side that came since a moment, signed for the other side while this one was not connected.
func (s *Store) StraysSince(ctx context.Context, t models.Tenant, program models.ProgramID, source models.SourceName, since time.Time) (int, error) {
	var n int
	err := s.get(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM events WHERE company_id = $1 AND mode = $2 AND received_at >= $5 AND program_id = $3 AND source = $4
		AND stray LIMIT $6) strays`, t.Company, t.Mode, program, source, since, CountCap)
	return n, err
}

// Nameless counts the newest customers who belong to a partner and have neither a Stripe customer id nor an e-mail address, and
// names one. Of a tenant's customers the newest StrangersSummed are looked at.
func (s *Store) Nameless(ctx context.Context, t models.Tenant) (n int, key string, err error) {
	var found struct {
		N   int    `db:"n"`
		Key string `db:"key"`
	}
	err = s.get(ctx, &found, `SELECT count(*) AS n, coalesce(max(key), '') AS key FROM (SELECT id, key, email, stripe_customer_id, composite FROM customers WHERE company_id = $1 AND mode = $2 ORDER BY id DESC LIMIT $3) c
		WHERE email IS NULL AND stripe_customer_id IS NULL AND NOT composite AND EXISTS (SELECT 1 FROM links l WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = c.id)`, t.Company, t.Mode, StrangersSummed)
	return found.N, found.Key, err
}

// StrangersSince counts a tenant's payments since a moment that are nobody's, StrangersSummed at most.
func (s *Store) StrangersSince(ctx context.Context, t models.Tenant, since, now time.Time) (int, error) {
	var n int
	err := s.get(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM payments p WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NULL
		AND paid_at >= $3 AND created_at <= $4 AND `+StrangersWaiting.where()+` LIMIT $5) newest`, t.Company, t.Mode, since, now.Add(-Settling), StrangersSummed)
	return n, err
}

// Idle is a partner who would have earned if they were active, and from how many payments.
type Idle struct {
	Key      string `db:"key"`
	Status   string `db:"status"`
	Payments int    `db:"payments"`
}

// IdlePartners lists partners who are not active while customers of theirs, or customers who name them, have paid since a
// moment and nobody earned it. It looks at the newest StrangersSummed such payments.
func (s *Store) IdlePartners(ctx context.Context, t models.Tenant, since time.Time) ([]Idle, error) {
	var list []Idle
	err := s.list(ctx, &list, `SELECT r.key, r.status, count(*) AS payments
		FROM (SELECT customer_id, named, paid_at FROM payments WHERE company_id = $1 AND mode = $2 AND counted AND partner_id IS NULL AND paid_at >= $3
			ORDER BY paid_at DESC, id DESC LIMIT $4) p
		JOIN partners r ON r.company_id = $1 AND r.mode = $2 AND r.status <> 'active' AND (r.key = ANY(p.named) OR r.id = (SELECT partner_id FROM links l
			WHERE l.company_id = $1 AND l.mode = $2 AND l.customer_id = p.customer_id AND l.linked_at <= p.paid_at ORDER BY l.linked_at DESC LIMIT 1))
		GROUP BY r.key, r.status ORDER BY count(*) DESC, r.key LIMIT 20`, t.Company, t.Mode, since, StrangersSummed)
	return list, err
}

// ProductsSold lists what a program's newest StrangersSummed payments since a moment sold, at most 200 products.
func (s *Store) ProductsSold(ctx context.Context, t models.Tenant, program models.ProgramID, since time.Time) ([]models.Line, error) {
	var rows []struct {
		Product     string `db:"product"`
		ProductType string `db:"product_type"`
	}
	err := s.list(ctx, &rows, `SELECT DISTINCT coalesce(l->>'Product', '') AS product, coalesce(l->>'ProductType', '') AS product_type
		FROM (SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND counted AND program_id = $3 AND paid_at >= $4 ORDER BY paid_at DESC, id DESC LIMIT $5) p
		JOIN tellings t ON t.company_id = $1 AND t.mode = $2 AND t.payment_id = p.id
		CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(t.body->'Lines') WHEN 'array' THEN t.body->'Lines' ELSE '[]' END) l
		ORDER BY 1, 2 LIMIT 200`, t.Company, t.Mode, program, since, StrangersSummed)
	var list []models.Line
	for _, r := range rows {
		list = append(list, models.Line{Product: r.Product, ProductType: r.ProductType})
	}
	return list, err
}

// OnHand is what waits for somebody of a company.
type OnHand struct {
	Rates    int `db:"rates"`    // commissions that wait for an exchange rate
	Review   int `db:"review"`   // invoices that wait for approval since before a moment
	Approved int `db:"approved"` // invoices that wait to be paid
	Failed   int `db:"failed"`   // invoices whose payment failed
	Slow     int `db:"slow"`     // payments that are under way since before another moment
}

// OnHand counts what waits for somebody; long is the moment before which an invoice under review was drawn up long ago, and slow
// the one before which a payment began that should have ended.
func (s *Store) OnHand(ctx context.Context, t models.Tenant, long, slow time.Time) (OnHand, error) {
	var o OnHand
	if err := s.get(ctx, &o, `SELECT (SELECT count(*) FROM commissions WHERE company_id = $1 AND mode = $2 AND status = 'waiting') AS rates,
			count(*) FILTER (WHERE i.status = 'review' AND i.drawn_at < $3) AS review, count(*) FILTER (WHERE i.status = 'approved') AS approved,
			count(*) FILTER (WHERE i.status = 'failed') AS failed,
			(SELECT count(*) FROM attempts WHERE company_id = $1 AND mode = $2 AND status = 'live' AND started_at < $4) AS slow
		FROM invoices i
		WHERE i.company_id = $1 AND i.mode = $2 AND i.status IN ('review', 'approved', 'failed')`, t.Company, t.Mode, long, slow); err != nil {
		return o, fmt.Errorf("count what waits: %w", err)
	}
	return o, nil
}

// UnpaidPartner is a partner with invoices under way, and how they can be paid.
type UnpaidPartner struct {
	Key     string     `db:"key"`
	Account *string    `db:"account"`
	ReadAt  *time.Time `db:"read_at"`
	HasBank bool       `db:"has_bank"`
	models.AccountState
}

// UnpaidPartners lists partners with invoices under way, those who wait longest first.
func (s *Store) UnpaidPartners(ctx context.Context, t models.Tenant, limit int) ([]UnpaidPartner, error) {
	var list []UnpaidPartner
	err := s.list(ctx, &list, `SELECT r.key, a.account, a.read_at, coalesce(a.transfers, '') AS transfers, coalesce(a.payouts_enabled, false) AS payouts_enabled,
			coalesce(a.submitted, false) AS submitted, coalesce(a.disabled_reason, '') AS disabled_reason, coalesce(a.requirements, '{}') AS requirements, coalesce(a.gone, false) AS gone,
			EXISTS (SELECT 1 FROM bank_details b WHERE b.company_id = $1 AND b.mode = $2 AND b.partner_id = r.id) AS has_bank
		FROM (SELECT partner_id, min(drawn_at) AS since FROM invoices WHERE company_id = $1 AND mode = $2 AND status IN ('review', 'approved', 'failed') GROUP BY partner_id) i
		JOIN partners r ON r.company_id = $1 AND r.mode = $2 AND r.id = i.partner_id
		LEFT JOIN payout_accounts a ON a.company_id = $1 AND a.mode = $2 AND a.partner_id = r.id AND a.left_at IS NULL
		ORDER BY i.since, r.key LIMIT $3`, t.Company, t.Mode, limit)
	return list, err
}

// Payee is a partner and the Stripe account that they are paid to.
type Payee struct {
	Key     string `db:"key"`
	Account string `db:"stripe_account"`
}

// Payees are partners with invoices under way who have a Stripe account, those who wait longest first.
func (s *Store) Payees(ctx context.Context, t models.Tenant, limit int) ([]Payee, error) {
	var list []Payee
	err := s.list(ctx, &list, `SELECT r.key, r.stripe_account FROM invoices i JOIN partners r ON r.company_id = i.company_id AND r.mode = i.mode AND r.id = i.partner_id
		WHERE i.company_id = $1 AND i.mode = $2 AND i.status IN ('review', 'approved', 'failed') AND r.stripe_account IS NOT NULL
		GROUP BY r.key, r.stripe_account ORDER BY min(i.drawn_at), r.key LIMIT $3`, t.Company, t.Mode, limit)
	return list, err
}

// NewestRate is the last day for which exchange rates are known: published ones, or where there are none, made-up ones. The
// zero time when there are none at all.
func (s *Store) NewestRate(ctx context.Context) (time.Time, error) {
	var day *time.Time
	err := s.get(ctx, &day, `SELECT coalesce((SELECT max(day) FROM fx_rates WHERE source = $1), (SELECT max(day) FROM fx_rates WHERE source = $2))`,
		models.RateECB, models.RateSnapshot)
	if err != nil || day == nil {
		return time.Time{}, err
	}
	return day.UTC(), nil
}
