package sandbox

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Told is how the shop tells which partner brought a customer.
type Told string

// The ways a partner's key travels (MONEY.md 2.4).
const (
	ByNothing      Told = ""                 // not at all: the customer is known already, or nobody brought them
	ByMetadata     Told = "metadata"         // metadata of the Checkout session; Stripe copies it nowhere
	ByReference    Told = "client_reference" // client_reference_id of the session
	ByCustomer     Told = "customer"         // metadata of the customer, whom this order makes
	BySubscription Told = "subscription"     // metadata of the subscription, which its invoices carry along
)

// Order is what a customer buys through Checkout.
type Order struct {
	Email    string // of the customer; a customer known by it is used again
	Name     string
	Customer string // cus_… of a known customer, instead of Email
	Guest    bool   // a one-off payment without a customer object
	Partner  string // the partner's key
	Told     Told
	Key      string // name of the metadata key, default partnero_partner
	Amount   int64  // what the customer pays, tax included, in minor units
	Tax      int64  // the part of Amount that is tax
	Currency string // lower case, default the account's
	Code     string // of a promotion code: Amount is what is left after it
	Lines    int    // how many lines the invoice has, default 1
	Product  string // what is sold: a product's id, or the name of one, default "Order" or "Subscription"
	Price    string // price_… of what is sold, instead of Product, Currency and Interval; and of Amount, when that is 0
	Interval string // of a subscription: month (default), year, week or day
	Trial    int    // of a subscription: days that are free at first
	At       time.Time

	made bool // the checkout made the customer
}

// Sold names the objects that a purchase or a renewal made; those it has not are empty.
type Sold struct{ Session, Customer, Intent, Charge, Invoice, Subscription string }

// Wrong says which fields of an order cannot be, and why.
type Wrong map[string]string

