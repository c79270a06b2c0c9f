package sandbox

import "strings"

// BankAsks is the answer of Bank with which a card's bank wants its holder to confirm.
const BankAsks = "authentication_required"

// Bank says how card holders' banks answer the next payment of an account in a currency, whatever card it is, as a bank that
// dislikes one currency does: a decline code such as insufficient_funds, or BankAsks. Empty lets the card answer for itself.
func (s *Sandbox) Bank(accountID, currency, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	if a.banks == nil {
		a.banks = map[string]string{}
	}
	a.banks[strings.ToLower(currency)] = answer
}

// bankAnswers is how a card's bank answers a payment: the card's own way, unless somebody said otherwise for the next payment in its
// currency. A bank that asked keeps asking about this payment.
func (c *call) bankAnswers(o, pm object) (refuse string, asks bool) {
	k := cards[pm.str("_number")]
	refuse, asks = k.refuse, k.asks == always || k.asks == onceSaved && !pm.flag("_confirmed") || o.flag("_asks")
	switch said := c.a.banks[o.str("currency")]; said {
	case "":
	case BankAsks:
		asks, o["_asks"] = true, true
	default:
		refuse = said
	}
	delete(c.a.banks, o.str("currency"))
	return refuse, asks
}
