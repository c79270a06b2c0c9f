package sandbox

import (
	"slices"
	"strings"
	"time"
)

// Dispute is a card holder who asks the bank for a payment back.
type Dispute struct {
	Of       string // the charge, or a payment intent, invoice or Checkout session that has one; empty means the latest charge
	Amount   int64  // in minor units; 0 means all that is not refunded
	Currency string // default the charge's
	Reason   string // default fraudulent
	Inquiry  bool   // the bank only asks first: no money moves, the status begins with warning_
	At       time.Time
}

// The ways a dispute can go on from each status; those that are not here are its end.
var courses = map[string][]string{
	"needs_response":         {"under_review", "won", "lost"},
	"under_review":           {"won", "lost"},
	"warning_needs_response": {"warning_under_review", "warning_closed", "needs_response"},
	"warning_under_review":   {"warning_closed", "needs_response"},
}

// disputeFee is what Stripe keeps for each dispute, in minor units.
const disputeFee = 1500

// Dispute opens a dispute and returns its id. But for an inquiry its amount is withdrawn at once.
func (s *Sandbox) Dispute(accountID string, d Dispute) (id string, err error) {
	_, err = s.shop(accountID, d.At, func(c *call) (Sold, error) {
		ch, err := c.chargeOf(d.Of)
		if err != nil {
			return Sold{}, err
		}
		o, err := c.dispute(ch, d)
		id = o.str("id")
		return Sold{}, err
	})
	return id, err
}

// MoveDispute brings a dispute to another status, which must be one it can go to: under_review, won, lost,
// warning_under_review, warning_closed, or needs_response from an inquiry that became a chargeback.
func (s *Sandbox) MoveDispute(accountID, id, status string, at time.Time) error {
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		o, err := c.need("dispute", id)
		if err != nil {
			return Sold{}, err
		}
		return Sold{}, c.moveDispute(o, status)
	})
	return err
}

// ReinstateDispute gives a part of what a dispute withdrew back, in minor units, and leaves its status as it is.
func (s *Sandbox) ReinstateDispute(accountID, id string, amount int64, at time.Time) error {
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		o, err := c.need("dispute", id)
		if err != nil {
			return Sold{}, err
		}
		if amount < 1 || amount > withdrawn(o) {
			return Sold{}, invalid("", "amount", "Dispute %s has %s withdrawn.", id, show(withdrawn(o), o.str("currency")))
		}
		was := c.a.render(o, version)
		c.funds(o, amount)
		c.put(o)
		c.emit("charge.dispute.funds_reinstated", o, before(was, c.a.render(o, version)))
		return Sold{}, nil
	})
	return err
}

func (c *call) dispute(ch object, d Dispute) (object, error) {
	if last, ok := c.a.get("dispute", ch.str("dispute")); ok && courses[last.str("status")] != nil {
		return nil, invalid("", "charge", "Charge %s is disputed already, by %s.", ch.str("id"), last.str("id"))
	}
	if ch.str("status") != "succeeded" {
		return nil, invalid("", "charge", "Charge %s failed, so there is nothing to dispute.", ch.str("id"))
	}
	left := ch.num("amount") - ch.num("amount_refunded")
	if d.Amount == 0 {
		d.Amount = left
	}
	if d.Amount < 1 {
		return nil, invalid("", "amount", "Charge %s is refunded, so there is nothing left to dispute.", ch.str("id"))
	}
	details := ch.sub("payment_method_details").sub("card")
	o := c.make("dp_1", "dispute", object{"amount": d.Amount, "currency": or(d.Currency, ch.str("currency")), "charge": ch["id"],
		"payment_intent": ch["payment_intent"], "reason": or(d.Reason, "fraudulent"), "status": "needs_response", "metadata": object{},
		"payment_method_details": object{"type": "card", "card": object{"brand": details["brand"], "network_reason_code": "10.4"}}})
	if details == nil { // a debit that its bank took back after it had been paid (MONEY.md 4.7)
		delete(o, "payment_method_details")
	}
	o["evidence_details"] = object{"due_by": c.at.AddDate(0, 0, 9).Unix(), "has_evidence": false, "past_due": false, "submission_count": 0}
	if d.Inquiry {
		o.with(object{"status": "warning_needs_response", "is_charge_refundable": true})
	}
	ch.with(object{"disputed": true, "dispute": o["id"]})
	c.put(ch)
	c.put(o)
	c.emit("charge.dispute.created", o, nil)
	if !d.Inquiry {
		c.withdraw(o)
	}
	return o, nil
}

