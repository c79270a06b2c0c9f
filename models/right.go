package models

// rights are what a restricted key may be allowed, by Stripe's name: what it is in words, and what is lost without it.
var rights = map[string]struct{ word, cost string }{
	"rak_charge_read":           {"Charges and refunds, read", "Whose invoice a charge pays cannot be asked: such charges wait. Missed refunds will not be found."},
	"rak_payment_intent_read":   {"Payment intents, read", "A partner who is named on a payment intent alone will not be seen."},
	"rak_invoice_read":          {"Invoices, read", "Missed invoices will not be found, and of long ones only the first ten lines are seen."},
	"rak_subscription_read":     {"Subscriptions, read", "A partner who is named on a subscription alone will not be seen."},
	"rak_customer_read":         {"Customers, read", "A partner who is named on a customer alone will not be seen."},
	"rak_checkout_session_read": {"Checkout sessions, read", "A sale whose checkout was missed will find no partner."},
	"rak_product_read":          {"Products, read", "Products cannot be picked by name in rules."},
	"rak_plan_read":             {"Prices, read", "Prices cannot be picked by name in rules."},
	"rak_event_read":            {"Events, read", "What Portal missed cannot be fetched again."},
	"rak_dispute_read":          {"Disputes, read", "No missed disputes will be seen: their commissions are paid all the same."},
	"rak_credit_note_read":      {"Credit notes, read", "No missed credit notes will be seen: what they give back is not taken off."},
	"rak_webhook_write":         {"Webhook endpoints, write", "Portal cannot make or mend its endpoint. Make it by hand, below."},
	"rak_coupon_write":          {"Coupons, write", "Portal cannot make coupons in Stripe."},
	"rak_promotion_code_write":  {"Promotion codes, write", "Portal cannot make codes for partners in Stripe."},
}

// RightWord is what a right of Stripe's is called; empty for one that Portal does not ask for.
func RightWord(name string) string { return rights[name].word }

// RightCost is what is lost without a right of Stripe's; empty for one that Portal does not ask for.
func RightCost(name string) string { return rights[name].cost }
