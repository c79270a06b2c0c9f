package storetest

import (
	"context"
	"testing"

	"portal/models"
	"portal/store"
)

// Million fills the payments table beside the rules, for benchmarks of reading: a fifth has no partner, every fiftieth
// is refunded, 10,000 customers share them.
func Million(b testing.TB, s *store.Store, c models.Caller, partner models.Partner) {
	b.Helper()
	ctx := context.Background()
	db, err := s.DB().Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// Without the foreign keys' checks, which are planned for empty tables and take minutes for a million rows.
	if _, err := db.ExecContext(ctx, `SET session_replication_role = replica`); err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO customers (company_id, mode, id, key, email, created_at)
			SELECT $1, $2, gen_random_uuid(), 'customer-' || n, 'c' || n || '@example.com', now() FROM generate_series(1, 10000) n WHERE $3::uuid <> $4::uuid`,
		`INSERT INTO payments (company_id, mode, id, program_id, source, key, counted, status, currency, gross, base, refunded, customer_id, partner_id, paid_at, created_at)
			SELECT $1, $2, gen_random_uuid(), $3, 'stripe', 'in_' || n, true, CASE WHEN n % 50 = 0 THEN 'refunded' ELSE 'paid' END, 'usd', 10000, 10000,
				CASE WHEN n % 50 = 0 THEN 10000 ELSE 0 END, u.id, CASE WHEN n % 5 > 0 THEN $4::uuid END, now() - n * interval '31 seconds', now()
			FROM generate_series(1, 1000000) n
			JOIN (SELECT id, row_number() OVER () AS r FROM customers) u ON u.r = n % 10000 + 1`,
	} {
		if _, err := db.ExecContext(ctx, statement, c.Company, c.Mode, c.Program, partner.ID); err != nil {
			b.Fatal(err)
		}
	}
	// The proof of the books after the test reads reversals; these rows have none.
	b.Cleanup(func() { _, _ = s.DB().Exec(`TRUNCATE payments CASCADE`) })
	if _, err := db.ExecContext(ctx, `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
}
