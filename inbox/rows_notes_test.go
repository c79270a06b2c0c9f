package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// shapes runs a flow in both payload shapes, each in a house of its own.
func shapes(t *testing.T, flow func(t *testing.T, h *house, c storetest.Case)) {
	t.Parallel()
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		t.Run(string(shape), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.Counted()
			c := storetest.NewCase(shape, 1)
			c.Invoices = h.invoices
			flow(t, h, c)
		})
	}
}

// hear carries events one after the other.
func (h *house) hear(bodies ...[]byte) {
	h.t.Helper()
	for _, body := range bodies {
		h.post(body)
		h.drain()
	}
}

// says fails unless the payments and the partner's balance are these.
func (h *house) says(when string, want ...string) {
	h.t.Helper()
	if got := append(h.lines(), h.stands(h.partner)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		h.t.Errorf("%s:\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// linked are the partners of a customer's links.
func (h *house) linked(key string) []models.PartnerID {
	h.t.Helper()
	c, err := h.Store.CustomerByKey(context.Background(), h.caller.Tenant, key)
	if err != nil {
		h.t.Fatal(err)
	}
	links, err := h.Store.LinksOf(context.Background(), h.caller.Tenant, c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var partners []models.PartnerID
	for _, l := range links {
		partners = append(partners, l.Partner)
	}
	return partners
}

// MONEY.md 2.4, notes of the rows with an invoice: what a first event says counts at once, and what comes later adds to it.
func TestAnInvoiceIsCountedAtOnceWhicheverEventIsFirst(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		bill := storetest.Plain("subscription_create", 10000, 2000)
		invoice := c.Event("invoice.paid", 0, c.Invoice(bill))
		h.hear(invoice)
		line := "in_1 sale paid: 100.00 of 120.00 USD;"
		if got := h.lines(); len(got) != 1 || !strings.HasPrefix(got[0], line) || strings.Contains(got[0], "PARTNER") {
			t.Errorf("an invoice alone: %q", got)
		}
		h.hear(c.Event(completed, time.Hour, c.Session("subscription", 12000, 2000, "metadata", key("PARTNER_A"))))
		if got := h.lines(); len(got) != 1 || !strings.HasPrefix(got[0], line+" PARTNER_A by metadata; held 20.00 of 20.00 USD;") {
			t.Errorf("with its session: %q", got)
		}
		next := c.Later("b", time.Hour)
		next.Invoices[next.ID("pi")] = next.ID("in")
		h.hear(next.Event(completed, 0, next.Session("payment", 12000, 2000)))
		if got := h.lines(); len(got) != 2 || got[1] != "in_1b sale paid: 100.00 of 120.00 USD; PARTNER_A by customer_id; held 20.00 of 20.00 USD; cs_1b pi_1b" {
			t.Errorf("a session that comes before its invoice: %q", got)
		}
	})
}

// F88, MONEY.md 2.4, rows "Trial start" and "100% coupon": no sale, and the customer is the partner's already.
func TestWhatCostsNothingMakesALead(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		free := c.Later("b", 0)
		free.Customer = "cus_2"
		h.hear(c.Event("customer.subscription.created", 0, c.Subscription("trialing")), c.Event("invoice.paid", 0, c.Invoice(storetest.Plain("subscription_create", 0, 0))),
			c.Event(completed, 0, c.Session("subscription", 0, 0, "payment_status", "no_payment_required", "metadata", key("PARTNER_A"))),
			free.Event(completed, 0, free.Session("payment", 0, 0, "payment_status", "no_payment_required", "payment_intent", nil, "client_reference_id", "PARTNER_A")))
		h.says("nothing was paid", "balance")
		for _, customer := range []string{"stripe_cus_1", "stripe_cus_2"} {
			if got := h.linked(customer); len(got) != 1 || got[0] != h.partner.ID {
				t.Errorf("%s belongs to %v", customer, got)
			}
		}
	})
}

