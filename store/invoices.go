package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

const invoiceSelect = `SELECT i.company_id, i.mode, i.id, i.number, i.partner_id, r.key AS partner_key, r.name AS partner_name, i.currency, i.total, i.status,
	i.until, i.drawn_at, i.approved_by, i.approved_at, i.approved_hash, i.paid_by, i.paid_at, i.paid_how, i.payment_reference, i.because,
	i.approved_person, i.first_person, i.first_by, i.first_at, i.first_hash, i.reissue_of, i.run_id
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

// InvoicesAsked narrows a list of invoices; what is zero narrows nothing.
type InvoicesAsked struct {
	Partner *models.PartnerID
	Status  models.InvoiceStatus
	Run     *models.RunID
}

// where is the condition of a list, and its arguments after those given.
func (q InvoicesAsked) where(args []any) (string, []any) {
	where := ``
	if q.Partner != nil {
		args = append(args, *q.Partner)
		where += fmt.Sprintf(`i.partner_id = $%d AND `, len(args))
	}
	if q.Status != "" {
		args = append(args, q.Status)
		where += fmt.Sprintf(`i.status = $%d AND `, len(args))
	}
	if q.Run != nil {
		args = append(args, *q.Run)
		where += fmt.Sprintf(`i.run_id = $%d AND `, len(args))
	}
	return where, args
}

// Invoices lists a page by when they were drawn up, narrowed to a partner or a status when they are given.
func (s *Store) Invoices(ctx context.Context, t models.Tenant, partner *models.PartnerID, status models.InvoiceStatus, page Page) ([]models.Invoice, error) {
	return s.InvoicesLike(ctx, t, InvoicesAsked{Partner: partner, Status: status}, page)
}

// InvoicesLike lists a page by when they were drawn up.
func (s *Store) InvoicesLike(ctx context.Context, t models.Tenant, asked InvoicesAsked, page Page) ([]models.Invoice, error) {
	where, args := asked.where([]any{t.Company, t.Mode, page.At(), page.ID(), page.Limit + 1})
	var list []models.Invoice
	err := s.list(ctx, &list, invoiceSelect+where+page.afterTime("i.drawn_at", "i.id", 3)+` LIMIT $5`, args...)
	return list, err
}

// InvoiceSum is what invoices of one currency come to.
type InvoiceSum struct {
	Currency models.Currency `db:"currency"`
	Minor    int64           `db:"minor"`
	Number   int             `db:"number"`
}

// InvoiceSums sums, by currency, those invoices that are neither paid nor given up.
func (s *Store) InvoiceSums(ctx context.Context, t models.Tenant, asked InvoicesAsked) ([]InvoiceSum, error) {
	where, args := asked.where([]any{t.Company, t.Mode})
	var list []InvoiceSum
	err := s.list(ctx, &list, `SELECT i.currency, sum(i.total)::bigint AS minor, count(*) AS number FROM invoices i
		WHERE i.company_id = $1 AND i.mode = $2 AND `+where+`i.status NOT IN ('paid', 'refunded', 'void') GROUP BY i.currency ORDER BY i.currency`, args...)
	if err != nil {
		return nil, fmt.Errorf("sum invoices: %w", err)
	}
	return list, nil
}

// ReissueOf loads the invoice that stands for a void one. None is ErrNotFound.
func (s *Store) ReissueOf(ctx context.Context, t models.Tenant, void models.InvoiceID) (models.Invoice, error) {
	var i models.Invoice
	if err := s.get(ctx, &i, invoiceSelect+`i.reissue_of = $3`, t.Company, t.Mode, void); err != nil {
		return i, fmt.Errorf("load what stands for invoice %s: %w", void, err)
	}
	return i, nil
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
			p.id AS payment_id, p.paid_at, coalesce(u.email, u.key) AS customer, p.gross AS sale_amount, p.currency AS sale_currency, c.rate, c.rate_source, c.rate_day
		FROM commission_entries e
		JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		LEFT JOIN customers u ON u.company_id = p.company_id AND u.mode = p.mode AND u.id = p.customer_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id = ANY($3)
	UNION ALL
	SELECT invoice_id, NULL, id, 0, kind, amount, reason, '', NULL, made_at, NULL, NULL, NULL, NULL, NULL, NULL FROM adjustments
		WHERE company_id = $1 AND mode = $2 AND invoice_id = ANY($3)
	UNION ALL
	SELECT i.id, f.commission_id, f.adjustment_id, f.seq, f.kind, f.amount, f.because, f.payment_key, f.payment_id, f.paid_at, coalesce(u.email, u.key),
			f.sale_amount, f.sale_currency, f.rate, f.rate_source, f.rate_day
		FROM invoices i CROSS JOIN LATERAL jsonb_to_recordset(i.frozen) AS f(commission_id uuid, adjustment_id uuid, seq int, kind text, amount bigint,
			because text, payment_key text, payment_id uuid, paid_at timestamptz, sale_amount bigint, sale_currency text, rate text, rate_source text, rate_day date)
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
	was := models.CommissionInvoiced
	if i.Status == models.Paid || i.Status == models.Refunded {
		was = models.CommissionPaid // of one that was not paid, a commission may have been paid by another
	}
	if err := s.MarkCommissions(ctx, i, was, models.Due); err != nil {
		return err
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
