package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Owed is what one partner would get in one currency.
type Owed struct {
	Partner  models.PartnerID `db:"partner_id"`
	Currency models.Currency  `db:"currency"`
	Total    int64            `db:"total"`
}

// undisputed is the condition that no dispute of an entry's payment is open.
const undisputed = `commission_id NOT IN (SELECT id FROM commissions WHERE company_id = $1 AND mode = $2 AND disputed)`

// OwedUntil sums, by partner and currency, what no invoice gathers yet: the entries payable on or before a day, and
// every adjustment. Who is owed nothing, or owes, is left out; so are all but these partners, when any are named.
func (s *Store) OwedUntil(ctx context.Context, t models.Tenant, day time.Time, partners ...models.PartnerID) ([]Owed, error) {
	of := ``
	args := []any{t.Company, t.Mode, day}
	if len(partners) > 0 {
		of, args = ` AND partner_id = ANY($4::uuid[])`, append(args, pq.Array(uuids(partners)))
	}
	var list []Owed
	err := s.list(ctx, &list, `SELECT partner_id, currency, sum(amount)::bigint AS total FROM (
			SELECT partner_id, currency, amount FROM commission_entries
				WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL AND payable_on <= $3 AND `+undisputed+of+`
			UNION ALL SELECT partner_id, currency, amount FROM adjustments WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL`+of+`) standing
		GROUP BY partner_id, currency HAVING sum(amount) > 0 ORDER BY partner_id, currency`, args...)
	if err != nil {
		return nil, fmt.Errorf("sum what is owed: %w", err)
	}
	return list, nil
}

// PartnersAfter walks a tenant's partners by id.
func (s *Store) PartnersAfter(ctx context.Context, t models.Tenant, after models.PartnerID, limit int) ([]models.PartnerID, error) {
	var list []models.PartnerID
	err := s.list(ctx, &list, `SELECT id FROM partners WHERE company_id = $1 AND mode = $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`, t.Company, t.Mode, after, limit)
	return list, err
}

// CountPartners counts a tenant's partners.
func (s *Store) CountPartners(ctx context.Context, t models.Tenant) (int, error) {
	var n int
	err := s.get(ctx, &n, `SELECT count(*) FROM partners WHERE company_id = $1 AND mode = $2`, t.Company, t.Mode)
	return n, err
}

// TakeInvoiceNumbers takes a company's next n numbers of a year, without gaps, and gives the first: the row stays locked until
// the invoices are kept, and what is rolled back gives them back (P29).
func (s *Store) TakeInvoiceNumbers(ctx context.Context, t models.Tenant, year, n int) (int, error) {
	var last int
	err := s.get(ctx, &last, `INSERT INTO invoice_numbers (company_id, mode, year, last) VALUES ($1, $2, $3, $4)
		ON CONFLICT (company_id, mode, year) DO UPDATE SET last = invoice_numbers.last + $4 RETURNING last`, t.Company, t.Mode, year, n)
	if err != nil {
		return 0, fmt.Errorf("number %d invoices: %w", n, err)
	}
	return last - n + 1, nil
}

var newInvoiceFields = []field[models.Invoice]{
	{"id", "uuid", func(i models.Invoice) any { return i.ID }},
	{"number", "text", func(i models.Invoice) any { return i.Number }},
	{"partner_id", "uuid", func(i models.Invoice) any { return i.Partner }},
	{"currency", "text", func(i models.Invoice) any { return string(i.Currency) }},
	{"total", "bigint", func(i models.Invoice) any { return i.TotalMinor }},
	{"status", "text", func(i models.Invoice) any { return string(i.Status) }},
	{"until", "date", func(i models.Invoice) any { return i.Until }},
	{"drawn_at", "timestamptz", func(i models.Invoice) any { return i.DrawnAt }},
	{"reissue_of", "uuid", func(i models.Invoice) any { return orZero(i.ReissueOf) }},
	{"run_id", "uuid", func(i models.Invoice) any { return orZero(i.Run) }},
}

// orZero is the id that there is, or the zero one, which is kept as NULL.
func orZero[T any](id *T) T {
	if id == nil {
		return *new(T)
	}
	return *id
}

// AddInvoices keeps new invoices and puts on each all that OwedUntil summed for its partner and currency, up to one day, and
// marks the commissions.
func (s *Store) AddInvoices(ctx context.Context, t models.Tenant, list []models.Invoice, day time.Time) error {
	if len(list) == 0 {
		return nil
	}
	statement, args, err := manyRows(t, `INSERT INTO invoices (company_id, mode, {names}) SELECT $1, $2, {values} FROM {rows}`, newInvoiceFields, list)
	if err == nil {
		err = s.do(ctx, statement, args...)
	}
	if err != nil {
		return fmt.Errorf("keep %d invoices: %w", len(list), err)
	}
	ids, partners := column(list, func(i models.Invoice) string { return uuidOf(i.ID) }), column(list, func(i models.Invoice) string { return uuidOf(i.Partner) })
	currencies := column(list, func(i models.Invoice) string { return string(i.Currency) })
	for _, gather := range []string{
		`WITH gathered AS (UPDATE commission_entries e SET invoice_id = i.id FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS i (id, partner_id, currency)
				WHERE e.company_id = $1 AND e.mode = $2 AND e.partner_id = i.partner_id AND e.currency = i.currency AND e.invoice_id IS NULL
					AND e.payable_on <= $3::date AND ` + undisputed + ` RETURNING e.commission_id)
			UPDATE commissions SET status = 'invoiced' WHERE company_id = $1 AND mode = $2 AND status = 'due' AND id IN (SELECT commission_id FROM gathered)`,
		`UPDATE adjustments a SET invoice_id = i.id FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS i (id, partner_id, currency)
			WHERE a.company_id = $1 AND a.mode = $2 AND a.partner_id = i.partner_id AND a.currency = i.currency AND a.invoice_id IS NULL AND $3::date IS NOT NULL`,
	} {
		if err := s.do(ctx, gather, t.Company, t.Mode, day, ids, partners, currencies); err != nil {
			return fmt.Errorf("gather %d invoices: %w", len(list), err)
		}
	}
	return nil
}

// AuditedAll keeps that one did the same to many objects: their names and notes stand side by side.
func (s *Store) AuditedAll(ctx context.Context, company models.CompanyID, who models.Actor, action string, objects, notes []string, now time.Time) error {
	var ids []models.EventID
	for range objects {
		ids = append(ids, models.NewID[models.EventID](now))
	}
	return s.do(ctx, `INSERT INTO audit (company_id, id, at, person_id, actor, action, object, note)
		SELECT $1, id, $2, $3, $4, $5, object, note FROM unnest($6::uuid[], $7::text[], $8::text[]) AS a (id, object, note)`,
		company, now, who.Person, who.Name, action, pq.Array(uuids(ids)), pq.Array(objects), pq.Array(notes))
}
