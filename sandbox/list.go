package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// show renders an object for the caller's API version and expands what was asked for.
func (c *call) show(o object) (object, error) {
	out := c.a.render(o, c.version)
	for _, path := range c.form.list("expand") {
		if err := c.expand(out, strings.Split(path, "."), path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *call) expand(v any, steps []string, path string) error {
	if l, ok := v.([]any); ok {
		for _, one := range l {
			if err := c.expand(one, steps, path); err != nil {
				return err
			}
		}
		return nil
	}
	o := tree(v)
	if len(steps) == 0 || o == nil {
		return nil
	}
	value, known := o[steps[0]]
	if more := c.included(o, steps[0]); more != nil {
		value, known = c.a.render(more, c.version), true
	}
	if ids, ok := value.([]any); ok {
		all := make([]any, len(ids))
		for i, id := range ids {
			all[i] = c.found(id)
		}
		value = all
	}
	value = c.found(value)
	if !known {
		return invalid("", "expand", "This property cannot be expanded (%s).", path)
	}
	o[steps[0]] = value
	return c.expand(value, steps[1:], path)
}

// found is the object that an id stands for; anything else stays as it is.
func (c *call) found(value any) any {
	id, ok := value.(string)
	if !ok {
		return value
	}
	if o, ok := c.byID(id); ok {
		return c.a.render(o, c.version)
	}
	return value
}

// included are the lists that an object has only when they are asked for.
func (c *call) included(o object, name string) object {
	id := o.str("id")
	switch o.str("object") + " " + name {
	case "charge refunds":
		return listOf("/v1/charges/"+id+"/refunds", anys(reversed(c.a.where("refund", "charge", id)))...)
	case "checkout.session line_items":
		s, _ := c.a.get("checkout.session", id)
		return listOf("/v1/checkout/sessions/"+id+"/line_items", s.list("_items")...)
	case "checkout.session total_details":
		s, _ := c.a.get("checkout.session", id)
		return s.sub("total_details").copy().with(object{"breakdown": object{"discounts": s.list("_discounts"), "taxes": []any{}}})
	case "coupon applies_to":
		coupon, _ := c.a.get("coupon", id)
		return coupon.sub("_applies_to")
	case "invoice payments":
		in, _ := c.a.get("invoice", id)
		if in.str("payment_intent") == "" {
			return listOf("/v1/invoice_payments")
		}
		return listOf("/v1/invoice_payments", invoicePayment(c.a, in))
	}
	return nil
}

func (c *call) byID(id string) (object, bool) {
	if id == c.a.ID {
		return c.a.self(), true
	}
	o, ok := c.a.get("", id)
	if !ok {
		o, ok = c.beyond(id)
	}
	if o.str("object") == "balance_transaction" {
		c.due(o)
	}
	return o, ok
}

// beyond finds the payment that a transfer became in a connected account, and its balance transaction.
func (c *call) beyond(id string) (object, bool) {
	if !strings.HasPrefix(id, "py_") && !strings.HasPrefix(id, "pyr_") && !strings.HasPrefix(id, "txn_") {
		return nil, false
	}
	for _, a := range c.accounts {
		if a.platform == c.a {
			if o, ok := a.get("", id); ok {
				return o, true
			}
		}
	}
	return nil, false
}

// page answers a request for a list that stands inside something: the last first, a page of it, and whether there is more.
func (c *call) page(url string, found []object) (object, error) {
	limit, err := c.limitOf()
	if err != nil {
		return nil, err
	}
	found, err = c.within(reversed(found))
	if err != nil {
		return nil, err
	}
	found, more, err := c.cut(found, limit)
	if err != nil {
		return nil, err
	}
	out := listOf(url, anys(found)...)
	out["has_more"] = more
	return c.show(out)
}

// cut takes the page after or before the cursor.
func (c *call) cut(found []object, limit int) (page []object, more bool, err error) {
	at := func(param string) (int, error) {
		i := slices.IndexFunc(found, func(o object) bool { return o.str("id") == c.form.get(param) })
		if i < 0 {
			return 0, invalid("resource_missing", param, "No such object: '%s'", c.form.get(param))
		}
		return i, nil
	}
	if c.form.has("ending_before") {
		i, err := at("ending_before")
		if err != nil {
			return nil, false, err
		}
		found = found[:i]
		return found[max(0, len(found)-limit):], len(found) > limit, nil
	}
	if c.form.has("starting_after") {
		i, err := at("starting_after")
		if err != nil {
			return nil, false, err
		}
		found = found[i+1:]
	}
	return found[:min(limit, len(found))], len(found) > limit, nil
}

// within keeps what was created in the span that was asked for.
func (c *call) within(found []object) ([]object, error) {
	tests := map[string]func(at, n int64) bool{
		"created":      func(at, n int64) bool { return at == n },
		"created[gt]":  func(at, n int64) bool { return at > n },
		"created[gte]": func(at, n int64) bool { return at >= n },
		"created[lt]":  func(at, n int64) bool { return at < n },
		"created[lte]": func(at, n int64) bool { return at <= n },
	}
	for param, holds := range tests {
		n, set, err := c.form.num(param)
		if err != nil {
			return nil, err
		}
		if set {
			found = slices.DeleteFunc(found, func(o object) bool { return !holds(o.num("created"), n) })
		}
	}
	return found, nil
}

// text is a value as a parameter writes it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func reversed(found []object) []object {
	out := slices.Clone(found)
	slices.Reverse(out)
	return out
}

func anys(found []object) []any {
	out := []any{}
	for _, o := range found {
		out = append(out, o)
	}
	return out
}
