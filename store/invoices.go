package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const invoiceSelect = `SELECT i.company_id, i.mode, i.id, i.number, i.partner_id, r.key AS partner_key, r.name AS partner_name, i.currency, i.total, i.status,
	i.until, i.drawn_at, i.approved_by, i.approved_at, i.approved_hash, i.paid_by, i.paid_at, i.paid_how, i.payment_reference, i.because,
	i.approved_person, i.first_person, i.first_by, i.first_at, i.first_hash, i.reissue_of
	FROM invoices i JOIN partners r ON r.company_id = i.company_id AND r.mode = i.mode AND r.id = i.partner_id
	WHERE i.company_id = $1 AND i.mode = $2 AND `

// Invoice loads one by id.
func (s *Store) Invoice(ctx context.Context, t models.Tenant, id models.InvoiceID) (models.Invoice, error) {
	return s.invoice(ctx, t, id, ``)
}

// LockInvoice loads one and keeps others from changing it until the transaction ends.
func (s *Store) LockInvoice(ctx context.Context, t models.Tenant, id models.InvoiceID) (models.Invoice, error) {
	return s.invoice(ctx, t, id, ` FOR UPDATE OF i`)
}

func (s *Store) invoice(ctx context.Context, t models.Tenant, id models.InvoiceID, lock string) (models.Invoice, error) {
	var i models.Invoice
	if err := s.get(ctx, &i, invoiceSelect+`i.id = $3`+lock, t.Company, t.Mode, id); err != nil {
		return i, fmt.Errorf("load invoice %s: %w", id, err)
	}
	return i, nil
}

// Invoices lists a page by when they were drawn up, narrowed to a partner or a status when they are given.
func (s *Store) Invoices(ctx context.Context, t models.Tenant, partner *models.PartnerID, status models.InvoiceStatus, page Page) ([]models.Invoice, error) {
	where, args := ``, []any{t.Company, t.Mode, page.At(), page.ID(), page.Limit + 1}
	if partner != nil {
		args = append(args, *partner)
		where += fmt.Sprintf(`i.partner_id = $%d AND `, len(args))
	}
	if status != "" {
		args = append(args, status)
		where += fmt.Sprintf(`i.status = $%d AND `, len(args))
	}
	var list []models.Invoice
	err := s.list(ctx, &list, invoiceSelect+where+page.afterTime("i.drawn_at", "i.id", 3)+` LIMIT $5`, args...)
	return list, err
}

// NextInvoiceNumber gives a company's next number of a year, without gaps: the row stays locked until the invoice is kept.
func (s *Store) NextInvoiceNumber(ctx context.Context, t models.Tenant, year int) (int, error) {
	var n int
	err := s.get(ctx, &n, `INSERT INTO invoice_numbers (company_id, mode, year, last) VALUES ($1, $2, $3, 1)
		ON CONFLICT (company_id, mode, year) DO UPDATE SET last = invoice_numbers.last + 1 RETURNING last`, t.Company, t.Mode, year)
	return n, err
}

// AddInvoice keeps a new invoice in review.
func (s *Store) AddInvoice(ctx context.Context, i models.Invoice) error {
	return s.do(ctx, `INSERT INTO invoices (company_id, mode, id, number, partner_id, currency, total, status, until, drawn_at, reissue_of)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		i.Company, i.Mode, i.ID, i.Number, i.Partner, i.Currency, i.TotalMinor, i.Status, i.Until, i.DrawnAt, i.ReissueOf)
}

// SaveInvoice keeps where an invoice stands now.
func (s *Store) SaveInvoice(ctx context.Context, i models.Invoice) error {
	return s.do(ctx, `UPDATE invoices SET total = $4, status = $5, approved_by = $6, approved_at = $7, approved_hash = $8, paid_by = $9, paid_at = $10,
		paid_how = $11, payment_reference = $12, because = $13, approved_person = $14, first_person = $15, first_by = $16, first_at = $17, first_hash = $18
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		i.Company, i.Mode, i.ID, i.TotalMinor, i.Status, i.ApprovedBy, i.ApprovedAt, i.ApprovedHash, i.PaidBy, i.PaidAt, i.PaidHow, i.Reference, i.Because,
		i.ApprovedPerson, i.FirstPerson, i.FirstBy, i.FirstAt, i.FirstHash)
}

