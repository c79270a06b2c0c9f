package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// AcceptPlatform proves and keeps an event of the platform's own Stripe. What it names is looked at again: what the event says of it
// is not believed, Stripe is asked (MONEY.md 1.4).
func (in *Inbox) AcceptPlatform(ctx context.Context, secret string, h http.Header, body []byte) error {
	e, err := sources.Stripe{}.Verify([]string{secret}, h, body, in.Now())
	if err != nil {
		return err
	}
	return in.HearPlatform(ctx, e.ProviderID, e.Type, body)
}

// HearPlatform keeps an event of the platform's own Stripe that was proved, or that Stripe itself was asked for, once.
func (in *Inbox) HearPlatform(ctx context.Context, id, kind string, body []byte) error {
	err := in.Store.InTx(ctx, func(tx *store.Store) error {
		isNew, err := tx.KeepPlatformEvent(ctx, models.NewID[models.EventID](in.Now()), id, kind, body, in.Now())
		if err != nil || !isNew {
			return err
		}
		if news, ok := namedIn(body); ok {
			return tx.Enqueue(ctx, news, nil)
		}
		if job, ok := cardIn(kind, body); ok {
			return tx.Enqueue(ctx, job, nil)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: keep platform event %s: %w", models.ErrLater, id, err)
	}
	return nil
}

// CardEvents are what the platform's endpoint is to be told of, so that a company's card is known as Stripe has it.
var CardEvents = []string{"checkout.session.completed", "setup_intent.succeeded", "payment_method.detached", "payment_method.updated", "payment_method.automatically_updated"}

// cardIn finds the card, or the page on which one is saved, of which an event tells.
func cardIn(kind string, body []byte) (models.ReadCard, bool) {
	if !slices.Contains(CardEvents, kind) {
		return models.ReadCard{}, false
	}
	var said struct {
		Data struct {
			Object struct {
				ID, Mode string
				Customer any
			}
		}
	}
	if json.Unmarshal(body, &said) != nil || said.Data.Object.ID == "" || kind == "checkout.session.completed" && said.Data.Object.Mode != "setup" {
		return models.ReadCard{}, false
	}
	customer, _ := said.Data.Object.Customer.(string)
	return models.ReadCard{Object: said.Data.Object.ID, Customer: customer}, true
}

// stripeID is what Stripe calls a thing: an event of it leads to nothing else.
var stripeID = regexp.MustCompile(`^(pi|ch|py|tr|po)_[A-Za-z0-9_]{1,100}$`)

// namedIn finds what of the platform's Stripe an event is about: a payment, a charge, for which refunds and disputes stand, or a transfer.
func namedIn(body []byte) (models.PlatformNews, bool) {
	var said struct {
		Data struct {
			Object struct{ Object, ID, Charge any }
		}
	}
	if json.Unmarshal(body, &said) != nil {
		return models.PlatformNews{}, false
	}
	o := said.Data.Object
	text := func(v any) string { s, _ := v.(string); return s }
	news := models.PlatformNews{Object: text(o.Object), ID: text(o.ID)}
	switch news.Object {
	case "payment_intent", "charge", "transfer", "payout":
	case "refund", "dispute":
		news = models.PlatformNews{Object: "charge", ID: text(o.Charge)}
	default:
		return news, false
	}
	return news, stripeID.MatchString(news.ID)
}
