package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/labstack/echo/v4"

	"portal/models"
)

// apiProblem is an error as the API tells it (RFC 9457).
type apiProblem struct {
	Type   string           `json:"type" example:"about:blank" doc:"Always about:blank: the status says what kind of problem it is."`
	Title  string           `json:"title" example:"Unprocessable Entity" doc:"The status in words."`
	Status int              `json:"status" example:"422" doc:"The HTTP status."`
	Detail string           `json:"detail" example:"Some fields are not right." doc:"What went wrong, and what to do, in a sentence."`
	Errors []apiProblemWith `json:"errors" doc:"The fields that are wrong; empty when no field is."`
	header http.Header
}

// apiProblemWith is what is wrong with one field.
type apiProblemWith struct {
	Field   string `json:"field" example:"amount" doc:"The field, as a path such as data[0].value."`
	Message string `json:"message" example:"has more decimals than USD, which has 2" doc:"What is wrong with it."`
}

const (
	apiNothing        = "There is nothing here under this key or id, or it belongs to another company or to the other mode."
	apiSomethingWrong = "Some fields are not right."
)

func newAPIProblem(status int, detail string, fields ...models.FieldError) *apiProblem {
	p := &apiProblem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: []apiProblemWith{}}
	for _, f := range fields {
		p.Errors = append(p.Errors, apiProblemWith(f))
	}
	return p
}

// Error is the sentence.
func (p *apiProblem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *apiProblem) GetStatus() int { return p.Status }

// ContentType makes the answer application/problem+json.
func (p *apiProblem) ContentType(string) string { return "application/problem+json" }

// apiWrite answers with a problem outside of an operation.
func apiWrite(c echo.Context, p *apiProblem) {
	body, _ := json.Marshal(p) // strings and a number cannot fail
	for name, values := range p.header {
		c.Response().Header()[name] = values
	}
	_ = c.Blob(p.Status, p.ContentType(""), append(body, '\n'))
}

// apiProblemOf is what may be told of an error. A fault of ours is logged and its text stays here.
func (h *House) apiProblemOf(request string, err error) *apiProblem {
	status, sentence := statusOf(err)
	var fields models.FieldErrors
	var refusal models.Refusal
	switch {
	case errors.As(err, &fields):
		return newAPIProblem(status, apiSomethingWrong, fields...)
	case status == http.StatusNotFound && !errors.As(err, &refusal):
		sentence = apiNothing
	case status >= 500 && !errors.Is(err, models.ErrLater):
		if !errors.Is(err, context.Canceled) {
			h.Log.Error("API call failed", "id", request, "error", err)
		}
		sentence += " Name the request " + request + "."
	}
	return newAPIProblem(status, sentence)
}

// The library's words for what it checks, in ours; they become a field's message.
func init() {
	huma.ValidateStrictCasing, huma.DefaultArrayNullable = true, false
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return apiRefused(status, message, errs)
	}
	for message, words := range map[*string]string{
		&validation.MsgUnexpectedProperty:            "is not a field of this request",
		&validation.MsgExpectedRequiredProperty:      apiMissing + "%s",
		&validation.MsgExpectedString:                "must be a string of text",
		&validation.MsgExpectedBoolean:               "must be true or false",
		&validation.MsgExpectedInteger:               "must be a whole number",
		&validation.MsgExpectedNumber:                "must be a number",
		&validation.MsgExpectedArray:                 "must be a list",
		&validation.MsgExpectedObject:                "must be an object",
		&validation.MsgExpectedOneOf:                 "must be one of: %s",
		&validation.MsgExpectedMinimumNumber:         "must be at least %v",
		&validation.MsgExpectedMaximumNumber:         "must be at most %v",
		&validation.MsgExpectedMaxItems:              "must have at most %d entries",
		&validation.MsgExpectedMatchExactlyOneSchema: "has a type that this field does not take",
	} {
		*message = words
	}
}

const apiMissing = "is missing: "

// apiRefused retells what the library found wrong with a request.
func apiRefused(status int, message string, errs []error) *apiProblem {
	var wrong apiWrong
	for _, err := range errs {
		var found *huma.ErrorDetail
		if !errors.As(err, &found) {
			continue
		}
		field, message := found.Location, found.Message
		if name, missing := strings.CutPrefix(message, apiMissing); missing {
			field, message = field+"."+name, "is required"
		}
		for _, place := range []string{"body.", "query.", "path.", "header."} {
			field = strings.TrimPrefix(field, place)
		}
		wrong.say(field, message)
	}
	switch status {
	case http.StatusUnprocessableEntity:
		message = apiSomethingWrong
	case http.StatusBadRequest:
		message = "The body must be one JSON object."
	case http.StatusRequestEntityTooLarge:
		message = "At most 1 MiB can be sent."
	case http.StatusRequestTimeout:
		message = "The body did not come in time."
	}
	return newAPIProblem(status, message, wrong...)
}

func apiUnescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
