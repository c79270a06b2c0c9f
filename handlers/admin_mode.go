package handlers

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"portal/models"
)

// adminMode turns the view to test or live data, for this browser alone.
func (h *House) adminMode(c echo.Context, _ models.Session) error {
	mode := models.Mode(c.FormValue("mode"))
	if mode != models.Test && mode != models.Live {
		return models.Invalid("mode", "is test or live")
	}
	if err := h.Store.SetSessionMode(c.Request().Context(), h.token(c), mode); err != nil {
		return fmt.Errorf("switch the mode: %w", err)
	}
	return goTo(c, "/admin", string(mode), 0)
}
