package sources

import (
	"math/big"
	"time"

	"portal/models"
)

// readInvoice tells of a paid invoice: the last word on the amounts of its money (MONEY.md 2.3, 2.4).
// A negative line keeps its negative net: it weighs nothing when the base is split.
func readInvoice(o object, at time.Time, answer []byte) models.Telling {
	gross, total := o.collected()
	t := models.Telling{
		Source: models.SourceStripe, Object: o.id("id"), Rank: rankInvoice, At: at,
		Counts:       gross.Minor > 0 && (o.text("status") == "paid" || o.flag("paid")),
		InvoiceKnown: true, Invoice: o.id("id"), Subscription: o.id("parent.subscription_details.subscription", "subscription"),
		Kind: kindOf(o.text("billing_reason")), Gross: gross, Base: gross,
		PaidAt:   o.moment("status_transitions.paid_at"),
		Customer: models.PaymentCustomer{StripeID: o.id("customer"), Email: o.text("customer_email"), Name: o.text("customer_name")},
	}
	t.Lines, t.Cut = o.allLines(answer)
	t.Intent, t.Charge = o.payment()
	t.Outside, t.OutsideOpen = o.outside()
	if t.PaidAt.IsZero() {
		t.PaidAt = at
	}
	o.note(&t, "invoice")
	o.noteAt(&t, "subscription", "parent.subscription_details.metadata", "subscription_details.metadata")
	o.noteDiscounts(&t, "invoice")
	if gross.Minor > 0 {
		t.Base = o.base(gross, total)
		t.Shipping = min(o.part(gross, o.shipping("amount_shipping"), "total"), t.Base.Minor)
	}
	return t
}

// outside tells whether the invoice was paid outside Stripe. The new shape has no flag for it: it is open until a
// payment of the invoice is known, or the invoice is shown in the old shape (MONEY.md 1.2).
func (o object) outside() (outside, open bool) {
	if o.has("paid_out_of_band") {
		return o.flag("paid_out_of_band"), false
	}
	if off, _ := o.whole("amount_paid_off_stripe"); off > 0 {
		return true, false
	}
	for _, p := range o.list("payments.data") {
		if p.text("status") == "paid" {
			return p.text("payment.type") == "payment_record", false
		}
	}
	return false, o.id("payment_intent", "charge") == ""
}

// allLines are the invoice's lines. A payload holds the first ten; cut tells that there are more, which nobody has shown.
func (o object) allLines(answer []byte) (lines []models.Line, cut bool) {
	kept := o.answer(answer).Shown["lines "+o.id("id")].Object
	if len(kept) == 0 || string(kept) == "null" {
		return o.lines(), o.flag("lines.has_more")
	}
	shown, err := parse("the answer", []byte(`{"lines":{"data":`+string(kept)+`}}`))
	if err != nil {
		o.complain("the answer", "cannot be read")
		return nil, false
	}
	shown.fault = o.fault
	return shown.lines(), false
}

// collected is the cash that came in, capped at the invoice's total, and that total. An invoice marked as paid
// outside Stripe counts with all that credit left to pay; in the old shape its amount_paid is 0 (MONEY.md 2.4, rows Out
// of band, Overpaid).
func (o object) collected() (gross models.Money, total int64) {
	gross, total = o.money("amount_paid", "currency"), o.signed("total")
	if gross.Minor == 0 && o.flag("paid_out_of_band") {
		gross.Minor = total
		if o.has("amount_due") {
			gross.Minor = o.amount("amount_due")
		}
	}
	gross.Minor = max(min(gross.Minor, total), 0)
	return gross, total
}

// base is the part of the cash that commission is counted on: without tax, and scaled when credit paid a part. The
// share of tax is rounded down, so that the clamp never argues with the rounding.
func (o object) base(gross models.Money, total int64) models.Money {
	whole, cash, tax := big.NewInt(total), big.NewInt(gross.Minor), o.tax()
	net, ok := o.whole("total_excluding_tax")
	untaxed := big.NewInt(net)
	if !ok {
		untaxed.Sub(whole, tax)
	}
	base, err := gross.Times(untaxed, whole)
	if err != nil {
		o.complain("total_excluding_tax", "is too large")
		return models.Money{}
	}
	share := new(big.Int).Mul(cash, tax)
	most := new(big.Int).Sub(cash, share.Div(share, whole))
	switch {
	case base.Minor < 0 || most.Sign() < 0:
		base.Minor = 0
	case most.Cmp(big.NewInt(base.Minor)) < 0:
		base.Minor = most.Int64()
	}
	base.Minor = min(base.Minor, gross.Minor)
	return base
}

func (o object) tax() *big.Int {
	for _, path := range []string{"total_taxes", "total_tax_amounts"} {
		if o.has(path) {
			return sum(o.list(path), "amount")
		}
	}
	tax, _ := o.whole("tax")
	return big.NewInt(tax)
}

// payment is the invoice's payment intent and charge. New payloads carry them only when expanded.
func (o object) payment() (intent, charge string) {
	for _, p := range o.list("payments.data") {
		if status := p.text("status"); status == "" || status == "paid" {
			return p.id("payment.payment_intent"), p.id("payment.charge")
		}
	}
	return o.id("payment_intent"), o.id("charge")
}

// lines are what was sold, each weighing its amount without discounts and without the tax inside it.
func (o object) lines() []models.Line {
	var all []models.Line
	for _, l := range o.list("lines.data") {
		net := big.NewInt(l.signed("amount"))
		net.Sub(net, sum(l.list("discount_amounts"), "amount"))
		net.Sub(net, l.includedTax())
		if !net.IsInt64() {
			l.complain("amount", "is too large")
		}
		all = append(all, models.Line{Product: l.id("pricing.price_details.product", "price.product", "plan.product"), Net: net.Int64()})
	}
	return all
}

func (o object) includedTax() *big.Int {
	var inside []object
	if taxes := o.list("taxes"); len(taxes) > 0 {
		for _, tax := range taxes {
			if tax.text("tax_behavior") == "inclusive" {
				inside = append(inside, tax)
			}
		}
		return sum(inside, "amount")
	}
	for _, tax := range o.list("tax_amounts") {
		if tax.flag("inclusive") {
			inside = append(inside, tax)
		}
	}
	return sum(inside, "amount")
}

// kindOf takes every reason but the first of a subscription, and a one-off invoice, for a renewal: new reasons may come.
func kindOf(reason string) models.PaymentKind {
	if reason == "subscription_create" || reason == "manual" {
		return models.Sale
	}
	return models.Renewal
}

// readInvoicePayment tells whose invoice a payment intent or charge pays: it counts nothing, and settles what a charge of
// the new shape leaves open (MONEY.md 1.2, 2.2).
func readInvoicePayment(o object, at time.Time) models.News {
	t := models.Telling{
		Source: models.SourceStripe, Object: o.id("id"), Rank: rankJoin, At: at, InvoiceKnown: true, Invoice: o.id("invoice"),
		Intent: o.id("payment.payment_intent"), Charge: o.id("payment.charge"), Kind: models.Sale, PaidAt: o.moment("status_transitions.paid_at"),
	}
	if t.Invoice == "" {
		o.complain("invoice", "is missing")
	}
	if t.PaidAt.IsZero() {
		t.PaidAt = at
	}
	t.Outside = o.text("payment.type") == "payment_record"
	t.Gross.Currency = o.currency("currency")
	t.Base = t.Gross
	return one(t)
}
