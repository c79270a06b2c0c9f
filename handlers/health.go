package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
)

// healthz answers while the process lives.
func (h *House) healthz(c echo.Context, _ models.Session) error {
	return c.String(http.StatusOK, "alive\n")
}

// readyz answers 200 when the database can be reached and its schema is this program's.
func (h *House) readyz(c echo.Context, _ models.Session) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	current, err := h.Store.SchemaCurrent(ctx)
	switch {
	case err != nil:
		h.Log.Warn("not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "the database cannot be reached\n")
	case !current:
		return c.String(http.StatusServiceUnavailable, "the schema is older than this program; run portal migrate\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
