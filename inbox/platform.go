package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// AcceptPlatform proves and keeps an event of the platform's own Stripe. One that names a payment attempt has that
// attempt looked at again: what the event says is not believed, Stripe is asked (MONEY.md 1.4).
func (in *Inbox) AcceptPlatform(ctx context.Context, secret string, h http.Header, body []byte) error {
	e, err := sources.Stripe{}.Verify([]string{secret}, h, body, in.Now())
	if err != nil {
		return err
	}
	err = in.Store.InTx(ctx, func(tx *store.Store) error {
		isNew, err := tx.KeepPlatformEvent(ctx, models.NewID[models.EventID](in.Now()), e.ProviderID, e.Type, body, in.Now())
		if err != nil || !isNew {
			return err
		}
		if job, ok := attemptIn(body); ok {
			return tx.Enqueue(ctx, job, nil)
		}
		if job, ok := cardIn(e.Type, body); ok {
			return tx.Enqueue(ctx, job, nil)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: keep platform event %s: %w", models.ErrLater, e.ProviderID, err)
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

// attemptIn finds the payment attempt in a payment intent's metadata.
func attemptIn(body []byte) (models.PayInvoice, bool) {
	var said struct {
		Data struct {
			Object struct {
				Object   string
				Metadata map[string]string
			}
		}
	}
	if json.Unmarshal(body, &said) != nil || said.Data.Object.Object != "payment_intent" {
		return models.PayInvoice{}, false
	}
	named := said.Data.Object.Metadata
	company, err := models.ParseID[models.CompanyID](named["company"])
	if err != nil {
		return models.PayInvoice{}, false
	}
	attempt, err := models.ParseID[models.AttemptID](named["attempt"])
	return models.PayInvoice{Company: company, Mode: models.Mode(named["mode"]), Attempt: attempt}, err == nil
}
