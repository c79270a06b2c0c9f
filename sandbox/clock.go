package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// clockKind is how far an account's clock is ahead stands in the journal.
const clockKind = "_clock"

// clock is the time in an account: the sandbox's, and what Advance put it ahead. All that is made in the account is created
// at that time, whether by the API, by the shop or by a renewal; only the signatures of webhooks are made by the sandbox's
// own clock, for who checks them compares them with theirs. A connected account has its platform's time.
func (s *Sandbox) clock(a *account) time.Time { return s.now().Add(a.owner().ahead) }

// Clock is the time in an account.
func (s *Sandbox) Clock(accountID string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock(s.account(accountID))
}

// Advance lets time go by in an account until a moment: trials end, subscriptions renew or end, in the order in which they
// are due, and what comes of it is created when it was due. Then the account's clock goes on from that moment. It returns
// what was paid.
func (s *Sandbox) Advance(accountID string, to time.Time) ([]Sold, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[accountID]
	if a == nil {
		return nil, fmt.Errorf("sandbox has no account %q", accountID)
	}
	a = a.owner()
	if to.Before(s.clock(a)) {
		return nil, invalid("", "to", "The account's clock is at %s and goes forward only.", s.clock(a).UTC().Format(time.RFC3339))
	}
	var paid []Sold
	c := &call{Sandbox: s, a: a, version: version}
	for queue := a.dues(to); len(queue) > 0; {
		first := queue[0]
		queue = queue[1:]
		c.at = time.Unix(first.at, 0)
		sub, ok := a.get("subscription", first.subscription)
		if !ok {
			continue
		}
		sold, err := c.come(sub)
		if err != nil {
			return paid, err
		}
		if sold.Invoice != "" {
			paid = append(paid, sold)
		}
		if sub, ok = a.get("subscription", first.subscription); ok {
			if next, ok := dueOf(sub); ok && next.at <= to.Unix() {
				i, _ := slices.BinarySearchFunc(queue, next, due.compare)
				queue = slices.Insert(queue, i, next)
			}
		}
		if err := c.commit(); err != nil {
			return paid, err
		}
	}
	c.put(object{"id": a.ID, "object": clockKind, "ahead": int64(to.Sub(s.now()))})
	return paid, c.commit()
}

// due is when something happens to a subscription next.
type due struct {
	at           int64
	n            int64 // of the subscription, to decide between those of the same second
	subscription string
}

func (d due) compare(other due) int {
	for _, n := range []int64{d.at - other.at, d.n - other.n} {
		if n != 0 {
			return int(max(-1, min(1, n)))
		}
	}
	return 0
}

func dueOf(sub object) (due, bool) {
	d := due{sub.num("current_period_end"), sub.num("_n"), sub.str("id")}
	switch status := or(sub.str("status"), "active"); {
	case status == "trialing" && !sub.flag("_warned"):
		d.at = max(sub.num("trial_start"), sub.num("trial_end")-warning)
	case status != "active" && status != "trialing":
		return d, false
	}
	return d, true
}

// warning is how long before its end a trial is said to end, in seconds.
const warning = 3 * 24 * 3600

// dues are what happens to an account's subscriptions until a moment, each once, in order.
func (a *account) dues(to time.Time) (all []due) {
	for _, sub := range a.all("subscription") {
		if d, ok := dueOf(sub); ok && d.at <= to.Unix() {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, due.compare)
	return all
}

// come does what is due now for a subscription.
func (c *call) come(sub object) (Sold, error) {
	switch {
	case sub.str("status") == "trialing" && !sub.flag("_warned"):
		sub["_warned"] = true
		c.put(sub)
		c.emit("customer.subscription.trial_will_end", sub, nil)
		return Sold{}, nil
	case sub.flag("cancel_at_period_end"):
		c.end(sub, sub.sub("cancellation_details"))
		return Sold{}, nil
	}
	return c.renew(sub)
}

// months adds months to a day; where there is no such day it is the month's last.
func months(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// periodEnd is the end of a subscription's period that begins at a moment: so many intervals after the anchor.
func periodEnd(anchor, begin time.Time, recurring object) time.Time {
	count := int(max(recurring.num("interval_count"), 1))
	for n := 1; ; n++ {
		if end := step(anchor.UTC(), n*count, recurring.str("interval")); end.After(begin) {
			return end
		}
	}
}

func step(from time.Time, n int, interval string) time.Time {
	switch interval {
	case "day":
		return from.AddDate(0, 0, n)
	case "week":
		return from.AddDate(0, 0, 7*n)
	case "year":
		return months(from, 12*n)
	}
	return months(from, n)
}
