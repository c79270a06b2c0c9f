package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/integrations"
	"portal/models"
	"portal/views"
)

// adminCodeGive makes a promotion code in Stripe from the program's coupon, and gives it to a partner (F33).
func (h *House) adminCodeGive(c echo.Context, se models.Session) error {
	ctx := c.Request().Context()
	id, err := models.ParseID[models.PartnerID](c.Param("id"))
	if err != nil {
		return err
	}
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	form := views.NewCodeForm{Code: c.FormValue("new_code"), First: c.FormValue("first") == "yes", Minimum: c.FormValue("minimum"), Most: c.FormValue("most"),
		Until: c.FormValue("until"), Program: p.ID.String()}
	who := models.Caller{Tenant: se.Tenant(), Program: p.ID}
	want, err := codeWanted(form, h.minimumIn(ctx, who, p))
	if err == nil {
		_, err = h.Integrations.GiveCode(ctx, who, id, want, actor(se))
	}
	if err == nil {
		return goTo(c, "/admin/partners/"+id.String(), "code-made", 0)
	}
	if form.Wrong, form.Trouble, err = toldApart(err); err != nil {
		return err
	}
	return h.showPartnerGiving(c, se, http.StatusUnprocessableEntity, views.CodeForm{}, form)
}

// toldApart sorts an error into what is wrong with fields and what else stands in the way; any other stays an error.
func toldApart(err error) (wrong map[string]string, trouble string, other error) {
	var said models.Refusal
	if wrong, fields := wrongFields(err); fields {
		return wrong, "", nil
	} else if errors.As(err, &said) && (errors.Is(err, models.ErrLater) || errors.Is(err, models.ErrConflict)) {
		return nil, said.Sentence, nil
	}
	return nil, "", err
}

// minimumIn is the currency that the smallest order of a code is given in: the coupon's, else the program's.
func (h *House) minimumIn(ctx context.Context, who models.Caller, p models.Program) models.Currency {
	if coupon, err := h.Store.ProgramCoupon(ctx, who); err == nil && coupon.Currency != "" {
		return coupon.Currency
	}
	return p.Currency
}

// codeWanted reads the form of a new code.
func codeWanted(f views.NewCodeForm, currency models.Currency) (w integrations.NewCode, err error) {
	var wrong models.FieldErrors
	w = integrations.NewCode{Code: f.Code, FirstTime: f.First}
	if f.Minimum != "" {
		least, err := models.ParseMoney(strings.TrimSpace(f.Minimum), currency)
		if err != nil {
			wrong = append(wrong, models.FieldError{Field: "minimum", Message: "give an amount such as 25.00"})
		}
		w.Minimum = &least
	}
	if f.Most != "" {
		if w.Most, err = strconv.Atoi(strings.TrimSpace(f.Most)); err != nil || w.Most < 1 {
			wrong = append(wrong, models.FieldError{Field: "most", Message: "give a whole number, 1 or more"})
		}
	}
	if f.Until != "" {
		day, err := dayTyped("until", f.Until)
		if err != nil {
			wrong = append(wrong, models.FieldError{Field: "until", Message: "give a day such as 2026-11-30"})
		}
		w.Until = new(day.Add(24 * time.Hour))
	}
	if trouble := models.CodeTrouble(strings.TrimSpace(f.Code)); trouble != "" && len(wrong) > 0 {
		wrong = append(wrong, models.FieldError{Field: "code", Message: trouble})
	}
	if len(wrong) > 0 {
		return w, wrong
	}
	return w, nil
}

// adminCodeEnd deactivates a partner's promotion code in Stripe.
func (h *House) adminCodeEnd(c echo.Context, se models.Session) error {
	id, code, err := h.codeNamed(c, se)
	switch {
	case err != nil:
		return err
	case code == "":
		return h.codeNotTheirs(c, se)
	}
	_, trouble, err := toldApart(h.Integrations.EndCode(c.Request().Context(), models.Caller{Tenant: se.Tenant()}, code, actor(se)))
	switch {
	case err != nil:
		return err
	case trouble != "":
		return h.showPartnerGiving(c, se, http.StatusUnprocessableEntity, views.CodeForm{}, views.NewCodeForm{Trouble: trouble})
	}
	return goTo(c, "/admin/partners/"+id.String(), "code-ended", 0)
}

// codesShown are a partner's codes with what Stripe tells of them.
func (h *House) codesShown(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]views.CodeLine, error) {
	codes, err := h.Store.CodesOf(ctx, t, partner)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range codes {
		ids = append(ids, c.Code)
	}
	known, err := h.Store.PromotionsNamed(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	var lines []views.CodeLine
	for _, c := range codes {
		l := views.CodeLine{Code: c.Code, Shown: c.Code, Since: c.From}
		if p, ok := known[c.Code]; ok {
			l.Shown, l.InStripe, l.Ended, l.Redeemed = p.Code, true, p.InactiveSince, p.Redeemed
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// giving fills in the form of a new code, with what was typed, else with a code after the partner's key.
func (h *House) giving(c echo.Context, se models.Session, partner models.Partner, form views.NewCodeForm) (views.NewCodeForm, error) {
	ctx := c.Request().Context()
	p, all, err := h.programAsked(c, se)
	if err != nil {
		return form, err
	}
	who := models.Caller{Tenant: se.Tenant(), Program: p.ID}
	form.Post, form.Coupons, form.Currency = "/admin/partners/"+partner.ID.String()+"/codes/new", couponsAt, h.minimumIn(ctx, who, p).Code()
	if len(all) > 1 {
		for _, one := range all {
			form.Programs = append(form.Programs, views.Option{Value: one.ID.String(), Label: one.Name})
		}
		form.Coupons = withQuery(couponsAt, url.Values{"program": {p.ID.String()}})
	}
	coupon, err := h.Store.ProgramCoupon(ctx, who)
	if err == nil {
		form.Coupon = coupon.Words()
	} else if !errors.Is(err, models.ErrNotFound) {
		return form, err
	}
	if form.Code == "" && len(form.Wrong) == 0 {
		form.Code = codeAfter(partner.Key)
	}
	return form, nil
}

// codeAfter is a partner's key as a promotion code may be.
func codeAfter(key string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if models.CodeTrouble(string(r)) != "" {
			return '-'
		}
		return r
	}, strings.ToUpper(key[:min(len(key), 40)])), "-")
}