// MONEY.md 2.4, row "Guest": the key tells nothing of the address, and a cus_ with the address joins the same customer.
func TestAGuestHasAKeyThatTellsNothing(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		guest, next := c, c.Later("b", time.Hour)
		guest.Customer = ""
		h.hear(bought(guest, 12000, 2000, "metadata", key("PARTNER_A"))...)
		was := h.payments()[0]
		if !strings.HasPrefix(*was.CustomerKey, "guest_") || strings.Contains(*was.CustomerKey, "buyer") || len(*was.CustomerKey) < 20 {
			t.Errorf("the guest is called %s", *was.CustomerKey)
		}
		h.hear(bought(next, 12000, 2000)...)
		known, err := h.Store.CustomerByStripeID(context.Background(), h.caller.Tenant, "cus_1")
		if err != nil || known.ID != *was.Customer {
			t.Errorf("cus_1 is %+v, %v", known, err)
		}
	})
}

// F111, MONEY.md 2.4, row "Multi-currency", and 2.5, row "Partial refund": the share is counted in the currency of the
// Stripe invoice and turned once; rate, source and date stay with it, whatever rates come later.
func TestARateStaysWithItsSale(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		c.Currency = "eur"
		h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
		enter := func(value string, day time.Time) {
			rate := models.Rate{From: "eur", To: "usd", Value: value, Source: models.RateByHand, Date: day.Truncate(24 * time.Hour)}
			if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody, rate); err != nil {
				t.Fatal(err)
			}
		}
		enter("1.0937", c.At.AddDate(0, 0, -1))
		sale := begun(c, "PARTNER_A")
		h.hear(sale...)
		enter("2", c.At.AddDate(0, 0, 1))
		for i := range sale {
			sale[i] = storetest.Twin(sale[i])
		}
		h.hear(sale...)
		h.hear(refunded(c, "", 6000, c.Charge(12000, back(6000)...), time.Hour)...)
		if p := h.payments()[0]; p.Currency != "eur" || p.Gross != 12000 || p.Base != 10000 {
			t.Errorf("the payment is %s of %s", p.Money(p.Base), p.Money(p.Gross))
		}
		got := h.only()
		if got.Share.String() != "10.00 EUR" || got.First.String() != "20.00 EUR" || got.Earned.String() != "21.87 USD" || got.Amount.String() != "10.94 USD" {
			t.Errorf("%s of %s, which is %s of %s", got.Share, got.First, got.Amount, got.Earned)
		}
		if r := got.Rate; r == nil || r.Value != "1.0937" || r.Source != models.RateByHand || r.Date.Format(time.DateOnly) != "2026-11-17" || r.From != "eur" || r.To != "usd" {
			t.Errorf("rate %+v", got.Rate)
		}
	})
}

// MONEY.md 2.3 and 2.4, row "Out of band": whether shipping earns, and whether what was paid outside Stripe counts, are
// settings. The new shape tells of the latter by the invoice's payment.
func TestShippingAndMoneyOutsideStripeAreSettings(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		outside := func(letter string, after time.Duration) [][]byte {
			p := c.Later(letter, after)
			bill := storetest.Plain("manual", 10000, 2000)
			bill.Outside = true
			bodies := billed(p, bill, 0)
			if c.Shape == storetest.New {
				bodies = append(bodies, p.Event("invoice_payment.paid", 0, map[string]any{"id": p.ID("inpay"), "object": "invoice_payment", "invoice": p.ID("in"), "status": "paid", "is_default": true,
					"amount_paid": 12000, "amount_requested": 12000, "currency": "usd", "created": p.At.Unix(), "payment": map[string]any{"type": "payment_record", "payment_record": p.ID("pr")}}))
			}
			return bodies
		}
		shipped := func(letter string, after time.Duration) [][]byte {
			return bought(c.Later(letter, after), 12000, 2000, "total_details.amount_shipping", 1500, "shipping_cost", map[string]any{"amount_subtotal": 1500, "amount_tax": 0, "amount_total": 1500})
		}
		h.hear(begun(c, "PARTNER_A")...)
		h.hear(join(shipped("b", time.Hour), outside("c", 2*time.Hour))...)
		program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
		if err != nil {
			t.Fatal(err)
		}
		program.CountShipping, program.CountOutOfBand = false, false
		if err := h.Store.SaveProgram(context.Background(), program, storetest.Day); err != nil {
			t.Fatal(err)
		}
		h.hear(join(shipped("d", 3*time.Hour), outside("e", 4*time.Hour), outside("c", 2*time.Hour))...)
		was := "in_1c sale paid: 100.00 of 120.00 USD; PARTNER_A by customer_id; held 20.00 of 20.00 USD;"
		h.says("both settings", "in_1 sale paid: 100.00 of 120.00 USD; PARTNER_A by metadata; held 20.00 of 20.00 USD; ch_1 cs_1 pi_1",
			"pi_1b sale paid: 100.00 of 120.00 USD; PARTNER_A by customer_id; held 20.00 of 20.00 USD; ch_1b cs_1b", was,
			"pi_1d sale paid: 85.00 of 120.00 USD; PARTNER_A by customer_id; held 17.00 of 17.00 USD; ch_1d cs_1d", "balance held 77.00 USD")
	})
}

