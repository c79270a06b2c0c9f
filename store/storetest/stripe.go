package storetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Shape is an API version whose payloads a test is run in.
type Shape string

// The two shapes of payloads (MONEY.md 1.2).
const (
	Old Shape = "2023-10-16"
	New Shape = "2025-03-31.basil"
)

// Sold is one sale, of which Stripe tells by a session, an invoice and a charge. Unless it says otherwise it is that of a
// subscription's first period. One that took nothing, a trial or a free one, has a Gross of 0.
type Sold struct {
	N        int    // makes the ids of this sale
	Customer string // cus_…; empty for a guest
	Email    string
	Partner  string // the key in the session's metadata
	Gross    int64
	Tax      int64
	Currency string
	PaidAt   time.Time
	Renewal  bool
	OneOff   bool // a payment without an invoice

	Invoiced   bool              // a one-off payment with an invoice of its own; OneOff is not set
	Named      map[string]string // other places, charge, invoice, subscription or customer, and the key in their metadata
	Reference  string            // the client reference
	Credit     int64             // the part of Gross that the customer's balance paid, not cash
	Outside    bool              // paid outside Stripe
	Authorised int64             // a charge of this much was authorised first, and Gross captured of it later
	Legacy     bool              // a charge without a payment intent
	Delay      time.Duration     // a slow method: the checkout ended this much before the money came
	Products   []string          // one line each; none is one line of prod_1
	Discount   int64             // was taken off the first line's price, and is not in Gross
	Reason     string            // the invoice's billing reason, where it is none of the usual
}

type object = map[string]any

func (s Sold) id(prefix string) string { return fmt.Sprintf("%s_%d", prefix, s.N) }

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// cash is what came in by the charge.
func (s Sold) cash() int64 { return s.Gross - s.Credit }

func (s Sold) metadata(place string) object {
	if key := s.Named[place]; key != "" {
		return object{"partner_key": key}
	}
	return object{}
}

// customer is the id, or, when its metadata names a partner, the whole customer.
func (s Sold) customer() any {
	if s.Named["customer"] == "" || s.Customer == "" {
		return orNil(s.Customer)
	}
	return object{"id": s.Customer, "object": "customer", "metadata": s.metadata("customer")}
}

func (s Sold) intent() any {
	if s.Legacy {
		return nil
	}
	return s.id("pi")
}

// Session is checkout.session.completed of the sale.
func (s Sold) Session(shape Shape) []byte {
	o := s.session()
	if s.Delay > 0 {
		o["payment_status"] = "unpaid"
	}
	return s.eventAs(s.id("evt_checkout.session.completed"), "checkout.session.completed", shape, o, s.PaidAt.Add(-s.Delay))
}

// SessionPaid is checkout.session.async_payment_succeeded: the money of a slow method came.
func (s Sold) SessionPaid(shape Shape) []byte {
	return s.event("checkout.session.async_payment_succeeded", shape, s.session())
}

// SessionObject is the session as Stripe shows it when it is asked after the payment.
func (s Sold) SessionObject() json.RawMessage {
	text, err := json.Marshal(s.session())
	if err != nil {
		panic(err)
	}
	return text
}

func (s Sold) session() object {
	o := object{"id": s.id("cs"), "object": "checkout.session", "mode": "subscription", "payment_status": "paid", "status": "complete",
		"customer": s.customer(), "customer_details": object{"email": s.Email}, "client_reference_id": orNil(s.Reference), "currency": s.Currency,
		"amount_subtotal": s.Gross - s.Tax, "amount_total": s.Gross, "total_details": object{"amount_tax": s.Tax, "amount_discount": s.Discount, "amount_shipping": 0},
		"created": s.PaidAt.Add(-s.Delay).Unix() - 60, "metadata": object{}, "payment_intent": nil, "subscription": s.id("sub"), "invoice": s.id("in")}
	switch {
	case s.OneOff:
		o["mode"], o["payment_intent"], o["subscription"], o["invoice"] = "payment", s.intent(), nil, nil
	case s.Invoiced:
		o["mode"], o["payment_intent"], o["subscription"] = "payment", s.intent(), nil
	}
	if s.Gross == 0 {
		o["payment_status"], o["payment_intent"] = "no_payment_required", nil
	}
	if s.Partner != "" {
		o["metadata"] = object{"partner_key": s.Partner}
	}
	return o
}

// Invoice is invoice.paid of the sale.
func (s Sold) Invoice(shape Shape) []byte { return s.event("invoice.paid", shape, s.invoice(shape)) }

// InvoiceAgain is invoice.payment_succeeded, which comes beside invoice.paid.
func (s Sold) InvoiceAgain(shape Shape) []byte {
	return s.event("invoice.payment_succeeded", shape, s.invoice(shape))
}

