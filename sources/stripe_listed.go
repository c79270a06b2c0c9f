package sources

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// listings are the objects that Stripe lists and Portal brings in, by what they call themselves.
var listings = map[string]struct{ event, noun string }{
	"invoice":          {"invoice.listed", "invoice"},
	"charge":           {"charge.listed", "charge"},
	"checkout.session": {"checkout.session.listed", "session"},
	"refund":           {"refund.listed", "refund"},
	"dispute":          {"charge.dispute.listed", "dispute"},
	"credit_note":      {"credit_note.listed", "credit note"},
}

// ownName begins the ids of the events that Portal makes of them.
const ownName = "import:"

// ownWord tells whether an event is one that Portal made of a list: what comes by webhook never is (MONEY.md 3.4).
func ownWord(e models.Event) bool { return strings.HasPrefix(e.ProviderID, ownName) }

// listing is what such an event holds.
func listing(kind string) (noun string, ok bool) {
	for _, what := range listings {
		if what.event == kind {
			return what.noun, true
		}
	}
	return "", false
}

// Listed is an object as a provider listed it, retold as an event of our own: the same readers read it, by the same keys,
// so that it does no harm beside the events that the provider tells (MONEY.md 3.4).
type Listed struct {
	models.Event
	Object  string
	News    models.News
	Money   models.Money // what it collected; of a reversal, what it gives back or puts at stake
	At      time.Time    // when that was: paid, or made
	Invoice string       // of a charge, whose it is; empty for none
	Unread  error        // why the object cannot be read: its event will fail, and say so
}

// Tells tells whether the object says anything of money that moved.
func (l Listed) Tells() bool {
	return l.Unread != nil || len(l.News.Reversals) > 0 || slices.ContainsFunc(l.News.Tellings, func(t models.Telling) bool { return t.Counts })
}

// StripeListed retells an object that Stripe listed at a moment. What was paid before a moment, and is known by such
// lists alone, earns nothing; nil: it earns. Its id stands for what it tells, so that the same told again is a repeat,
// and an object that changed is told again.
func StripeListed(body []byte, mode models.Mode, at time.Time, before *time.Time) (Listed, error) {
	l, err := StripeShown(body, before)
	if err != nil {
		return l, err
	}
	l.Mode = mode
	if l.ProviderID = ownName + l.Object + ":" + saidIn(l.News); l.Unread != nil {
		l.ProviderID = ownName + l.Object + ":" + saidIn(models.News{Silent: string(body)})
	}
	l.Body, err = listedEvent(l.Type, l.ProviderID, mode, at, before, body)
	return l, err
}

// StripeShown reads an object that Stripe listed, without making an event of it. What is no object of a list is an ErrInvalid.
func StripeShown(body []byte, before *time.Time) (Listed, error) {
	o, err := parse("the list", body)
	if err != nil {
		return Listed{}, err
	}
	what, known := listings[o.text("object")]
	l := Listed{Object: o.id("id"), Invoice: o.id("invoice"), At: o.moment("created"), Event: models.Event{Source: models.SourceStripe, Type: what.event}}
	if !known || l.Object == "" {
		return l, models.Refuse(models.ErrInvalid, "the list holds an object that is not known: "+clip(o.text("object")))
	}
	event := object{fields: map[string]any{"created": json.Number("0"), "data": map[string]any{"object": o.fields}}, fault: &fault{of: "the list"}}
	if before != nil {
		event.fields["paid_before"] = json.Number(strconv.FormatInt(before.Unix(), 10))
	}
	l.News, l.Unread = readListed(what.event, event, nil)
	l.measure()
	return l, nil
}

// measure takes the money and its time from what the object tells.
func (l *Listed) measure() {
	for _, t := range l.News.Tellings {
		if t.Object == l.Object {
			l.Money, l.At = t.Gross, t.PaidAt
		}
	}
	for _, r := range l.News.Reversals {
		l.Money = r.Amount
	}
}

// listedEvent is the body of such an event.
func listedEvent(kind, id string, mode models.Mode, at time.Time, before *time.Time, object []byte) ([]byte, error) {
	e := map[string]any{"object": "event", "id": id, "type": kind, "created": at.Unix(), "livemode": mode == models.Live, "data": map[string]any{"object": json.RawMessage(object)}}
	if before != nil {
		e["paid_before"] = before.Unix()
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("retell an object of a list: %w", err)
	}
	return body, nil
}

// saidIn is a digest of all that news says.
func saidIn(n models.News) string {
	text, _ := json.Marshal(n) // plain values; the readers refuse dates that cannot be written
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:10])
}

// readListed reads an object as its own events would tell of it. A list does not say when a session was paid: what an event
// says of it goes before, and its charge knows better.
func readListed(kind string, event object, answer []byte) (models.News, error) {
	noun, _ := listing(kind)
	news, err := readEvent(event, noun, func(o object, at time.Time) models.News {
		made := o.moment("created")
		switch noun {
		case "invoice":
			t := readInvoice(o, at, answer)
			if !o.has("status_transitions.paid_at") {
				t.PaidAt = made
			}
			return one(t)
		case "charge":
			return readCharge(o, at, answer)
		case "session":
			t := readSession(o, time.Time{}, made)
			return models.News{Tellings: []models.Telling{t}, Facts: carried(o, t, made)}
		case "refund":
			return readRefund(o, at, answer)
		case "dispute":
			return readDispute(o, at, false, answer)
		}
		return readCreditNote(o, at)
	})
	if before := event.moment("paid_before"); !before.IsZero() {
		for i := range news.Tellings {
			news.Tellings[i].Listed = &before
		}
	}
	return news, err
}

// again marks what an event tells of money that other events announced: a refund, or a word that came later.
func again(news models.News, err error) (models.News, error) {
	for i := range news.Tellings {
		news.Tellings[i].Again = true
	}
	return news, err
}

// heard is how money was heard of by two tellings of one object: announced, when either was; else by a list, for the
// connection that began first; else only once more.
func heard(a, b models.Telling) (listed *time.Time, again bool) {
	switch {
	case a.Announced() || b.Announced():
		return nil, false
	case a.Listed == nil && b.Listed == nil:
		return nil, true
	case a.Listed == nil || b.Listed != nil && b.Listed.Before(*a.Listed):
		return b.Listed, false
	}
	return a.Listed, false
}

// listed is when the connection began by whose lists alone a payment is known; nil when an event announced it.
func listed(all []models.Telling) *time.Time {
	var before *time.Time
	for _, t := range all {
		if t.Announced() {
			return nil
		}
		if before = cmp.Or(before, t.Listed); t.Listed != nil && t.Listed.Before(*before) {
			before = t.Listed
		}
	}
	return before
}

// paidAt is when a payment was made by what counts most. A session of which no event told does not know: its charge does.
func paidAt(all []models.Telling, said models.Telling) time.Time {
	if said.At.IsZero() {
		for _, t := range all {
			if !t.At.IsZero() && (t.Rank == rankCharge || t.Rank == rankIntent) {
				return t.PaidAt
			}
		}
	}
	return said.PaidAt
}
