package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cardForm is the form of a card to save, ready to print.
type cardForm struct {
	Fields []field
	Expiry []field
	Tests  []option
}

// holding finds the account that has an object, and a call on it.
func (s *Sandbox) holding(kind, id string) (c *call, o object) {
	for _, a := range s.accounts {
		if o, ok := a.get(kind, id); ok {
			return &call{Sandbox: s, a: a, at: s.clock(a), version: version}, o
		}
	}
	return nil, nil
}

// checkoutOf finds a session in setup mode. Where to go is empty when its card can be given.
func (s *Sandbox) checkoutOf(id string) (c *call, cs object, away string) {
	c, cs = s.holding("checkout.session", id)
	if cs == nil || cs.str("mode") != "setup" {
		return nil, nil, ""
	}
	c.lapse(cs)
	_ = c.commit()
	if cs.str("status") == "complete" {
		away = thanks(cs)
	}
	return c, cs, away
}

func (s *Sandbox) checkoutPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	c, cs, away := s.checkoutOf(r.PathValue("session"))
	var typed map[string]string
	var wrong Wrong
	if cs != nil {
		typed, wrong = c.triedCard(cs)
	}
	s.mu.Unlock()
	switch {
	case cs == nil:
		s.gone(w, "There is no such Checkout session.", "")
	case away != "":
		lead(w, away)
	case cs.str("status") == "expired":
		s.gone(w, "This Checkout session has expired. No card was saved.", cs.str("cancel_url"))
	default:
		s.showCheckout(w, http.StatusOK, c.a, cs, typed, wrong)
	}
}

// triedCard is what was typed of the card that was refused last, and why.
func (c *call) triedCard(cs object) (map[string]string, Wrong) {
	typed := map[string]string{}
	cus, _ := c.a.get("customer", cs.str("customer"))
	typed["name"] = cus.str("name")
	si, _ := c.a.get("setup_intent", cs.str("setup_intent"))
	pm, ok := c.a.get("payment_method", cs.str("_tried"))
	if !ok || si.sub("last_setup_error") == nil {
		return typed, nil
	}
	card := pm.sub("card")
	return map[string]string{"number": pm.str("_number"), "month": fmt.Sprint(card.num("exp_month")), "year": fmt.Sprint(card.num("exp_year")),
		"name": pm.sub("billing_details").str("name")}, Wrong{"number": si.sub("last_setup_error").str("message")}
}

func (s *Sandbox) showCheckout(w http.ResponseWriter, status int, a *account, cs object, typed map[string]string, wrong Wrong) {
	f := func(name, label, hint, value string) field {
		return field{ID: name, Name: name, Label: label, Hint: hint, Type: "text", Value: or(typed[name], value), Error: wrong[name], Focus: wrong[name] != ""}
	}
	s.mu.Lock()
	year := s.clock(a).Year() + 3
	v := hostedView{Title: "Save a card", Platform: or(a.Name, a.ID), Leave: cs.str("cancel_url")}
	s.mu.Unlock()
	v.Card.Fields = []field{f("number", "Card number", "One of Stripe's test numbers. No real card is taken.", "4242 4242 4242 4242"), f("name", "Name on the card", "", "")}
	v.Card.Expiry = []field{f("month", "Expires in month", "", "12"), f("year", "Year", "", strconv.Itoa(year))}
	v.Card.Tests = testCards()
	s.printHosted(w, status, "checkout", v)
}

// testCards are the cards that can be typed, and what each does.
func testCards() (list []option) {
	for number, k := range cards {
		list = append(list, option{Value: spaced(number), Label: k.does(number)})
	}
	slices.SortFunc(list, func(x, y option) int {
		return strings.Compare(rank(x)+x.Value, rank(y)+y.Value)
	})
	return list
}

// rank puts the card that everybody knows first.
func rank(o option) string {
	if strings.HasPrefix(o.Value, "4242") {
		return "0"
	}
	return "1"
}

