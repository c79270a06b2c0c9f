package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

type commissionRow struct {
	models.Tenant
	ID         models.CommissionID     `db:"id"`
	Payment    models.PaymentID        `db:"payment_id"`
	PaymentKey string                  `db:"payment_key"`
	Partner    models.PartnerID        `db:"partner_id"`
	PartnerKey string                  `db:"partner_key"`
	Program    models.ProgramID        `db:"program_id"`
	SaleIn     models.Currency         `db:"sale_currency"`
	Share      int64                   `db:"share"`
	First      int64                   `db:"first_share"`
	Currency   models.Currency         `db:"currency"`
	Earned     int64                   `db:"earned"`
	Amount     int64                   `db:"amount"`
	Status     models.CommissionStatus `db:"status"`
	HoldDays   int                     `db:"hold_days"`
	Refunds    string                  `db:"refunds"`
	PayableOn  time.Time               `db:"payable_on"`
	Rate       *string                 `db:"rate"`
	RateSource *string                 `db:"rate_source"`
	RateDay    *time.Time              `db:"rate_day"`
	RateOf     *time.Time              `db:"rate_of"`
	Matured    bool                    `db:"matured"`
	Disputed   bool                    `db:"disputed"`
	Holds      int                     `db:"holds"`
	Version    int                     `db:"rule_version"`
	DecidedAt  *time.Time              `db:"decided_at"`
	Steps      asJSON[[]models.Step]   `db:"steps"`
	PaidAt     time.Time               `db:"paid_at"`
	Customer   *string                 `db:"customer_email"`
}

// CommissionRow is a commission with the names that people know its parts by.
type CommissionRow struct {
	models.Commission
	PartnerKey    string
	PaidAt        time.Time // when the customer paid
	CustomerEmail *string
}

func (r commissionRow) frozen() *models.Rate {
	if r.Rate == nil {
		return nil
	}
	return &models.Rate{From: r.SaleIn, To: r.Currency, Value: *r.Rate, Source: *r.RateSource, Date: *r.RateDay, Of: *r.RateOf}
}

func (r commissionRow) told() CommissionRow {
	return CommissionRow{PartnerKey: r.PartnerKey, PaidAt: r.PaidAt, CustomerEmail: r.Customer, Commission: models.Commission{
		Tenant: r.Tenant, ID: r.ID, Payment: r.Payment, PaymentKey: r.PaymentKey, Partner: r.Partner, Program: r.Program,
		Share: models.Money{Minor: r.Share, Currency: r.SaleIn}, First: models.Money{Minor: r.First, Currency: r.SaleIn},
		Earned: models.Money{Minor: r.Earned, Currency: r.Currency}, Amount: models.Money{Minor: r.Amount, Currency: r.Currency},
		Rate: r.frozen(), Status: r.Status, HoldDays: r.HoldDays, Refunds: r.Refunds, PayableOn: r.PayableOn, Matured: r.Matured, Disputed: r.Disputed, Holds: r.Holds,
		Version: r.Version, DecidedAt: r.DecidedAt, Steps: r.Steps.V}}
}

const commissionSelect = `SELECT c.company_id, c.mode, c.id, c.payment_id, p.key AS payment_key, c.partner_id, r.key AS partner_key, c.program_id,
	c.sale_currency, c.share, c.first_share, c.currency, c.earned, c.amount, c.status, c.hold_days, c.refunds, c.payable_on, c.rate, c.rate_source, c.rate_day, c.rate_of, c.matured, c.disputed, c.holds, c.rule_version, c.decided_at, c.steps, p.paid_at, u.email AS customer_email
	FROM commissions c
	JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
	JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
	LEFT JOIN customers u ON u.company_id = p.company_id AND u.mode = p.mode AND u.id = p.customer_id
	WHERE c.company_id = $1 AND c.mode = $2 AND `

