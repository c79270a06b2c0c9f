package sandbox

import (
	"net/http"
	"path"
	"slices"
	"time"
)

// Fault is a failure that a test arranges for coming API requests.
type Fault struct {
	Account string        // empty: any
	Method  string        // empty: any
	Path    string        // as /v1/payment_intents, or a pattern of path.Match
	After   bool          // fail after doing the work, else before it
	Hang    time.Duration // first let the caller wait; After: the answer is already saved for its key
	Silent  bool          // after the wait, cut the connection without an answer
	Status  int           // 0: cut the connection without an answer, or just answer late when Hang is set
	Retry   time.Duration // of a 429: what its Retry-After says, default 1 second
	HTML    bool          // answer with a page for people, as a gateway does; Status is 503 unless given
	Times   int           // how many requests, default 1

	gone <-chan struct{} // closed when the caller hung up
}

// Fail arranges a fault. A 500 after the work is saved for the idempotency key, one before it is not.
func (s *Sandbox) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// fault takes the first fault arranged for a request, or the one that lasts, of the account whose key came with it or for
// which it is made.
func (s *Sandbox) fault(r *http.Request) *Fault {
	of := slices.DeleteFunc([]*account{s.keys[keyOf(r)], s.accounts[r.Header.Get("Stripe-Account")]}, func(a *account) bool { return a == nil })
	for i, f := range s.faults {
		if hit, _ := path.Match(f.Path, r.URL.Path); !hit || f.Method != "" && f.Method != r.Method ||
			f.Account != "" && !slices.ContainsFunc(of, func(a *account) bool { return a.ID == f.Account }) {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		taken := *f
		taken.gone = r.Context().Done()
		return &taken
	}
	for _, a := range of {
		if f, ok := troubles[a.trouble]; ok {
			f.Path, f.gone = r.URL.Path, r.Context().Done()
			return &f
		}
	}
	return &Fault{}
}

func (f *Fault) before() bool { return f.Path != "" && !f.After }
func (f *Fault) after() bool  { return f.Path != "" && f.After }

// strike waits, or cuts the connection, which net/http wants done by a panic.
func (s *Sandbox) strike(f *Fault) {
	if f.Hang > 0 {
		var gone <-chan struct{}
		if f.Silent {
			gone = f.gone
		}
		t := time.NewTimer(f.Hang)
		defer t.Stop()
		select {
		case <-t.C:
		case <-gone:
		case <-s.post.done:
		}
	}
	if f.Silent || f.Hang == 0 && f.Status == 0 && !f.HTML {
		panic(http.ErrAbortHandler)
	}
}

// fails tells whether the caller gets no answer of the work.
func (f *Fault) fails() bool { return f.Status != 0 || f.HTML || f.Silent || f.Hang == 0 }

// instead is what is answered in place of the work's answer; nil when nothing is.
func (f *Fault) instead() *failure {
	if f.HTML {
		return &failure{status: max(f.Status, http.StatusServiceUnavailable), page: true}
	}
	if f.Status == 0 {
		return nil
	}
	out := outOfOrder(f.Status)
	if f.Status == http.StatusTooManyRequests {
		out.body = object{"type": "invalid_request_error", "code": "rate_limit", "doc_url": "https://stripe.com/docs/error-codes/rate-limit",
			"message": "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."}
		out.retry = max(f.Retry, time.Second)
	}
	return out
}
