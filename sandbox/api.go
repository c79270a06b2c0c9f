package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is one call of Stripe's API: what does it, and the parameters it knows.
type route struct {
	pattern string
	do      func(*call) (object, error)
	params  string
}

// API serves /v1/… as api.stripe.com does.
func (s *Sandbox) API() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		mux.HandleFunc(rt.pattern, s.serve(rt))
	}
	mux.Handle("/oauth/", s.OAuth())
	s.hosted(mux)
	mux.HandleFunc("/", s.serve(route{do: func(c *call) (object, error) { return nil, nil }}))
	return mux
}

func (s *Sandbox) serve(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		c := &call{Sandbox: s, path: r.PathValue, key: r.Header.Get("Idempotency-Key"), host: r.Host}
		var saved *answer
		var fault *Fault
		if err == nil {
			saved, fault, err = c.begin(r, rt, body)
		}
		w.Header().Set("Request-Id", c.request)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case err != nil:
			c.answer(w, err)
		case saved != nil:
			w.Header().Set("Idempotent-Replayed", "true")
			w.Header().Set("Original-Request", saved.first)
			c.write(w, saved.status, saved.body)
		default:
			c.run(w, rt, fault)
		}
	}
}

// begin decides who asks what, and whether it was asked before.
func (c *call) begin(r *http.Request, rt route, body []byte) (saved *answer, fault *Fault, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.now()
	c.requests++
	c.request = "req_" + letters(fmt.Sprint(c.at.UnixNano(), c.requests), 14)
	if err := c.admit(r); err != nil {
		return nil, nil, err
	}
	c.at = c.clock(c.a)
	if err := c.read(r, rt, body); err != nil {
		return nil, nil, err
	}
	if c.key != "" {
		saved, err = c.remember(fingerprint(r, c.form))
	}
	if saved == nil && err == nil {
		fault = c.fault(r)
	}
	return saved, fault, err
}

// run does the work once, with the failure that a test arranged.
func (c *call) run(w http.ResponseWriter, rt route, fault *Fault) {
	if fault.before() && c.stumble(w, fault) {
		return
	}
	status, body := c.work(rt, fault)
	w.Header().Set("Stripe-Version", c.version)
	if fault.after() {
		c.strike(fault)
		if fault.HTML {
			c.answer(w, fault.instead())
			return
		}
	}
	c.write(w, status, body)
}

func (c *call) work(rt route, fault *Fault) (status int, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := rt.do(c)
	if f := fault.instead(); fault.after() && f != nil && !f.page {
		o, err = nil, f
	}
	status, body = c.shown(o, err)
	c.save(status, body, err)
	if err := c.commit(); err != nil {
		return c.shown(nil, err)
	}
	return status, body
}

// stumble fails before the work, or only waits; what failed has not begun, so its key stays free.
func (c *call) stumble(w http.ResponseWriter, f *Fault) (failed bool) {
	if failed = f.fails(); failed {
		c.mu.Lock()
		c.release()
		c.mu.Unlock()
	}
	c.strike(f)
	if failed {
		c.answer(w, f.instead())
	}
	return failed
}

// admit finds whose key it is, and the connected account it acts for.
func (c *call) admit(r *http.Request) error {
	key := keyOf(r)
	c.a = c.keys[key]
	switch {
	case key == "":
		return refuse(http.StatusUnauthorized, "", "", "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
	case c.a == nil:
		return refuse(http.StatusUnauthorized, "", "", "Invalid API Key provided: %s", hide(key))
	case slices.Contains(c.a.revoked, key):
		return refuse(http.StatusUnauthorized, "api_key_expired", "", "Expired API Key provided: %s", hide(key))
	}
	if err := c.a.permit(key, r); err != nil {
		return err
	}
	c.version = or(r.Header.Get("Stripe-Version"), c.a.payload())
	if id := r.Header.Get("Stripe-Account"); id != "" && id != c.a.ID {
		if other := c.accounts[id]; other != nil && (other.platform == c.a || c.a.holds(other, r.Method)) {
			c.a = other
			return nil
		}
		return refuse(http.StatusForbidden, "account_invalid", "", "The provided key '%s' does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", hide(key), id)
	}
	return nil
}

// keyOf is the key that came with a request.
func keyOf(r *http.Request) string {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return bearer
	}
	key, _, _ := r.BasicAuth()
	return key
}

func hide(key string) string {
	if len(key) < 16 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

// read takes the parameters from the query and the body, and refuses unknown ones.
func (c *call) read(r *http.Request, rt route, body []byte) error {
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		posted, err := url.ParseQuery(string(bytes.TrimSpace(body)))
		if err != nil {
			return invalid("", "", "Invalid request body: %v", err)
		}
		for k, v := range posted {
			values[k] = append(values[k], v...)
		}
	} else {
		c.key = ""
	}
	c.form = form(values)
	if rt.pattern == "" {
		return refuse(http.StatusNotFound, "", "", "Unrecognized request URL (%s: %s). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.", r.Method, r.URL.Path)
	}
	if len(c.key) > 255 {
		return invalid("", "", "Idempotency keys are limited to 255 characters.")
	}
	return c.form.check(rt.params)
}

func (c *call) answer(w http.ResponseWriter, err error) {
	var f *failure
	if errors.As(err, &f) && f.page {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, "<!doctype html>\n<html><head><title>503 Service Temporarily Unavailable</title></head>\n<body><h1>503 Service Temporarily Unavailable</h1></body></html>\n")
		return
	}
	if f != nil && f.retry > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(f.retry.Seconds())))
	}
	status, body := c.shown(nil, err)
	c.write(w, status, body)
}

func (c *call) write(w http.ResponseWriter, status int, body []byte) {
	if c.key != "" {
		w.Header().Set("Idempotency-Key", c.key)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller who hung up asks again
}

// shown is the status and body of an answer; an error of ours is a 500 as Stripe words it.
func (c *call) shown(o object, err error) (int, []byte) {
	if err == nil {
		return http.StatusOK, encode(o)
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{status: http.StatusInternalServerError, body: object{"type": "api_error", "message": err.Error()}}
	}
	f.body["request_log_url"] = "https://dashboard.stripe.com/test/logs/" + c.request
	return f.status, encode(object{"error": f.body})
}
