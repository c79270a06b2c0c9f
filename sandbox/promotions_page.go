package sandbox

import "time"

// codesShown is how many promotion codes the page lists, the newest first.
const codesShown = 10

// promotions are an account's promotion codes with the coupon of each, as rows of the page.
func (s *Sandbox) promotions(a *account) (rows []row) {
	c := &call{Sandbox: s, a: a, at: s.clock(a), version: version}
	all := reversed(a.all("promotion_code"))
	for _, o := range all[:min(len(all), codesShown)] {
		r := row{ID: o.str("id"), Title: o.str("code"), Detail: or(o.sub("coupon").str("name"), o.sub("coupon").str("id")), State: state{"Inactive", "cross", "tone-neutral"},
			Steps: []option{{Value: "on", Label: "Turn on"}}}
		if c.active(o) {
			r.State = state{"Active", "check", "tone-success"}
		}
		if on(o) {
			r.Steps = []option{{Value: "off", Label: "Turn off"}}
		}
		rows = append(rows, r)
	}
	return rows
}

// TurnCode turns a promotion code on or off, as the account's owner does in Stripe. A code that cannot be used any more stays off.
func (s *Sandbox) TurnCode(accountID, id string, yes bool) error {
	_, err := s.shop(accountID, time.Time{}, func(c *call) (Sold, error) {
		o, err := c.need("promotion_code", id)
		if err != nil {
			return Sold{}, err
		}
		was := c.a.render(c.asNow(o), version)
		o["active"] = yes
		if yes && !c.active(o) {
			return Sold{}, invalid("", "active", "This code cannot be turned on: it expired, was used as often as it may, or its coupon is no longer valid.")
		}
		if err := c.unique(o); err != nil {
			return Sold{}, err
		}
		c.put(o)
		c.emit("promotion_code.updated", c.asNow(o), before(was, c.a.render(c.asNow(o), version)))
		return Sold{}, nil
	})
	return err
}
