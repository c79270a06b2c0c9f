package sandbox

import (
	"strconv"
	"strings"
)

// card is a test card of Stripe's (MONEY.md 4.8).
type card struct {
	brand  string
	refuse string // decline code of each charge; "" when it pays
	keeps  bool   // it can be saved although its charges are declined
	asks   asks
	refund string // what becomes of its refunds: "", "pending", "failed"
	doubts doubts // whether its holder disputes each charge
	quick  bool   // its money is available at once
	debit  string // not a card at all, but a bank account of this type, whose charges are under way for days
}

type doubts int

const (
	none doubts = iota
	chargeback
	inquiry
)

type asks int

const (
	never     asks = iota
	onceSaved      // the holder must confirm, unless the card was set up for later use
	always
)

var cards = map[string]card{
	"4242424242424242": {brand: "visa"},
	"4000056655665556": {brand: "visa"},
	"5555555555554444": {brand: "mastercard"},
	"378282246310005":  {brand: "amex"},
	"4000000000000077": {brand: "visa", quick: true},
	"4000000000000002": {brand: "visa", refuse: "generic_decline"},
	"4000000000009995": {brand: "visa", refuse: "insufficient_funds"},
	"4000000000009987": {brand: "visa", refuse: "lost_card"},
	"4000000000009979": {brand: "visa", refuse: "stolen_card"},
	"4000000000000069": {brand: "visa", refuse: "expired_card"},
	"4000000000000119": {brand: "visa", refuse: "processing_error"},
	"4000000000000341": {brand: "visa", refuse: "generic_decline", keeps: true},
	"4000002500003155": {brand: "visa", asks: onceSaved},
	"4000002760003184": {brand: "visa", asks: always},
	"4000000000003220": {brand: "visa", asks: always},
	"4000000000000259": {brand: "visa", doubts: chargeback},
	"4000000000001976": {brand: "visa", doubts: inquiry},
	"4000000000007726": {brand: "visa", refund: "pending"},
	"4000000000005126": {brand: "visa", refund: "failed"},
	usBank:             {debit: "us_bank_account"},
	sepaDebit:          {debit: "sepa_debit"},
}

// tokens are the payment methods that exist in every account in test mode; each use makes a new one.
var tokens = map[string]string{
	"pm_card_visa":                                 "4242424242424242",
	"pm_card_visa_debit":                           "4000056655665556",
	"pm_card_mastercard":                           "5555555555554444",
	"pm_card_amex":                                 "378282246310005",
	"pm_card_bypassPending":                        "4000000000000077",
	"pm_card_chargeDeclined":                       "4000000000000002",
	"pm_card_visa_chargeDeclined":                  "4000000000000002",
	"pm_card_chargeDeclinedInsufficientFunds":      "4000000000009995",
	"pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
	"pm_card_chargeDeclinedLostCard":               "4000000000009987",
	"pm_card_visa_chargeDeclinedLostCard":          "4000000000009987",
	"pm_card_chargeDeclinedStolenCard":             "4000000000009979",
	"pm_card_visa_chargeDeclinedStolenCard":        "4000000000009979",
	"pm_card_chargeDeclinedExpiredCard":            "4000000000000069",
	"pm_card_chargeDeclinedProcessingError":        "4000000000000119",
	"pm_card_chargeCustomerFail":                   "4000000000000341",
	"pm_card_authenticationRequiredOnSetup":        "4000002500003155",
	"pm_card_authenticationRequired":               "4000002760003184",
	"pm_card_threeDSecure2Required":                "4000000000003220",
	"pm_card_createDispute":                        "4000000000000259",
	"pm_card_createDisputeInquiry":                 "4000000000001976",
	"pm_card_pendingRefund":                        "4000000000007726",
	"pm_card_refundFail":                           "4000000000005126",
	"pm_usBankAccount":                             usBank,
	"pm_usBankAccount_success":                     usBank,
	"pm_sepaDebit":                                 sepaDebit,
}

// declined is the error of a refused card.
func declined(decline string) *failure {
	switch decline {
	case "insufficient_funds":
		return cardError("card_declined", decline, "Your card has insufficient funds.")
	case "expired_card":
		return cardError("expired_card", "", "Your card has expired.")
	case "processing_error":
		return cardError("processing_error", "", "An error occurred while processing your card. Try again in a little bit.")
	case "authentication_required":
		return cardError("authentication_required", decline, "Your card was declined. This transaction requires authentication.")
	case "authentication_not_handled":
		return cardError("card_declined", decline, "Your card was declined. This transaction requires authentication.")
	case "live_mode_test_card", "test_mode_live_card":
		return cardError("card_declined", decline, "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.")
	}
	return cardError("card_declined", decline, "Your card was declined.")
}

