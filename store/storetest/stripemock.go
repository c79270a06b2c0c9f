package storetest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

// Judge is stripe-mock, which refuses calls that Stripe's published API 2023-10-16 does not have, and remembers what it was asked.
type Judge struct {
	URL   string
	mu    sync.Mutex
	calls []Judged
}

// Judged is one call and the status it was answered with.
type Judged struct {
	Call   string // method and path
	Status int
}

var theStub = sync.OnceValues(func() (*server.StubServer, error) {
	published, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, err
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	return server.NewStubServer(fixtures, published, false, false)
})

// StripeMock serves stripe-mock for one test. Any call that it refuses fails the test, but for those whose method and
// path are listed as beyond what its version can know.
func StripeMock(t testing.TB, unknowable ...string) *Judge {
	t.Helper()
	stub, err := theStub()
	if err != nil {
		t.Fatalf("start stripe-mock: %v", err)
	}
	j := &Judge{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		stub.HandleRequest(answer, r)
		j.mu.Lock()
		j.calls = append(j.calls, Judged{r.Method + " " + r.URL.Path, answer.Code})
		j.mu.Unlock()
		if answer.Code != http.StatusOK && !slices.Contains(unknowable, r.Method+" "+r.URL.Path) {
			t.Errorf("stripe-mock refuses %s %s: %s", r.Method, r.URL, answer.Body)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(s.Close)
	j.URL = s.URL
	return j
}

// Last is the status that the last call of a method and path was answered with.
func (j *Judge) Last(call string) (status int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.calls {
		if c.Call == call {
			status = c.Status
		}
	}
	return status
}

// Calls lists what was asked so far.
func (j *Judge) Calls() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var calls []string
	for _, c := range j.calls {
		calls = append(calls, c.Call)
	}
	return calls
}
