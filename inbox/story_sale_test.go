package inbox_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store/storetest"
)

// sale draws one sale of a kind of MONEY.md 2.4, with its renewals, and what went back of it. It tells how many it drew.
func (d *drawing) sale(n int) int {
	who := d.people[d.IntN(len(d.people))]
	s := chapter{Sold: storetest.Sold{N: n, Customer: who.id, Email: d.email(who), PaidAt: d.some(d.begin, 24*6), Currency: d.currency()}}
	if n > 1 && d.one(8) {
		s.PaidAt = d.chapters[0].PaidAt // in the same second as another
	}
	s.Gross = int64(1000 + d.IntN(20000))
	if d.one(2) {
		s.Tax = s.Gross * int64(d.IntN(25)) / 125
	}
	if d.one(3) {
		s.Products = [][]string{{"prod_2"}, {"prod_1", "prod_2"}, {"prod_2", "prod_3", "prod_1"}}[d.IntN(3)]
	}
	if d.one(5) {
		s.Discount = int64(d.IntN(900))
	}
	if d.one(4) {
		s.Discount, s.Code = 100, []string{"ann10", "BOB20", "CARL5", "ANN10"}[d.IntN(4)]
	}
	d.name(&s)
	switch kind := d.IntN(12); kind {
	case 0, 1:
		s.OneOff = true
		if d.one(4) {
			s.Shipping = (s.Gross - s.Tax) / int64(2+d.IntN(8))
		}
		d.oneOff(s, "one-off")
	case 2:
		s.Invoiced = true
		d.invoiced(s, "one-off with an invoice")
	case 3:
		s.OneOff, s.bare, s.Legacy = true, true, d.one(4) && len(d.shapes) == 1 && d.shapes[0] == storetest.Old
		d.oneOff(s, "bare charge")
	case 4:
		s.OneOff, s.bare, s.Authorised = true, true, s.Gross+int64(d.IntN(2)*d.IntN(3000))
		d.oneOff(s, fmt.Sprintf("authorised %d, captured later", s.Authorised))
	case 5:
		s.OneOff, s.Delay = true, time.Duration(1+d.IntN(72))*time.Hour
		d.oneOff(s, fmt.Sprintf("one-off by a slow method, %s later", s.Delay))
	case 6:
		s.Outside, s.Reason, s.bare = true, "manual", true
		d.invoiced(s, "invoice paid outside Stripe")
	case 7:
		d.onlyAPI(s)
	case 8:
		s.OneOff, s.Gross, s.Tax, s.Discount = true, 0, 0, 0
		d.oneOff(s, "one-off with a coupon of 100 %")
	default:
		return d.subscription(s, who)
	}
	return 1
}

func (d *drawing) email(who person) string { return who.emails[d.IntN(len(who.emails))] }

func (d *drawing) currency() string {
	return []string{"usd", "usd", "usd", "eur", "eur", "jpy", "kwd"}[d.IntN(7)]
}

// name lets the sale name partners: in the session, in other places, by reference, not at all.
func (d *drawing) name(s *chapter) {
	switch d.IntN(9) {
	case 0, 1, 2:
		s.Partner = d.key()
	case 3:
		s.Reference = d.key()
	case 4:
		s.Partner, s.Reference = d.key(), d.key()
	case 5, 6:
		s.Named = map[string]string{[]string{"charge", "payment_intent", "invoice", "subscription", "customer"}[d.IntN(5)]: d.key()}
		if d.one(2) {
			s.Partner = d.key()
		}
	case 7:
		s.Click = d.click()
	}
}

// subscription is a first payment, or a trial, and some renewals.
func (d *drawing) subscription(first chapter, who person) int {
	words, trial := "subscription", d.one(4)
	first.Sub = fmt.Sprintf("sub_%d", first.N)
	d.states("customer.subscription", first.Sub)
	full, tax := first.Gross, first.Tax
	if trial {
		words, first.Gross, first.Tax, first.Discount = "trial", 0, 0, 0
	} else if d.one(5) {
		words, first.Delay = "subscription by a slow method", time.Duration(1+d.IntN(72))*time.Hour
	}
	if first.bare = d.one(6); first.bare {
		words += " without a checkout"
	}
	d.credit(&first)
	d.invoiced(first, words)
	drawn := 1
	for ; drawn <= d.IntN(3); drawn++ {
		next := first
		next.N, next.Renewal, next.bare, next.Delay, next.Partner, next.Reference = first.N+drawn, true, true, 0, "", ""
		next.Gross, next.Tax, next.Email, next.PaidAt = full, tax, d.email(who), first.PaidAt.AddDate(0, 0, 2*drawn)
		if next.Reason = []string{"", "", "subscription_update", "made_up"}[d.IntN(4)]; next.Reason == "subscription_update" {
			next.Gross, next.Tax = full/3, tax/3
		}
		next.Credit = 0
		d.credit(&next)
		d.invoiced(next, "renewal")
	}
	return drawn
}

// credit lets the customer's balance pay a part, or all of it.
func (d *drawing) credit(s *chapter) {
	switch {
	case s.Gross == 0 || !d.one(5):
	case d.one(4):
		s.Credit = s.Gross
	default:
		s.Credit = s.Gross / int64(2+d.IntN(3))
	}
}

