package sandbox

import "fmt"

// ExpireCard lets a saved card's last month be the one before now, so that its charges are declined as expired.
func (s *Sandbox) ExpireCard(accountID, method string) error {
	return s.card(accountID, method, func(c *call, pm object) error {
		was := pm.sub("card")
		last := months(c.at.UTC(), -1)
		pm["card"] = was.copy().with(object{"exp_month": int64(last.Month()), "exp_year": int64(last.Year())})
		c.put(pm)
		c.emit("payment_method.updated", pm, object{"card": object{"exp_month": was["exp_month"], "exp_year": was["exp_year"]}})
		return nil
	})
}

// RemoveCard takes a saved card off its customer, as somebody does in Stripe's dashboard.
func (s *Sandbox) RemoveCard(accountID, method string) error {
	return s.card(accountID, method, func(c *call, pm object) error { return c.detach(pm) })
}

// ReplaceCard is a bank that sends the holder of a saved card another one, which Stripe learns of by itself: the payment
// method stays, with the number of another test card and another last month.
func (s *Sandbox) ReplaceCard(accountID, method, number string, month, year int64) error {
	return s.card(accountID, method, func(c *call, pm object) error {
		k, known := cards[number]
		if !known {
			return fmt.Errorf("%s is no test card", number)
		}
		was := pm.sub("card")
		now := object{"brand": k.brand, "display_brand": k.brand, "exp_month": month, "exp_year": year, "fingerprint": letters(number, 16), "last4": number[len(number)-4:],
			"networks": object{"available": []any{k.brand}, "preferred": nil}}
		pm["card"], pm["_number"] = was.copy().with(now), number
		c.put(pm)
		c.emit("payment_method.automatically_updated", pm, object{"card": before(was, pm.sub("card"))})
		return nil
	})
}

// card does something to a saved card.
func (s *Sandbox) card(accountID, method string, do func(*call, object) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Sandbox: s, a: s.account(accountID), at: s.clock(s.account(accountID)), version: version}
	pm, ok := c.a.get("payment_method", method)
	if !ok || pm.str("customer") == "" {
		return missing(404, "payment_method", method, "id")
	}
	if err := do(c, pm); err != nil {
		return err
	}
	return c.commit()
}

// detach takes a saved card off its customer, who then pays by default with none.
func (c *call) detach(pm object) error {
	was := pm.str("customer")
	if was == "" {
		return invalid("", "payment_method", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	pm["customer"], pm["_detached"] = nil, true
	c.put(pm)
	c.emit("payment_method.detached", pm, object{"customer": was})
	cus, ok := c.a.get("customer", was)
	if settings := cus.sub("invoice_settings"); ok && settings.str("default_payment_method") == pm.str("id") {
		cus["invoice_settings"] = settings.copy().with(object{"default_payment_method": nil})
		c.put(cus)
		c.emit("customer.updated", cus, object{"invoice_settings": object{"default_payment_method": pm["id"]}})
	}
	return nil
}

// worn tells whether a card's last month is over.
func (c *call) worn(pm object) bool {
	card := pm.sub("card")
	return card != nil && past(card.num("exp_month"), card.num("exp_year"), c.at)
}
