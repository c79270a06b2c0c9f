package sources

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"portal/models"
)

// Answer is what Stripe said when it was asked about an event. It is kept with the event, so that a replay needs no
// network. The first three tell whose invoice a charge is (MONEY.md 2.2), the others what held nothing up.
type Answer struct {
	Invoice string          `json:"invoice"` // empty: the charge has none
	Intent  string          `json:"intent"`  // the charge's payment intent; empty when it has none or the question named it
	Session json.RawMessage `json:"session"` // the checkout session of the charge's payment intent; empty or null: there is none

	Aside   bool              `json:"aside,omitempty"`   // nothing was said of an invoice
	Shown   map[string]Shown  `json:"shown,omitempty"`   // by want, such as "customer cus_1"
	Without map[string]string `json:"without,omitempty"` // what cannot be had, by want, and why
}

// Shown is a thing as it was when it was asked for; null when there is no such thing.
type Shown struct {
	At     time.Time       `json:"at"`
	Object json.RawMessage `json:"object"`
}

// And adds a later answer to what was answered before.
func (a Answer) And(later Answer) Answer {
	if later.Aside {
		later.Invoice, later.Intent, later.Session, later.Aside = a.Invoice, a.Intent, a.Session, a.Aside
	}
	later.Shown, later.Without = joined(a.Shown, later.Shown), joined(a.Without, later.Without)
	return later
}

// Only is the answer as it is kept, with no more than was answered at some moment; nothing when nothing was.
func (a Answer) Only(aside bool, shown []string) ([]byte, error) {
	some := Answer{Aside: aside, Shown: map[string]Shown{}}
	if !aside {
		some.Invoice, some.Intent, some.Session = a.Invoice, a.Intent, a.Session
	}
	for _, want := range shown {
		if one, there := a.Shown[want]; there {
			some.Shown[want] = one
		}
	}
	if some.Aside && len(some.Shown) == 0 {
		return nil, nil
	}
	return json.Marshal(some)
}

func joined[V any](a, b map[string]V) map[string]V {
	if len(a) == 0 {
		return b
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// ReadAnswer reads what was kept; nothing was is an answer that says nothing. Its error is an ErrInvalid.
func ReadAnswer(kept []byte) (Answer, error) {
	a := Answer{Aside: len(kept) == 0}
	if len(kept) > 0 && json.Unmarshal(kept, &a) != nil {
		return a, models.Refuse(models.ErrInvalid, "the answer cannot be read")
	}
	return a, nil
}

// answer is what was kept of the provider's answer.
func (o object) answer(kept []byte) Answer {
	a, err := ReadAnswer(kept)
	if err != nil {
		o.complain("the answer", "cannot be read")
	}
	return a
}

// withShown adds to the news what was shown when it was asked for.
func withShown(n models.News, kept []byte) (models.News, error) {
	a, err := ReadAnswer(kept)
	if err != nil {
		return models.News{}, err
	}
	facts, err := a.facts()
	if err != nil {
		return models.News{}, err
	}
	n.Facts = append(n.Facts, facts...)
	return n, nil
}

// facts are what the things that were shown tell of themselves. What does not exist names nobody.
func (a Answer) facts() ([]models.Fact, error) {
	var all []models.Fact
	for _, want := range slices.Sorted(maps.Keys(a.Shown)) {
		kind, id, _ := strings.Cut(want, " ")
		if kind == "lines" || id == "" {
			continue // lines are read with their invoice, and what is shown of nothing tells nothing
		}
		f := always(models.Fact{Subject: id, Kind: models.ByAnswer, At: a.Shown[want].At})
		if text := string(a.Shown[want].Object); text == "null" || text == "" {
			all = append(all, f)
			continue
		}
		o, err := parse("the answer about "+clip(want), a.Shown[want].Object)
		if err != nil {
			return nil, err
		}
		all = append(all, shown(o, kind, f)...)
	}
	return all, nil
}

// shown is what one thing tells.
func shown(o object, kind string, f models.Fact) []models.Fact {
	var t models.Telling
	switch kind {
	case "customer", "subscription":
		o.noteAt(&t, kind, "metadata")
		f.Says = t.Clues.Metadata
	case "payment_intent":
		o.note(&t, kind)
		f.Says = t.Clues.Metadata
	case "promotion_code":
		f.Says = promotionCode(o, f.Kind, f.At).Says
	case "session":
		o.noteDiscounts(&t, "session")
		f.Says = couponsOf(t)
	case "discounts", "invoice":
		if outside, known := o.value("paid_out_of_band").(bool); known && outside {
			f.Says = []models.Clue{{Name: "paid_out_of_band", Value: "true"}}
		}
		return append(discounts(o, f), always(f))
	}
	return []models.Fact{always(f)}
}

// discounts are the facts of an invoice's discounts, each under its own id.
func discounts(o object, f models.Fact) []models.Fact {
	var all []models.Fact
	amounts, _ := o.value("total_discount_amounts").([]any)
	list, _ := o.value("discounts").([]any)
	for _, one := range append(list, amounts...) {
		fields, _ := one.(map[string]any)
		if inner, ok := fields["discount"].(map[string]any); ok {
			fields = inner
		}
		var t models.Telling
		object{fields: map[string]any{"discounts": []any{fields}}}.noteDiscounts(&t, "invoice")
		f.Subject, f.Says = idOf(fields), couponsOf(t)
		told := slices.ContainsFunc(all, func(other models.Fact) bool { return other.Subject == f.Subject })
		if f.Subject != "" && len(f.Says) > 0 && !told {
			all = append(all, always(f))
		}
	}
	return all
}

// couponsOf are what a discount gives, and what of it is still to be read.
func couponsOf(t models.Telling) []models.Clue {
	all := t.Clues.Coupons
	for _, id := range t.Clues.Unread {
		all = append(all, models.Clue{Name: "unread", Value: id})
	}
	return all
}
