package store

import (
	"context"
	"fmt"

	"portal/models"
)

// Tenants lists every company's sides that have anything in the books or on the way there.
func (s *Store) Tenants(ctx context.Context) ([]models.Tenant, error) {
	var list []models.Tenant
	err := s.list(ctx, &list, `SELECT company_id, mode FROM payments UNION SELECT company_id, mode FROM transfers ORDER BY 1, 2`)
	return list, err
}

// Difference is one place where the books do not agree with what they are the books of.
type Difference struct {
	What string `db:"what"`
	Is   int64  `db:"is"`
	Want int64  `db:"want"`
}

// agreements are the sums that must agree. Each statement gives the places where they do not: what, is, want.
var agreements = []string{
	// Every balance equals its postings.
	`WITH posted AS (SELECT account, currency, sum(minor)::bigint AS minor FROM (
			SELECT to_account AS account, currency, amount AS minor FROM transfers WHERE company_id = $1 AND mode = $2
			UNION ALL SELECT from_account, currency, -amount FROM transfers WHERE company_id = $1 AND mode = $2) both_sides GROUP BY account, currency),
		kept AS (SELECT account, currency, minor FROM balances WHERE company_id = $1 AND mode = $2)
	SELECT 'balance ' || coalesce(k.account, p.account) || ' ' || coalesce(k.currency, p.currency) AS what, coalesce(k.minor, 0) AS is, coalesce(p.minor, 0) AS want
	FROM posted p FULL JOIN kept k USING (account, currency) WHERE coalesce(k.minor, 0) <> coalesce(p.minor, 0) ORDER BY 1 LIMIT 100`,
	// Each entry of a commission has its transfer.
	`SELECT 'entry commission/cms_' || replace(e.commission_id::text, '-', '') || '/' || e.seq AS what,
		coalesce(CASE WHEN t.from_account LIKE 'owes/%' THEN t.amount WHEN t.to_account LIKE 'owes/%' THEN -t.amount END, 0) AS is, e.amount AS want
	FROM commission_entries e LEFT JOIN transfers t ON t.company_id = e.company_id AND t.mode = e.mode AND t.currency = e.currency
		AND t.key = 'commission/cms_' || replace(e.commission_id::text, '-', '') || '/' || e.seq
	WHERE e.company_id = $1 AND e.mode = $2
		AND e.amount IS DISTINCT FROM CASE WHEN t.from_account LIKE 'owes/%' THEN t.amount WHEN t.to_account LIKE 'owes/%' THEN -t.amount END
	ORDER BY 1 LIMIT 100`,
	// Each commission's amount is the sum of its entries.
	`SELECT 'commission cms_' || replace(c.id::text, '-', '') AS what, c.amount AS is, coalesce(sum(e.amount), 0)::bigint AS want
	FROM commissions c LEFT JOIN commission_entries e ON e.company_id = c.company_id AND e.mode = c.mode AND e.commission_id = c.id
	WHERE c.company_id = $1 AND c.mode = $2 GROUP BY c.company_id, c.mode, c.id HAVING c.amount <> coalesce(sum(e.amount), 0) ORDER BY 1 LIMIT 100`,
	// What a commission's transfers took from what the program owes is its amount.
	`SELECT 'transfers of commission cms_' || replace(c.id::text, '-', '') AS what,
		coalesce(sum(CASE WHEN t.from_account LIKE 'owes/%' THEN t.amount WHEN t.to_account LIKE 'owes/%' THEN -t.amount ELSE 0 END), 0)::bigint AS is, c.amount AS want
	FROM commissions c LEFT JOIN transfers t ON t.company_id = c.company_id AND t.mode = c.mode AND t.cause = 'commission/cms_' || replace(c.id::text, '-', '')
	WHERE c.company_id = $1 AND c.mode = $2 GROUP BY c.company_id, c.mode, c.id
	HAVING c.amount <> coalesce(sum(CASE WHEN t.from_account LIKE 'owes/%' THEN t.amount WHEN t.to_account LIKE 'owes/%' THEN -t.amount ELSE 0 END), 0)
	ORDER BY 1 LIMIT 100`,
	// Each invoice's total is the sum of its lines; one that was given back keeps a copy of them.
	`WITH lines AS (SELECT invoice_id, amount FROM commission_entries WHERE company_id = $1 AND mode = $2 AND invoice_id IS NOT NULL
		UNION ALL SELECT invoice_id, amount FROM adjustments WHERE company_id = $1 AND mode = $2 AND invoice_id IS NOT NULL
		UNION ALL SELECT i.id, f.amount FROM invoices i CROSS JOIN LATERAL jsonb_to_recordset(i.frozen) AS f(amount bigint)
			WHERE i.company_id = $1 AND i.mode = $2 AND i.status = 'refunded')
	SELECT 'invoice ' || i.number AS what, i.total AS is, coalesce(sum(l.amount), 0)::bigint AS want
	FROM invoices i LEFT JOIN lines l ON l.invoice_id = i.id
	WHERE i.company_id = $1 AND i.mode = $2 GROUP BY i.company_id, i.mode, i.id HAVING i.total <> coalesce(sum(l.amount), 0) ORDER BY 1 LIMIT 100`,
	// An invoice's money lies where its state says: on its account until it is charged or paid, in delivery while it is charged.
	`WITH told AS (SELECT i.number, i.currency, a.account, CASE WHEN a.here THEN i.total ELSE 0 END AS want
		FROM invoices i CROSS JOIN LATERAL (VALUES ('invoice/inv_' || replace(i.id::text, '-', ''), i.status NOT IN ('charged', 'paid', 'refunded', 'void')),
			('charged/inv_' || replace(i.id::text, '-', ''), i.status = 'charged')) AS a(account, here)
		WHERE i.company_id = $1 AND i.mode = $2)
	SELECT 'account ' || split_part(t.account, '/', 1) || ' of invoice ' || t.number AS what, coalesce(b.minor, 0) AS is, t.want
	FROM told t LEFT JOIN balances b ON b.company_id = $1 AND b.mode = $2 AND b.currency = t.currency AND b.account = t.account
	WHERE coalesce(b.minor, 0) <> t.want ORDER BY 1 LIMIT 100`,
	// What was paid out for an invoice is its total while it is paid, and nothing otherwise.
	`SELECT 'payout of invoice ' || i.number AS what, coalesce(sum(t.minor), 0)::bigint AS is, CASE WHEN i.status = 'paid' THEN i.total ELSE 0 END AS want
	FROM invoices i LEFT JOIN (SELECT cause, currency, CASE WHEN to_account ~ '^(stripe|manual)/' THEN amount ELSE -amount END AS minor FROM transfers
		WHERE company_id = $1 AND mode = $2 AND cause LIKE 'invoice/%' AND (to_account ~ '^(stripe|manual)/' OR from_account ~ '^(stripe|manual)/')) t
		ON t.cause = 'invoice/inv_' || replace(i.id::text, '-', '') AND t.currency = i.currency
	WHERE i.company_id = $1 AND i.mode = $2 GROUP BY i.company_id, i.mode, i.id
	HAVING coalesce(sum(t.minor), 0) <> CASE WHEN i.status = 'paid' THEN i.total ELSE 0 END ORDER BY 1 LIMIT 100`,
	// An invoice that is being paid, charged or paid has one attempt in that state over its total, and no other has one.
	`SELECT 'attempts of invoice ' || i.number || ' (' || i.status || ')' AS what, count(a.id) AS is,
		CASE WHEN i.status IN ('processing', 'needs_confirmation', 'charged', 'paid') THEN 1 ELSE 0 END::bigint AS want
	FROM invoices i LEFT JOIN attempts a ON a.company_id = i.company_id AND a.mode = i.mode AND a.invoice_id = i.id
		AND a.status IN ('live', 'needs_confirmation', 'charged', 'succeeded') AND CASE i.status WHEN 'processing' THEN a.status = 'live' AND a.amount = i.total
			WHEN 'needs_confirmation' THEN a.status = 'needs_confirmation' AND a.amount = i.total WHEN 'charged' THEN a.status = 'charged' AND a.amount = i.total
			WHEN 'paid' THEN a.status = 'succeeded' AND a.amount = i.total ELSE true END
	WHERE i.company_id = $1 AND i.mode = $2 GROUP BY i.company_id, i.mode, i.id
	HAVING count(a.id) <> CASE WHEN i.status IN ('processing', 'needs_confirmation', 'charged', 'paid') THEN 1 ELSE 0 END ORDER BY 1 LIMIT 100`,
	// Each charge is over what its attempts and the fee come to, and they have come as far as it has.
	`SELECT 'charge chg_' || replace(c.id::text, '-', '') AS what, c.amount AS is, (c.fee + coalesce(sum(a.amount), 0))::bigint AS want
	FROM charges c LEFT JOIN attempts a ON a.company_id = c.company_id AND a.mode = c.mode AND a.charge_id = c.id AND a.currency = c.currency
	WHERE c.company_id = $1 AND c.mode = $2 GROUP BY c.company_id, c.mode, c.id HAVING c.amount <> c.fee + coalesce(sum(a.amount), 0) ORDER BY 1 LIMIT 100`,
	`SELECT 'attempt att_' || replace(a.id::text, '-', '') || ' (' || a.status || ') of a charge that is ' || c.status AS what, 1::bigint AS is, 0::bigint AS want
	FROM attempts a JOIN charges c ON c.company_id = a.company_id AND c.mode = a.mode AND c.id = a.charge_id
	WHERE a.company_id = $1 AND a.mode = $2 AND NOT CASE c.status WHEN 'succeeded' THEN a.status IN ('charged', 'succeeded', 'returned') ELSE a.status = c.status END
	ORDER BY 1 LIMIT 100`,
	// What came back of a payment is due again by adjustments, while the payment stands.
	`SELECT 'returns of attempt att_' || replace(a.id::text, '-', '') AS what, coalesce(sum(j.amount), 0)::bigint AS is,
		CASE WHEN a.status = 'succeeded' THEN a.returned ELSE 0 END AS want
	FROM attempts a LEFT JOIN adjustments j ON j.company_id = a.company_id AND j.mode = a.mode AND j.attempt_id = a.id AND j.kind = 'returned'
	WHERE a.company_id = $1 AND a.mode = $2 GROUP BY a.company_id, a.mode, a.id
	HAVING coalesce(sum(j.amount), 0) <> CASE WHEN a.status = 'succeeded' THEN a.returned ELSE 0 END ORDER BY 1 LIMIT 100`,
	// Each attempt that was undone has its booking and one that books it back.
	`SELECT 'undone attempt att_' || replace(a.id::text, '-', '') AS what, coalesce(sum(CASE WHEN t.from_account LIKE 'invoice/%' THEN 1 ELSE 2 END), 0)::bigint AS is, 3::bigint AS want
	FROM attempts a LEFT JOIN transfers t ON t.company_id = a.company_id AND t.mode = a.mode AND t.amount = a.amount AND t.currency = a.currency
		AND t.key IN ('attempt/att_' || replace(a.id::text, '-', '') || '/paid', 'attempt/att_' || replace(a.id::text, '-', '') || '/undone')
	WHERE a.company_id = $1 AND a.mode = $2 AND a.status = 'undone' GROUP BY a.company_id, a.mode, a.id
	HAVING coalesce(sum(CASE WHEN t.from_account LIKE 'invoice/%' THEN 1 ELSE 2 END), 0) <> 3 ORDER BY 1 LIMIT 100`,
	// What was paid lies with the invoice's partner and in the way of its attempt, and the invoice says the same way.
	`SELECT 'way of attempt att_' || replace(a.id::text, '-', '') AS what, 1::bigint AS is, 0::bigint AS want
	FROM attempts a JOIN invoices i ON i.company_id = a.company_id AND i.mode = a.mode AND i.id = a.invoice_id
	WHERE a.company_id = $1 AND a.mode = $2 AND (a.currency <> i.currency OR a.status = 'succeeded' AND i.status = 'paid' AND i.paid_how IS DISTINCT FROM a.kind
		OR a.id IN (SELECT substr(t.key, 13, 32)::uuid FROM transfers t JOIN attempts b ON b.company_id = $1 AND b.mode = $2 AND b.id = substr(t.key, 13, 32)::uuid
			JOIN invoices j ON j.company_id = $1 AND j.mode = $2 AND j.id = b.invoice_id
			WHERE t.company_id = $1 AND t.mode = $2 AND t.key ~ '^attempt/att_[0-9a-f]{32}/' AND EXISTS (SELECT 1 FROM unnest(ARRAY[t.from_account, t.to_account]) AS x(account)
				WHERE x.account ~ '^(stripe|manual)/' AND x.account <> b.kind || '/ptr_' || replace(j.partner_id::text, '-', ''))))
	ORDER BY 1 LIMIT 100`,
	// No commission without a decision for its partner, unless it was taken back.
	`SELECT 'decision on commission cms_' || replace(c.id::text, '-', '') AS what, c.amount AS is, 0::bigint AS want
	FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
	WHERE c.company_id = $1 AND c.mode = $2 AND c.amount <> 0 AND (NOT p.counted OR p.partner_id IS DISTINCT FROM c.partner_id OR jsonb_array_length(p.steps) = 0)
	ORDER BY 1 LIMIT 100`,
	// No payment has more taken back than came in, and what was refunded is what the reversals say.
	`SELECT 'refunds of payment ' || p.key AS what, p.refunded AS is, least(coalesce(sum(r.counted), 0), p.gross)::bigint AS want
	FROM payments p LEFT JOIN reversals r ON r.company_id = p.company_id AND r.mode = p.mode AND r.payment_id = p.id
	WHERE p.company_id = $1 AND p.mode = $2 AND p.counted GROUP BY p.company_id, p.mode, p.id
	HAVING p.refunded <> least(coalesce(sum(r.counted), 0), p.gross) ORDER BY 1 LIMIT 100`,
	// What a partner has held or due is the sum of the entries and adjustments that stand there, and each entry is its commission's partner's.
	`WITH standing AS (SELECT CASE WHEN c.matured THEN 'due/ptr_' ELSE 'held/ptr_' END || replace(e.partner_id::text, '-', '') AS account, e.currency, e.amount
		FROM commission_entries e JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
		WHERE e.company_id = $1 AND e.mode = $2 AND e.invoice_id IS NULL
		UNION ALL SELECT 'due/ptr_' || replace(partner_id::text, '-', ''), currency, amount FROM adjustments
		WHERE company_id = $1 AND mode = $2 AND invoice_id IS NULL),
		entries AS (SELECT account, currency, sum(amount)::bigint AS minor FROM standing GROUP BY 1, 2),
		kept AS (SELECT account, currency, minor FROM balances WHERE company_id = $1 AND mode = $2 AND (account LIKE 'due/%' OR account LIKE 'held/%'))
	SELECT 'what stands on ' || coalesce(k.account, e.account) || ' ' || coalesce(k.currency, e.currency) AS what, coalesce(k.minor, 0) AS is, coalesce(e.minor, 0) AS want
	FROM entries e FULL JOIN kept k USING (account, currency) WHERE coalesce(k.minor, 0) <> coalesce(e.minor, 0) ORDER BY 1 LIMIT 100`,
	`SELECT 'partner of entry commission/cms_' || replace(e.commission_id::text, '-', '') || '/' || e.seq AS what, 1::bigint AS is, 0::bigint AS want
	FROM commission_entries e JOIN commissions c ON c.company_id = e.company_id AND c.mode = e.mode AND c.id = e.commission_id
	WHERE e.company_id = $1 AND e.mode = $2 AND (e.partner_id <> c.partner_id OR e.currency <> c.currency OR e.invoice_id IS NULL AND e.payable_on <> c.payable_on)
	ORDER BY 1 LIMIT 100`,
	// Each adjustment has its transfer, between its partner's due money and what its program owes, what is written off, or what was paid.
	`WITH told AS (SELECT amount, currency, 'adjustment/adj_' || replace(id::text, '-', '') AS key, 'due/ptr_' || replace(partner_id::text, '-', '') AS due,
			coalesce('owes/prg_' || replace(program_id::text, '-', ''),
				CASE WHEN attempt_id IS NULL THEN 'write-off/ptr_' ELSE 'stripe/ptr_' END || replace(partner_id::text, '-', '')) AS other
		FROM adjustments WHERE company_id = $1 AND mode = $2),
		booked AS (SELECT a.key, a.amount, coalesce(sum(CASE WHEN t.to_account = a.due AND t.from_account = a.other THEN t.amount
			WHEN t.from_account = a.due AND t.to_account = a.other THEN -t.amount END), 0)::bigint AS minor
		FROM told a LEFT JOIN transfers t ON t.company_id = $1 AND t.mode = $2 AND t.key = a.key AND t.currency = a.currency GROUP BY a.key, a.amount)
	SELECT key AS what, amount AS is, minor AS want FROM booked WHERE amount <> minor ORDER BY 1 LIMIT 100`,
	// An invoice gathers its own partner's adjustments.
	`SELECT 'partner of adjustment/adj_' || replace(a.id::text, '-', '') AS what, 1::bigint AS is, 0::bigint AS want
	FROM adjustments a JOIN invoices i ON i.company_id = a.company_id AND i.mode = a.mode AND i.id = a.invoice_id
	WHERE a.company_id = $1 AND a.mode = $2 AND (a.partner_id <> i.partner_id OR a.currency <> i.currency) ORDER BY 1 LIMIT 100`,
	// Each approved write-off is booked by an adjustment of its own.
	`SELECT 'write-off wof_' || replace(w.id::text, '-', '') AS what, w.amount AS is, coalesce(a.amount, 0) AS want
	FROM write_offs w LEFT JOIN adjustments a ON a.company_id = w.company_id AND a.mode = w.mode AND a.id = w.adjustment_id
		AND a.partner_id = w.partner_id AND a.currency = w.currency AND a.kind = 'write_off'
	WHERE w.company_id = $1 AND w.mode = $2 AND w.status = 'approved' AND w.amount IS DISTINCT FROM a.amount ORDER BY 1 LIMIT 100`,
	// What a commission earned at first is the sum of its entries but for refunds, and its share is its amount where no rate stands between them.
	`SELECT 'earned of commission cms_' || replace(c.id::text, '-', '') AS what, c.earned AS is, coalesce(sum(e.amount) FILTER (WHERE e.kind <> 'refund'), 0)::bigint AS want
	FROM commissions c LEFT JOIN commission_entries e ON e.company_id = c.company_id AND e.mode = c.mode AND e.commission_id = c.id
	WHERE c.company_id = $1 AND c.mode = $2 GROUP BY c.company_id, c.mode, c.id
	HAVING c.earned <> coalesce(sum(e.amount) FILTER (WHERE e.kind <> 'refund'), 0) ORDER BY 1 LIMIT 100`,
	`SELECT 'share of commission cms_' || replace(c.id::text, '-', '') AS what, c.share AS is, c.amount AS want
	FROM commissions c WHERE c.company_id = $1 AND c.mode = $2 AND c.sale_currency = c.currency AND (c.share <> c.amount OR c.first_share <> c.earned)
	ORDER BY 1 LIMIT 100`,
	// A commission's state is where its money stands.
	`SELECT 'state of commission cms_' || replace(c.id::text, '-', '') || ' (' || c.status || ')' AS what, 1::bigint AS is, 0::bigint AS want
	FROM commissions c WHERE c.company_id = $1 AND c.mode = $2 AND (c.status = 'held' AND c.matured OR c.status = 'due' AND NOT c.matured
		OR c.status = 'reversed' AND c.amount <> 0 OR c.status IN ('held', 'due', 'invoiced', 'paid') AND c.amount = 0)
	ORDER BY 1 LIMIT 100`,
	// Every transfer is the booking of something that is there: an entry, the end of a hold, an adjustment, an invoice, an attempt whose money moved.
	`SELECT 'cause of transfer ' || t.key AS what, t.amount AS is, 0::bigint AS want FROM transfers t
	WHERE t.company_id = $1 AND t.mode = $2 AND NOT CASE
		WHEN t.key ~ '^commission/cms_[0-9a-f]{32}/[0-9]+$' THEN EXISTS (SELECT 1 FROM commission_entries e WHERE e.company_id = $1 AND e.mode = $2
			AND e.commission_id = substr(t.key, 16, 32)::uuid AND e.seq = split_part(t.key, '/', 3)::int AND abs(e.amount) = t.amount)
		WHEN t.key ~ '^commission/cms_[0-9a-f]{32}/(matured|held)(/[0-9]+)?$' THEN EXISTS (SELECT 1 FROM commissions c WHERE c.company_id = $1 AND c.mode = $2
			AND c.id = substr(t.key, 16, 32)::uuid AND (c.matured OR c.holds > 0))
		WHEN t.key ~ '^adjustment/adj_[0-9a-f]{32}$' THEN EXISTS (SELECT 1 FROM adjustments a WHERE a.company_id = $1 AND a.mode = $2
			AND a.id = substr(t.key, 16, 32)::uuid AND abs(a.amount) = t.amount)
		WHEN t.key ~ '^invoice/inv_[0-9a-f]{32}/' THEN EXISTS (SELECT 1 FROM invoices i WHERE i.company_id = $1 AND i.mode = $2 AND i.id = substr(t.key, 13, 32)::uuid)
		WHEN t.key ~ '^attempt/att_[0-9a-f]{32}/[a-z0-9/-]+$' THEN EXISTS (SELECT 1 FROM attempts a WHERE a.company_id = $1 AND a.mode = $2
			AND a.id = substr(t.key, 13, 32)::uuid AND a.status IN ('charged', 'succeeded', 'returned', 'undone') AND a.amount = t.amount)
		ELSE false END
	ORDER BY 1 LIMIT 100`,
}

