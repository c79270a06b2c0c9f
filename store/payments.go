package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// PaymentRow is a payment as it is kept and shown, with what was decided about it.
type PaymentRow struct {
	models.Tenant
	ID            models.PaymentID      `db:"id"`
	Program       models.ProgramID      `db:"program_id"`
	Source        models.SourceName     `db:"source"`
	Key           string                `db:"key"`
	Counted       bool                  `db:"counted"`
	Kind          models.PaymentKind    `db:"kind"`
	Status        string                `db:"status"`
	Currency      models.Currency       `db:"currency"`
	Gross         int64                 `db:"gross"`
	Base          int64                 `db:"base"`
	Refunded      int64                 `db:"refunded"`
	Customer      *models.CustomerID    `db:"customer_id"`
	CustomerRef   string                `db:"customer_ref"`
	Partner       *models.PartnerID     `db:"partner_id"`
	AttributedBy  *models.AttributedBy  `db:"attributed_by"`
	Policy        string                `db:"policy"`
	Earns         bool                  `db:"earns"`      // a rule covered it
	DecidedAt     *time.Time            `db:"decided_at"` // since when the decision is what it is; nil when that is not known
	Steps         asJSON[[]models.Step] `db:"steps"`
	Terms         asJSON[models.Terms]  `db:"terms"`
	ChosenPartner *models.PartnerID     `db:"chosen_partner"`
	ChosenReason  *string               `db:"chosen_reason"`
	ChosenBy      *string               `db:"chosen_by"`
	ChosenAt      *time.Time            `db:"chosen_at"`
	PaidAt        time.Time             `db:"paid_at"`
	CreatedAt     time.Time             `db:"created_at"`

	shownRow
	CompanyCurrency models.Currency `db:"company_currency"`

	CustomerKey   *string `db:"customer_key"`
	CustomerEmail *string `db:"customer_email"`
	PartnerKey    *string `db:"partner_key"`
	PartnerName   *string `db:"partner_name"`
}

// Choice is a person's word on whose the payment is; nil when nobody has said.
func (p PaymentRow) Choice() *models.Choice {
	if p.ChosenPartner == nil {
		return nil
	}
	return &models.Choice{Partner: *p.ChosenPartner, Reason: *p.ChosenReason, By: *p.ChosenBy, At: *p.ChosenAt}
}

// Money gives one of the row's amounts its currency.
func (p PaymentRow) Money(minor int64) models.Money {
	return models.Money{Minor: minor, Currency: p.Currency}
}

const paymentColumns = `p.company_id, p.mode, p.id, p.program_id, p.source, p.key, p.counted, p.kind, p.status, p.currency, p.gross, p.base,
	p.refunded, p.customer_id, p.customer_ref, p.partner_id, p.attributed_by, p.policy, p.earns, p.decided_at, p.steps, p.terms, p.chosen_partner, p.chosen_reason, p.chosen_by, p.chosen_at, p.paid_at, p.created_at,
	(SELECT currency FROM companies WHERE id = p.company_id) AS company_currency, ` + shownColumns

const paymentRow = `SELECT ` + paymentColumns + `, c.key AS customer_key, c.email AS customer_email, r.key AS partner_key, r.name AS partner_name
	FROM payments p
	LEFT JOIN customers c ON c.company_id = p.company_id AND c.mode = p.mode AND c.id = p.customer_id
	LEFT JOIN partners r ON r.company_id = p.company_id AND r.mode = p.mode AND r.id = p.partner_id
	WHERE p.company_id = $1 AND p.mode = $2 AND `

const barePayment = `SELECT ` + paymentColumns + ` FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND `

// BarePayment loads one by id, without the names of others: as it is decided about.
func (s *Store) BarePayment(ctx context.Context, t models.Tenant, id models.PaymentID) (PaymentRow, error) {
	if m := s.remembers(t); m != nil {
		p, err := m.payment(ctx, id)
		if err != nil {
			return PaymentRow{}, err
		}
		return p.PaymentRow, nil
	}
	var p PaymentRow
	if err := s.get(ctx, &p, barePayment+`p.id = $3`, t.Company, t.Mode, id); err != nil {
		return p, fmt.Errorf("load payment %s: %w", id, err)
	}
	return p, nil
}

