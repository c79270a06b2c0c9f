package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/inbox"
	"portal/models"
	"portal/views"
)

// adminBackfillNew asks whom to link since when, and shows what that would change.
func (h *House) adminBackfillNew(c echo.Context, se models.Session) error {
	v := views.BackfillForm{Customer: c.QueryParam("customer"), Partner: c.QueryParam("partner"), Since: c.QueryParam("since")}
	return h.showBackfillForm(c, se, http.StatusOK, v)
}

// showBackfillForm previews what was typed, once all of it was.
func (h *House) showBackfillForm(c echo.Context, se models.Session, status int, v views.BackfillForm) error {
	ctx, t := c.Request().Context(), se.Tenant()
	err := h.previewBackfill(ctx, t, &v)
	if wrong, fields := wrongFields(err); fields {
		v.Wrong, status = wrong, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	if v.Offered, err = h.partnersOffered(ctx, t); err != nil {
		return err
	}
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", "Backfill a customer"); err != nil {
		return err
	}
	v.Back = views.Place{Label: "Backfills", Href: backfillsAt}
	v.Sentence = "Links a customer from a day in the past: what they paid since then is counted for the partner. You see all of it before it is done."
	return show(c, status, views.AdminBackfillNewPage(v), nil)
}

// previewBackfill fills in what the form asks for would change. A form that was only begun is filled up instead.
func (h *House) previewBackfill(ctx context.Context, t models.Tenant, v *views.BackfillForm) error {
	if v.Customer == "" {
		return nil
	}
	customer, err := h.customerMeant(ctx, t, v.Customer)
	if err != nil {
		return err
	}
	if v.Since == "" {
		return h.sinceFirst(ctx, t, customer, v)
	}
	if v.Partner == "" {
		return models.Invalid("partner", "give the key or the name of a partner")
	}
	want, partner, err := h.backfillTyped(ctx, t, customer, v)
	if err != nil {
		return err
	}
	e, seal, err := h.Inbox.PreviewBackfill(ctx, t, want)
	if err != nil {
		return err
	}
	shown := h.effectView(e)
	v.Effect, v.Seal, v.Whose = &shown, seal, []string{"Payments of " + called(customer) + ", and of whoever shares an e-mail address with them, since " + views.Day(want.Since) + "."}
	var gains []models.Money
	for _, p := range e.Partners {
		if p.Partner == partner.ID {
			gains = append(gains, p.Amount)
		}
	}
	v.Do = "Backfill " + views.Count(len(e.Changes), "payment", "payments")
	if len(gains) > 0 {
		v.Do += ", " + amountsText(gains) + " for " + partner.Name
	}
	return nil
}

// sinceFirst offers the day of the customer's first payment.
func (h *House) sinceFirst(ctx context.Context, t models.Tenant, customer models.Customer, v *views.BackfillForm) error {
	first, err := h.Store.FirstOf(ctx, t, customer.ID)
	if err == nil && first.PaidAt != nil {
		v.Since = first.PaidAt.UTC().Format(time.DateOnly)
	}
	return err
}

func called(c models.Customer) string {
	if c.Email != nil && *c.Email != "" {
		return *c.Email + " (" + c.Key + ")"
	}
	return c.Key
}

// backfillTyped reads the partner and the day.
func (h *House) backfillTyped(ctx context.Context, t models.Tenant, customer models.Customer, v *views.BackfillForm) (inbox.BackfillWanted, models.Partner, error) {
	want := inbox.BackfillWanted{Customer: customer.ID, Reason: v.Reason}
	partner, err := h.partnerMeant(ctx, t, v.Partner)
	if err != nil {
		return want, partner, err
	}
	want.Partner = partner.ID
	want.Since, err = dayTyped("since", v.Since)
	return want, partner, err
}

// customerMeant finds the customer that was typed: by key, by Stripe's id, or by address, the oldest that has it.
func (h *House) customerMeant(ctx context.Context, t models.Tenant, text string) (models.Customer, error) {
	text = strings.TrimSpace(text)
	if text == "" || shortened(text, 320) != text {
		return models.Customer{}, models.Invalid("customer", "give a key, a Stripe id or an e-mail address")
	}
	c, err := h.Store.CustomerByKey(ctx, t, text)
	if id, isStripe := apiStripeID(text); isStripe && errors.Is(err, models.ErrNotFound) {
		c, err = h.Store.CustomerByStripeID(ctx, t, id)
	}
	if err == nil && c.Composite {
		return c, models.Invalid("customer", "is a customer's record with one partner, whose it always is; give the customer's own key")
	} else if err == nil || !errors.Is(err, models.ErrNotFound) {
		return c, err
	}
	same, err := h.Store.CustomersByEmail(ctx, t, text)
	if err != nil {
		return c, fmt.Errorf("find customer: %w", err)
	}
	if len(same) == 0 {
		return c, models.Invalid("customer", "no customer has this key, Stripe id or e-mail address")
	}
	return same[0], nil
}

// adminBackfillDo backfills what was seen (B3).
func (h *House) adminBackfillDo(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	v := views.BackfillForm{Customer: c.FormValue("customer"), Partner: c.FormValue("partner"), Since: c.FormValue("since"), Reason: strings.TrimSpace(c.FormValue("reason"))}
	b, err := h.backfill(ctx, se, t, &v, c.FormValue("seen"))
	var refused models.Refusal
	if errors.As(err, &refused) && errors.Is(err, models.ErrConflict) {
		v.Refused = refused.Sentence
		return h.showBackfillForm(c, se, http.StatusConflict, v)
	}
	if wrong, fields := wrongFields(err); fields {
		v.Wrong = wrong
		return h.showBackfillForm(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, backfillsAt+"/"+b.ID.String(), "backfilled", len(b.Effect.Changes))
}

func (h *House) backfill(ctx context.Context, se models.Session, t models.Tenant, v *views.BackfillForm, seal string) (models.Backfill, error) {
	customer, err := h.customerMeant(ctx, t, v.Customer)
	if err != nil {
		return models.Backfill{}, err
	}
	want, _, err := h.backfillTyped(ctx, t, customer, v)
	if err != nil {
		return models.Backfill{}, err
	}
	return h.Inbox.Backfill(ctx, t, want, seal, actor(se))
}
