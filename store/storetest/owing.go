package storetest

import (
	"testing"

	"portal/models"
	"portal/store"
)

// Owing makes partners who are each due as many commissions as is said, by SQL: all are like the one that a first partner earned,
// with their payments, tellings, entries, transfers and balances, so that the books prove.
func Owing(t testing.TB, s *store.Store, c models.Caller, first models.Partner, partners, each int) {
	t.Helper()
	tx, err := s.DB().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	// Without the look-up of each row's foreign keys, which is planned for empty tables and takes minutes for a million rows.
	for _, statement := range []string{`SET LOCAL session_replication_role = replica`, `SET LOCAL work_mem = '256MB'`,
		`CREATE TEMP TABLE owing (payment uuid, commission uuid, partner uuid) ON COMMIT DROP`} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		`INSERT INTO partners SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'key', 'OWED_' || g, 'stripe_account', NULL))).*
			FROM partners p, generate_series(1, $4::int) g WHERE p.company_id = $1 AND p.mode = $2 AND p.id = $3 AND $5::int > 0`,
		`INSERT INTO owing SELECT gen_random_uuid(), gen_random_uuid(), p.id FROM partners p, generate_series(1, $5::int) g
			WHERE p.company_id = $1 AND p.mode = $2 AND p.id <> $3 AND p.key LIKE 'OWED_%' AND $4::int > 0`,
		`INSERT INTO payments SELECT (jsonb_populate_record(p, jsonb_build_object('id', o.payment, 'key', 'in_' || replace(o.payment::text, '-', ''), 'partner_id', o.partner))).*
			FROM payments p, owing o WHERE p.company_id = $1 AND p.mode = $2 AND p.partner_id = $3 AND $4::int > 0 AND $5::int > 0`,
		`INSERT INTO tellings SELECT t.company_id, t.mode, o.payment, t.object, t.told_at, t.body FROM tellings t JOIN payments p ON p.id = t.payment_id, owing o
			WHERE p.company_id = $1 AND p.mode = $2 AND p.partner_id = $3 AND $4::int > 0 AND $5::int > 0`,
		`INSERT INTO commissions SELECT (jsonb_populate_record(c, jsonb_build_object('id', o.commission, 'payment_id', o.payment, 'partner_id', o.partner))).*
			FROM commissions c, owing o WHERE c.company_id = $1 AND c.mode = $2 AND c.partner_id = $3 AND $4::int > 0 AND $5::int > 0`,
		`INSERT INTO commission_entries SELECT (jsonb_populate_record(e, jsonb_build_object('commission_id', o.commission, 'partner_id', o.partner))).*
			FROM commission_entries e, owing o WHERE e.company_id = $1 AND e.mode = $2 AND e.partner_id = $3 AND $4::int > 0 AND $5::int > 0`,
		`INSERT INTO transfers SELECT $1, $2, key, from_account, to_account, amount, currency, cause, at, sha256(convert_to(
				(SELECT string_agg(length(f) || ':' || f || E'\n', '' ORDER BY n) FROM unnest(ARRAY['transfer-1', 'co_' || replace($1::text, '-', ''), $2, key, from_account, to_account,
					amount::text, currency, cause, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')]) WITH ORDINALITY AS w (f, n)), 'UTF8'))
			FROM (SELECT replace(t.key, c.id, o.c) AS key, replace(t.from_account, c.partner, o.p) AS from_account, replace(t.to_account, c.partner, o.p) AS to_account,
					t.amount, t.currency, replace(t.cause, c.id, o.c) AS cause, date_trunc('second', t.at) AS at
				FROM (SELECT replace(id::text, '-', '') AS id, replace(partner_id::text, '-', '') AS partner FROM commissions WHERE company_id = $1 AND mode = $2 AND partner_id = $3) c
				JOIN transfers t ON t.company_id = $1 AND t.mode = $2 AND t.cause = 'commission/cms_' || c.id,
				(SELECT replace(commission::text, '-', '') AS c, replace(partner::text, '-', '') AS p FROM owing) o WHERE $4::int > 0 AND $5::int > 0) told`,
		`INSERT INTO balances SELECT $1, $2, account, currency, sum(minor) FROM (
				SELECT from_account AS account, currency, -amount AS minor FROM transfers WHERE company_id = $1 AND mode = $2
				UNION ALL SELECT to_account, currency, amount FROM transfers WHERE company_id = $1 AND mode = $2) sides
			WHERE $3::uuid IS NOT NULL AND $4::int > 0 AND $5::int > 0 GROUP BY account, currency
			ON CONFLICT (company_id, mode, account, currency) DO UPDATE SET minor = excluded.minor`,
	} {
		if _, err := tx.Exec(statement, c.Company, string(c.Mode), first.ID, partners, each); err != nil {
			t.Fatalf("%v: %s", err, statement)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().Exec(`VACUUM ANALYZE`); err != nil {
		t.Fatal(err)
	}
}