// billing is the charge's own address, for some: another of theirs, or somebody else's.
func (d *drawing) billing(s chapter) string {
	if s.N%4 != 1 {
		return ""
	}
	return d.people[s.N/4%len(d.people)].emails[0]
}

func (d *drawing) oneOff(s chapter, words string) {
	s.Billing = d.billing(s)
	d.chapter(s, words)
	d.told(s, !s.bare, false, s.Gross > 0)
	d.goesBack(s)
	d.call(s)
}

func (d *drawing) invoiced(s chapter, words string) {
	s.Billing = d.billing(s)
	d.chapter(s, words)
	d.told(s, !s.bare && !s.Renewal, true, s.Gross > s.Credit && !s.Outside)
	d.goesBack(s)
	d.call(s)
}

func (d *drawing) chapter(s chapter, kind string) {
	s.kind = kind
	d.chapters = append(d.chapters, s)
}

// String tells the sale in words: what it has, field by field.
func (s chapter) String() string {
	words := fmt.Sprintf("Sale %d, %s, on %s", s.N, s.kind, s.PaidAt.Format(time.DateTime))
	sold := reflect.ValueOf(s.Sold)
	for n := range sold.NumField() {
		if field := sold.Type().Field(n).Name; !sold.Field(n).IsZero() && field != "N" && field != "PaidAt" {
			words += fmt.Sprintf(", %s %v", field, sold.Field(n))
		}
	}
	return words
}

// told makes the sale's own events.
func (d *drawing) told(s chapter, session, invoice, charge bool) {
	if session {
		d.event(s, "session", s.Session)
		if s.Delay > 0 && s.OneOff {
			d.event(s, "session paid", s.SessionPaid)
		}
	}
	if invoice {
		d.event(s, "invoice", s.Invoice)
		if d.one(3) {
			d.event(s, "invoice again", s.InvoiceAgain)
		}
	}
	if charge {
		d.event(s, "charge", s.Charge)
		if !s.Legacy && s.Authorised == 0 && d.one(3) {
			d.event(s, "intent", s.Intent)
		}
		if s.Authorised > 0 {
			after := time.Duration(1+d.IntN(90)) * time.Minute
			d.event(s, "capture", func(shape storetest.Shape) []byte { return s.Capture(shape, after) })
		}
	}
	if d.one(6) {
		for n := range 2 {
			d.event(s, fmt.Sprint("aside ", n), func(shape storetest.Shape) []byte { return s.Aside(shape)[n] })
		}
	}
}

// event is one that comes, in one of the story's shapes; some come twice: the same, or told anew under another id, in
// whatever shape that other endpoint has.
func (d *drawing) event(s chapter, what string, body func(storetest.Shape) []byte) {
	shape, other := d.shapes[d.IntN(len(d.shapes))], d.shapes[d.IntN(len(d.shapes))]
	if s.Outside {
		shape, other = d.shapes[0], d.shapes[0] // the shapes do not tell the same of it
	}
	name := fmt.Sprintf("%s of %d in %s", what, s.N, shape)
	one := act{name: name, sale: s.N, what: what, do: posting(body(shape))}
	if !strings.HasPrefix(what, "aside") && what != "intent" {
		d.happened(s, body(storetest.Old))
	}
	switch d.IntN(3) {
	case 0:
		one.again = &act{name: name + ", the same again", do: posting(body(shape))}
	case 1:
		anew := bytes.Replace(body(other), []byte(`"id":"evt_`), []byte(`"id":"evt_anew_`), 1)
		one.again = &act{name: name + ", told anew in " + string(other), do: posting(anew)}
	}
	d.acts = append(d.acts, one)
}

func posting(body []byte) func(*performance) error {
	return func(p *performance) error {
		return p.Accept(context.Background(), p.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, p.clock), body)
	}
}

// goesBack draws refunds, disputes and credit notes of a sale.
func (d *drawing) goesBack(s chapter) {
	cash := s.Gross - s.Credit
	switch {
	case cash == 0 || !d.one(2):
	case s.Outside:
		d.creditNote(s, cash)
	case d.one(3):
		d.dispute(s, cash)
	case d.one(8) && !s.OneOff:
		d.creditNote(s, cash)
	default:
		left := d.refundAll(s, cash)
		if d.one(6) && left > 0 {
			d.dispute(s, left)
		}
	}
}

