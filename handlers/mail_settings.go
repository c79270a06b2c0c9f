package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// mailSettingsAt is where a person says which mails they want.
const mailSettingsAt = "/settings/mail"

// mailWords are what the mails of a topic are, and when they come.
var mailWords = map[models.MailTopic][2]string{
	models.TopicReview:     {"Invoices to review", "One mail each time invoices are drawn up and wait for approval."},
	models.TopicApproved:   {"Invoices approved", "One mail for each of your invoices that is approved and paid next."},
	models.TopicOnboarding: {"Reminders to complete how you are paid", "At most once a week, while money is due to you and cannot be paid."},
}

// alwaysSent is what is essential to a role.
var alwaysSent = map[models.Role]string{
	models.Owner:         "Connections that break, payments that fail or must be confirmed, and cards that expire.",
	models.Admin:         "Connections that break, payments that fail or must be confirmed, and cards that expire.",
	models.Finance:       "Payments that fail or must be confirmed, and cards that expire.",
	models.Viewer:        "Nothing: mails go to those who can act on them.",
	models.PartnerMember: "Payments to you, and changes of your bank details.",
}

// topicsOf are the topics of the mails that a role may stop.
func topicsOf(role models.Role) []models.MailTopic {
	switch role {
	case models.PartnerMember:
		return models.PartnerTopics
	case models.Viewer: // who may approve nothing is not told of it
		return nil
	}
	return models.CompanyTopics
}

// mailSettings shows which mails somebody gets.
func (h *House) mailSettings(c echo.Context, se models.Session) error {
	frame, err := h.personFrame(c, se, "Mail to you")
	if err != nil {
		return err
	}
	frame.Sentence = "What " + frame.Company + " sends to " + se.Email + "."
	refused, err := h.Store.RefusedMails(c.Request().Context(), se.Company, se.Email)
	if err != nil {
		return err
	}
	v := views.MailSettings{Frame: frame, Always: alwaysSent[se.Role]}
	for _, topic := range topicsOf(se.Role) {
		v.Topics = append(v.Topics, views.MailTopic{Name: string(topic), Label: mailWords[topic][0], Why: mailWords[topic][1], On: !slices.Contains(refused, topic)})
	}
	return show(c, http.StatusOK, views.MailSettingsPage(v), nil)
}

// personFrame is what stands around a page that both sides have.
func (h *House) personFrame(c echo.Context, se models.Session, title string) (views.Frame, error) {
	if se.Role == models.PartnerMember {
		side, err := h.asPartner(c, se, title, "")
		return side.frame, err
	}
	return h.adminFrame(c, se, mailSettingsAt, title)
}

// mailSettingsSave keeps which mails somebody wants.
func (h *House) mailSettingsSave(c echo.Context, se models.Session) error {
	ctx := c.Request().Context()
	wanted := c.Request().PostForm["topic"]
	err := h.Store.InTx(ctx, func(tx *store.Store) error {
		refused, err := tx.RefusedMails(ctx, se.Company, se.Email)
		if err != nil {
			return err
		}
		for _, topic := range topicsOf(se.Role) {
			on, was := slices.Contains(wanted, string(topic)), !slices.Contains(refused, topic)
			if on == was {
				continue
			}
			if err := h.turnMails(ctx, tx, store.Stop{Company: se.Company, Email: se.Email, Topic: topic}, on, actor(se)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return goTo(c, mailSettingsAt, "mail-saved", 0)
}

// turnMails has the mails of a topic sent to an address, or not any more.
func (h *House) turnMails(ctx context.Context, tx *store.Store, stop store.Stop, on bool, who models.Actor) error {
	action, err := "mail.wanted", error(nil)
	if on {
		err = tx.AllowMails(ctx, stop)
	} else {
		action, err = "mail.refused", tx.RefuseMails(ctx, stop, h.now())
	}
	if err != nil {
		return err
	}
	return tx.Audited(ctx, stop.Company, who, action, string(stop.Topic), "", h.now())
}

// mailStop asks whoever followed the link in a mail. It stops nothing yet: programs follow links too.
func (h *House) mailStop(c echo.Context, _ models.Session) error { return h.showStop(c, false) }

// mailStopDo stops the mails of the link. It needs no sign-in, and mail programs send it by themselves (RFC 8058).
func (h *House) mailStopDo(c echo.Context, _ models.Session) error {
	stop, err := h.Store.ReadStop(c.Param("token"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Store.InTx(ctx, func(tx *store.Store) error {
		return h.turnMails(ctx, tx, stop, false, models.Actor{Name: stop.Email})
	}); err != nil {
		return err
	}
	return h.showStop(c, true)
}

func (h *House) showStop(c echo.Context, stopped bool) error {
	stop, err := h.Store.ReadStop(c.Param("token"))
	if err != nil {
		return err
	}
	company, err := h.Store.Company(c.Request().Context(), stop.Company)
	if err != nil {
		return err
	}
	words := mailWords[stop.Topic]
	v := views.MailStop{Frame: views.Frame{Title: "Stop these mails?", Company: company.Name}, What: words[0], Why: words[1], To: stop.Email, Stopped: stopped}
	if stopped {
		v.Title = "You get these mails no more"
	}
	return show(c, http.StatusOK, views.MailStopPage(v), nil)
}
