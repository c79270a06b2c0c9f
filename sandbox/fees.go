package sandbox

// earn books the application fee that a platform takes of a destination charge.
func (c *call) earn(fee object, amount int64, funds object) {
	fee["balance_transaction"] = c.book(c.a, object{"type": "application_fee", "amount": amount, "currency": funds["currency"],
		"source": fee["id"], "available_on": c.ready(funds), "exchange_rate": funds["exchange_rate"], "description": "Application fee"})["id"]
	fee["refunds"] = listOf("/v1/application_fees/" + fee.str("id") + "/refunds")
	c.put(fee)
	c.emit("application_fee.created", fee, nil)
}

// giveFee gives a part of an application fee back, in the fee's currency. Who receives it is booked by who asks for it.
func (c *call) giveFee(fee object, amount, ready int64) {
	was, funds := c.a.render(fee, version), c.a.bookingOf(fee)
	from := fee.num("amount_refunded")
	back := c.make("fr_1", "fee_refund", object{"amount": amount, "currency": fee["currency"], "fee": fee["id"], "metadata": object{}})
	back["balance_transaction"] = c.book(c.a, object{"type": "application_fee_refund", "amount": -span(funds.num("amount"), from, from+amount, fee.num("amount")),
		"currency": funds["currency"], "source": back["id"], "available_on": ready, "exchange_rate": funds["exchange_rate"], "description": "Application fee refund"})["id"]
	fee["amount_refunded"] = from + amount
	fee["refunded"] = fee.num("amount_refunded") == fee.num("amount")
	fee["refunds"] = listOf("/v1/application_fees/"+fee.str("id")+"/refunds", append([]any{back}, fee.list("refunds")...)...)
	c.put(back)
	c.put(fee)
	c.emit("application_fee.refunded", fee, before(was, c.a.render(fee, version)))
}

// forgo gives the share of an application fee back whose charge is refunded while the transfer stays.
func (c *call) forgo(ch object, amount int64) {
	fee, _ := c.a.get("application_fee", ch.str("application_fee"))
	from := ch.num("amount_refunded")
	back := min(span(fee.num("amount"), from, from+amount, ch.num("amount")), fee.num("amount")-fee.num("amount_refunded"))
	tr, known := c.a.get("transfer", ch.str("transfer"))
	if back == 0 || !known {
		return
	}
	there := c.account(tr.str("destination"))
	in, _ := there.get("charge", tr.str("destination_payment"))
	landed := there.bookingOf(in)
	c.giveFee(fee, back, c.ready(landed))
	c.book(there, object{"type": "adjustment", "amount": share(landed.num("amount"), back, tr.num("amount")), "currency": landed["currency"], "source": in["id"],
		"available_on": c.ready(landed), "exchange_rate": landed["exchange_rate"], "description": "Application fee refund", "reporting_category": "other_adjustment"})
	tr["_fee"] = tr.num("_fee") - back
	c.put(tr)
}

func getFee(c *call) (object, error) {
	fee, err := c.need("application_fee", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(fee)
}

func listFees(c *call) (object, error) {
	return c.search(query{url: "/v1/application_fees", kind: "application_fee", fields: []string{"charge"}})
}
