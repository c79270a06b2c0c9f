package store

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

// KeepOutside keeps what was said of a payment made outside, and the paper that proves it.
func (s *Store) KeepOutside(ctx context.Context, t models.Tenant, p models.PaidElsewhere) error {
	if err := s.do(ctx, `INSERT INTO outside_payments (company_id, mode, attempt_id, method, words, note, paid_at, reference) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Company, t.Mode, p.Attempt, p.Method, p.Words, p.Note, p.PaidAt, p.Reference); err != nil {
		return fmt.Errorf("keep how %s was paid: %w", p.Attempt, err)
	}
	if p.File == nil {
		return nil
	}
	return s.do(ctx, `INSERT INTO attachments (company_id, mode, attempt_id, name, kind, body, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.Company, t.Mode, p.Attempt, p.File.Name, p.File.Kind, p.File.Body, p.File.KeptAt)
}

// OutsideOf loads what was said of an invoice's payments made outside, by attempt: also of those that were undone. An attachment comes
// without its content.
func (s *Store) OutsideOf(ctx context.Context, t models.Tenant, invoice models.InvoiceID) (map[models.AttemptID]models.PaidElsewhere, error) {
	var rows []struct {
		models.PaidElsewhere
		Name *string `db:"name"`
		Kind *string `db:"kind"`
	}
	err := s.list(ctx, &rows, `SELECT o.attempt_id, o.method, o.words, o.note, o.paid_at, o.reference, f.name, f.kind FROM outside_payments o
		JOIN attempts a ON a.company_id = o.company_id AND a.mode = o.mode AND a.id = o.attempt_id
		LEFT JOIN attachments f ON f.company_id = o.company_id AND f.mode = o.mode AND f.attempt_id = o.attempt_id
		WHERE o.company_id = $1 AND o.mode = $2 AND a.invoice_id = $3 ORDER BY o.attempt_id LIMIT 200`, t.Company, t.Mode, invoice)
	all := map[models.AttemptID]models.PaidElsewhere{}
	for _, r := range rows {
		if r.Name != nil {
			r.File = &models.Attachment{Name: *r.Name, Kind: *r.Kind}
		}
		all[r.Attempt] = r.PaidElsewhere
	}
	return all, err
}

// Attachment loads the paper of an attempt to pay an invoice. None is ErrNotFound.
func (s *Store) Attachment(ctx context.Context, t models.Tenant, invoice models.InvoiceID, attempt models.AttemptID) (models.Attachment, error) {
	var f models.Attachment
	if err := s.get(ctx, &f, `SELECT f.name, f.kind, f.body, f.kept_at FROM attachments f JOIN attempts a ON a.company_id = f.company_id AND a.mode = f.mode AND a.id = f.attempt_id
		WHERE f.company_id = $1 AND f.mode = $2 AND a.invoice_id = $3 AND f.attempt_id = $4`, t.Company, t.Mode, invoice, attempt); err != nil {
		return f, fmt.Errorf("load the attachment of %s: %w", attempt, err)
	}
	return f, nil
}

// PaidAfter finds the number of an invoice of the same partner and currency that was drawn up after this one and is paid or being paid;
// empty when there is none.
func (s *Store) PaidAfter(ctx context.Context, i models.Invoice) (string, error) {
	var number string
	err := s.get(ctx, &number, `SELECT coalesce(min(number), '') FROM invoices WHERE company_id = $1 AND mode = $2 AND partner_id = $3 AND currency = $4
		AND status IN ('processing', 'needs_confirmation', 'charged', 'paid', 'refunded') AND (drawn_at, id) > ($5, $6)`,
		i.Company, i.Mode, i.Partner, i.Currency, i.DrawnAt, i.ID)
	return number, err
}

// DisputedOn tells whether a payment that an invoice gathers is disputed now.
func (s *Store) DisputedOn(ctx context.Context, i models.Invoice) (bool, error) {
	var disputed bool
	err := s.get(ctx, &disputed, `SELECT EXISTS (SELECT 1 FROM commission_entries e JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id = $3 AND c.disputed)`, i.Company, i.Mode, i.ID)
	return disputed, err
}

// PeopleOfPartner lists who signs in for a partner.
func (s *Store) PeopleOfPartner(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Person, error) {
	var list []models.Person
	err := s.list(ctx, &list, `SELECT p.id, p.email, p.name FROM places pl JOIN people p ON p.id = pl.person_id
		WHERE pl.company_id = $1 AND pl.mode = $2 AND pl.partner_id = $3 ORDER BY p.id LIMIT 200`, t.Company, t.Mode, partner)
	return list, err
}

// FiledIn finds in which bank files, not settled yet, invoices stand: the oldest of each.
func (s *Store) FiledIn(ctx context.Context, t models.Tenant, invoices []models.InvoiceID) (map[models.InvoiceID]models.Filed, error) {
	var rows []models.Filed
	err := s.list(ctx, &rows, `SELECT DISTINCT ON (l.invoice_id) l.invoice_id, f.id, f.made_by, f.made_at FROM bank_file_lines l
		JOIN bank_files f ON f.company_id = l.company_id AND f.mode = l.mode AND f.id = l.file_id
		WHERE l.company_id = $1 AND l.mode = $2 AND l.invoice_id = ANY($3) AND f.state = 'open' AND l.state = 'open' ORDER BY l.invoice_id, f.id`,
		t.Company, t.Mode, pq.Array(invoices))
	all := map[models.InvoiceID]models.Filed{}
	for _, r := range rows {
		all[r.Invoice] = r
	}
	return all, err
}
