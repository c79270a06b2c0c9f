package store_test

import (
	"fmt"
	"strings"
	"testing"

	"portal/store"
	"portal/store/storetest"
)

// BenchmarkPlans shows how each list of payments is read with a million of them in the table: along an index, in the
// order of the page, never by sorting or reading them all.
func BenchmarkPlans(b *testing.B) {
	s := storetest.Open(b)
	c := storetest.Company(b, s)
	partner := storetest.Partner(b, s, c.Tenant, "PARTNER_A", "usd")
	storetest.Million(b, s, c, partner, 1_000_000)
	yes, no := true, false
	for name, filter := range map[string]store.PaymentFilter{"all": {}, "unattributed": {Attributed: &no}, "attributed": {Attributed: &yes},
		"refunded": {Status: "refunded"}, "of a partner": {Partner: &partner.ID}} {
		query, args := store.PaymentsPage(c.Tenant, filter, store.Page{Limit: 50, Desc: true})
		rows, err := s.DB().Query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) `+query, args...)
		if err != nil {
			b.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				b.Fatal(err)
			}
			plan = append(plan, line)
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		fmt.Printf("%s:\n%s\n\n", name, text) // b.Log cuts after ten lines
		if strings.Contains(text, "Seq Scan on payments") || strings.Contains(text, "Sort Key: p.") {
			b.Errorf("%s: the page is not read along an index", name)
		}
	}
}