// Differences lists where a tenant's books do not agree, at most 100 of each kind.
func (s *Store) Differences(ctx context.Context, t models.Tenant) ([]Difference, error) {
	var all []Difference
	for _, statement := range agreements {
		var found []Difference
		if err := s.list(ctx, &found, statement, t.Company, t.Mode); err != nil {
			return nil, fmt.Errorf("compare the books of %s: %w", t.Company, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// Told is a counted payment as it is kept, and all that was told of it.
type Told struct {
	ID       models.PaymentID     `db:"id"`
	Key      string               `db:"key"`
	Currency models.Currency      `db:"currency"`
	Gross    int64                `db:"gross"`
	Base     int64                `db:"base"`
	Refunded int64                `db:"refunded"`
	Terms    asJSON[models.Terms] `db:"terms"`
	shownRow
	Tellings  []models.Telling
	Reversals []models.Reversal
	Counted   map[string]int64 // by the reversal's key
}

// ToldAfter walks the counted payments by id, for the proof.
func (s *Store) ToldAfter(ctx context.Context, t models.Tenant, after models.PaymentID, limit int) ([]Told, error) {
	var list []Told
	if err := s.list(ctx, &list, `SELECT id, key, currency, gross, base, refunded, terms, `+shownColumns+` FROM payments p
		WHERE company_id = $1 AND mode = $2 AND counted AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`, t.Company, t.Mode, after, limit); err != nil || len(list) == 0 {
		return nil, err
	}
	place := map[models.PaymentID]*Told{}
	for i, p := range list {
		place[p.ID], list[i].Counted = &list[i], map[string]int64{}
	}
	var said []struct {
		Payment models.PaymentID       `db:"payment_id"`
		Body    asJSON[models.Telling] `db:"body"`
	}
	first, last := list[0].ID, list[len(list)-1].ID
	if err := s.list(ctx, &said, `SELECT payment_id, body FROM tellings WHERE company_id = $1 AND mode = $2 AND payment_id BETWEEN $3 AND $4
		ORDER BY payment_id, object`, t.Company, t.Mode, first, last); err != nil {
		return nil, fmt.Errorf("list what was told of payments: %w", err)
	}
	for _, l := range said {
		if p := place[l.Payment]; p != nil {
			p.Tellings = append(p.Tellings, l.Body.V)
		}
	}
	var back []reversalRow
	if err := s.list(ctx, &back, `SELECT payment_id, `+reversalColumns+` FROM reversals WHERE company_id = $1 AND mode = $2 AND payment_id BETWEEN $3 AND $4
		ORDER BY payment_id, made, key`, t.Company, t.Mode, first, last); err != nil {
		return nil, fmt.Errorf("list what went back of payments: %w", err)
	}
	for _, r := range back {
		if p := place[r.Payment]; p != nil {
			p.Reversals, p.Counted[r.Key] = append(p.Reversals, r.reversal()), r.Counted
		}
	}
	return list, nil
}

// Earned is what one commission and its payment say about its share.
type Earned struct {
	ID       models.CommissionID `db:"id"`
	Currency models.Currency     `db:"sale_currency"`
	First    int64               `db:"first_share"`
	Share    int64               `db:"share"`
	Refunds  string              `db:"refunds"`
	Gross    int64               `db:"gross"`
	Refunded int64               `db:"refunded"`
	To       models.Currency     `db:"currency"`
	Earned   int64               `db:"earned"`
	Amount   int64               `db:"amount"`
	Rate     *string             `db:"rate"`
}

// EarnedAfter walks the commissions of counted payments by id, for the proof.
func (s *Store) EarnedAfter(ctx context.Context, t models.Tenant, after models.CommissionID, limit int) ([]Earned, error) {
	var list []Earned
	err := s.list(ctx, &list, `SELECT c.id, c.sale_currency, c.first_share, c.share, c.refunds, p.gross, p.refunded, c.currency, c.earned, c.amount, c.rate
		FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
		WHERE c.company_id = $1 AND c.mode = $2 AND p.counted AND p.currency = c.sale_currency AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4`,
		t.Company, t.Mode, after, limit)
	return list, err
}

// BookTotal is what all accounts of one kind hold in one currency.
type BookTotal struct {
	Kind     string          `db:"kind" json:"account"`
	Currency models.Currency `db:"currency" json:"currency"`
	Minor    int64           `db:"minor" json:"-"`
}

// BookTotals sums a tenant's accounts by kind and currency.
func (s *Store) BookTotals(ctx context.Context, t models.Tenant) ([]BookTotal, error) {
	var list []BookTotal
	err := s.list(ctx, &list, `SELECT split_part(account, '/', 1) AS kind, currency, sum(minor)::bigint AS minor FROM balances
		WHERE company_id = $1 AND mode = $2 GROUP BY 1, 2 ORDER BY 1, 2`, t.Company, t.Mode)
	return list, err
}

// digested are the states that the hash of the books covers, each line told in names that do not depend on the order in
// which events came, or on the machine.
var digested = []string{
	`SELECT concat_ws(' ', 'payment', p.key, p.kind, p.status, p.currency, p.gross, p.base, p.refunded, coalesce(r.key, '-'), coalesce(p.attributed_by, '-'))
	FROM payments p LEFT JOIN partners r ON r.company_id = p.company_id AND r.mode = p.mode AND r.id = p.partner_id
	WHERE p.company_id = $1 AND p.mode = $2 AND p.counted ORDER BY 1`,
	`SELECT concat_ws(' ', 'commission', p.key, r.key, c.sale_currency, c.share, c.currency, c.earned, c.amount, c.status, c.payable_on)
	FROM commissions c JOIN payments p ON p.company_id = c.company_id AND p.mode = c.mode AND p.id = c.payment_id
	JOIN partners r ON r.company_id = c.company_id AND r.mode = c.mode AND r.id = c.partner_id
	WHERE c.company_id = $1 AND c.mode = $2 AND (c.earned <> 0 OR c.share <> 0) ORDER BY 1`,
	`SELECT concat_ws(' ', 'balance', split_part(b.account, '/', 1), coalesce(r.key, '-'), b.currency, sum(b.minor))
	FROM balances b LEFT JOIN partners r ON r.company_id = b.company_id AND r.mode = b.mode AND split_part(b.account, '/', 2) = 'ptr_' || replace(r.id::text, '-', '')
	WHERE b.company_id = $1 AND b.mode = $2 GROUP BY split_part(b.account, '/', 1), r.key, b.currency HAVING sum(b.minor) <> 0 ORDER BY 1`,
	`SELECT concat_ws(' ', 'adjustment', r.key, a.kind, a.currency, a.amount, a.reason)
	FROM adjustments a JOIN partners r ON r.company_id = a.company_id AND r.mode = a.mode AND r.id = a.partner_id
	WHERE a.company_id = $1 AND a.mode = $2 ORDER BY 1`,
	`SELECT concat_ws(' ', 'invoice', i.number, r.key, i.currency, i.total, i.status)
	FROM invoices i JOIN partners r ON r.company_id = i.company_id AND r.mode = i.mode AND r.id = i.partner_id
	WHERE i.company_id = $1 AND i.mode = $2 ORDER BY 1`,
}

// Digested tells each line of the state that the hash covers, in a fixed order.
func (s *Store) Digested(ctx context.Context, t models.Tenant, line func(string)) error {
	for _, statement := range digested {
		if err := s.digest(ctx, t, statement, line); err != nil {
			return fmt.Errorf("tell the books of %s: %w", t.Company, err)
		}
	}
	return nil
}

func (s *Store) digest(ctx context.Context, t models.Tenant, statement string, line func(string)) error {
	rows, err := s.q.QueryContext(ctx, statement, t.Company, t.Mode)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		line(text)
	}
	return rows.Err()
}
