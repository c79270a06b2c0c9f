package sandbox

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"path"
	"strings"
)

//go:embed onboarding.html
var onboardingHTML string

//go:embed checkout.html
var checkoutHTML string

var hostedPages = template.Must(template.Must(template.Must(pages.Clone()).Parse(onboardingHTML)).Parse(checkoutHTML))

// hosted serves the pages that the API leads people to: an account's questions, its dashboard, a card to save, and a bank's
// question to a card's holder. They work from a browser's address bar, without JavaScript.
func (s *Sandbox) hosted(mux *http.ServeMux) {
	mux.HandleFunc("GET /setup/e/{account}/{token}", s.questionsPage)
	mux.HandleFunc("POST /setup/e/{account}/{token}", s.answerQuestions)
	mux.HandleFunc("GET /express/{account}/{token}", s.expressPage)
	mux.HandleFunc("POST /express/{account}/{token}", s.changeBank)
	mux.HandleFunc("GET /c/pay/{session}", s.checkoutPage)
	mux.HandleFunc("POST /c/pay/{session}", s.checkout)
	mux.HandleFunc("GET /authenticate/{intent}", s.holderPage)
	mux.HandleFunc("POST /authenticate/{intent}", s.holderAnswers)
}

// hostedView is a page for somebody whom the API led here, ready to print.
type hostedView struct {
	CSS, Icon, Title string
	Platform         string // who led them here
	Failed           string // why there is nothing to do here
	Leave            string // where to go then
	Key              string
	Account          accountView
	Bank             field
	Card             cardForm
	Ask              question3DS
}

// accountView is a connected account as its owner sees it.
type accountView struct {
	ID, Name, Email, Country, Currency string
	State                              state
	Why                                string
	Missing                            []string
	Bank                               string // empty when there is none
	Holds                              []cash
	Steps                              []option // what Stripe can decide about it
	Closed                             bool     // rejected for good
}

