package payouts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/models"
)

// Stripe is the Bank: the platform's own account.
type Stripe struct{ api *client.API }

// NewStripe reaches the platform's Stripe with its secret key. Base is Stripe's own address when it is empty.
func NewStripe(secretKey, base string) Stripe {
	config := &stripe.BackendConfig{MaxNetworkRetries: stripe.Int64(2), LeveledLogger: &stripe.LeveledLogger{}, HTTPClient: &http.Client{Timeout: patience}}
	if base != "" {
		config.URL = stripe.String(base)
	}
	return Stripe{client.New(secretKey, &stripe.Backends{
		API:     stripe.GetBackendWithConfig(stripe.APIBackend, config),
		Connect: stripe.GetBackendWithConfig(stripe.ConnectBackend, config),
		Uploads: stripe.GetBackendWithConfig(stripe.UploadsBackend, config),
	})}
}

// KeyMode is the side whose money a secret key moves; empty when there is no key.
func KeyMode(secretKey string) models.Mode {
	switch {
	case secretKey == "":
		return ""
	case strings.HasPrefix(secretKey, "sk_live_") || strings.HasPrefix(secretKey, "rk_live_"):
		return models.Live
	}
	return models.Test
}

// Charge makes a destination charge off-session: the company's card pays, the partner's account receives (MONEY.md 4.4).
func (s Stripe) Charge(ctx context.Context, o Order) (Outcome, error) {
	a := o.Attempt
	params := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(a.Amount), Currency: stripe.String(string(a.Currency)),
		Customer: stripe.String(a.Customer), PaymentMethod: stripe.String(a.Method),
		Confirm: stripe.Bool(true), OffSession: stripe.Bool(true),
		TransferData:  &stripe.PaymentIntentTransferDataParams{Destination: stripe.String(a.Account)},
		TransferGroup: stripe.String(a.Invoice.String()),
		Description:   stripe.String("Partner invoice " + o.Number),
	}
	params.Context = ctx
	params.SetIdempotencyKey(a.ID.String())
	for name, value := range map[string]string{"company": a.Company.String(), "mode": string(a.Mode), "invoice": a.Invoice.String(), "attempt": a.ID.String()} {
		params.AddMetadata(name, value)
	}
	intent, err := s.api.PaymentIntents.New(params)
	if err == nil {
		return s.read(ctx, intent, nil)
	}
	var refused *stripe.Error
	if !errors.As(err, &refused) || !isFinal(refused) {
		return Outcome{}, fmt.Errorf("charge: %w", err)
	}
	if refused.PaymentIntent != nil {
		return s.read(ctx, refused.PaymentIntent, refused)
	}
	return Outcome{State: DidNotGo, Because: words(refused)}, nil
}

// isFinal tells a refusal of this very payment from an answer that leaves open what happened: a key that was rolled, a
// right that was taken away, a limit or a fault say nothing about it (MONEY.md 4.5).
func isFinal(e *stripe.Error) bool {
	switch e.HTTPStatusCode {
	case http.StatusPaymentRequired:
		return e.Type == stripe.ErrorTypeCard || e.Type == stripe.ErrorTypeInvalidRequest
	case http.StatusBadRequest, http.StatusNotFound:
		return e.Type == stripe.ErrorTypeInvalidRequest || e.Type == stripe.ErrorTypeCard
	}
	return false
}

// read turns a payment intent into an outcome. One that waits for somebody is cancelled first, so that it can never be
// paid beside a later attempt.
func (s Stripe) read(ctx context.Context, intent *stripe.PaymentIntent, refused *stripe.Error) (Outcome, error) {
	switch intent.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return Outcome{State: Went, Intent: intent.ID}, nil
	case stripe.PaymentIntentStatusProcessing:
		return Outcome{State: StillGoing, Intent: intent.ID}, nil
	case stripe.PaymentIntentStatusCanceled:
		return Outcome{State: DidNotGo, Intent: intent.ID, Because: because(intent, refused)}, nil
	}
	params := &stripe.PaymentIntentCancelParams{}
	params.Context = ctx
	if _, err := s.api.PaymentIntents.Cancel(intent.ID, params); err != nil {
		return Outcome{Intent: intent.ID}, fmt.Errorf("cancel %s: %w", intent.ID, err)
	}
	return Outcome{State: DidNotGo, Intent: intent.ID, Because: because(intent, refused)}, nil
}

// because is why a charge did not go, in words for the one who pays.
func because(intent *stripe.PaymentIntent, refused *stripe.Error) string {
	if refused == nil {
		refused = intent.LastPaymentError
	}
	if refused == nil {
		return "The payment was cancelled. Nothing was charged."
	}
	return words(refused)
}

// words are the sentences for Stripe's codes. Why a bank declined is not told further than it should be (MONEY.md 4.5).
func words(e *stripe.Error) string {
	switch {
	case e.Code == stripe.ErrorCodeAuthenticationRequired || e.DeclineCode == stripe.DeclineCodeAuthenticationRequired:
		return "The card holder's bank asks for a confirmation, which was not given. Nothing was charged."
	case e.DeclineCode == stripe.DeclineCodeInsufficientFunds:
		return "The card was declined: insufficient funds. Nothing was charged."
	case e.Type == stripe.ErrorTypeCard:
		return "The card was declined. Nothing was charged. Use another card, or try again later."
	case e.Code == "insufficient_capabilities_for_transfer":
		return "The partner's Stripe account cannot receive money now. Nothing was charged. The partner must finish the account's set-up."
	}
	return "Stripe refused the payment: " + e.Msg
}

// Find looks an attempt up by its payment intent, else among the company's own by the attempt's id in their metadata.
func (s Stripe) Find(ctx context.Context, o Order) (Outcome, bool, error) {
	if o.Attempt.Intent != nil {
		params := &stripe.PaymentIntentParams{}
		params.Context = ctx
		intent, err := s.api.PaymentIntents.Get(*o.Attempt.Intent, params)
		if err != nil {
			return Outcome{}, false, fmt.Errorf("look up %s: %w", *o.Attempt.Intent, err)
		}
		found, err := s.read(ctx, intent, nil)
		return found, true, err
	}
	params := &stripe.PaymentIntentListParams{Customer: stripe.String(o.Attempt.Customer)}
	params.Context = ctx
	params.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: o.Attempt.StartedAt.Unix() - 600}
	all := s.api.PaymentIntents.List(params)
	for all.Next() {
		if intent := all.PaymentIntent(); intent.Metadata["attempt"] == o.Attempt.ID.String() {
			found, err := s.read(ctx, intent, nil)
			return found, true, err
		}
	}
	if err := all.Err(); err != nil {
		return Outcome{}, false, fmt.Errorf("look up attempt %s: %w", o.Attempt.ID, err)
	}
	return Outcome{}, false, nil
}
