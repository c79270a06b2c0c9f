package inbox_test

import (
	"context"
	"testing"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

const basicSale = "in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 10.00 of 10.00 USD; ch_# cs_# pi_#"

// pricedRows is what a subscription may go through in a program that pays 10 % for prod_1 and 30 % for prod_2: by the cash,
// never by a line alone.
var pricedRows = []row{
	{name: "F91: an upgrade earns on the increase, at the new product's rate", // +150.00 and −100.00 collect 50.00
		tell: func(c storetest.Case, partner string) [][]byte {
			next := c.Later("b", month)
			bill := storetest.Bill{Reason: "subscription_update", Tax: 1000, Lines: []storetest.BillLine{
				{Amount: -10000, Product: "prod_1", Proration: true}, {Amount: 15000, Product: "prod_2", Proration: true}}}
			bodies := append(begun(c, partner), next.Event("customer.subscription.updated", 0, next.Subscription("active")))
			return append(bodies, billed(next, bill, 6000)...)
		},
		want: []string{basicSale, "in_#b renewal paid: 50.00 of 60.00 USD; P# by customer_id; held 15.00 of 15.00 USD; ch_#b pi_#b", "balance held 25.00 USD"}},
	{name: "F92: a downgrade earns nothing, and then less, as less is collected",
		tell: func(c storetest.Case, partner string) [][]byte {
			down, next := c.Later("b", month/2), c.Later("c", month)
			credit := storetest.Bill{Reason: "subscription_update", Tax: -600, Lines: []storetest.BillLine{
				{Amount: -8000, Product: "prod_2", Proration: true}, {Amount: 5000, Product: "prod_1", Proration: true}}}
			bill := storetest.Plain("subscription_cycle", 5000, 1000)
			bill.Credit = 3600
			bodies := append(begun(c, partner), down.Event("customer.subscription.updated", 0, down.Subscription("active")))
			return append(append(bodies, billed(down, credit, 0)...), billed(next, bill, 2400)...)
		},
		want: []string{basicSale, "in_#c renewal paid: 20.00 of 24.00 USD; P# by customer_id; held 2.00 of 2.00 USD; ch_#c pi_#c", "balance held 12.00 USD"}},
}

// F17, F91, F92, D7: what product rules make of an upgrade and a downgrade, in both shapes, in order, in reverse and repeated.
func TestASubscriptionIsPricedByItsProducts(t *testing.T) {
	t.Parallel()
	table(t, pricedRows, func(h *house) {
		h.rule(models.Rule{Product: ptr("prod_1"), Type: "percent", Value: "10", Recurring: "always"}, models.Rule{Product: ptr("prod_2"), Type: "percent", Value: "30", Recurring: "always"})
	})
}

// F47, F48: what the API or the browser says was sold prices the sale: the product's rule first, then its type's.
func TestASaleByTheAPIIsPricedByItsProduct(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rule(models.Rule{Product: ptr("prod_1"), Type: "percent", Value: "10", Recurring: "always"}, models.Rule{ProductType: ptr("monthly"), Type: "fixed", Value: "7.00", Currency: "usd", Recurring: "always"},
		models.Rule{Type: "percent", Value: "1", Recurring: "always"})
	for i, sold := range [][2]string{{"prod_1", "monthly"}, {"prod_2", "monthly"}, {"prod_2", "yearly"}} {
		tr := inbox.Transaction{Key: []string{"a", "b", "c"}[i], Amount: "100.00", AmountUnits: "usd", Partner: "PARTNER_A", ProductID: sold[0], ProductType: sold[1]}
		if _, _, err := h.Transact(context.Background(), h.caller, tr); err != nil {
			t.Fatal(err)
		}
	}
	h.earns("a PARTNER_A 10.00, b PARTNER_A 7.00, c PARTNER_A 1.00")
}
