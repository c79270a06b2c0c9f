package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Shown is what Stripe shows of the sale when it is asked for its discounts or for how it was paid.
func (s Sold) Shown(kind string) json.RawMessage {
	discount := object{"id": s.id("di"), "object": "discount", "coupon": object{"id": "co_" + s.Code}, "promotion_code": promotionCode(s.Code)}
	o := object{"id": s.id("in"), "paid_out_of_band": s.Outside}
	switch {
	case kind == "payment_intent":
		o = object{"id": s.id("pi"), "metadata": s.metadata("payment_intent"), "latest_charge": object{"id": s.id("ch"), "metadata": s.metadata("charge")}}
	case kind == "session" && s.Code != "":
		o = object{"id": s.id("cs"), "total_details": object{"breakdown": object{"discounts": []any{object{"amount": s.Discount, "discount": discount}}}}}
	case kind == "session":
		o = object{"id": s.id("cs")}
	case kind == "discounts" && s.Code != "":
		o = object{"id": s.id("in"), "discounts": []any{discount}}
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return text
}

func promotionCode(text string) object {
	return object{"id": "promo_" + text, "object": "promotion_code", "code": text, "coupon": object{"id": "co_" + text}}
}

// PromotionCode is what Stripe shows of the promotion code of a text.
func PromotionCode(text string) json.RawMessage {
	code, err := json.Marshal(promotionCode(text))
	if err != nil {
		panic(err)
	}
	return code
}

// State is customer.updated, customer.subscription.created and the like: the key in the metadata of one from a moment
// on, and the one before. An empty key is none.
func State(shape Shape, kind, id, key, before string, at time.Time) []byte {
	metadata := func(key string) object {
		if key == "" {
			return object{}
		}
		return object{"partner_key": key}
	}
	data := object{"object": object{"id": id, "object": "state", "metadata": metadata(key), "created": at.Unix()}}
	if strings.HasSuffix(kind, ".updated") {
		data["previous_attributes"] = object{"metadata": object{"partner_key": orNil(before)}}
	}
	return event(fmt.Sprintf("evt_%s_%s_%d", kind, id, at.Unix()), kind, shape, data, at)
}

// Samples are payloads of every kind that a Sold makes, in both shapes.
func Samples() [][]byte {
	plain := Sold{N: 1, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: 10000, Tax: 777, Currency: "usd", PaidAt: Day}
	odd := plain
	odd.Named, odd.Reference, odd.Credit, odd.Discount = map[string]string{"charge": "A", "invoice": "B", "subscription": "C", "customer": "D"}, "PARTNER_A", 2500, 99
	odd.Products, odd.Currency, odd.Renewal, odd.Delay = []string{"prod_1", "prod_2", "prod_3"}, "jpy", true, time.Hour
	guest := Sold{N: 2, Email: " Ann@X.com ", Gross: 5120, Currency: "kwd", PaidAt: Day, OneOff: true, Authorised: 6000, Legacy: true}
	outside, free := plain, plain
	outside.Outside, outside.Invoiced, free.Gross, free.Tax = true, true, 0, 0
	var all [][]byte
	for _, s := range []Sold{plain, odd, guest, outside, free} {
		for _, shape := range []Shape{Old, New} {
			all = append(all, s.Session(shape), s.SessionPaid(shape), s.Invoice(shape), s.InvoiceAgain(shape), s.Charge(shape), s.Capture(shape, time.Minute),
				s.Intent(shape), State(shape, "customer.updated", "cus_1", "A", "B", Day), s.Refund(shape, 2500), s.CreditNote(shape, 2500, "issued", time.Hour), s.CreditNote(shape, 2500, "void", time.Hour))
			all = append(all, s.Aside(shape)...)
		}
		for _, status := range []string{"pending", "requires_action", "succeeded", "failed", "canceled"} {
			all = append(all, s.RefundObject(1, 2500, status, time.Hour, time.Hour))
		}
		for _, status := range []string{"warning_needs_response", "warning_under_review", "warning_closed", "needs_response", "under_review", "won", "lost", "prevented", "charge_refunded"} {
			all = append(all, s.Dispute(2500, status, time.Hour))
		}
		all = append(all, s.Reinstated(2500, 1000, time.Hour))
	}
	return all
}
