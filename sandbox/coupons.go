package sandbox

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

const couponParams = "id percent_off amount_off currency duration duration_in_months name max_redemptions redeem_by applies_to[*] metadata[*]"

var percents = regexp.MustCompile(`^\d{1,3}(\.\d{1,2})?$`)

// hundredths reads a percentage with at most two decimals.
func hundredths(text string) (int64, bool) {
	if !percents.MatchString(text) {
		return 0, false
	}
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return n, err == nil && n > 0 && n <= 10000
}

func createCoupon(c *call) (object, error) {
	f := c.form
	amount, _, err := f.num("amount_off")
	if err != nil {
		return nil, err
	}
	percent, right := hundredths(f.get("percent_off"))
	switch {
	case !f.has("percent_off") && !f.has("amount_off"):
		return nil, required("percent_off")
	case f.has("percent_off") && f.has("amount_off"):
		return nil, invalid("", "percent_off", "You may only specify one of these parameters: amount_off, percent_off.")
	case f.has("percent_off") && !right:
		return nil, invalid("parameter_invalid_integer", "percent_off", "Invalid percent_off: must be greater than 0 and at most 100.")
	case f.has("amount_off") && amount < 1:
		return nil, invalid("parameter_invalid_integer", "amount_off", "This value must be greater than or equal to 1.")
	case amount > 0 && !isCurrency(strings.ToLower(f.get("currency"))):
		return nil, required("currency")
	case len(f.get("name")) > 40:
		return nil, invalid("", "name", "Invalid string: the name must be at most 40 characters")
	}
	o := c.make("", "coupon", object{"name": null(f.get("name")), "metadata": f.metadata(nil)})
	if o["id"] = f.get("id"); o.str("id") == "" {
		o["id"] = letters("coupon "+c.a.ID+c.request, 8)
	}
	if _, taken := c.a.get("coupon", o.str("id")); taken {
		return nil, invalid("resource_already_exists", "id", "Coupon already exists.")
	}
	if percent > 0 {
		o["percent_off"], o["_hundredths"] = json.Number(f.get("percent_off")), percent
	} else {
		o["amount_off"], o["currency"] = amount, strings.ToLower(f.get("currency"))
	}
	if err := c.lasts(o); err != nil {
		return nil, err
	}
	if products := f.below("applies_to").list("products"); len(products) > 0 {
		o["_applies_to"] = object{"products": products}
	}
	c.put(o)
	c.emit("coupon.created", o, nil)
	return c.show(o)
}

// lasts reads for how long and how often a coupon can be used.
func (c *call) lasts(o object) error {
	months, several, err := c.form.num("duration_in_months")
	if err != nil {
		return err
	}
	switch d := or(c.form.get("duration"), "once"); {
	case d != "once" && d != "forever" && d != "repeating":
		return invalid("", "duration", "Invalid duration: must be one of forever, once, or repeating")
	case d == "repeating" && months < 1:
		return required("duration_in_months")
	case several && d != "repeating":
		return invalid("", "duration_in_months", "You may only pass duration_in_months when duration is repeating.")
	default:
		o["duration"] = d
	}
	if several {
		o["duration_in_months"] = months
	}
	for param, least := range map[string]int64{"max_redemptions": 1, "redeem_by": c.at.Unix() + 1} {
		n, set, err := c.form.num(param)
		if err != nil {
			return err
		}
		if set && n < least {
			return invalid("parameter_invalid_integer", param, "This value must be greater than or equal to %d.", least)
		} else if set {
			o[param] = n
		}
	}
	return nil
}

// valid tells whether a coupon can be used now.
func (c *call) valid(o object) bool {
	most, until := o.num("max_redemptions"), o.num("redeem_by")
	return (most == 0 || o.num("times_redeemed") < most) && (until == 0 || c.at.Unix() <= until)
}

func getCoupon(c *call) (object, error) {
	o, err := c.need("coupon", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o.with(object{"valid": c.valid(o)}))
}

func updateCoupon(c *call) (object, error) {
	o, err := c.need("coupon", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	if c.form.has("name") {
		o["name"] = null(c.form.get("name"))
	}
	o["metadata"] = c.form.metadata(o.sub("metadata"))
	c.put(o)
	c.emit("coupon.updated", o, before(was, c.a.render(o, version)))
	return c.show(o.with(object{"valid": c.valid(o)}))
}

// deleteCoupon takes a coupon away; its codes are inactive from then on.
func deleteCoupon(c *call) (object, error) {
	o, err := c.need("coupon", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.remove(o, "coupon.deleted")
}

func listCoupons(c *call) (object, error) {
	return c.search(query{url: "/v1/coupons", kind: "coupon", as: func(o object) object { return o.with(object{"valid": c.valid(o)}) }})
}

// off is what a coupon took off an amount that is left of it.
func off(coupon object, left int64) int64 {
	if percent := coupon.num("_hundredths"); percent > 0 {
		return left * percent / max(10000-percent, 1)
	}
	return coupon.num("amount_off")
}