func createMethod(c *call) (object, error) {
	if t := c.form.get("type"); t != "card" {
		return nil, invalid("", "type", "The payment method type provided: %s is invalid.", t)
	}
	number := strings.ReplaceAll(c.form.get("card[number]"), " ", "")
	if token := c.form.get("card[token]"); token != "" {
		number = tokens[strings.Replace(token, "tok_", "pm_card_", 1)]
	}
	month, _, err1 := c.form.num("card[exp_month]")
	year, _, err2 := c.form.num("card[exp_year]")
	switch {
	case err1 != nil || err2 != nil:
		return nil, invalid("invalid_expiry_year", "card[exp_year]", "Your card's expiration date is invalid.")
	case number == "":
		return nil, required("card[number]")
	case len(number) < 13 || strings.Trim(number, "0123456789") != "":
		return nil, cardError("incorrect_number", "", "Your card number is incorrect.")
	case cards[number].brand == "":
		return nil, declined("test_mode_live_card")
	}
	o := c.newMethod(number, month, year)
	if b := c.form.tree("billing_details"); b != nil {
		o["billing_details"] = shapes.sub("payment_method").sub("billing_details").copy().with(b)
	}
	o["metadata"] = c.form.metadata(nil)
	c.put(o)
	return c.show(o)
}

func (c *call) newMethod(number string, month, year int64) object {
	if month == 0 || year == 0 {
		month, year = 12, int64(c.at.Year()+3)
	}
	brand := cards[number].brand
	o := c.make("pm_1", "payment_method", object{"_number": number})
	if cards[number].debit != "" {
		c.put(bankDebit(o))
		return o
	}
	o["card"] = object{"brand": brand, "checks": object{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": "pass"},
		"country": "US", "display_brand": brand, "exp_month": month, "exp_year": year, "fingerprint": letters(number, 16),
		"funding": "credit", "generated_from": nil, "last4": number[len(number)-4:], "networks": object{"available": []any{brand}, "preferred": nil},
		"three_d_secure_usage": object{"supported": true}, "wallet": nil}
	c.put(o)
	return o
}

// method reads a payment method named by a parameter; a test token makes a new one.
func (c *call) method(param string) (object, error) {
	id := c.form.get(param)
	if number := tokens[id]; number != "" && !c.a.isLive() {
		return c.newMethod(number, 0, 0), nil
	}
	return c.given("payment_method", param)
}

func getMethod(c *call) (object, error) {
	if number := tokens[c.path("id")]; number != "" && !c.a.isLive() {
		return c.show(c.newMethod(number, 0, 0))
	}
	o, err := c.need("payment_method", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(o)
}

func attachMethod(c *call) (object, error) {
	pm, ok := c.a.get("payment_method", c.path("id"))
	if number := tokens[c.path("id")]; number != "" && !c.a.isLive() {
		pm, ok = c.newMethod(number, 0, 0), true
	}
	if !ok {
		return nil, missing(404, "payment_method", c.path("id"), "id")
	}
	if !c.form.has("customer") {
		return nil, required("customer")
	}
	cus, err := c.given("customer", "customer")
	if err != nil {
		return nil, err
	}
	if err := c.attach(pm, cus.str("id")); err != nil {
		return nil, err
	}
	return c.show(pm)
}

// attach saves a card on a customer; Stripe asks the bank first.
func (c *call) attach(pm object, customer string) error {
	switch has, k := pm.str("customer"), cards[pm.str("_number")]; {
	case has == customer:
		return nil
	case has != "":
		return invalid("payment_method_unexpected_state", "", "The payment method you provided has already been attached to a customer.")
	case pm.flag("_detached"):
		return invalid("", "", "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.")
	case k.refuse != "" && !k.keeps:
		return declined(k.refuse)
	}
	pm["customer"] = customer
	c.put(pm)
	c.emit("payment_method.attached", pm, nil)
	return nil
}

func detachMethod(c *call) (object, error) {
	pm, err := c.need("payment_method", c.path("id"))
	if err != nil {
		return nil, err
	}
	if err := c.detach(pm); err != nil {
		return nil, err
	}
	return c.show(pm)
}

func listMethods(c *call) (object, error) {
	return c.search(query{url: "/v1/payment_methods", kind: "payment_method", fields: []string{"customer", "type"}})
}

func listCustomerMethods(c *call) (object, error) {
	if _, err := c.need("customer", c.path("id")); err != nil {
		return nil, err
	}
	url := "/v1/customers/" + c.path("id") + "/payment_methods"
	return c.page(url, c.a.where("payment_method", "customer", c.path("id")))
}

// shownCard is a card as a charge shows it.
func shownCard(pm object, amount int64) object {
	k := pm.sub("card")
	if kind := pm.str("type"); kind != "" && kind != "card" {
		return shownDebit(pm)
	}
	out := object{"amount_authorized": amount, "extended_authorization": object{"status": "disabled"},
		"incremental_authorization": object{"status": "unavailable"}, "installments": nil, "mandate": nil,
		"multicapture": object{"status": "unavailable"}, "network": k["brand"], "network_token": object{"used": false},
		"overcapture": object{"maximum_amount_capturable": amount, "status": "unavailable"}, "three_d_secure": nil, "wallet": nil}
	for _, f := range []string{"brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"} {
		out[f] = k[f]
	}
	return object{"card": out, "type": "card"}
}

// secret is the client secret of an intent.
func secret(id string) string { return id + "_secret_" + letters(id+strconv.Itoa(len(id)), 25) }