func (s Sold) invoice(shape Shape) object {
	o := object{"id": s.id("in"), "object": "invoice", "status": "paid", "billing_reason": s.reason(), "currency": s.Currency, "customer": s.customer(),
		"customer_email": s.Email, "amount_paid": s.cash(), "amount_due": s.cash(), "total": s.Gross, "subtotal": s.Gross - s.Tax, "starting_balance": -s.Credit, "ending_balance": 0,
		"total_excluding_tax": s.Gross - s.Tax, "metadata": s.metadata("invoice"), "status_transitions": object{"paid_at": s.PaidAt.Unix()},
		"created": s.PaidAt.Unix(), "lines": object{"object": "list", "has_more": false, "data": s.lines(shape)}}
	if shape == Old {
		o["subscription"], o["charge"], o["payment_intent"], o["tax"], o["paid"], o["paid_out_of_band"] = s.id("sub"), s.id("ch"), s.intent(), s.Tax, true, s.Outside
		o["total_tax_amounts"] = []any{object{"amount": s.Tax}}
		o["subscription_details"] = object{"metadata": s.metadata("subscription")}
		if s.Outside || s.cash() == 0 {
			o["charge"], o["payment_intent"] = nil, nil
		}
		if s.Outside {
			o["amount_paid"] = 0
		}
	} else {
		o["parent"] = object{"type": "subscription_details", "subscription_details": object{"subscription": s.id("sub"), "metadata": s.metadata("subscription")}}
		o["total_taxes"] = []any{object{"amount": s.Tax}}
	}
	if s.Invoiced {
		o["subscription"], o["subscription_details"], o["parent"] = nil, nil, nil
	}
	return o
}

func (s Sold) reason() string {
	switch {
	case s.Reason != "":
		return s.Reason
	case s.Renewal:
		return "subscription_cycle"
	case s.Invoiced:
		return "manual"
	}
	return "subscription_create"
}

// lines share what was sold without tax: each product has the same part, and the first what is left over.
func (s Sold) lines(shape Shape) []any {
	products := s.Products
	if len(products) == 0 {
		products = []string{"prod_1"}
	}
	part := (s.Gross - s.Tax) / int64(len(products))
	var all []any
	for n, product := range products {
		line := object{"id": fmt.Sprintf("il_%d_%d", s.N, n), "object": "line_item", "amount": part, "discount_amounts": []any{}, "quantity": 1}
		if n == 0 {
			line["amount"] = s.Gross - s.Tax - part*int64(len(products)-1) + s.Discount
			line["discount_amounts"] = []any{object{"amount": s.Discount, "discount": "di_1"}}
		}
		if shape == Old {
			line["price"] = object{"id": "price_1", "product": product}
		} else {
			line["pricing"] = object{"type": "price_details", "price_details": object{"price": "price_1", "product": product}}
		}
		all = append(all, line)
	}
	return all
}

func (s Sold) charge(shape Shape, refunded int64) object {
	o := object{"id": s.id("ch"), "object": "charge", "amount": max(s.cash(), s.Authorised), "amount_captured": s.cash(), "amount_refunded": refunded, "captured": true,
		"paid": true, "status": "succeeded", "refunded": refunded == s.cash(), "currency": s.Currency, "customer": s.customer(),
		"payment_intent": s.intent(), "billing_details": object{"email": s.Email}, "metadata": s.metadata("charge"), "created": s.PaidAt.Unix()}
	if shape == Old {
		o["invoice"] = s.id("in")
		if s.OneOff {
			o["invoice"] = nil
		}
	}
	return o
}

// Charge is charge.succeeded of the sale: only authorised, when the money was captured later.
func (s Sold) Charge(shape Shape) []byte {
	o := s.charge(shape, 0)
	if s.Authorised > 0 {
		o["captured"], o["amount_captured"] = false, 0
	}
	return s.event("charge.succeeded", shape, o)
}

// Capture is charge.captured, some time after the charge was authorised. What was not captured is released, and Stripe
// counts it as refunded.
func (s Sold) Capture(shape Shape, after time.Duration) []byte {
	return s.eventAs(s.id("evt_charge.captured"), "charge.captured", shape, s.charge(shape, s.Authorised-s.cash()), s.PaidAt.Add(after))
}

// Refund is charge.refunded, with all that was given back so far.
func (s Sold) Refund(shape Shape, refunded int64) []byte {
	return s.RefundTold(shape, refunded, time.Hour+time.Duration(refunded)*time.Second)
}

// RefundTold is charge.refunded, with all that was given back so far, told some time after the sale.
func (s Sold) RefundTold(shape Shape, refunded int64, told time.Duration) []byte {
	o := s.charge(shape, refunded+max(s.Authorised-s.cash(), 0))
	return s.eventAs(fmt.Sprintf("evt_refund_%d_%d", s.N, refunded), "charge.refunded", shape, o, s.PaidAt.Add(told))
}

