package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// answers is the one table from an error to a status, and to the sentence for when the error has none of its own.
var answers = []struct {
	is       error
	status   int
	sentence string
}{
	{models.ErrInvalid, http.StatusUnprocessableEntity, "Something in what was sent is not right."},
	{models.ErrNotFound, http.StatusNotFound, "It may have been removed, or it belongs to another company or to the other mode."},
	{models.ErrConflict, http.StatusConflict, "This does not fit how things stand now. Load the page again to see how they do."},
	{models.ErrForbidden, http.StatusForbidden, "Your role here does not allow this."},
	{models.ErrSignedOut, http.StatusUnauthorized, "Sign in to go on."},
	{models.ErrLater, http.StatusServiceUnavailable, "This cannot be done just now. Try again in a moment."},
}

// statusOf is the HTTP status of an error and the sentence that may be shown for it. A fault of ours is 500, and its
// own text is never shown.
func statusOf(err error) (int, string) {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge, "At most 1 MiB can be sent."
	}
	for _, a := range answers {
		if !errors.Is(err, a.is) {
			continue
		}
		var refusal models.Refusal
		var fields models.FieldErrors
		switch {
		case errors.As(err, &refusal):
			return a.status, refusal.Sentence
		case errors.As(err, &fields):
			return a.status, fields.Error()
		}
		return a.status, a.sentence
	}
	var routing *echo.HTTPError
	if errors.As(err, &routing) {
		return routing.Code, "The address is wrong, or it is not one to use like this."
	}
	return http.StatusInternalServerError, "Something broke on our side. It has been written down; try again, and if it happens again, tell us."
}

// fail answers an error, and logs it when it is ours.
func (h *House) fail(err error, c echo.Context) {
	status, sentence := statusOf(err)
	if status >= 500 && !errors.Is(err, context.Canceled) {
		h.Log.Error("request failed", "id", requestID(c), "method", c.Request().Method, "path", c.Request().URL.Path, "error", err)
	}
	if c.Response().Committed {
		return
	}
	if strings.HasPrefix(c.Request().URL.Path, "/v1/") {
		apiWrite(c, newAPIProblem(status, sentence))
		return
	}
	_ = show(c, status, views.ErrorPage(trouble(status, sentence, requestID(c))), nil)
}

// trouble is an error as a page says it.
func trouble(status int, sentence, request string) views.Trouble {
	t := views.Trouble{Why: sentence, Do: views.Action{Label: "Go to the start page", Href: "/", Kind: views.Primary}}
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		t.What = "There is nothing here"
	case http.StatusForbidden:
		t.What = "This is not for you to do"
	case http.StatusConflict:
		t.What = "This cannot be done as things stand"
	case http.StatusRequestEntityTooLarge:
		t.What = "That was too much at once"
	case http.StatusServiceUnavailable:
		t.What = "Not just now"
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		t.What = "That cannot be read"
	default:
		t.What, t.Request = "This page could not be made", request
	}
	return t
}