// Payment loads one by id.
func (s *Store) Payment(ctx context.Context, t models.Tenant, id models.PaymentID) (PaymentRow, error) {
	var p PaymentRow
	if err := s.get(ctx, &p, paymentRow+`p.id = $3`, t.Company, t.Mode, id); err != nil {
		return p, fmt.Errorf("load payment %s: %w", id, err)
	}
	return p, nil
}

// PaymentByAlias loads a counted payment by any id that its money goes by.
func (s *Store) PaymentByAlias(ctx context.Context, t models.Tenant, alias string) (PaymentRow, error) {
	var p PaymentRow
	if err := s.get(ctx, &p, paymentRow+`p.counted AND p.id =
		(SELECT payment_id FROM payment_aliases WHERE company_id = $1 AND mode = $2 AND alias = $3)`, t.Company, t.Mode, alias); err != nil {
		return p, fmt.Errorf("load payment %q: %w", alias, err)
	}
	return p, nil
}

// PaymentFilter narrows a list of payments. Zero fields do not narrow.
type PaymentFilter struct {
	Partner    *models.PartnerID
	Customer   *models.CustomerID
	Status     string
	Attributed *bool
}

// Payments lists a page of counted payments by the time they were paid.
func (s *Store) Payments(ctx context.Context, t models.Tenant, f PaymentFilter, page Page) ([]PaymentRow, error) {
	query, args := paymentsPage(t, f, page)
	var list []PaymentRow
	err := s.list(ctx, &list, query, args...)
	return list, err
}

// paymentsPage is the statement of a page: each filter has an index that gives its rows in order.
func paymentsPage(t models.Tenant, f PaymentFilter, page Page) (string, []any) {
	where, args := `p.counted`, []any{t.Company, t.Mode, page.At(), page.ID(), page.Limit + 1}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	if f.Partner != nil {
		add(`p.partner_id = $%d`, *f.Partner)
	}
	if f.Customer != nil {
		add(`p.customer_id = $%d`, *f.Customer)
	}
	if f.Status == "paid" {
		where += ` AND p.status = 'paid'`
	} else if f.Status != "" {
		add(`p.status = $%d AND p.status <> 'paid'`, f.Status)
	}
	if f.Attributed != nil && *f.Attributed {
		where += ` AND p.partner_id IS NOT NULL`
	} else if f.Attributed != nil {
		where += ` AND p.partner_id IS NULL`
	}
	return paymentRow + where + ` AND ` + page.afterTime("p.paid_at", "p.id", 3) + ` LIMIT $5`, args
}

// PaymentsNaming lists payments whose clues name a key, whoever's they are by now.
func (s *Store) PaymentsNaming(ctx context.Context, t models.Tenant, key string) ([]models.PaymentID, error) {
	var list []models.PaymentID
	err := s.list(ctx, &list, `SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND merged_into IS NULL AND named <> '{}' AND named @> ARRAY[$3]
		ORDER BY paid_at, key LIMIT 10000`, t.Company, t.Mode, key)
	return list, err
}

// PaymentsAttributed walks the payments of a program that have a partner, by id.
func (s *Store) PaymentsAttributed(ctx context.Context, t models.Tenant, program models.ProgramID, after models.PaymentID, limit int) ([]models.PaymentID, error) {
	var list []models.PaymentID
	err := s.list(ctx, &list, `SELECT id FROM payments WHERE company_id = $1 AND mode = $2 AND program_id = $3 AND counted AND partner_id IS NOT NULL
		AND ($4::uuid IS NULL OR id > $4) ORDER BY id LIMIT $5`, t.Company, t.Mode, program, after, limit)
	return list, err
}

const ofCustomers = `p.customer_id = ANY($3::uuid[]) AND p.merged_into IS NULL AND (p.paid_at, p.key) >= ($4, $5) ORDER BY p.paid_at, p.key LIMIT 100000`

