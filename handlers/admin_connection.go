package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/views"
)

const connectionAt = "/admin/connection"

// adminConnection shows how a program is connected to Stripe on the side that is looked at.
func (h *House) adminConnection(c echo.Context, se models.Session) error {
	return h.showConnection(c, se, http.StatusOK, views.ConnectionForm{}, nil)
}

// adminConnectionBack leads from where a form was sent to the page that it stands on.
func (h *House) adminConnectionBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, withQuery(connectionAt, url.Values{"program": {c.QueryParam("program")}}))
}

// programAsked is the program that the address or the form names, else the company's first, among all that it has.
func (h *House) programAsked(c echo.Context, se models.Session) (one models.Program, all []models.Program, err error) {
	if all, err = h.Store.Programs(c.Request().Context(), se.Company); err != nil {
		return one, nil, fmt.Errorf("list the programs of %s: %w", se.Company, err)
	}
	asked := c.FormValue("program")
	for _, p := range all {
		if asked == "" || asked == p.ID.String() {
			return p, all, nil
		}
	}
	return one, nil, fmt.Errorf("program %q: %w", asked, models.ErrNotFound)
}

// programChips lead to a page of each program, and name the one that is shown; nothing where there is only one.
func programChips(all []models.Program, shown models.ProgramID, at string) (program string, chips []views.Chip) {
	if len(all) < 2 {
		return "", nil
	}
	for _, one := range all {
		chips = append(chips, views.Chip{Label: one.Name, On: one.ID == shown, Href: withQuery(at, url.Values{"program": {one.ID.String()}})})
	}
	return shown.String(), chips
}

// adminConnectionKey checks and keeps an API key.
func (h *House) adminConnectionKey(c echo.Context, se models.Session) error {
	return h.connectionSave(c, se, integrations.Change{APIKey: new(c.FormValue("api_key"))}, "key-saved")
}

// adminConnectionSecret keeps a signing secret.
func (h *House) adminConnectionSecret(c echo.Context, se models.Session) error {
	return h.connectionSave(c, se, integrations.Change{WebhookSecret: new(c.FormValue("webhook_secret"))}, "secret-saved")
}

func (h *House) connectionSave(c echo.Context, se models.Session, change integrations.Change, code string) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	before, err := h.connection(c.Request().Context(), se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	i, err := h.Integrations.Save(c.Request().Context(), models.Caller{Tenant: se.Tenant(), Program: p.ID}, models.SourceStripe, change, actor(se))
	if err != nil {
		return h.connectionRefused(c, se, views.ConnectionForm{}, err)
	}
	if before.OAuth.Connected && !i.OAuth.Connected {
		code = "key-instead"
	}
	return goTo(c, withQuery(connectionAt, url.Values{"program": {c.FormValue("program")}}), code, 0)
}