// F95, F96, MONEY.md 2.5's sample, P1, P36, P48: 100 earns 20; 50 refunded leaves 10, another 50 leaves 0, and a replay of
// either changes nothing; both lines stay to be seen, also when the refund came before the sale.
func TestTheSampleOfTheReversals(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		line := func(state string) string { return "pi_1 sale " + state + "; ch_1 cs_1" }
		sale := bought(c, 10000, 0, "metadata", key("PARTNER_A"))
		first := refunded(c, "x", 5000, c.Charge(10000, back(5000)...), time.Hour)
		second := refunded(c, "y", 5000, c.Charge(10000, "amount_refunded", 10000, "refunded", true), 2*time.Hour)
		h.hear(sale...)
		h.says("100 paid", line("paid: 100.00 of 100.00 USD; PARTNER_A by metadata; held 20.00 of 20.00 USD"), "balance held 20.00 USD")
		h.hear(first...)
		h.hear(storetest.Twin(first[0]), storetest.Twin(first[1]))
		h.says("50 refunded", line("partially_refunded: 100.00 of 100.00 USD, 50.00 back; PARTNER_A by metadata; held 10.00 of 20.00 USD"), "balance held 10.00 USD")
		h.hear(second...)
		h.hear(storetest.Twin(second[0]), storetest.Twin(first[1]))
		h.says("another 50 refunded", line("refunded: 100.00 of 100.00 USD, 100.00 back; PARTNER_A by metadata; reversed 0.00 of 20.00 USD"), "balance")
		before := c.Later("b", time.Hour)
		h.hear(refunded(before, "", 10000, before.Charge(10000, "amount_refunded", 10000, "refunded", true), time.Hour)...)
		h.hear(bought(before, 10000, 0)...)
		for _, commission := range h.commissions() {
			entries, err := h.Store.Entries(context.Background(), h.caller.Tenant, commission.ID)
			if err != nil || len(entries) < 2 || entries[0].Kind != "earned" || entries[0].Amount.Minor != 2000 || entries[len(entries)-1].Kind != "refund" {
				t.Errorf("%s: entries %+v, %v", commission.PaymentKey, entries, err)
			}
		}
	})
}

