package sandbox

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"
)

//go:embed accounts.html
var accountsHTML string

// mostOwners is how many connected accounts the page shows, the newest first.
const mostOwners = 50

// owners are the accounts connected to a platform.
func (s *Sandbox) owners(platform *account) (list []accountView) {
	all := platform.all("account")
	for _, o := range slices.Backward(all[max(0, len(all)-mostOwners):]) {
		list = append(list, s.accounts[o.str("id")].ownersView())
	}
	return list
}

// decide is Stripe's decision about a connected account, by a button.
func (s *Sandbox) decide(platform string, r *http.Request) (done, error) {
	id, outcome := r.PostFormValue("connected"), Outcome(r.PostFormValue("outcome"))
	if decisions[outcome] == "" {
		return done{}, invalid("", "outcome", "An account cannot become %q.", outcome)
	}
	before := s.happened(id)
	if err := s.Onboard(id, outcome); err != nil {
		return done{}, err
	}
	return done{words: "The account is now: " + strings.ToLower(standings[outcome].state.Word) + ". " + s.told(r.Context(), id, before, s.happened(id))}, nil
}
