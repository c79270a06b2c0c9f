package sandbox

import "time"

// Move is a charge, refund, transfer, reversal or payout that went: one that failed is not among them.
type Move struct {
	Account, Kind, ID string            // Kind: charge, refund, transfer, transfer_reversal or payout
	Of                string            // the charge of a refund or transfer, the transfer of a reversal; else empty
	To                string            // of a transfer or a charge that goes on: the connected account
	Amount            int64             // in minor units of Currency, as asked for; what came back later is a Move of its own
	Currency          string            // of what was asked for; Booking has that in which it settled
	Group             string            // transfer_group
	Metadata          map[string]string // as it is now
	At                time.Time
}

// Moves are what went in an account, by kind in the order of Move.Kind, oldest first.
func (s *Sandbox) Moves(accountID string) (out []Move) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[accountID]
	if a == nil {
		return nil
	}
	for _, kind := range []string{"charge", "refund", "transfer", "transfer_reversal", "payout"} {
		for _, o := range a.all(kind) {
			if status := or(text(o.value("status")), "succeeded"); status != "succeeded" && status != "paid" {
				continue
			}
			m := Move{Account: a.ID, Kind: kind, ID: o.str("id"), Of: or(o.str("source_transaction"), or(o.str("transfer"), o.str("charge"))),
				To: o.str("destination"), Amount: o.num("amount"), Currency: o.str("currency"), Group: o.str("transfer_group"),
				Metadata: map[string]string{}, At: time.Unix(o.num("created"), 0)}
			if kind == "charge" {
				m.Of = ""
			}
			for k, v := range o.sub("metadata") {
				m.Metadata[k] = text(v)
			}
			out = append(out, m)
		}
	}
	return out
}
