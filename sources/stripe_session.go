package sources

import (
	"encoding/json"
	"math/big"
	"time"

	"portal/models"
)

// readSession tells of a checkout: the canonical word on a payment without an invoice, and the one that brings the
// partner for any other (MONEY.md 2.4, D2). The session settles whether an invoice stands behind the money.
func readSession(o object, at, paidAt time.Time) models.Telling {
	t := models.Telling{
		Source: models.SourceStripe, Object: o.id("id"), Rank: rankSession, At: at,
		InvoiceKnown: true, Invoice: o.id("invoice"), Intent: o.id("payment_intent"), Session: o.id("id"), Subscription: o.id("subscription"),
		Kind: models.Sale, PaidAt: paidAt,
		Customer: models.PaymentCustomer{
			StripeID: o.id("customer"),
			Email:    o.text("customer_details.email", "customer_email"),
			Name:     o.text("customer_details.name"),
		},
		Clues: models.Clues{ClientReference: o.text("client_reference_id")},
	}
	o.note(&t, "session")
	o.noteDiscounts(&t, "session")
	if off, _ := o.value("total_details.amount_discount").(json.Number); off != "" && off != "0" && len(t.Clues.Coupons)+len(t.Clues.Unread) == 0 {
		t.Clues.Unread = []string{t.Session} // older payloads do not say of what
	}
	t.Gross.Currency = o.currency("currency")
	t.Base = t.Gross
	if o.text("mode") == "payment" && o.text("payment_status") == "paid" {
		t.Gross, t.Base = o.sold()
		t.Counts = t.Gross.Minor > 0
		t.Shipping = min(o.part(t.Gross, o.shipping("total_details.amount_shipping"), "amount_total"), t.Base.Minor)
	}
	return t
}

// sold is what the session collected, with and without tax. When an old session was paid in the customer's currency,
// the merchant's own amount stands beside it, and the tax is taken off in proportion (MONEY.md 2.4, adaptive pricing).
func (o object) sold() (gross, base models.Money) {
	gross = o.money("amount_total", "currency")
	paid, tax := gross.Minor, int64(0)
	if o.has("total_details.amount_tax") {
		tax = o.amount("total_details.amount_tax")
	}
	if o.has("currency_conversion.source_currency") {
		gross = o.money("currency_conversion.amount_total", "currency_conversion.source_currency")
	}
	if paid == 0 {
		return gross, models.Money{Currency: gross.Currency}
	}
	untaxed := max(paid-tax, 0)
	base, err := gross.Times(big.NewInt(untaxed), big.NewInt(paid))
	if err != nil {
		o.complain("amount_total", "is too large")
	}
	return gross, base
}

// shipping is where its amount without tax stands, else where its amount does.
func (o object) shipping(otherwise string) string {
	if o.has("shipping_cost.amount_subtotal") {
		return "shipping_cost.amount_subtotal"
	}
	return otherwise
}

// part is what of the money is for one thing, such as shipping: an amount beside the whole that it is a part of. The
// money may be in another currency than both, or only a part of the whole.
func (o object) part(money models.Money, amount, whole string) int64 {
	share, _ := o.whole(amount)
	of, _ := o.whole(whole)
	if share <= 0 || of < share {
		return 0
	}
	m, err := money.Times(big.NewInt(share), big.NewInt(of))
	if err != nil {
		o.complain(amount, "is too large")
	}
	return m.Minor
}
