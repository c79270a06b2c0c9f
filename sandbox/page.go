package sandbox

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

var pages = template.Must(template.New("").Parse(pageHTML))

// Page is the human side: GET / shows what there is, POST to sales, subscriptions, renewals, refunds and
// confirmations does something. All its links but /admin are relative to where it is mounted.
func (s *Sandbox) Page() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		s.print(w, http.StatusOK, s.look(q.Get("account"), visit{Done: q.Get("done")}))
	})
	mux.HandleFunc("POST /sales", s.act(func(a string, r *http.Request) (string, error) {
		return s.buy(a, r, s.Sell, "Sold: ")
	}))
	mux.HandleFunc("POST /subscriptions", s.act(func(a string, r *http.Request) (string, error) {
		return s.buy(a, r, s.Subscribe, "Subscribed: ")
	}))
	mux.HandleFunc("POST /renewals", s.act(func(a string, r *http.Request) (string, error) {
		sold, err := s.Renew(a, r.PostFormValue("subscription"), time.Time{})
		return "Renewed: " + sold.Invoice, err
	}))
	mux.HandleFunc("POST /refunds", s.act(func(a string, r *http.Request) (string, error) {
		amount, err := strconv.ParseInt(r.PostFormValue("amount"), 10, 64)
		if err != nil {
			return "", invalid("", "amount", "%q is not an amount.", r.PostFormValue("amount"))
		}
		id, err := s.Refund(a, r.PostFormValue("charge"), amount, time.Time{})
		return "Refunded: " + id, err
	}))
	mux.HandleFunc("POST /confirmations", s.act(func(a string, r *http.Request) (string, error) {
		return "Answered for the card holder.", s.Authenticate(a, r.PostFormValue("intent"), r.PostFormValue("answer") == "yes")
	}))
	return mux
}

// act does something and goes back to the page; when it cannot be done the page says why and keeps what was typed.
func (s *Sandbox) act(do func(account string, r *http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		account := r.PostFormValue("account")
		done, err := do(account, r)
		if err == nil {
			// Not http.Redirect: it would resolve against the path without the prefix the page is mounted under.
			w.Header().Set("Location", "./?"+url.Values{"account": {account}, "done": {done}}.Encode())
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		v := visit{typed: r.PostForm, form: strings.TrimPrefix(r.URL.Path, "/")}
		switch e := err.(type) {
		case Wrong:
			v.wrong = e
		case *failure:
			v.Failed = e.body.str("message")
		default:
			v.Failed = err.Error()
		}
		s.print(w, http.StatusUnprocessableEntity, s.look(account, v))
	}
}

// buy reads an order as a person typed it.
func (s *Sandbox) buy(account string, r *http.Request, do func(string, Order) (Sold, error), done string) (string, error) {
	f := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	o := Order{Email: f("email"), Partner: f("partner"), Told: Told(f("told")), Currency: strings.ToLower(f("currency")), Interval: f("interval")}
	w := Wrong{}
	var err error
	if o.Amount, err = parse(f("amount"), o.Currency); err != nil {
		w["amount"] = "Give an amount, such as 120.00."
	}
	if f("tax") != "" {
		if o.Tax, err = parse(f("tax"), o.Currency); err != nil {
			w["tax"] = "Give an amount, such as 20.00, or leave it empty."
		}
	}
	if len(w) > 0 {
		return "", w
	}
	sold, err := do(account, o)
	return done + or(sold.Subscription, sold.Charge), err
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
