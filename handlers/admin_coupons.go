package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

const (
	couponsAt  = "/admin/coupons"
	codesShown = 200 // how many partners' codes the page lists
)

// adminCoupons shows of which coupon a program gives its partners codes, and what became of them in Stripe (F33).
func (h *House) adminCoupons(c echo.Context, se models.Session) error {
	return h.showCoupons(c, se, http.StatusOK, views.CouponForm{})
}

// adminCouponsBack leads from where a form was sent to the page that it stands on.
func (h *House) adminCouponsBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, withQuery(couponsAt, url.Values{"program": {c.QueryParam("program")}}))
}

// adminCouponChoose chooses the program's coupon among those in Stripe.
func (h *House) adminCouponChoose(c echo.Context, se models.Session) error {
	form := views.CouponForm{Chosen: c.FormValue("coupon")}
	return h.couponChange(c, se, form, func(who models.Caller) error {
		return h.Integrations.ChooseCoupon(c.Request().Context(), who, form.Chosen, actor(se))
	})
}

// adminCouponMake makes a coupon in Stripe and chooses it.
func (h *House) adminCouponMake(c echo.Context, se models.Session) error {
	form := views.CouponForm{Making: true, Name: strings.TrimSpace(c.FormValue("name")), Kind: c.FormValue("kind"), Off: strings.TrimSpace(c.FormValue("off")),
		Currency: strings.TrimSpace(c.FormValue("currency")), Duration: c.FormValue("duration"), Months: strings.TrimSpace(c.FormValue("months"))}
	return h.couponChange(c, se, form, func(who models.Caller) error {
		want, err := couponWanted(form)
		if err != nil {
			return err
		}
		return h.Integrations.MakeCoupon(c.Request().Context(), who, want, actor(se))
	})
}

func (h *House) couponChange(c echo.Context, se models.Session, form views.CouponForm, do func(models.Caller) error) error {
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	err = do(models.Caller{Tenant: se.Tenant(), Program: p.ID})
	if err == nil {
		return goTo(c, withQuery(couponsAt, url.Values{"program": {c.FormValue("program")}}), "coupon-chosen", 0)
	}
	if form.Wrong, form.Trouble, err = toldApart(err); err != nil {
		return err
	}
	return h.showCoupons(c, se, http.StatusUnprocessableEntity, form)
}

// couponWanted reads the form of a new coupon. What else is wrong with it integrations tell.
func couponWanted(f views.CouponForm) (w models.Coupon, err error) {
	w = models.Coupon{Name: f.Name, Duration: f.Duration}
	var wrong models.FieldErrors
	if f.Kind == "amount" {
		if w.Currency, err = models.ParseCurrency(strings.ToLower(f.Currency)); err != nil {
			wrong = append(wrong, models.FieldError{Field: "currency", Message: "give a currency such as USD"})
		} else if off, err := models.ParseMoney(f.Off, w.Currency); err != nil {
			wrong = append(wrong, models.FieldError{Field: "off", Message: "give an amount such as 5.00"})
		} else {
			w.AmountOff = off.Minor
		}
	} else if w.PercentOff = percentTyped(f.Off); w.PercentOff == "" {
		wrong = append(wrong, models.FieldError{Field: "off", Message: "give a percentage from 0.01 to 100"})
	}
	if f.Duration == "repeating" {
		if w.Months, err = strconv.Atoi(f.Months); err != nil {
			wrong = append(wrong, models.FieldError{Field: "months", Message: "give a whole number from 1 to 120"})
		}
	}
	if f.Name == "" && len(wrong) > 0 {
		wrong = append(wrong, models.FieldError{Field: "name", Message: "must be 1 to 40 characters long: customers see it"})
	}
	if len(wrong) > 0 {
		return w, wrong
	}
	return w, nil
}

