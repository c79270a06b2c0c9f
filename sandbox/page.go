package sandbox

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

var pages = template.Must(template.Must(template.Must(template.New("").Parse(pageHTML)).Parse(accountsHTML)).Parse(banksHTML))

// Page is the human side: GET / shows what there is, POST to sales, subscriptions, renewals, refunds and
// confirmations does something. All its links but those into Portal are relative to where it is mounted.
func (s *Sandbox) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		s.print(w, http.StatusOK, s.look(q.Get("account"), visit{Done: s.said(q.Get("done")), See: seen(q.Get("see")), first: q.Get("first"), asked: q}))
	})
	mux.HandleFunc("POST /sales", s.act(func(a string, r *http.Request) (done, error) {
		return s.buy(a, r, s.Sell, "Sold for %s to %s.")
	}))
	mux.HandleFunc("POST /subscriptions", s.act(func(a string, r *http.Request) (done, error) {
		return s.buy(a, r, s.Subscribe, "Started a subscription: %s from %s.")
	}))
	mux.HandleFunc("POST /renewals", s.act(func(a string, r *http.Request) (done, error) {
		sold, err := s.Renew(a, r.PostFormValue("subscription"), time.Time{})
		return done{s.worded(a, "Renewed for %s, paid by %s.", sold.Charge), sold.Subscription, ""}, err
	}))
	mux.HandleFunc("POST /endings", s.act(func(a string, r *http.Request) (done, error) {
		later := r.PostFormValue("when") == "later"
		words := map[bool]string{true: "The subscription ends with its period.", false: "The subscription has ended."}[later]
		return done{words, r.PostFormValue("subscription"), ""}, s.Cancel(a, r.PostFormValue("subscription"), later, time.Time{})
	}))
	mux.HandleFunc("POST /times", s.act(func(a string, r *http.Request) (done, error) {
		to := months(s.Clock(a).UTC(), 1)
		paid, err := s.Advance(a, to)
		return done{fmt.Sprintf("It is %s at Stripe now. %s paid for.", to.Format("2 January 2006"), counted(len(paid), "period was", "periods were")), "", ""}, err
	}))
	mux.HandleFunc("POST /refunds", s.act(func(a string, r *http.Request) (done, error) {
		amount, err := strconv.ParseInt(r.PostFormValue("amount"), 10, 64)
		if err != nil {
			return done{}, invalid("", "amount", "%q is not an amount.", r.PostFormValue("amount"))
		}
		id, err := s.Refund(a, r.PostFormValue("charge"), amount, time.Time{})
		return done{s.worded(a, "Refunded %s to %s.", id), "", ""}, err
	}))
	mux.HandleFunc("POST /disputes", s.act(func(a string, r *http.Request) (done, error) {
		id, err := s.Dispute(a, Dispute{Of: r.PostFormValue("charge"), Inquiry: r.PostFormValue("as") == "inquiry"})
		return done{s.worded(a, "%s is disputed by %s.", id), "", ""}, err
	}))
	mux.HandleFunc("POST /decisions", s.act(func(a string, r *http.Request) (done, error) {
		id, status := r.PostFormValue("dispute"), r.PostFormValue("status")
		return done{s.worded(a, "The dispute of %s by %s: "+strings.ToLower(disputeStates[status].Word)+".", id), "", ""}, s.MoveDispute(a, id, status, time.Time{})
	}))
	mux.HandleFunc("POST /failures", s.act(func(a string, r *http.Request) (done, error) {
		id := r.PostFormValue("charge")
		return done{s.worded(a, "The latest refund of the payment of %s by %s failed: its money came back.", id), "", ""}, s.FailRefund(a, id, time.Time{})
	}))
	mux.HandleFunc("POST /codes", s.act(func(a string, r *http.Request) (done, error) {
		yes := r.PostFormValue("turn") == "on"
		words := map[bool]string{true: "The code is on again.", false: "The code is off: nobody can use it."}[yes]
		return done{words: words, see: "/admin/coupons"}, s.TurnCode(a, r.PostFormValue("code"), yes)
	}))
	mux.HandleFunc("POST /accounts", s.act(s.decide))
	mux.HandleFunc("POST /faults", s.act(s.setFaults))
	mux.HandleFunc("POST /confirmations", s.act(func(a string, r *http.Request) (done, error) {
		yes := r.PostFormValue("answer") == "yes"
		words := map[bool]string{true: "Confirmed", false: "Refused"}[yes] + " as the card holder."
		return done{words, "", ""}, s.Authenticate(a, r.PostFormValue("intent"), yes)
	}))
	s.bankActs(mux)
	mux.Handle("/oauth/", s.OAuth())
	s.hosted(mux)
	return mux
}