func (s *Store) commissions(ctx context.Context, where string, args ...any) ([]CommissionRow, error) {
	var rows []commissionRow
	if err := s.list(ctx, &rows, commissionSelect+where, args...); err != nil {
		return nil, fmt.Errorf("list commissions: %w", err)
	}
	list := make([]CommissionRow, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, nil
}

// CommissionsOf lists the commissions of one payment.
func (s *Store) CommissionsOf(ctx context.Context, t models.Tenant, payment models.PaymentID) ([]CommissionRow, error) {
	return s.commissions(ctx, `c.payment_id = $3 ORDER BY c.id LIMIT 200`, t.Company, t.Mode, payment)
}

// EarnedFrom lists the commissions of one payment, without the names of others: as they are decided about.
func (s *Store) EarnedFrom(ctx context.Context, t models.Tenant, payment models.PaymentID) ([]models.Commission, error) {
	var list []models.Commission
	if m := s.remembers(t); m != nil {
		p, err := m.commissionsOf(ctx, payment)
		if err != nil {
			return nil, err
		}
		for _, k := range p.earnings {
			c := k.Commission
			c.PaymentKey, c.Steps = p.Key, slices.Clip(c.Steps)
			list = append(list, c)
		}
		return list, nil
	}
	rows, err := s.CommissionsOf(ctx, t, payment)
	for _, r := range rows {
		list = append(list, r.Commission)
	}
	return list, err
}

// Commission loads one by id.
func (s *Store) Commission(ctx context.Context, t models.Tenant, id models.CommissionID) (CommissionRow, error) {
	list, err := s.commissions(ctx, `c.id = $3 ORDER BY c.id LIMIT 1`, t.Company, t.Mode, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("load commission %s: %w", id, models.ErrNotFound)
	}
	if err != nil {
		return CommissionRow{}, err
	}
	return list[0], nil
}

// Commissions lists a page, narrowed to a partner or a payment when they are given. Those of a payment that turned out
// to be another's money are left out: that one has them.
func (s *Store) Commissions(ctx context.Context, t models.Tenant, partner *models.PartnerID, payment *models.PaymentID, page Page) ([]CommissionRow, error) {
	where, args := `p.merged_into IS NULL AND `, []any{t.Company, t.Mode, page.ID(), page.Limit + 1}
	if partner != nil {
		args = append(args, *partner)
		where += fmt.Sprintf(`c.partner_id = $%d AND `, len(args))
	}
	if payment != nil {
		args = append(args, *payment)
		where += fmt.Sprintf(`c.payment_id = $%d AND `, len(args))
	}
	return s.commissions(ctx, where+page.after("c.id", 3)+` LIMIT $4`, args...)
}

// Ripe lists commissions whose hold ends on or before a day and which the books still hold, of these partners, or of all when none is named.
func (s *Store) Ripe(ctx context.Context, t models.Tenant, partners []models.PartnerID, day time.Time, limit int) ([]CommissionRow, error) {
	return s.commissions(ctx, `NOT c.matured AND NOT c.disputed AND c.payable_on <= $3 AND (cardinality($5::uuid[]) = 0 OR c.partner_id = ANY($5::uuid[]))
		ORDER BY c.payable_on, c.id LIMIT $4`, t.Company, t.Mode, day, limit, pq.Array(uuids(partners)))
}

// Mature ends the hold of commissions: those that are held are due.
func (s *Store) Mature(ctx context.Context, t models.Tenant, ids []models.CommissionID) error {
	return s.do(ctx, `UPDATE commissions SET matured = true, status = CASE status WHEN 'held' THEN 'due' ELSE status END
		WHERE company_id = $1 AND mode = $2 AND id = ANY($3::uuid[])`, t.Company, t.Mode, pq.Array(uuids(ids)))
}

// TenantsWithRipe lists the tenants that have commissions whose hold has ended.
func (s *Store) TenantsWithRipe(ctx context.Context, day time.Time) ([]models.Tenant, error) {
	var list []models.Tenant
	err := s.list(ctx, &list, `SELECT DISTINCT company_id, mode FROM commissions WHERE NOT matured AND NOT disputed AND payable_on <= $1 ORDER BY company_id, mode LIMIT 10000`, day)
	return list, err
}

// KeepCommission keeps a commission as it stands now. The moment at which it was decided stays when its reasons do.
func (s *Store) KeepCommission(ctx context.Context, c models.Commission, now time.Time) error {
	if m := s.remembers(c.Tenant); m != nil {
		return m.keepCommission(ctx, c, now)
	}
	var value, source *string
	var day, of *time.Time
	if c.Rate != nil {
		value, source, day, of = &c.Rate.Value, &c.Rate.Source, &c.Rate.Date, &c.Rate.Of
	}
	return s.do(ctx, `INSERT INTO commissions (company_id, mode, id, payment_id, partner_id, program_id, sale_currency, share, first_share,
			currency, earned, amount, status, payable_on, matured, steps, created_at, hold_days, refunds, disputed, holds, rate, rate_source, rate_day, rule_version, decided_at, rate_of)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $17, $26)
		ON CONFLICT (company_id, mode, id) DO UPDATE SET sale_currency = excluded.sale_currency, share = excluded.share, first_share = excluded.first_share, earned = excluded.earned,
			amount = excluded.amount, status = excluded.status, payable_on = excluded.payable_on, matured = excluded.matured, steps = excluded.steps,
			disputed = excluded.disputed, holds = excluded.holds, rate = excluded.rate, rate_source = excluded.rate_source, rate_day = excluded.rate_day, rate_of = excluded.rate_of,
			rule_version = excluded.rule_version, decided_at = CASE WHEN commissions.steps = excluded.steps THEN commissions.decided_at ELSE excluded.decided_at END`,
		c.Company, c.Mode, c.ID, c.Payment, c.Partner, c.Program, c.Share.Currency, c.Share.Minor, c.First.Minor,
		c.Amount.Currency, c.Earned.Minor, c.Amount.Minor, c.Status, c.PayableOn, c.Matured, asJSON[[]models.Step]{c.Steps}, now, c.HoldDays, c.Refunds, c.Disputed, c.Holds, value, source, day, c.Version, of)
}

// WaitingPayment is a payment of which a commission waits for a rate.
type WaitingPayment struct {
	models.Tenant
	Payment models.PaymentID `db:"payment_id"`
}

// WaitingPayments lists the payments of every company that wait for a rate, or a commission of which does.
func (s *Store) WaitingPayments(ctx context.Context) ([]WaitingPayment, error) {
	var list []WaitingPayment
	err := s.list(ctx, &list, `SELECT company_id, mode, payment_id FROM commissions WHERE status = 'waiting'
		UNION SELECT company_id, mode, id FROM payments WHERE shown_waits ORDER BY company_id, mode, payment_id LIMIT 100000`)
	return list, err
}

// WaitingFor lists the payments of a company, on both sides, that wait for a rate between two currencies, or a commission of which does.
func (s *Store) WaitingFor(ctx context.Context, company models.CompanyID, from, to models.Currency, limit int) ([]WaitingPayment, error) {
	var list []WaitingPayment
	err := s.list(ctx, &list, `SELECT company_id, mode, payment_id FROM commissions
		WHERE company_id = $1 AND status = 'waiting' AND sale_currency = $2 AND currency = $3
		UNION SELECT p.company_id, p.mode, p.id FROM payments p JOIN companies c ON c.id = p.company_id
		WHERE p.company_id = $1 AND p.shown_waits AND p.currency = $2 AND c.currency = $3 ORDER BY mode, payment_id LIMIT $4`, company, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("list what waits for a rate from %s to %s: %w", from, to, err)
	}
	return list, nil
}

// Unpriced is a commission that waits for a rate.
type Unpriced struct {
	ID         models.CommissionID `db:"id"`
	Payment    models.PaymentID    `db:"payment_id"`
	PaymentKey string              `db:"payment_key"`
	Partner    models.PartnerID    `db:"partner_id"`
	Name       string              `db:"name"` // the partner's
	Share      int64               `db:"share"`
	From       models.Currency     `db:"sale_currency"`
	To         models.Currency     `db:"currency"`
	PaidAt     time.Time           `db:"paid_at"`
	Since      time.Time           `db:"created_at"`
}

// Unpriced lists a page of a tenant's commissions that wait for a rate.
func (s *Store) Unpriced(ctx context.Context, t models.Tenant, page Page) ([]Unpriced, error) {
	var list []Unpriced
	err := s.list(ctx, &list, `SELECT c.id, c.payment_id, p.key AS payment_key, c.partner_id, r.name, c.share, c.sale_currency, c.currency, p.paid_at, c.created_at
		FROM commissions c
		JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
		WHERE c.company_id = $1 AND c.mode = $2 AND c.status = 'waiting' AND `+page.after("c.id", 3)+` LIMIT $4`, t.Company, t.Mode, page.ID(), page.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("list what waits for a rate: %w", err)
	}
	return list, nil
}

// MoveEntries gives the entries of a commission that no invoice gathers yet the day on which it turns payable.
func (s *Store) MoveEntries(ctx context.Context, c models.Commission) error {
	if m := s.remembers(c.Tenant); m != nil {
		return m.moveEntries(ctx, c)
	}
	return s.do(ctx, `UPDATE commission_entries SET payable_on = $4
		WHERE company_id = $1 AND mode = $2 AND commission_id = $3 AND invoice_id IS NULL AND payable_on <> $4`, c.Company, c.Mode, c.ID, c.PayableOn)
}

// AddEntry keeps one change of a commission's amount.
func (s *Store) AddEntry(ctx context.Context, c models.Commission, e models.Entry) error {
	if m := s.remembers(c.Tenant); m != nil {
		return m.addEntry(ctx, c, e)
	}
	return s.do(ctx, `INSERT INTO commission_entries (company_id, mode, commission_id, seq, partner_id, kind, amount, currency, because, payable_on, at, invoice_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.Company, c.Mode, c.ID, e.Seq, c.Partner, e.Kind, e.Amount.Minor, e.Amount.Currency, e.Because, c.PayableOn, e.At, e.Invoice)
}

// Standing is what a commission's entries come to that no invoice gathers.
func (s *Store) Standing(ctx context.Context, c models.Commission) (models.Money, error) {
	m := models.Money{Currency: c.Amount.Currency}
	err := s.get(ctx, &m.Minor, `SELECT coalesce(sum(amount), 0)::bigint FROM commission_entries
		WHERE company_id = $1 AND mode = $2 AND commission_id = $3 AND invoice_id IS NULL`, c.Company, c.Mode, c.ID)
	return m, err
}

type entryRow struct {
	Seq      int               `db:"seq"`
	Kind     string            `db:"kind"`
	Amount   int64             `db:"amount"`
	Currency models.Currency   `db:"currency"`
	Because  string            `db:"because"`
	At       time.Time         `db:"at"`
	Invoice  *models.InvoiceID `db:"invoice_id"`
}

func (r entryRow) told(id models.CommissionID) models.Entry {
	return models.Entry{Commission: id, Seq: r.Seq, Kind: r.Kind, Amount: models.Money{Minor: r.Amount, Currency: r.Currency},
		Because: r.Because, At: r.At, Invoice: r.Invoice}
}

// Entries lists the changes of a commission's amount in their order.
func (s *Store) Entries(ctx context.Context, t models.Tenant, id models.CommissionID) ([]models.Entry, error) {
	if m := s.remembers(t); m != nil {
		c, err := m.entriesOf(ctx, id)
		return c.told(), err
	}
	var rows []entryRow
	err := s.list(ctx, &rows, `SELECT seq, kind, amount, currency, because, at, invoice_id FROM commission_entries
		WHERE company_id = $1 AND mode = $2 AND commission_id = $3 ORDER BY seq`, t.Company, t.Mode, id)
	var list []models.Entry
	for _, r := range rows {
		list = append(list, r.told(id))
	}
	return list, err
}
