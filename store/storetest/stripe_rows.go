package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Case is one row of MONEY.md 2.4 or 2.5 in one shape: it makes whole payloads, each field in its version's place
// (MONEY.md 1.2, 1.3).
type Case struct {
	Shape    Shape
	N        string // ends the ids of one movement of money
	Customer string // cus_…; empty for a guest
	Known    bool   // the customer was there before the checkout, which made none
	Email    string
	Sub      string // sub_…, the subscription
	Currency string
	At       time.Time         // when the money came
	Invoices map[string]string // what Stripe would answer when it is asked whose money this is: the invoice by payment intent
}

// NewCase is the case of that number: a customer of its own, 2 days ago, in usd.
func NewCase(shape Shape, n int) Case {
	return Case{Shape: shape, N: fmt.Sprint(n), Customer: fmt.Sprintf("cus_%d", n), Email: fmt.Sprintf("buyer%d@example.com", n), Sub: fmt.Sprintf("sub_%d", n),
		Currency: "usd", At: Day.AddDate(0, 0, -2), Invoices: map[string]string{}}
}

// Later is the same customer's next movement of money.
func (c Case) Later(letter string, after time.Duration) Case {
	c.Known = true
	c.N, c.At = strings.TrimRight(c.N, "abcdefgh")+letter, c.At.Add(after)
	return c
}

// ID is the id of this money's object of a kind.
func (c Case) ID(prefix string) string { return prefix + "_" + c.N }

// Event is a whole event of a kind, told some time after the money came; previous is what an update changed.
func (c Case) Event(kind string, after time.Duration, o map[string]any, previous ...map[string]any) []byte {
	at, data := c.At.Add(after), object{"object": o}
	for _, changed := range previous {
		data["previous_attributes"] = changed
	}
	body, err := json.Marshal(object{"id": fmt.Sprintf("evt_%s_%v_%d", kind, o["id"], at.Unix()), "object": "event", "type": kind, "api_version": string(c.Shape), "created": at.Unix(),
		"livemode": false, "pending_webhooks": 1, "request": object{"id": nil, "idempotency_key": nil}, "data": data})
	if err != nil {
		panic(err)
	}
	return body
}

// Twin is the same event as a second endpoint gets it: with an id of its own.
func Twin(body []byte) []byte {
	return []byte(strings.Replace(string(body), `"id":"evt_`, `"id":"evt_twin_`, 1))
}

