package sandbox

import "strings"

func createIntent(c *call) (object, error) {
	f := c.form
	o, err := c.newIntent()
	if err != nil {
		return nil, err
	}
	confirm, err := f.flag("confirm")
	if err != nil {
		return nil, err
	}
	if f.has("off_session") && !confirm {
		return nil, invalid("", "off_session", "You cannot pass off_session when confirm is not true.")
	}
	if confirm && !f.has("payment_method") {
		return nil, invalid("payment_intent_unexpected_state", "", "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	}
	pm := object(nil)
	if f.has("payment_method") {
		if pm, err = c.usable(o); err != nil {
			return nil, err
		}
		o["payment_method"], o["status"] = pm["id"], "requires_confirmation"
	}
	c.put(o)
	c.emit("payment_intent.created", o, nil)
	if confirm {
		return c.confirm(o, pm)
	}
	return c.show(o)
}

// newIntent reads and checks what does not depend on the card.
func (c *call) newIntent() (object, error) {
	f := c.form
	amount, set, err := f.num("amount")
	currency := strings.ToLower(f.get("currency"))
	switch {
	case err != nil:
		return nil, err
	case !set:
		return nil, required("amount")
	case currency == "":
		return nil, required("currency")
	case !isCurrency(currency):
		return nil, invalid("", "currency", "Invalid currency: %s.", currency)
	case f.has("statement_descriptor"):
		return nil, invalid("", "statement_descriptor", "The `statement_descriptor` parameter is not supported for the `card` payment method type. Use `statement_descriptor_suffix` instead.")
	}
	if err := chargeable(amount, currency); err != nil {
		return nil, err
	}
	if f.has("customer") {
		if _, err := c.given("customer", "customer"); err != nil {
			return nil, err
		}
	}
	to, fee, err := c.destination(amount)
	if err != nil {
		return nil, err
	}
	o := c.make("pi_3", "payment_intent", object{"amount": amount, "currency": currency, "metadata": f.metadata(nil), "transfer_data": nil})
	o["client_secret"] = secret(o.str("id"))
	for _, field := range []string{"customer", "description", "statement_descriptor_suffix", "transfer_group", "on_behalf_of", "receipt_email", "setup_future_usage"} {
		o[field] = null(f.get(field))
	}
	if to != nil {
		o["transfer_data"] = to
	}
	if fee > 0 {
		o["application_fee_amount"] = fee
	}
	if f.get("automatic_payment_methods[enabled]") == "true" {
		o["automatic_payment_methods"] = object{"enabled": true, "allow_redirects": or(f.get("automatic_payment_methods[allow_redirects]"), "always")}
	}
	return o, nil
}

// destination reads where the money goes on to; it fails before any charge when the account cannot receive.
func (c *call) destination(amount int64) (to object, fee int64, err error) {
	fee, _, err = c.form.num("application_fee_amount")
	if err != nil {
		return nil, 0, err
	}
	part, partial, err := c.form.num("transfer_data[amount]")
	if err != nil {
		return nil, 0, err
	}
	id := c.form.get("transfer_data[destination]")
	switch {
	case id == "" && partial:
		return nil, 0, required("transfer_data[destination]")
	case id == "" && fee > 0:
		return nil, 0, invalid("", "application_fee_amount", "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).")
	case id == "":
		return nil, 0, nil
	case partial && (part < 1 || part > amount):
		return nil, 0, invalid("parameter_invalid_integer", "transfer_data[amount]", "transfer_data[amount] must be at least 1 and at most the amount.")
	case partial && fee > 0:
		return nil, 0, invalid("", "application_fee_amount", "You cannot pass both transfer_data[amount] and application_fee_amount.")
	case fee < 0 || fee > amount:
		return nil, 0, invalid("parameter_invalid_integer", "application_fee_amount", "The application fee must be at most the amount.")
	}
	to = object{"destination": id}
	if partial {
		to["amount"] = part
	}
	return to, fee, c.receives(id)
}

// usable reads the payment method of the request and refuses one that belongs to another customer.
func (c *call) usable(pi object) (object, error) {
	pm, err := c.method("payment_method")
	if err != nil {
		return nil, err
	}
	owner, payer := pm.str("customer"), pi.str("customer")
	switch {
	case owner != "" && payer == "":
		return nil, invalid("payment_method_customer_missing", "", "The PaymentMethod %s belongs to the Customer %s. Please include the Customer in the `customer` parameter on the PaymentIntent.", pm["id"], owner)
	case owner != "" && owner != payer:
		return nil, invalid("payment_method_customer_mismatch", "", "The provided PaymentMethod belongs to another Customer than the PaymentIntent.")
	case pm.flag("_detached") || pm.flag("_used") && owner == "":
		return nil, invalid("", "payment_method", "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.")
	}
	return pm, nil
}

func confirmIntent(c *call) (object, error) {
	o, err := c.need("payment_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	if s := o.str("status"); s == "succeeded" || s == "canceled" || s == "processing" {
		return nil, c.unexpected(o, "You cannot confirm this PaymentIntent because it has already %s.", map[bool]string{true: "begun " + s, false: s}[s == "processing"])
	}
	for _, field := range []string{"receipt_email", "setup_future_usage"} {
		if c.form.has(field) {
			o[field] = null(c.form.get(field))
		}
	}
	if c.form.has("payment_method") {
		pm, err := c.usable(o)
		if err != nil {
			return nil, err
		}
		o["payment_method"] = pm["id"]
	}
	pm, ok := c.a.get("payment_method", o.str("payment_method"))
	if !ok {
		return nil, c.unexpected(o, "You cannot confirm this PaymentIntent because it's missing a payment method.")
	}
	if to := o.sub("transfer_data").str("destination"); to != "" {
		if err := c.receives(to); err != nil {
			return nil, err
		}
	}
	return c.confirm(o, pm)
}

func (c *call) unexpected(o object, format string, args ...any) error {
	f := invalid("payment_intent_unexpected_state", "", format, args...)
	f.body["payment_intent"] = c.a.render(o, c.version)
	return f
}

// confirm asks the bank for the money (MONEY.md 4.5).
func (c *call) confirm(o, pm object) (object, error) {
	away, err := c.form.flag("off_session")
	if err != nil {
		switch c.form.get("off_session") {
		case "one_off", "recurring":
			away = true
		default:
			return nil, err
		}
	}
	strict, err := c.form.flag("error_on_requires_action")
	if err != nil {
		return nil, err
	}
	if err := c.wayBack(); err != nil {
		return nil, err
	}
	refuse, asks := c.bankAnswers(o, pm)
	switch {
	case refuse != "":
		return nil, c.decline(o, pm, declined(refuse))
	case c.worn(pm):
		return nil, c.decline(o, pm, declined("expired_card"))
	case asks && away:
		return nil, c.decline(o, pm, declined("authentication_required"))
	case asks && strict:
		return nil, c.decline(o, pm, declined("authentication_not_handled"))
	case asks:
		o["status"], o["next_action"] = "requires_action", c.nextAction(o)
		c.put(o)
		c.emit("payment_intent.requires_action", o, nil)
		return c.show(o)
	}
	if cards[pm.str("_number")].debit != "" {
		c.begun(o, pm)
		return c.show(o)
	}
	if _, err := c.succeed(o, pm); err != nil {
		return nil, err
	}
	return c.show(o)
}

// succeed takes the money and sends it on to the destination.
func (c *call) succeed(o, pm object) (charge object, err error) {
	return c.collected(o, pm, c.newCharge(o, pm))
}

// collected is a charge whose money is there.
func (c *call) collected(o, pm, ch object) (charge object, err error) {
	ch.with(object{"amount_captured": o["amount"], "status": "succeeded", "paid": true, "outcome": object{"network_status": "approved_by_network", "reason": nil, "risk_level": "normal", "risk_score": 17,
		"seller_message": "Payment complete.", "type": "authorized"}})
	c.came(ch)
	if o.sub("transfer_data") != nil {
		c.transfer(o, ch)
	}
	c.put(ch)
	if o.str("setup_future_usage") != "" && o.str("customer") != "" {
		pm["_confirmed"] = true
		if err := c.attach(pm, o.str("customer")); err != nil {
			return nil, err
		}
	}
	pm["_used"] = true
	c.put(pm)
	o.with(object{"status": "succeeded", "amount_received": o["amount"], "latest_charge": ch["id"], "next_action": nil,
		"last_payment_error": nil, "payment_method": pm["id"]})
	c.put(o)
	c.emit("charge.succeeded", ch, nil)
	c.emit("payment_intent.succeeded", o, nil)
	if d := cards[pm.str("_number")].doubts; d != none {
		_, err = c.dispute(ch, Dispute{Inquiry: d == inquiry})
	}
	return ch, err
}

// decline notes a failed charge and gives back the error, which carries the intent.
func (c *call) decline(o, pm object, why *failure) error {
	code := why.body.str("code")
	ch := c.newCharge(o, pm).with(object{"status": "failed", "paid": false, "captured": false, "failure_code": code, "failure_message": why.body["message"],
		"outcome": object{"network_status": "declined_by_network", "reason": or(why.body.str("decline_code"), code), "risk_level": "normal",
			"risk_score": 17, "seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined"}})
	c.put(ch)
	shown := c.a.render(pm, version)
	o.with(object{"status": "requires_payment_method", "payment_method": nil, "latest_charge": ch["id"], "next_action": nil,
		"last_payment_error": why.body.copy().with(object{"charge": ch["id"], "payment_method": shown})})
	c.put(o)
	c.emit("charge.failed", ch, nil)
	c.emit("payment_intent.payment_failed", o, nil)
	why.body.with(object{"charge": ch["id"], "payment_method": shown, "payment_intent": c.a.render(o, c.version)})
	return why
}

// Authenticate is the card holder who answers the bank's question for a payment or setup intent that requires action.
func (s *Sandbox) Authenticate(accountID, intentID string, yes bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Sandbox: s, a: s.account(accountID), at: s.clock(s.account(accountID)), version: version}
	o, ok := c.a.get("", intentID)
	if !ok || o.str("status") != "requires_action" {
		return missing(404, "payment_intent", intentID, "id")
	}
	if err := c.authenticate(o, yes); err != nil {
		return err
	}
	return c.commit()
}

func (c *call) authenticate(o object, yes bool) error {
	pm, _ := c.a.get("payment_method", o.str("payment_method"))
	no := cardError(o.str("object")+"_authentication_failure", "", "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.")
	no.body["type"] = "invalid_request_error"
	setup := o.str("object") == "setup_intent"
	switch {
	case yes && setup:
		return c.endSetup(o, pm)
	case yes:
		_, err := c.succeed(o, pm)
		return err
	case setup:
		_ = c.failSetup(o, pm, no)
	default:
		o.with(object{"status": "requires_payment_method", "payment_method": nil, "next_action": nil, "last_payment_error": no.body})
		c.put(o)
		c.emit("payment_intent.payment_failed", o, nil)
	}
	return nil
}

func getIntent(c *call) (object, error) {
	o, err := c.need("payment_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listIntents(c *call) (object, error) {
	return c.search(query{url: "/v1/payment_intents", kind: "payment_intent", fields: []string{"customer"}})
}

func cancelIntent(c *call) (object, error) {
	o, err := c.need("payment_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	if s := o.str("status"); s == "succeeded" || s == "canceled" || s == "processing" {
		return nil, c.unexpected(o, "You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.", s)
	}
	o.with(object{"status": "canceled", "canceled_at": c.at.Unix(), "next_action": nil,
		"cancellation_reason": null(c.form.get("cancellation_reason"))})
	c.put(o)
	c.emit("payment_intent.canceled", o, nil)
	return c.show(o)
}
