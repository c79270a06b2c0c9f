package sandbox

import "strings"

const (
	couponParams    = "id percent_off amount_off currency duration duration_in_months name metadata[*]"
	promotionParams = "coupon code active customer metadata[*]"
)

func createCoupon(c *call) (object, error) {
	f := c.form
	percent, _, err := f.num("percent_off")
	if err != nil {
		return nil, err
	}
	amount, _, err := f.num("amount_off")
	if err != nil {
		return nil, err
	}
	switch {
	case percent == 0 && amount == 0:
		return nil, required("percent_off")
	case percent < 0 || percent > 100:
		return nil, invalid("parameter_invalid_integer", "percent_off", "Invalid percent_off: must be between 0 and 100.")
	case amount > 0 && !isCurrency(strings.ToLower(f.get("currency"))):
		return nil, required("currency")
	}
	o := c.make("", "coupon", object{"duration": or(f.get("duration"), "once"), "name": null(f.get("name")), "metadata": f.metadata(nil)})
	if o["id"] = f.get("id"); o.str("id") == "" {
		o["id"] = letters("coupon "+c.a.ID+c.request, 8)
	}
	if _, taken := c.a.get("coupon", o.str("id")); taken {
		return nil, invalid("resource_already_exists", "id", "Coupon already exists.")
	}
	if percent > 0 {
		o["percent_off"] = percent
	} else {
		o["amount_off"], o["currency"] = amount, strings.ToLower(f.get("currency"))
	}
	c.put(o)
	c.emit("coupon.created", o, nil)
	return c.show(o)
}

func getCoupon(c *call) (object, error) {
	o, err := c.need("coupon", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func createPromotion(c *call) (object, error) {
	coupon, err := c.given("coupon", "coupon")
	if err != nil {
		return nil, err
	}
	o := c.make("promo_1", "promotion_code", object{"coupon": coupon, "customer": null(c.form.get("customer")), "metadata": c.form.metadata(nil)})
	if o["code"] = c.form.get("code"); o.str("code") == "" {
		o["code"] = strings.ToUpper(letters("code "+o.str("id"), 8))
	}
	for _, other := range c.a.all("promotion_code") {
		if strings.EqualFold(other.str("code"), o.str("code")) {
			return nil, invalid("", "code", "An active promotion code with `code: %s` already exists.", o["code"])
		}
	}
	c.put(o)
	c.emit("promotion_code.created", o, nil)
	return c.show(o)
}

func getPromotion(c *call) (object, error) {
	o, err := c.need("promotion_code", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listPromotions(c *call) (object, error) {
	return c.page("/v1/promotion_codes", c.filter("promotion_code", "code"))
}

// promotion finds a promotion code by its text; without one there is none.
func (a *account) promotion(code string) (object, bool) {
	for _, o := range a.all("promotion_code") {
		if strings.EqualFold(o.str("code"), code) {
			return o, true
		}
	}
	return nil, false
}

// off is what a coupon took off an amount that is left of it.
func off(coupon object, left int64) int64 {
	if percent := coupon.num("percent_off"); percent > 0 {
		return left * percent / max(100-percent, 1)
	}
	return coupon.num("amount_off")
}

// discount is that of an order's code, on a session or an invoice; nil when none was used.
func (c *call) discount(o Order, more object) (object, int64) {
	promotion, ok := c.a.promotion(o.Code)
	if !ok {
		return nil, 0
	}
	d := c.make("di_1", "discount", object{"coupon": promotion["coupon"], "promotion_code": promotion["id"], "start": c.at.Unix()}).with(more)
	delete(d, "created") // it has only a start
	c.put(d)
	return d, off(promotion.sub("coupon"), o.Amount-o.Tax)
}
