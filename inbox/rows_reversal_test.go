package inbox_test

import (
	"testing"
	"time"

	"portal/store/storetest"
)

// matured is the case 40 days ago, so that its hold has ended.
func matured(c storetest.Case) storetest.Case {
	c.At = storetest.Day.AddDate(0, 0, -40)
	return c
}

// refunded is one refund that succeeded, told by itself, and by its charge with all that was refunded so far.
func refunded(c storetest.Case, letter string, amount int64, charge map[string]any, after time.Duration) [][]byte {
	refund := c.Refund(letter, amount, "succeeded", "created", c.At.Add(after).Unix())
	return [][]byte{c.Event("refund.created", after, refund), c.Event("charge.refunded", after+time.Second, charge), c.Event("refund.updated", after+time.Minute, refund)}
}

// disputed is a dispute in one status after the other, a day apart. Money moves unless it is an inquiry.
func disputed(c storetest.Case, amount int64, statuses ...string) [][]byte {
	var bodies [][]byte
	var moved []int64
	for n, status := range statuses {
		after, kind := time.Duration(n+1)*24*time.Hour, "charge.dispute.updated"
		switch {
		case n == 0:
			kind = "charge.dispute.created"
		case status == "lost" || status == "won" || status == "warning_closed":
			kind = "charge.dispute.closed"
		}
		if n == 0 && status == "needs_response" {
			moved = []int64{-amount}
			bodies = append(bodies, c.Event("charge.dispute.funds_withdrawn", after, c.Dispute(amount, status, moved...)))
		}
		bodies = append(bodies, c.Event(kind, after, c.Dispute(amount, status, moved...)))
	}
	return bodies
}

func join(all ...[][]byte) [][]byte {
	var bodies [][]byte
	for _, some := range all {
		bodies = append(bodies, some...)
	}
	return bodies
}

func back(amount int64) []any { return []any{"amount_refunded", amount} }

// sold is what begins a reversal: the sale of the sales' table by its three telling events.
func sold(c storetest.Case, partner string) [][]byte {
	session := c.Event(completed, time.Second, c.Session("subscription", 12000, 2000, "metadata", key(partner)))
	return append([][]byte{session}, chargedFor(c, "subscription_create")...)
}

// renewed is the next payment of 120.00.
func renewed(c storetest.Case) [][]byte { return chargedFor(c, "subscription_cycle") }

func chargedFor(c storetest.Case, reason string) [][]byte {
	invoice := c.Invoice(storetest.Plain(reason, 10000, 2000))
	return [][]byte{c.Event("invoice.paid", 0, invoice), c.Event("charge.succeeded", 0, c.Charge(12000))}
}