// adminConnectionEnd disconnects, when it was said to be sure.
func (h *House) adminConnectionEnd(c echo.Context, se models.Session) error {
	ctx := c.Request().Context()
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	if c.FormValue("sure") != "yes" {
		return h.showConnection(c, se, http.StatusUnprocessableEntity, views.ConnectionForm{Ending: true}, nil)
	}
	before, err := h.connection(ctx, se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	left, err := h.Integrations.Disconnect(ctx, models.Caller{Tenant: se.Tenant(), Program: p.ID}, models.SourceStripe, actor(se))
	if err != nil {
		return h.connectionRefused(c, se, views.ConnectionForm{Ending: true}, err)
	}
	code := "disconnected"
	switch {
	case before.Status == "not_connected":
		code = "not-connected"
	case left && before.OAuth.Connected:
		code = "access-left"
	case left:
		code = "disconnected-left"
	case before.OAuth.Connected:
		code = "access-ended"
	}
	return goTo(c, withQuery(connectionAt, url.Values{"program": {c.FormValue("program")}}), code, 0)
}

// connectionRefused shows the page with what is wrong beside its field, or above all when Stripe gave no answer.
func (h *House) connectionRefused(c echo.Context, se models.Session, form views.ConnectionForm, err error) error {
	var fields bool
	if form.Wrong, fields = wrongFields(err); fields {
		return h.showConnection(c, se, http.StatusUnprocessableEntity, form, nil)
	}
	var later models.Refusal
	if errors.As(err, &later) && errors.Is(err, models.ErrLater) {
		return h.showConnection(c, se, http.StatusServiceUnavailable, form, &views.Flash{Tone: views.Bad, Text: later.Sentence})
	}
	return err
}

// connection loads a program's connection to Stripe; one that never was is not connected.
func (h *House) connection(ctx context.Context, t models.Tenant, program models.ProgramID) (store.Integration, error) {
	i, err := h.Store.Integration(ctx, t, program, models.SourceStripe)
	if errors.Is(err, models.ErrNotFound) {
		return store.Integration{Tenant: t, Program: program, Source: models.SourceStripe, Status: "not_connected"}, nil
	}
	return i, err
}

func (h *House) showConnection(c echo.Context, se models.Session, status int, form views.ConnectionForm, trouble *views.Flash) error {
	ctx := c.Request().Context()
	p, all, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	i, err := h.connection(ctx, se.Tenant(), p.ID)
	if err != nil {
		return err
	}
	h.allowAuthorize(c)
	v := h.connectionShown(i, admins.takes(se.Role))
	if trouble != nil {
		v.Notes = append([]views.Flash{*trouble}, v.Notes...)
	}
	if v.Form = form; admins.takes(se.Role) {
		v.Form.Post = connectionAt
	}
	v.Form.Program, v.Programs = programChips(all, p.ID, connectionAt)
	var waits store.Waiting
	if v.Frame, waits, err = h.adminFrameCounted(c, se, connectionAt, "Connection"); err != nil {
		return err
	}
	if v.Heard, err = h.heard(ctx, i, waits.FailedEvents); err != nil {
		return err
	}
	v.Status = views.Badge("connection", h.connectionState(i))
	v.Primary = views.Button(views.Action{Label: "Check everything", Icon: "activity", Href: doctorAt})
	v.Sentence = "How Portal hears what customers pay through Stripe: the " + string(se.Mode) + " side of " + p.Name + "."
	return show(c, status, views.AdminConnectionPage(v), nil)
}

// connectionShown is a connection as its page shows it. Of secrets no more than the end is.
func (h *House) connectionShown(i store.Integration, may bool) views.AdminConnection {
	v := views.AdminConnection{Now: h.Now(), Connected: i.Status != "not_connected", Broken: i.Status == "broken", Notes: h.connectionNotes(i, may), Authorise: h.Integrations.MayAuthorize(i.Mode), AuthoriseNot: h.noAuthorise(i.Mode), Scope: scopeWord(i.OAuth), Revoked: i.OAuth.RevokedAt != nil,
		KeyLast4: ending(i.APIKey), SecretLast4: ending(i.WebhookSecret), Webhook: h.Integrations.Webhook(i.Program, i.Source),
		Events: integrations.Events(), KeyPage: integrations.KeyPage(i.Mode), HooksPage: integrations.HooksPage(i.Mode)}
	if h.Sandbox != nil && i.Mode == models.Test { // its page is what the demo has of Stripe's
		v.KeyPage, v.HooksPage = "/sandbox/#keys", "/sandbox/#deliveries"
	}
	if i.Account != nil {
		v.Account = *i.Account
	}
	if i.FormerUntil != nil && h.Now().Before(*i.FormerUntil) {
		v.FormerUntil = i.FormerUntil
	}
	for _, name := range i.MissingRights {
		v.Lacks = append(v.Lacks, views.RightGap{Name: name, Word: models.RightWord(name), Cost: models.RightCost(name)})
	}
	if i.WebhookSecret != "" && !i.OAuth.Connected { // without it no event counts, whichever come
		v.Gaps = views.EventGaps(i.MissingEvents)
	}
	return v
}

// ending is all that is shown of a secret; empty when there is none.
func ending(secret string) string {
	if secret == "" {
		return ""
	}
	if end := store.Last4(secret); end != nil {
		return *end
	}
	return "…"
}

// heardDays is of how many days deliveries are counted.
const heardDays = 14

// heard is what came by a connection, and what became of it.
func (h *House) heard(ctx context.Context, i store.Integration, failed int) (views.Heard, error) {
	last, err := h.Store.LastDelivery(ctx, i.Tenant, i.Program, i.Source)
	if err != nil {
		return views.Heard{}, err
	}
	today := h.Now().UTC().Truncate(24 * time.Hour)
	days, err := h.Store.DeliveryDays(ctx, i.Tenant, i.Program, i.Source, today.AddDate(0, 0, 1-heardDays), today)
	if err != nil {
		return views.Heard{}, err
	}
	stuck, err := h.Store.Stuck(ctx, i.Tenant)
	if err != nil {
		return views.Heard{}, err
	}
	latest := views.Figure{Label: "Last delivery", Value: "None yet", Change: "The first one shows here within seconds."}
	if last != nil {
		latest = views.Figure{Label: "Last delivery", Value: began(views.Ago(last.ReceivedAt, h.Now())), Change: eventLine(*last).Type, Href: "/admin/events/" + last.ID.String()}
	}
	came := views.Figure{Label: fmt.Sprintf("Events in %d days", heardDays)}
	var v views.Heard
	sum, many := 0, ""
	for _, d := range days {
		sum, came.Spark = sum+d.Came, append(came.Spark, int64(d.Came))
		if d.Came == store.DeliveriesCounted {
			many = " or more"
		}
		if last != nil {
			v.Days = append([]views.HeardDay{{Day: d.Day, Came: counted(d.Came, store.DeliveriesCounted), Failed: counted(d.Failed, store.DeliveriesCounted)}}, v.Days...)
		}
	}
	came.Value = counted(sum, -1) + many
	if sum == 0 {
		came.Spark = nil
	}
	v.Figures = []views.Figure{latest, came,
		{Label: "Waiting to be read", Value: counted(stuck.Events, store.CountCap), Href: "/admin/events?status=pending"},
		{Label: "Could not be read", Value: counted(failed, store.CountCap), Href: "/admin/events?status=failed"}}
	if stuck.Events > 0 && stuck.Because != nil {
		v.Because = began(*stuck.Because)
	}
	return v, nil
}

// counted is a number that was counted up to a cap.
func counted(n, limit int) string {
	text := views.Count(n, "", "")
	if n == limit {
		text += " or more"
	}
	return text
}
