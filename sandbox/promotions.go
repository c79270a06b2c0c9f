package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

const promotionParams = "coupon code active customer expires_at max_redemptions restrictions[*] metadata[*]"

var codeText = regexp.MustCompile(`^[A-Za-z0-9-]{1,500}$`)

func createPromotion(c *call) (object, error) {
	if !c.form.has("coupon") {
		return nil, required("coupon")
	}
	coupon, err := c.given("coupon", "coupon")
	if err != nil {
		return nil, err
	}
	if !c.valid(coupon) {
		return nil, invalid("", "coupon", "The coupon %s is no longer valid, so no promotion code can be made for it.", coupon.str("id"))
	}
	if c.form.has("customer") {
		if _, err := c.given("customer", "customer"); err != nil {
			return nil, err
		}
	}
	o := c.make("promo_1", "promotion_code", object{"coupon": coupon, "customer": null(c.form.get("customer")), "metadata": c.form.metadata(nil)})
	if o["code"] = c.form.get("code"); o.str("code") == "" {
		o["code"] = strings.ToUpper(letters("code "+o.str("id"), 8))
	}
	if !codeText.MatchString(o.str("code")) {
		return nil, invalid("", "code", "Promotion codes may only contain letters (a-z, A-Z), digits (0-9) and dashes (-).")
	}
	active, err := c.form.flag("active")
	if err != nil {
		return nil, err
	}
	o["active"] = active || !c.form.has("active")
	if err := c.limit(o, coupon); err != nil {
		return nil, err
	}
	if err := c.unique(o); err != nil {
		return nil, err
	}
	c.put(o)
	c.emit("promotion_code.created", o, nil)
	return c.show(o)
}

// limit reads how often, until when and for what a code may be used.
func (c *call) limit(o, coupon object) error {
	uses, set, err := c.form.num("max_redemptions")
	if err != nil {
		return err
	}
	if most := coupon.num("max_redemptions"); set && (uses < 1 || most > 0 && uses > most) {
		return invalid("", "max_redemptions", "The max_redemptions of a promotion code must be at least 1 and at most those of its coupon.")
	} else if set {
		o["max_redemptions"] = uses
	}
	until, set, err := c.form.num("expires_at")
	if err != nil {
		return err
	}
	if last := coupon.num("redeem_by"); set && (until <= c.at.Unix() || last > 0 && until > last) {
		return invalid("", "expires_at", "The expires_at of a promotion code must be in the future and not after the redeem_by of its coupon.")
	} else if set {
		o["expires_at"] = until
	}
	first, err := c.form.flag("restrictions[first_time_transaction]")
	if err != nil {
		return err
	}
	least, set, err := c.form.num("restrictions[minimum_amount]")
	if err != nil {
		return err
	}
	currency := strings.ToLower(c.form.get("restrictions[minimum_amount_currency]"))
	if set != isCurrency(currency) {
		return required("restrictions[minimum_amount_currency]")
	}
	bounds := object{"first_time_transaction": first, "minimum_amount": nil, "minimum_amount_currency": null(currency)}
	if set {
		bounds["minimum_amount"] = least
	}
	o["restrictions"] = bounds
	return nil
}

// unique refuses a second active code of the same text, whatever its case, for the same customer.
func (c *call) unique(o object) error {
	for _, other := range c.a.all("promotion_code") {
		if c.active(other) && on(o) && other.str("id") != o.str("id") && strings.EqualFold(other.str("code"), o.str("code")) && other.str("customer") == o.str("customer") {
			return invalid("", "code", "An active promotion code with `code: %s` already exists.", o["code"])
		}
	}
	return nil
}

// on tells whether nobody turned a code off.
func on(o object) bool { return o.value("active") == true }

// active tells whether a code can be used now.
func (c *call) active(o object) bool {
	coupon, there := c.a.get("coupon", o.sub("coupon").str("id"))
	most, until := o.num("max_redemptions"), o.num("expires_at")
	return on(o) && there && c.valid(coupon) && (most == 0 || o.num("times_redeemed") < most) && (until == 0 || c.at.Unix() < until)
}

// asNow is a promotion code with its coupon as both are at this moment.
func (c *call) asNow(o object) object {
	out := o.copy().with(object{"active": c.active(o)})
	if coupon, there := c.a.get("coupon", o.sub("coupon").str("id")); there {
		out["coupon"] = coupon.with(object{"valid": c.valid(coupon)})
	} else {
		out["coupon"] = o.sub("coupon").copy().with(object{"valid": false})
	}
	return out
}

