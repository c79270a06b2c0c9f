package sandbox

import (
	"fmt"
	"time"
)

// Fill gives an account n customers who have been there for long: one was made each minute, the last one 31 days ago, so
// that no event tells of them.
func (s *Sandbox) Fill(accountID string, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Sandbox: s, a: s.account(accountID)}
	last := s.clock(c.a).AddDate(0, 0, -31)
	for i := range n {
		c.at = last.Add(time.Duration(i-n+1) * time.Minute)
		o := c.make("cus_", "customer", object{"email": fmt.Sprintf("old.%06d@example.com", i+1), "name": fmt.Sprintf("Old customer %d", i+1), "metadata": object{}})
		o["invoice_prefix"] = letters(o.str("id"), 8)
		c.put(o)
		if len(c.changes) == 1000 {
			if err := c.commit(); err != nil {
				return err
			}
		}
	}
	return c.commit()
}

// FillPayments makes n payments in the 24 hours from an order's At on, each by another customer: by turns a one-off sale
// without an invoice and the first invoice of a subscription. All else is as the order says.
func (s *Sandbox) FillPayments(accountID string, n int, o Order) error {
	begin, step := o.At, 24*time.Hour/time.Duration(max(n, 1))
	if begin.IsZero() {
		begin = s.Clock(accountID)
	}
	for i := range n {
		o.At, o.Email = begin.Add(time.Duration(i)*step), fmt.Sprintf("payer.%d.%06d@example.com", begin.Unix(), i+1)
		do := s.Sell
		if i%2 == 1 {
			do = s.Subscribe
		}
		if _, err := do(accountID, o); err != nil {
			return fmt.Errorf("payment %d of %d: %w", i+1, n, err)
		}
	}
	return nil
}