// reversalRows is MONEY.md 2.5, but for its last row: what was paid out already is in payouts.
var reversalRows = []row{
	{name: "Partial refund", // of a sale in dollars, and of one in euros: 10.00 EUR are turned once, at the sale's rate
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			euro := c.Later("b", month)
			euro.Currency = "eur"
			return join(sold(c, partner), refunded(c, "", 6000, c.Charge(12000, back(6000)...), time.Hour),
				bought(euro, 12000, 2000), refunded(euro, "", 6000, euro.Charge(12000, back(6000)...), time.Hour))
		},
		want: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# cs_# pi_#",
			"pi_#b sale partially_refunded: 100.00 of 120.00 EUR, 60.00 back; P# by customer_id; due 10.94 of 21.87 USD; ch_#b cs_#b", "balance due 20.94 USD"}},

	{name: "Several partials", // P4: of charges without an invoice; thirds of 99.99: two of them, and all three
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			whole := c.Later("b", month)
			return join(bought(c, 9999, 0, "metadata", key(partner)),
				refunded(c, "x", 3333, c.Charge(9999, back(3333)...), time.Hour), refunded(c, "y", 3333, c.Charge(9999, back(6666)...), 2*time.Hour),
				bought(whole, 9999, 0), refunded(whole, "x", 3333, whole.Charge(9999, back(3333)...), time.Hour),
				refunded(whole, "y", 3333, whole.Charge(9999, back(6666)...), 2*time.Hour), refunded(whole, "z", 3333, whole.Charge(9999, "amount_refunded", 9999, "refunded", true), 3*time.Hour))
		},
		want: []string{"pi_# sale partially_refunded: 99.99 of 99.99 USD, 66.66 back; P# by metadata; due 6.67 of 20.00 USD; ch_# cs_#",
			"pi_#b sale refunded: 99.99 of 99.99 USD, 99.99 back; P# by customer_id; reversed 0.00 of 20.00 USD; ch_#b cs_#b", "balance due 6.67 USD"}},

	{name: "Refund of an invoice payment", // half of what an overpaid invoice collected; and one of two payments of an invoice, which only the new shape has
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			bill, parts := storetest.Plain("manual", 10000, 2000), storetest.Plain("manual", 10000, 2000)
			bill.Surplus, bill.Metadata = 3000, map[string]string{"partner_key": partner}
			bodies := join(billed(c, bill, 15000), refunded(c, "", 7500, c.Charge(15000, back(7500)...), time.Hour))
			if c.Shape == storetest.Old {
				return bodies
			}
			next := c.Later("b", month)
			next.N += "-"
			one, two := next, next
			one.N, two.N, parts.Parts = next.N+"1", next.N+"2", []string{"1", "2"}
			bodies = append(bodies, next.Event("invoice.paid", 0, next.Invoice(parts)), one.Event("charge.succeeded", 0, one.Charge(4000)), two.Event("charge.succeeded", 0, two.Charge(8000)))
			return join(bodies, refunded(one, "", 2000, one.Charge(4000, back(2000)...), time.Hour), refunded(two, "", 8000, two.Charge(8000, back(8000)...), time.Hour))
		},
		want: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# pi_#",
			"in_#b- sale partially_refunded: 100.00 of 120.00 USD, 100.00 back; P# by customer_id; due 3.33 of 20.00 USD; ch_#b-1 ch_#b-2 pi_#b-1 pi_#b-2", "balance due 13.33 USD"},
		inOld: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# pi_#", "balance due 10.00 USD"}},

	{name: "Only charge.refunded arrives",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			return append(sold(c, partner), c.Event("charge.refunded", time.Hour, c.Charge(12000, back(3000)...)), c.Event("charge.refunded", 2*time.Hour, c.Charge(12000, back(6000)...)))
		},
		want: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# cs_# pi_#", "balance due 10.00 USD"}},

	{name: "Refund before the sale event",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			sale := sold(c, partner)
			return append(refunded(c, "", 12000, c.Charge(12000, "amount_refunded", 12000, "refunded", true), time.Hour), sale...)
		},
		want: []string{"in_# sale refunded: 100.00 of 120.00 USD, 120.00 back; P# by metadata; reversed 0.00 of 20.00 USD; ch_# cs_# pi_#", "balance"}},

	{name: "Refund fails/cancelled",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			next := c.Later("b", month)
			return join(sold(c, partner), refunded(c, "", 6000, c.Charge(12000, back(6000)...), time.Hour),
				[][]byte{c.Event("refund.failed", 8*24*time.Hour, c.Refund("", 6000, "failed", "failure_reason", "lost_or_stolen_card"))},
				renewed(next), [][]byte{next.Event("refund.created", time.Hour, next.Refund("", 12000, "pending")), next.Event("refund.updated", 2*time.Hour, next.Refund("", 12000, "canceled"))})
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; due 20.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal paid: 100.00 of 120.00 USD; P# by customer_id; due 20.00 of 20.00 USD; ch_#b pi_#b", "balance due 40.00 USD"}},

	{name: "Dispute opened",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			return join(sold(c, partner), disputed(c, 12000, "needs_response", "under_review"))
		},
		want: []string{"in_# sale disputed: 100.00 of 120.00 USD; P# by metadata; held 20.00 of 20.00 USD; ch_# cs_# pi_#", "balance held 20.00 USD"}},

	{name: "Inquiry",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			return join(sold(c, partner), disputed(c, 12000, "warning_needs_response", "warning_under_review"))
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; due 20.00 of 20.00 USD; ch_# cs_# pi_#", "balance due 20.00 USD"}},

	{name: "Lost", // the whole; the whole after three quarters were refunded; a quarter; the whole, told in a currency that is not the charge's
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			both, part, foreign := c.Later("b", month/2), c.Later("c", month), c.Later("d", 2*month)
			euro := foreign
			euro.Currency = "eur"
			return join(sold(c, partner), disputed(c, 12000, "needs_response", "lost"),
				renewed(both), refunded(both, "", 9000, both.Charge(12000, back(9000)...), time.Hour), disputed(both, 12000, "needs_response", "lost"),
				renewed(part), disputed(part, 3000, "needs_response", "under_review", "lost"),
				renewed(foreign), disputed(euro, 11500, "needs_response", "lost"))
		},
		want: []string{"in_# sale disputed: 100.00 of 120.00 USD, 120.00 back; P# by metadata; reversed 0.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal disputed: 100.00 of 120.00 USD, 120.00 back; P# by customer_id; reversed 0.00 of 20.00 USD; ch_#b pi_#b",
			"in_#c renewal disputed: 100.00 of 120.00 USD, 30.00 back; P# by customer_id; due 15.00 of 20.00 USD; ch_#c pi_#c",
			"in_#d renewal disputed: 100.00 of 120.00 USD, 120.00 back; P# by customer_id; reversed 0.00 of 20.00 USD; ch_#d pi_#d", "balance due 15.00 USD"}},

	{name: "Won / warning_closed / prevented",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			warned, third, status := c.Later("b", month/2), c.Later("c", month), "prevented"
			if c.Shape == storetest.Old {
				status = "charge_refunded" // its own word for a dispute that a refund made needless
			}
			return join(sold(c, partner), disputed(c, 12000, "needs_response", "under_review", "won"),
				renewed(warned), disputed(warned, 12000, "warning_needs_response", "warning_closed"), renewed(third), disputed(third, 12000, "needs_response", status))
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; due 20.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal paid: 100.00 of 120.00 USD; P# by customer_id; due 20.00 of 20.00 USD; ch_#b pi_#b",
			"in_#c renewal paid: 100.00 of 120.00 USD; P# by customer_id; due 20.00 of 20.00 USD; ch_#c pi_#c", "balance due 60.00 USD"}},

	{name: "Funds reinstated after lost", // the whole, and a third
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			part := c.Later("b", month)
			return join(sold(c, partner), disputed(c, 12000, "needs_response", "lost"),
				[][]byte{c.Event("charge.dispute.funds_reinstated", 9*24*time.Hour, c.Dispute(12000, "lost", -12000, 12000))},
				renewed(part), disputed(part, 12000, "needs_response", "lost"),
				[][]byte{part.Event("charge.dispute.funds_reinstated", 9*24*time.Hour, part.Dispute(12000, "lost", -12000, 4000))})
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; due 20.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal disputed: 100.00 of 120.00 USD, 80.00 back; P# by customer_id; due 6.67 of 20.00 USD; ch_#b pi_#b", "balance due 26.67 USD"}},

	{name: "Credit note with refund",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			note := c.Refunded(c.CreditNote("post_payment", 6000), c.ID("re"), 6000)
			return join(sold(c, partner), [][]byte{c.Event("credit_note.created", time.Hour, note)}, refunded(c, "", 6000, c.Charge(12000, back(6000)...), time.Hour))
		},
		want: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# cs_# pi_#", "balance due 10.00 USD"}},

	{name: "Credit note to customer balance", // nothing now; the next invoice collects 60.00 less
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			bill := storetest.Plain("subscription_cycle", 10000, 2000)
			bill.Credit = 6000
			return join(sold(c, partner), [][]byte{c.Event("credit_note.created", time.Hour, c.CreditNote("post_payment", 6000, "customer_balance_transaction", c.ID("cbtxn")))},
				billed(c.Later("b", month), bill, 6000))
		},
		want: []string{"in_# sale paid: 100.00 of 120.00 USD; P# by metadata; due 20.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal paid: 50.00 of 60.00 USD; P# by customer_id; due 10.00 of 10.00 USD; ch_#b pi_#b", "balance due 30.00 USD"}},

	{name: "Credit note out_of_band_amount", // one that stands, and one that is voided
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			next := c.Later("b", month)
			note := next.CreditNote("post_payment", 6000, "out_of_band_amount", 6000)
			void := next.CreditNote("post_payment", 6000, "out_of_band_amount", 6000, "status", "void", "voided_at", next.At.Add(2*time.Hour).Unix())
			return join(sold(c, partner), [][]byte{c.Event("credit_note.created", time.Hour, c.CreditNote("post_payment", 6000, "out_of_band_amount", 6000))},
				renewed(next), [][]byte{next.Event("credit_note.created", time.Hour, note), next.Event("credit_note.voided", 2*time.Hour, void)})
		},
		want: []string{"in_# sale partially_refunded: 100.00 of 120.00 USD, 60.00 back; P# by metadata; due 10.00 of 20.00 USD; ch_# cs_# pi_#",
			"in_#b renewal paid: 100.00 of 120.00 USD; P# by customer_id; due 20.00 of 20.00 USD; ch_#b pi_#b", "balance due 30.00 USD"}},

	{name: "Pre-payment credit note",
		tell: func(c storetest.Case, partner string) [][]byte {
			c = matured(c)
			bill := storetest.Plain("manual", 10000, 2000)
			bill.CreditTo, bill.Metadata = 6000, map[string]string{"partner_key": partner}
			return append(billed(c, bill, 6000), c.Event("credit_note.created", -time.Hour, c.CreditNote("pre_payment", 6000)))
		},
		want: []string{"in_# sale paid: 50.00 of 60.00 USD; P# by metadata; due 10.00 of 10.00 USD; ch_# pi_#", "balance due 10.00 USD"}},
}

// MONEY.md 2.5, row by row; F95, F97 (disputes, which the documents leave open), D5, D6, P1, P5, P36: whatever the shape
// and the order of its events, each ends in the same payments, commissions and balances, to the cent.
func TestReversals(t *testing.T) {
	t.Parallel()
	table(t, reversalRows, nil)
}
