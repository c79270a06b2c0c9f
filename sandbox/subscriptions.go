package sandbox

import (
	"fmt"
	"time"
)

// Subscribe is a Checkout for a subscription: a session whose payment intent is null, a subscription, and its first
// invoice, paid.
func (s *Sandbox) Subscribe(accountID string, o Order) (Sold, error) {
	return s.shop(accountID, o.At, func(c *call) (Sold, error) {
		o.Guest = false
		if err := o.check(c.a, c.at); err != nil {
			return Sold{}, err
		}
		cus, pm, err := c.buyer(&o)
		if err != nil {
			return Sold{}, err
		}
		product, price := c.goods(o, "Subscription")
		sub := c.subscription(o, cus, pm, product, price)
		first := o
		if o.Trial > 0 {
			first.Amount, first.Tax, first.Code, first.Lines = 0, 0, "", 1
		}
		in, sold, err := c.invoice(first, sub, cus, pm, "subscription_create")
		if err != nil {
			return Sold{}, err
		}
		c.emit("customer.subscription.created", sub, nil)
		more := object{"mode": "subscription", "subscription": sub["id"], "invoice": in["id"], "payment_method_collection": "always"}
		if o.Trial > 0 {
			more["payment_status"] = "no_payment_required"
		}
		cs := c.session(first, cus, more, product, price)
		sold.Session = cs.str("id")
		c.redeem(first)
		return sold, nil
	})
}

func (c *call) subscription(o Order, cus, pm, product, price object) object {
	meta := object{}
	if o.Told == BySubscription {
		meta[o.Key] = o.Partner
	}
	start, end := c.at, periodEnd(c.at, c.at, price.sub("recurring"))
	if o.Trial > 0 {
		end = c.at.AddDate(0, 0, o.Trial)
	}
	sub := c.make("sub_1", "subscription", object{"customer": cus["id"], "currency": o.Currency, "metadata": meta,
		"billing_cycle_anchor": start.Unix(), "current_period_start": start.Unix(), "current_period_end": end.Unix(),
		"start_date": start.Unix(), "default_payment_method": pm["id"], "_tax": o.Tax, "_product": product["name"]})
	if o.Trial > 0 {
		sub.with(object{"status": "trialing", "trial_start": start.Unix(), "trial_end": end.Unix(), "billing_cycle_anchor": end.Unix()})
	}
	plan := planOf(price)
	sub["plan"] = plan
	sub["items"] = listOf("/v1/subscription_items?subscription="+sub.str("id"), object{"object": "subscription_item",
		"id": "si_" + letters("item "+sub.str("id"), 14), "created": start.Unix(), "price": price, "plan": plan, "subscription": sub["id"]})
	return sub
}

// planOf is a recurring price under its older name.
func planOf(price object) object {
	return object{"object": "plan", "id": price["id"], "amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"],
		"created": price["created"], "currency": price["currency"], "interval": price.sub("recurring")["interval"], "product": price["product"]}
}

// Renew charges a subscription for its next period, which begins then.
func (s *Sandbox) Renew(accountID, subscription string, at time.Time) (Sold, error) {
	return s.shop(accountID, at, func(c *call) (Sold, error) {
		sub, err := c.running(subscription)
		if err != nil {
			return Sold{}, err
		}
		return c.renew(sub)
	})
}

// renew ends a subscription's period, or its trial, and charges the next one.
func (c *call) renew(sub object) (Sold, error) {
	cus, _ := c.a.get("customer", sub.str("customer"))
	pm, _ := c.a.get("payment_method", sub.str("default_payment_method"))
	price := tree(sub.list("items")[0]).sub("price")
	recurring := price.sub("recurring")
	o := Order{Email: cus.str("email"), Name: cus.str("name"), Amount: price.num("unit_amount") + sub.num("_tax"), Tax: sub.num("_tax"),
		Currency: sub.str("currency"), Interval: recurring.str("interval"), Product: sub.str("_product")}
	was := c.a.render(sub, version)
	if sub.str("status") == "trialing" {
		sub["status"], sub["trial_end"] = "active", min(c.at.Unix(), sub.num("trial_end"))
	}
	if c.at.Unix() != sub.num("current_period_end") {
		sub["billing_cycle_anchor"] = c.at.Unix() // not when it was due
	}
	sub["current_period_start"], sub["current_period_end"] = c.at.Unix(), periodEnd(time.Unix(sub.num("billing_cycle_anchor"), 0), c.at, recurring).Unix()
	_, sold, err := c.invoice(o, sub, cus, pm, "subscription_cycle")
	if err != nil {
		return Sold{}, err
	}
	c.emit("customer.subscription.updated", sub, before(was, c.a.render(sub, version)))
	return sold, nil
}

