package storetest

import (
	"testing"

	"portal/models"
	"portal/store"
)

// Million makes n payments of a partner's program by SQL, as many as no test could sell: each tenth without a partner, each
// hundredth refunded in part, one in two hundred whole; a customer for each hundred of them; what they earned is taken back.
func Million(t testing.TB, s *store.Store, c models.Caller, partner models.Partner, n int) {
	t.Helper()
	tx, err := s.DB().Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	// Without the look-up of each row's foreign keys, which is planned for empty tables and takes minutes for a million rows.
	if _, err := tx.Exec(`SET LOCAL session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO customers (company_id, mode, id, key, email, stripe_customer_id, created_at)
			SELECT $1::uuid, $2, gen_random_uuid(), 'stripe_cus_kept' || g, 'kept' || g || '@shop.example', 'cus_kept' || g, now() FROM generate_series(1, greatest($5::int / 100, 1)) g
			WHERE $3::uuid <> $4::uuid`,
		`INSERT INTO payments (company_id, mode, id, program_id, source, key, counted, status, currency, gross, base, refunded, customer_id, customer_ref, partner_id, attributed_by, paid_at, created_at)
			SELECT $1, $2, gen_random_uuid(), $3::uuid, 'stripe', 'in_kept' || g, true,
				CASE WHEN g % 200 = 1 THEN 'refunded' WHEN g % 100 = 2 THEN 'partially_refunded' ELSE 'paid' END, 'usd', 10000, 8000, 0, c.id, c.stripe_customer_id,
				CASE WHEN g % 10 <> 0 THEN $4::uuid END, CASE WHEN g % 10 <> 0 THEN 'metadata' END, timestamptz '2026-11-20' - g * interval '31 seconds', now()
			FROM generate_series(1, $5::int) g JOIN customers c ON c.company_id = $1 AND c.mode = $2 AND c.stripe_customer_id = 'cus_kept' || (g % greatest($5::int / 100, 1) + 1)`,
		`INSERT INTO commissions (company_id, mode, id, payment_id, partner_id, program_id, sale_currency, share, first_share, currency, earned, amount, status, payable_on, steps, created_at, hold_days, refunds)
			SELECT company_id, mode, gen_random_uuid(), id, partner_id, program_id, currency, 0, 0, currency, 0, 0, 'reversed', paid_at, '[]', now(), 30, 'automatic'
			FROM payments WHERE company_id = $1 AND mode = $2 AND program_id = $3::uuid AND partner_id = $4::uuid AND $5::int > 0`,
	} {
		if _, err := tx.Exec(statement, c.Company, c.Mode, c.Program, partner.ID, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	// The proof of the books after the test reads reversals; these rows have none.
	t.Cleanup(func() { _, _ = s.DB().Exec(`TRUNCATE payments CASCADE`) })
	if _, err := s.DB().Exec(`VACUUM ANALYZE`); err != nil {
		t.Fatal(err)
	}
}