// PaymentsOfCustomers lists the payments and hints of payments of some customers from a moment on, in the order of the money's own time (D14).
func (s *Store) PaymentsOfCustomers(ctx context.Context, t models.Tenant, customers []models.CustomerID, since time.Time, key string) ([]PaymentRow, error) {
	var list []PaymentRow
	err := s.list(ctx, &list, paymentRow+ofCustomers, t.Company, t.Mode, pq.Array(uuids(customers)), since, key)
	return list, err
}

// BarePaymentsOfCustomers is PaymentsOfCustomers without the names of others: as they are decided about.
func (s *Store) BarePaymentsOfCustomers(ctx context.Context, t models.Tenant, customers []models.CustomerID, since time.Time, key string) ([]PaymentRow, error) {
	if m := s.remembers(t); m != nil {
		return m.paymentsOfCustomers(ctx, customers, since, key)
	}
	var list []PaymentRow
	err := s.list(ctx, &list, barePayment+ofCustomers, t.Company, t.Mode, pq.Array(uuids(customers)), since, key)
	return list, err
}

// First is what a customer's payments begin with.
type First struct {
	PaidAt   *time.Time `db:"paid_at"`   // of the first counted payment; nil when there is none
	Key      string     `db:"key"`       // of that payment
	TaughtBy string     `db:"taught_by"` // the first payment that came with the customer's provider id
	Returned bool       `db:"returned"`  // of that payment all went back by now
	Trial    bool       `db:"trial"`     // something that cost nothing came before: a trial, an invoice of zero
}

// FirstOf finds what a customer's payments begin with.
func (s *Store) FirstOf(ctx context.Context, t models.Tenant, customer models.CustomerID) (First, error) {
	if m := s.remembers(t); m != nil {
		return m.firstOf(ctx, customer)
	}
	list, err := s.firsts(ctx, t, pq.Array([]string{uuidOf(customer)}))
	if err != nil {
		return First{}, err
	}
	return list[0].First, nil
}

// firsts is FirstOf of many customers.
func (s *Store) firsts(ctx context.Context, t models.Tenant, customers any) ([]firstPlace, error) {
	var list []firstPlace
	err := s.list(ctx, &list, `SELECT c.id AS customer_id, f.paid_at, coalesce(f.key, '') AS key, coalesce(i.key, '') AS taught_by, i.paid_at AS taught_at,
			coalesce(f.refunded >= f.gross, false) AS returned,
			EXISTS (SELECT 1 FROM payments h WHERE h.company_id = $1 AND h.mode = $2 AND h.customer_id = c.id AND NOT h.counted AND h.merged_into IS NULL AND h.paid_at < f.paid_at) AS trial
		FROM unnest($3::uuid[]) AS c (id)
		LEFT JOIN LATERAL (SELECT paid_at, key, gross, refunded FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id = c.id AND counted ORDER BY paid_at, key LIMIT 1) f ON true
		LEFT JOIN LATERAL (SELECT paid_at, key FROM payments WHERE company_id = $1 AND mode = $2 AND customer_id = c.id AND customer_ref <> '' AND merged_into IS NULL
			ORDER BY paid_at, key LIMIT 1) i ON true`, t.Company, t.Mode, customers)
	return list, err
}

// PaymentsWithAlias lists the payments that any of these ids belongs to, the oldest first.
func (s *Store) PaymentsWithAlias(ctx context.Context, t models.Tenant, aliases []string) ([]models.PaymentID, error) {
	if m := s.remembers(t); m != nil {
		return m.paymentsWithAlias(ctx, aliases)
	}
	var list []models.PaymentID
	err := s.list(ctx, &list, `SELECT DISTINCT payment_id FROM payment_aliases
		WHERE company_id = $1 AND mode = $2 AND alias = ANY($3) ORDER BY payment_id`, t.Company, t.Mode, pq.Array(aliases))
	return list, err
}

