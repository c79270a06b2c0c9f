package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// adminCodeAdd gives a partner a coupon or promotion code.
func (h *House) adminCodeAdd(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	form := views.CodeForm{Code: c.FormValue("code")}
	_, err = h.Inbox.AddCode(c.Request().Context(), se.Tenant(), form.Code, id, actor(se))
	wrong, fields := wrongFields(err)
	var taken models.Refusal
	switch {
	case fields:
		form.Wrong = wrong["code"]
	case errors.As(err, &taken) && errors.Is(err, models.ErrConflict):
		form.Wrong = taken.Sentence
	case err != nil:
		return err
	default:
		return goTo(c, "/admin/partners/"+id.String(), "code-added", 0)
	}
	return h.showPartner(c, se, http.StatusUnprocessableEntity, form)
}

// adminCodeRemove ends what a code of a partner stands for.
func (h *House) adminCodeRemove(c echo.Context, se models.Session) error {
	id, code, err := h.codeNamed(c, se)
	switch {
	case err != nil:
		return err
	case code == "":
		return h.codeNotTheirs(c, se)
	}
	if _, err := h.Inbox.RemoveCode(c.Request().Context(), se.Tenant(), code, actor(se)); err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+id.String(), "code-removed", 0)
}

// codeNamed is the partner that the address names, and their code that the form does; empty when it is not theirs.
func (h *House) codeNamed(c echo.Context, se models.Session) (partner models.PartnerID, code string, err error) {
	if partner, err = models.ParseID[models.PartnerID](c.Param("id")); err != nil {
		return partner, "", err
	}
	codes, err := h.Store.CodesOf(c.Request().Context(), se.Tenant(), partner)
	for _, one := range codes {
		if one.Code == c.FormValue("code") {
			return partner, one.Code, err
		}
	}
	return partner, "", err
}

func (h *House) codeNotTheirs(c echo.Context, se models.Session) error {
	return h.showPartner(c, se, http.StatusUnprocessableEntity, views.CodeForm{Wrong: "This code does not stand for this partner any more."})
}
