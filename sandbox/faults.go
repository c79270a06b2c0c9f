package sandbox

import (
	"net/http"
	"path"
	"time"
)

// Fault is a failure that a test arranges for coming API requests.
type Fault struct {
	Method string        // empty: any
	Path   string        // as /v1/payment_intents, or a pattern of path.Match
	After  bool          // fail after doing the work, else before it
	Hang   time.Duration // first let the caller wait; After: the answer is already saved for its key
	Status int           // 0: cut the connection without an answer, or just answer late when Hang is set
	Times  int           // how many requests, default 1
}

// Fail arranges a fault. A 500 after the work is saved for the idempotency key, one before it is not.
func (s *Sandbox) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// fault takes the first fault arranged for a request.
func (s *Sandbox) fault(r *http.Request) *Fault {
	for i, f := range s.faults {
		if hit, _ := path.Match(f.Path, r.URL.Path); !hit || f.Method != "" && f.Method != r.Method {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		taken := *f
		return &taken
	}
	return &Fault{}
}

func (f *Fault) before() bool { return f.Path != "" && !f.After }
func (f *Fault) after() bool  { return f.Path != "" && f.After }

// strike waits, or cuts the connection, which net/http wants done by a panic.
func (s *Sandbox) strike(f *Fault) {
	if f.Hang > 0 {
		t := time.NewTimer(f.Hang)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.post.done:
		}
		return
	}
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
}