// AliasesOf lists every id a payment goes by.
func (s *Store) AliasesOf(ctx context.Context, t models.Tenant, id models.PaymentID) ([]string, error) {
	var list []string
	err := s.list(ctx, &list, `SELECT alias FROM payment_aliases WHERE company_id = $1 AND mode = $2 AND payment_id = $3 ORDER BY alias`, t.Company, t.Mode, id)
	return list, err
}

// AliasesOfAll lists every id of each of these payments.
func (s *Store) AliasesOfAll(ctx context.Context, t models.Tenant, payments []models.PaymentID) (map[models.PaymentID][]string, error) {
	var rows []struct {
		Payment models.PaymentID `db:"payment_id"`
		Alias   string           `db:"alias"`
	}
	if err := s.list(ctx, &rows, `SELECT payment_id, alias FROM payment_aliases
		WHERE company_id = $1 AND mode = $2 AND payment_id = ANY($3) ORDER BY payment_id, alias`, t.Company, t.Mode, pq.Array(payments)); err != nil {
		return nil, fmt.Errorf("list the ids of payments: %w", err)
	}
	aliases := make(map[models.PaymentID][]string, len(payments))
	for _, r := range rows {
		aliases[r.Payment] = append(aliases[r.Payment], r.Alias)
	}
	return aliases, nil
}

