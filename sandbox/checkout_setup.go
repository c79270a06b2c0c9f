package sandbox

import (
	"strings"
	"time"
)

// sessionLife is how long a Checkout session stays open.
const sessionLife = 24 * time.Hour

// createSession opens a Checkout session on which a card is saved. Sales are made in the shop, without this call.
func createSession(c *call) (object, error) {
	f := c.form
	switch mode := f.get("mode"); {
	case mode == "":
		return nil, required("mode")
	case mode != "setup":
		return nil, invalid("", "mode", "The sandbox opens Checkout sessions in `setup` mode only.")
	case f.get("success_url") == "":
		return nil, required("success_url")
	case f.get("currency") == "" && len(f.list("payment_method_types")) == 0:
		return nil, invalid("parameter_missing", "currency", "Missing required param: currency. It is required in `setup` mode when `payment_method_types` is not set.")
	case f.has("currency") && !isCurrency(strings.ToLower(f.get("currency"))):
		return nil, invalid("", "currency", "Invalid currency: %s.", f.get("currency"))
	}
	for _, kind := range f.list("payment_method_types") {
		if kind != "card" {
			return nil, invalid("", "payment_method_types", "The payment method type provided: %s is invalid.", kind)
		}
	}
	for _, param := range []string{"success_url", "cancel_url"} {
		if f.has(param) {
			if err := c.webAddress(param); err != nil {
				return nil, err
			}
		}
	}
	if f.has("customer") {
		if _, err := c.given("customer", "customer"); err != nil {
			return nil, err
		}
	}
	until, set, err := f.num("expires_at")
	switch {
	case err != nil:
		return nil, err
	case !set:
		until = c.at.Add(sessionLife).Unix()
	case until < c.at.Add(30*time.Minute).Unix() || until > c.at.Add(sessionLife).Unix():
		return nil, invalid("", "expires_at", "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.")
	}
	si := c.make("seti_1", "setup_intent", object{"customer": null(f.get("customer")), "usage": "off_session", "metadata": f.below("setup_intent_data").metadata(nil)})
	si["client_secret"] = secret(si.str("id"))
	c.put(si)
	c.emit("setup_intent.created", si, nil)
	return c.show(c.openSession(si, until))
}

func (c *call) openSession(si object, until int64) object {
	prefix := "cs_test_a1"
	if c.a.isLive() {
		prefix = "cs_live_a1"
	}
	f := c.form
	cs := c.make(prefix, "checkout.session", object{"mode": "setup", "status": "open", "payment_status": "no_payment_required", "setup_intent": si["id"],
		"expires_at": until, "metadata": f.metadata(nil), "payment_method_collection": "always", "success_url": f.get("success_url")})
	for _, field := range []string{"customer", "customer_email", "cancel_url", "client_reference_id", "locale"} {
		cs[field] = null(f.get(field))
	}
	cs["currency"] = null(strings.ToLower(f.get("currency")))
	cs["url"] = c.address("/c/pay/" + cs.str("id"))
	c.put(cs)
	c.put(si.with(object{"_session": cs["id"]}))
	return cs
}

func expireSession(c *call) (object, error) {
	cs, err := c.need("checkout.session", c.path("id"))
	if err != nil {
		return nil, err
	}
	c.lapse(cs)
	if status := or(cs.str("status"), "complete"); status != "open" {
		return nil, invalid("", "", `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of %s.`, status)
	}
	c.endSession(cs)
	return c.show(cs)
}

// lapse ends an open session whose time is over.
func (c *call) lapse(cs object) {
	if cs.str("status") == "open" && c.at.Unix() >= cs.num("expires_at") {
		c.endSession(cs)
	}
}

// lapseAll ends all open sessions whose time is over.
func (c *call) lapseAll() {
	for _, si := range c.a.all("setup_intent") {
		if cs, open := c.a.sessionOf(si); open {
			c.lapse(cs)
		}
	}
}

func (c *call) endSession(cs object) {
	c.put(cs.with(object{"status": "expired", "url": nil}))
	if si, ok := c.a.get("setup_intent", cs.str("setup_intent")); ok {
		c.put(si.with(object{"status": "canceled", "cancellation_reason": "abandoned", "next_action": nil}))
		c.emit("setup_intent.canceled", si, nil)
	}
	c.emit("checkout.session.expired", cs, nil)
}

// completeSession ends a session whose card is saved.
func (c *call) completeSession(cs object) {
	si, _ := c.a.get("setup_intent", cs.str("setup_intent"))
	pm, _ := c.a.get("payment_method", si.str("payment_method"))
	cus, _ := c.a.get("customer", cs.str("customer"))
	c.put(cs.with(object{"status": "complete", "url": nil, "customer_details": object{"address": nil, "email": null(or(cus.str("email"), cs.str("customer_email"))),
		"name": pm.sub("billing_details")["name"], "phone": nil, "tax_exempt": "none", "tax_ids": []any{}}}))
	c.emit("checkout.session.completed", cs, nil)
}

// sessionOf finds the session that a setup intent was made for, and whether it is open.
func (a *account) sessionOf(si object) (cs object, open bool) {
	cs, ok := a.get("checkout.session", si.str("_session"))
	return cs, ok && cs.str("status") == "open"
}

// thanks is where a completed session leads to.
func thanks(cs object) string {
	return strings.NewReplacer("{CHECKOUT_SESSION_ID}", cs.str("id"), "%7BCHECKOUT_SESSION_ID%7D", cs.str("id")).Replace(cs.str("success_url"))
}
