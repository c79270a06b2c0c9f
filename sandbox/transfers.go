package sandbox

import (
	"errors"
	"strings"
)

// createTransfer sends the account's money to a connected account: that of a charge, as soon as it is there, or what is
// available.
func createTransfer(c *call) (object, error) {
	f := c.form
	amount, currency, err := c.wanted()
	if err != nil {
		return nil, err
	}
	if f.get("destination") == "" {
		return nil, required("destination")
	}
	ch, ready, err := c.source(amount, currency)
	if err != nil {
		return nil, err
	}
	if err := c.receives(f.get("destination")); err != nil {
		return nil, named(err, "destination")
	}
	if ch == nil && c.a.balance(c.at)[currency].Available < amount {
		return nil, invalid("balance_insufficient", "", "You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance")
	}
	tr := c.make("tr_1", "transfer", object{"amount": amount, "currency": currency, "destination": f.get("destination"),
		"description": null(f.get("description")), "metadata": f.metadata(nil), "transfer_group": null(f.get("transfer_group"))})
	if ch != nil {
		tr["source_transaction"] = ch["id"]
		c.group(tr, ch)
	}
	c.pass(tr, amount, currency, ready, nil)
	return c.show(tr)
}

// wanted reads the amount and the currency of a transfer.
func (c *call) wanted() (amount int64, currency string, err error) {
	amount, set, err := c.form.num("amount")
	currency = strings.ToLower(c.form.get("currency"))
	switch {
	case err != nil:
		return 0, "", err
	case currency == "":
		return 0, "", required("currency")
	case !isCurrency(currency):
		return 0, "", invalid("", "currency", "Invalid currency: %s.", currency)
	case !set:
		return 0, "", required("amount")
	}
	return amount, currency, wholeSteps(amount, currency)
}

// named gives an error that is about a destination the name of the parameter that it came in.
func named(err error, param string) error {
	var f *failure
	if errors.As(err, &f) && f.body["param"] != nil {
		f.body["param"] = param
	}
	return err
}

// source finds the charge whose money a transfer is of; all transfers of one charge are never more than the charge.
func (c *call) source(amount int64, currency string) (ch object, ready int64, err error) {
	if !c.form.has("source_transaction") {
		return nil, c.at.Unix(), nil
	}
	if ch, err = c.given("charge", "source_transaction"); err != nil {
		return nil, 0, err
	}
	if ch.str("status") != "succeeded" {
		return nil, 0, invalid("", "source_transaction", "Charge %s has not succeeded, so there is nothing of it to transfer.", ch.str("id"))
	}
	funds := c.a.bookingOf(ch)
	if has := funds.str("currency"); has != currency {
		return nil, 0, invalid("", "source_transaction", "The currency of source_transaction's balance transaction (%s) must be the same as the transfer currency (%s)", has, currency)
	}
	if sent := c.a.sent(ch); sent+amount > funds.num("amount") {
		return nil, 0, invalid("", "source_transaction", "Transfers using this transaction as a source must not exceed the source amount of %s. (This source already has %s transferred using it)", show(funds.num("amount"), currency), show(sent, currency))
	}
	return ch, c.ready(funds), nil
}

// sent is what the transfers of a charge took of it, less what was reversed, in the currency in which it settled.
func (a *account) sent(ch object) (sum int64) {
	for _, tr := range a.where("transfer", "source_transaction", ch.str("id")) {
		out := -a.bookingOf(tr).num("amount")
		if _, known := a.get("balance_transaction", tr.str("balance_transaction")); !known {
			out = tr.num("amount")
		}
		sum += out - share(out, tr.num("amount_reversed"), tr.num("amount"))
	}
	return sum
}

// group ties a transfer and the charge it is of together.
func (c *call) group(tr, ch object) {
	group := or(tr.str("transfer_group"), or(ch.str("transfer_group"), "group_"+or(ch.str("payment_intent"), ch.str("id"))))
	tr["transfer_group"] = group
	if ch.str("transfer_group") == "" {
		ch["transfer_group"] = group
		c.put(ch)
	}
}

