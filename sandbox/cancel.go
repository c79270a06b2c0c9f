package sandbox

import "time"

// Cancel ends a subscription at once, or says that it ends with its period.
func (s *Sandbox) Cancel(accountID, subscription string, atPeriodEnd bool, at time.Time) error {
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		sub, err := c.running(subscription)
		if err != nil {
			return Sold{}, err
		}
		if !atPeriodEnd {
			c.end(sub, object{})
			return Sold{}, nil
		}
		was := c.a.render(sub, version)
		c.endLater(sub, true)
		c.put(sub)
		c.emit("customer.subscription.updated", sub, before(was, c.a.render(sub, version)))
		return Sold{}, nil
	})
	return err
}

// running finds a subscription that has not ended.
func (c *call) running(id string) (object, error) {
	sub, err := c.need("subscription", id)
	if err != nil {
		return nil, err
	}
	if sub.str("status") == "canceled" {
		return nil, invalid("", "id", "The subscription %s has ended; a canceled subscription can only update its cancellation_details.", id)
	}
	return sub, nil
}

// end cancels a subscription now.
func (c *call) end(sub, details object) {
	sub.with(object{"status": "canceled", "ended_at": c.at.Unix()})
	if sub["canceled_at"] == nil {
		sub["canceled_at"] = c.at.Unix()
	}
	sub["cancellation_details"] = object{"comment": nil, "feedback": nil, "reason": "cancellation_requested"}.with(details)
	c.put(sub)
	c.emit("customer.subscription.deleted", sub, nil)
}

// endLater says whether a subscription ends with its period.
func (c *call) endLater(sub object, yes bool) {
	sub["cancel_at_period_end"] = yes
	sub["cancel_at"], sub["canceled_at"] = any(nil), any(nil)
	sub["cancellation_details"] = object{"comment": nil, "feedback": nil, "reason": nil}
	if yes {
		sub["cancel_at"], sub["canceled_at"] = sub["current_period_end"], c.at.Unix()
		sub["cancellation_details"] = object{"comment": nil, "feedback": nil, "reason": "cancellation_requested"}
	}
}

func cancelSubscription(c *call) (object, error) {
	sub, err := c.running(c.path("id"))
	if err != nil {
		return nil, err
	}
	c.end(sub, object{}.with(c.form.tree("cancellation_details")))
	return c.show(sub)
}

func updateSubscription(c *call) (object, error) {
	sub, err := c.running(c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(sub, version)
	sub["metadata"] = c.form.metadata(sub.sub("metadata"))
	later, err := c.form.flag("cancel_at_period_end")
	if err != nil {
		return nil, err
	}
	if c.form.has("cancel_at_period_end") && later != sub.flag("cancel_at_period_end") {
		c.endLater(sub, later)
	}
	if t := c.form.tree("cancellation_details"); t != nil {
		sub["cancellation_details"] = object{"comment": nil, "feedback": nil, "reason": nil}.with(sub.sub("cancellation_details")).with(t)
	}
	switch now := c.form.get("trial_end"); {
	case now != "" && now != "now":
		return nil, invalid("", "trial_end", "The sandbox ends a trial only now.")
	case now == "now" && sub.str("status") == "trialing":
		if _, err := c.renew(sub); err != nil {
			return nil, err
		}
		return c.show(sub)
	}
	c.put(sub)
	c.emit("customer.subscription.updated", sub, before(was, c.a.render(sub, version)))
	return c.show(sub)
}

// listSubscriptions leaves those out that ended, unless they are asked for.
func listSubscriptions(c *call) (object, error) {
	asked := c.form.get("status")
	wanted := func(o object) bool {
		status := text(o.value("status"))
		switch asked {
		case "all":
			return true
		case "":
			return status != "canceled"
		case "ended":
			return status == "canceled"
		}
		return status == asked
	}
	priced := func(o object) bool {
		return !c.form.has("price") || tree(o.list("items")[0]).sub("price").str("id") == c.form.get("price")
	}
	return c.search(query{url: "/v1/subscriptions", kind: "subscription", fields: []string{"customer", "collection_method"},
		want: func(o object) bool { return wanted(o) && priced(o) }})
}
