package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const (
	importsAt = "/admin/imports"
	usualPast = 30 // days that are brought in unless another day is given
)

// adminImports lists the imports, and asks since when to bring in the past.
func (h *House) adminImports(c echo.Context, se models.Session) error {
	since := h.Now().UTC().AddDate(0, 0, -usualPast).Format(time.DateOnly)
	return h.showImports(c, se, http.StatusOK, views.ImportForm{Since: since})
}

func (h *House) showImports(c echo.Context, se models.Session, status int, form views.ImportForm) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.Imports(c.Request().Context(), se.Tenant(), page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(i models.Import) (time.Time, fmt.Stringer) { return time.Time{}, i.ID })
	v := views.AdminImports{Now: h.Now(), Shown: shown(len(list), "import", "imports", next != ""), Form: form}
	for _, i := range list {
		v.Imports = append(v.Imports, views.ImportLine{Href: importsAt + "/" + i.ID.String(), Since: i.Since, Until: i.Until, State: importState(i), By: i.MadeBy, At: i.MadeAt, Rows: i.Rows, Entered: i.Entered})
	}
	v.Newest, v.Older = around(importsAt, nil, page, next)
	if err := h.importOffered(c, se, &v.Form); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, connectionAt, "Past payments"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Connection", Href: connectionAt}, "Brings in what was paid through Stripe before Portal was connected, or while it was not."
	return show(c, status, views.AdminImportsPage(v), nil)
}

// importOffered fills in the form of whoever may bring in the past, or says why it cannot be done.
func (h *House) importOffered(c echo.Context, se models.Session, form *views.ImportForm) error {
	p, all, err := h.programAsked(c, se)
	if err != nil || !admins.takes(se.Role) {
		return err
	}
	i, err := h.connection(c.Request().Context(), se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	if i.Status == "broken" {
		form.Cannot, form.Do = "Stripe cannot be asked: the connection is broken. Mend it first.", views.Action{Label: "Open the connection", Icon: "link", Href: connectionAt, Kind: views.Primary}
		return nil
	}
	if i.Status != "connected" {
		form.Cannot, form.Do = "Stripe cannot be asked before it is connected.", views.Action{Label: "Connect Stripe", Icon: "link", Href: connectionAt, Kind: views.Primary}
		return nil
	}
	form.Post, form.Program = importsAt, p.ID.String()
	for _, one := range all {
		form.Programs = append(form.Programs, views.Option{Value: one.ID.String(), Label: one.Name})
	}
	return nil
}

// adminImportBegin has what was paid since a day listed.
func (h *House) adminImportBegin(c echo.Context, se models.Session) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	form := views.ImportForm{Since: c.FormValue("since")}
	since, err := time.Parse(time.DateOnly, form.Since)
	if err != nil {
		form.Wrong = "Give a day, such as " + h.Now().UTC().AddDate(0, 0, -usualPast).Format(time.DateOnly) + "."
		return h.showImports(c, se, http.StatusUnprocessableEntity, form)
	}
	i, err := h.Integrations.BeginImport(c.Request().Context(), models.Caller{Tenant: se.Tenant(), Program: p.ID}, since, actor(se))
	if wrong, fields := wrongFields(err); fields {
		form.Wrong = wrong["since"]
		return h.showImports(c, se, http.StatusUnprocessableEntity, form)
	}
	var why models.Refusal
	if errors.As(err, &why) && errors.Is(err, models.ErrConflict) {
		form.Wrong = why.Sentence
		return h.showImports(c, se, http.StatusConflict, form)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, importsAt+"/"+i.ID.String())
}

// adminImport shows how far an import has come. While a step is under way it renews itself.
func (h *House) adminImport(c echo.Context, se models.Session) error {
	i, err := h.importAsked(c, se)
	if err != nil {
		return err
	}
	at := importsAt + "/" + i.ID.String()
	v := views.AdminImport{Import: i, Now: h.Now(), Post: at, May: admins.takes(se.Role) && i.Open(), Fully: i.Found.Tried == i.Found.Of}
	switch {
	case i.State == models.ImportListing || i.State == models.ImportEntering:
		if v.Step, v.Count = importStep(i); !i.Paused {
			v.Poll = at
		}
	default:
		v.Tone, v.Ended, v.Note = importEnd(i)
	}
	v.Kinds = foundLines(i.Found.Kinds)
	if v.Frame, err = h.adminFrame(c, se, connectionAt, "Paid "+views.Day(i.Since)+" to "+views.Day(i.Until)); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("import", importState(i)), views.Place{Label: "Past payments", Href: importsAt}
	v.Sentence = "Begun " + views.Ago(i.MadeAt, h.Now()) + " by " + i.MadeBy + "."
	return show(c, http.StatusOK, views.AdminImportPage(v), views.AdminImportMain(v))
}

func (h *House) importAsked(c echo.Context, se models.Session) (models.Import, error) {
	id, err := models.ParseID[models.ImportID](c.Param("id"))
	if err != nil {
		return models.Import{}, err
	}
	return h.Store.Import(c.Request().Context(), se.Tenant(), id)
}

func (h *House) adminImportEnter(c echo.Context, se models.Session) error {
	return h.changeImport(c, se, func(i models.Import) error {
		return h.Integrations.EnterImport(c.Request().Context(), i.Tenant, i.ID, c.FormValue("commissions") == "yes", actor(se))
	})
}

func (h *House) adminImportPause(c echo.Context, se models.Session) error {
	return h.changeImport(c, se, func(i models.Import) error {
		return h.Integrations.PauseImport(c.Request().Context(), i.Tenant, i.ID, actor(se))
	})
}

func (h *House) adminImportResume(c echo.Context, se models.Session) error {
	return h.changeImport(c, se, func(i models.Import) error {
		return h.Integrations.ResumeImport(c.Request().Context(), i.Tenant, i.ID, actor(se))
	})
}

func (h *House) adminImportCancel(c echo.Context, se models.Session) error {
	return h.changeImport(c, se, func(i models.Import) error {
		return h.Integrations.CancelImport(c.Request().Context(), i.Tenant, i.ID, actor(se))
	})
}

// changeImport does something to an import and leads back to it. What its state does not allow any more leads there too.
func (h *House) changeImport(c echo.Context, se models.Session, do func(models.Import) error) error {
	i, err := h.importAsked(c, se)
	if err != nil {
		return err
	}
	at := importsAt + "/" + i.ID.String()
	if err := do(i); errors.Is(err, models.ErrConflict) {
		return goTo(c, at, "import-moved", 0)
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, at)
}