const invoiceLineSelect = `SELECT e.invoice_id, e.commission_id, NULL::uuid AS adjustment_id, e.seq, e.kind, e.amount, e.because, p.key AS payment_key,
			p.id AS payment_id, p.paid_at, coalesce(u.email, u.key) AS customer
		FROM commission_entries e
		JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		LEFT JOIN customers u ON u.company_id = p.company_id AND u.mode = p.mode AND u.id = p.customer_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id = ANY($3)
	UNION ALL
	SELECT invoice_id, NULL, id, 0, kind, amount, reason, '', NULL, made_at, NULL FROM adjustments
		WHERE company_id = $1 AND mode = $2 AND invoice_id = ANY($3)
	UNION ALL
	SELECT i.id, f.commission_id, f.adjustment_id, f.seq, f.kind, f.amount, f.because, f.payment_key, f.payment_id, f.paid_at, coalesce(u.email, u.key)
		FROM invoices i CROSS JOIN LATERAL jsonb_to_recordset(i.frozen) AS f(commission_id uuid, adjustment_id uuid, seq int, kind text, amount bigint,
			because text, payment_key text, payment_id uuid, paid_at timestamptz)
		LEFT JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.id = f.payment_id
		LEFT JOIN customers u ON u.company_id = $1 AND u.mode = $2 AND u.id = p.customer_id
		WHERE i.company_id = $1 AND i.mode = $2 AND i.id = ANY($3) AND i.frozen IS NOT NULL
	ORDER BY adjustment_id NULLS FIRST, paid_at, payment_key, seq`

// InvoiceLines lists what an invoice gathers, in the order in which customers paid, adjustments last.
func (s *Store) InvoiceLines(ctx context.Context, t models.Tenant, id models.InvoiceID) ([]models.InvoiceLine, error) {
	all, err := s.LinesOfInvoices(ctx, t, []models.InvoiceID{id})
	return all[id], err
}

// LinesOfInvoices lists what each of these invoices gathers, in the order in which customers paid, adjustments last.
func (s *Store) LinesOfInvoices(ctx context.Context, t models.Tenant, ids []models.InvoiceID) (map[models.InvoiceID][]models.InvoiceLine, error) {
	var rows []struct {
		Invoice models.InvoiceID `db:"invoice_id"`
		models.InvoiceLine
	}
	if err := s.list(ctx, &rows, invoiceLineSelect, t.Company, t.Mode, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("list the lines of invoices: %w", err)
	}
	lines := make(map[models.InvoiceID][]models.InvoiceLine, len(ids))
	for _, r := range rows {
		lines[r.Invoice] = append(lines[r.Invoice], r.InvoiceLine)
	}
	return lines, nil
}

// Owed is what one partner would get in one currency.
type Owed struct {
	Partner  models.PartnerID `db:"partner_id"`
	Currency models.Currency  `db:"currency"`
	Total    int64            `db:"total"`
}

// OwedUntil sums, by partner and currency, what no invoice gathers yet: the entries payable on or before a day, and
// every adjustment.
func (s *Store) OwedUntil(ctx context.Context, t models.Tenant, day time.Time) ([]Owed, error) {
	var list []Owed
	err := s.list(ctx, &list, `SELECT partner_id, currency, sum(amount)::bigint AS total FROM (
			SELECT e.partner_id, e.currency, e.amount FROM commission_entries e
			JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
			WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id IS NULL AND e.payable_on <= $3 AND NOT c.disputed
			UNION ALL SELECT partner_id, currency, amount FROM adjustments WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL) standing
		GROUP BY partner_id, currency HAVING sum(amount) > 0 ORDER BY partner_id, currency`, t.Company, t.Mode, day)
	return list, err
}

// Gather puts all that OwedUntil summed on an invoice and marks the commissions.
func (s *Store) Gather(ctx context.Context, i models.Invoice, day time.Time) error {
	if err := s.do(ctx, `UPDATE commission_entries e SET invoice_id = $4 FROM commissions c
		WHERE e.company_id = $1 AND e.mode = $2 AND e.partner_id = $5 AND e.currency = $6 AND e.invoice_id IS NULL AND e.payable_on <= $3
			AND c.company_id = $1 AND c.mode = $2 AND c.id = e.commission_id AND NOT c.disputed`,
		i.Company, i.Mode, day, i.ID, i.Partner, i.Currency); err != nil {
		return fmt.Errorf("gather invoice %s: %w", i.ID, err)
	}
	if err := s.do(ctx, `UPDATE adjustments SET invoice_id = $3 WHERE company_id = $1 AND mode = $2 AND partner_id = $4 AND currency = $5 AND invoice_id IS NULL`,
		i.Company, i.Mode, i.ID, i.Partner, i.Currency); err != nil {
		return fmt.Errorf("gather the adjustments of invoice %s: %w", i.ID, err)
	}
	return s.MarkCommissions(ctx, i, models.Due, models.CommissionInvoiced)
}

