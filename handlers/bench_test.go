package handlers

import (
	"net/http"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// BenchmarkListPages measures whole answers at the server with a million payments in the table: each under 10 ms.
func BenchmarkListPages(b *testing.B) {
	w := newCompanyWorld(b)
	storetest.Million(b, w.Store, w.caller, w.ann, 1_000_000)
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
