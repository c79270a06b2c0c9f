package sandbox

func getSession(c *call) (object, error) {
	o, err := c.need("checkout.session", c.path("id"))
	if err != nil {
		return nil, err
	}
	c.lapse(o)
	return c.show(o)
}

func listSessions(c *call) (object, error) {
	c.lapseAll()
	return c.search(query{url: "/v1/checkout/sessions", kind: "checkout.session", fields: []string{"payment_intent", "subscription", "customer"}})
}

func sessionItems(c *call) (object, error) {
	o, err := c.need("checkout.session", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.page("/v1/checkout/sessions/"+o.str("id")+"/line_items", trees(o.list("_items")))
}

func getInvoice(c *call) (object, error) {
	o, err := c.need("invoice", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listInvoices(c *call) (object, error) {
	return c.search(query{url: "/v1/invoices", kind: "invoice", fields: []string{"subscription", "customer", "status", "collection_method"}})
}

func invoiceLines(c *call) (object, error) {
	o, err := c.need("invoice", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.page("/v1/invoices/"+o.str("id")+"/lines", trees(o.list("lines")))
}

// listInvoicePayments answers callers of the new API only: before, the URL did not exist.
func listInvoicePayments(c *call) (object, error) {
	if !isNew(c.version) {
		return nil, refuse(404, "", "", "Unrecognized request URL (GET: /v1/invoice_payments). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.")
	}
	field, value := "", ""
	switch {
	case c.form.has("payment[payment_intent]"):
		if t := c.form.get("payment[type]"); t != "payment_intent" {
			return nil, invalid("parameter_missing", "payment[type]", "payment[type] must be payment_intent when payment[payment_intent] is given.")
		}
		field, value = "payment_intent", c.form.get("payment[payment_intent]")
	case c.form.has("invoice"):
		field, value = "id", c.form.get("invoice")
	}
	var found []object
	for _, in := range c.a.where("invoice", field, value) {
		if p := invoicePayment(c.a, in); in.str("payment_intent") != "" && (c.form.get("status") == "" || c.form.get("status") == p.str("status")) {
			found = append(found, p)
		}
	}
	return c.page("/v1/invoice_payments", found)
}

// invoicePayment is the new API's word on which payment paid an invoice.
func invoicePayment(a *account, in object) object {
	return object{"id": "inpay_1" + letters(in.str("id"), 23), "object": "invoice_payment", "amount_paid": in["amount_paid"],
		"amount_requested": in["amount_due"], "created": in["created"], "currency": in["currency"], "invoice": in["id"], "is_default": true,
		"livemode": a.isLive(), "payment": object{"type": "payment_intent", "payment_intent": in["payment_intent"]}, "status": "paid",
		"status_transitions": object{"canceled_at": nil, "paid_at": in.sub("status_transitions")["paid_at"]}}
}

func getSubscription(c *call) (object, error) {
	o, err := c.need("subscription", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func trees(list []any) []object {
	var out []object
	for _, v := range list {
		out = append(out, tree(v))
	}
	// page turns its list round, newest first; lines stay in their order.
	return reversed(out)
}
