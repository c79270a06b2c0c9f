package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

const (
	productParams = "name active description metadata[*] images[] shippable statement_descriptor tax_code unit_label url features[*] package_dimensions[*]"
	priceParams   = "active metadata[*] nickname lookup_key tax_behavior transfer_lookup_key"
)

func createProduct(c *call) (object, error) {
	if c.form.get("name") == "" {
		return nil, required("name")
	}
	id := c.form.get("id")
	if _, taken := c.a.get("", id); taken {
		return nil, invalid("resource_already_exists", "id", "Product already exists.")
	}
	o := c.make("prod_", "product", object{"metadata": object{}, "updated": c.at.Unix()})
	o["id"] = or(id, o.str("id"))
	if err := c.fillProduct(o); err != nil {
		return nil, err
	}
	if data := c.form.tree("default_price_data"); data != nil {
		p, err := c.newPrice(o, "default_price_data[%s]")
		if err != nil {
			return nil, err
		}
		o["default_price"] = p["id"]
		c.putProduct(o)
		c.putPrice(p)
		return c.show(o)
	}
	c.putProduct(o)
	return c.show(o)
}

func (c *call) putProduct(o object) {
	c.put(o)
	c.emit("product.created", o, nil)
}

func (c *call) putPrice(o object) {
	c.put(o)
	c.emit("price.created", o, nil)
}

func (c *call) fillProduct(o object) error {
	for _, field := range []string{"name", "description", "statement_descriptor", "tax_code", "unit_label", "url"} {
		if c.form.has(field) {
			o[field] = null(c.form.get(field))
		}
	}
	for _, field := range []string{"active", "shippable"} {
		yes, err := c.form.flag(field)
		if err != nil {
			return err
		}
		if c.form.has(field) {
			o[field] = yes
		}
	}
	if l := c.form.list("images"); len(l) > 0 {
		o["images"] = l
	}
	o["metadata"] = c.form.metadata(o.sub("metadata"))
	return nil
}

