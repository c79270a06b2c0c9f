package payouts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"
)

// Charge charges the company's card while nobody is there (MONEY.md 4.4).
func (s Stripe) Charge(ctx context.Context, o Order) (Outcome, error) {
	params := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(o.Amount), Currency: stripe.String(string(o.Currency)),
		Customer: stripe.String(o.Customer), PaymentMethod: stripe.String(o.Method), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		Confirm: stripe.Bool(true), OffSession: stripe.Bool(true),
		TransferGroup: stripe.String(o.Group), Description: stripe.String(o.Says), StatementDescriptorSuffix: stripe.String(o.Suffix),
	}
	if o.Account != "" {
		params.TransferData = &stripe.PaymentIntentTransferDataParams{Destination: stripe.String(o.Account)}
	}
	if o.Account != "" && o.Fee > 0 {
		params.ApplicationFeeAmount = stripe.Int64(o.Fee)
	}
	params.Context, params.Metadata = ctx, o.Metadata
	params.SetIdempotencyKey(o.ID)
	params.AddExpand("latest_charge")
	intent, err := s.api.PaymentIntents.New(params)
	return s.answered(ctx, intent, err)
}

// answered reads what a call about a payment intent came to.
func (s Stripe) answered(ctx context.Context, intent *stripe.PaymentIntent, err error) (Outcome, error) {
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
	return Outcome{State: DidNotGo, Because: words(refused), Block: blocks(refused)}, nil
}

// isFinal tells a refusal of this very payment from an answer that leaves open what happened: a key that was rolled, a
// right that was taken away, a limit or a fault say nothing about it (MONEY.md 4.5).
func isFinal(e *stripe.Error) bool {
	switch e.HTTPStatusCode {
	case http.StatusPaymentRequired:
		return e.Type == stripe.ErrorTypeCard || e.Type == stripe.ErrorTypeInvalidRequest
	case http.StatusBadRequest, http.StatusNotFound:
		return e.Type == stripe.ErrorTypeInvalidRequest || e.Type == stripe.ErrorTypeCard || e.Type == stripe.ErrorTypeIdempotency
	}
	return false
}

// read turns a payment intent into an outcome. One that waits for the card holder is kept; one that waits for another card is
// cancelled first, so that it can never be paid beside a later attempt.
func (s Stripe) read(ctx context.Context, intent *stripe.PaymentIntent, refused *stripe.Error) (Outcome, error) {
	o, over := ended(intent, refused)
	if over {
		return o, nil
	}
	params := &stripe.PaymentIntentCancelParams{}
	params.Context = ctx
	if _, err := s.api.PaymentIntents.Cancel(intent.ID, params); err != nil {
		now, again := s.intent(ctx, intent.ID) // somebody else was first
		if o, over := ended(now, refused); again == nil && over && o.State != Asks {
			return o, nil
		}
		return Outcome{Intent: intent.ID}, fmt.Errorf("cancel %s: %w", intent.ID, err)
	}
	return o, nil
}

// ended says what a payment intent's state means; over is false where it must be cancelled for that to be true.
func ended(intent *stripe.PaymentIntent, refused *stripe.Error) (o Outcome, over bool) {
	if intent == nil {
		return o, false
	}
	if refused == nil {
		refused = intent.LastPaymentError
	}
	o = Outcome{Intent: intent.ID}
	switch {
	case intent.Status == stripe.PaymentIntentStatusSucceeded:
		o.State = Went
		if c := intent.LatestCharge; c != nil {
			o.Charge, o.Look = c.ID, c.Disputed || c.AmountRefunded > 0
			if c.Transfer != nil {
				o.Transfer = c.Transfer.ID
			}
		}
		return o, true
	case intent.Status == stripe.PaymentIntentStatusProcessing:
		return o, true
	case intent.Status == stripe.PaymentIntentStatusRequiresAction:
		o.State, o.Because = Asks, asksFor
		if n := intent.NextAction; n != nil && n.RedirectToURL != nil {
			o.Page = n.RedirectToURL.URL
		}
		return o, true
	case intent.Status == stripe.PaymentIntentStatusRequiresPaymentMethod && asks(refused):
		o.State, o.Because = Asks, words(refused)
		return o, true
	}
	o.State, o.Because = DidNotGo, "The payment was cancelled. Nothing was charged."
	if refused != nil {
		o.Because, o.Block = words(refused), blocks(refused)
	}
	return o, intent.Status == stripe.PaymentIntentStatusCanceled
}

func (s Stripe) intent(ctx context.Context, id string) (*stripe.PaymentIntent, error) {
	params := &stripe.PaymentIntentParams{}
	params.Context = ctx
	params.AddExpand("latest_charge")
	intent, err := s.api.PaymentIntents.Get(id, params)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", id, err)
	}
	return intent, nil
}

// Find looks an order up by its payment intent, else among the company's own by what their metadata say.
func (s Stripe) Find(ctx context.Context, o Order) (Outcome, bool, error) {
	if o.Intent != nil {
		intent, err := s.intent(ctx, *o.Intent)
		if err != nil {
			return Outcome{}, false, err
		}
		found, err := s.read(ctx, intent, nil)
		return found, true, err
	}
	params := &stripe.PaymentIntentListParams{Customer: stripe.String(o.Customer)}
	params.Context = ctx
	params.Limit = stripe.Int64(100)
	params.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: o.StartedAt.Unix() - 600}
	all := s.api.PaymentIntents.List(params)
	for all.Next() {
		if m := all.PaymentIntent().Metadata; m["attempt"] == o.ID || m["charge"] == o.ID {
			o.Intent = &all.PaymentIntent().ID
			return s.Find(ctx, o)
		}
	}
	if err := all.Err(); err != nil {
		return Outcome{}, false, fmt.Errorf("look up %s: %w", o.ID, err)
	}
	return Outcome{}, false, nil
}

// Confirm confirms a payment intent on-session. Without Stripe's script in the page, the card holder is led to Stripe's page.
func (s Stripe) Confirm(ctx context.Context, o Order, back string) (Outcome, error) {
	params := &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(o.Method), ReturnURL: stripe.String(back)}
	params.Context = ctx
	params.AddExpand("latest_charge")
	intent, err := s.api.PaymentIntents.Confirm(*o.Intent, params)
	var refused *stripe.Error
	if errors.As(err, &refused) && isFinal(refused) && refused.Type != stripe.ErrorTypeCard { // it is not as it was thought
		if intent, again := s.intent(ctx, *o.Intent); again == nil {
			found, still := s.read(ctx, intent, nil)
			if found.State == Asks {
				found.Because = words(refused)
			}
			return found, still
		}
	}
	return s.answered(ctx, intent, err)
}

// Cancel gives a payment intent up, unless it has ended.
func (s Stripe) Cancel(ctx context.Context, o Order) (Outcome, error) {
	params := &stripe.PaymentIntentCancelParams{}
	params.Context = ctx
	intent, err := s.api.PaymentIntents.Cancel(*o.Intent, params)
	if err == nil {
		return Outcome{State: DidNotGo, Intent: intent.ID, Because: "The confirmation was given up. Nothing was charged."}, nil
	}
	now, again := s.intent(ctx, *o.Intent)
	if found, over := ended(now, nil); again == nil && over && found.State != Asks {
		return found, nil
	}
	return Outcome{}, fmt.Errorf("cancel %s: %w", *o.Intent, errors.Join(err, again))
}
