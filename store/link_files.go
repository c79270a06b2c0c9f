package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

const linkFileColumns = `company_id, mode, id, name, rows, replaces, state, progress, counts, made_by, made_at, committed_by, committed_at, finished_at`

type linkFileRow struct {
	models.LinkFile
	Counts asJSON[map[models.Verdict]int] `db:"counts"`
}

func (r linkFileRow) told() models.LinkFile {
	r.LinkFile.Counts = r.Counts.V
	return r.LinkFile
}

// AddLinkFile keeps a new file of links, without its rows.
func (s *Store) AddLinkFile(ctx context.Context, f models.LinkFile) error {
	return s.do(ctx, `INSERT INTO link_files (company_id, mode, id, name, rows, replaces, state, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		f.Company, f.Mode, f.ID, f.Name, f.Rows, f.Replaces, f.State, f.MadeBy, f.MadeAt)
}

// SaveLinkFile keeps how far a file has come.
func (s *Store) SaveLinkFile(ctx context.Context, f models.LinkFile) error {
	return s.do(ctx, `UPDATE link_files SET rows = $4, replaces = $5, state = $6, progress = $7, counts = $8, committed_by = $9, committed_at = $10, finished_at = $11
		WHERE company_id = $1 AND mode = $2 AND id = $3`,
		f.Company, f.Mode, f.ID, f.Rows, f.Replaces, f.State, f.Progress, asJSON[map[models.Verdict]int]{f.Counts}, f.CommittedBy, f.CommittedAt, f.FinishedAt)
}

// LinkFile loads one by id.
func (s *Store) LinkFile(ctx context.Context, t models.Tenant, id models.LinkFileID) (models.LinkFile, error) {
	return s.linkFile(ctx, t, id, ``)
}

// LockLinkFile loads one and keeps others from working on it until the transaction ends.
func (s *Store) LockLinkFile(ctx context.Context, t models.Tenant, id models.LinkFileID) (models.LinkFile, error) {
	return s.linkFile(ctx, t, id, ` FOR UPDATE`)
}

func (s *Store) linkFile(ctx context.Context, t models.Tenant, id models.LinkFileID, lock string) (models.LinkFile, error) {
	var r linkFileRow
	if err := s.get(ctx, &r, `SELECT `+linkFileColumns+` FROM link_files WHERE company_id = $1 AND mode = $2 AND id = $3`+lock, t.Company, t.Mode, id); err != nil {
		return models.LinkFile{}, fmt.Errorf("load file %s: %w", id, err)
	}
	return r.told(), nil
}

// LinkFiles lists a page of files, in the order in which they came or the newest first.
func (s *Store) LinkFiles(ctx context.Context, t models.Tenant, page Page) ([]models.LinkFile, error) {
	var rows []linkFileRow
	if err := s.list(ctx, &rows, `SELECT `+linkFileColumns+` FROM link_files WHERE company_id = $1 AND mode = $2 AND `+page.after("id", 3)+` LIMIT $4`,
		t.Company, t.Mode, page.ID(), page.Limit+1); err != nil {
		return nil, fmt.Errorf("list files of links: %w", err)
	}
	list := make([]models.LinkFile, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.told())
	}
	return list, nil
}

// KeepLinkRows keeps rows of a file, some thousand at most at a time.
func (s *Store) KeepLinkRows(ctx context.Context, f models.LinkFile, rows []models.LinkRow) error {
	var n []int64
	var customers, addresses, partners, verdicts, reasons []string
	for _, r := range rows {
		n, customers, addresses, partners = append(n, int64(r.N)), append(customers, r.Customer), append(addresses, r.Address), append(partners, r.Partner)
		verdicts, reasons = append(verdicts, string(r.Verdict)), append(reasons, r.Because)
	}
	if err := s.do(ctx, `INSERT INTO link_rows (company_id, mode, file_id, n, customer, address, partner, verdict, because)
		SELECT $1, $2, $3, n, customer, address, partner, verdict, because
		FROM unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) AS u (n, customer, address, partner, verdict, because)`,
		f.Company, f.Mode, f.ID, pq.Array(n), pq.Array(customers), pq.Array(addresses), pq.Array(partners), pq.Array(verdicts), pq.Array(reasons)); err != nil {
		return fmt.Errorf("keep %d rows of %s: %w", len(rows), f.ID, err)
	}
	return nil
}

// JudgeLinkRows looks up the customers and partners of the next rows after one, some of them at most, and keeps a verdict
// on each. With these verdicts only is it narrowed to rows that have one of them. It gives the last row that it looked at;
// ErrNotFound when there is none left.
//
// A customer is named by key, then by Stripe's id, then by address: the oldest record that has it, since the others follow
// by their address (F82). Records with one partner are nobody's to link.
func (s *Store) JudgeLinkRows(ctx context.Context, f models.LinkFile, after, limit int, only []models.Verdict, now time.Time) (last int, err error) {
	var through *int
	err = s.get(ctx, &through, `WITH r AS MATERIALIZED (
			SELECT n, customer, address, partner, CASE WHEN customer LIKE 'cus\_%' THEN customer WHEN customer LIKE 'stripe\_cus\_%' THEN substr(customer, 8) END AS stripe_id
			FROM link_rows WHERE company_id = $1 AND mode = $2 AND file_id = $4 AND n > $5 AND (verdict = ANY($7) OR $7 = '{}' AND verdict <> 'malformed')
			ORDER BY n LIMIT $6),
		found AS MATERIALIZED (
			SELECT r.n, coalesce(k.id, i.id, e.id, w.id) AS customer_id, r.partner FROM r
			LEFT JOIN LATERAL (SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND key = r.customer AND NOT composite LIMIT 1) k ON true
			LEFT JOIN LATERAL (SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND k.id IS NULL AND stripe_customer_id = r.stripe_id AND NOT composite LIMIT 1) i ON true
			LEFT JOIN LATERAL (SELECT id FROM customers WHERE company_id = $1 AND mode = $2 AND k.id IS NULL AND r.address <> '' AND lower(btrim(email)) = r.address
				AND NOT composite ORDER BY id LIMIT 1) e ON true
			LEFT JOIN LATERAL (SELECT c.id FROM payments p JOIN customers c ON c.company_id = $1 AND c.mode = $2 AND c.id = p.customer_id AND NOT c.composite
				WHERE p.company_id = $1 AND p.mode = $2 AND k.id IS NULL AND e.id IS NULL AND r.address <> '' AND p.customer_email = r.address AND p.customer_email <> ''
				ORDER BY c.id LIMIT 1) w ON true),
		owned AS MATERIALIZED (
			SELECT found.n, found.customer_id, a.id AS partner_id, a.status, l.partner_id AS holder_id FROM found
			LEFT JOIN partners a ON a.company_id = $1 AND a.mode = $2 AND a.key = found.partner
			LEFT JOIN LATERAL (SELECT partner_id FROM links WHERE company_id = $1 AND mode = $2 AND customer_id = found.customer_id AND linked_at <= $3
				ORDER BY linked_at DESC, payment_key DESC, batch_id DESC NULLS LAST, origin DESC LIMIT 1) l ON true),
		judged AS (
			SELECT n, customer_id, partner_id, holder_id, CASE
				WHEN customer_id IS NULL THEN 'no_customer' WHEN partner_id IS NULL THEN 'no_partner' WHEN status <> 'active' THEN 'inactive'
				WHEN holder_id = partner_id THEN 'already' WHEN holder_id IS NULL THEN 'link' WHEN $8 THEN 'replace' ELSE 'other' END AS verdict FROM owned),
		kept AS (
			UPDATE link_rows w SET customer_id = j.customer_id, partner_id = j.partner_id, holder_id = j.holder_id, like_n = NULL, verdict = j.verdict
			FROM judged j WHERE w.company_id = $1 AND w.mode = $2 AND w.file_id = $4 AND w.n = j.n
				AND (w.customer_id, w.partner_id, w.holder_id, w.like_n, w.verdict) IS DISTINCT FROM (j.customer_id, j.partner_id, j.holder_id, NULL, j.verdict))
		SELECT max(n) FROM owned`,
		f.Company, f.Mode, now, f.ID, after, limit, pq.Array(verdictTexts(only)), f.Replaces)
	if err != nil {
		return 0, fmt.Errorf("judge rows of %s: %w", f.ID, err)
	}
	if through == nil {
		return 0, models.ErrNotFound
	}
	return *through, nil
}

func verdictTexts(list []models.Verdict) []string {
	texts := []string{}
	for _, v := range list {
		texts = append(texts, string(v))
	}
	return texts
}

// MarkRepeats finds the rows whose customer a row before names already, with the same partner or with another.
func (s *Store) MarkRepeats(ctx context.Context, f models.LinkFile) error {
	if err := s.do(ctx, `WITH named AS (
			SELECT n, partner_id, first_value(n) OVER same AS first_n, first_value(partner_id) OVER same AS first_partner FROM link_rows
			WHERE company_id = $1 AND mode = $2 AND file_id = $3 AND verdict IN ('link', 'replace', 'already', 'other')
			WINDOW same AS (PARTITION BY customer_id ORDER BY n))
		UPDATE link_rows r SET like_n = first_n, verdict = CASE WHEN named.partner_id = first_partner THEN 'duplicate' ELSE 'contradicts' END
		FROM named WHERE r.company_id = $1 AND r.mode = $2 AND r.file_id = $3 AND r.n = named.n AND named.n > first_n`, f.Company, f.Mode, f.ID); err != nil {
		return fmt.Errorf("mark the repeats of %s: %w", f.ID, err)
	}
	return nil
}

// LinkMade is a link that a row of a file made, in names that are the same everywhere.
type LinkMade struct {
	ID       models.CustomerID `db:"customer_id" json:"-"`
	Customer string            `db:"customer" json:"customer"`
	Partner  string            `db:"partner" json:"partner"`
}

// MakeLinks links by the rows of a file after one and up to another whose verdict says so, from the moment the file was
// confirmed, and marks them.
func (s *Store) MakeLinks(ctx context.Context, f models.LinkFile, after, through int) ([]LinkMade, error) {
	var made []LinkMade
	if err := s.list(ctx, &made, `WITH kept AS (
			INSERT INTO links (company_id, mode, customer_id, partner_id, linked_at, origin)
			SELECT DISTINCT ON (customer_id) company_id, mode, customer_id, partner_id, $6::timestamptz, 'person' FROM link_rows
			WHERE company_id = $1 AND mode = $2 AND file_id = $3 AND n > $4 AND n <= $5 AND verdict IN ('link', 'replace') ORDER BY customer_id, n
			ON CONFLICT (company_id, mode, customer_id, linked_at, origin, payment_key, batch_id) DO UPDATE SET partner_id = excluded.partner_id
			RETURNING customer_id, partner_id),
		marked AS (
			UPDATE link_rows SET verdict = CASE verdict WHEN 'link' THEN 'linked' ELSE 'replaced' END
			WHERE company_id = $1 AND mode = $2 AND file_id = $3 AND n > $4 AND n <= $5 AND verdict IN ('link', 'replace'))
		SELECT kept.customer_id, c.key AS customer, r.key AS partner FROM kept
		JOIN customers c ON c.company_id = $1 AND c.mode = $2 AND c.id = kept.customer_id
		JOIN partners r ON r.company_id = $1 AND r.mode = $2 AND r.id = kept.partner_id ORDER BY c.key`,
		f.Company, f.Mode, f.ID, after, through, f.CommittedAt); err != nil {
		return nil, fmt.Errorf("link by rows %d to %d of %s: %w", after, through, f.ID, err)
	}
	return made, nil
}

// PayingSince are those of some customers who made a payment since a moment, or share an address with somebody who did.
func (s *Store) PayingSince(ctx context.Context, t models.Tenant, customers []models.CustomerID, since time.Time) ([]models.Customer, error) {
	var list []models.Customer
	if err := s.list(ctx, &list, `SELECT `+customerColumns+` FROM customers c WHERE company_id = $1 AND mode = $2 AND id = ANY($3::uuid[]) AND (
			EXISTS (SELECT 1 FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_id = c.id AND p.paid_at >= $4)
			OR EXISTS (SELECT 1 FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.customer_email = lower(btrim(c.email)) AND p.customer_email <> '' AND p.paid_at >= $4)
			OR EXISTS (SELECT 1 FROM customers o JOIN payments p ON p.company_id = $1 AND p.mode = $2 AND p.customer_id = o.id AND p.paid_at >= $4
				WHERE o.company_id = $1 AND o.mode = $2 AND lower(btrim(o.email)) = lower(btrim(c.email))))
		ORDER BY id`, t.Company, t.Mode, pq.Array(uuids(customers)), since); err != nil {
		return nil, fmt.Errorf("look for payments of %d customers: %w", len(customers), err)
	}
	return list, nil
}

// CountVerdicts counts a file's rows by verdict.
func (s *Store) CountVerdicts(ctx context.Context, f models.LinkFile) (map[models.Verdict]int, error) {
	var rows []struct {
		Verdict models.Verdict `db:"verdict"`
		Count   int            `db:"count"`
	}
	err := s.list(ctx, &rows, `SELECT verdict, count(*) AS count FROM link_rows WHERE company_id = $1 AND mode = $2 AND file_id = $3 GROUP BY verdict ORDER BY verdict`,
		f.Company, f.Mode, f.ID)
	counts := map[models.Verdict]int{}
	for _, r := range rows {
		counts[r.Verdict] = r.Count
	}
	return counts, err
}

// LinkRows lists the rows of a file after one, narrowed to a verdict when it is given.
func (s *Store) LinkRows(ctx context.Context, f models.LinkFile, verdict models.Verdict, after, limit int) ([]models.LinkRow, error) {
	var list []models.LinkRow
	if err := s.list(ctx, &list, `SELECT w.n, w.customer, w.address, w.partner, w.verdict, w.because, r.key AS holder, w.like_n FROM link_rows w
		LEFT JOIN partners r ON r.company_id = w.company_id AND r.mode = w.mode AND r.id = w.holder_id
		WHERE w.company_id = $1 AND w.mode = $2 AND w.file_id = $3 AND w.n > $4 AND ($5 = '' OR w.verdict = $5) ORDER BY w.n LIMIT $6`,
		f.Company, f.Mode, f.ID, after, verdict, limit); err != nil {
		return nil, fmt.Errorf("list the rows of %s: %w", f.ID, err)
	}
	return list, nil
}
