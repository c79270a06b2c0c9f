package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// Stripe's own fee for a charge, which the account pays that made it: 2.9 % and 30 minor units of the currency in which it
// settles. A refund gives none of it back. The money of a charge is pending for two days of the account's clock.
const (
	feeShare, feeFixed = 29, 30 // the share in thousandths
	pendingFor         = 2 * 24 * time.Hour
)

// Balance is what an account has in a currency, in minor units; less than nothing is what it owes.
type Balance struct{ Available, Pending int64 }

// Total is what is there, whether it can be used yet or not.
func (b Balance) Total() int64 { return b.Available + b.Pending }

// Booking is a balance transaction: one line in the books of an account. Net is what its balance changed by.
type Booking struct {
	Account, ID, Type, Source, Currency string
	Amount, Fee, Net                    int64  // in minor units
	Rate                                string // exchange_rate; empty when nothing was converted
	Created, AvailableOn                time.Time
}

// Balances are what every account has, by account id and currency. An account without any money moves is not in it.
func (s *Sandbox) Balances() map[string]map[string]Balance {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]map[string]Balance{}
	for id, a := range s.accounts {
		if has := a.balance(s.clock(a)); len(has) > 0 {
			out[id] = has
		}
	}
	return out
}

// Bookings are the balance transactions of an account, oldest first.
func (s *Sandbox) Bookings(accountID string) (out []Booking) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[accountID]
	if a == nil {
		return nil
	}
	for _, t := range a.all("balance_transaction") {
		out = append(out, Booking{Account: a.ID, ID: t.str("id"), Type: t.str("type"), Source: t.str("source"), Currency: t.str("currency"),
			Amount: t.num("amount"), Fee: t.num("fee"), Net: t.num("net"), Rate: text(t["exchange_rate"]),
			Created: time.Unix(t.num("created"), 0), AvailableOn: time.Unix(t.num("available_on"), 0)})
	}
	return out
}

// balance adds an account's books up.
func (a *account) balance(now time.Time) map[string]Balance {
	out := map[string]Balance{}
	for _, t := range a.all("balance_transaction") {
		b := out[t.str("currency")]
		if t.num("available_on") > now.Unix() {
			b.Pending += t.num("net")
		} else {
			b.Available += t.num("net")
		}
		out[t.str("currency")] = b
	}
	return out
}

// lands is the currency in which an account keeps what comes in another: that one, if it settles in it, else its default.
func (a *account) lands(currency string) string {
	settles, home := a.Settles, or(a.DefaultCurrency, "usd")
	if a.platform != nil {
		self := a.self()
		home, settles = text(self.value("default_currency")), nil
		for _, other := range self.list("_settles") {
			settles = append(settles, text(other))
		}
	}
	if slices.Contains(settles, currency) {
		return currency
	}
	return home
}

// SettleIn says in which currencies a connected account keeps money besides its default currency.
func (s *Sandbox) SettleIn(accountID string, currencies ...string) error {
	list := []any{}
	for _, currency := range currencies {
		list = append(list, currency)
	}
	return s.turn(accountID, object{"_settles": list})
}

// RefuseNegative says whether money can be taken from a connected account that it does not have: when it is refused, a
// reversal fails with balance_insufficient, else the account's balance goes below nothing.
func (s *Sandbox) RefuseNegative(accountID string, on bool) error {
	return s.turn(accountID, object{"_never_negative": on})
}

// book writes a line into the books of an account. Fee and fee_details, when there are any, are taken off the amount.
func (c *call) book(a *account, line object) object {
	t := (&call{a: a, at: c.at}).make("txn_3", "balance_transaction", object{"available_on": c.at.Unix()}).with(line)
	t["net"] = t.num("amount") - t.num("fee")
	if t["reporting_category"] == nil {
		t["reporting_category"] = or(categories[t.str("type")], t.str("type"))
	}
	c.putIn(a, t)
	return t
}