func (w Wrong) Error() string {
	var out []string
	for field, why := range w {
		out = append(out, field+": "+why)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

var reference = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// check fills in what was left out and refuses what Stripe would not take.
func (o *Order) check(a *account, at time.Time) error {
	o.Currency = strings.ToLower(or(o.Currency, a.DefaultCurrency))
	o.Key, o.Interval = or(o.Key, "partnero_partner"), or(o.Interval, "month")
	w := Wrong{}
	o.priced(a, w)
	if !isCurrency(o.Currency) {
		w["currency"] = "Give a currency as three letters, such as usd."
	} else if err := chargeable(o.Amount, o.Currency); err != nil {
		w["amount"] = err.(*failure).body.str("message")
	}
	if o.Tax < 0 || o.Tax >= max(o.Amount, 1) {
		w["tax"] = "The tax must be less than the amount."
	}
	if o.Customer == "" {
		if at, err := mail.ParseAddress(o.Email); err != nil || at.Address != o.Email {
			w["email"] = "Give an e-mail address, such as jane@example.com."
		}
	} else if _, ok := a.get("customer", o.Customer); !ok {
		w["email"] = "There is no customer " + o.Customer + "."
	}
	if why := (&call{a: a, at: at}).codeWrong(*o); why != "" {
		w["code"] = why
	}
	switch {
	case o.Told != ByNothing && o.Partner == "":
		w["partner"] = "Give the partner's code, or choose that the partner is not told."
	case o.Told == ByReference && !reference.MatchString(o.Partner):
		w["partner"] = "A client reference has only letters, digits, dashes and underscores."
	case len(o.Partner) > 200:
		w["partner"] = "A code has at most 200 characters."
	}
	if !slices.Contains([]string{"day", "week", "month", "year"}, o.Interval) {
		w["interval"] = "Choose month or year."
	}
	if o.Trial < 0 || o.Trial > 730 {
		w["trial"] = "Give a number of days, from 0 to 730."
	}
	if len(w) > 0 {
		return w
	}
	return nil
}

// priced takes over what the order's price says.
func (o *Order) priced(a *account, w Wrong) {
	if _, known := a.get("product", o.Product); strings.HasPrefix(o.Product, "prod_") && !known {
		w["product"] = "There is no product " + o.Product + "."
	}
	if o.Price == "" {
		return
	}
	p, known := a.get("price", o.Price)
	if !known {
		w["price"] = "There is no price " + o.Price + "."
		return
	}
	o.Currency, o.Product, o.Interval = p.str("currency"), p.str("product"), or(p.sub("recurring").str("interval"), "month")
	if o.Amount == 0 {
		o.Amount = p.num("unit_amount") + o.Tax
	}
}

// Sell is a one-off Checkout payment: a session, a payment intent and a charge, without an invoice.
func (s *Sandbox) Sell(accountID string, o Order) (Sold, error) {
	return s.shop(accountID, o.At, func(c *call) (Sold, error) {
		if err := o.check(c.a, c.at); err != nil {
			return Sold{}, err
		}
		o.Interval = ""
		cus, pm, err := c.buyer(&o)
		if err != nil {
			return Sold{}, err
		}
		pi, ch, err := c.collect(o, pm, object{"customer": cus["id"]})
		if err != nil {
			return Sold{}, err
		}
		product, price := c.goods(o, "Order")
		cs := c.session(o, cus, object{"mode": "payment", "payment_intent": pi["id"]}, product, price)
		c.redeem(o)
		return Sold{Session: cs.str("id"), Customer: cus.str("id"), Intent: pi.str("id"), Charge: ch.str("id")}, nil
	})
}

// shop runs an action of the shop at a time and keeps what it changed.
func (s *Sandbox) shop(accountID string, at time.Time, do func(*call) (Sold, error)) (Sold, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[accountID]
	if a == nil {
		return Sold{}, fmt.Errorf("sandbox has no account %q", accountID)
	}
	if at.IsZero() {
		at = s.clock(a)
	}
	c := &call{Sandbox: s, a: a, at: at, version: version}
	sold, err := do(c)
	if kept := c.commit(); err == nil {
		err = kept
	}
	return sold, err
}

// buyer finds or makes the customer and their card; a guest has only the card.
func (c *call) buyer(o *Order) (cus, pm object, err error) {
	known := c.a.where("customer", "email", o.Email)
	switch {
	case o.Customer != "":
		cus, _ = c.a.get("customer", o.Customer)
		o.Email, o.Name = cus.str("email"), cus.str("name")
	case o.Guest:
		return object{}, c.cardOf(*o), nil
	case len(known) > 0:
		cus = known[0]
		o.Name = or(o.Name, cus.str("name"))
	default:
		f := form{"email": {o.Email}, "name": {o.Name}}
		if o.Told == ByCustomer {
			f["metadata["+o.Key+"]"] = []string{o.Partner}
		}
		if cus, err = c.newCustomer(f); err != nil {
			return nil, nil, err
		}
		o.made = true
	}
	if cards := c.a.where("payment_method", "customer", cus.str("id")); len(cards) > 0 {
		return cus, cards[0], nil
	}
	pm = c.cardOf(*o)
	return cus, pm, c.attach(pm, cus.str("id"))
}

func (c *call) cardOf(o Order) object {
	pm := c.newMethod("4242424242424242", 0, 0)
	pm["billing_details"] = shapes.sub("payment_method").sub("billing_details").copy().with(object{"email": null(o.Email), "name": null(o.Name)})
	return pm
}

// collect takes an order's money: a payment intent and its charge.
func (c *call) collect(o Order, pm, more object) (pi, ch object, err error) {
	pi = c.make("pi_3", "payment_intent", object{"amount": o.Amount, "currency": o.Currency, "metadata": object{}}).with(more)
	pi["client_secret"] = secret(pi.str("id"))
	c.put(pi)
	c.emit("payment_intent.created", pi, nil)
	ch, err = c.succeed(pi, pm)
	return pi, ch, err
}

// session is the finished Checkout session of an order.
func (c *call) session(o Order, cus, more, product, price object) object {
	prefix := "cs_test_a1"
	if c.a.isLive() {
		prefix = "cs_live_a1"
	}
	cs := c.make(prefix, "checkout.session", object{"amount_total": o.Amount, "currency": o.Currency,
		"customer": cus["id"], "expires_at": c.at.Add(24 * time.Hour).Unix(), "metadata": object{},
		"customer_details": object{"address": nil, "email": null(o.Email), "name": null(o.Name), "phone": nil, "tax_exempt": "none", "tax_ids": []any{}},
	}).with(more)
	d, less := c.discount(o, object{"checkout_session": cs["id"], "customer": cus["id"]})
	cs["amount_subtotal"], cs["total_details"] = o.Amount-o.Tax+less, object{"amount_discount": less, "amount_shipping": 0, "amount_tax": o.Tax}
	if d != nil {
		cs["discounts"] = []any{object{"coupon": d.sub("coupon")["id"], "promotion_code": d["promotion_code"]}}
		cs["_discounts"] = []any{object{"amount": less, "discount": d}}
	}
	switch {
	case o.Guest:
		cs["customer_creation"] = "if_required"
	case o.made:
		cs["customer_creation"] = "always"
	}
	if cs.str("mode") == "payment" {
		cs["invoice_creation"] = object{"enabled": false, "invoice_data": object{"account_tax_ids": nil, "custom_fields": nil,
			"description": nil, "footer": nil, "issuer": nil, "metadata": object{}, "rendering_options": nil}}
	}
	switch o.Told {
	case ByMetadata:
		cs["metadata"] = object{o.Key: o.Partner}
	case ByReference:
		cs["client_reference_id"] = o.Partner
	}
	cs["_items"] = []any{object{"id": "li_1" + letters("item "+cs.str("id"), 23), "object": "item", "amount_subtotal": o.Amount - o.Tax,
		"amount_tax": o.Tax, "amount_total": o.Amount, "currency": o.Currency, "description": product["name"], "price": price}}
	c.put(cs)
	c.emit("checkout.session.completed", cs, nil)
	return cs
}

// Refund gives an amount back, 0 for all that is left, of a charge or of the charge of a payment intent, invoice or
// Checkout session; an empty id means the account's latest charge. It returns the refund's id.
func (s *Sandbox) Refund(accountID, id string, amount int64, at time.Time) (string, error) {
	refund := ""
	_, err := s.shop(accountID, at, func(c *call) (Sold, error) {
		ch, err := c.chargeOf(id)
		if err != nil {
			return Sold{}, err
		}
		re, err := c.refund(ch, amount, takeBack{}, object{"reason": "requested_by_customer"})
		refund = re.str("id")
		return Sold{}, err
	})
	return refund, err
}

func (c *call) chargeOf(id string) (object, error) {
	if id == "" {
		paid := slices.DeleteFunc(c.a.all("charge"), func(ch object) bool { return ch.str("failure_code") != "" })
		if len(paid) == 0 {
			return nil, missing(404, "charge", id, "charge")
		}
		return paid[len(paid)-1], nil
	}
	o, _ := c.a.get("", id)
	if in, ok := c.a.get("invoice", o.str("invoice")); ok && o.str("object") == "checkout.session" {
		o = in
	}
	if pi, ok := c.a.get("payment_intent", o.str("payment_intent")); ok && o.str("object") != "charge" {
		o = pi
	}
	if ch, ok := c.a.get("charge", or(o.str("latest_charge"), id)); ok {
		return ch, nil
	}
	return nil, missing(404, "charge", id, "charge")
}