// withdraw takes the money of a dispute off the account's balance.
func (c *call) withdraw(o object) {
	was := c.a.render(o, version)
	c.funds(o, -o.num("amount"))
	c.put(o)
	c.emit("charge.dispute.funds_withdrawn", o, before(was, c.a.render(o, version)))
}

// funds books a move of a dispute's money; what is withdrawn costs a fee.
func (c *call) funds(o object, amount int64) {
	moved, from := o.list("balance_transactions"), o.str("currency")
	currency := c.a.lands(from)
	line := object{"type": "adjustment", "amount": convert(amount, from, currency), "currency": currency, "exchange_rate": exchange(from, currency), "source": o["id"],
		"description": "Chargeback reversal for " + o.str("charge"), "reporting_category": "dispute_reversal", "_of": amount}
	if amount < 0 {
		line.with(object{"description": "Chargeback withdrawal for " + o.str("charge"), "reporting_category": "dispute", "fee": disputeFee,
			"fee_details": []any{stripeFee(disputeFee, currency, "Dispute fee")}})
	}
	o["balance_transactions"] = append(slices.Clone(moved), c.due(c.book(c.a, line)))
}

// withdrawn is what a dispute took and did not give back yet, in its own currency.
func withdrawn(o object) (left int64) {
	for _, t := range o.list("balance_transactions") {
		of := "_of"
		if tree(t)[of] == nil { // as older journals have it
			of = "amount"
		}
		left -= tree(t).num(of)
	}
	return left
}

func (c *call) moveDispute(o object, status string) error {
	from := o.str("status")
	if !slices.Contains(courses[from], status) {
		return invalid("", "status", "Dispute %s is %s and cannot become %s.", o.str("id"), from, status)
	}
	was := c.a.render(o, version)
	o["status"] = status
	o["is_charge_refundable"] = strings.HasPrefix(status, "warning_")
	back := status == "won" && withdrawn(o) > 0
	if back {
		c.funds(o, withdrawn(o))
	}
	c.put(o)
	kind := "charge.dispute.updated"
	if courses[status] == nil {
		kind = "charge.dispute.closed"
	}
	changed := before(was, c.a.render(o, version))
	c.emit(kind, o, changed)
	switch {
	case back:
		c.emit("charge.dispute.funds_reinstated", o, changed)
	case status == "needs_response":
		c.withdraw(o)
	}
	return nil
}

func getDispute(c *call) (object, error) {
	o, err := c.need("dispute", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listDisputes(c *call) (object, error) {
	return c.search(query{url: "/v1/disputes", kind: "dispute", fields: []string{"charge", "payment_intent"}})
}

// updateDispute takes evidence; the texts winning_evidence and losing_evidence decide the dispute (MONEY.md 4.8).
func updateDispute(c *call) (object, error) {
	o, err := c.need("dispute", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	o["metadata"] = c.form.metadata(o.sub("metadata"))
	evidence := c.form.tree("evidence")
	if evidence == nil {
		c.put(o)
		c.emit("charge.dispute.updated", o, before(was, c.a.render(o, version)))
		return c.show(o)
	}
	open := slices.DeleteFunc(slices.Clone(courses[o.str("status")]), func(to string) bool { return !strings.HasSuffix(to, "under_review") })
	if len(open) == 0 {
		return nil, invalid("", "", "This dispute has already been submitted or decided, so its evidence cannot be changed.")
	}
	o["evidence"] = shapes.sub("dispute").sub("evidence").copy().with(o.sub("evidence")).with(evidence)
	details := o.sub("evidence_details").copy().with(object{"has_evidence": true})
	o["evidence_details"] = details
	if c.form.get("submit") == "false" {
		c.put(o)
		c.emit("charge.dispute.updated", o, before(was, c.a.render(o, version)))
		return c.show(o)
	}
	details["submission_count"] = details.num("submission_count") + 1
	if err := c.moveDispute(o, open[0]); err != nil {
		return nil, err
	}
	if end := map[string]string{"winning_evidence": "won", "losing_evidence": "lost"}[evidence.str("uncategorized_text")]; end != "" && open[0] == "under_review" {
		if err := c.moveDispute(o, end); err != nil {
			return nil, err
		}
	}
	return c.show(o)
}

// closeDispute gives a dispute up.
func closeDispute(c *call) (object, error) {
	o, err := c.need("dispute", c.path("id"))
	if err != nil {
		return nil, err
	}
	end := "lost"
	if strings.HasPrefix(o.str("status"), "warning_") {
		end = "warning_closed"
	}
	if err := c.moveDispute(o, end); err != nil {
		return nil, err
	}
	return c.show(o)
}
