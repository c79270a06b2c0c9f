package sandbox

func createSetup(c *call) (object, error) {
	f := c.form
	confirm, err := f.flag("confirm")
	if err != nil {
		return nil, err
	}
	if f.has("customer") {
		if _, err := c.given("customer", "customer"); err != nil {
			return nil, err
		}
	}
	o := c.make("seti_1", "setup_intent", object{"customer": null(f.get("customer")), "usage": or(f.get("usage"), "off_session"),
		"description": null(f.get("description")), "metadata": f.metadata(nil)})
	o["client_secret"] = secret(o.str("id"))
	if auto := f.get("automatic_payment_methods[enabled]"); auto == "true" {
		o["automatic_payment_methods"] = object{"enabled": true, "allow_redirects": or(f.get("automatic_payment_methods[allow_redirects]"), "always")}
	}
	if !f.has("payment_method") {
		if confirm {
			return nil, invalid("setup_intent_unexpected_state", "", "You cannot confirm this SetupIntent because it's missing a payment method.")
		}
		c.put(o)
		c.emit("setup_intent.created", o, nil)
		return c.show(o)
	}
	pm, err := c.method("payment_method")
	if err != nil {
		return nil, err
	}
	o["payment_method"], o["status"] = pm["id"], "requires_confirmation"
	c.put(o)
	c.emit("setup_intent.created", o, nil)
	if confirm {
		return c.setUp(o, pm)
	}
	return c.show(o)
}

func getSetup(c *call) (object, error) {
	o, err := c.need("setup_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func confirmSetup(c *call) (object, error) {
	o, err := c.need("setup_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	if s := o.str("status"); s == "succeeded" || s == "canceled" {
		return nil, invalid("setup_intent_unexpected_state", "", "You cannot confirm this SetupIntent because it has already %s.", s)
	}
	if c.form.has("payment_method") {
		pm, err := c.method("payment_method")
		if err != nil {
			return nil, err
		}
		o["payment_method"] = pm["id"]
	}
	pm, ok := c.a.get("payment_method", o.str("payment_method"))
	if !ok {
		return nil, invalid("setup_intent_unexpected_state", "payment_method", "You cannot confirm this SetupIntent because it's missing a payment method.")
	}
	return c.setUp(o, pm)
}

// setUp asks the bank, which may want the holder to confirm first.
func (c *call) setUp(o, pm object) (object, error) {
	if err := c.wayBack(); err != nil {
		return nil, err
	}
	k := cards[pm.str("_number")]
	if c.worn(pm) {
		return nil, c.failSetup(o, pm, declined("expired_card"))
	}
	if k.refuse != "" && !k.keeps {
		return nil, c.failSetup(o, pm, declined(k.refuse))
	}
	if k.asks != never && !pm.flag("_confirmed") {
		o["status"], o["next_action"] = "requires_action", c.nextAction(o)
		c.put(o)
		c.emit("setup_intent.requires_action", o, nil)
		return c.show(o)
	}
	if err := c.endSetup(o, pm); err != nil {
		return nil, err
	}
	return c.show(o)
}

func (c *call) endSetup(o, pm object) error {
	pm["_confirmed"] = true
	c.put(pm)
	if cus := o.str("customer"); cus != "" {
		if err := c.attach(pm, cus); err != nil {
			return err
		}
	}
	o.with(object{"status": "succeeded", "next_action": nil, "last_setup_error": nil, "latest_attempt": "setatt_1" + letters(o.str("id"), 23)})
	c.put(o)
	c.emit("setup_intent.succeeded", o, nil)
	if cs, ok := c.a.sessionOf(o); ok {
		c.completeSession(cs)
	}
	return nil
}

func (c *call) failSetup(o, pm object, why *failure) error {
	o.with(object{"status": "requires_payment_method", "payment_method": nil, "next_action": nil})
	o["last_setup_error"] = why.body.copy().with(object{"payment_method": c.a.render(pm, version)})
	c.put(o)
	c.emit("setup_intent.setup_failed", o, nil)
	why.body["setup_intent"], why.body["payment_method"] = c.a.render(o, c.version), c.a.render(pm, c.version)
	return why
}

func cancelSetup(c *call) (object, error) {
	o, err := c.need("setup_intent", c.path("id"))
	if err != nil {
		return nil, err
	}
	if s := o.str("status"); s == "succeeded" || s == "canceled" {
		return nil, invalid("setup_intent_unexpected_state", "", "You cannot cancel this SetupIntent because it has a status of %s.", s)
	}
	o.with(object{"status": "canceled", "cancellation_reason": null(c.form.get("cancellation_reason")), "next_action": nil})
	c.put(o)
	c.emit("setup_intent.canceled", o, nil)
	return c.show(o)
}
