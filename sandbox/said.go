package sandbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// eventPrefix begins the ids of events.
const eventPrefix = "evt_1"

// patience is how long the page waits for the answers to its webhooks before it is shown.
const patience = 3 * time.Second

// say keeps a sentence for the next look at the page, and said gives it out, once.
func (s *Sandbox) say(sentence string) (key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sentences == nil {
		s.sentences = map[string]string{}
	}
	key = rand.Text()
	s.sentences[key] = sentence
	return key
}

func (s *Sandbox) said(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer delete(s.sentences, key)
	return s.sentences[key]
}

// worded puts into words the amount and the customer of a charge or a refund.
func (s *Sandbox) worded(account, words, id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil {
		return ""
	}
	o, _ := a.get("", id)
	of := o
	if ch, ok := a.get("charge", o.str("charge")); ok {
		of = ch
	}
	return fmt.Sprintf(words, show(o.num("amount"), o.str("currency")), customerOf(a, of))
}

// happened counts the events of an account.
func (s *Sandbox) happened(account string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[account]; a != nil {
		return a.last[eventPrefix]
	}
	return 0
}

// told waits until each webhook of the events after one, up to another, was tried, and says what came of them.
func (s *Sandbox) told(ctx context.Context, account string, after, upTo int) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		owed, tried, kept := s.tried(account, after, upTo)
		switch {
		case owed == 0:
			return "No webhook was owed for it."
		case s.withholds(account):
			return fmt.Sprintf("%s withheld.", counted(owed, "webhook is", "webhooks are"))
		case kept == owed:
			return fmt.Sprintf("Portal was told by %s.", counted(owed, "webhook", "webhooks"))
		case tried >= owed || ctx.Err() != nil:
			return fmt.Sprintf("Portal took %d of %s so far; the rest is tried again.", kept, counted(owed, "webhook", "webhooks"))
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Sandbox) withholds(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(account).owner().withheld
}

func (s *Sandbox) tried(account string, after, upTo int) (owed, tried, kept int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := map[string]bool{}
	for n := after + 1; n <= upTo; n++ {
		id := s.account(account).name(eventPrefix, n)
		e, _ := s.account(account).get("event", id)
		owed += len(e.list("_to"))
		events[id] = true
	}
	for _, d := range s.post.recent {
		if d.Account == account && events[d.Event] && (d.Try == 1 || d.Status/100 == 2) {
			tried++
			if d.Status/100 == 2 {
				kept++
			}
		}
	}
	return owed, tried, kept
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
