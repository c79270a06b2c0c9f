package sandbox

import (
	"slices"
	"time"
)

// disputeStates are the statuses of disputes in words.
var disputeStates = map[string]state{
	"needs_response":         {"Disputed, answer due", "alert", "tone-warning"},
	"under_review":           {"Disputed, under review", "alert", "tone-warning"},
	"won":                    {"Dispute won", "check", "tone-success"},
	"lost":                   {"Dispute lost", "cross", "tone-error"},
	"warning_needs_response": {"The bank asks", "alert", "tone-neutral"},
	"warning_under_review":   {"The bank asks, under review", "alert", "tone-neutral"},
	"warning_closed":         {"The bank asked, closed", "check", "tone-neutral"},
}

// steps are the buttons that bring a dispute on.
var steps = map[string]string{"under_review": "Answer it", "won": "Win it", "lost": "Lose it",
	"warning_under_review": "Answer it", "warning_closed": "Close it", "needs_response": "Make it a chargeback"}

func (v visit) disputes(a *account, now time.Time) list {
	all := reversed(a.all("dispute"))
	out := v.list("disputes", a.ID, fewDisputes, len(all))
	for _, o := range all[:out.Shown] {
		r := row{ID: o.str("id"), Title: customerOf(a, chargeFor(a, o)), Amount: inCash(o.num("amount"), o.str("currency")),
			State: disputeStates[o.str("status")], When: at(o.num("created"), now)}
		for _, to := range courses[o.str("status")] {
			r.Steps = append(r.Steps, option{Value: to, Label: steps[to]})
		}
		out.Rows = append(out.Rows, r)
	}
	return out
}

func chargeFor(a *account, o object) object {
	ch, _ := a.get("charge", o.str("charge"))
	return ch
}

// failing tells whether a charge has a refund that could still fail.
func failing(a *account, charge object) bool {
	return charge.num("amount_refunded") > 0 && slices.ContainsFunc(a.where("refund", "charge", charge.str("id")), func(re object) bool {
		return re.str("status") != "failed"
	})
}
