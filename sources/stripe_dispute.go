package sources

import (
	"math/big"
	"time"

	"portal/models"
)

// disputes says what the status of a dispute means for the commission (MONEY.md 2.5). An inquiry only makes a note,
// and where the charge was refunded the refund itself counts.
var disputes = map[string]models.ReversalState{
	"needs_response":         models.Holds,
	"under_review":           models.Holds,
	"lost":                   models.Takes,
	"won":                    models.Rests,
	"prevented":              models.Rests,
	"charge_refunded":        models.Rests,
	"warning_needs_response": models.Rests,
	"warning_under_review":   models.Rests,
	"warning_closed":         models.Rests,
}

// readDispute tells the state of one dispute. With a status that nobody knows the commission waits.
func readDispute(o object, at time.Time, reinstated bool, answer []byte) models.News {
	r := o.reversal(models.Dispute, "amount", at)
	state, known := disputes[r.Says]
	switch {
	case !known:
		r.State = models.Holds
	case r.Says == "lost":
		r.State, r.Amount = o.lost(r.Amount, reinstated)
	default:
		r.State = state
	}
	return o.ofCharge(r, answer)
}

// lost is what stays lost of a lost dispute after funds were reinstated. The balance transactions are in the account's
// own currency, so only their ratio says something. Funds that were reinstated without saying how much are all of them.
func (o object) lost(amount models.Money, reinstated bool) (models.ReversalState, models.Money) {
	withdrawn, back := new(big.Int), new(big.Int)
	for _, moved := range o.list("balance_transactions") {
		if n := big.NewInt(moved.signed("amount")); n.Sign() < 0 {
			withdrawn.Sub(withdrawn, n)
		} else {
			back.Add(back, n)
		}
	}
	if back.Sign() == 0 && !reinstated {
		return models.Takes, amount
	}
	if back.Sign() == 0 || back.Cmp(withdrawn) >= 0 {
		return models.Rests, amount
	}
	left, _ := amount.Times(new(big.Int).Sub(withdrawn, back), withdrawn) // a part of it cannot overflow
	if left.Minor == 0 {
		return models.Rests, amount
	}
	return models.Takes, left
}
