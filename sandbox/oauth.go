package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// App is a platform's registration for Connect by OAuth (MONEY.md 3.1).
type App struct {
	ClientID  string   // ca_…
	Redirects []string // the addresses that people may be led back to, the first where none is asked for
}

// How what OAuth made stands in the journal: who let a platform in, and accounts that were made on its page.
const (
	grantKind  = "_grant"
	openedKind = "_opened"
)

// codeLife is how long an authorisation code may be exchanged.
const codeLife = 5 * time.Minute

// code is an approval that its platform has not exchanged yet, or did.
type code struct {
	platform, account *account
	scope             string
	until             time.Time
	used              bool
}

// OAuth is Stripe's part in connecting an account: GET /oauth/authorize is the page on which its owner says yes or no,
// POST /oauth/token exchanges the code that a yes gave, POST /oauth/deauthorize ends it.
func (s *Sandbox) OAuth() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/authorize", s.authorizePage)
	mux.HandleFunc("POST /oauth/authorize", s.authorize)
	mux.HandleFunc("POST /oauth/token", s.oauthCall(s.token))
	mux.HandleFunc("POST /oauth/deauthorize", s.oauthCall(s.deauthorize))
	mux.HandleFunc("GET /oauth/applications", s.appsPage)
	mux.HandleFunc("POST /oauth/applications", s.endApp)
	return mux
}

// keepOAuth is keep for what OAuth made.
func (s *Sandbox) keepOAuth(a *account, c change) error {
	o, err := decode(c.Object)
	if err != nil {
		return err
	}
	if c.Kind == openedKind {
		s.add(Account{ID: o.str("account"), Name: o.str("name"), Country: a.Country, DefaultCurrency: a.DefaultCurrency, SecretKeys: []string{o.str("key")}})
		return nil
	}
	to := s.account(o.str("account"))
	to.apps = slices.DeleteFunc(to.apps, func(p *account) bool { return p == a })
	if !o.flag("_deleted") {
		to.apps = append(to.apps, a)
	}
	return nil
}

// grant is what a platform may do to an account; ok is false when it may nothing.
func (a *account) grant(to *account) (o object, ok bool) {
	return a.get(grantKind, "grant_"+to.ID)
}

// holds tells whether a platform may call for an account that let it in. Whom it was let in to read, it may not change.
func (a *account) holds(to *account, method string) bool {
	o, ok := a.grant(to)
	return ok && (o.str("scope") == "read_write" || method == http.MethodGet)
}

// appsListening are the Connect endpoints of the platforms that an account is connected to.
func (a *account) appsListening() (found []object) {
	for _, p := range a.apps {
		found = append(found, slices.DeleteFunc(p.all("webhook_endpoint"), func(w object) bool { return !w.flag("_connect") || w.str("status") == "disabled" })...)
	}
	return found
}

// listening finds the endpoint that is owed an event of an account, and whose it is: a platform's hears the last word of an
// account that just took its access away.
func (s *Sandbox) listening(a *account, endpoint string) (owner *account, w object, there bool) {
	if w, there = a.get("webhook_endpoint", endpoint); there {
		return a, w, true
	}
	for _, other := range s.accounts {
		if w, there = other.get("webhook_endpoint", endpoint); there {
			return other, w, true
		}
	}
	return a, nil, false
}

// platformOf finds the platform that people arrive from, by its client id.
func (s *Sandbox) platformOf(clientID string) *account {
	for _, id := range s.open {
		if a := s.accounts[id]; clientID != "" && a.App.ClientID == clientID {
			return a
		}
	}
	return nil
}

// connectable are the accounts that may let a platform in, in the order they were added.
func (s *Sandbox) connectable(platform *account) (list []*account) {
	for _, id := range s.open {
		if a := s.accounts[id]; a != platform && a.App.ClientID == "" && a.isLive() == platform.isLive() {
			list = append(list, a)
		}
	}
	return list
}

// approve gives a platform's code for an account; one with a name and no id is made.
func (s *Sandbox) approve(platform *account, id, name, scope string) (text string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" {
		if id, err = s.openAccount(platform, name); err != nil {
			return "", err
		}
	}
	to := s.accounts[id]
	if to == nil || !slices.Contains(s.connectable(platform), to) {
		return "", Wrong{"account": "There is no such account."}
	}
	if s.codes == nil {
		s.codes = map[string]*code{}
	}
	text = "ac_" + letters(fmt.Sprint("code ", platform.ID, id, s.now().UnixNano(), len(s.codes)), 32)
	s.codes[text] = &code{platform: platform, account: to, scope: scope, until: s.now().Add(codeLife)}
	return text, nil
}

func (s *Sandbox) openAccount(platform *account, name string) (string, error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > 100 {
		return "", Wrong{"name": "Give the new account a name."}
	}
	c := &call{Sandbox: s, a: platform, at: s.now()}
	o := c.make("acct_1", openedKind, object{"name": name})
	id := o.str("id")
	side := map[bool]string{true: "live", false: "test"}[platform.isLive()]
	c.put(o.with(object{"account": id, "key": "sk_" + side + "_" + letters("key "+id, 24)}))
	return id, c.commit()
}

// exchange makes a code a grant, once. A code that comes twice ends what it gave, as at Stripe.
func (s *Sandbox) exchange(platform *account, text string) (*code, *oauthError) {
	k := s.codes[text]
	switch {
	case k == nil:
		return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "Authorization code does not exist: " + text}
	case k.platform != platform:
		return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "Authorization code provided does not belong to you: " + text}
	case k.used:
		s.end(platform, k.account)
		return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "This authorization code has already been used. All tokens issued with this code have been revoked."}
	case !s.now().Before(k.until):
		return nil, &oauthError{http.StatusBadRequest, "invalid_grant", "Authorization code expired: " + text}
	}
	k.used = true
	_ = s.letIn(platform, k.account, k.scope) // a grant that the journal lost is given again
	return k, nil
}

func (s *Sandbox) letIn(platform, to *account, scope string) error {
	c := &call{Sandbox: s, a: platform, at: s.now()}
	c.put(object{"id": "grant_" + to.ID, "object": grantKind, "account": to.ID, "scope": scope, "created": c.at.Unix()})
	return c.commit()
}

// Grant lets a platform into an account, as if its owner had said yes on the page and the code had been exchanged. It tells
// whether that is new.
func (s *Sandbox) Grant(account, platform, scope string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a := s.accounts[platform], s.accounts[account]
	if p == nil || a == nil {
		return false, fmt.Errorf("%s or %s is no account", account, platform)
	}
	_, had := p.grant(a)
	return !had, s.letIn(p, a, scope)
}

// end takes a platform's access to an account away, and tells it so. It tells whether there was one.
func (s *Sandbox) end(platform, from *account) bool {
	o, ok := platform.grant(from)
	if !ok {
		return false
	}
	c := &call{Sandbox: s, a: from, at: s.now()}
	c.emit("account.application.deauthorized", object{"id": platform.App.ClientID, "object": "application", "name": null(platform.Name)}, nil)
	o["_deleted"] = true
	c.putIn(platform, o)
	_ = c.commit()
	return true
}

// Revoke takes a platform's access to an account away, as its owner does in Stripe's settings.
func (s *Sandbox) Revoke(account, platform string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, a := s.accounts[platform], s.accounts[account]
	if p == nil || a == nil || !s.end(p, a) {
		return fmt.Errorf("%s is not connected to %s", account, platform)
	}
	return nil
}
