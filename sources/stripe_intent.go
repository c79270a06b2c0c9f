package sources

import (
	"time"

	"portal/models"
)

// readIntent tells of a payment intent that succeeded: what its charge tells, and the intent's own metadata, of which the
// charge has only a copy from its beginning (MONEY.md 1.3). It counts where no better word on the money comes.
func readIntent(o object, at time.Time, answer []byte) models.News {
	_, old := o.fields["invoice"]
	t := models.Telling{
		Source: models.SourceStripe, Object: o.id("id"), Rank: rankIntent, At: at,
		Intent: o.id("id"), Charge: o.id("latest_charge"), Invoice: o.id("invoice"),
		Kind: models.Sale, PaidAt: o.moment("latest_charge.created"), Gross: o.received(),
		Customer: models.PaymentCustomer{
			StripeID: o.id("customer"),
			Email:    o.text("latest_charge.billing_details.email", "receipt_email"),
			Name:     o.text("latest_charge.billing_details.name"),
		},
	}
	if t.PaidAt.IsZero() {
		t.PaidAt = at
	}
	t.Base = t.Gross
	t.Counts = t.Gross.Minor > 0 && o.text("status") == "succeeded"
	t.InvoiceKnown = t.Counts && old
	o.note(&t, "payment_intent")
	return o.settle(t, answer)
}

// received is the cash that came in.
func (o object) received() models.Money {
	path := "amount_received"
	if !o.has(path) {
		path = "amount"
	}
	return o.money(path, "currency")
}
