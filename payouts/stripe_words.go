package payouts

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"
)

const asksFor = "The card holder's bank asks for a confirmation. Nothing was charged yet."

// asks tells that a refused payment only waits for the card holder (MONEY.md 4.5).
func asks(e *stripe.Error) bool {
	return e != nil && (e.Code == stripe.ErrorCodeAuthenticationRequired || e.DeclineCode == stripe.DeclineCodeAuthenticationRequired ||
		e.DeclineCode == "authentication_not_handled" || e.Code == stripe.ErrorCodePaymentIntentAuthenticationFailure)
}

// lostCards are declines after which a card network wants no further try with the card.
var lostCards = []stripe.DeclineCode{"lost_card", "stolen_card", "pickup_card", "restricted_card", "revocation_of_all_authorizations",
	"revocation_of_authorization", "security_violation", "stop_payment_order", "invalid_account"}

// blocks tells that the same card may not be tried again (MONEY.md 4.5).
func blocks(e *stripe.Error) bool {
	return e.Type == stripe.ErrorTypeCard && (slices.Contains(lostCards, e.DeclineCode) || advice(e) == "do_not_try_again")
}

// advice is what the card's bank advises, which this version of Stripe's library does not read.
func advice(e *stripe.Error) string {
	if e.LastResponse == nil {
		return ""
	}
	var said struct {
		Error struct {
			Advice string `json:"advice_code"`
		}
	}
	_ = json.Unmarshal(e.LastResponse.RawJSON, &said) // what cannot be read advises nothing
	return said.Error.Advice
}

// words are the sentences for Stripe's codes. Why a bank declined is not told further than it should be (MONEY.md 4.5).
func words(e *stripe.Error) string {
	const no = " Nothing was charged."
	switch {
	case e.Code == stripe.ErrorCodePaymentIntentAuthenticationFailure:
		return "The card holder did not confirm the payment." + no + " Confirm it, or give it up."
	case asks(e):
		return asksFor
	case blocks(e):
		return "The card was declined and cannot be tried again." + no + " Use another card."
	case e.Code == stripe.ErrorCodeExpiredCard || e.DeclineCode == "expired_card":
		return "The card has expired." + no + " Use another card."
	case e.DeclineCode == stripe.DeclineCodeInsufficientFunds:
		return "The card was declined: insufficient funds." + no
	case e.Type == stripe.ErrorTypeCard && advice(e) == "confirm_card_data":
		return "The card was declined." + no + " Check the card's details, or use another card."
	case e.Type == stripe.ErrorTypeCard:
		return "The card was declined." + no + " Use another card, or try again later."
	case e.Type == stripe.ErrorTypeIdempotency:
		return "Stripe has another request under this payment's key." + no + " Pay it again."
	}
	return refusal(e) + no
}

// refusal is the sentence for a request that Stripe would not take.
func refusal(e *stripe.Error) string {
	switch {
	case e.Code == "insufficient_capabilities_for_transfer":
		return "The partner's Stripe account cannot receive money now. The partner must finish the account's set-up."
	case e.Code == stripe.ErrorCodeBalanceInsufficient && strings.Contains(e.Msg, "connected"):
		return "The partner's Stripe account does not hold enough money any more."
	case e.Code == stripe.ErrorCodeChargeAlreadyRefunded:
		return "Stripe has given this charge back already."
	case e.Code == "charge_disputed":
		return "The card holder disputes this charge: its money goes back that way, or not at all."
	case e.Code == stripe.ErrorCodeAmountTooSmall || e.Code == stripe.ErrorCodeAmountTooLarge:
		return "Stripe does not take a charge of this size: " + e.Msg
	case e.Param == "currency":
		return "Stripe cannot charge in this currency. Pay it elsewhere and mark the invoice as paid."
	case e.Param == "payment_method" || e.Param == "customer" || strings.HasPrefix(string(e.Code), "payment_method_"):
		return "The saved card is not in Stripe any more, or not as it was. Save a card again."
	case strings.HasSuffix(e.Param, "destination") && e.Code == stripe.ErrorCodeResourceMissing || e.Code == stripe.ErrorCodeAccountInvalid:
		return "The partner's Stripe account is not connected any more. The partner must connect one again."
	}
	return "Stripe refused it: " + e.Msg
}
