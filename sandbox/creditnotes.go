package sandbox

import (
	"fmt"
	"time"
)

const creditNoteParams = "invoice amount memo reason metadata[*] refund refund_amount credit_amount out_of_band_amount"

// CreditNote takes a part of a paid invoice back. Its three ways together are its amount, in minor units and with tax.
type CreditNote struct {
	Invoice string
	Refund  int64 // refunded to the card
	Balance int64 // put to the customer's balance: later invoices collect less
	Outside int64 // given back outside Stripe
	At      time.Time
}

// Credit writes a credit note and returns its id.
func (s *Sandbox) Credit(accountID string, n CreditNote) (id string, err error) {
	_, err = s.shop(accountID, n.At, func(c *call) (Sold, error) {
		c.form = form{"invoice": {n.Invoice}, "amount": {fmt.Sprint(n.Refund + n.Balance + n.Outside)}}
		for param, amount := range map[string]int64{"refund_amount": n.Refund, "credit_amount": n.Balance, "out_of_band_amount": n.Outside} {
			if amount != 0 {
				c.form[param] = []string{fmt.Sprint(amount)}
			}
		}
		o, err := createCreditNote(c)
		id = o.str("id")
		return Sold{}, err
	})
	return id, err
}

// VoidCreditNote takes a credit note back that refunded nothing.
func (s *Sandbox) VoidCreditNote(accountID, id string, at time.Time) error {
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		o, err := c.need("credit_note", id)
		if err != nil {
			return Sold{}, err
		}
		return Sold{}, c.voidNote(o)
	})
	return err
}

func createCreditNote(c *call) (object, error) {
	if !c.form.has("invoice") {
		return nil, required("invoice")
	}
	in, err := c.given("invoice", "invoice")
	if err != nil {
		return nil, err
	}
	var n [4]int64
	for i, param := range []string{"amount", "refund_amount", "credit_amount", "out_of_band_amount"} {
		if n[i], _, err = c.form.num(param); err != nil {
			return nil, err
		}
	}
	refund := object{}
	if c.form.has("refund") {
		if refund, err = c.given("refund", "refund"); err != nil {
			return nil, err
		}
		n[1] = refund.num("amount")
	}
	left, currency := in.num("total")-in.num("post_payment_credit_notes_amount"), in.str("currency")
	switch {
	case n[0] < 1 || min(n[1], n[2], n[3]) < 0:
		return nil, invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case n[0] > left:
		return nil, invalid("", "amount", "Credit note amount (%s) is greater than the amount of the invoice that is not credited yet (%s).", show(n[0], currency), show(left, currency))
	case n[1]+n[2]+n[3] != n[0]:
		return nil, invalid("", "", "The sum of credit amount, refund amount and out of band amount (%s) must equal the post payment credit note amount (%s).", show(n[1]+n[2]+n[3], currency), show(n[0], currency))
	}
	o := c.note(in, n[0])
	if n[1] > 0 && len(refund) == 0 {
		ch, err := c.chargeOf(in.str("id"))
		if err != nil {
			return nil, err
		}
		if refund, err = c.refund(ch, n[1], takeBack{}, object{}); err != nil {
			return nil, err
		}
	}
	o["refund"] = refund["id"]
	if n[3] > 0 {
		o["out_of_band_amount"] = n[3]
	}
	if n[2] > 0 {
		o["customer_balance_transaction"], o["_balance"] = c.balance(o, -n[2]), n[2]
	}
	c.put(o)
	c.credited(in, n[0])
	c.emit("credit_note.created", o, nil)
	return c.show(o)
}

