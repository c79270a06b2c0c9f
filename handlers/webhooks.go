package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
)

// readers are the sources whose webhooks this version reads.
var readers = map[models.SourceName]bool{models.SourceStripe: true}

// programWebhook keeps what a company's provider sends (CONTRACT.md 4).
func (h *House) programWebhook(c echo.Context, _ models.Session) error {
	source := models.SourceName(c.Param("source"))
	program, err := models.ParseID[models.ProgramID](c.Param("program"))
	if err != nil || !readers[source] {
		return fmt.Errorf("webhook of %s for %q: %w", source, c.Param("program"), models.ErrNotFound)
	}
	body, err := whole(c.Request())
	if err != nil {
		return unread(err)
	}
	return h.kept(c, h.Inbox.Accept(c.Request().Context(), program, source, c.Request().Header, body))
}

// platformWebhook keeps what the platform's own Stripe sends.
func (h *House) platformWebhook(c echo.Context, _ models.Session) error {
	body, err := whole(c.Request())
	if err != nil {
		return unread(err)
	}
	return h.kept(c, h.Inbox.AcceptPlatform(c.Request().Context(), h.PlatformSecret, c.Request().Header, body))
}

// whole reads a body. Room is made at once for what most senders announce, and no more on a mere promise.
func whole(r *http.Request) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), 32<<10)) + bytes.MinRead)
	_, err := body.ReadFrom(r.Body)
	return body.Bytes(), err
}

// unread is a body that did not come whole: too large, or cut off.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fmt.Errorf("%w: read the body: %w", models.ErrLater, err)
}

// kept answers a webhook: 200 when it is on disk, 400 when its signature does not hold.
func (h *House) kept(c echo.Context, err error) error {
	switch {
	case err == nil:
		return c.String(http.StatusOK, "kept\n")
	case errors.Is(err, models.ErrInvalid):
		_, sentence := statusOf(err)
		return c.String(http.StatusBadRequest, sentence+"\n")
	}
	return err
}

// connectWebhook keeps what happens in the accounts that are connected to the platform's Stripe.
func (h *House) connectWebhook(c echo.Context, _ models.Session) error {
	body, err := whole(c.Request())
	if err != nil {
		return unread(err)
	}
	return h.kept(c, h.Inbox.AcceptConnect(c.Request().Context(), h.ConnectSecret, c.Request().Header, body))
}