// categories are the reporting categories that have not the name of the type.
var categories = map[string]string{"payment": "charge", "payment_refund": "refund", "transfer_refund": "transfer_reversal",
	"application_fee": "platform_earning", "application_fee_refund": "platform_earning_refund", "payout_failure": "payout_reversal",
	"payment_failure_refund": "charge_failure"}

// came books the money of a charge that went well, less Stripe's fee.
func (c *call) came(ch object) {
	currency := c.a.lands(ch.str("currency"))
	amount := convert(ch.num("amount"), ch.str("currency"), currency)
	fee := share(amount, feeShare, 1000) + feeFixed
	card := cards[ch.str("_card")]
	line := object{"type": "charge", "amount": amount, "currency": currency, "source": ch["id"], "description": ch["description"],
		"exchange_rate": exchange(ch.str("currency"), currency), "fee": fee, "fee_details": []any{stripeFee(fee, currency, "Stripe processing fees")}}
	if !card.quick {
		line["available_on"] = c.at.Add(pendingFor).Unix()
	}
	if card.debit != "" {
		line["type"] = "payment"
	}
	ch["balance_transaction"] = c.book(c.a, line)["id"]
}

func stripeFee(amount int64, currency, why string) object {
	return object{"amount": amount, "application": nil, "currency": currency, "description": why, "type": "stripe_fee"}
}

// bookingOf is the line that an object stands behind. Of what an older journal knows without its line, it is made up.
func (a *account) bookingOf(o object) object {
	if t, ok := a.get("balance_transaction", o.str("balance_transaction")); ok {
		return t
	}
	return object{"amount": o.num("amount"), "currency": o.str("currency"), "available_on": o.num("created")}
}

// ready is when money can be used that hangs on other money: not before that.
func (c *call) ready(on object) int64 { return max(c.at.Unix(), on.num("available_on")) }

// due shows a balance transaction as available or pending, whichever it is now.
func (c *call) due(t object) object {
	t["status"] = "available"
	if t.num("available_on") > c.at.Unix() {
		t["status"] = "pending"
	}
	return t
}

func getBooking(c *call) (object, error) {
	t, err := c.need("balance_transaction", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(c.due(t))
}

// listBookings finds the lines of a payout as Stripe does for an automatic one: the payout's own line and all that became
// available since the payout before it.
func listBookings(c *call) (object, error) {
	q := query{url: "/v1/balance_transactions", kind: "balance_transaction", fields: []string{"source", "type", "currency"}, as: c.due}
	if c.form.has("payout") {
		po, err := c.given("payout", "payout")
		if err != nil {
			return nil, err
		}
		q.want = func(t object) bool {
			return t.str("_payout") == po.str("id") || slices.Contains(po.list("_lines"), t["id"])
		}
	}
	return c.search(q)
}

func getBalance(c *call) (object, error) {
	has := c.a.balance(c.at)
	home := c.a.lands("")
	for _, settled := range append([]string{home}, c.a.Settles...) { // also those in which nothing came yet
		if _, ok := has[settled]; !ok {
			has[settled] = Balance{}
		}
	}
	currencies := make([]string, 0, len(has))
	for currency := range has {
		currencies = append(currencies, currency)
	}
	slices.SortFunc(currencies, func(x, y string) int { return cmp.Or(order(x != home, y != home), cmp.Compare(x, y)) })
	available, pending := []any{}, []any{}
	for _, currency := range currencies {
		available = append(available, fund(has[currency].Available, currency))
		pending = append(pending, fund(has[currency].Pending, currency))
	}
	return c.show(object{"object": "balance", "available": available, "pending": pending, "livemode": c.a.isLive()})
}

func order(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

func fund(amount int64, currency string) object {
	return object{"amount": amount, "currency": currency, "source_types": object{"card": amount}}
}

// turn changes what is kept of a connected account.
func (s *Sandbox) turn(id string, now object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[id]
	if a == nil || a.platform == nil {
		return missing(404, "account", id, "id")
	}
	c := &call{Sandbox: s, a: a.platform, at: s.clock(a.platform)}
	c.put(a.self().with(now))
	return c.commit()
}