// percentTyped is a percentage with at most two decimals, above 0 and at most 100, as it was typed; empty for any other text.
func percentTyped(text string) string {
	whole, part, _ := strings.Cut(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%")), ".")
	n, err := strconv.Atoi(whole)
	m, bad := strconv.Atoi((part + "00")[:2])
	if err != nil || bad != nil || len(part) > 2 || n < 0 || strings.ContainsAny(whole+part, "+-") || n*100+m < 1 || n*100+m > 10000 {
		return ""
	}
	if part == "" {
		return strconv.Itoa(n)
	}
	return strconv.Itoa(n) + "." + part
}

func (h *House) showCoupons(c echo.Context, se models.Session, status int, form views.CouponForm) error {
	ctx := c.Request().Context()
	p, all, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	who := models.Caller{Tenant: se.Tenant(), Program: p.ID}
	v := views.AdminCoupons{Form: form, Now: h.Now()}
	if v.Connected, v.Brought, err = h.broughtFrom(c, who); err != nil {
		return err
	}
	if v.Coupon, err = h.Store.ProgramCoupon(ctx, who); err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	coupons, err := h.Store.Coupons(ctx, who)
	if err != nil {
		return err
	}
	for _, one := range coupons {
		label := one.Words() + " (" + one.ID + ")"
		if one.Name != "" {
			label = one.Name + ": " + label
		}
		v.Choices = append(v.Choices, views.Option{Value: one.ID, Label: label})
	}
	if v.Form.Chosen == "" {
		v.Form.Chosen = v.Coupon.ID
	}
	if v.Form.Currency == "" {
		v.Form.Currency = p.Currency.Code()
	}
	if err := h.promotionLines(c, who, &v); err != nil {
		return err
	}
	if admins.takes(se.Role) {
		v.Post = couponsAt
	}
	v.Program, v.Programs = programChips(all, p.ID, couponsAt)
	if v.Frame, err = h.adminFrame(c, se, couponsAt, "Coupons and codes"); err != nil {
		return err
	}
	v.Sentence = "What customers get who type a partner's code, and how those codes stand in Stripe. A sale with a code is its partner's."
	return show(c, status, views.AdminCouponsPage(v), nil)
}

func (h *House) promotionLines(c echo.Context, who models.Caller, v *views.AdminCoupons) error {
	ctx := c.Request().Context()
	list, err := h.Store.Promotions(ctx, who, codesShown+1)
	if err != nil {
		return err
	}
	v.More, list = len(list) > codesShown, list[:min(len(list), codesShown)]
	var keys []string
	for _, one := range list {
		keys = append(keys, one.PartnerKey)
	}
	partners, err := h.Store.PartnersByKey(ctx, who.Tenant, keys)
	if err != nil {
		return err
	}
	named := map[string]models.Partner{}
	for _, one := range partners {
		named[one.Key] = one
	}
	for _, one := range list {
		l := views.PromotionLine{Code: one.Code, ID: one.ID, Partner: one.PartnerKey, State: "active", Ended: one.InactiveSince, Redeemed: one.Redeemed}
		if to, known := named[one.PartnerKey]; known {
			l.Partner, l.PartnerURL = to.Name, "/admin/partners/"+to.ID.String()
		}
		if !one.Active {
			l.State = "inactive"
		}
		v.Codes = append(v.Codes, l)
	}
	return nil
}

// broughtFrom tells whether a program is connected, and when its products, coupons and codes were last brought.
func (h *House) broughtFrom(c echo.Context, who models.Caller) (connected bool, last models.Sync, err error) {
	i, err := h.connection(c.Request().Context(), who.Tenant, who.Program)
	if err != nil {
		return false, last, err
	}
	last, err = h.Store.Sync(c.Request().Context(), who.Tenant, who.Program, models.SyncOfCatalog)
	if errors.Is(err, models.ErrNotFound) {
		err = nil
	}
	return i.Status != "not_connected", last, err
}

// adminCatalog brings products, coupons and codes from Stripe now.
func (h *House) adminCatalog(c echo.Context, se models.Session) error {
	ctx := c.Request().Context()
	p, _, err := h.programAsked(c, se)
	if err != nil {
		return err
	}
	if err := h.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.Enqueue(ctx, models.SyncCatalog{Company: se.Company, Mode: se.Mode, Program: p.ID}, nil),
			tx.Audited(ctx, se.Company, actor(se), "catalog.asked", p.ID.String(), string(se.Mode), h.now()))
	}); err != nil {
		return err
	}
	back := couponsAt
	if c.FormValue("back") == rulesAt {
		back = rulesAt
	}
	return goTo(c, withQuery(back, url.Values{"program": {c.FormValue("program")}}), "catalog", 0)
}