func spaced(number string) string {
	var b strings.Builder
	for i, digit := range number {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// does says what a test card is for.
func (k card) does(number string) string {
	reason := strings.ReplaceAll(k.refuse, "_", " ")
	switch {
	case k.keeps:
		return "can be saved, then each payment is declined"
	case k.refuse != "":
		return "is declined: " + reason
	case k.asks == onceSaved:
		return "asks its holder now, and never again"
	case k.asks == always:
		return "asks its holder now and at each payment"
	case k.doubts == chargeback:
		return "pays, then each payment is disputed"
	case k.doubts == inquiry:
		return "pays, then the bank asks about each payment"
	case k.refund == "failed":
		return "pays; its refunds fail later"
	case k.refund == "pending":
		return "pays; its refunds are pending first"
	case number == "4000000000000077":
		return "pays; the money is available at once"
	}
	return brandNames[k.brand] + ", always pays"
}

// checkout takes the card. Its bank may refuse it, or ask its holder first.
func (s *Sandbox) checkout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	typed := map[string]string{}
	for _, name := range []string{"number", "name", "month", "year"} {
		typed[name] = strings.TrimSpace(r.PostFormValue(name))
	}
	s.mu.Lock()
	c, cs, to := s.checkoutOf(r.PathValue("session"))
	if cs == nil || to != "" || cs.str("status") == "expired" {
		s.mu.Unlock()
		s.checkoutPage(w, r)
		return
	}
	var wrong Wrong
	if pick := r.PostFormValue("pick"); pick != "" {
		typed["number"] = pick
	} else {
		to, wrong = c.takeCard(cs, typed)
	}
	s.mu.Unlock()
	switch {
	case len(wrong) > 0:
		s.showCheckout(w, http.StatusUnprocessableEntity, c.a, cs, typed, wrong)
	case to == "":
		s.showCheckout(w, http.StatusOK, c.a, cs, typed, nil)
	default:
		lead(w, to)
	}
}

// takeCard saves a card, as it was typed, and says where to go then.
func (c *call) takeCard(cs object, typed map[string]string) (to string, wrong Wrong) {
	number := strings.NewReplacer(" ", "", "-", "").Replace(typed["number"])
	month, year, wrong := c.readCard(number, typed)
	if len(wrong) > 0 {
		return "", wrong
	}
	pm := c.newMethod(number, month, year)
	pm["billing_details"] = shapes.sub("payment_method").sub("billing_details").copy().with(object{"name": typed["name"]})
	c.put(pm)
	si, _ := c.a.get("setup_intent", cs.str("setup_intent"))
	si["payment_method"] = pm["id"]
	c.put(cs.with(object{"_tried": pm["id"]}))
	_, err := c.setUp(si, pm)
	var f *failure
	switch {
	case errors.As(err, &f):
		wrong = Wrong{"number": f.body.str("message")}
	case si.str("status") == "requires_action":
		to = "../../authenticate/" + si.str("id")
	default:
		to = thanks(cs)
	}
	if err := c.commit(); err != nil {
		return "", Wrong{"number": err.Error()}
	}
	return to, wrong
}

// readCard reads what was typed of a card.
func (c *call) readCard(number string, typed map[string]string) (month, year int64, wrong Wrong) {
	wrong = Wrong{}
	switch {
	case number == "":
		wrong["number"] = "Give a card number."
	case len(number) < 13 || strings.Trim(number, "0123456789") != "":
		wrong["number"] = "Your card number is incorrect."
	case cards[number].brand == "":
		wrong["number"] = "Only test cards are taken here. Pick one below."
	}
	month, err := strconv.ParseInt(typed["month"], 10, 64)
	if err != nil || month < 1 || month > 12 {
		wrong["month"] = "Give a month from 1 to 12."
	}
	year, err = strconv.ParseInt(typed["year"], 10, 64)
	if err == nil && year < 100 {
		year += 2000
	}
	switch now := c.at.UTC(); {
	case err != nil || year < 2000 || year > int64(now.Year()+50):
		wrong["year"] = "Give a year, such as " + strconv.Itoa(now.Year()+3) + "."
	case wrong["month"] == "" && past(month, year, now):
		wrong["year"] = "Your card has expired."
	}
	if typed["name"] == "" {
		wrong["name"] = "Give the name on the card."
	}
	return month, year, wrong
}

// past tells whether a card's last month is over.
func past(month, year int64, now time.Time) bool {
	return !now.UTC().Before(time.Date(int(year), time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC))
}
