package inbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// F89, F90, F91, F92, F93, D7, P38: the first payment of a subscription earns, each renewal the same; an upgrade earns on what is
// collected more, a downgrade makes the next collection less, and after the end nothing more comes and nothing is taken.
func TestTheLifeOfASubscription(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		next := func(letter string, n int) storetest.Case { return c.Later(letter, time.Duration(n)*time.Hour) }
		lines := []string{"in_1 sale paid: 100.00 of 120.00 USD; PARTNER_A by metadata; held 20.00 of 20.00 USD; ch_1 cs_1 pi_1"}
		adds := func(what, line, sum string, bodies [][]byte) {
			if h.hear(bodies...); line != "" {
				lines = append(lines, line)
			}
			h.says(what, append(slices.Clone(lines), "balance held "+sum+" USD")...)
		}
		adds("F89: begun", "", "20.00", begun(c, "PARTNER_A"))
		adds("F90: renewed", "in_1b renewal paid: 100.00 of 120.00 USD; PARTNER_A by customer_id; held 20.00 of 20.00 USD; ch_1b pi_1b", "40.00", renewed(next("b", 1)))
		up := storetest.Bill{Reason: "subscription_update", Tax: 1000, Lines: []storetest.BillLine{{Amount: -10000, Product: "prod_1", Proration: true}, {Amount: 15000, Product: "prod_2", Proration: true}}}
		adds("F91: upgraded", "in_1c renewal paid: 50.00 of 60.00 USD; PARTNER_A by customer_id; held 10.00 of 10.00 USD; ch_1c pi_1c", "50.00", billed(next("c", 2), up, 6000))
		down := storetest.Bill{Reason: "subscription_update", Tax: -1000, Lines: []storetest.BillLine{{Amount: -15000, Product: "prod_2", Proration: true}, {Amount: 10000, Product: "prod_1", Proration: true}}}
		adds("F92: downgraded", "", "50.00", billed(next("d", 3), down, 0))
		less := storetest.Plain("subscription_cycle", 10000, 2000)
		less.Credit = 6000
		adds("F92: renewed for less", "in_1e renewal paid: 50.00 of 60.00 USD; PARTNER_A by customer_id; held 10.00 of 10.00 USD; ch_1e pi_1e", "60.00", billed(next("e", 4), less, 6000))
		end := next("f", 5)
		adds("F93: cancelled", "", "60.00", [][]byte{end.Event("customer.subscription.updated", 0, end.Subscription("active", "cancel_at_period_end", true)),
			end.Event("customer.subscription.deleted", time.Minute, end.Subscription("canceled")),
			end.Event("invoice.payment_failed", 2*time.Minute, end.Invoice(storetest.Plain("subscription_cycle", 10000, 2000), "status", "open", "paid", false, "amount_paid", 0)),
			end.Event("invoice.voided", 3*time.Minute, end.Invoice(storetest.Plain("subscription_cycle", 10000, 2000), "status", "void", "paid", false, "amount_paid", 0))})
	})
}

// F94: a partner must be active to earn, at the time of the payment; otherwise nobody earns it, and the payment says why.
func TestAPartnerWhoIsNotActiveEarnsNothing(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		h.partner.Turn(models.PartnerPaused, c.At.Add(time.Hour))
		h.partner.Turn(models.PartnerActive, c.At.Add(3*time.Hour))
		if err := h.Store.SavePartner(context.Background(), h.partner, storetest.Day); err != nil {
			t.Fatal(err)
		}
		h.hear(join(begun(c, "PARTNER_A"), renewed(c.Later("b", 2*time.Hour)), renewed(c.Later("c", 4*time.Hour)))...)
		got := h.lines()
		if len(got) != 3 || got[1] != "in_1b renewal paid: 100.00 of 120.00 USD; ch_1b pi_1b" || h.stands(h.partner) != "balance held 40.00 USD" {
			t.Errorf("%q, %s", got, h.stands(h.partner))
		}
		said := ""
		for _, step := range h.payments()[1].Steps.V {
			said += step.Because + "\n"
		}
		if !strings.Contains(said, "PARTNER_A, which was not active on 2026-11-18: nobody earns this payment") {
			t.Errorf("the steps say %s", said)
		}
	})
}

// F98, D9: with refunds set to manual, what went back shows on the payment and changes no commission; people do that.
func TestWithManualRefundsACommissionStays(t *testing.T) {
	shapes(t, func(t *testing.T, h *house, c storetest.Case) {
		program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
		if err != nil {
			t.Fatal(err)
		}
		program.Refunds = "manual"
		if err := h.Store.SaveProgram(context.Background(), program, storetest.Day.AddDate(0, -1, 0)); err != nil {
			t.Fatal(err)
		}
		c.At = c.At.AddDate(0, 0, -40)
		early, lost := c.Later("b", time.Hour), c.Later("c", 2*time.Hour)
		refund := refunded(early, "", 12000, early.Charge(12000, "amount_refunded", 12000, "refunded", true), time.Hour)
		h.hear(join(begun(c, "PARTNER_A"), refunded(c, "", 6000, c.Charge(12000, back(6000)...), time.Hour), refund, renewed(early),
			renewed(lost), disputed(lost, 12000, "needs_response", "lost"), [][]byte{c.Event("customer.subscription.deleted", 0, c.Subscription("canceled"))})...)
		h.says("all kept", "in_1 sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; PARTNER_A by metadata; due 20.00 of 20.00 USD; ch_1 cs_1 pi_1",
			"in_1b renewal refunded: 100.00 of 120.00 USD, 120.00 back; PARTNER_A by customer_id; due 20.00 of 20.00 USD; ch_1b pi_1b",
			"in_1c renewal disputed: 100.00 of 120.00 USD, 120.00 back; PARTNER_A by customer_id; due 20.00 of 20.00 USD; ch_1c pi_1c", "balance due 60.00 USD")
	})
}
