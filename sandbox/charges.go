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

// transfer moves a destination charge's money to the connected account, where it arrives as a py_ charge.
func (c *call) transfer(pi, ch object) {
	to := pi.sub("transfer_data")
	amount, whole := to.num("amount"), to["amount"] == nil
	if whole {
		amount = pi.num("amount")
	}
	group := or(pi.str("transfer_group"), "group_"+pi.str("id"))
	tr := c.make("tr_3", "transfer", object{"amount": amount, "currency": pi["currency"], "destination": to["destination"],
		"source_transaction": ch["id"], "transfer_group": group, "balance_transaction": booking(ch, "transfer")})
	there := &call{Sandbox: c.Sandbox, a: c.account(to.str("destination")), at: c.at, request: c.request, key: c.key}
	in := there.make("py_1", "charge", object{"amount": amount, "amount_captured": amount, "currency": pi["currency"],
		"balance_transaction": booking(tr, "in"), "source_transfer": tr["id"], "application": "ca_" + letters(c.a.ID, 32)})
	tr["destination_payment"] = in["id"]
	if fee := pi.num("application_fee_amount"); fee > 0 {
		tr["_fee"] = fee
		ch["application_fee_amount"], ch["application_fee"] = fee, "fee_1"+letters("fee "+ch.str("id"), 23)
	}
	c.put(tr)
	c.putIn(there.a, in)
	ch.with(object{"transfer": tr["id"], "transfer_group": group, "destination": to["destination"],
		"transfer_data": object{"amount": to["amount"], "destination": to["destination"]}})
	c.emit("transfer.created", tr, nil)
	there.emitInto(c, "charge.succeeded", in, nil)
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

func getTransfer(c *call) (object, error) {
	o, err := c.need("transfer", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listTransfers(c *call) (object, error) {
	return c.search(query{url: "/v1/transfers", kind: "transfer", fields: []string{"transfer_group", "destination"}})
}

// booking is the id of the balance transaction of a move of money.
func booking(o object, what string) string { return "txn_3" + letters(what+" "+o.str("id"), 23) }
