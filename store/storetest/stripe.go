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

// Sold is one sale of a subscription's first period, of which Stripe tells by a session, an invoice and a charge.
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
}

type object = map[string]any

func (s Sold) id(prefix string) string { return fmt.Sprintf("%s_%d", prefix, s.N) }

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Session is checkout.session.completed of the sale.
func (s Sold) Session(shape Shape) []byte {
	o := object{"id": s.id("cs"), "object": "checkout.session", "mode": "subscription", "payment_status": "paid", "status": "complete",
		"customer": orNil(s.Customer), "customer_details": object{"email": s.Email}, "client_reference_id": nil, "currency": s.Currency,
		"amount_subtotal": s.Gross - s.Tax, "amount_total": s.Gross, "total_details": object{"amount_tax": s.Tax, "amount_discount": 0, "amount_shipping": 0},
		"created": s.PaidAt.Unix() - 60, "metadata": object{}, "payment_intent": nil, "subscription": s.id("sub"), "invoice": s.id("in")}
	if s.OneOff {
		o["mode"], o["payment_intent"], o["subscription"], o["invoice"] = "payment", s.id("pi"), nil, nil
	}
	if s.Partner != "" {
		o["metadata"] = object{"partner_key": s.Partner}
	}
	return s.event("checkout.session.completed", shape, o)
}

// Invoice is invoice.paid of the sale.
func (s Sold) Invoice(shape Shape) []byte {
	reason := "subscription_create"
	if s.Renewal {
		reason = "subscription_cycle"
	}
	line := object{"id": s.id("il"), "object": "line_item", "amount": s.Gross - s.Tax, "discount_amounts": []any{}, "quantity": 1}
	o := object{"id": s.id("in"), "object": "invoice", "status": "paid", "billing_reason": reason, "currency": s.Currency, "customer": orNil(s.Customer),
		"customer_email": s.Email, "amount_paid": s.Gross, "amount_due": s.Gross, "total": s.Gross, "subtotal": s.Gross - s.Tax,
		"total_excluding_tax": s.Gross - s.Tax, "metadata": object{}, "status_transitions": object{"paid_at": s.PaidAt.Unix()},
		"created": s.PaidAt.Unix(), "lines": object{"object": "list", "has_more": false, "data": []any{line}}}
	if shape == Old {
		o["subscription"], o["charge"], o["payment_intent"], o["tax"], o["paid"], o["paid_out_of_band"] = s.id("sub"), s.id("ch"), s.id("pi"), s.Tax, true, false
		o["total_tax_amounts"] = []any{object{"amount": s.Tax}}
		line["price"] = object{"id": "price_1", "product": "prod_1"}
	} else {
		o["parent"] = object{"type": "subscription_details", "subscription_details": object{"subscription": s.id("sub"), "metadata": object{}}}
		o["total_taxes"] = []any{object{"amount": s.Tax}}
		line["pricing"] = object{"type": "price_details", "price_details": object{"price": "price_1", "product": "prod_1"}}
	}
	return s.event("invoice.paid", shape, o)
}

func (s Sold) charge(shape Shape, refunded int64) object {
	o := object{"id": s.id("ch"), "object": "charge", "amount": s.Gross, "amount_captured": s.Gross, "amount_refunded": refunded, "captured": true,
		"paid": true, "status": "succeeded", "refunded": refunded == s.Gross, "currency": s.Currency, "customer": orNil(s.Customer),
		"payment_intent": s.id("pi"), "billing_details": object{"email": s.Email}, "metadata": object{}, "created": s.PaidAt.Unix()}
	if shape == Old {
		o["invoice"] = s.id("in")
		if s.OneOff {
			o["invoice"] = nil
		}
	}
	return o
}

// Charge is charge.succeeded of the sale.
func (s Sold) Charge(shape Shape) []byte {
	return s.event("charge.succeeded", shape, s.charge(shape, 0))
}

// Refund is charge.refunded, with all that was given back so far.
func (s Sold) Refund(shape Shape, refunded int64) []byte {
	return s.eventAs(fmt.Sprintf("evt_refund_%d_%d", s.N, refunded), "charge.refunded", shape, s.charge(shape, refunded), s.PaidAt.Add(time.Hour+time.Duration(refunded)*time.Second))
}

// RefundObject is refund.updated of one refund, made some minutes after the sale, told some minutes after.
func (s Sold) RefundObject(n int, amount int64, status string, made, told time.Duration) []byte {
	o := object{"id": fmt.Sprintf("re_%d_%d", s.N, n), "object": "refund", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.id("pi"),
		"status": status, "reason": nil, "created": s.PaidAt.Add(made).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_re_%d_%d_%s", s.N, n, status), "refund.updated", Old, o, s.PaidAt.Add(told))
}

// Dispute is charge.dispute.updated in one status.
func (s Sold) Dispute(amount int64, status string, told time.Duration) []byte {
	kind := "charge.dispute.updated"
	if status == "won" || status == "lost" || status == "warning_closed" {
		kind = "charge.dispute.closed"
	}
	o := object{"id": s.id("dp"), "object": "dispute", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.id("pi"),
		"status": status, "reason": "fraudulent", "balance_transactions": []any{}, "created": s.PaidAt.Add(time.Hour).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_dp_%d_%s", s.N, status), kind, Old, o, s.PaidAt.Add(told))
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
