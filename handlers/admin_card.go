package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

const cardAt = "/admin/settings/payments"

// adminCard shows the card with which the company pays its partners (F102).
func (h *House) adminCard(c echo.Context, se models.Session) error {
	return h.showCard(c, se, http.StatusOK, nil)
}

func (h *House) showCard(c echo.Context, se models.Session, status int, said *views.Flash) error {
	ctx, t := c.Request().Context(), se.Tenant()
	v := views.AdminCard{Now: h.Now(), May: money.takes(se.Role)}
	payer, err := h.Store.Payer(ctx, t)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if payer.Method != "" {
		v.Card = &views.CardShown{Card: payer.Card, By: payer.SavedBy, At: payer.SavedAt}
	}
	v.Lost, v.Open, v.OpenBy = payer.Lost, payer.Session != "", payer.SessionBy
	if off := h.Payouts.Here(t.Mode); off != nil {
		_, v.Not = statusOf(off)
	}
	if v.Paying, err = h.Store.PaysNow(ctx, t); err != nil {
		return err
	}
	if said != nil {
		v.Notes = append(v.Notes, *said)
	}
	if w := h.cardWarning(payer.Card); w != nil {
		v.Notes = append(v.Notes, *w)
	}
	if v.Card != nil && v.Not != "" {
		v.Notes = append(v.Notes, views.Flash{Tone: views.Careful, Text: v.Not})
	}
	if v.Frame, err = h.adminFrame(c, se, cardAt, "Card"); err != nil {
		return err
	}
	v.Sentence = "What pays the invoices that you approve."
	h.allowStripe(c)
	return show(c, status, views.AdminCardPage(v), nil)
}

// cardWarning tells that a card ends or has ended; nil when there is nothing to tell.
func (h *House) cardWarning(c models.Card) *views.Flash {
	named := views.BrandName(c.Brand) + " ending " + c.Last4
	switch now := h.Now(); {
	case c.Method == "":
	case c.Expired(now):
		return &views.Flash{Tone: views.Bad, Text: "The " + named + " that pays your partners ended with " + views.CardMonth(c) + ", so payments by it are declined. Replace it under Settings."}
	case c.Expiring(now):
		return &views.Flash{Tone: views.Careful, Text: "The " + named + " that pays your partners ends with " + views.CardMonth(c) + ". Replace it under Settings before then."}
	}
	return nil
}

// cardBanner is what the invoices' pages say of the card.
func (h *House) cardBanner(ctx context.Context, t models.Tenant) ([]views.Flash, error) {
	card, err := h.Store.Card(ctx, t)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	if w := h.cardWarning(card); w != nil && err == nil {
		return []views.Flash{*w}, nil
	}
	return nil, err
}

// adminCardSave leads to Stripe's page, on which a card is saved.
func (h *House) adminCardSave(c echo.Context, se models.Session) error {
	here := strings.TrimSuffix(h.PublicURL, "/") + cardAt
	url, err := h.Payouts.CardPage(c.Request().Context(), se.Tenant(), here+"/card?session={CHECKOUT_SESSION_ID}", here, actor(se))
	if err != nil {
		return h.cardRefused(c, se, err)
	}
	return c.Redirect(http.StatusSeeOther, url)
}

func (h *House) cardRefused(c echo.Context, se models.Session, err error) error {
	status, sentence := statusOf(err)
	if status >= 500 && !errors.Is(err, models.ErrLater) {
		return err
	}
	return h.showCard(c, se, status, &views.Flash{Tone: views.Bad, Text: sentence})
}

// adminCardBack is where Stripe's page leads back to. That somebody came back says nothing: Stripe is asked. The card is of the side
// whose money the platform moves, whatever is looked at by now.
func (h *House) adminCardBack(c echo.Context, se models.Session) error {
	session := c.QueryParam("session")
	if session == "" {
		return c.Redirect(http.StatusSeeOther, cardAt)
	}
	ctx, t := context.WithoutCancel(c.Request().Context()), models.Tenant{Company: se.Company, Mode: h.Payouts.Mode}
	set, err := h.Payouts.EndCardPage(ctx, t, session, actor(se))
	switch {
	case errors.Is(err, models.ErrLater):
		return goTo(c, cardAt, "card-silent", 0)
	case errors.Is(err, models.ErrConflict):
		return goTo(c, cardAt, "card-foreign", 0)
	case err != nil:
		return err
	case set.Status != "complete":
		return goTo(c, cardAt, "card-"+set.Status, 0)
	}
	if card, err := h.Store.Card(ctx, t); err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	} else if card.Method != set.Card.Method {
		return goTo(c, cardAt, "card-older", 0)
	}
	return goTo(c, cardAt, "card-saved", 0)
}

// adminCardsBack leads from the address of an action, to which a browser may come back, to the card.
func (h *House) adminCardsBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, cardAt)
}

// adminCardRemove takes the card away.
func (h *House) adminCardRemove(c echo.Context, se models.Session) error {
	if err := h.Payouts.RemoveCard(c.Request().Context(), se.Tenant(), actor(se)); err != nil {
		return h.cardRefused(c, se, err)
	}
	return goTo(c, cardAt, "card-removed", 0)
}
