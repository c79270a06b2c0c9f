package storetest

import (
	"cmp"
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
	Billing  string // the address that the charge tells; Email when empty
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
	Sub        string            // sub_…; empty for one of the sale's own
	Click      string            // the click that the session's metadata names
	Code       string            // the text of the promotion code that gave the discount: promo_<text> of the coupon co_<text>
	Shipping   int64             // the part of Gross for it, in a checkout without an invoice
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

func (s Sold) sub() string {
	if s.Sub != "" {
		return s.Sub
	}
	return s.id("sub")
}

func (s Sold) intent() any {
	if s.Legacy {
		return nil
	}
	return s.id("pi")
}

// Session is checkout.session.completed of the sale.
func (s Sold) Session(shape Shape) []byte {
	o := s.session(shape)
	if s.Delay > 0 {
		o["payment_status"] = "unpaid"
	}
	return s.eventAs(s.id("evt_checkout.session.completed"), "checkout.session.completed", shape, o, s.PaidAt.Add(-s.Delay))
}

// SessionPaid is checkout.session.async_payment_succeeded: the money of a slow method came.
func (s Sold) SessionPaid(shape Shape) []byte {
	return s.event("checkout.session.async_payment_succeeded", shape, s.session(shape))
}

// SessionObject is the session as Stripe shows it when it is asked after the payment.
func (s Sold) SessionObject() json.RawMessage {
	text, err := json.Marshal(s.session(Old))
	if err != nil {
		panic(err)
	}
	return text
}

func (s Sold) session(shape Shape) object {
	o := object{"id": s.id("cs"), "object": "checkout.session", "mode": "subscription", "payment_status": "paid", "status": "complete",
		"customer": s.customer(), "customer_details": object{"email": s.Email}, "client_reference_id": orNil(s.Reference), "currency": s.Currency,
		"amount_subtotal": s.Gross - s.Tax, "amount_total": s.Gross, "total_details": object{"amount_tax": s.Tax, "amount_discount": s.Discount, "amount_shipping": s.Shipping},
		"created": s.PaidAt.Add(-s.Delay).Unix() - 60, "metadata": object{}, "payment_intent": nil, "subscription": s.sub(), "invoice": s.id("in")}
	switch {
	case s.OneOff:
		o["mode"], o["payment_intent"], o["subscription"], o["invoice"] = "payment", s.intent(), nil, nil
	case s.Invoiced:
		o["mode"], o["payment_intent"], o["subscription"] = "payment", s.intent(), nil
	}
	if s.Gross == 0 {
		o["payment_status"], o["payment_intent"] = "no_payment_required", nil
	}
	named := object{}
	if s.Partner != "" {
		named["partner_key"] = s.Partner
	}
	if s.Click != "" {
		named["portal_click"] = s.Click
	}
	o["metadata"] = named
	if s.Code != "" && shape == New {
		o["discounts"] = []any{object{"coupon": "co_" + s.Code, "promotion_code": "promo_" + s.Code}}
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
		o["subscription"], o["charge"], o["payment_intent"], o["tax"], o["paid"], o["paid_out_of_band"] = s.sub(), s.id("ch"), s.intent(), s.Tax, true, s.Outside
		o["total_tax_amounts"] = []any{object{"amount": s.Tax}}
		o["subscription_details"] = object{"metadata": s.metadata("subscription")}
		if s.Outside || s.cash() == 0 {
			o["charge"], o["payment_intent"] = nil, nil
		}
		if s.Outside {
			o["amount_paid"] = 0
		}
	} else {
		o["parent"] = object{"type": "subscription_details", "subscription_details": object{"subscription": s.sub(), "metadata": s.metadata("subscription")}}
		o["total_taxes"] = []any{object{"amount": s.Tax}}
	}
	if s.Invoiced {
		o["subscription"], o["subscription_details"], o["parent"] = nil, nil, nil
	}
	if s.Code != "" {
		o["discounts"], o["total_discount_amounts"] = []any{s.id("di")}, []any{object{"amount": s.Discount, "discount": s.id("di")}}
	}
	if s.Code != "" && shape == Old {
		o["discount"] = object{"id": s.id("di"), "object": "discount", "coupon": object{"id": "co_" + s.Code}, "promotion_code": "promo_" + s.Code}
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
		"payment_intent": s.intent(), "billing_details": object{"email": cmp.Or(s.Billing, s.Email)}, "metadata": s.metadata("charge"), "created": s.PaidAt.Unix()}
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

// Intent is payment_intent.succeeded of the sale.
func (s Sold) Intent(shape Shape) []byte {
	o := object{"id": s.id("pi"), "object": "payment_intent", "amount": max(s.cash(), s.Authorised), "amount_received": s.cash(), "currency": s.Currency, "customer": s.customer(),
		"status": "succeeded", "latest_charge": s.id("ch"), "metadata": s.metadata("payment_intent"), "receipt_email": orNil(s.Email), "created": s.PaidAt.Unix()}
	if shape == Old {
		o["invoice"] = s.id("in")
		if s.OneOff {
			o["invoice"] = nil
		}
	}
	return s.event("payment_intent.succeeded", shape, o)
}

// Aside are events of the same money that say nothing of it by themselves.
func (s Sold) Aside(shape Shape) [][]byte {
	return [][]byte{s.event("invoice.finalized", shape, s.invoice(shape)), s.event("charge.updated", shape, s.charge(shape, 0))}
}

func (s Sold) event(kind string, shape Shape, o object) []byte {
	return s.eventAs(fmt.Sprintf("evt_%s_%d", kind, s.N), kind, shape, o, s.PaidAt)
}

func (s Sold) eventAs(id, kind string, shape Shape, o object, at time.Time) []byte {
	return event(id, kind, shape, object{"object": o}, at)
}

func event(id, kind string, shape Shape, data object, at time.Time) []byte {
	body, err := json.Marshal(object{"id": id, "object": "event", "type": kind, "api_version": string(shape), "created": at.Unix(), "livemode": false,
		"pending_webhooks": 1, "data": data})
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
