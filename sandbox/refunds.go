package sandbox

import "time"

func createRefund(c *call) (object, error) {
	f := c.form
	ch, err := c.refunded()
	if err != nil {
		return nil, err
	}
	amount, set, err := f.num("amount")
	if err != nil {
		return nil, err
	}
	if set && amount < 1 {
		return nil, invalid("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	back, err := f.flag("reverse_transfer")
	if err != nil {
		return nil, err
	}
	switch r := f.get("reason"); r {
	case "", "duplicate", "fraudulent", "requested_by_customer":
	default:
		return nil, invalid("", "reason", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer")
	}
	re, err := c.refund(ch, amount, back, object{"reason": null(f.get("reason")), "metadata": f.metadata(nil)})
	if err != nil {
		return nil, err
	}
	return c.show(re)
}

// refunded finds the charge that a refund is asked of.
func (c *call) refunded() (object, error) {
	if c.form.has("charge") {
		return c.given("charge", "charge")
	}
	if !c.form.has("payment_intent") {
		return nil, invalid("parameter_missing", "", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	pi, err := c.given("payment_intent", "payment_intent")
	if err != nil {
		return nil, err
	}
	ch, ok := c.a.get("charge", pi.str("latest_charge"))
	if !ok || pi.str("status") != "succeeded" {
		return nil, invalid("", "payment_intent", "This PaymentIntent (%s) does not have a successful charge to refund.", pi.str("id"))
	}
	return ch, nil
}

// refund gives an amount of a charge back; 0 means all that is left.
func (c *call) refund(ch object, amount int64, back bool, more object) (object, error) {
	left := ch.num("amount") - ch.num("amount_refunded")
	currency := ch.str("currency")
	switch {
	case ch.str("status") != "succeeded":
		return nil, invalid("", "charge", "Charge %s failed and cannot be refunded.", ch.str("id"))
	case left == 0:
		return nil, invalid("charge_already_refunded", "", "Charge %s has already been refunded.", ch.str("id"))
	case c.a.chargedBack(ch):
		return nil, invalid("charge_disputed", "", "Charge %s has been charged back; cannot issue a refund.", ch.str("id"))
	case amount > left:
		return nil, invalid("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)", show(amount, currency), show(left, currency))
	case back && ch.str("transfer") == "":
		return nil, invalid("", "reverse_transfer", "Cannot reverse transfer on charge %s because it does not have an associated transfer.", ch.str("id"))
	case amount == 0:
		amount = left
	}
	re := c.make("re_3", "refund", object{"amount": amount, "currency": currency, "charge": ch["id"],
		"payment_intent": ch["payment_intent"]}).with(more)
	re["balance_transaction"] = booking(re, "refund")
	if back {
		re["transfer_reversal"] = c.reverse(ch, re, left)
	}
	fate := cards[ch.str("_card")].refund
	if fate == "pending" {
		re["status"] = "pending"
	}
	c.put(re)
	c.emit("refund.created", re, nil)
	c.count(ch, amount)
	switch fate {
	case "pending":
		c.turnRefund(re, object{"status": "succeeded"})
	case "failed":
		c.failRefund(re)
	}
	return re, nil
}

// FailRefund lets a refund fail that seemed to have gone well: the money comes back to the account. An empty id means
// the account's latest refund; a charge's id means its latest.
func (s *Sandbox) FailRefund(accountID, id string, at time.Time) error {
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		for _, re := range reversed(c.a.all("refund")) {
			if re.str("status") != "failed" && (id == "" || id == re.str("id") || id == re.str("charge")) {
				c.failRefund(re)
				return Sold{}, nil
			}
		}
		return Sold{}, missing(404, "refund", id, "id")
	})
	return err
}

// chargedBack tells whether the bank took the money of a charge back, or may yet.
func (a *account) chargedBack(ch object) bool {
	o, ok := a.get("dispute", ch.str("dispute"))
	return ok && !o.flag("is_charge_refundable") && o.str("status") != "won" && o.str("status") != "warning_closed"
}

// count changes what is refunded of a charge; less than nothing when a refund failed.
func (c *call) count(ch object, amount int64) {
	was := c.a.render(ch, version)
	ch["amount_refunded"] = ch.num("amount_refunded") + amount
	ch["refunded"] = ch.num("amount_refunded") == ch.num("amount")
	c.put(ch)
	kind := "charge.refunded"
	if amount < 0 {
		kind = "charge.updated"
	}
	c.emit(kind, ch, before(was, c.a.render(ch, version)))
}

func (c *call) turnRefund(re, now object) {
	was := c.a.render(re, version)
	c.put(re.with(now))
	c.emit("refund.updated", re, before(was, c.a.render(re, version)))
	c.emit("charge.refund.updated", re, before(was, c.a.render(re, version)))
}

func (c *call) failRefund(re object) {
	ch, _ := c.a.get("charge", re.str("charge"))
	c.turnRefund(re, object{"status": "failed", "failure_reason": "expired_or_canceled_card",
		"failure_balance_transaction": booking(re, "failure")})
	c.emit("refund.failed", re, nil)
	c.count(ch, -re.num("amount"))
}

// reverse takes the refunded share of a destination charge's transfer back; the last refund takes the rest.
func (c *call) reverse(ch, re object, left int64) (id any) {
	tr, _ := c.a.get("transfer", ch.str("transfer"))
	was := c.a.render(tr, version)
	amount := tr.num("amount") * re.num("amount") / ch.num("amount")
	if re.num("amount") == left && tr.num("amount_reversed") > 0 || re.num("amount") == ch.num("amount") {
		amount = tr.num("amount") - tr.num("amount_reversed")
	}
	rev := c.make("trr_1", "transfer_reversal", object{"amount": amount, "currency": tr["currency"], "transfer": tr["id"], "source_refund": re["id"]})
	c.put(rev)
	tr["amount_reversed"] = tr.num("amount_reversed") + amount
	tr["reversed"] = tr.num("amount_reversed") == tr.num("amount")
	tr["reversals"] = listOf("/v1/transfers/"+tr.str("id")+"/reversals", append([]any{rev}, tr.list("reversals")...)...)
	c.put(tr)
	c.emit("transfer.reversed", tr, before(was, c.a.render(tr, version)))
	return rev["id"]
}

func getRefund(c *call) (object, error) {
	o, err := c.need("refund", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listRefunds(c *call) (object, error) {
	return c.search(query{url: "/v1/refunds", kind: "refund", fields: []string{"charge", "payment_intent"}})
}
