package sandbox

import (
	"net/http"
	"strings"
)

// oauthError is an answer of OAuth's that is not 2xx, in Stripe's words.
type oauthError struct {
	status           int
	name, describing string
}

// oauthCall reads a form, finds whose secret key came with it, and answers in JSON. Faults that a test arranged strike.
func (s *Sandbox) oauthCall(do func(platform *account, f form) (object, *oauthError)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		if err := r.ParseForm(); err != nil {
			answerOAuth(w, nil, &oauthError{http.StatusBadRequest, "invalid_request", err.Error()})
			return
		}
		s.mu.Lock()
		fault := s.fault(r)
		s.mu.Unlock()
		if fault.before() {
			if fault.Status != 0 {
				answerOAuth(w, nil, &oauthError{fault.Status, "server_error", "An error occurred. This was arranged by a test of the sandbox."})
				return
			}
			s.strike(fault)
		}
		s.mu.Lock()
		o, err := s.asked(r, do)
		s.mu.Unlock()
		if fault.after() {
			s.strike(fault)
			if fault.Status != 0 {
				o, err = nil, &oauthError{fault.Status, "server_error", "An error occurred. This was arranged by a test of the sandbox."}
			}
		}
		answerOAuth(w, o, err)
	}
}

// asked does what a platform asks.
func (s *Sandbox) asked(r *http.Request, do func(*account, form) (object, *oauthError)) (object, *oauthError) {
	key, _, _ := r.BasicAuth()
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		key = bearer
	}
	key = or(r.PostForm.Get("client_secret"), key)
	platform := s.keys[key]
	if platform == nil {
		return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "No such API key: " + hide(key)}
	}
	return do(platform, form(r.PostForm))
}

func answerOAuth(w http.ResponseWriter, o object, err *oauthError) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(err.status)
		o = object{"error": err.name, "error_description": err.describing}
	}
	_, _ = w.Write(encode(o)) // a caller who hung up is not told
}

// token exchanges a code for a grant. The tokens it names open nothing here: who calls uses the header Stripe-Account.
func (s *Sandbox) token(platform *account, f form) (object, *oauthError) {
	switch {
	case f.get("grant_type") == "":
		return nil, &oauthError{http.StatusBadRequest, "invalid_request", "No grant type specified"}
	case f.get("grant_type") != "authorization_code":
		return nil, &oauthError{http.StatusBadRequest, "unsupported_grant_type", "Unsupported grant type: " + f.get("grant_type")}
	case f.get("code") == "":
		return nil, &oauthError{http.StatusBadRequest, "invalid_request", "No authorization code provided"}
	}
	k, err := s.exchange(platform, f.get("code"))
	if err != nil {
		return nil, err
	}
	side := map[bool]string{true: "live", false: "test"}[platform.isLive()]
	return object{"access_token": "sk_" + side + "_" + letters("access "+f.get("code"), 24), "refresh_token": "rt_" + letters("refresh "+f.get("code"), 24),
		"token_type": "bearer", "stripe_publishable_key": "pk_" + side + "_" + letters("publishable "+k.account.ID, 24),
		"stripe_user_id": k.account.ID, "scope": k.scope, "livemode": platform.isLive()}, nil
}

// deauthorize ends a grant.
func (s *Sandbox) deauthorize(platform *account, f form) (object, *oauthError) {
	id := f.get("stripe_user_id")
	switch {
	case f.get("client_id") == "" || id == "":
		return nil, &oauthError{http.StatusBadRequest, "invalid_request", "Missing required parameter: client_id or stripe_user_id"}
	case platform.App.ClientID != f.get("client_id"):
		return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "No such application: '" + f.get("client_id") + "'"}
	}
	if from := s.accounts[id]; from == nil || !s.end(platform, from) {
		return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "This application is not connected to stripe account " + id + ", or that account does not exist."}
	}
	return object{"stripe_user_id": id}, nil
}
