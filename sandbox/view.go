package sandbox

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// visit is what brought a person to the page: a look at it, something done, or something that could not be.
type visit struct {
	Done, Failed string
	See          string     // where Portal shows what was done; empty for among its payments or invoices
	first        string     // the subscription to show first
	asked        url.Values // how many rows of each list, and the account
	form         string     // whose fields are wrong
	typed        url.Values
	wrong        Wrong
}

// view is the page, ready to print.
type view struct {
	visit
	CSS, Icon, Account                 string
	Platform                           bool // the account from which others are paid
	Accounts                           []tab
	Partners, Products                 []option
	Forms                              []entry
	Owners                             []accountView
	Waiting, Underway                  []row
	Banks                              []bankRow
	Charges, Subscriptions, Deliveries list
	Disputes                           list
	Codes                              []row
	Keys                               []string
	Faults                             faultForm
	Ahead                              moment // the account's time, when it is ahead
}

type tab struct {
	ID, Name, Owner string
	Here            bool
}

type cash struct{ Figures, Code string }

type state struct{ Word, Icon, Tone string }

type moment struct {
	At    time.Time
	Words string
}

// look gathers the page for an account, the first when it is unknown.
func (s *Sandbox) look(account string, v visit) view {
	account = s.chosen(account)
	deliveries := s.Deliveries(account)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	out := view{visit: v, CSS: s.css, Icon: path.Join(path.Dir(s.css), "favicon.svg"), Account: account, Platform: s.paysOthers(a)}
	company := true // of the accounts that sell, the first
	for _, id := range s.open {
		owner := or(s.accounts[id].Name, id)
		name := "The company's Stripe"
		switch {
		case s.paysOthers(s.accounts[id]):
			name = "The platform's Stripe"
		case !company:
			name, owner = owner, "another Stripe account"
		default:
			company = false
		}
		out.Accounts = append(out.Accounts, tab{id, name, owner, id == account})
	}
	for _, p := range s.partners {
		code, _, _ := strings.Cut(p, " ")
		out.Partners = append(out.Partners, option{Value: code, Label: p})
	}
	if !out.Platform {
		out.Forms = s.forms(a, v)
		for _, p := range a.all("product") {
			out.Products = append(out.Products, option{Value: p.str("name"), Label: p.str("id")})
		}
	}
	now := s.clock(a)
	if a.ahead > 12*time.Hour {
		out.Ahead = moment{now, now.UTC().Format("2 January 2006")}
	}
	out.Waiting = waiting(a)
	out.Owners = s.owners(a)
	out.Underway, out.Banks = underway(a), s.banks(a, now)
	out.Charges = v.charges(a, now)
	out.Faults = s.faultForm(a)
	out.Disputes = v.disputes(a, now)
	out.Codes = s.promotions(a)
	if !out.Platform {
		out.Keys = a.SecretKeys
	}
	out.Subscriptions = v.subscriptions(a, now)
	out.Deliveries = v.deliveries(account, deliveries, now)
	return out
}

// paysOthers tells whether accounts are connected to this one.
func (s *Sandbox) paysOthers(a *account) bool {
	for _, other := range s.accounts {
		if other.platform == a {
			return true
		}
	}
	return false
}

func (s *Sandbox) chosen(account string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.open, account) || len(s.open) == 0 {
		return account
	}
	return s.open[0]
}

func customerOf(a *account, o object) string {
	if cus, ok := a.get("customer", o.str("customer")); ok {
		return or(cus.str("email"), cus.str("id"))
	}
	return or(o.sub("billing_details").str("email"), "Guest")
}

func answered(status int) state {
	switch {
	case status == 0:
		return state{"No answer", "cross", "tone-error"}
	case status/100 == 2:
		return state{fmt.Sprintf("Taken, %d", status), "check", "tone-success"}
	}
	return state{fmt.Sprintf("Refused, %d", status), "cross", "tone-error"}
}

func inCash(minor int64, currency string) cash {
	figures, code, _ := strings.Cut(show(minor, currency), " ")
	return cash{figures, code}
}

// at is a moment as seen from now; beyond 30 days it is the day.
func at(unix int64, now time.Time) moment {
	t := time.Unix(unix, 0).UTC()
	d := now.Sub(t)
	ago := "%s ago"
	if d < 0 {
		d, ago = -d, "in %s"
	}
	words := ""
	switch {
	case d < 45*time.Second:
		return moment{t, "just now"}
	case d < time.Hour:
		words = counted(max(1, int(d.Minutes())), "minute", "minutes")
	case d < 24*time.Hour:
		words = counted(int(d.Hours()), "hour", "hours")
	case d < 31*24*time.Hour:
		words = counted(int(d.Hours()/24), "day", "days")
	default:
		return moment{t, t.Format("2 Jan 2006")}
	}
	return moment{t, fmt.Sprintf(ago, words)}
}
