package inbox_test

import (
	"context"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

const (
	completed = "checkout.session.completed"
	month     = 30 * time.Hour // is enough for what comes later: every payment of a table has been made by today
)

// begun is a subscription bought through a partner, net of tax 100.00 and with it 120.00: what begins most rows.
func begun(c storetest.Case, partner string) [][]byte {
	bill := storetest.Plain("subscription_create", 10000, 2000)
	invoice := c.Invoice(bill)
	return [][]byte{
		c.Event("customer.subscription.created", 0, c.Subscription("active")),
		c.Event(completed, time.Second, c.Session("subscription", 12000, 2000, "metadata", map[string]any{"partner_key": partner})),
		c.Event("invoice.paid", 0, invoice), c.Event("invoice.payment_succeeded", 0, invoice),
		c.Event("payment_intent.succeeded", 0, c.Intent(12000)), c.Event("charge.succeeded", 0, c.Charge(12000)),
	}
}

// billed is a paid invoice and all that comes with it.
func billed(c storetest.Case, b storetest.Bill, cash int64) [][]byte {
	invoice := c.Invoice(b)
	bodies := [][]byte{c.Event("invoice.paid", 0, invoice), c.Event("invoice.payment_succeeded", 0, invoice)}
	if cash > 0 {
		bodies = append(bodies, c.Event("payment_intent.succeeded", 0, c.Intent(cash)), c.Event("charge.succeeded", 0, c.Charge(cash)))
	}
	return bodies
}

// bought is a checkout without an invoice and all that comes with it.
func bought(c storetest.Case, total, tax int64, set ...any) [][]byte {
	return [][]byte{c.Event(completed, 0, c.Session("payment", total, tax, set...)),
		c.Event("payment_intent.succeeded", 0, c.Intent(total)), c.Event("charge.succeeded", 0, c.Charge(total))}
}

func key(partner string) map[string]any { return map[string]any{"partner_key": partner} }

const (
	firstSale = "in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_# pi_#"
)

// saleRows is MONEY.md 2.4.
var saleRows = []row{
	{name: "Payment link, one-off",
		tell: func(c storetest.Case, partner string) [][]byte {
			return bought(c, 12000, 2000, "payment_link", "plink_1", "client_reference_id", partner)
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by client_reference; held 20.00 of 20.00 USD; ch_# cs_#", "balance held 20.00 USD"}},

	{name: "Checkout payment, no invoice",
		tell: func(c storetest.Case, partner string) [][]byte {
			return bought(c, 12000, 2000, "metadata", key(partner))
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_#", "balance held 20.00 USD"}},

	{name: "Checkout payment + invoice_creation",
		tell: func(c storetest.Case, partner string) [][]byte {
			bodies := billed(c, storetest.Plain("manual", 10000, 2000), 12000)
			return append([][]byte{c.Event(completed, 0, c.Session("payment", 12000, 2000, "metadata", key(partner)))}, bodies...)
		},
		want: []string{firstSale, "balance held 20.00 USD"}},

	{name: "Checkout subscription, first invoice",
		tell: begun,
		want: []string{firstSale, "balance held 20.00 USD"}},

	{name: "Renewal",
		tell: func(c storetest.Case, partner string) [][]byte {
			return append(begun(c, partner), billed(c.Later("b", month), storetest.Plain("subscription_cycle", 10000, 2000), 12000)...)
		},
		want: []string{firstSale, "in_#b renewal paid: 100.00 of 120.00 USD; P# by customer_id; held 20.00 of 20.00 USD; ch_#b pi_#b", "balance held 40.00 USD"}},

	{name: "Upgrade, invoiced now", // 150.00 for the rest of the month, less 100.00 for what was paid and not used
		tell: func(c storetest.Case, partner string) [][]byte {
			next := c.Later("b", month)
			bill := storetest.Bill{Reason: "subscription_update", Tax: 1000, Lines: []storetest.BillLine{
				{Amount: -10000, Product: "prod_1", Proration: true}, {Amount: 15000, Product: "prod_2", Proration: true}}}
			bodies := append(begun(c, partner), next.Event("customer.subscription.updated", 0, next.Subscription("active")))
			return append(bodies, billed(next, bill, 6000)...)
		},
		want: []string{firstSale, "in_#b renewal paid: 50.00 of 60.00 USD; P# by customer_id; held 10.00 of 10.00 USD; ch_#b pi_#b", "balance held 30.00 USD"}},

	{name: "Upgrade, prorations later (default)",
		tell: func(c storetest.Case, partner string) [][]byte {
			next := c.Later("b", month)
			bill := storetest.Bill{Reason: "subscription_cycle", Tax: 3600, Lines: []storetest.BillLine{
				{Amount: -4000, Product: "prod_1", Proration: true}, {Amount: 7000, Product: "prod_2", Proration: true}, {Amount: 15000, Product: "prod_2"}}}
			bodies := append(begun(c, partner), c.Event("customer.subscription.updated", time.Hour, c.Subscription("active")))
			return append(bodies, billed(next, bill, 21600)...)
		},
		want: []string{firstSale, "in_#b renewal paid: 180.00 of 216.00 USD; P# by customer_id; held 36.00 of 36.00 USD; ch_#b pi_#b", "balance held 56.00 USD"}},

	{name: "Downgrade", // 36.00 go to the customer's balance; the next 60.00 collect 24.00
		tell: func(c storetest.Case, partner string) [][]byte {
			down, next := c.Later("b", month/2), c.Later("c", month)
			credit := storetest.Bill{Reason: "subscription_update", Tax: -600, Lines: []storetest.BillLine{
				{Amount: -8000, Product: "prod_2", Proration: true}, {Amount: 5000, Product: "prod_1", Proration: true}}}
			bill := storetest.Plain("subscription_cycle", 5000, 1000)
			bill.Credit = 3600
			bodies := append(begun(c, partner), down.Event("customer.subscription.updated", 0, down.Subscription("active")))
			return append(append(bodies, billed(down, credit, 0)...), billed(next, bill, 2400)...)
		},
		want: []string{firstSale, "in_#c renewal paid: 20.00 of 24.00 USD; P# by customer_id; held 4.00 of 4.00 USD; ch_#c pi_#c", "balance held 24.00 USD"}},

	{name: "Trial start", // P9's rule pays the first sale only: the invoice of nothing does not use it up
		tell: func(c storetest.Case, partner string) [][]byte {
			first, second := c.Later("b", month/2), c.Later("c", month)
			bodies := [][]byte{c.Event("customer.subscription.created", 0, c.Subscription("trialing", "trial_end", first.At.Unix())),
				c.Event(completed, 0, c.Session("subscription", 0, 0, "payment_status", "no_payment_required", "metadata", key(partner)))}
			bodies = append(bodies, billed(c, storetest.Plain("subscription_create", 0, 0), 0)...)
			bodies = append(bodies, billed(first, storetest.Plain("subscription_cycle", 10000, 2000), 12000)...)
			return append(bodies, billed(second, storetest.Plain("subscription_cycle", 10000, 2000), 12000)...)
		},
		want: []string{"in_#b sale paid: 100.00 of 120.00 USD; P# by customer_id; held 20.00 of 20.00 USD; ch_#b pi_#b",
			"in_#c renewal paid: 100.00 of 120.00 USD; P# by customer_id; ch_#c pi_#c", "balance held 20.00 USD"}},

	{name: "100% coupon",
		tell: func(c storetest.Case, partner string) [][]byte {
			next := c.Later("b", month)
			free := c.Session("payment", 0, 0, "payment_status", "no_payment_required", "payment_intent", nil, "amount_subtotal", 10000, "total_details.amount_discount", 10000, "metadata", key(partner))
			return append([][]byte{c.Event(completed, 0, free)}, bought(next, 12000, 2000)...)
		},
		want: []string{"pi_#b sale paid: 100.00 of 120.00 USD; P# by customer_id; held 20.00 of 20.00 USD; ch_#b cs_#b", "balance held 20.00 USD"}},

	{name: "Out of band", // the whole, and what a third of credit left to pay
		tell: func(c storetest.Case, partner string) [][]byte {
			bill := storetest.Plain("manual", 10000, 2000)
			bill.Outside, bill.Metadata = true, map[string]string{"partner_key": partner}
			rest := bill
			rest.Credit = 4000
			return append(billed(c, bill, 0), billed(c.Later("b", month), rest, 0)...)
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD;",
			"in_#b sale paid: 66.67 of 80.00 USD; P# by customer_id; held 13.33 of 13.33 USD;", "balance held 33.33 USD"}},

	{name: "Delayed method", // P8: one that succeeds after a day, one that fails, and one whose invoice tells
		tell: func(c storetest.Case, partner string) [][]byte {
			bad, billedLater := c.Later("b", 25*time.Hour), c.Later("c", month)
			paid := c.Session("payment", 12000, 2000, "metadata", key(partner), "payment_method_types", []any{"sepa_debit"})
			unpaid := func(c storetest.Case) map[string]any {
				return c.Session("payment", 12000, 2000, "metadata", key(partner), "payment_status", "unpaid")
			}
			bodies := [][]byte{c.Event(completed, -24*time.Hour, unpaid(c)), c.Event("checkout.session.async_payment_succeeded", 0, paid),
				c.Event("charge.succeeded", 0, c.Charge(12000)), c.Event("payment_intent.succeeded", 0, c.Intent(12000)),
				bad.Event(completed, -24*time.Hour, unpaid(bad)), bad.Event("checkout.session.async_payment_failed", 0, unpaid(bad)),
				billedLater.Event(completed, -3*time.Hour, billedLater.Session("subscription", 12000, 2000, "payment_status", "unpaid"))}
			return append(bodies, billed(billedLater, storetest.Plain("subscription_create", 10000, 2000), 12000)...)
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_#",
			"in_#c sale paid: 100.00 of 120.00 USD; P# by customer_id; held 20.00 of 20.00 USD; ch_#c cs_#c pi_#c", "balance held 40.00 USD"}},

	{name: "Manual invoice (send_invoice)", // in the new shape paid in two parts
		tell: func(c storetest.Case, partner string) [][]byte {
			bill := storetest.Plain("manual", 10000, 2000)
			bill.Metadata = map[string]string{"partner_key": partner}
			if c.Shape == storetest.Old {
				return billed(c, bill, 12000)
			}
			bill.Parts = []string{"a", "b"}
			invoice := c.Invoice(bill, "collection_method", "send_invoice")
			var bodies [][]byte
			for n, amount := range []int64{4000, 8000} {
				part := c.Later(bill.Parts[n], time.Duration(n-1)*time.Hour)
				bodies = append(bodies, part.Event("charge.succeeded", 0, part.Charge(amount)), part.Event("payment_intent.succeeded", 0, part.Intent(amount)))
			}
			return append(bodies, c.Event("invoice.paid", 0, invoice), c.Event("invoice.payment_succeeded", 0, invoice))
		},
		want:  []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_#a ch_#b pi_#a pi_#b", "balance held 20.00 USD"},
		inOld: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# pi_#", "balance held 20.00 USD"}},

	{name: "Charge API / PI direct",
		tell: func(c storetest.Case, partner string) [][]byte {
			return [][]byte{c.Event("charge.succeeded", 0, c.Charge(9999, "metadata", key(partner))), c.Event("payment_intent.succeeded", 0, c.Intent(9999, "metadata", key(partner)))}
		},
		want: []string{"pi_# sale paid: 99.99 of 99.99 USD; P# by metadata; held 20.00 of 20.00 USD; ch_#", "balance held 20.00 USD"}},

	{name: "Auth then capture", // 60.00 of 100.00; Stripe counts the released rest as refunded
		tell: func(c storetest.Case, partner string) [][]byte {
			some := []any{"metadata", key(partner), "amount_captured", 6000, "amount_refunded", 4000}
			return [][]byte{c.Event("charge.succeeded", -time.Hour, c.Charge(10000, "metadata", key(partner), "captured", false, "amount_captured", 0, "balance_transaction", nil)),
				c.Event("charge.captured", 0, c.Charge(10000, some...)), c.Event("charge.refunded", 0, c.Charge(10000, some...)), c.Event("payment_intent.succeeded", 0, c.Intent(10000, "amount_received", 6000))}
		},
		want: []string{"pi_# sale paid: 60.00 of 60.00 USD; P# by metadata; held 12.00 of 12.00 USD; ch_#", "balance held 12.00 USD"}},

	{name: "Guest", // and later a customer with the same address
		tell: func(c storetest.Case, partner string) [][]byte {
			guest, next := c, c.Later("b", month)
			guest.Customer, next.Email = "", " BUYER16@example.com"
			return append(bought(guest, 12000, 2000, "metadata", key(partner)), bought(next, 12000, 2000)...)
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_#",
			"pi_#b sale paid: 100.00 of 120.00 USD; P# by email; held 20.00 of 20.00 USD; ch_#b cs_#b", "balance held 40.00 USD"}},

	{name: "Multi-currency", // a euro is worth 1.0937 dollars
		tell: func(c storetest.Case, partner string) [][]byte {
			c.Currency = "eur"
			return bought(c, 12000, 2000, "metadata", key(partner))
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 EUR; P# by metadata; held 21.87 of 21.87 USD; ch_# cs_#", "balance held 21.87 USD"}},

	{name: "Adaptive pricing OLD", only: storetest.Old,
		tell: func(c storetest.Case, partner string) [][]byte {
			c.Currency = "eur"
			return bought(c, 11040, 1840, "metadata", key(partner),
				"currency_conversion", map[string]any{"amount_subtotal": 10000, "amount_total": 12000, "fx_rate": "0.92", "source_currency": "usd"})
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_#", "balance held 20.00 USD"}},

	{name: "Adaptive pricing NEW", only: storetest.New,
		tell: func(c storetest.Case, partner string) [][]byte {
			return bought(c, 12000, 2000, "metadata", key(partner), "presentment_details", map[string]any{"presentment_amount": 11040, "presentment_currency": "eur"})
		},
		want: []string{"pi_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_#", "balance held 20.00 USD"}},

	{name: "Credit balance applied", // a third of one invoice, and the whole of the next
		tell: func(c storetest.Case, partner string) [][]byte {
			some, all := storetest.Plain("subscription_cycle", 10000, 2000), storetest.Plain("subscription_cycle", 10000, 2000)
			some.Credit, all.Credit = 4000, 12000
			return append(append(begun(c, partner), billed(c.Later("b", month/2), some, 8000)...), billed(c.Later("c", month), all, 0)...)
		},
		want: []string{firstSale, "in_#b renewal paid: 66.67 of 80.00 USD; P# by customer_id; held 13.33 of 13.33 USD; ch_#b pi_#b", "balance held 33.33 USD"}},

	{name: "Tax-inclusive price", // MONEY.md 6: EUR 119 with 19 % inside is a base of 100, by session and by invoice
		tell: func(c storetest.Case, partner string) [][]byte {
			c.Currency = "eur"
			next := c.Later("b", month)
			bill := storetest.Bill{Reason: "subscription_create", Tax: 1900, Inclusive: true, Lines: []storetest.BillLine{{Amount: 11900, Product: "prod_1"}}}
			return append(bought(c, 11900, 1900, "amount_subtotal", 11900, "metadata", key(partner)), billed(next, bill, 11900)...)
		},
		want: []string{"pi_# sale paid: 100.00 of 119.00 EUR; P# by metadata; held 21.87 of 21.87 USD; ch_# cs_#",
			"in_#b sale paid: 100.00 of 119.00 EUR; P# by customer_id; held 21.87 of 21.87 USD; ch_#b pi_#b", "balance held 43.74 USD"}},

	{name: "Overpaid invoice",
		tell: func(c storetest.Case, partner string) [][]byte {
			bill := storetest.Plain("manual", 10000, 2000)
			bill.Surplus, bill.Metadata = 3000, map[string]string{"partner_key": partner}
			return append(billed(c, bill, 15000), c.Event("invoice.overpaid", 0, c.Invoice(bill)))
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# pi_#", "balance held 20.00 USD"}},
}

// MONEY.md 2.4, row by row, D8, P7, P33, P38: whatever the shape and the order of its events, each ends in the same
// payments, commissions and balances, to the cent.
func TestSales(t *testing.T) {
	t.Parallel()
	table(t, saleRows, func(h *house) {
		trial := "P9"
		rules := []models.Rule{{Type: "percent", Value: "20", Recurring: "always"}, {Partner: &trial, Type: "percent", Value: "20", Recurring: "first"}}
		if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, rules, "test", storetest.Day.AddDate(-2, 0, 0)); err != nil {
			h.t.Fatal(err)
		}
	})
}
