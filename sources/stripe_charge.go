package sources

import (
	"encoding/json"
	"time"

	"portal/models"
)

const incomingTransfer = "an incoming transfer, never revenue"

// readCharge tells of a charge. In the new shape a charge does not say whose invoice it pays; until that is answered
// it carries the question (MONEY.md 2.2). A charge that collected nothing settles nothing: its capture may come in the
// other shape.
func readCharge(o object, at time.Time, answer []byte) models.News {
	if o.id("source_transfer") != "" {
		return models.News{Silent: incomingTransfer}
	}
	if o.text("status") == "failed" {
		return models.News{Silent: "a charge that failed"}
	}
	_, old := o.fields["invoice"]
	t := models.Telling{
		Source: models.SourceStripe, Object: o.id("id"), Rank: rankCharge, At: at,
		Charge: o.id("id"), Intent: o.id("payment_intent"), Invoice: o.id("invoice"),
		Kind: models.Sale, PaidAt: o.moment("created"), Gross: o.captured(),
		Customer: models.PaymentCustomer{
			StripeID: o.id("customer"),
			Email:    o.text("billing_details.email", "receipt_email"),
			Name:     o.text("billing_details.name"),
		},
	}
	if t.PaidAt.IsZero() {
		t.PaidAt = at
	}
	t.Base = t.Gross
	t.Counts = t.Gross.Minor > 0 && o.flag("paid") && o.text("status") == "succeeded"
	t.InvoiceKnown = t.Counts && old
	o.note(&t, "charge")
	return o.settle(t, answer)
}

// captured is the cash that was taken; nothing while the charge is only authorised.
func (o object) captured() models.Money {
	path := "amount_captured"
	if !o.has(path) {
		path = "amount"
	}
	m := o.money(path, "currency")
	if !o.flag("captured") {
		m.Minor = 0
	}
	return m
}

// settle takes the answer to the charge's question, or puts the question.
func (o object) settle(t models.Telling, answer []byte) models.News {
	if !t.Counts {
		return one(t)
	}
	var news models.News
	if !t.InvoiceKnown {
		a := o.answer(answer)
		if a.Aside {
			news = one(t)
			news.Ask = &models.Question{Charge: t.Charge, Intent: t.Intent}
			return news
		}
		t.InvoiceKnown, t.Invoice = true, a.Invoice
		if t.Intent == "" {
			t.Intent = a.Intent
		}
		news = o.answered(t, a.Session)
	}
	t.Counts = t.Invoice == ""
	news.Tellings = append([]models.Telling{t}, news.Tellings...)
	return news
}

// answered tells of the session that an answer brought. It carries no time of its own, so that what an event says of
// the same session goes before it, whichever came first.
func (o object) answered(charge models.Telling, session json.RawMessage) models.News {
	if len(session) == 0 || string(session) == "null" {
		return models.News{}
	}
	outer, err := parse("the answer", []byte(`{"session":`+string(session)+`}`))
	if err != nil {
		o.complain("the answer", "cannot be read")
		return models.News{}
	}
	inner := outer.named("session", "session")
	t := readSession(inner, time.Time{}, charge.PaidAt)
	if t.Intent == "" {
		t.Intent = charge.Intent
	}
	if o.fault.err == nil {
		o.fault.err = inner.err()
	}
	return models.News{Tellings: []models.Telling{t}, Facts: carried(inner, t, t.PaidAt)}
}

// readRefunded tells of the charge once more, and how much of it went back so far (D5).
func readRefunded(o object, at time.Time, answer []byte) models.News {
	news := readCharge(o, at, answer)
	if news.Silent != "" {
		return news
	}
	if o.captured().Minor == 0 {
		return models.News{Silent: released}
	}
	charge := news.Tellings[0]
	news.Reversals = []models.Reversal{{
		Of: charge.Aliases(), Charge: charge.Charge, Key: charge.Charge, Kind: models.RefundTotal, State: models.Takes, Made: at, At: at,
		Amount: models.Money{Minor: o.returned(charge.Gross.Minor), Currency: charge.Gross.Currency},
	}}
	return news
}

// returned is what went back of the captured money. Stripe also counts as refunded the rest of an authorisation that
// was never captured: that part was nobody's revenue.
func (o object) returned(captured int64) int64 {
	refunded := o.amount("amount_refunded")
	if !o.has("amount") {
		return refunded
	}
	released := max(o.amount("amount")-captured, 0)
	return max(refunded-released, 0)
}