// transfer moves a destination charge's money to the connected account. The charge is kept by who asked for it.
func (c *call) transfer(pi, ch object) {
	to, funds := pi.sub("transfer_data"), c.a.bookingOf(ch)
	amount := to.num("amount")
	if to["amount"] == nil {
		amount = pi.num("amount")
	}
	tr := c.make("tr_3", "transfer", object{"amount": amount, "currency": pi["currency"], "destination": to["destination"], "source_transaction": ch["id"],
		"transfer_group": or(pi.str("transfer_group"), "group_"+pi.str("id"))})
	ch.with(object{"transfer": tr["id"], "transfer_group": tr["transfer_group"], "destination": to["destination"],
		"transfer_data": object{"amount": to["amount"], "destination": to["destination"]}})
	var fee object
	if n := pi.num("application_fee_amount"); n > 0 {
		fee = c.make("fee_1", "application_fee", object{"amount": n, "currency": pi["currency"], "account": to["destination"],
			"application": application(c.a), "originating_transaction": ch["id"]})
		ch["application_fee_amount"], ch["application_fee"] = n, fee["id"]
	}
	out := share(funds.num("amount"), amount, ch.num("amount"))
	c.pass(tr, out, funds.str("currency"), c.ready(funds), fee)
	if fee != nil {
		c.earn(fee, share(funds.num("amount"), fee.num("amount"), ch.num("amount")), funds)
	}
}

func application(a *account) string { return "ca_" + letters(a.ID, 32) }

// pass takes a transfer's money off the account's books, where it is so much in the currency in which it lies there, and
// puts it into those of the connected account, where it arrives as a py_ charge, less the fee, if there is one.
func (c *call) pass(tr object, out int64, from string, ready int64, fee object) {
	there := &call{Sandbox: c.Sandbox, a: c.account(tr.str("destination")), at: c.at, request: c.request, key: c.key}
	in := there.make("py_1", "charge", object{"amount": tr["amount"], "amount_captured": tr["amount"], "currency": tr["currency"],
		"description": tr["description"], "source_transfer": tr["id"], "application": application(c.a), "status": "succeeded", "transfer_group": tr["transfer_group"]})
	line := object{"type": "transfer", "amount": -out, "currency": from, "source": tr["id"], "available_on": ready, "description": tr["description"]}
	if from != tr.str("currency") {
		line["exchange_rate"] = exchange(tr.str("currency"), from)
	}
	tr["balance_transaction"], tr["destination_payment"] = c.book(c.a, line)["id"], in["id"]

	currency := there.a.lands(tr.str("currency"))
	landed := convert(tr.num("amount"), tr.str("currency"), currency)
	line = object{"type": "payment", "amount": landed, "currency": currency, "source": in["id"], "available_on": ready,
		"exchange_rate": exchange(tr.str("currency"), currency)}
	if fee != nil {
		kept := share(landed, fee.num("amount"), tr.num("amount"))
		line.with(object{"fee": kept, "fee_details": []any{object{"amount": kept, "application": fee["application"], "currency": currency,
			"description": "Portal application fee", "type": "application_fee"}}})
		in["application_fee"], in["application_fee_amount"], fee["charge"], tr["_fee"] = fee["id"], fee["amount"], in["id"], fee["amount"]
	}
	in["balance_transaction"] = c.book(there.a, line)["id"]
	c.put(tr)
	c.putIn(there.a, in)
	c.emit("transfer.created", tr, nil)
	there.emitInto(c, "charge.succeeded", in, nil)
}

func getTransfer(c *call) (object, error) {
	o, err := c.need("transfer", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listTransfers(c *call) (object, error) {
	return c.search(query{url: "/v1/transfers", kind: "transfer", fields: []string{"transfer_group", "destination"}})
}

func updateTransfer(c *call) (object, error) {
	tr, err := c.need("transfer", c.path("id"))
	if err != nil {
		return nil, err
	}
	was := c.a.render(tr, version)
	tr["metadata"] = c.form.metadata(tr.sub("metadata"))
	if c.form.has("description") {
		tr["description"] = null(c.form.get("description"))
	}
	c.put(tr)
	c.emit("transfer.updated", tr, before(was, c.a.render(tr, version)))
	return c.show(tr)
}