func lead(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

// printHosted prints a page, by the name of its template.
func (s *Sandbox) printHosted(w http.ResponseWriter, status int, name string, v hostedView) {
	v.CSS, v.Icon = s.css, path.Join(path.Dir(s.css), "favicon.svg")
	var b bytes.Buffer
	if err := hostedPages.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

func (s *Sandbox) gone(w http.ResponseWriter, why, leave string) {
	s.printHosted(w, http.StatusGone, "gone", hostedView{Title: "This link leads nowhere", Failed: why, Leave: leave})
}

func (s *Sandbox) questionsPage(w http.ResponseWriter, r *http.Request) {
	link, key := s.follow(r.PathValue("account"), r.PathValue("token"))
	switch {
	case link == nil || link.str("refresh_url") == "":
		s.gone(w, "There is no such link, or its account was deleted.", "")
	case key == "":
		lead(w, link.str("refresh_url"))
	default:
		s.askQuestions(w, http.StatusOK, link, key, "", "")
	}
}

func (s *Sandbox) askQuestions(w http.ResponseWriter, status int, link object, key, typed, wrong string) {
	v := s.ownersView(link, "Set up your account")
	v.Key, v.Leave, v.Bank = key, link.str("return_url"), s.bankField(link.sub("_account"), typed, wrong)
	s.printHosted(w, status, "questions", v)
}

const onlyTestBanks = "Only test numbers are taken. All but the first let payouts fail."

// bankField is where a made-up bank account is typed.
func (s *Sandbox) bankField(o object, typed, wrong string) field {
	banks := testBanks(o.str("country"))
	f := field{ID: "bank", Name: "bank", Label: "Account number", Type: "text", Value: or(typed, banks[0].Value), Error: wrong, Focus: wrong != "", List: "banks",
		Hint: onlyTestBanks}
	if typed == "" && wrong == "" && len(o.list("external_accounts")) > 0 {
		f.Value, f.Hint = "", "Leave it empty to keep the account you have."
	}
	for _, b := range banks {
		f.Options = append(f.Options, option{Value: b.Value, Label: b.Label})
	}
	return f
}

// ownersView gathers what an account's owner sees of it.
func (s *Sandbox) ownersView(link object, title string) hostedView {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[link.str("account")]
	v := hostedView{Title: title, Platform: or(a.platform.Name, a.platform.ID), Account: a.ownersView()}
	v.Account.Holds = a.money(s.clock(a))
	return v
}

func (a *account) ownersView() accountView {
	o := a.self()
	v := accountView{ID: a.ID, Name: or(o.sub("business_profile").str("name"), or(o.str("email"), a.ID)), Email: o.str("email"), Currency: strings.ToUpper(o.str("default_currency")),
		Country: or(countries[o.str("country")].name, o.str("country")), Closed: stageOf(o) == Rejected}
	for _, name := range o.sub("requirements").list("currently_due") {
		v.Missing = append(v.Missing, inWords(name.(string)))
	}
	for _, one := range o.list("external_accounts") {
		v.Bank = tree(one).str("bank_name") + " •••• " + tree(one).str("last4")
	}
	v.State, v.Why = standings[stageOf(o)].state, standings[stageOf(o)].why
	for _, to := range []Outcome{Complete, PapersDue, Restricted, Rejected} {
		if to != stageOf(o) {
			v.Steps = append(v.Steps, option{Value: string(to), Label: decisions[to]})
		}
	}
	return v
}

var standings = map[Outcome]struct {
	state state
	why   string
}{
	Unstarted:  {state{"Not set up", "alert", "tone-warning"}, "Nobody answered Stripe's questions yet."},
	Incomplete: {state{"Incomplete", "alert", "tone-warning"}, "Some of Stripe's questions are not answered yet."},
	Pending:    {state{"Being verified", "alert", "tone-warning"}, "Stripe verifies what you gave. There is nothing to do now."},
	Complete:   {state{"Ready", "check", "tone-success"}, "You can receive money, and it is paid out to your bank."},
	PapersDue:  {state{"Paper due", "alert", "tone-warning"}, "You can receive money. Stripe wants a document within 14 days."},
	Restricted: {state{"Restricted", "cross", "tone-error"}, "You cannot receive money: a document is past due."},
	Rejected:   {state{"Rejected", "cross", "tone-error"}, "Stripe does not serve this account. This is final."},
}

var decisions = map[Outcome]string{Complete: "Verify", PapersDue: "Ask for a paper", Restricted: "Restrict", Rejected: "Reject"}

// inWords says what Stripe wants: "external_account" is "external account".
func inWords(requirement string) string {
	return strings.NewReplacer("individual.", "", "business_profile.", "business ", "verification.", "identity ", "tos_acceptance", "terms of service", "external_account", "bank account",
		"dob.", "birth ", "address.", "address, ", "ssn_last_4", "last 4 digits of the SSN", ".", ", ", "_", " ").Replace(requirement)
}

// answerQuestions takes what an owner gave and how they want it to go, and leads back.
func (s *Sandbox) answerQuestions(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	account, token := r.PathValue("account"), r.PathValue("token")
	link, ok := s.opened(account, token, r.PostFormValue("key"))
	switch {
	case link == nil || link.str("refresh_url") == "":
		s.gone(w, "There is no such link, or its account was deleted.", "")
		return
	case !ok:
		lead(w, link.str("refresh_url"))
		return
	}
	outcome, number := Outcome(r.PostFormValue("go")), strings.TrimSpace(r.PostFormValue("bank"))
	o := link.sub("_account")
	if stageOf(o) != Rejected && r.PostFormValue("go") != "nothing" {
		if number, ok = bankGiven(o, number, outcome); !ok {
			s.askQuestions(w, http.StatusUnprocessableEntity, link, r.PostFormValue("key"), r.PostFormValue("bank"), "Give one of the test numbers, such as "+testBanks(o.str("country"))[0].Value+".")
			return
		}
		if err := s.onboard(account, outcome, number); err != nil {
			s.gone(w, refused(err, r).Failed, link.str("return_url"))
			return
		}
	}
	s.closeLink(account, token)
	lead(w, link.str("return_url"))
}

// bankGiven reads a number that was typed. Who leaves, or has a bank account already, need not give one.
func bankGiven(o object, number string, outcome Outcome) (clean string, ok bool) {
	if number == "" {
		return "", outcome == Incomplete || len(o.list("external_accounts")) > 0
	}
	b, ok := bankOf(o.str("country"), number)
	return b.Value, ok
}

func (s *Sandbox) expressPage(w http.ResponseWriter, r *http.Request) {
	link, key := s.follow(r.PathValue("account"), r.PathValue("token"))
	if link == nil || key == "" || link.str("refresh_url") != "" {
		s.gone(w, "This link was used already, or it has expired. Open your Stripe account once more from where you came.", "")
		return
	}
	s.showExpress(w, http.StatusOK, link, key, "", "")
}

func (s *Sandbox) showExpress(w http.ResponseWriter, status int, link object, key, typed, wrong string) {
	v := s.ownersView(link, "Your Stripe account")
	v.Key, v.Bank = key, s.bankField(link.sub("_account"), typed, wrong)
	v.Bank.Label, v.Bank.Hint = "Another account number", onlyTestBanks
	s.printHosted(w, status, "express", v)
}

// changeBank takes another bank account on the dashboard.
func (s *Sandbox) changeBank(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	link, ok := s.opened(r.PathValue("account"), r.PathValue("token"), r.PostFormValue("key"))
	if !ok || link.str("refresh_url") != "" {
		s.gone(w, "This link was used already, or it has expired. Open your Stripe account once more from where you came.", "")
		return
	}
	o := link.sub("_account")
	b, known := bankOf(o.str("country"), r.PostFormValue("bank"))
	if !known {
		s.showExpress(w, http.StatusUnprocessableEntity, link, r.PostFormValue("key"), r.PostFormValue("bank"), "Give one of the test numbers, such as "+testBanks(o.str("country"))[0].Value+".")
		return
	}
	if err := s.onboard(o.str("id"), stageOf(o), b.Value); err != nil {
		s.gone(w, refused(err, r).Failed, "")
		return
	}
	s.showExpress(w, http.StatusOK, link, r.PostFormValue("key"), "", "")
}
