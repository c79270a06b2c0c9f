package handlers

import (
	"net/http"
	"testing"

	"portal/models"
)

// fillPayments makes payments by SQL, as many as no test could sell: each tenth without a partner, each hundredth
// refunded in part, one in two hundred whole.
func (w *companyWorld) fillPayments(n int) {
	w.t.Helper()
	tx, err := w.Store.DB().Begin()
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := tx.Exec(`SET LOCAL session_replication_role = replica`); err != nil { // no look-up of each row's foreign keys
		w.t.Fatal(err)
	}
	for _, statement := range []string{
		`INSERT INTO customers (company_id, mode, id, key, email, created_at)
			SELECT $1, 'test', gen_random_uuid(), 'c' || g, 'c' || g || '@shop.example', now() FROM generate_series(1, greatest($4::int / 100, 1)) g WHERE $2 <> '' AND $3 <> ''`,
		`INSERT INTO payments (company_id, mode, id, program_id, source, key, counted, status, currency, gross, base, refunded, customer_id, partner_id, attributed_by, paid_at, created_at)
			SELECT $1, 'test', gen_random_uuid(), $2::uuid, 'stripe', 'in_' || g, true,
				CASE WHEN g % 200 = 1 THEN 'refunded' WHEN g % 100 = 2 THEN 'partially_refunded' ELSE 'paid' END, 'usd', 10000, 8000, 0, c.id,
				CASE WHEN g % 10 <> 0 THEN $3::uuid END, CASE WHEN g % 10 <> 0 THEN 'metadata' END, $4::int * interval '0' + timestamptz '2026-11-20' - g * interval '31 seconds', timestamptz '2026-11-20'
			FROM generate_series(1, $4::int) g JOIN customers c ON c.company_id = $1 AND c.mode = 'test' AND c.key = 'c' || (g % greatest($4::int / 100, 1) + 1)`,
		`INSERT INTO commissions (company_id, mode, id, payment_id, partner_id, program_id, sale_currency, share, first_share, currency, earned, amount, status, payable_on, steps, created_at, hold_days, refunds)
			SELECT company_id, mode, gen_random_uuid(), id, partner_id, program_id, currency, 0, 0, currency, 0, 0, 'reversed', paid_at, '[]', now(), 30, 'automatic'
			FROM payments WHERE company_id = $1 AND partner_id IS NOT NULL AND program_id = $2::uuid AND partner_id = $3::uuid AND $4::int > 0`,
	} {
		if _, err := tx.Exec(statement, w.caller.Company, w.caller.Program, w.ann.ID, n); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Store.DB().Exec(`VACUUM ANALYZE`); err != nil {
		w.t.Fatal(err)
	}
}

// BenchmarkListPages measures whole answers at the server with a million payments in the table: each under 10 ms.
func BenchmarkListPages(b *testing.B) {
	w := newCompanyWorld(b)
	w.fillPayments(1_000_000)
	owner := w.as(w.caller.Tenant, models.Owner)
	for _, path := range []string{"/admin/payments", "/admin/payments?show=attributed", "/admin/payments?show=unattributed", "/admin/payments?show=refunded",
		"/admin/payments?show=partly-refunded", "/admin/payments?partner=ANN_KEY", "/admin/unattributed", "/admin/unattributed?show=all", "/admin/partners", "/admin/invoices", "/admin/events", "/admin"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				if answer := w.ask(owner, path, nil); answer.StatusCode != http.StatusOK {
					b.Fatal(answer.StatusCode)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
		})
	}
}
