package storetest

import (
	"fmt"
	"time"
)

// Bill is what an invoice asks for and how it was paid.
type Bill struct {
	Reason    string // billing_reason
	Lines     []BillLine
	Discount  int64 // off the whole invoice, after the lines' own
	Tax       int64
	Inclusive bool              // the tax is inside the lines' amounts
	Credit    int64             // paid from the customer's balance
	CreditTo  int64             // taken off by credit notes before the payment
	Surplus   int64             // paid beyond what was asked
	Outside   bool              // paid outside Stripe
	Parts     []string          // the letters of several payments; none is one payment
	Metadata  map[string]string // the invoice's own
}

// BillLine is one line: its amount before any discount, and its own discount.
type BillLine struct {
	Amount, Discount int64
	Product          string
	Proration        bool
}

// Plain is a bill of one line.
func Plain(reason string, net, tax int64) Bill {
	return Bill{Reason: reason, Tax: tax, Lines: []BillLine{{Amount: net, Product: "prod_1"}}}
}

// subtotal is the lines less their own discounts.
func (b Bill) subtotal() int64 {
	var sum int64
	for _, l := range b.Lines {
		sum += l.Amount - l.Discount
	}
	return sum
}

func (b Bill) total() int64 {
	if b.Inclusive {
		return b.subtotal() - b.Discount
	}
	return b.subtotal() - b.Discount + b.Tax
}

// due is the cash that was asked for.
func (b Bill) due() int64 { return max(b.total()-b.Credit-b.CreditTo, 0) }

// Invoice is a paid invoice. Stripe knows from then on that the money's payment intents are its own.
func (c Case) Invoice(b Bill, set ...any) map[string]any {
	paid, left := b.due()+b.Surplus, int64(0)
	if b.total() < 0 {
		left = b.total() // credit for the next invoices
	}
	o := object{"id": c.ID("in"), "object": "invoice", "status": "paid", "billing_reason": b.Reason, "collection_method": "charge_automatically", "currency": c.Currency, "livemode": false,
		"customer": orNil(c.Customer), "customer_email": c.Email, "customer_name": "Ann Buyer", "metadata": texts(b.Metadata), "number": "A-" + c.N, "attempted": true,
		"subtotal": b.subtotal(), "subtotal_excluding_tax": nil, "total": b.total(), "total_excluding_tax": b.total() - b.Tax, "amount_due": b.due(), "amount_paid": paid, "amount_remaining": 0,
		"amount_shipping": 0, "starting_balance": -b.Credit, "ending_balance": left, "pre_payment_credit_notes_amount": b.CreditTo, "post_payment_credit_notes_amount": 0,
		"total_discount_amounts": b.discounts(), "total_pretax_credit_amounts": []any{}, "created": c.At.Add(-time.Minute).Unix(),
		"status_transitions": object{"finalized_at": c.At.Add(-time.Minute).Unix(), "paid_at": c.At.Unix(), "marked_uncollectible_at": nil, "voided_at": nil},
		"lines":              object{"object": "list", "has_more": false, "total_count": len(b.Lines), "data": c.lines(b)}}
	if b.Outside {
		paid = 0
	}
	if c.Shape == Old {
		c.oldInvoice(o, b, paid)
	} else {
		c.newInvoice(o, b)
	}
	for _, letter := range b.Parts {
		c.Invoices[c.ID("pi")+letter] = c.ID("in")
	}
	if paid > 0 && len(b.Parts) == 0 {
		c.Invoices[c.ID("pi")] = c.ID("in")
	}
	return c.with(o, set)
}

func (c Case) oldInvoice(o object, b Bill, paid int64) {
	o["amount_paid"], o["paid"], o["paid_out_of_band"], o["tax"], o["discount"] = paid, true, b.Outside, b.Tax, nil
	o["total_tax_amounts"] = []any{object{"amount": b.Tax, "inclusive": b.Inclusive, "tax_rate": "txr_1"}}
	o["payment_intent"], o["charge"], o["subscription"], o["subscription_details"] = nil, nil, nil, object{"metadata": nil}
	if paid > 0 {
		o["payment_intent"], o["charge"] = c.ID("pi"), c.ID("ch")
	}
	if b.Reason != "manual" {
		o["subscription"], o["subscription_details"] = c.Sub, object{"metadata": object{}}
	}
}

