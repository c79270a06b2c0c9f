package handlers

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/mail"
	"portal/models"
	"portal/views"
)

// mailsShown is how many mails the demo's page shows.
const mailsShown = 50

// inDemo is ErrNotFound outside of the demo.
func (h *House) inDemo(what string) error {
	if h.Sandbox == nil {
		return fmt.Errorf("%s outside of the demo: %w", what, models.ErrNotFound)
	}
	return nil
}

// devMail shows what Portal wrote to people, in the demo (CONTRACT.md 3).
func (h *House) devMail(c echo.Context, _ models.Session) error {
	if err := h.inDemo("mail"); err != nil {
		return err
	}
	list, err := h.Store.NewestMails(c.Request().Context(), mailsShown)
	if err != nil {
		return err
	}
	v := views.DevMail{Now: h.Now()}
	for _, m := range list {
		line := views.MailLine{To: m.To, State: string(m.State), At: m.QueuedAt, Subject: m.Message.Kind}
		if m.Because != nil {
			line.Because = *m.Because
		}
		if letter, err := mail.Write(m, h.PublicURL); err != nil {
			line.Because = err.Error()
		} else {
			line.Subject, line.Text, line.HTML = letter.Subject, letter.Text, "/dev/mail/"+m.Company.String()+"/"+m.ID.String()
		}
		v.Mails = append(v.Mails, line)
	}
	return show(c, http.StatusOK, views.DevMailPage(v), nil)
}

// devMailHTML shows one mail as a mail program does. Its styles stand inside it, as mail needs them.
func (h *House) devMailHTML(c echo.Context, _ models.Session) error {
	if err := h.inDemo("mail"); err != nil {
		return err
	}
	company, err := models.ParseID[models.CompanyID](c.Param("company"))
	if err != nil {
		return err
	}
	id, err := models.ParseID[models.MailID](c.Param("id"))
	if err != nil {
		return err
	}
	m, err := h.Store.Mail(c.Request().Context(), company, id)
	if err != nil {
		return err
	}
	letter, err := mail.Write(m, h.PublicURL)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	return c.HTML(http.StatusOK, letter.HTML)
}
