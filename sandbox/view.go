package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// visit is what brought a person to the page: something done, or something that could not be.
type visit struct {
	Done, Failed string
	form         string // whose fields are wrong
	typed        url.Values
	wrong        Wrong
}

// view is the page, ready to print.
type view struct {
	visit
	CSS, Account                    string
	Accounts                        []tab
	Forms                           []entry
	Waiting, Charges, Subscriptions []row
	Deliveries                      []told
}

type tab struct {
	ID, Name string
	Here     bool
}

type row struct {
	ID, Customer, Amount, Refunded, State, Tone string
	At                                          time.Time
	Left, Half                                  int64
}

type told struct {
	Delivery
	Answer, Tone string
}

// entry is a form with its fields.
type entry struct {
	Name, Title, Button, Account string
	Fields                       []field
}

type field struct {
	ID, Name, Label, Hint, Type, Value, Error string
	Options                                   []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

const shownRows = 50

// look gathers the page for an account, the first when it is unknown.
func (s *Sandbox) look(account string, v visit) view {
	account = s.chosen(account)
	deliveries := s.Deliveries(account)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := view{visit: v, CSS: s.css, Account: account}
	for _, id := range s.open {
		out.Accounts = append(out.Accounts, tab{id, or(s.accounts[id].Name, id), id == account})
	}
	a := s.account(account)
	out.Forms = []entry{saleForm(a, v), subscriptionForm(a, v)}
	out.rows(a)
	for _, d := range deliveries[:min(len(deliveries), shownRows)] {
		out.Deliveries = append(out.Deliveries, shownDelivery(d))
	}
	return out
}

func (s *Sandbox) chosen(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.open, account) || len(s.open) == 0 {
		return account
	}
	return s.open[0]
}

func (v *view) rows(a *account) {
	for _, id := range latest(a, "charge") {
		if o, ok := a.get("charge", id); ok {
			v.Charges = append(v.Charges, shownCharge(a, o))
		}
	}
	for _, id := range latest(a, "subscription") {
		if o, ok := a.get("subscription", id); ok {
			amount := tree(o.list("items")[0]).sub("price").num("unit_amount") + o.num("_tax")
			v.Subscriptions = append(v.Subscriptions, row{ID: id, Customer: customerOf(a, o), Amount: show(amount, o.str("currency")),
				At: time.Unix(o.num("current_period_end"), 0)})
		}
	}
	for _, o := range a.where("payment_intent", "status", "requires_action") {
		v.Waiting = append(v.Waiting, row{ID: o.str("id"), Amount: show(o.num("amount"), o.str("currency"))})
	}
}

func latest(a *account, kind string) []string {
	ids := a.lists[kind]
	out := []string{}
	for i := len(ids) - 1; i >= 0 && len(out) < shownRows; i-- {
		out = append(out, ids[i])
	}
	return out
}

func shownCharge(a *account, o object) row {
	amount, refunded, currency := o.num("amount"), o.num("amount_refunded"), o.str("currency")
	r := row{ID: o.str("id"), Customer: customerOf(a, o), Amount: show(amount, currency), Refunded: show(refunded, currency),
		At: time.Unix(o.num("created"), 0), State: "Paid", Tone: "badge-success", Left: amount - refunded}
	switch {
	case o.str("status") == "failed":
		r.State, r.Tone, r.Left = "Declined", "badge-error", 0
	case r.Left == 0:
		r.State, r.Tone = "Refunded", "badge-neutral"
	case refunded > 0:
		r.State, r.Tone = "Partly refunded", "badge-warning"
	default:
		r.Half = amount / 2
	}
	return r
}

func customerOf(a *account, o object) string {
	if cus, ok := a.get("customer", o.str("customer")); ok {
		return or(cus.str("email"), cus.str("id"))
	}
	return or(o.sub("billing_details").str("email"), "Guest")
}

func shownDelivery(d Delivery) told {
	switch {
	case d.Status == 0:
		return told{d, "No answer", "badge-error"}
	case d.Status/100 == 2:
		return told{d, fmt.Sprintf("%d kept", d.Status), "badge-success"}
	}
	return told{d, fmt.Sprintf("%d refused", d.Status), "badge-error"}
}

func saleForm(a *account, v visit) entry {
	f := filled{"sales", v}
	return entry{"sales", "Make a sale", "Make the sale", a.ID, []field{
		f.text("email", "Customer e-mail", "A customer known by it buys again.", "email", ""),
		f.text("partner", "Partner code", "", "text", ""),
		f.choice("told", "How the partner is told", option{"metadata", "Metadata of the Checkout session", true},
			option{"client_reference", "Client reference of the Checkout session", false},
			option{"", "Not told: a renewal of a known customer, or nobody's", false}),
		f.text("amount", "Amount", "Tax included.", "text", "120.00"),
		f.text("tax", "Tax in it", "", "text", "20.00"),
		f.text("currency", "Currency", "Three letters.", "text", a.DefaultCurrency)}}
}

func subscriptionForm(a *account, v visit) entry {
	f := filled{"subscriptions", v}
	return entry{"subscriptions", "Start a subscription", "Start the subscription", a.ID, []field{
		f.text("email", "Customer e-mail", "", "email", ""),
		f.text("partner", "Partner code", "", "text", ""),
		f.choice("told", "How the partner is told", option{"metadata", "Metadata of the Checkout session", true},
			option{"client_reference", "Client reference of the Checkout session", false},
			option{"subscription", "Metadata of the subscription", false},
			option{"", "Not told", false}),
		f.text("amount", "Amount of each period", "Tax included.", "text", "60.00"),
		f.text("tax", "Tax in it", "", "text", "10.00"),
		f.text("currency", "Currency", "Three letters.", "text", a.DefaultCurrency),
		f.choice("interval", "Period", option{"month", "Month", true}, option{"year", "Year", false})}}
}

// filled makes fields that keep what was typed into their form and say what is wrong with it.
type filled struct {
	form string
	v    visit
}

func (f filled) text(name, label, hint, kind, first string) field {
	out := field{ID: f.form + "-" + name, Name: name, Label: label, Hint: hint, Type: kind, Value: first}
	if f.v.form == f.form {
		out.Value, out.Error = f.v.typed.Get(name), f.v.wrong[name]
	}
	return out
}

func (f filled) choice(name, label string, options ...option) field {
	out := f.text(name, label, "", "", "")
	for i := range options {
		if f.v.form == f.form {
			options[i].Chosen = options[i].Value == out.Value
		}
	}
	out.Options = options
	return out
}
