package sandbox

import "time"

// The bank accounts that stand behind the test tokens of debits.
const (
	usBank    = "us bank account 000123456789"
	sepaDebit = "DE89370400440532013000"
)

// bankDebit makes a payment method that of a bank account.
func bankDebit(pm object) object {
	number := pm.str("_number")
	kind, print := cards[number].debit, letters(number, 16)
	details := object{"bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": print,
		"generated_from": object{"charge": nil, "setup_attempt": nil}, "last4": number[len(number)-4:]}
	if kind == "us_bank_account" {
		details = object{"account_holder_type": "company", "account_type": "checking", "bank_name": "STRIPE TEST BANK", "financial_connections_account": nil,
			"fingerprint": print, "last4": number[len(number)-4:], "networks": object{"preferred": "ach", "supported": []any{"ach"}},
			"routing_number": "110000000", "status_details": nil}
	}
	return pm.with(object{"type": kind, kind: details})
}

// shownDebit is a bank account as a charge shows it.
func shownDebit(pm object) object {
	kind, out := pm.str("type"), object{}
	shown := []string{"bank_code", "branch_code", "country", "fingerprint", "last4"}
	if kind == "us_bank_account" {
		shown = []string{"account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number"}
	}
	for _, f := range shown {
		out[f] = pm.sub(kind)[f]
	}
	if kind == "sepa_debit" {
		out["mandate"] = "mandate_1" + letters(pm.str("id"), 23)
	}
	return object{kind: out, "type": kind}
}

// begun is a debit that the bank was asked for; Settle says what came of it.
func (c *call) begun(o, pm object) {
	ch := c.newCharge(o, pm).with(object{"status": "pending", "paid": false, "amount_captured": o["amount"]})
	c.put(ch)
	pm["_used"] = true
	c.put(pm)
	o.with(object{"status": "processing", "latest_charge": ch["id"], "next_action": nil, "last_payment_error": nil, "payment_method": pm["id"]})
	c.put(o)
	c.emit("charge.pending", ch, nil)
	c.emit("payment_intent.processing", o, nil)
}

// Settle ends a payment intent that is processing: the bank paid, or it did not.
func (s *Sandbox) Settle(accountID, intentID string, ok bool) error {
	_, err := s.shop(accountID, time.Time{}, func(c *call) (Sold, error) {
		o, err := c.need("payment_intent", intentID)
		if err != nil {
			return Sold{}, err
		}
		if o.str("status") != "processing" {
			return Sold{}, invalid("", "", "The payment intent %s is %s, not processing.", intentID, o.str("status"))
		}
		ch, _ := c.a.get("charge", o.str("latest_charge"))
		pm, _ := c.a.get("payment_method", o.str("payment_method"))
		if ok {
			_, err = c.collected(o, pm, ch)
			return Sold{}, err
		}
		c.bounced(o, pm, ch)
		return Sold{}, nil
	})
	return err
}

// bounced is a debit that the bank did not pay.
func (c *call) bounced(o, pm, ch object) {
	const code, why = "insufficient_funds", "The customer's bank account has insufficient funds to cover this payment."
	ch.with(object{"status": "failed", "captured": false, "amount_captured": 0, "failure_code": code, "failure_message": why,
		"outcome": object{"network_status": "declined_by_network", "reason": code, "risk_level": "not_assessed", "seller_message": why, "type": "issuer_declined"}})
	c.put(ch)
	o.with(object{"status": "requires_payment_method", "payment_method": nil, "last_payment_error": object{"type": "invalid_request_error", "code": code, "message": why,
		"doc_url": "https://stripe.com/docs/error-codes/" + code, "charge": ch["id"], "payment_method": c.a.render(pm, version)}})
	c.put(o)
	c.emit("charge.failed", ch, nil)
	c.emit("payment_intent.payment_failed", o, nil)
}
