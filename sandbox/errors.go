package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// failure is an answer of the API that is not 2xx, in Stripe's words.
type failure struct {
	status int
	body   object
	retry  time.Duration // for a Retry-After
	page   bool          // a page of HTML instead of the body
}

func (f *failure) Error() string { return fmt.Sprintf("%d: %s", f.status, f.body.str("message")) }

func refuse(status int, code, param, format string, args ...any) *failure {
	body := object{"type": "invalid_request_error", "message": fmt.Sprintf(format, args...)}
	if code != "" {
		body["code"] = code
		body["doc_url"] = "https://stripe.com/docs/error-codes/" + code
	}
	if param != "" {
		body["param"] = param
	}
	return &failure{status: status, body: body}
}

func invalid(code, param, format string, args ...any) *failure {
	return refuse(http.StatusBadRequest, code, param, format, args...)
}

func missing(status int, kind, id, param string) *failure {
	return refuse(status, "resource_missing", param, "No such %s: '%s'", spoken(kind), id)
}

func required(param string) *failure {
	return invalid("parameter_missing", param, "Missing required param: %s.", param)
}

// cardError is a 402: the card was refused, or its holder must act.
func cardError(code, decline, message string) *failure {
	body := object{"type": "card_error", "code": code, "message": message,
		"doc_url": "https://stripe.com/docs/error-codes/" + code}
	if decline != "" {
		body["decline_code"] = decline
	}
	return &failure{status: http.StatusPaymentRequired, body: body}
}

func outOfOrder(status int) *failure {
	return &failure{status: status, body: object{"type": "api_error",
		"message": "An unknown error occurred. This was arranged by a test of the sandbox."}}
}
