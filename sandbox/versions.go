package sandbox

// newShapes turn a rendered object into the shape it has from 2025-03-31 on (MONEY.md 1.2).
var newShapes = map[string]func(object){
	"charge":            func(o object) { drop(o, "invoice") },
	"payment_intent":    func(o object) { drop(o, "invoice") },
	"checkout.session":  newSession,
	"invoice":           newInvoice,
	"line_item":         newLine,
	"subscription":      newSubscription,
	"subscription_item": func(o object) { drop(o, "billing_thresholds") },
}

func drop(o object, keys ...string) {
	for _, k := range keys {
		delete(o, k)
	}
}

func newSession(o object) {
	o["collected_information"] = object{"shipping_details": o["shipping_details"]}
	o["presentment_details"] = nil
	drop(o, "shipping_details")
}

func newInvoice(o object) {
	o["parent"] = nil
	if sub := o.str("subscription"); sub != "" {
		o["parent"] = object{"type": "subscription_details", "quote_details": nil, "subscription_details": object{
			"metadata": o.sub("subscription_details")["metadata"], "subscription": sub}}
	}
	o["total_taxes"] = newTaxes(o.list("total_tax_amounts"))
	o["amount_overpaid"] = int64(0)
	o["confirmation_secret"] = nil
	drop(o, "subscription", "subscription_details", "payment_intent", "charge", "paid", "paid_out_of_band", "tax",
		"total_tax_amounts", "discount", "quote", "application_fee_amount", "transfer_data")
}

func newLine(o object) {
	price := o.sub("price")
	o["pricing"] = object{"type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
		"price_details": object{"price": price["id"], "product": price["product"]}}
	o["parent"] = object{"type": "subscription_item_details", "invoice_item_details": nil,
		"subscription_item_details": object{"invoice_item": nil, "proration": o["proration"], "proration_details": o["proration_details"],
			"subscription": o["subscription"], "subscription_item": o["subscription_item"]}}
	o["taxes"] = newTaxes(o.list("tax_amounts"))
	o["pretax_credit_amounts"] = []any{}
	drop(o, "price", "plan", "type", "proration", "proration_details", "subscription", "subscription_item", "tax_amounts",
		"tax_rates", "amount_excluding_tax", "unit_amount_excluding_tax")
}

func newTaxes(old []any) []any {
	out := []any{}
	for _, t := range old {
		t := tree(t)
		behaviour := "exclusive"
		if t.flag("inclusive") {
			behaviour = "inclusive"
		}
		out = append(out, object{"type": "tax_rate_details", "amount": t["amount"], "tax_behavior": behaviour,
			"taxability_reason": t["taxability_reason"], "taxable_amount": t["taxable_amount"],
			"tax_rate_details": object{"tax_rate": t["tax_rate"]}})
	}
	return out
}

func newSubscription(o object) {
	for _, item := range o.list("items") {
		item := tree(item)
		item["current_period_start"], item["current_period_end"] = o["current_period_start"], o["current_period_end"]
	}
	o["discounts"] = []any{}
	drop(o, "current_period_start", "current_period_end", "discount", "quantity")
}
