package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Trouble is what goes wrong with every API request of an account until it is over.
type Trouble string

// The troubles an account can have.
const (
	NoTrouble Trouble = ""
	Slow      Trouble = "slow"     // each answer takes 5 seconds
	Silent    Trouble = "silent"   // nothing is done and no answer comes; after a minute the connection is cut
	Limited   Trouble = "limited"  // 429, to be tried again after 2 seconds
	Failing   Trouble = "failing"  // 500, and nothing was done
	Unsure    Trouble = "unsure"   // 500, although the work was done
	Gateway   Trouble = "gateway"  // 503 with a page of HTML
	Breaking  Trouble = "breaking" // the work is done, and the connection is cut before the answer
)

var troubles = map[Trouble]Fault{
	Slow:     {Hang: 5 * time.Second},
	Silent:   {Hang: time.Minute, Silent: true},
	Limited:  {Status: 429, Retry: 2 * time.Second},
	Failing:  {Status: 500},
	Unsure:   {Status: 500, After: true},
	Gateway:  {HTML: true},
	Breaking: {After: true},
}

// moods are what lasts of an account's faults, until changed or the program ends. For the webhooks of a connected account
// that its platform made, the platform's count.
type moods struct {
	trouble                  Trouble
	withheld, twice, shuffle bool
	revoked                  []string          // keys
	drawn                    uint64            // how often chance was asked for the order of webhooks
	banks                    map[string]string // by currency, how banks answer the next payment
}

func (a *account) owner() *account {
	if a.platform != nil {
		return a.platform
	}
	return a
}

// Trouble sets what goes wrong with every API request of an account from now on; NoTrouble ends it.
func (s *Sandbox) Trouble(accountID string, t Trouble) error {
	if _, known := troubles[t]; !known && t != NoTrouble {
		return invalid("", "trouble", "There is no trouble %q.", t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).trouble = t
	return nil
}

// Withhold keeps an account's webhooks back, or lets those that were kept back go. Their events are listed all the same.
func (s *Sandbox) Withhold(accountID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).withheld = on
	s.send()
}

// Drop gives the webhooks of an account up that are not delivered yet, and says how many: nobody will ever be told by
// them. Their events are listed all the same.
func (s *Sandbox) Drop(accountID string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Sandbox: s, a: s.account(accountID), at: s.clock(s.account(accountID))}
	waiting := slices.DeleteFunc(slices.Clone(s.post.queue), func(d delivery) bool { return d.a.owner() != c.a.owner() || d.again != nil })
	for _, d := range waiting {
		c.settled(d, 0)
	}
	return len(waiting), c.commit()
}

// Duplicate delivers each webhook of an account twice.
func (s *Sandbox) Duplicate(accountID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).twice = on
}

// Shuffle delivers an account's webhooks that wait at the same time in an order of chance, the same in each run with one sender.
func (s *Sandbox) Shuffle(accountID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).shuffle = on
}

// RevokeKey ends a key: it is answered 401.
func (s *Sandbox) RevokeKey(key string) { s.turnKey(key, true) }

// RestoreKey lets a revoked key work again.
func (s *Sandbox) RestoreKey(key string) { s.turnKey(key, false) }

func (s *Sandbox) turnKey(key string, off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.keys[key]; a != nil {
		a.revoked = slices.DeleteFunc(slices.Clone(a.revoked), func(k string) bool { return k == key })
		if off {
			a.revoked = append(a.revoked, key)
		}
	}
}

// Allow says which rights a key has from now on, as rak_invoice_read; nil lets it do everything.
func (s *Sandbox) Allow(key string, granted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.keys[key]
	if a == nil {
		return
	}
	had := a.Rights
	a.Rights = map[string][]string{} // the map that was given belongs to the caller
	for k, v := range had {
		a.Rights[k] = v
	}
	if a.Rights[key] = granted; granted == nil {
		delete(a.Rights, key)
	}
}

// AllBut are all rights there are but some. Without a right to read there is none to write.
func AllBut(taken ...string) []string {
	out := []string{}
	for _, name := range rights {
		read, write := "rak_"+name+"_read", "rak_"+name+"_write"
		if !slices.Contains(taken, read) {
			out = append(out, read)
			if !slices.Contains(taken, write) {
				out = append(out, write)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// troubled says in plain words what is wrong with an account on purpose.
func (s *Sandbox) troubled(a *account) (out []string) {
	if words := troubleWords[a.trouble]; a.trouble != NoTrouble {
		out = append(out, "Stripe's API "+words+".")
	}
	if n := s.waits(a); a.withheld {
		out = append(out, fmt.Sprintf("Webhooks are withheld: %d wait.", n))
	}
	if a.twice {
		out = append(out, "Each webhook comes twice.")
	}
	if a.shuffle {
		out = append(out, "Webhooks come in disorder.")
	}
	for _, key := range a.SecretKeys {
		if slices.Contains(a.revoked, key) {
			out = append(out, "The key "+hide(key)+" is revoked.")
		}
		if granted, restricted := a.Rights[key]; restricted {
			lacks := slices.DeleteFunc(AllBut(), func(r string) bool { return slices.Contains(granted, r) })
			out = append(out, fmt.Sprintf("The key %s lacks %s.", hide(key), strings.Join(lacks, ", ")))
		}
	}
	return out
}

// troubleWords are the troubles after "Stripe's API".
var troubleWords = map[Trouble]string{
	NoTrouble: "works",
	Slow:      "answers after 5 seconds",
	Silent:    "does not answer",
	Limited:   "answers 429, too many requests",
	Failing:   "answers 500 and does nothing",
	Unsure:    "does the work and answers 500",
	Gateway:   "answers 503 with a page of HTML",
	Breaking:  "does the work and breaks the connection off",
}

// waits counts the webhooks of an account that are not delivered yet.
func (s *Sandbox) waits(a *account) (n int) {
	for _, d := range s.post.queue {
		if d.a.owner() == a.owner() {
			n++
		}
	}
	return n
}