// MarkCommissions moves the commissions of an invoice from one state to the next; those reversed stay so.
func (s *Store) MarkCommissions(ctx context.Context, i models.Invoice, from, to models.CommissionStatus) error {
	return s.do(ctx, `UPDATE commissions SET status = $4 WHERE company_id = $1 AND mode = $2 AND status = $5 AND id IN
		(SELECT commission_id FROM commission_entries WHERE company_id = $1 AND mode = $2 AND invoice_id = $3)`,
		i.Company, i.Mode, i.ID, to, from)
}

// TakeOff takes the entries of one commission off an invoice that is not in flight, and gives what they came to.
func (s *Store) TakeOff(ctx context.Context, i models.Invoice, c models.CommissionID) (int64, error) {
	var minor int64
	err := s.get(ctx, &minor, `WITH off AS (UPDATE commission_entries SET invoice_id = NULL
		WHERE company_id = $1 AND mode = $2 AND invoice_id = $3 AND commission_id = $4 RETURNING amount)
		SELECT coalesce(sum(amount), 0)::bigint FROM off`, i.Company, i.Mode, i.ID, c)
	return minor, err
}

// Release takes everything off an invoice that is given up, so that the next one finds it. The invoice keeps a copy of its lines.
func (s *Store) Release(ctx context.Context, i models.Invoice) error {
	if err := s.do(ctx, `UPDATE invoices SET frozen = (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'customer' - 'invoice_id'), '[]') FROM (`+invoiceLineSelect+`) l)
		WHERE company_id = $1 AND mode = $2 AND id = $4`, i.Company, i.Mode, pq.Array([]models.InvoiceID{i.ID}), i.ID); err != nil {
		return fmt.Errorf("keep the lines of invoice %s: %w", i.ID, err)
	}
	for _, was := range []models.CommissionStatus{models.CommissionInvoiced, models.CommissionPaid} {
		if err := s.MarkCommissions(ctx, i, was, models.Due); err != nil {
			return err
		}
	}
	for _, table := range []string{"commission_entries", "adjustments"} {
		if err := s.do(ctx, `UPDATE `+table+` SET invoice_id = NULL WHERE company_id = $1 AND mode = $2 AND invoice_id = $3`, i.Company, i.Mode, i.ID); err != nil {
			return fmt.Errorf("release what invoice %s gathers: %w", i.ID, err)
		}
	}
	return nil
}

// OpenInvoiceOf finds the invoice, not yet in flight, that gathers what a commission earned. None is ErrNotFound.
func (s *Store) OpenInvoiceOf(ctx context.Context, t models.Tenant, c models.CommissionID) (models.Invoice, error) {
	var i models.Invoice
	if m := s.remembers(t); m != nil {
		if k, err := m.entriesOf(ctx, c); err != nil {
			return i, err // not ErrNotFound: nobody knows
		} else if k != nil && !k.invoiced() {
			return i, models.ErrNotFound
		}
	}
	err := s.get(ctx, &i, invoiceSelect+`i.status IN ('review', 'approved', 'failed') AND i.id IN
		(SELECT invoice_id FROM commission_entries WHERE company_id = $1 AND mode = $2 AND commission_id = $3) ORDER BY i.id LIMIT 1 FOR UPDATE OF i`,
		t.Company, t.Mode, c)
	return i, err
}

// TakenBackMeanwhile sums what was taken back of an invoice's commissions and lies on no invoice: zero or below.
func (s *Store) TakenBackMeanwhile(ctx context.Context, i models.Invoice) (int64, error) {
	var minor int64
	err := s.get(ctx, &minor, `SELECT coalesce(sum(amount), 0)::bigint FROM commission_entries WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL AND amount < 0
		AND currency = $4 AND commission_id IN (SELECT commission_id FROM commission_entries WHERE company_id = $1 AND mode = $2 AND invoice_id = $3)`,
		i.Company, i.Mode, i.ID, i.Currency)
	return minor, err
}

// GatherTakenBack puts those entries on the invoice.
func (s *Store) GatherTakenBack(ctx context.Context, i models.Invoice) error {
	return s.do(ctx, `UPDATE commission_entries SET invoice_id = $3 WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL AND amount < 0
		AND currency = $4 AND commission_id IN (SELECT commission_id FROM commission_entries WHERE company_id = $1 AND mode = $2 AND invoice_id = $3)`,
		i.Company, i.Mode, i.ID, i.Currency)
}
