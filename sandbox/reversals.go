package sandbox

// undoing is a transfer's money on its way back: what goes back of the transfer and of the fee that was taken off it, in the
// transfer's currency, and what that is in the books of the account that received it.
type undoing struct {
	tr, in, fee       object
	there             *account
	amount, earned    int64
	taken, feeThere   int64
	landed, available object
}

// undo says what a reversal would do, or why it cannot be. With fees, the same share of the application fee goes back.
func (c *call) undo(tr object, amount int64, fees bool) (*undoing, error) {
	left, currency := tr.num("amount")-tr.num("amount_reversed"), tr.str("currency")
	switch {
	case left == 0:
		return nil, invalid("", "", "The transfer %s has already been fully reversed.", tr.str("id"))
	case amount > left:
		return nil, invalid("", "amount", "Transfer reversal amount (%s) is greater than unreversed amount on transfer (%s)", show(amount, currency), show(left, currency))
	}
	u := &undoing{tr: tr, amount: amount, there: c.account(tr.str("destination"))}
	u.in, _ = u.there.get("charge", tr.str("destination_payment"))
	u.landed, u.available = u.there.bookingOf(u.in), c.a.bookingOf(tr)
	from, to, way := tr.num("amount_reversed"), tr.num("amount_reversed")+amount, tr.num("amount")
	u.taken = span(u.landed.num("amount"), from, to, way)
	if fee, ok := c.a.get("application_fee", u.in.str("application_fee")); ok && fees {
		u.fee = fee
		u.earned = min(span(fee.num("amount"), from, to, way), fee.num("amount")-fee.num("amount_refunded"))
		u.feeThere = share(u.landed.num("amount"), u.earned, way)
	}
	if u.there.self().flag("_never_negative") && u.there.balance(c.at)[u.landed.str("currency")].Total() < u.taken-u.feeThere {
		return nil, invalid("balance_insufficient", "", "The connected account %s has insufficient funds to cover this reversal.", u.there.ID)
	}
	return u, nil
}

// reverse takes the money back. The refund that it is for, if there is one, knows it.
func (c *call) reverse(u *undoing, more object) object {
	tr, was := u.tr, c.a.render(u.tr, version)
	from, ready := tr.num("amount_reversed"), c.ready(u.available)
	rev := c.make("trr_1", "transfer_reversal", object{"amount": u.amount, "currency": tr["currency"], "transfer": tr["id"]}).with(more)
	gone := u.available.num("amount")
	back := span(max(gone, -gone), from, from+u.amount, tr.num("amount"))
	rev["balance_transaction"] = c.book(c.a, object{"type": "transfer_refund", "amount": back, "currency": u.available["currency"], "source": rev["id"],
		"available_on": ready, "exchange_rate": u.available["exchange_rate"], "description": "REVERSAL FOR TRANSFER " + tr.str("id")})["id"]
	rev["destination_payment_refund"] = c.giveBack(u, ready)
	tr["amount_reversed"] = from + u.amount
	tr["reversed"] = tr.num("amount_reversed") == tr.num("amount")
	tr["reversals"] = listOf("/v1/transfers/"+tr.str("id")+"/reversals", append([]any{rev}, tr.list("reversals")...)...)
	if u.earned > 0 {
		tr["_fee"] = tr.num("_fee") - u.earned
		c.giveFee(u.fee, u.earned, ready)
	}
	c.put(rev)
	c.put(tr)
	c.emit("transfer.reversed", tr, before(was, c.a.render(tr, version)))
	return rev
}

// giveBack is the refund of the py_ charge in the connected account; its share of the fee comes back to that account.
func (c *call) giveBack(u *undoing, ready int64) (id any) {
	there := &call{Sandbox: c.Sandbox, a: u.there, at: c.at, request: c.request, key: c.key}
	was := u.there.render(u.in, version)
	re := there.make("pyr_1", "refund", object{"amount": u.amount, "currency": u.tr["currency"], "charge": u.in["id"], "status": "succeeded", "destination_details": object{"type": "balance"}})
	line := object{"type": "payment_refund", "amount": -u.taken, "currency": u.landed["currency"], "source": re["id"], "available_on": ready,
		"exchange_rate": u.landed["exchange_rate"], "description": "REFUND FOR PAYMENT"}
	if u.feeThere > 0 {
		line.with(object{"fee": -u.feeThere, "fee_details": []any{object{"amount": -u.feeThere, "application": u.fee["application"],
			"currency": u.landed["currency"], "description": "Portal application fee refund", "type": "application_fee"}}})
	}
	re["balance_transaction"] = c.book(u.there, line)["id"]
	u.in["amount_refunded"] = u.in.num("amount_refunded") + u.amount
	u.in["refunded"] = u.in.num("amount_refunded") == u.in.num("amount")
	c.putIn(u.there, re)
	c.putIn(u.there, u.in)
	there.emitInto(c, "charge.refunded", u.in, before(was, u.there.render(u.in, version)))
	return re["id"]
}

func createReversal(c *call) (object, error) {
	tr, err := c.need("transfer", c.path("id"))
	if err != nil {
		return nil, err
	}
	amount, set, err := c.form.num("amount")
	if err != nil {
		return nil, err
	}
	if set && amount < 1 {
		return nil, invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	if !set {
		amount = tr.num("amount") - tr.num("amount_reversed")
	}
	fees, err := c.form.flag("refund_application_fee")
	if err != nil {
		return nil, err
	}
	u, err := c.undo(tr, amount, fees)
	if err != nil {
		return nil, err
	}
	return c.show(c.reverse(u, object{"metadata": c.form.metadata(nil), "_description": c.form.get("description")}))
}

func getReversal(c *call) (object, error) {
	rev, err := c.need("transfer_reversal", c.path("reversal"))
	if err == nil && rev.str("transfer") != c.path("id") {
		return nil, missing(404, "transfer_reversal", c.path("reversal"), "id")
	}
	if err != nil {
		return nil, err
	}
	return c.show(rev)
}

func listReversals(c *call) (object, error) {
	if _, err := c.need("transfer", c.path("id")); err != nil {
		return nil, err
	}
	return c.page("/v1/transfers/"+c.path("id")+"/reversals", c.a.where("transfer_reversal", "transfer", c.path("id")))
}
