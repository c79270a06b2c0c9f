package sandbox

import (
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

//go:embed banks.html
var banksHTML string

// bankRow is what a connected account has in one currency.
type bankRow struct {
	ID, Title          string
	Available, Pending cash
	Pays, Disabled     bool     // whether there is something to pay out, and whether its bank account is disabled
	Steps              []option // the ways in which a payout fails
}

// failings are the failures of payouts that the page offers.
var failings = []option{{Value: "account_closed", Label: "Account closed"}, {Value: "no_account", Label: "No such account"},
	{Value: "invalid_account_number", Label: "Wrong number"}, {Value: "could_not_process", Label: "The bank cannot"}}

// banks are the balances of the accounts connected to one, those with money.
func (s *Sandbox) banks(a *account, now time.Time) (out []bankRow) {
	for _, o := range a.all("account") {
		there := s.accounts[o.str("id")]
		has := there.balance(now)
		for _, currency := range slices.Sorted(maps.Keys(has)) {
			b := has[currency]
			r := bankRow{ID: there.ID, Title: or(o.sub("business_profile").str("name"), or(o.str("email"), "A connected account")),
				Available: inCash(b.Available, currency), Pending: inCash(b.Pending, currency), Pays: b.Available > 0, Steps: failings}
			for _, ba := range o.sub("external_accounts").list("data") {
				r.Disabled = r.Disabled || tree(ba).str("currency") == currency && tree(ba).str("status") == "errored"
			}
			out = append(out, r)
		}
	}
	return out
}

// underway are the debits whose end the bank has not told yet.
func underway(a *account) (out []row) {
	for _, o := range a.where("payment_intent", "status", "processing") {
		out = append(out, row{ID: o.str("id"), Amount: inCash(o.num("amount"), o.str("currency"))})
	}
	return out
}

// bankActs are the page's buttons of this file.
func (s *Sandbox) bankActs(mux *http.ServeMux) {
	mux.HandleFunc("POST /settlements", s.act(func(a string, r *http.Request) (done, error) {
		yes := r.PostFormValue("answer") == "yes"
		words := map[bool]string{true: "The bank paid.", false: "The bank sent the debit back."}[yes]
		return done{words, "", ""}, s.Settle(a, r.PostFormValue("intent"), yes)
	}))
	mux.HandleFunc("POST /payouts", s.act(func(_ string, r *http.Request) (done, error) {
		of, failure := r.PostFormValue("connected"), r.PostFormValue("failure")
		id, err := s.PayOut(of, r.PostFormValue("currency"), failure)
		words := "Paid %s out to the bank."
		if failure != "" {
			words = "The bank sent %s back and its account is disabled."
		}
		return done{s.sum(of, words, id), "", ""}, err
	}))
	mux.HandleFunc("POST /banks", s.act(func(_ string, r *http.Request) (done, error) {
		return done{"There is another bank account now.", "", ""}, s.ReplaceBank(r.PostFormValue("connected"), r.PostFormValue("currency"))
	}))
	mux.HandleFunc("POST /waits", s.act(func(a string, _ *http.Request) (done, error) {
		to := s.Clock(a).UTC().Add(pendingFor)
		_, err := s.Advance(a, to)
		return done{fmt.Sprintf("It is %s at Stripe now.", to.Format("2 January 2006")), "", ""}, err
	}))
}

// sum puts the amount of an object into words.
func (s *Sandbox) sum(account, words, id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil {
		return ""
	}
	o, _ := a.get("", id)
	return fmt.Sprintf(words, show(o.num("amount"), o.str("currency")))
}
