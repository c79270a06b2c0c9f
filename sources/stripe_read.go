package sources

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"portal/models"
)

// Read retells one event of Stripe. Types that say nothing of collected or returned money are silent.
func (Stripe) Read(e models.Event) (models.News, error) {
	event, err := parse("the event", e.Body)
	if err != nil {
		return models.News{}, err
	}
	if id := event.id("id"); id != "" {
		event.fault.of = "event " + id
	}
	kind := event.text("type")
	if kind == "" {
		event.complain("type", "is missing")
	}
	if event.err() != nil {
		return models.News{}, event.err()
	}
	if event.value("object") == "v2.core.event" {
		return models.News{Silent: "a thin event, which carries no object"}, nil
	}
	if !event.has("created") && !e.ReceivedAt.IsZero() { // no reason to lose money: it was made when it came, or before
		event.fields["created"] = json.Number(strconv.FormatInt(e.ReceivedAt.Unix(), 10))
	}
	if _, listed := listing(kind); listed && !ownWord(e) {
		return models.News{Silent: "only Portal itself makes events of type " + clip(kind)}, nil
	}
	news, err := readByType(kind, event, e.Answer)
	if err != nil || news.Silent != "" {
		return news, err
	}
	return withShown(news, e.Answer)
}

func readByType(kind string, event object, answer []byte) (models.News, error) {
	switch kind {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		return readEvent(event, "session", func(session object, at time.Time) models.News {
			t := readSession(session, at, at)
			return models.News{Tellings: []models.Telling{t}, Facts: carried(session, t, at)}
		})
	case "invoice.paid", "invoice.payment_succeeded", "invoice.overpaid":
		return readEvent(event, "invoice", func(invoice object, at time.Time) models.News {
			return one(readInvoice(invoice, at, answer))
		})
	case "invoice_payment.paid":
		return readEvent(event, "invoice payment", readInvoicePayment)
	case "payment_intent.succeeded":
		return readEvent(event, "payment intent", func(intent object, at time.Time) models.News {
			return readIntent(intent, at, answer)
		})
	case "charge.succeeded", "charge.captured":
		return readEvent(event, "charge", func(charge object, at time.Time) models.News {
			return readCharge(charge, at, answer)
		})
	case "charge.updated":
		return again(readEvent(event, "charge", func(charge object, at time.Time) models.News {
			return readCharge(charge, at, answer)
		}))
	case "charge.refunded":
		return again(readEvent(event, "charge", func(charge object, at time.Time) models.News {
			return readRefunded(charge, at, answer)
		}))
	case "invoice.listed", "charge.listed", "checkout.session.listed", "refund.listed", "charge.dispute.listed", "credit_note.listed":
		return readListed(kind, event, answer)
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		return readEvent(event, "refund", func(refund object, at time.Time) models.News {
			return readRefund(refund, at, answer)
		})
	case "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
		"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated":
		return readEvent(event, "dispute", func(dispute object, at time.Time) models.News {
			return readDispute(dispute, at, kind == "charge.dispute.funds_reinstated", answer)
		})
	case "credit_note.created", "credit_note.updated", "credit_note.voided":
		return readEvent(event, "credit note", readCreditNote)
	case "customer.created", "customer.updated", "customer.deleted",
		"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
		"customer.subscription.paused", "customer.subscription.resumed", "payment_intent.created":
		place := strings.TrimPrefix(kind[:strings.LastIndex(kind, ".")], "customer.")
		return readEvent(event, strings.ReplaceAll(place, "_", " "), func(o object, at time.Time) models.News {
			return readState(o, place, kind, at, event.value("data.previous_attributes"))
		})
	case "promotion_code.created", "promotion_code.updated":
		return readEvent(event, "promotion code", readPromotionCode)
	}
	return models.News{Silent: "events of type " + clip(kind) + " say nothing of money"}, nil
}

// InCatalog tells whether events of a type tell of products, prices, coupons or promotion codes: what they are called, and
// whether they can be used (F17, F33).
func InCatalog(kind string) bool {
	noun, what, _ := strings.Cut(kind, ".")
	return slices.Contains([]string{"product", "price", "coupon", "promotion_code"}, noun) && slices.Contains([]string{"created", "updated", "deleted"}, what)
}

// readEvent gives the event's object and time to its reader, and its complaints back.
func readEvent(event object, kind string, read func(object, time.Time) models.News) (models.News, error) {
	at := event.moment("created")
	if at.IsZero() {
		event.complain("created", "is missing")
	}
	inner := event.named(kind, "data.object")
	if err := event.err(); err != nil {
		return models.News{}, err
	}
	news := read(inner, at)
	if err := inner.err(); err != nil {
		return models.News{}, err
	}
	return news, nil
}

func one(t models.Telling) models.News { return models.News{Tellings: []models.Telling{t}} }

// clip keeps a foreign word short in a sentence of ours.
func clip(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}