func getProduct(c *call) (object, error) {
	o, err := c.need("product", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func updateProduct(c *call) (object, error) {
	o, err := c.need("product", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	if c.form.has("name") && c.form.get("name") == "" {
		return nil, required("name")
	}
	if err := c.fillProduct(o); err != nil {
		return nil, err
	}
	if id := c.form.get("default_price"); id != "" {
		p, err := c.given("price", "default_price")
		if err != nil {
			return nil, err
		}
		if p.str("product") != o.str("id") {
			return nil, invalid("", "default_price", "The price %s belongs to another product.", id)
		}
		o["default_price"] = id
	}
	o["updated"] = c.at.Unix()
	c.put(o)
	c.emit("product.updated", o, before(was, c.a.render(o, version)))
	return c.show(o)
}

func deleteProduct(c *call) (object, error) {
	o, err := c.need("product", c.path("id"))
	if err != nil {
		return nil, err
	}
	if len(c.a.where("price", "product", o.str("id"))) > 0 {
		return nil, invalid("", "", "This product cannot be deleted because it has one or more user-created prices.")
	}
	return c.remove(o, "product.deleted")
}

// remove deletes an object and says so as Stripe does.
func (c *call) remove(o object, kind string) (object, error) {
	c.put(o.copy().with(object{"_deleted": true}))
	c.emit(kind, o, nil)
	return object{"id": o["id"], "object": o["object"], "deleted": true}, nil
}

func listProducts(c *call) (object, error) {
	ids := c.form.list("ids")
	return c.search(query{url: "/v1/products", kind: "product", fields: []string{"active", "shippable", "url"},
		want: func(o object) bool { return len(ids) == 0 || slices.Contains(ids, o.str("id")) }})
}

func createPrice(c *call) (object, error) {
	name := c.form.get("product_data[name]")
	switch {
	case !c.form.has("product") && name == "":
		return nil, required("product")
	case c.form.has("product"):
		product, err := c.given("product", "product")
		if err != nil {
			return nil, err
		}
		p, err := c.newPrice(product, "%s")
		if err != nil {
			return nil, err
		}
		c.putPrice(p)
		return c.show(p)
	}
	product := c.make("prod_", "product", object{"name": name, "metadata": c.form.below("product_data").metadata(nil), "updated": c.at.Unix()})
	p, err := c.newPrice(product, "%s")
	if err != nil {
		return nil, err
	}
	c.putProduct(product)
	c.putPrice(p)
	return c.show(p)
}

// newPrice reads a price of a product from parameters whose names are as the pattern says.
func (c *call) newPrice(product object, pattern string) (object, error) {
	param := func(name string) string { return fmt.Sprintf(pattern, name) }
	amount, set, err := c.form.num(param("unit_amount"))
	if err != nil {
		return nil, err
	}
	currency := strings.ToLower(c.form.get(param("currency")))
	switch {
	case currency == "":
		return nil, required(param("currency"))
	case !isCurrency(currency):
		return nil, invalid("", param("currency"), "Invalid currency: %s.", currency)
	case !set:
		return nil, required(param("unit_amount"))
	case amount < 0:
		return nil, invalid("parameter_invalid_integer", param("unit_amount"), "This value must be greater than or equal to 0.")
	}
	interval := ""
	nested := strings.Replace(pattern, "%s", "recurring", 1)
	if c.form.tree("recurring") != nil || c.form.has(nested+"[interval]") {
		interval = c.form.get(nested + "[interval]")
		if !slices.Contains([]string{"day", "week", "month", "year"}, interval) {
			return nil, invalid("", nested+"[interval]", "Invalid recurring[interval]: must be one of day, month, week, or year")
		}
	}
	p := c.make("price_1", "price", priceOf(product, amount, currency, interval))
	if n, set, err := c.form.num(nested + "[interval_count]"); err != nil {
		return nil, err
	} else if set && interval != "" {
		p.sub("recurring")["interval_count"] = n
	}
	return p, c.fillPrice(p)
}

// priceOf is what a price says of its product, amount and interval.
func priceOf(product object, amount int64, currency, interval string) object {
	p := object{"object": "price", "product": product["id"], "currency": currency, "unit_amount": amount, "unit_amount_decimal": fmt.Sprint(amount), "metadata": object{}}
	if interval != "" {
		p["type"] = "recurring"
		p["recurring"] = object{"aggregate_usage": nil, "interval": interval, "interval_count": 1, "trial_period_days": nil, "usage_type": "licensed"}
	}
	return p
}

func (c *call) fillPrice(o object) error {
	for _, field := range []string{"nickname", "lookup_key", "tax_behavior"} {
		if c.form.has(field) {
			o[field] = null(c.form.get(field))
		}
	}
	active, err := c.form.flag("active")
	if err != nil {
		return err
	}
	if c.form.has("active") {
		o["active"] = active
	}
	o["metadata"] = c.form.metadata(o.sub("metadata"))
	return nil
}

func getPrice(c *call) (object, error) {
	o, err := c.need("price", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func updatePrice(c *call) (object, error) {
	o, err := c.need("price", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(o, version)
	if err := c.fillPrice(o); err != nil {
		return nil, err
	}
	c.put(o)
	c.emit("price.updated", o, before(was, c.a.render(o, version)))
	return c.show(o)
}

// deletePlan takes a recurring price away that nobody uses, which Stripe does by its older name only.
func deletePlan(c *call) (object, error) {
	o, err := c.need("price", c.path("id"))
	if err != nil {
		return nil, err
	}
	out, err := c.remove(o, "price.deleted")
	return out.with(object{"object": "plan"}), err
}

func listPrices(c *call) (object, error) {
	keys := c.form.list("lookup_keys")
	return c.search(query{url: "/v1/prices", kind: "price", fields: []string{"active", "product", "currency", "type"},
		want: func(o object) bool { return len(keys) == 0 || slices.Contains(keys, o.str("lookup_key")) }})
}

// goods are the product and the price of an order. What the shop sells for the first time becomes a product with a price.
func (c *call) goods(o Order, otherwise string) (product, price object) {
	if p, ok := c.a.get("price", o.Price); ok {
		product, _ = c.a.get("product", p.str("product"))
		return product, p
	}
	name := or(o.Product, otherwise)
	product, known := c.a.get("product", name)
	if !known {
		id := "prod_" + letters("product "+c.a.ID+name, 14)
		if product, known = c.a.get("product", id); !known {
			product = c.make("", "product", object{"name": name, "metadata": object{}, "updated": c.at.Unix()}).with(object{"id": id})
			c.putProduct(product)
		}
	}
	id := "price_1" + letters(fmt.Sprint("price ", c.a.ID, or(o.Product, otherwise), o.Amount, o.Currency, o.Interval), 23)
	if price, known = c.a.get("price", id); !known {
		price = c.make("", "price", priceOf(product, o.Amount-o.Tax, o.Currency, o.Interval)).with(object{"id": id})
		c.putPrice(price)
	}
	return product, price
}
