package store

import "portal/models"

// PaymentsPage shows the benchmarks the statement of a page, so that they can ask for its plan.
func PaymentsPage(t models.Tenant, f PaymentFilter, page Page) (string, []any) {
	return paymentsPage(t, f, page)
}
