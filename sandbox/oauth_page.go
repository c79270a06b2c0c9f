package sandbox

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
)

//go:embed oauth.html
var oauthHTML string

var oauthPages = template.Must(template.Must(pages.Clone()).Parse(oauthHTML))

// asking is the question whether an account lets a platform in, ready to print.
type asking struct {
	CSS, Icon, Platform string
	Failed              string // why the question cannot be asked
	Writes              bool   // the platform asks to change things, too
	Accounts            []option
	Name, Wrong         string // of an account to be made
}

// request is what a platform sent somebody with.
type request struct {
	platform         *account
	redirect, state  string
	scope            string
	refused, because string // what the platform is told instead of an answer
}

// readRequest finds out what is asked. What failed is shown on a page of Stripe's own: nobody is led back.
func (s *Sandbox) readRequest(q url.Values) (r request, failed string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r = request{platform: s.platformOf(q.Get("client_id")), redirect: q.Get("redirect_uri"), state: q.Get("state"), scope: or(q.Get("scope"), "read_only")}
	if r.platform == nil {
		return r, "No application matches the supplied client identifier"
	}
	known := r.platform.App.Redirects
	switch {
	case r.redirect == "" && len(known) > 0:
		r.redirect = known[0]
	case !slices.Contains(known, r.redirect):
		return r, "Invalid redirect URI '" + r.redirect + "'. Ensure this URI exactly matches one of the URIs specified in your application settings."
	}
	switch {
	case q.Get("response_type") != "code":
		r.refused, r.because = "unsupported_response_type", "Only 'code' is supported for response_type"
	case r.scope != "read_only" && r.scope != "read_write":
		r.refused, r.because = "invalid_scope", "Invalid scope provided: "+r.scope
	}
	return r, ""
}

// back leads to the platform with an answer.
func (r request) back(w http.ResponseWriter, answer url.Values) {
	if r.state != "" {
		answer.Set("state", r.state)
	}
	to, err := url.Parse(r.redirect)
	if err != nil {
		http.Error(w, "The redirect URI cannot be read.", http.StatusBadRequest)
		return
	}
	q := to.Query()
	for name := range answer {
		q.Set(name, answer.Get(name))
	}
	to.RawQuery = q.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusSeeOther)
}

func (s *Sandbox) authorizePage(w http.ResponseWriter, r *http.Request) { s.question(w, r, Wrong{}) }

// question asks, or leads back with why it cannot be asked, or shows that nobody can be led back.
func (s *Sandbox) question(w http.ResponseWriter, r *http.Request, wrong Wrong) {
	asked, failed := s.readRequest(r.URL.Query())
	switch {
	case failed != "":
		s.printOAuth(w, http.StatusBadRequest, "authorize", asking{Failed: failed})
	case asked.refused != "":
		asked.back(w, url.Values{"error": {asked.refused}, "error_description": {asked.because}})
	default:
		status := http.StatusOK
		if len(wrong) > 0 {
			status = http.StatusUnprocessableEntity
		}
		s.mu.Lock()
		v := asking{Platform: or(asked.platform.Name, asked.platform.ID), Writes: asked.scope == "read_write", Wrong: or(wrong["account"], wrong["name"]), Name: r.PostFormValue("name")}
		for n, a := range s.connectable(asked.platform) {
			v.Accounts = append(v.Accounts, option{Value: a.ID, Label: or(a.Name, a.ID), Chosen: n == 0 && len(wrong) == 0})
		}
		s.mu.Unlock()
		s.printOAuth(w, status, "authorize", v)
	}
}

// authorize takes the answer.
func (s *Sandbox) authorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	asked, failed := s.readRequest(r.URL.Query())
	if failed != "" || asked.refused != "" {
		s.question(w, r, nil)
		return
	}
	if r.PostFormValue("answer") != "yes" {
		asked.back(w, url.Values{"error": {"access_denied"}, "error_description": {"The user denied your request"}})
		return
	}
	code, err := s.approve(asked.platform, r.PostFormValue("account"), r.PostFormValue("name"), asked.scope)
	var wrong Wrong
	switch {
	case errors.As(err, &wrong):
		s.question(w, r, wrong)
	case err != nil:
		s.printOAuth(w, http.StatusInternalServerError, "authorize", asking{Failed: err.Error()})
	default:
		asked.back(w, url.Values{"scope": {asked.scope}, "code": {code}})
	}
}

// apps are the accounts and the platforms that they let in.
type apps struct {
	CSS, Icon string
	Rows      []app
}

type app struct{ Account, Name, Platform, PlatformName, Scope string }

// appsPage shows them, as Stripe does in each account's settings.
func (s *Sandbox) appsPage(w http.ResponseWriter, _ *http.Request) {
	var v apps
	s.mu.Lock()
	for _, id := range s.open {
		a := s.accounts[id]
		for _, p := range a.apps {
			o, _ := p.grant(a)
			v.Rows = append(v.Rows, app{a.ID, or(a.Name, a.ID), p.ID, or(p.Name, p.ID), map[bool]string{true: "Read and write", false: "Read"}[o.str("scope") == "read_write"]})
		}
	}
	s.mu.Unlock()
	s.printOAuth(w, http.StatusOK, "applications", v)
}

// endApp takes an access away, as the account's owner.
func (s *Sandbox) endApp(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	_ = s.Revoke(r.PostFormValue("account"), r.PostFormValue("platform")) // what is not there is gone
	w.Header().Set("Location", "applications")
	w.WriteHeader(http.StatusSeeOther)
}

func (s *Sandbox) printOAuth(w http.ResponseWriter, status int, name string, v any) {
	icon := path.Join(path.Dir(s.css), "favicon.svg")
	switch page := v.(type) {
	case asking:
		page.CSS, page.Icon = s.css, icon
		v = page
	case apps:
		page.CSS, page.Icon = s.css, icon
		v = page
	}
	var b bytes.Buffer
	if err := oauthPages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
