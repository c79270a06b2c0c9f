package sandbox

func createCustomer(c *call) (object, error) {
	o, err := c.newCustomer(c.form)
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func (c *call) newCustomer(f form) (object, error) {
	o := c.make("cus_", "customer", object{"metadata": object{}})
	o["invoice_prefix"] = letters(o.str("id"), 8)
	if err := c.fillCustomer(o, f); err != nil {
		return nil, err
	}
	c.put(o)
	c.emit("customer.created", o, nil)
	return o, nil
}

func (c *call) fillCustomer(o object, f form) error {
	for _, field := range []string{"name", "email", "phone", "description", "tax_exempt"} {
		if f.has(field) {
			o[field] = null(f.get(field))
		}
	}
	for _, field := range []string{"address", "shipping"} {
		if t := f.tree(field); t != nil {
			o[field] = t
		}
	}
	if l := f.list("preferred_locales"); len(l) > 0 {
		o["preferred_locales"] = l
	}
	o["metadata"] = f.metadata(o.sub("metadata"))
	if f.has("payment_method") {
		pm, err := c.method("payment_method")
		if err != nil {
			return err
		}
		if err := c.attach(pm, o.str("id")); err != nil {
			return err
		}
	}
	if id := f.get("invoice_settings[default_payment_method]"); id != "" {
		if pm, ok := c.a.get("payment_method", id); !ok || pm.str("customer") != o.str("id") {
			return invalid("resource_missing", "invoice_settings[default_payment_method]", "No such PaymentMethod: '%s'; It is not attached to the customer.", id)
		}
	}
	if t := f.tree("invoice_settings"); t != nil {
		o["invoice_settings"] = shapes.sub("customer").sub("invoice_settings").copy().with(o.sub("invoice_settings")).with(t)
	}
	return nil
}

// deleteCustomer takes a customer away and ends what they subscribed to.
func deleteCustomer(c *call) (object, error) {
	o, err := c.need("customer", c.path("id"))
	if err != nil {
		return nil, err
	}
	for _, sub := range c.a.where("subscription", "customer", o.str("id")) {
		if sub.str("status") != "canceled" {
			c.end(sub, object{})
		}
	}
	return c.remove(o, "customer.deleted")
}

func getCustomer(c *call) (object, error) {
	if k := c.a.objects[c.path("id")]; k != nil && k.kind == "customer" {
		if _, there := k.read(); !there {
			return object{"id": k.id, "object": "customer", "deleted": true}, nil
		}
	}
	o, err := c.need("customer", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func updateCustomer(c *call) (object, error) {
	o, err := c.need("customer", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	if err := c.fillCustomer(o, c.form); err != nil {
		return nil, err
	}
	c.put(o)
	c.emit("customer.updated", o, before(was, c.a.render(o, version)))
	return c.show(o)
}

func listCustomers(c *call) (object, error) {
	return c.search(query{url: "/v1/customers", kind: "customer", fields: []string{"email"}})
}

// before holds the fields of was that now is different in; of metadata only the keys that changed, null for one that was
// not there.
func before(was, now object) object {
	out := object{}
	for k, v := range was {
		if string(encode(v)) != string(encode(now[k])) {
			out[k] = v
		}
	}
	if _, changed := out["metadata"]; changed {
		keys := before(was.sub("metadata"), now.sub("metadata"))
		for k := range now.sub("metadata") {
			if _, there := was.sub("metadata")[k]; !there {
				keys[k] = nil
			}
		}
		out["metadata"] = keys
	}
	return out
}
