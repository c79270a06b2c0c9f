package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

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
	Disputed, Fails        bool // of a charge: whether it is disputed, and whether it has a refund that could still fail
	State                  state
	When                   moment
	Steps                  []option // what a dispute can become
}

// How many rows each list has before somebody asks for more, and the most that are shown.
const (
	fewCharges, fewSubscriptions, fewDeliveries, fewDisputes = 8, 8, 10, 5
	moreRows, mostRows                                       = 50, 500
)

// list begins a list of so many rows; its links keep how long the other lists are.
func (v visit) list(id, account string, few, all int) list {
	n, err := strconv.Atoi(v.asked.Get(id))
	if err != nil || n < few {
		n = few
	}
	n = min(n, mostRows)
	to := func(rows int) string {
		q := url.Values{"account": {account}}
		for _, other := range []string{"charges", "subscriptions", "deliveries", "disputes"} {
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
	all := a.lists["charge"]
	out := v.list("charges", a.ID, fewCharges, len(all))
	for _, k := range slices.Backward(all[len(all)-out.Shown:]) {
		if o, ok := k.read(); ok {
			out.Rows = append(out.Rows, shownCharge(a, o, now))
		}
	}
	return out
}

// subscriptions come in the order in which they are due; those long past follow, the latest first.
func (v visit) subscriptions(a *account, now time.Time) list {
	subs := slices.DeleteFunc(a.all("subscription"), func(o object) bool { return o.str("status") == "canceled" })
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
		out.Rows = append(out.Rows, row{ID: o.str("id"), Title: customerOf(a, o), Detail: "every " + price.sub("recurring").str("interval"), State: runs(o),
			Amount: inCash(price.num("unit_amount")+o.num("_tax"), o.str("currency")), When: at(o.num("current_period_end"), now)})
	}
	return out
}

// runs says what is to be known of a subscription besides when it is due.
func runs(o object) (out state) {
	switch {
	case o.flag("cancel_at_period_end"):
		return state{"Ends then", "alert", "tone-warning"}
	case o.str("status") == "trialing":
		return state{"Free until then", "check", "tone-neutral"}
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
	r.Fails = failing(a, o)
	d, disputed := a.get("dispute", o.str("dispute"))
	r.Disputed = disputed && courses[d.str("status")] != nil
	if a.chargedBack(o) {
		r.Left = 0
	}
	switch {
	case o.str("status") == "failed":
		r.State, r.Left = state{"Declined", "cross", "tone-error"}, 0
	case o.str("status") == "pending":
		r.State, r.Left = state{"On its way", "alert", "tone-neutral"}, 0
	case amount == refunded:
		r.State = state{"Refunded", "back", "tone-neutral"}
	case disputed && d.str("status") != "won":
		r.State = disputeStates[d.str("status")]
	case refunded > 0:
		r.State = state{"Partly refunded", "back", "tone-warning"}
	default:
		r.Half = amount / 2
	}
	return r
}