func getPromotion(c *call) (object, error) {
	o, err := c.need("promotion_code", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(c.asNow(o))
}

func updatePromotion(c *call) (object, error) {
	o, err := c.need("promotion_code", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(c.asNow(o), version)
	yes, err := c.form.flag("active")
	if err != nil {
		return nil, err
	}
	if c.form.has("active") {
		o["active"] = yes
	}
	if yes && !c.active(o) {
		return nil, invalid("", "active", "This promotion code cannot be activated: it expired, was redeemed as often as it may, or its coupon is no longer valid.")
	}
	if err := c.unique(o); err != nil {
		return nil, err
	}
	o["metadata"] = c.form.metadata(o.sub("metadata"))
	c.put(o)
	c.emit("promotion_code.updated", c.asNow(o), before(was, c.a.render(c.asNow(o), version)))
	return c.show(c.asNow(o))
}

func listPromotions(c *call) (object, error) {
	wanted := func(o object) bool {
		return (!c.form.has("code") || strings.EqualFold(o.str("code"), c.form.get("code"))) &&
			(!c.form.has("active") || text(c.active(o)) == c.form.get("active")) &&
			(!c.form.has("coupon") || o.sub("coupon").str("id") == c.form.get("coupon"))
	}
	return c.search(query{url: "/v1/promotion_codes", kind: "promotion_code", fields: []string{"customer"}, want: wanted, as: c.asNow})
}

// promotion finds a promotion code by its text, one that can be used before those that cannot; without a text there is none.
func (a *account) promotion(code string, at time.Time) (found object, known bool) {
	if code == "" {
		return nil, false
	}
	c := &call{a: a, at: at}
	for _, o := range a.all("promotion_code") {
		if strings.EqualFold(o.str("code"), code) {
			if found, known = o, true; c.active(o) {
				break
			}
		}
	}
	return found, known
}

// codeWrong says why an order cannot use its code; empty when it can.
func (c *call) codeWrong(o Order) string {
	p, known := c.a.promotion(o.Code, c.at)
	bounds, least := p.sub("restrictions"), p.sub("restrictions").num("minimum_amount")
	_, cut := c.discounted(o)
	switch {
	case o.Code == "":
		return ""
	case !known:
		return "There is no promotion code " + o.Code + "."
	case !c.active(p):
		return "The promotion code " + p.str("code") + " is no longer active."
	case p.str("customer") != "" && p.str("customer") != c.knownAs(o):
		return "The promotion code " + p.str("code") + " is for another customer."
	case bounds.flag("first_time_transaction") && c.boughtBefore(o):
		return "The promotion code " + p.str("code") + " is for a first purchase only."
	case least > 0 && (bounds.str("minimum_amount_currency") != o.Currency || o.Amount-o.Tax+cut < least):
		return "The promotion code " + p.str("code") + " is for purchases of at least " + show(least, bounds.str("minimum_amount_currency")) + "."
	}
	return ""
}

// knownAs is the customer of an order when there is one already.
func (c *call) knownAs(o Order) string {
	if known := c.a.where("customer", "email", o.Email); o.Customer == "" && len(known) > 0 && !o.Guest {
		return known[0].str("id")
	}
	return o.Customer
}

func (c *call) boughtBefore(o Order) bool {
	id := c.knownAs(o)
	return id != "" && slices.ContainsFunc(c.a.where("charge", "customer", id), func(ch object) bool { return ch.str("status") == "succeeded" })
}

// discounted is what an order's code takes off, of the amount before tax.
func (c *call) discounted(o Order) (promotion object, less int64) {
	p, ok := c.a.promotion(o.Code, c.at)
	if !ok {
		return nil, 0
	}
	return p, off(p.sub("coupon"), o.Amount-o.Tax)
}

// discount is that of an order's code, on a session or an invoice; nil when none was used.
func (c *call) discount(o Order, more object) (object, int64) {
	p, less := c.discounted(o)
	if p == nil {
		return nil, 0
	}
	d := c.make("di_1", "discount", object{"coupon": p["coupon"], "promotion_code": p["id"], "start": c.at.Unix()}).with(more)
	delete(d, "created") // it has only a start
	c.put(d)
	return d, less
}

// redeem counts the use of an order's code. Its last use ends it.
func (c *call) redeem(o Order) {
	p, _ := c.discounted(o)
	if p == nil {
		return
	}
	was := c.a.render(c.asNow(p), version)
	p["times_redeemed"] = p.num("times_redeemed") + 1
	if coupon, ok := c.a.get("coupon", p.sub("coupon").str("id")); ok {
		coupon["times_redeemed"] = coupon.num("times_redeemed") + 1
		c.put(coupon)
	}
	c.put(p)
	if !c.active(p) {
		c.emit("promotion_code.updated", c.asNow(p), before(was, c.a.render(c.asNow(p), version)))
	}
}