// RefundObject is refund.updated of one refund, made some minutes after the sale, told some minutes after.
func (s Sold) RefundObject(n int, amount int64, status string, made, told time.Duration) []byte {
	o := object{"id": fmt.Sprintf("re_%d_%d", s.N, n), "object": "refund", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.intent(),
		"status": status, "reason": nil, "created": s.PaidAt.Add(made).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_re_%d_%d_%s", s.N, n, status), "refund.updated", Old, o, s.PaidAt.Add(told))
}

// Dispute is charge.dispute.updated in one status.
func (s Sold) Dispute(amount int64, status string, told time.Duration) []byte {
	kind := "charge.dispute.updated"
	if status == "won" || status == "lost" || status == "warning_closed" {
		kind = "charge.dispute.closed"
	}
	return s.eventAs(fmt.Sprintf("evt_dp_%d_%s", s.N, status), kind, Old, s.dispute(amount, status), s.PaidAt.Add(told))
}

// Reinstated is charge.dispute.funds_reinstated: so much of a lost dispute came back.
func (s Sold) Reinstated(amount, back int64, told time.Duration) []byte {
	o := s.dispute(amount, "lost")
	o["balance_transactions"] = []any{object{"id": "txn_1", "amount": -amount}, object{"id": "txn_2", "amount": back}}
	return s.eventAs(fmt.Sprintf("evt_dp_%d_back_%d", s.N, back), "charge.dispute.funds_reinstated", Old, o, s.PaidAt.Add(told))
}

func (s Sold) dispute(amount int64, status string) object {
	return object{"id": s.id("dp"), "object": "dispute", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.intent(),
		"status": status, "reason": "fraudulent", "balance_transactions": []any{}, "created": s.PaidAt.Add(time.Hour).Unix(), "metadata": object{}}
}

// CreditNote is a credit note of which an amount was given back outside Stripe, issued or void.
func (s Sold) CreditNote(shape Shape, amount int64, status string, told time.Duration) []byte {
	kind := "credit_note.created"
	if status == "void" {
		kind = "credit_note.voided"
	}
	o := object{"id": s.id("cn"), "object": "credit_note", "type": "post_payment", "status": status, "invoice": s.id("in"), "currency": s.Currency, "amount": amount,
		"out_of_band_amount": amount, "refund": nil, "customer_balance_transaction": nil, "created": s.PaidAt.Add(time.Hour).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_cn_%d_%s", s.N, status), kind, shape, o, s.PaidAt.Add(told))
}

// Aside are events of the same money that say nothing of it by themselves.
func (s Sold) Aside(shape Shape) [][]byte {
	return [][]byte{s.event("payment_intent.succeeded", shape, object{"id": s.id("pi"), "object": "payment_intent", "amount": s.cash(), "currency": s.Currency, "metadata": object{}}),
		s.event("invoice.finalized", shape, s.invoice(shape)), s.event("charge.updated", shape, s.charge(shape, 0))}
}

func (s Sold) event(kind string, shape Shape, o object) []byte {
	return s.eventAs(fmt.Sprintf("evt_%s_%d", kind, s.N), kind, shape, o, s.PaidAt)
}

func (s Sold) eventAs(id, kind string, shape Shape, o object, at time.Time) []byte {
	body, err := json.Marshal(object{"id": id, "object": "event", "type": kind, "api_version": string(shape), "created": at.Unix(), "livemode": false,
		"pending_webhooks": 1, "data": object{"object": o}})
	if err != nil {
		panic(err)
	}
	return body
}

// Signed are the headers that Stripe would send a body with at a moment.
func Signed(secret string, body []byte, at time.Time) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.", at.Unix())
	mac.Write(body)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil))))
	return h
}

// Samples are payloads of every kind that a Sold makes, in both shapes.
func Samples() [][]byte {
	plain := Sold{N: 1, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: 10000, Tax: 777, Currency: "usd", PaidAt: Day}
	odd := plain
	odd.Named, odd.Reference, odd.Credit, odd.Discount = map[string]string{"charge": "A", "invoice": "B", "subscription": "C", "customer": "D"}, "PARTNER_A", 2500, 99
	odd.Products, odd.Currency, odd.Renewal, odd.Delay = []string{"prod_1", "prod_2", "prod_3"}, "jpy", true, time.Hour
	guest := Sold{N: 2, Email: " Ann@X.com ", Gross: 5120, Currency: "kwd", PaidAt: Day, OneOff: true, Authorised: 6000, Legacy: true}
	outside, free := plain, plain
	outside.Outside, outside.Invoiced, free.Gross, free.Tax = true, true, 0, 0
	var all [][]byte
	for _, s := range []Sold{plain, odd, guest, outside, free} {
		for _, shape := range []Shape{Old, New} {
			all = append(all, s.Session(shape), s.SessionPaid(shape), s.Invoice(shape), s.InvoiceAgain(shape), s.Charge(shape), s.Capture(shape, time.Minute),
				s.Refund(shape, 2500), s.CreditNote(shape, 2500, "issued", time.Hour), s.CreditNote(shape, 2500, "void", time.Hour))
			all = append(all, s.Aside(shape)...)
		}
		for _, status := range []string{"pending", "requires_action", "succeeded", "failed", "canceled"} {
			all = append(all, s.RefundObject(1, 2500, status, time.Hour, time.Hour))
		}
		for _, status := range []string{"warning_needs_response", "warning_under_review", "warning_closed", "needs_response", "under_review", "won", "lost", "prevented", "charge_refunded"} {
			all = append(all, s.Dispute(2500, status, time.Hour))
		}
		all = append(all, s.Reinstated(2500, 1000, time.Hour))
	}
	return all
}
