package storetest

import (
	"fmt"
	"time"
)

// Refund is charge.refunded, with all that was given back so far.
func (s Sold) Refund(shape Shape, refunded int64) []byte {
	return s.RefundTold(shape, refunded, time.Hour+time.Duration(refunded)*time.Second)
}

// RefundTold is charge.refunded, with all that was given back so far, told some time after the sale.
func (s Sold) RefundTold(shape Shape, refunded int64, told time.Duration) []byte {
	o := s.charge(shape, refunded+max(s.Authorised-s.cash(), 0))
	return s.eventAs(fmt.Sprintf("evt_refund_%d_%d", s.N, refunded), "charge.refunded", shape, o, s.PaidAt.Add(told))
}

// RefundObject is refund.updated of one refund, made some minutes after the sale, told some minutes after.
func (s Sold) RefundObject(n int, amount int64, status string, made, told time.Duration) []byte {
	o := object{"id": fmt.Sprintf("re_%d_%d", s.N, n), "object": "refund", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.intent(),
		"status": status, "reason": nil, "created": s.PaidAt.Add(made).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_re_%d_%d_%s", s.N, n, status), "refund.updated", Old, o, s.PaidAt.Add(told))
}

// Dispute is charge.dispute.updated in one status.
func (s Sold) Dispute(amount int64, status string, told time.Duration) []byte {
	kind := "charge.dispute.updated"
	if status == "won" || status == "lost" || status == "warning_closed" {
		kind = "charge.dispute.closed"
	}
	return s.eventAs(fmt.Sprintf("evt_dp_%d_%s", s.N, status), kind, Old, s.dispute(amount, status), s.PaidAt.Add(told))
}

// Reinstated is charge.dispute.funds_reinstated: so much of a lost dispute came back.
func (s Sold) Reinstated(amount, back int64, told time.Duration) []byte {
	o := s.dispute(amount, "lost")
	o["balance_transactions"] = []any{object{"id": "txn_1", "amount": -amount}, object{"id": "txn_2", "amount": back}}
	return s.eventAs(fmt.Sprintf("evt_dp_%d_back_%d", s.N, back), "charge.dispute.funds_reinstated", Old, o, s.PaidAt.Add(told))
}

func (s Sold) dispute(amount int64, status string) object {
	return object{"id": s.id("dp"), "object": "dispute", "amount": amount, "currency": s.Currency, "charge": s.id("ch"), "payment_intent": s.intent(),
		"status": status, "reason": "fraudulent", "balance_transactions": []any{}, "created": s.PaidAt.Add(time.Hour).Unix(), "metadata": object{}}
}

// CreditNote is a credit note of which an amount was given back outside Stripe, issued or void.
func (s Sold) CreditNote(shape Shape, amount int64, status string, told time.Duration) []byte {
	kind := "credit_note.created"
	if status == "void" {
		kind = "credit_note.voided"
	}
	o := object{"id": s.id("cn"), "object": "credit_note", "type": "post_payment", "status": status, "invoice": s.id("in"), "currency": s.Currency, "amount": amount,
		"out_of_band_amount": amount, "refund": nil, "customer_balance_transaction": nil, "created": s.PaidAt.Add(time.Hour).Unix(), "metadata": object{}}
	return s.eventAs(fmt.Sprintf("evt_cn_%d_%s", s.N, status), kind, shape, o, s.PaidAt.Add(told))
}