// MONEY.md 1.3's worked sample and 6, P11: lines of 174.00 and 87.00, discounts on both levels and tax make a base of
// 227.07, which is split over the lines by what each cost after its discounts.
func TestTheSampleInvoiceWithDiscountsAndTax(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		ten := "prod_2"
		rules := []models.Rule{{Type: "percent", Value: "20", Recurring: "always"}, {Product: &ten, Type: "percent", Value: "10", Recurring: "always"}}
		bill := storetest.Bill{Reason: "subscription_create", Discount: 2523, Tax: 1805, Metadata: map[string]string{"partner_key": "PARTNER_A"},
			Lines: []storetest.BillLine{{Amount: 17400, Discount: 870, Product: "prod_1"}, {Amount: 8700, Product: "prod_2"}}}
		h.hear(billed(c, bill, 24512)...)
		h.says("20 % of all", "in_1 sale paid: 227.07 of 245.12 USD; PARTNER_A by metadata; held 45.41 of 45.41 USD; ch_1 pi_1", "balance held 45.41 USD")
		if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, rules, "test", c.At.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		h.hear(billed(c.Later("b", time.Hour), bill, 24512)...) // 20 % of 148.77 and 10 % of 78.30
		if got := h.lines()[1]; got != "in_1b sale paid: 227.07 of 245.12 USD; PARTNER_A by customer_id; held 37.58 of 37.58 USD; ch_1b pi_1b" {
			t.Errorf("by product: %s", got)
		}
	})
}

// P10, P35: a rule by product on an invoice in another currency counts each line in that currency; the sum is turned once.
func TestAProductRuleOnAnInvoiceInAnotherCurrency(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		c.Currency = "eur"
		h.Rates = &rates.Rates{Store: h.Store, Now: h.Now}
		rate := models.Rate{From: "eur", To: "usd", Value: "1.0937", Source: models.RateByHand, Date: c.At.Truncate(24 * time.Hour)}
		if err := h.Rates.Enter(context.Background(), h.Store, h.caller.Company, somebody, rate); err != nil {
			t.Fatal(err)
		}
		ten := "prod_2"
		rules := []models.Rule{{Type: "percent", Value: "20", Recurring: "always"}, {Product: &ten, Type: "percent", Value: "10", Recurring: "always"}}
		if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, rules, "test", c.At.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		bill := storetest.Bill{Reason: "subscription_create", Discount: 2523, Tax: 1805, Metadata: map[string]string{"partner_key": "PARTNER_A"},
			Lines: []storetest.BillLine{{Amount: 17400, Discount: 870, Product: "prod_1"}, {Amount: 8700, Product: "prod_2"}}}
		h.hear(billed(c, bill, 24512)...)
		h.says("37.58 EUR", "in_1 sale paid: 227.07 of 245.12 EUR; PARTNER_A by metadata; held 41.10 of 41.10 USD; ch_1 pi_1", "balance held 41.10 USD")
	})
}

// P18, P49: when more is known of an amount later, it is counted anew by the rules of the sale's own time, not of today.
func TestAnAmountThatIsPutRightIsPricedByTheRulesOfItsTime(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		sale := bought(c, 12000, 2000)
		h.hear(c.Event("charge.succeeded", 0, c.Charge(12000, "metadata", key("PARTNER_A"))))
		h.says("a charge knows of no tax", "pi_1 sale paid: 120.00 of 120.00 USD; PARTNER_A by metadata; held 24.00 of 24.00 USD; ch_1", "balance held 24.00 USD")
		if err := h.SaveRules(context.Background(), h.caller, []models.Rule{{Type: "percent", Value: "50", Recurring: "always"}}, somebody); err != nil {
			t.Fatal(err)
		}
		h.hear(sale[0])
		h.says("its session does", "pi_1 sale paid: 100.00 of 120.00 USD; PARTNER_A by metadata; held 20.00 of 20.00 USD; ch_1 cs_1", "balance held 20.00 USD")
	})
}

// P40: a partner's key of another company names nobody here.
func TestAKeyOfAnotherCompanyNamesNobody(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		other := storetest.Company(t, h.Store)
		theirs := storetest.Partner(t, h.Store, other.Tenant, "THEIRS", "usd")
		h.hear(bought(c, 12000, 2000, "metadata", key("THEIRS"), "client_reference_id", "THEIRS")...)
		h.says("ours", "pi_1 sale paid: 100.00 of 120.00 USD; ch_1 cs_1", "balance")
		if list, err := h.Store.BalancesOf(context.Background(), other.Tenant, theirs.ID); err != nil || len(list) > 0 {
			t.Errorf("theirs: %+v, %v", list, err)
		}
	})
}
