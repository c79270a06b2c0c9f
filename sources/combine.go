package sources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"portal/models"
)

// Combine makes one payment of all that is told of one money; the order of the tellings makes no difference.
// The tenant, the id and the program are the caller's to fill in. With no tellings it is the zero payment.
func Combine(tellings []models.Telling) models.Payment {
	all := slices.Clone(tellings)
	slices.SortFunc(all, weightier)
	p := models.Payment{Key: root(all), Aliases: aliases(all), Clues: clues(all), Customer: customer(all), Knows: knows(all), Listed: listed(all),
		Subscription: pick(all, func(t models.Telling) string { return t.Subscription })}
	for _, t := range all {
		if t.Program != nil && p.Asked.IsZero() {
			p.Asked = *t.Program
		}
	}
	said, counted := first(all)
	if said == nil {
		return p
	}
	p.Counted, p.Source, p.Kind, p.PaidAt = counted, said.Source, said.Kind, paidAt(all, *said)
	if counted {
		p.Gross, p.Base, p.Lines, p.Shipping = said.Gross, said.Base, said.Lines, said.Shipping
		here := slices.ContainsFunc(all, func(t models.Telling) bool { return t.Intent != "" || t.Charge != "" })
		elsewhere := slices.ContainsFunc(all, func(t models.Telling) bool { return t.Outside })
		p.Outside, p.OutsideOpen = said.Outside || elsewhere && !here, said.OutsideOpen && !here && !elsewhere
		return p
	}
	p.Gross.Currency = models.Currency(pick(all, func(t models.Telling) string { return string(t.Gross.Currency) }))
	p.Base = p.Gross
	return p
}

// Charges are what each charge of a payment took, as it told itself.
func Charges(tellings []models.Telling) map[string]models.Money {
	took := map[string]models.Money{}
	for _, l := range tellings {
		if l.Object == l.Charge && l.Charge != "" {
			took[l.Charge] = l.Gross
		}
	}
	return took
}

// weightier orders tellings: by rank, then by object, then by all they say.
func weightier(a, b models.Telling) int {
	return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Object, b.Object), bytes.Compare(canonical(a), canonical(b)))
}

// first is the first telling that may count. While there is none, it is the weightiest, as a hint, and false.
//
// A charge, or its intent, may count only once it is settled that no invoice stands behind it; the invoice would count the same cash.
func first(all []models.Telling) (*models.Telling, bool) {
	invoiced := slices.ContainsFunc(all, func(t models.Telling) bool { return t.Invoice != "" })
	settled := slices.ContainsFunc(all, func(t models.Telling) bool { return t.InvoiceKnown })
	for i, t := range all {
		bare := t.Rank == rankCharge || t.Rank == rankIntent
		if t.Counts && (!bare || settled && !invoiced) {
			return &all[i], true
		}
	}
	if len(all) == 0 {
		return nil, false
	}
	return &all[0], false
}

// root is the id the money goes by: its invoice, else payment intent, else charge, else the API's key, else its session.
func root(all []models.Telling) string {
	return cmp.Or(
		pick(all, func(t models.Telling) string { return t.Invoice }),
		pick(all, func(t models.Telling) string { return t.Intent }),
		pick(all, func(t models.Telling) string { return t.Charge }),
		pick(all, func(t models.Telling) string { return t.Key }),
		pick(all, func(t models.Telling) string { return t.Session }))
}