// refundAll draws up to three refunds: told by themselves, by the charge, or by both; pending at first, failing later. It
// gives what is left.
func (d *drawing) refundAll(s chapter, cash int64) int64 {
	var back int64 // by the charge's own count, which never falls
	left := cash
	byCharge, byItself := !d.one(4), !d.one(3)
	for n := 1; n <= 1+d.IntN(3) && left > 0; n++ {
		amount := []int64{left, (left + 1) / 2, min(left, 777)}[d.IntN(3)]
		made := time.Duration(n) * 13 * time.Hour
		var states []string
		switch d.IntN(5) {
		case 0:
			states = []string{"pending", "succeeded"}
		case 1:
			states = []string{"succeeded", "failed"}
		case 2:
			states = []string{"pending", "canceled"}
		default:
			states = []string{"succeeded"}
		}
		if !byItself && byCharge && len(states) == 1 {
			states = nil
		}
		told := made
		for _, status := range states {
			at := told
			d.event(s, fmt.Sprintf("refund %d over %d %s", n, amount, status), func(storetest.Shape) []byte { return s.RefundObject(n, amount, status, made, at) })
			told += time.Duration(d.IntN(3)) * time.Hour // or in the same second
		}
		if states == nil {
			d.happened(s, s.RefundObject(n, amount, "succeeded", made, made))
		}
		back += amount
		if byCharge && back <= cash {
			total := back
			d.event(s, fmt.Sprintf("refunded %d so far", total), func(shape storetest.Shape) []byte { return s.RefundTold(shape, total, made) })
		}
		if !strings.Contains(strings.Join(states, " "), "ed fail") && !strings.HasSuffix(strings.Join(states, " "), "canceled") {
			left -= amount
		} else {
			byCharge = false // how the charge counts after a failure is not told in a way to rely on (MONEY.md 7)
		}
	}
	return left
}

// dispute draws the life of one: an inquiry, lost, won, or reinstated.
func (d *drawing) dispute(s chapter, cash int64) {
	amount := []int64{cash, (cash + 1) / 2}[d.IntN(2)]
	lives := [][]string{{"warning_needs_response", "warning_closed"}, {"needs_response"}, {"needs_response", "under_review", "won"},
		{"needs_response", "lost"}, {"needs_response", "under_review", "lost"}, {"needs_response", "prevented"}}
	life := lives[d.IntN(len(lives))]
	told := 30 * time.Hour
	for _, status := range life {
		at := told
		d.event(s, fmt.Sprintf("dispute over %d %s", amount, status), func(storetest.Shape) []byte { return s.Dispute(amount, status, at) })
		told += time.Duration(d.IntN(3)) * time.Hour
	}
	if life[len(life)-1] == "lost" && d.one(2) {
		back := []int64{amount, amount / 3}[d.IntN(2)]
		at := told
		d.event(s, fmt.Sprintf("dispute over %d lost, %d reinstated", amount, back), func(storetest.Shape) []byte { return s.Reinstated(amount, back, at) })
	}
}

func (d *drawing) creditNote(s chapter, cash int64) {
	amount := []int64{cash, (cash + 1) / 2}[d.IntN(2)]
	d.event(s, fmt.Sprintf("credit note over %d", amount), func(shape storetest.Shape) []byte { return s.CreditNote(shape, amount, "issued", 50*time.Hour) })
	if d.one(2) {
		after := 50*time.Hour + time.Duration(d.IntN(2))*time.Hour
		d.event(s, fmt.Sprintf("credit note over %d void", amount), func(shape storetest.Shape) []byte { return s.CreditNote(shape, amount, "void", after) })
	}
}

// call is an API call for money of which Stripe tells too, at its own time.
func (d *drawing) call(s chapter) {
	if !d.one(5) || s.Gross == 0 || s.Credit > 0 || s.Legacy {
		return
	}
	keys := []string{"ch", "pi"}
	if !s.OneOff {
		keys = []string{"in"}
		if !s.Outside {
			keys = []string{"in", "ch", "pi"}
		}
	}
	d.transact(s, fmt.Sprintf("%s_%d", keys[d.IntN(len(keys))], s.N), s.PaidAt.Add(time.Duration(d.IntN(40))*time.Minute))
}

func (d *drawing) onlyAPI(s chapter) {
	s.Partner, s.Reference, s.Named = "", "", nil
	d.chapter(s, "by the API alone")
	d.transact(s, fmt.Sprintf("order_%d", s.N), s.PaidAt)
}

func (d *drawing) transact(s chapter, key string, when time.Time) {
	tr := inbox.Transaction{Key: key, Amount: models.Money{Minor: s.Gross, Currency: models.Currency(s.Currency)}.Decimal(), AmountUnits: s.Currency, Action: "sale",
		CustomerKey: s.Customer, CustomerEmail: s.Email, CreateCustomer: !strangers || !d.one(4)}
	if d.one(2) {
		tr.Partner = d.key()
	}
	if strangers && d.one(3) {
		tr.CustomerEmail = ""
	}
	if strangers && d.one(4) {
		tr.CustomerKey = []string{"", "lead-1", "lead-2", "own-1"}[d.IntN(4)]
	}
	name := fmt.Sprintf("call %s over %s %s for customer %q %q, partner %q, create %v", key, tr.Amount, tr.AmountUnits, tr.CustomerKey, tr.CustomerEmail, tr.Partner, tr.CreateCustomer)
	one := act{name: name, sale: s.N, when: when, do: func(p *performance) error {
		_, _, err := p.Transact(context.Background(), p.caller, tr)
		return ignoring(err, models.ErrConflict) // of money that does not count
	}}
	one.again = &act{name: name + " again", when: when, do: one.do}
	d.acts = append(d.acts, one)
}