// with puts values in their places, given as dotted path and value by turns.
func (c Case) with(o object, set []any) object {
	for i := 0; i < len(set); i += 2 {
		at, path := o, strings.Split(set[i].(string), ".")
		for _, name := range path[:len(path)-1] {
			inner, ok := at[name].(object)
			if !ok {
				inner = object{}
				at[name] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = set[i+1]
	}
	return o
}

// Session is a paid checkout of mode payment or subscription.
func (c Case) Session(mode string, total, tax int64, set ...any) map[string]any {
	o := object{"id": c.ID("cs"), "object": "checkout.session", "mode": mode, "payment_status": "paid", "status": "complete", "livemode": false,
		"amount_subtotal": total - tax, "amount_total": total, "total_details": object{"amount_discount": 0, "amount_shipping": 0, "amount_tax": tax},
		"currency": c.Currency, "customer": orNil(c.Customer), "customer_creation": c.creation(), "customer_email": nil,
		"customer_details":    object{"email": c.Email, "name": "Ann Buyer", "phone": nil, "address": object{"country": "US"}, "tax_exempt": "none", "tax_ids": []any{}},
		"client_reference_id": nil, "metadata": object{}, "payment_link": nil, "setup_intent": nil, "created": c.At.Add(-time.Minute).Unix(), "expires_at": c.At.Add(24 * time.Hour).Unix(),
		"payment_method_types": []any{"card"}, "allow_promotion_codes": true, "success_url": "https://shop.example/thanks", "ui_mode": "hosted",
		"payment_intent": nil, "invoice": nil, "subscription": nil}
	if mode == "subscription" {
		o["subscription"], o["invoice"] = c.Sub, c.ID("in")
	} else {
		o["payment_intent"], o["invoice"] = c.ID("pi"), orNil(c.Invoices[c.ID("pi")])
	}
	if c.Shape == Old {
		o["shipping_details"], o["currency_conversion"] = nil, nil
	} else {
		o["collected_information"], o["presentment_details"], o["discounts"] = object{"shipping_details": nil}, nil, []any{}
	}
	return c.with(o, set)
}

// creation is how a checkout makes a customer; a known one is not made.
func (c Case) creation() any {
	switch {
	case c.Known:
		return nil
	case c.Customer == "":
		return "if_required"
	}
	return "always"
}

// Object is the customer as Stripe shows it, with a partner's key in its metadata; none for an empty key.
func (c Case) Object(partner string) map[string]any {
	metadata := object{}
	if partner != "" {
		metadata["partner_key"] = partner
	}
	return object{"id": c.Customer, "object": "customer", "email": c.Email, "name": "Ann Buyer", "metadata": metadata, "created": c.At.Unix(), "livemode": false}
}

// Charge is a captured charge. If an invoice was made of its payment intent, it is the charge of that one.
func (c Case) Charge(amount int64, set ...any) map[string]any {
	o := object{"id": c.ID("ch"), "object": "charge", "amount": amount, "amount_captured": amount, "amount_refunded": 0, "captured": true, "paid": true, "refunded": false,
		"status": "succeeded", "disputed": false, "currency": c.Currency, "customer": orNil(c.Customer), "payment_intent": c.ID("pi"), "livemode": false,
		"billing_details": object{"email": c.Email, "name": "Ann Buyer", "phone": nil}, "receipt_email": nil, "metadata": object{}, "created": c.At.Unix(),
		"balance_transaction": c.ID("txn"), "application": nil, "source_transfer": nil, "transfer_group": nil, "outcome": object{"type": "authorized", "network_status": "approved_by_network"},
		"payment_method_details": object{"type": "card", "card": object{"brand": "visa", "last4": "4242"}}}
	c.with(o, set)
	if c.Shape == Old {
		intent, _ := o["payment_intent"].(string)
		o["invoice"] = orNil(c.Invoices[intent])
	}
	return o
}

// Intent is the payment intent of the same money.
func (c Case) Intent(amount int64, set ...any) map[string]any {
	o := object{"id": c.ID("pi"), "object": "payment_intent", "amount": amount, "amount_received": amount, "currency": c.Currency, "customer": orNil(c.Customer), "status": "succeeded",
		"latest_charge": c.ID("ch"), "metadata": object{}, "created": c.At.Unix(), "livemode": false, "capture_method": "automatic"}
	if c.Shape == Old {
		o["invoice"] = orNil(c.Invoices[c.ID("pi")])
	}
	return c.with(o, set)
}

// Subscription is the state of the customer's subscription.
func (c Case) Subscription(status string, set ...any) map[string]any {
	item := object{"id": "si_" + c.Sub, "object": "subscription_item", "price": object{"id": "price_1", "product": "prod_1"}, "quantity": 1}
	o := object{"id": c.Sub, "object": "subscription", "status": status, "customer": orNil(c.Customer), "currency": c.Currency, "metadata": object{}, "cancel_at_period_end": false,
		"created": c.At.Unix(), "latest_invoice": c.ID("in"), "livemode": false, "items": object{"object": "list", "data": []any{item}}}
	period := o
	if c.Shape == New {
		period, o["discounts"] = item, []any{}
	} else {
		o["discount"] = nil
	}
	period["current_period_start"], period["current_period_end"] = c.At.Unix(), c.At.AddDate(0, 1, 0).Unix()
	return c.with(o, set)
}

// Refund is one refund of the charge, by its letter.
func (c Case) Refund(letter string, amount int64, status string, set ...any) map[string]any {
	return c.with(object{"id": c.ID("re") + letter, "object": "refund", "amount": amount, "currency": c.Currency, "charge": c.ID("ch"), "payment_intent": c.ID("pi"), "status": status,
		"reason": "requested_by_customer", "balance_transaction": c.ID("txn_re"), "created": c.At.Add(time.Hour).Unix(), "metadata": object{}, "receipt_number": nil,
		"source_transfer_reversal": nil, "transfer_reversal": nil, "destination_details": object{"type": "card", "card": object{"type": "refund"}}}, set)
}

// Dispute is the state of the one dispute of the charge; moved is what the balance gave (below zero) or got back.
func (c Case) Dispute(amount int64, status string, moved ...int64) map[string]any {
	o := object{"id": c.ID("dp"), "object": "dispute", "amount": amount, "currency": c.Currency, "charge": c.ID("ch"), "payment_intent": c.ID("pi"), "status": status, "reason": "fraudulent",
		"is_charge_refundable": strings.HasPrefix(status, "warning"), "created": c.At.Add(time.Hour).Unix(), "metadata": object{}, "livemode": false, "evidence": object{},
		"evidence_details": object{"due_by": c.At.AddDate(0, 0, 9).Unix(), "has_evidence": false, "past_due": false, "submission_count": 0}, "balance_transactions": []any{}}
	if c.Shape == New {
		o["enhanced_eligibility_types"], o["payment_method_details"] = []any{}, object{"type": "card", "card": object{"brand": "visa", "network_reason_code": "10.4"}}
	} else {
		o["network_reason_code"] = "10.4"
	}
	for n, m := range moved {
		o["balance_transactions"] = append(o["balance_transactions"].([]any), object{"id": fmt.Sprintf("txn_dp%d_%s", n, c.N), "object": "balance_transaction", "amount": m, "currency": c.Currency,
			"fee": 1500, "net": m - 1500, "reporting_category": "dispute", "type": "adjustment"})
	}
	return o
}

// CreditNote is an issued note on the invoice, of type pre_payment, post_payment or mixed.
func (c Case) CreditNote(kind string, amount int64, set ...any) map[string]any {
	o := object{"id": c.ID("cn"), "object": "credit_note", "type": kind, "amount": amount, "amount_shipping": 0, "subtotal": amount, "total": amount, "total_excluding_tax": amount,
		"currency": c.Currency, "customer": orNil(c.Customer), "invoice": c.ID("in"), "status": "issued", "reason": "order_change", "number": "A-" + c.N, "memo": nil, "metadata": object{},
		"customer_balance_transaction": nil, "out_of_band_amount": nil, "created": c.At.Add(time.Hour).Unix(), "voided_at": nil, "livemode": false}
	if c.Shape == Old {
		o["refund"] = nil
	} else {
		o["refunds"], o["pre_payment_amount"], o["post_payment_amount"] = []any{}, int64(0), amount
		if kind == "pre_payment" {
			o["pre_payment_amount"], o["post_payment_amount"] = amount, int64(0)
		}
	}
	return c.with(o, set)
}

// Refunded names the refund in a credit note, where its version has it.
func (c Case) Refunded(note map[string]any, refund string, amount int64) map[string]any {
	note = maps.Clone(note)
	if c.Shape == Old {
		note["refund"] = refund
	} else {
		note["refunds"] = []any{object{"amount_refunded": amount, "refund": refund}}
	}
	return note
}
