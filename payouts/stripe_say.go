package payouts

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
)

// What is said when Stripe cannot be asked.
const (
	silent   = "Stripe did not answer as it should. Nothing was changed; try again in a minute."
	badKey   = "Stripe refuses this Portal's own key. Nothing was changed; whoever runs Portal must look at stripe.secret_key."
	noStripe = "Paying through Stripe is not set up on this Portal. Mark invoices as paid elsewhere, or ask whoever runs it."
)

// refused is Stripe's final answer to a call that then did nothing; nil when what happened is not known.
func refused(err error) *stripe.Error {
	var e *stripe.Error
	if !errors.As(err, &e) || e.Type == stripe.ErrorTypeIdempotency {
		return nil
	}
	switch e.HTTPStatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound:
		return e
	}
	return nil
}

// saying makes an error of Stripe's one that can be shown: a Refusal, which keeps what happened for the log. One that leaves open what
// happened is an ErrLater.
func saying(doing string, err error) error {
	said := models.Refuse(models.ErrLater, silent)
	switch e := refused(err); {
	case e == nil:
	case e.HTTPStatusCode == http.StatusUnauthorized || e.HTTPStatusCode == http.StatusForbidden:
		said = models.Refuse(models.ErrConflict, badKey)
	default:
		said = models.Refuse(models.ErrConflict, "Stripe refused: "+e.Msg)
	}
	return fmt.Errorf("%s: %w: %w", doing, said, err)
}

// isGone tells that Stripe knows an object no more, or that its owner took it away.
func isGone(err error) bool {
	e := refused(err)
	return e != nil && (e.Code == stripe.ErrorCodeAccountInvalid || e.Code == stripe.ErrorCodeResourceMissing)
}
