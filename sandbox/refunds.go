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
	fees, err := f.flag("refund_application_fee")
	if err != nil {
		return nil, err
	}
	re, err := c.refund(ch, amount, takeBack{back, fees}, object{"reason": null(f.get("reason")), "metadata": f.metadata(nil)})
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

// takeBack says what a refund of a destination charge takes back besides: the transfer, and the application fee.
type takeBack struct{ transfer, fee bool }

// refund gives an amount of a charge back; 0 means all that is left.
func (c *call) refund(ch object, amount int64, back takeBack, more object) (object, error) {
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
	case back.transfer && ch.str("transfer") == "":
		return nil, invalid("", "reverse_transfer", "Cannot reverse transfer on charge %s because it does not have an associated transfer.", ch.str("id"))
	case back.fee && ch.str("application_fee") == "":
		return nil, invalid("", "refund_application_fee", "Cannot refund the application fee of charge %s because it has none.", ch.str("id"))
	case amount == 0:
		amount = left
	}
	undo, err := c.undoFor(ch, amount, back)
	if err != nil {
		return nil, err
	}
	re := c.make("re_3", "refund", object{"amount": amount, "currency": currency, "charge": ch["id"],
		"payment_intent": ch["payment_intent"]}).with(more)
	c.went(re, ch)
	switch {
	case undo != nil:
		re["transfer_reversal"] = c.reverse(undo, object{"source_refund": re["id"]})["id"]
	case back.fee:
		c.forgo(ch, amount)
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

// undoFor is the share of a destination charge's transfer that goes back with so much of the charge.
func (c *call) undoFor(ch object, amount int64, back takeBack) (*undoing, error) {
	if !back.transfer {
		return nil, nil
	}
	tr, _ := c.a.get("transfer", ch.str("transfer"))
	from := ch.num("amount_refunded")
	part := min(span(tr.num("amount"), from, from+amount, ch.num("amount")), max(1, tr.num("amount")-tr.num("amount_reversed")))
	if part == 0 { // less than half a minor unit
		return nil, nil
	}
	return c.undo(tr, part, back.fee)
}

// went books the money of a refund; Stripe keeps its fee.
func (c *call) went(re, ch object) {
	funds, from := c.a.bookingOf(ch), ch.num("amount_refunded")
	kind := "refund"
	if funds.str("type") == "payment" {
		kind = "payment_refund"
	}
	re["balance_transaction"] = c.book(c.a, object{"type": kind, "amount": -span(funds.num("amount"), from, from+re.num("amount"), ch.num("amount")),
		"currency": funds["currency"], "source": re["id"], "available_on": c.ready(funds), "exchange_rate": funds["exchange_rate"],
		"description": "REFUND FOR CHARGE"})["id"]
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
	gone := c.a.bookingOf(re)
	back := c.book(c.a, object{"type": "refund_failure", "amount": max(gone.num("amount"), -gone.num("amount")), "currency": gone["currency"], "source": re["id"],
		"exchange_rate": gone["exchange_rate"], "description": "REFUND FAILURE"})
	c.turnRefund(re, object{"status": "failed", "failure_reason": "expired_or_canceled_card", "failure_balance_transaction": back["id"]})
	c.emit("refund.failed", re, nil)
	c.count(ch, -re.num("amount"))
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
