package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// refusals are the ways in which a payout to a bank fails, with what Stripe says of it (MONEY.md 4.7).
var refusals = map[string]string{
	"account_closed":                   "The bank account has been closed.",
	"account_frozen":                   "The bank account has been frozen.",
	"bank_account_restricted":          "The bank account has restrictions on either the type, or the number, of payouts allowed.",
	"bank_ownership_changed":           "The destination bank account is no longer valid because its branch has changed ownership.",
	"could_not_process":                "The bank could not process this payout.",
	"debit_not_authorized":             "Debit transactions are not approved on the bank account.",
	"declined":                         "The bank has declined this transfer. Please contact the bank before retrying.",
	"insufficient_funds":               "Your Stripe account has insufficient funds to cover the payout.",
	"invalid_account_number":           "The routing number seems correct, but the account number is invalid.",
	"incorrect_account_holder_name":    "Your bank notified us that the bank account holder name on file is incorrect.",
	"incorrect_account_holder_address": "Your bank notified us that the bank account holder address on file is incorrect.",
	"incorrect_account_holder_tax_id":  "Your bank notified us that the bank account holder tax ID on file is incorrect.",
	"invalid_currency":                 "The bank was unable to process this payout because of its currency.",
	"no_account":                       "The bank account could not be located.",
	"unsupported_card":                 "The bank no longer supports payouts to this card.",
}

// PayOut takes what a connected account has available in a currency to its bank, and returns the payout's id. With a failure
// code of MONEY.md 4.7, or to a bank account whose number says so, the bank sends it back: the money is in the balance again and the bank account is disabled.
func (s *Sandbox) PayOut(accountID, currency, failureCode string) (id string, err error) {
	_, err = s.shop(accountID, time.Time{}, func(c *call) (Sold, error) {
		po, err := c.payOut(strings.ToLower(currency), failureCode)
		id = po.str("id")
		return Sold{}, err
	})
	return id, err
}

func (c *call) payOut(currency, failure string) (object, error) {
	if failure != "" && refusals[failure] == "" {
		return nil, invalid("", "failure_code", "There is no failure of payouts %q.", failure)
	}
	if c.a.platform == nil {
		return nil, invalid("", "", "%s is not a connected account.", c.a.ID)
	}
	has := c.a.balance(c.at)[currency]
	amount := has.Available
	if currency == "huf" || currency == "twd" { // the bank takes whole units only (MONEY.md 4.6)
		amount -= amount % 100
	}
	if amount < 1 {
		return nil, invalid("balance_insufficient", "", "%s has %s available and %s pending, so nothing can be paid out.", c.a.ID, show(has.Available, currency), show(has.Pending, currency))
	}
	bank := c.bank(currency)
	if bank.str("status") == "errored" {
		return nil, invalid("payouts_not_allowed", "", "The bank account that ends in %s was disabled after a payout failed. The partner must give another one.", bank.str("last4"))
	}
	failure = or(failure, bank.str("_fails"))
	po := c.make("po_1", "payout", object{"amount": amount, "currency": currency, "destination": bank["id"], "arrival_date": c.at.AddDate(0, 0, 2).Unix(),
		"status": "in_transit", "_lines": c.unpaid(currency)})
	po["balance_transaction"] = c.book(c.a, object{"type": "payout", "amount": -amount, "currency": currency, "source": po["id"], "description": "STRIPE PAYOUT", "_payout": po["id"]})["id"]
	c.put(po)
	c.emit("payout.created", po, nil)
	if failure == "" {
		po["status"] = "paid"
		c.put(po)
		c.emit("payout.paid", po, nil)
		return po, nil
	}
	back := c.book(c.a, object{"type": "payout_failure", "amount": amount, "currency": currency, "source": po["id"], "description": "STRIPE PAYOUT FAILURE"})
	po.with(object{"status": "failed", "failure_code": failure, "failure_message": refusals[failure], "failure_balance_transaction": back["id"]})
	c.put(po)
	c.emit("payout.failed", po, nil)
	c.setBank(bank.with(object{"status": "errored"}), "updated")
	return po, nil
}

// unpaid are the lines of the books that a payout takes to the bank: those available that no payout took before.
func (c *call) unpaid(currency string) []any {
	taken, out := map[string]bool{}, []any{}
	for _, po := range c.a.all("payout") {
		for _, id := range po.list("_lines") {
			taken[text(id)] = po.str("status") == "paid"
		}
	}
	for _, t := range c.a.where("balance_transaction", "currency", currency) {
		if id := t.str("id"); !taken[id] && t.num("available_on") <= c.at.Unix() && !strings.HasPrefix(t.str("type"), "payout") {
			out = append(out, id)
		}
	}
	return out
}

// bank is the bank account of a connected account for a currency; one is made when it has none.
func (c *call) bank(currency string) object {
	for _, one := range c.a.self().sub("external_accounts").list("data") {
		if tree(one).str("currency") == currency {
			return tree(one)
		}
	}
	return c.newBank(currency)
}

func (c *call) newBank(currency string) object {
	ba := c.make("ba_1", "bank_account", object{})
	delete(ba, "created") // which a bank account does not have
	last4 := fmt.Sprintf("%04d", 6788+ba.num("_n"))
	c.setBank(ba.with(object{"account": c.a.ID, "country": c.a.self().value("country"), "currency": currency, "last4": last4,
		"fingerprint": letters(c.a.ID+last4, 16), "default_for_currency": true, "status": "new"}), "created")
	return ba
}

// setBank puts a bank account into the connected account, in the place of the one of the same currency.
func (c *call) setBank(ba object, what string) {
	self := c.a.self()
	was := c.a.render(self, version)
	others := slices.DeleteFunc(slices.Clone(self.sub("external_accounts").list("data")), func(one any) bool { return tree(one).str("currency") == ba.str("currency") })
	self["external_accounts"] = listOf("/v1/accounts/"+c.a.ID+"/external_accounts", append([]any{ba}, others...)...)
	c.put(ba)
	c.putIn(c.a.platform, self)
	c.emit("account.external_account."+what, ba, nil)
	c.emit("account.updated", self, before(was, c.a.render(self, version)))
}

// ReplaceBank is a partner who gives another bank account for a currency, as after a payout failed.
func (s *Sandbox) ReplaceBank(accountID, currency string) error {
	_, err := s.shop(accountID, time.Time{}, func(c *call) (Sold, error) {
		if c.a.platform == nil {
			return Sold{}, invalid("", "", "%s is not a connected account.", c.a.ID)
		}
		c.newBank(strings.ToLower(currency))
		return Sold{}, nil
	})
	return err
}

func getPayout(c *call) (object, error) {
	o, err := c.need("payout", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func listPayouts(c *call) (object, error) {
	return c.search(query{url: "/v1/payouts", kind: "payout", fields: []string{"status", "destination"}})
}