// done is something done: the sentence about it, the subscription to show first, and where Portal shows it.
type done struct{ words, first, see string }

// seen is a page of Portal's that the address of this one names; empty for any other.
func seen(page string) string {
	if page == "/admin/coupons" || page == connectionPage {
		return page
	}
	return ""
}

// act does something and goes back to the page; when it cannot be done the page says why and keeps what was typed.
func (s *Sandbox) act(do func(account string, r *http.Request) (done, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		account := r.PostFormValue("account")
		of := or(r.PostFormValue("connected"), account) // whose events tell of it
		s.pressing.Lock()
		before := s.happened(of)
		did, err := do(account, r)
		after := s.happened(of)
		s.pressing.Unlock()
		if err == nil {
			if page := strings.TrimPrefix(r.URL.Path, "/"); page != "faults" && page != "accounts" {
				did.words += " " + s.told(r.Context(), of, before, after)
			}
			q := url.Values{"account": {account}, "done": {s.say(did.words)}}
			if did.first != "" {
				q.Set("first", did.first)
			}
			if did.see != "" {
				q.Set("see", did.see)
			}
			// Not http.Redirect: it would resolve against the path without the prefix the page is mounted under.
			w.Header().Set("Location", "./?"+q.Encode())
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		s.print(w, http.StatusUnprocessableEntity, s.look(account, refused(err, r)))
	}
}

// refused is the visit of somebody whose form could not be taken.
func refused(err error, r *http.Request) visit {
	v := visit{Failed: "Nothing was done: " + err.Error(), typed: r.PostForm, form: strings.TrimPrefix(r.URL.Path, "/")}
	var f *failure
	if errors.As(err, &f) {
		v.Failed = "Nothing was done: " + f.body.str("message")
	}
	if errors.As(err, &v.wrong) {
		v.Failed = "Nothing was sold yet. What to change stands beside the field."
	}
	return v
}

// buy reads an order as a person typed it. Without a code the usual way tells nobody: no partner brought the customer.
func (s *Sandbox) buy(account string, r *http.Request, do func(string, Order) (Sold, error), words string) (done, error) {
	f := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	o := Order{Email: f("email"), Partner: f("partner"), Told: Told(f("told")), Product: f("product"), Code: f("code"), Currency: strings.ToLower(f("currency")), Interval: f("interval")}
	if o.Partner == "" && o.Told == ByMetadata {
		o.Told = ByNothing
	}
	w := Wrong{}
	var err error
	if f("trial") != "" {
		if o.Trial, err = strconv.Atoi(f("trial")); err != nil {
			w["trial"] = "Give a number of days, such as 14."
		}
	}
	if o.Amount, err = parse(f("amount"), o.Currency); err != nil {
		w["amount"] = "Give an amount, such as 100.00."
	}
	if f("tax") != "" {
		if o.Tax, err = parse(f("tax"), o.Currency); err != nil {
			w["tax"] = "Give an amount, such as 19.00, or leave it empty."
		}
	}
	if len(w) > 0 {
		s.check(account, o, w)
		return done{}, w
	}
	sold, err := do(account, o)
	if sold.Charge == "" {
		return done{"Started a subscription that is free at first, for " + o.Email + ".", sold.Subscription, ""}, err
	}
	return done{s.worded(account, words, sold.Charge), sold.Subscription, ""}, err
}

// check adds what else is wrong with an order whose amounts could not be read.
func (s *Sandbox) check(account string, o Order, w Wrong) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var more Wrong
	if a := s.accounts[account]; a == nil || !errors.As(o.check(a, s.clock(a)), &more) {
		return
	}
	for _, field := range []string{"email", "partner", "product", "code", "currency", "interval", "trial"} {
		if why := more[field]; why != "" {
			w[field] = why
		}
	}
}

func (s *Sandbox) print(w http.ResponseWriter, status int, v view) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, "page", v); err != nil {
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
