package ledger

import (
	"fmt"
	"time"

	"portal/models"
)

// Paid books an attempt that moved the invoice's money to the partner, through Stripe or by hand. Money that was charged before
// comes from what is in delivery; each delivery has its number in the key.
func Paid(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	from, to, key := models.OnInvoice(i.ID), models.PaidManually(i.Partner), "paid"
	if a.Kind == "stripe" {
		to = models.PaidByStripe(i.Partner)
	}
	if a.Deliveries > 0 {
		from, key = models.InDelivery(i.ID), fmt.Sprintf("paid/%d", a.Deliveries)
	}
	return ofAttempt(i, a, key, from, to, at)
}

// Charged books an attempt whose money the company has paid and the partner has not got yet.
func Charged(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	return ofAttempt(i, a, "charged", models.OnInvoice(i.ID), models.InDelivery(i.ID), at)
}

// GivenBack books charged money that went back to the company: the invoice is as before the attempt.
func GivenBack(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	return ofAttempt(i, a, "given-back", models.InDelivery(i.ID), models.OnInvoice(i.ID), at)
}

// Undelivered books a transfer that was taken back whole from the partner, while the company's charge stands: the money is in
// delivery again. The key holds how many deliveries were begun before.
func Undelivered(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	return ofAttempt(i, a, fmt.Sprintf("undelivered/%d", a.Deliveries), models.PaidByStripe(i.Partner), models.InDelivery(i.ID), at)
}

// Refunded books a payment that went back whole, from the partner to the company: what it paid is due again.
func Refunded(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	return ofAttempt(i, a, "refunded", models.PaidByStripe(i.Partner), models.DueTo(i.Partner), at)
}

// Unpaid books back an attempt that was marked as paid by mistake: its money lies on the invoice again.
func Unpaid(i models.Invoice, a models.Attempt, at time.Time) []models.Transfer {
	return ofAttempt(i, a, "undone", models.PaidManually(i.Partner), models.OnInvoice(i.ID), at)
}

func ofAttempt(i models.Invoice, a models.Attempt, what string, from, to models.Account, at time.Time) []models.Transfer {
	return flow(models.Transfer{
		Key: fmt.Sprintf("attempt/%s/%s", a.ID, what), Cause: "invoice/" + i.ID.String(),
		From: from, To: to, Amount: models.Money{Minor: a.Amount, Currency: a.Currency}, At: at,
	})
}