func aliases(all []models.Telling) []string {
	var ids []string
	for _, t := range all {
		ids = append(ids, t.Aliases()...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func customer(all []models.Telling) models.PaymentCustomer {
	return models.PaymentCustomer{
		StripeID: pick(all, func(t models.Telling) string { return t.Customer.StripeID }),
		Key:      pick(all, func(t models.Telling) string { return t.Customer.Key }),
		Email:    pick(all, func(t models.Telling) string { return t.Customer.Email }),
		Name:     pick(all, func(t models.Telling) string { return t.Customer.Name }),
		FindOnly: len(all) > 0 && !slices.ContainsFunc(all, func(t models.Telling) bool { return !t.Customer.FindOnly }),
	}
}

// places is the order in which metadata is looked at (D3).
var places = []string{"charge", "payment_intent", "session", "invoice", "subscription", "customer"}

// knows are the places whose metadata the tellings hold.
func knows(all []models.Telling) []string {
	var seen []string
	for _, t := range all {
		for _, place := range t.Knows {
			seen = added(seen, place)
		}
	}
	slices.Sort(seen)
	return seen
}

func clues(all []models.Telling) models.Clues {
	c := models.Clues{
		ClientReference: pick(all, func(t models.Telling) string { return t.Clues.ClientReference }),
		Click:           pick(all, func(t models.Telling) string { return t.Clues.Click }),
		Partner:         pick(all, func(t models.Telling) string { return t.Clues.Partner }),
	}
	for _, t := range all {
		for _, clue := range t.Clues.Metadata {
			c.Metadata = added(c.Metadata, clue)
		}
		for _, clue := range t.Clues.Coupons {
			c.Coupons = added(c.Coupons, clue)
		}
		for _, id := range t.Clues.Unread {
			c.Unread = added(c.Unread, id)
		}
	}
	slices.SortStableFunc(c.Metadata, func(a, b models.Clue) int {
		return cmp.Compare(slices.Index(places, a.Place), slices.Index(places, b.Place))
	})
	return c
}

// pick is the first of the tellings' values that is not empty.
func pick(all []models.Telling, of func(models.Telling) string) string {
	for _, t := range all {
		if v := of(t); v != "" {
			return v
		}
	}
	return ""
}

// Newer tells whether the new telling of an object takes the old one's place: one that knows of the invoice before one that
// does not, a counting one before a hint, one with all its lines before one without, then the later, of two at one time the
// one that names more coupons, then by all they say. So in the end the same one stays, in whatever order they came.
func Newer(old, new models.Telling) bool {
	return cmp.Or(
		yes(new.InvoiceKnown)-yes(old.InvoiceKnown), yes(new.Counts)-yes(old.Counts), yes(old.Cut)-yes(new.Cut),
		new.At.Compare(old.At), len(new.Clues.Coupons)-len(old.Clues.Coupons), bytes.Compare(words(new), words(old))) > 0
}

// words are what a telling says of the money, however it was heard.
func words(t models.Telling) []byte {
	t.Listed, t.Again = nil, false
	return canonical(t)
}

// Joined is what an object tells by two tellings of it, and whether that is more than the old one: the newer, with the
// coupons that the other names where its own shape leaves them to be read (MONEY.md 1.2).
func Joined(old, new models.Telling) (models.Telling, bool) {
	newer, other := settled(old, new), old
	if !Newer(old, newer) {
		newer, other = old, newer
	}
	newer.Listed, newer.Again = heard(old, new)
	if c := newer.Clues; len(c.Coupons) == 0 && len(c.Unread) > 0 && len(other.Clues.Coupons) > 0 {
		newer.Clues.Coupons, newer.Clues.Unread = other.Clues.Coupons, other.Clues.Unread
	}
	return newer, !bytes.Equal(canonical(newer), canonical(old))
}

// settled is the new telling of an object with what the old one had settled of its invoice: a question is asked once.
func settled(old, new models.Telling) models.Telling {
	if !old.InvoiceKnown || new.InvoiceKnown {
		return new
	}
	new.InvoiceKnown, new.Invoice, new.Intent = true, old.Invoice, cmp.Or(new.Intent, old.Intent)
	new.Counts = new.Counts && new.Invoice == ""
	return new
}

// course is the statuses of refunds, disputes and credit notes in the order in which a life of each goes through them:
// what is final comes after what is pending. A refund that succeeded may still fail.
var course = []string{
	"requires_action", "pending", "succeeded", "canceled", "failed",
	"warning_needs_response", "warning_under_review", "needs_response", "under_review",
	"warning_closed", "prevented", "charge_refunded", "lost", "won",
	"issued", "void",
}

// NewerReversal tells whether the new state of a reversal takes the old one's place. The later goes first. Stripe's
// times are whole seconds, so of two at one time the one further on its course stays; then rests before holds before
// takes; then the greater amount, but of a dispute the smaller, for what was reinstated only grows; then by all else
// that counts. So in the end the same one stays, in whatever order they came.
func NewerReversal(old, new models.Reversal) bool {
	grown := cmp.Compare(new.Amount.Minor, old.Amount.Minor)
	if new.Kind == models.Dispute {
		grown = -grown
	}
	return cmp.Or(
		new.At.Compare(old.At),
		cmp.Compare(slices.Index(course, new.Says), slices.Index(course, old.Says)),
		cmp.Compare(rest(new.State), rest(old.State)), grown,
		cmp.Compare(new.Says, old.Says), cmp.Compare(new.Charge, old.Charge),
		cmp.Compare(new.Amount.Currency, old.Amount.Currency)) > 0
}

func rest(s models.ReversalState) int {
	return slices.Index([]models.ReversalState{models.Takes, models.Holds, models.Rests}, s)
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// canonical is all that a telling says, as text to compare by.
func canonical(t models.Telling) []byte {
	t.At, t.PaidAt = t.At.UTC(), t.PaidAt.UTC()
	text, _ := json.Marshal(t) // plain values; the readers refuse dates that cannot be written
	return text
}
