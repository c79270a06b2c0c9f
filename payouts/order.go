package payouts

import (
	"fmt"
	"strings"

	"portal/models"
)

// orderOf is what Stripe is asked for one attempt: a destination charge (MONEY.md 4.4).
func orderOf(a models.Attempt, number string) Order {
	return Order{ID: a.ID.String(), Amount: a.Amount + a.Fee, Fee: a.Fee, Currency: a.Currency, Customer: a.Customer, Method: a.Method, Account: a.Account,
		Group: a.Invoice.String(), Says: "Partner invoice " + number, Suffix: suffix(number), Intent: a.Intent, StartedAt: a.StartedAt,
		Metadata: map[string]string{"company": a.Company.String(), "mode": string(a.Mode), "invoice": a.Invoice.String(), "attempt": a.ID.String()}}
}

// orderOfCharge is what Stripe is asked for several attempts at once: a charge whose money stays on the platform at first.
func orderOfCharge(c models.Charge, n int) Order {
	return Order{ID: c.ID.String(), Amount: c.Amount, Currency: c.Currency, Customer: c.Customer, Method: c.Method, Group: c.ID.String(),
		Says: fmt.Sprintf("%d partner invoices", n), Suffix: "PARTNERS", Intent: c.Intent, StartedAt: c.StartedAt,
		Metadata: map[string]string{"company": c.Company.String(), "mode": string(c.Mode), "charge": c.ID.String()}}
}

// suffix is an invoice's number in the ten characters that a statement leaves beside the platform's own name.
func suffix(number string) string {
	parts := strings.Split(number, "-")
	if len(parts) != 3 || len(parts[1]) != 4 {
		return "PARTNER"
	}
	tail := parts[1][2:] + "-" + parts[2]
	letters := min(len(parts[0]), max(1, 10-len(tail)))
	return parts[0][:letters] + tail
}