func (c Case) newInvoice(o object, b Bill) {
	o["parent"], o["amount_overpaid"], o["discounts"] = nil, b.Surplus, []any{}
	o["total_taxes"] = []any{object{"amount": b.Tax, "tax_behavior": behaviour(b.Inclusive), "taxability_reason": "standard_rated", "type": "tax_rate_details", "tax_rate_details": object{"tax_rate": "txr_1"}}}
	if b.Reason != "manual" {
		o["parent"] = object{"type": "subscription_details", "quote_details": nil, "subscription_details": object{"subscription": c.Sub, "metadata": object{}}}
	}
}

func behaviour(inclusive bool) string {
	if inclusive {
		return "inclusive"
	}
	return "exclusive"
}

func texts(metadata map[string]string) object {
	o := object{}
	for name, value := range metadata {
		o[name] = value
	}
	return o
}

// discounts lists the lines' discounts and the invoice's, as Stripe does.
func (b Bill) discounts() []any {
	all := []any{}
	for n, l := range b.Lines {
		if l.Discount > 0 {
			all = append(all, object{"amount": l.Discount, "discount": fmt.Sprintf("di_line%d", n)})
		}
	}
	if b.Discount > 0 {
		all = append(all, object{"amount": b.Discount, "discount": "di_whole"})
	}
	return all
}

// lines carry their share of the invoice's discount and of the tax; the last takes what rounding left over.
func (c Case) lines(b Bill) []any {
	var all []any
	off, tax := b.Discount, b.Tax
	for n, l := range b.Lines {
		itsOff, itsTax := off, tax
		if n < len(b.Lines)-1 && b.subtotal() != 0 {
			itsOff, itsTax = b.Discount*(l.Amount-l.Discount)/b.subtotal(), b.Tax*(l.Amount-l.Discount)/b.subtotal()
		}
		off, tax = off-itsOff, tax-itsTax
		amounts := []any{}
		for name, amount := range map[string]int64{fmt.Sprintf("di_line%d", n): l.Discount, "di_whole": itsOff} {
			if amount > 0 {
				amounts = append(amounts, object{"amount": amount, "discount": name})
			}
		}
		all = append(all, c.line(fmt.Sprintf("%s_%d", c.ID("il"), n), l, amounts, itsTax, b))
	}
	return all
}

func (c Case) line(id string, l BillLine, discounts []any, tax int64, b Bill) object {
	o := object{"id": id, "object": "line_item", "amount": l.Amount, "currency": c.Currency, "description": l.Product, "discountable": !l.Proration, "discount_amounts": discounts,
		"discounts": []any{}, "metadata": object{}, "quantity": 1, "period": object{"start": c.At.Unix(), "end": c.At.AddDate(0, 1, 0).Unix()}, "livemode": false}
	kind := "subscription_item"
	if b.Reason == "manual" {
		kind = "invoice_item"
	}
	if c.Shape == Old {
		o["type"], o["proration"], o["proration_details"] = map[string]string{"subscription_item": "subscription", "invoice_item": "invoiceitem"}[kind], l.Proration, object{"credited_items": nil}
		o["price"], o["plan"] = object{"id": "price_" + l.Product, "object": "price", "product": l.Product}, nil
		o["tax_amounts"], o["amount_excluding_tax"] = []any{object{"amount": tax, "inclusive": b.Inclusive, "tax_rate": "txr_1"}}, nil
		return o
	}
	o["parent"] = object{"type": kind + "_details", kind + "_details": object{"proration": l.Proration, "proration_details": object{"credited_items": nil}}}
	o["pricing"] = object{"type": "price_details", "unit_amount_decimal": fmt.Sprint(l.Amount), "price_details": object{"price": "price_" + l.Product, "product": l.Product}}
	o["taxes"] = []any{object{"amount": tax, "tax_behavior": behaviour(b.Inclusive), "type": "tax_rate_details", "tax_rate_details": object{"tax_rate": "txr_1"}}}
	return o
}
