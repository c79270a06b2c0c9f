package sandbox

// newCharge begins the charge of an intent.
func (c *call) newCharge(pi, pm object) object {
	ch := c.make("ch_3", "charge", object{"amount": pi["amount"], "currency": pi["currency"], "payment_intent": pi["id"],
		"payment_method": pm["id"], "status": "succeeded", "metadata": pi.sub("metadata").copy(), "_card": pm["_number"]})
	for _, field := range []string{"customer", "description", "invoice", "on_behalf_of", "receipt_email", "statement_descriptor_suffix", "transfer_group"} {
		ch[field] = pi[field]
	}
	ch["payment_method_details"] = shownCard(pm, pi.num("amount"))
	ch["calculated_statement_descriptor"] = null(c.a.Name)
	if b := pm.sub("billing_details"); b != nil {
		ch["billing_details"] = b
	}
	ch["receipt_url"] = "https://pay.stripe.com/receipts/payment/" + letters(ch.str("id"), 40)
	return ch
}

func getCharge(c *call) (object, error) {
	o, err := c.need("charge", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listCharges(c *call) (object, error) {
	return c.search(query{url: "/v1/charges", kind: "charge", fields: []string{"payment_intent", "transfer_group", "customer"}})
}