// invoice bills a subscription's period and collects the money.
func (c *call) invoice(o Order, sub, cus, pm object, reason string) (object, Sold, error) {
	n := max(cus.num("next_invoice_sequence"), 1)
	cus["next_invoice_sequence"] = n + 1
	c.put(cus)
	in := c.make("in_1", "invoice", object{"billing_reason": reason, "currency": o.Currency, "customer": cus["id"], "customer_email": cus["email"],
		"customer_name": cus["name"], "subscription": sub["id"], "subscription_details": object{"metadata": sub.sub("metadata").copy()},
		"number": fmt.Sprintf("%s-%04d", cus.str("invoice_prefix"), n), "effective_at": c.at.Unix(), "account_country": c.a.Country,
		"account_name": null(c.a.Name), "period_start": c.at.Unix(), "period_end": c.at.Unix(), "metadata": object{}})
	in["hosted_invoice_url"] = "https://invoice.stripe.com/i/" + c.a.ID + "/test_" + letters(in.str("id"), 40)
	in["status_transitions"] = object{"finalized_at": c.at.Unix(), "marked_uncollectible_at": nil, "paid_at": c.at.Unix(), "voided_at": nil}
	net := o.Amount - o.Tax
	d, less := c.discount(o, object{"invoice": in["id"], "customer": cus["id"]})
	if d != nil {
		in["discount"], in["discounts"] = d, []any{d["id"]}
		in["total_discount_amounts"] = []any{object{"amount": less, "discount": d["id"]}}
	}
	due := o.Amount - c.credit(in, cus, o.Amount)
	in.with(object{"subtotal": net + less, "subtotal_excluding_tax": net + less, "total_excluding_tax": net, "total": o.Amount, "amount_due": due,
		"amount_paid": due, "amount_remaining": 0, "tax": nil, "total_tax_amounts": taxes(o)})
	if o.Tax > 0 {
		in["tax"] = o.Tax
	}
	in["lines"] = listOf("/v1/invoices/"+in.str("id")+"/lines", c.lines(o, in, sub, d, less)...)
	pi, ch, err := c.charge(due, o, pm, object{"customer": cus["id"], "invoice": in["id"],
		"description": map[string]string{"subscription_create": "Subscription creation", "subscription_cycle": "Subscription update"}[reason]})
	if err != nil {
		return nil, Sold{}, err
	}
	in["payment_intent"], in["charge"], sub["latest_invoice"] = pi["id"], ch["id"], in["id"]
	c.put(in)
	c.put(sub)
	for _, kind := range []string{"invoice.created", "invoice.finalized"} {
		c.emit(kind, in.copy().with(object{"status": "open", "paid": false, "amount_paid": 0, "amount_remaining": due, "charge": nil,
			"attempted": false, "attempt_count": 0, "status_transitions": in.sub("status_transitions").copy().with(object{"paid_at": nil})}), nil)
	}
	if c.a.speaksNew() && due > 0 {
		c.emit("invoice_payment.paid", invoicePayment(c.a, in), nil)
	}
	c.emit("invoice.paid", in, nil)
	c.emit("invoice.payment_succeeded", in, nil)
	return in, Sold{Customer: cus.str("id"), Intent: pi.str("id"), Charge: ch.str("id"), Invoice: in.str("id"), Subscription: sub.str("id")}, nil
}

// charge collects what is due of an order; when nothing is, there is neither a payment intent nor a charge.
func (c *call) charge(due int64, o Order, pm, more object) (pi, ch object, err error) {
	if due == 0 {
		return object{}, object{}, nil
	}
	o.Amount = due
	return c.collect(o, pm, more)
}

// credit pays an invoice from the customer's balance, as far as it goes.
func (c *call) credit(in, cus object, amount int64) (used int64) {
	had := cus.num("balance")
	used = max(0, min(-had, amount))
	in["starting_balance"], in["ending_balance"] = had, had+used
	if used > 0 {
		cus["balance"] = had + used
		c.put(cus)
	}
	return used
}

// lines are what an invoice is for: one, or as many as the order says, of the same product but for the last.
func (c *call) lines(o Order, in, sub, d object, less int64) []any {
	n := int64(max(o.Lines, 1))
	whole, tax := o.Amount-o.Tax+less, o.Tax
	var all []any
	for i := range n {
		part, part2 := whole/n, less/n
		if i == n-1 {
			part, part2 = whole-part*(n-1), less-part2*(n-1)
			o.Tax = tax
		} else {
			o.Tax = 0
		}
		o.Amount = part + o.Tax
		l := c.line(o, in, sub)
		if i > 0 {
			l["id"] = "il_1" + letters(fmt.Sprint("line ", i, in.str("id")), 23)
		}
		if i > 0 && i == n-1 {
			o.Product, o.Price = "last", ""
			_, l["price"] = c.goods(o, "")
			l["plan"] = planOf(tree(l["price"]))
		}
		if d != nil {
			l["discount_amounts"] = []any{object{"amount": part2, "discount": d["id"]}}
		}
		all = append(all, l)
	}
	return all
}

func (c *call) line(o Order, in, sub object) object {
	item := tree(sub.list("items")[0])
	net := o.Amount - o.Tax
	return object{"id": "il_1" + letters("line "+in.str("id"), 23), "object": "line_item", "amount": net, "amount_excluding_tax": net,
		"unit_amount_excluding_tax": fmt.Sprint(net), "currency": o.Currency,
		"description": described(o, sub),
		"invoice":     in["id"], "metadata": sub.sub("metadata").copy(), "price": item["price"], "plan": item["plan"], "subscription": sub["id"],
		"subscription_item": item["id"], "tax_amounts": taxes(o),
		"period": object{"start": sub["current_period_start"], "end": sub["current_period_end"]}}
}

func described(o Order, sub object) string {
	if sub.str("status") == "trialing" {
		return "Trial period for " + sub.str("_product")
	}
	return fmt.Sprintf("1 × %s (at %s / %s)", sub.str("_product"), show(o.Amount-o.Tax, o.Currency), o.Interval)
}

func taxes(o Order) []any {
	if o.Tax == 0 {
		return []any{}
	}
	return []any{object{"amount": o.Tax, "inclusive": false, "tax_rate": "txr_1" + letters("tax", 23), "taxability_reason": "standard_rated",
		"taxable_amount": o.Amount - o.Tax}}
}
