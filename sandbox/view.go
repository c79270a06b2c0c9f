package sandbox

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// visit is what brought a person to the page: a look at it, something done, or something that could not be.
type visit struct {
	Done, Failed string
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
	Partners                           []option
	Forms                              []entry
	Waiting                            []row
	Charges, Subscriptions, Deliveries list
}

type tab struct {
	ID, Name, Owner string
	Here            bool
}

// list is the first rows of something, with the way to more of them.
type list struct {
	ID         string
	Rows       []row
	Shown, All int
	More, Less string // links, empty when there is nothing to show or to hide
}

type row struct {
	ID, Title, Detail, URL string
	Amount, Refunded       cash
	Half, Left             int64
	State                  state
	When                   moment
}

type cash struct{ Figures, Code string }

type state struct{ Word, Icon, Tone string }

type moment struct {
	At    time.Time
	Words string
}

// How many rows each list has before somebody asks for more, and the most that are shown.
const (
	fewCharges, fewSubscriptions, fewDeliveries = 8, 8, 10
	moreRows, mostRows                          = 50, 500
)

// look gathers the page for an account, the first when it is unknown.
func (s *Sandbox) look(account string, v visit) view {
	account = s.chosen(account)
	deliveries := s.Deliveries(account)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	out := view{visit: v, CSS: s.css, Icon: path.Join(path.Dir(s.css), "favicon.svg"), Account: account, Platform: s.paysOthers(a)}
	for _, id := range s.open {
		name := "The company's Stripe"
		if s.paysOthers(s.accounts[id]) {
			name = "The platform's Stripe"
		}
		out.Accounts = append(out.Accounts, tab{id, name, or(s.accounts[id].Name, id), id == account})
	}
	for _, p := range s.partners {
		code, _, _ := strings.Cut(p, " ")
		out.Partners = append(out.Partners, option{Value: code, Label: p})
	}
	if !out.Platform {
		out.Forms = s.forms(a, v)
	}
	now := s.now()
	out.Waiting = waiting(a)
	out.Charges = v.charges(a, now)
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

// list begins a list of so many rows; its links keep how long the other lists are.
func (v visit) list(id, account string, few, all int) list {
	n, err := strconv.Atoi(v.asked.Get(id))
	if err != nil || n < few {
		n = few
	}
	n = min(n, mostRows)
	to := func(rows int) string {
		q := url.Values{"account": {account}}
		for _, other := range []string{"charges", "subscriptions", "deliveries"} {
			if had := v.asked.Get(other); had != "" && other != id {
				q.Set(other, had)
			}
		}
		if rows > few {
			q.Set(id, strconv.Itoa(rows))
		}
		return "./?" + q.Encode() + "#" + id
	}
	out := list{ID: id, Shown: min(n, all), All: all}
	if n < min(all, mostRows) {
		out.More = to(map[bool]int{true: moreRows, false: mostRows}[n < moreRows])
	}
	if n > few {
		out.Less = to(few)
	}
	return out
}

func (v visit) charges(a *account, now time.Time) list {
	ids := a.lists["charge"]
	out := v.list("charges", a.ID, fewCharges, len(ids))
	for _, id := range slices.Backward(ids[len(ids)-out.Shown:]) {
		if o, ok := a.get("charge", id); ok {
			out.Rows = append(out.Rows, shownCharge(a, o, now))
		}
	}
	return out
}

// subscriptions come in the order in which they are due; those long past follow, the latest first.
func (v visit) subscriptions(a *account, now time.Time) list {
	subs := a.all("subscription")
	rank := func(o object) (int, int64) {
		switch end := o.num("current_period_end"); {
		case o.str("id") == v.first:
			return 0, 0
		case end < now.Unix():
			return 2, -end
		default:
			return 1, end
		}
	}
	slices.SortStableFunc(subs, func(x, y object) int {
		xs, xt := rank(x)
		ys, yt := rank(y)
		if xs != ys {
			return xs - ys
		}
		return int(max(-1, min(1, xt-yt)))
	})
	out := v.list("subscriptions", a.ID, fewSubscriptions, len(subs))
	for _, o := range subs[:out.Shown] {
		price := tree(o.list("items")[0]).sub("price")
		out.Rows = append(out.Rows, row{ID: o.str("id"), Title: customerOf(a, o), Detail: "every " + price.sub("recurring").str("interval"),
			Amount: inCash(price.num("unit_amount")+o.num("_tax"), o.str("currency")), When: at(o.num("current_period_end"), now)})
	}
	return out
}

func (v visit) deliveries(account string, all []Delivery, now time.Time) list {
	out := v.list("deliveries", account, fewDeliveries, len(all))
	for _, d := range all[:out.Shown] {
		where := d.URL
		if u, err := url.Parse(d.URL); err == nil && u.Path != "" {
			where = u.Path
		}
		out.Rows = append(out.Rows, row{ID: d.Event, Title: d.Type, Detail: where, URL: d.URL, State: answered(d.Status), When: at(d.At.Unix(), now)})
	}
	return out
}

func waiting(a *account) (out []row) {
	for _, o := range a.where("payment_intent", "status", "requires_action") {
		out = append(out, row{ID: o.str("id"), Amount: inCash(o.num("amount"), o.str("currency"))})
	}
	return out
}

func shownCharge(a *account, o object, now time.Time) row {
	amount, refunded, currency := o.num("amount"), o.num("amount_refunded"), o.str("currency")
	r := row{ID: o.str("id"), Title: customerOf(a, o), Amount: inCash(amount, currency), Refunded: inCash(refunded, currency),
		When: at(o.num("created"), now), State: state{"Paid", "check", "tone-success"}, Left: amount - refunded}
	switch {
	case o.str("status") == "failed":
		r.State, r.Left = state{"Declined", "cross", "tone-error"}, 0
	case r.Left == 0:
		r.State = state{"Refunded", "back", "tone-neutral"}
	case refunded > 0:
		r.State = state{"Partly refunded", "back", "tone-warning"}
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
