package views

// eventCosts are what is lost when events do not come, and what when only some of them do not; empty where that is the same.
var eventCosts = []struct {
	cost, some string
	events     []string
}{
	{"No subscriptions and no invoices will be seen: they earn nothing.", "", []string{"invoice.paid"}},
	{"No sales by Checkout will be seen, nor the partners whom they name.", "", []string{"checkout.session.completed"}},
	{"No sales by bank debit and other slow methods will be seen.", "How sales by bank debit and other slow methods end will not always be seen.", []string{"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"}},
	{"No charges without an invoice will be seen.", "Some charges without an invoice will not be seen.", []string{"charge.succeeded", "charge.captured"}},
	{"No refunds will be seen: their commissions are paid all the same.", "Refunds are told once instead of twice: one whose event is lost will not be seen.", []string{"charge.refunded", "refund.created"}},
	{"A refund that changes or fails later will not be seen: the commission stays taken back.", "", []string{"refund.updated", "refund.failed"}},
	{"No disputes will be seen: their commissions are paid all the same.", "", []string{"charge.dispute.created"}},
	{"How a dispute goes on and ends will not be seen: its commission stays on hold.", "", []string{"charge.dispute.updated", "charge.dispute.closed",
		"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"}},
	{"No credit notes will be seen: what they give back is not taken off.", "Some credit notes, or that they were withdrawn, will not be seen.", []string{"credit_note.created", "credit_note.voided"}},
	{"What becomes of unpaid and overpaid invoices will not be seen.", "", []string{"invoice.payment_failed", "invoice.voided", "invoice.marked_uncollectible", "invoice.overpaid"}},
	{"A partner who is named on a charge later will not be seen.", "", []string{"charge.updated"}},
	{"Customers, and the partners whom they name, will be seen with their first payment only.", "", []string{"customer.created", "customer.updated", "customer.deleted"}},
	{"Trials, changes and ends of subscriptions will not be seen, nor the partners whom they name.", "", []string{"customer.subscription.created", "customer.subscription.updated",
		"customer.subscription.deleted", "customer.subscription.paused", "customer.subscription.resumed"}},
	{"Coupons and codes made or switched off in Stripe will not be seen.", "", []string{"promotion_code.created", "promotion_code.updated", "coupon.created", "coupon.updated", "coupon.deleted"}},
	{"Products and prices that change in Stripe will keep their old names here.", "", []string{"product.created", "product.updated", "product.deleted", "price.created", "price.updated", "price.deleted"}},
}

// EventGap is what is lost because some events do not come.
type EventGap struct {
	Cost   string
	Events []string
}

// EventGaps says what is lost when these events do not come, the worst first. Events that Portal does not read cost nothing.
func EventGaps(missing []string) []EventGap {
	lacks := map[string]bool{}
	for _, name := range missing {
		lacks[name] = true
	}
	var gaps []EventGap
	for _, c := range eventCosts {
		gap := EventGap{Cost: c.cost}
		for _, name := range c.events {
			if lacks[name] {
				gap.Events = append(gap.Events, name)
			}
		}
		if c.some != "" && len(gap.Events) < len(c.events) {
			gap.Cost = c.some
		}
		if len(gap.Events) > 0 {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
