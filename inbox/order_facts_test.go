package inbox_test

import (
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// caseOf makes further events of a sale, of the same customer and subscription.
func caseOf(s storetest.Sold) storetest.Case {
	c := storetest.NewCase(storetest.New, s.N)
	c.At, c.Customer, c.Email, c.Sub = s.PaidAt, s.Customer, s.Email, "sub_1"
	return c
}

// alsoTold is the payment intent of a sale, and the payment of its invoice.
func alsoTold(s storetest.Sold) [][]byte {
	c := caseOf(s)
	bodies := [][]byte{c.Event("payment_intent.succeeded", time.Second, c.Intent(s.Gross))}
	if !s.OneOff {
		bodies = append(bodies, c.Event("invoice_payment.paid", 0, map[string]any{"id": c.ID("inpay"), "object": "invoice_payment", "invoice": c.ID("in"), "currency": "usd", "amount_paid": s.Gross,
			"status": "paid", "payment": map[string]any{"type": "payment_intent", "payment_intent": c.ID("pi")}, "status_transitions": map[string]any{"paid_at": c.At.Unix()}}))
	}
	return bodies
}

// changes are keys of the customer and the subscription of the first sale that come, change and go.
func changes(s storetest.Sold) [][]byte {
	bodies := alsoTold(s)
	c := caseOf(s)
	const day = 24 * time.Hour
	switch s.N {
	case 1:
		bodies = append(bodies, stateTold(c, "customer.created", c.Customer, "customer", -day, "", ""),
			customerTold(c, 12*time.Hour, "PARTNER_B", ""), customerTold(c, 36*time.Hour, "NOBODY", "PARTNER_B"), customerTold(c, 60*time.Hour, "PARTNER_A", "NOBODY"))
	case 2:
		bodies = append(bodies, subscriptionTold(c, -time.Hour, "PARTNER_A", ""), subscriptionTold(c, day+time.Hour, "", "PARTNER_A"), customerTold(c, -day/2, "PARTNER_B", "PARTNER_B"))
	}
	return bodies
}

// couponed gives the second and third sale discounts: an id whose code is told by itself, and one that stays unread.
func couponed(s storetest.Sold) [][]byte {
	bodies := alsoTold(s)
	c := caseOf(s)
	switch s.N {
	case 2:
		bodies = append(bodies, c.Event("promotion_code.created", -time.Hour, save20),
			c.Event(completed, time.Second, c.Session("payment", s.Gross, 777, append(discounted("promo_1"), "invoice", nil)...)))
	case 3:
		bodies = append(bodies, c.Event("invoice.paid", time.Second, c.Invoice(storetest.Plain("subscription_cycle", 10000, 0), "discounts", []any{"di_9"})))
	}
	return bodies
}

// DESIGN.md 4, B10, D14: what is known of customers, subscriptions and codes, payment intents and payments of invoices end
// in the same books in any order, in each kind of program.
func TestFactsCodesAndIntentsEndInTheSameBooksInAnyOrder(t *testing.T) {
	t.Parallel()
	sold := func(n int, partner, kind string) storetest.Sold {
		return storetest.Sold{N: n, Customer: "cus_1", Email: "a@x", Partner: partner, Gross: 10000, Tax: 777, Currency: "usd",
			PaidAt: storetest.Day.AddDate(0, 0, -20+n), OneOff: kind == "one-off", Renewal: kind == "renewal"}
	}
	plain := []storetest.Sold{sold(1, "", "one-off"), sold(2, "", "renewal"), sold(3, "", "one-off")}
	first := []storetest.Sold{sold(1, "PARTNER_A", ""), sold(2, "", "one-off"), sold(3, "", "renewal")}
	by := func(model string, coupons bool) func(*house) {
		return func(h *house) {
			h.with(func(p *models.Program) { p.AttributionModel, p.CouponBeatsLink = model, coupons })
			h.code("SAVE20", "PARTNER_B")
		}
	}
	playAll(t, map[string]scene{
		"keys that change, by customer":      {sales: plain, more: changes, set: by("customer", false)},
		"keys that change, by transaction":   {sales: plain, more: changes, set: by("transaction", false), back: map[int][]int64{3: {5000}}},
		"a session and coupons, by customer": {sales: first, more: couponed, set: by("customer", false)},
		"a session, and coupons beat links":  {sales: first, more: couponed, set: by("customer", true), back: map[int][]int64{2: {5000}}},
		"coupons first, by transaction":      {sales: first, more: couponed, set: by("transaction", true)},
	})
}