// AddPayment keeps a payment of which only a first hint has come, with the settings of this moment.
func (s *Store) AddPayment(ctx context.Context, t models.Tenant, id models.PaymentID, program models.ProgramID, source models.SourceName, key string, terms models.Terms, now time.Time) error {
	if m := s.remembers(t); m != nil {
		return m.addPayment(ctx, id, program, source, key, terms, now)
	}
	return s.do(ctx, `INSERT INTO payments (company_id, mode, id, program_id, source, key, paid_at, created_at, terms) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
		t.Company, t.Mode, id, program, source, key, now, asJSON[models.Terms]{terms})
}

// ClaimAliases ties ids to a payment for ever. An id that another payment has is an error: merge first.
func (s *Store) ClaimAliases(ctx context.Context, t models.Tenant, id models.PaymentID, aliases []string) error {
	if m := s.remembers(t); m != nil {
		return m.claimAliases(ctx, id, aliases)
	}
	return s.do(ctx, `INSERT INTO payment_aliases (company_id, mode, alias, payment_id) SELECT $1, $2, unnest($3::text[]), $4
		ON CONFLICT (company_id, mode, alias) DO NOTHING`, t.Company, t.Mode, pq.Array(aliases), id)
}

// MergePayments gives the ids, tellings and reversals of one payment to another: two turned out to be one money (MONEY.md 2.1).
func (s *Store) MergePayments(ctx context.Context, t models.Tenant, from, into models.PaymentID) error {
	for _, statement := range []string{
		`UPDATE payment_aliases SET payment_id = $4 WHERE company_id = $1 AND mode = $2 AND payment_id = $3`,
		`INSERT INTO tellings (company_id, mode, payment_id, object, told_at, body)
			SELECT company_id, mode, $4, object, told_at, body FROM tellings WHERE company_id = $1 AND mode = $2 AND payment_id = $3
			ON CONFLICT (company_id, mode, payment_id, object) DO NOTHING`,
		`INSERT INTO reversals (company_id, mode, payment_id, key, kind, state, charge, says, amount, currency, made, at)
			SELECT company_id, mode, $4, key, kind, state, charge, says, amount, currency, made, at FROM reversals WHERE company_id = $1 AND mode = $2 AND payment_id = $3
			ON CONFLICT (company_id, mode, payment_id, key) DO NOTHING`,
		`UPDATE payments i SET chosen_partner = f.chosen_partner, chosen_reason = f.chosen_reason, chosen_by = f.chosen_by, chosen_at = f.chosen_at
			FROM payments f WHERE f.company_id = $1 AND f.mode = $2 AND f.id = $3 AND f.chosen_at IS NOT NULL
			AND i.company_id = $1 AND i.mode = $2 AND i.id = $4 AND (i.chosen_at IS NULL OR i.chosen_at < f.chosen_at)`,
		`UPDATE payments SET merged_into = $4, counted = false WHERE company_id = $1 AND mode = $2 AND id = $3`,
	} {
		if err := s.do(ctx, statement, t.Company, t.Mode, from, into); err != nil {
			return fmt.Errorf("merge payment %s into %s: %w", from, into, err)
		}
	}
	for _, table := range []string{"tellings", "reversals"} {
		if err := s.do(ctx, `DELETE FROM `+table+` WHERE company_id = $1 AND mode = $2 AND payment_id = $3`, t.Company, t.Mode, from); err != nil {
			return err
		}
	}
	return nil
}

// SavePayment keeps what the tellings together say of a payment, and what went back of it.
func (s *Store) SavePayment(ctx context.Context, p models.Payment, customer *models.CustomerID, refunded int64, status string) error {
	if m := s.remembers(p.Tenant); m != nil {
		return m.savePayment(ctx, p, customer, refunded, status)
	}
	return s.do(ctx, `UPDATE payments SET source = $4, key = $5, counted = $6, kind = $7, status = $8, currency = $9, gross = $10, base = $11,
		refunded = $12, customer_id = $13, customer_ref = $14, paid_at = $15, customer_email = $16, subscription_ref = $17, program_id = $18 WHERE company_id = $1 AND mode = $2 AND id = $3`,
		p.Company, p.Mode, p.ID, p.Source, p.Key, p.Counted, p.Kind, status, p.Gross.Currency, p.Gross.Minor, p.Base.Minor,
		refunded, customer, p.Customer.StripeID, p.PaidAt, models.NormalEmail(p.Customer.Email), p.Subscription, p.Via)
}

// SaveKind keeps whether a payment is the first of its kind or one that recurs.
func (s *Store) SaveKind(ctx context.Context, t models.Tenant, id models.PaymentID, kind models.PaymentKind) error {
	if m := s.remembers(t); m != nil {
		p, err := m.payment(ctx, id)
		if err == nil {
			p.Kind, p.changed = kind, true
		}
		return err
	}
	return s.do(ctx, `UPDATE payments SET kind = $4 WHERE company_id = $1 AND mode = $2 AND id = $3`, t.Company, t.Mode, id, kind)
}

// SaveChoice keeps a person's word on whose a payment is.
func (s *Store) SaveChoice(ctx context.Context, t models.Tenant, id models.PaymentID, c models.Choice) error {
	return s.do(ctx, `UPDATE payments SET chosen_partner = $4, chosen_reason = $5, chosen_by = $6, chosen_at = $7 WHERE company_id = $1 AND mode = $2 AND id = $3`,
		t.Company, t.Mode, id, c.Partner, c.Reason, c.By, c.At)
}

// Decided is what was decided about a payment.
type Decided struct {
	Partner *models.PartnerID
	By      *models.AttributedBy
	Policy  string
	Earns   bool // a rule covered it: it counts for tiers
	Steps   []models.Step
}

// SaveDecision keeps which partner a payment belongs to, every step that led there, and what its clues name: a partner or
// a code that comes later finds it by that. The moment stays while nothing changes.
func (s *Store) SaveDecision(ctx context.Context, p models.Payment, d Decided, now time.Time) error {
	if m := s.remembers(p.Tenant); m != nil {
		return m.saveDecision(ctx, p, d, now)
	}
	return s.do(ctx, `UPDATE payments SET partner_id = $4, attributed_by = $5, policy = $6, steps = $7, named = $8, named_beside = $9, earns = $10,
		decided_at = CASE WHEN decided_at IS NOT NULL AND partner_id IS NOT DISTINCT FROM $4 AND earns = $10 AND steps = $7 THEN decided_at ELSE $11 END
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		p.Company, p.Mode, p.ID, d.Partner, d.By, d.Policy, asJSON[[]models.Step]{d.Steps}, pq.Array(p.Clues.Named()), pq.Array(p.Clues.Beside()), d.Earns, now)
}
