package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"portal/models"
)

// apiOnce does a POST with an Idempotency-Key once: the same request again gets the first answer for 24 hours. What
// failed for a fault of ours is not kept, so that it can be tried again.
func (h *House) apiOnce(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header("Idempotency-Key")
	if ctx.Method() != http.MethodPost || key == "" {
		next(ctx)
		return
	}
	c := humaecho.Unwrap(ctx)
	call, _ := ctx.Context().Value(apiCallKey{}).(apiCall)
	if len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		apiWrite(c, apiKeyProblem("must be up to 255 printable ASCII characters"))
		return
	}
	request, err := apiFingerprint(c.Request())
	if err != nil {
		apiWrite(c, h.apiProblemOf(call.request, err))
		return
	}
	kept, err := h.Store.ClaimAnswer(ctx.Context(), call.Caller, key, request, h.Now())
	switch {
	case err != nil:
		apiWrite(c, h.apiProblemOf(call.request, fmt.Errorf("claim an idempotency key: %w", err)))
	case kept == nil:
		h.apiAnswerOnce(c, call, key, request, func() { next(ctx) })
	case !bytes.Equal(kept.Request, request):
		apiWrite(c, apiKeyProblem("was used for another request already; take a new key for a new request"))
	case kept.Status == nil:
		apiWrite(c, newAPIProblem(http.StatusConflict, "The first request with this Idempotency-Key is still under way. Ask again in a moment."))
	default:
		apiReplay(c, *kept.Status, kept.Body)
	}
}

func apiKeyProblem(message string) *apiProblem {
	return newAPIProblem(http.StatusUnprocessableEntity, apiSomethingWrong, models.FieldError{Field: "Idempotency-Key", Message: message})
}

// apiFingerprint tells one request from another. It reads the body and leaves it to be read again.
func apiFingerprint(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, bodyLimit))
	if err != nil {
		return nil, unread(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", r.Method, r.URL.RequestURI())
	sum.Write(body)
	return sum.Sum(nil), nil
}

// apiAnswerOnce keeps the answer before it is sent.
func (h *House) apiAnswerOnce(c echo.Context, call apiCall, key string, request []byte, answer func()) {
	ctx := context.WithoutCancel(c.Request().Context())
	held := &apiHeld{ResponseWriter: c.Response().Writer}
	c.Response().Writer = held
	defer func() {
		c.Response().Writer = held.ResponseWriter
		var err error
		if held.status == 0 || held.status >= 500 {
			err = h.Store.DropAnswer(ctx, call.Caller, key, request)
		} else {
			err = h.Store.SaveAnswer(ctx, call.Caller, key, request, held.status, held.body.Bytes())
		}
		if err != nil {
			h.Log.Error("an answer was not kept for its Idempotency-Key", "id", call.request, "error", err)
		}
		held.send()
	}()
	answer()
}

func apiReplay(c echo.Context, status int, body []byte) {
	c.Response().Header().Set("Idempotent-Replayed", "true")
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	_ = c.Blob(status, kind, body)
}

// apiHeld holds an answer back until it is kept.
type apiHeld struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader notes the status.
func (w *apiHeld) WriteHeader(status int) { w.status = status }

// Write notes the body.
func (w *apiHeld) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *apiHeld) send() {
	if w.status == 0 {
		return
	}
	w.ResponseWriter.WriteHeader(w.status)
	_, _ = w.ResponseWriter.Write(w.body.Bytes())
}