// note is a credit note over an amount of an invoice, with the share of the tax that is in it.
func (c *call) note(in object, amount int64) object {
	taxed := int64(0)
	if in.num("total") > 0 {
		taxed = amount * in.num("tax") / in.num("total")
	}
	o := c.make("cn_1", "credit_note", object{"invoice": in["id"], "customer": in["customer"], "currency": in["currency"], "amount": amount,
		"total": amount, "total_excluding_tax": amount - taxed, "subtotal": amount - taxed, "subtotal_excluding_tax": amount - taxed,
		"effective_at": c.at.Unix(), "type": "post_payment", "status": "issued", "memo": null(c.form.get("memo")), "reason": null(c.form.get("reason")),
		"metadata": c.form.metadata(nil)})
	n := in.num("_notes") + 1
	in["_notes"] = n
	o["number"] = fmt.Sprintf("%s-CN-%02d", in.str("number"), n)
	o["pdf"] = "https://pay.stripe.com/credit_notes/" + c.a.ID + "/" + letters(o.str("id"), 30) + "/pdf"
	tax := taxes(Order{Amount: amount, Tax: taxed})
	o["tax_amounts"] = tax
	line := object{"object": "credit_note_line_item", "id": "cnli_1" + letters("line "+o.str("id"), 22), "amount": amount - taxed,
		"amount_excluding_tax": amount - taxed, "description": "Credit for " + in.str("number"), "discount_amount": 0, "discount_amounts": []any{},
		"livemode": c.a.isLive(), "quantity": 1, "tax_amounts": tax, "tax_rates": []any{}, "type": "custom_line_item", "unit_amount": amount - taxed,
		"unit_amount_decimal": fmt.Sprint(amount - taxed), "unit_amount_excluding_tax": fmt.Sprint(amount - taxed)}
	o["lines"] = listOf("/v1/credit_notes/"+o.str("id")+"/lines", line)
	return o
}

// credited changes how much of an invoice is credited.
func (c *call) credited(in object, amount int64) {
	was := c.a.render(in, version)
	in["post_payment_credit_notes_amount"] = in.num("post_payment_credit_notes_amount") + amount
	c.put(in)
	c.emit("invoice.updated", in, before(was, c.a.render(in, version)))
}

// balance moves a customer's balance for a credit note; less than nothing is the customer's credit.
func (c *call) balance(note object, amount int64) (id any) {
	cus, _ := c.a.get("customer", note.str("customer"))
	was := c.a.render(cus, version)
	cus["balance"] = cus.num("balance") + amount
	t := c.make("cbtxn_1", "customer_balance_transaction", object{"amount": amount, "currency": note["currency"], "customer": cus["id"], "credit_note": note["id"],
		"invoice": note["invoice"], "ending_balance": cus["balance"], "type": "credit_note", "metadata": object{}, "description": nil, "livemode": c.a.isLive()})
	c.put(t)
	c.put(cus)
	c.emit("customer.updated", cus, before(was, c.a.render(cus, version)))
	return t["id"]
}

func voidCreditNote(c *call) (object, error) {
	o, err := c.need("credit_note", c.path("id"))
	if err != nil {
		return nil, err
	}
	if err := c.voidNote(o); err != nil {
		return nil, err
	}
	return c.show(o)
}

func (c *call) voidNote(o object) error {
	switch {
	case o.str("status") == "void":
		return invalid("", "", "Credit note %s is already void.", o.str("id"))
	case o.str("refund") != "":
		return invalid("", "", "Credit note %s refunded money, so it cannot be voided.", o.str("id"))
	}
	was := c.a.render(o, version)
	o["status"], o["voided_at"] = "void", c.at.Unix()
	c.put(o)
	if put := o.num("_balance"); put > 0 {
		c.balance(o, put)
	}
	if in, ok := c.a.get("invoice", o.str("invoice")); ok {
		c.credited(in, -o.num("amount"))
	}
	c.emit("credit_note.voided", o, before(was, c.a.render(o, version)))
	return nil
}

func getCreditNote(c *call) (object, error) {
	o, err := c.need("credit_note", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func creditNoteLines(c *call) (object, error) {
	o, err := c.need("credit_note", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.page("/v1/credit_notes/"+o.str("id")+"/lines", trees(o.list("lines")))
}

func listCreditNotes(c *call) (object, error) {
	return c.search(query{url: "/v1/credit_notes", kind: "credit_note", fields: []string{"invoice", "customer"}})
}
