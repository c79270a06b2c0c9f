package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

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
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: keep platform event %s: %w", models.ErrLater, e.ProviderID, err)
	}
	return nil
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
