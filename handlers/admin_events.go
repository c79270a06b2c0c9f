package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// eventShows are the filters of the list.
var eventShows = []struct {
	status       models.EventStatus
	label, empty string
}{
	{"", "All", "No event has come yet. Once a provider is connected, everything it sends is kept here."},
	{models.EventPending, "Waiting", "No event waits."},
	{models.EventDone, "Counted", "No event was counted yet."},
	{models.EventIgnored, "Ignored", "No event was ignored."},
	{models.EventFailed, "Failed", "No event failed."},
}

// adminEvents lists what providers sent.
func (h *House) adminEvents(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminEvents{Now: h.Now()}
	var status models.EventStatus
	for _, s := range eventShows {
		on := string(s.status) == c.QueryParam("status")
		v.Chips = append(v.Chips, views.Chip{Label: s.label, On: on, Href: withQuery("/admin/events", url.Values{"status": {string(s.status)}})})
		if on {
			status, v.Empty = s.status, s.empty
		}
	}
	list, err := h.Store.Events(c.Request().Context(), se.Tenant(), status, page)
	if err != nil {
		return fmt.Errorf("list events: %w", err)
	}
	list, next := store.Next(list, page.Limit, func(e models.Event) (time.Time, fmt.Stringer) { return e.ReceivedAt, e.ID })
	for _, e := range list {
		v.Lines = append(v.Lines, eventLine(e))
	}
	if status != "" {
		v.EmptyDo = views.Action{Label: "Show all events", Href: "/admin/events"}
	}
	v.Newest, v.Older = around("/admin/events", url.Values{"status": {string(status)}}, page, next)
	v.Shown = shown(len(list), "event", "events", next != "")
	if v.Frame, err = h.adminFrame(c, se, "/admin/events", "Events"); err != nil {
		return err
	}
	v.Sentence = "Everything that providers sent, kept as it came, with what became of it."
	return show(c, http.StatusOK, views.AdminEventsPage(v), nil)
}

func eventLine(e models.Event) views.EventLine {
	l := views.EventLine{Href: "/admin/events/" + e.ID.String(), Type: e.Type, Provider: e.ProviderID, Source: sourceInWords(e.Source), Status: string(e.Status), At: e.ReceivedAt}
	if l.Type == "" {
		l.Type = "Unnamed event"
	}
	if e.Because != nil {
		l.Because = began(*e.Because)
	}
	return l
}

// adminEvent shows one event with its body.
func (h *House) adminEvent(c echo.Context, se models.Session) error {
	id, err := models.ParseID[models.EventID](c.Param("id"))
	if err != nil {
		return err
	}
	e, err := h.Store.Event(c.Request().Context(), se.Tenant(), id)
	if err != nil {
		return err
	}
	v := views.AdminEvent{Line: eventLine(e), Now: h.Now(), Size: views.Count(len(e.Body), "byte", "bytes")}
	v.Body, v.Note = readable(e.Body)
	if v.Frame, err = h.adminFrame(c, se, "/admin/events", v.Line.Type); err != nil {
		return err
	}
	v.Status, v.Back = views.Badge("event", e.Status), views.Place{Label: "Events", Href: "/admin/events"}
	return show(c, http.StatusOK, views.AdminEventPage(v), nil)
}

// readable lays out JSON for the eye; what is none is shown as it came, as far as it is text.
func readable(body []byte) (text, note string) {
	var laidOut bytes.Buffer
	if err := json.Indent(&laidOut, body, "", "  "); err == nil {
		return strings.ToValidUTF8(laidOut.String(), "\uFFFD"), "Laid out for reading. The bytes are kept exactly as they came."
	}
	return strings.ToValidUTF8(string(body), "\uFFFD"), "This is not JSON."
}
