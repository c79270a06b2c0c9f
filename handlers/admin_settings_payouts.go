package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// adminPayoutSettings shows how the company pays its partners.
func (h *House) adminPayoutSettings(c echo.Context, se models.Session) error {
	s, currency, err := h.payoutSettings(c.Request().Context(), se.Tenant())
	if err != nil {
		return err
	}
	v := views.AdminPayoutSettings{Schedule: string(s.Schedule), Weekday: "1", Day: strconv.Itoa(s.Day), Cooling: strconv.Itoa(s.CoolingDays),
		Approve: rolesTicked(s.ApproveRoles), Pay: rolesTicked(s.PayRoles), Self: s.SelfBilling, Reverse: s.ReverseCharge, TaxNote: s.TaxNote}
	if s.Schedule == models.Weekly {
		v.Weekday, v.Day = v.Day, "1"
	}
	if s.Minimum > 0 {
		v.Minimum = models.Money{Minor: s.Minimum, Currency: currency}.Decimal()
	}
	if s.FourEyesAbove != nil {
		v.FourEyes = models.Money{Minor: *s.FourEyesAbove, Currency: currency}.Decimal()
	}
	return h.showPayoutSettings(c, se, http.StatusOK, v)
}

// payoutSettings are the settings, and the currency that their amounts are in.
func (h *House) payoutSettings(ctx context.Context, t models.Tenant) (models.PayoutSettings, models.Currency, error) {
	s, err := h.Store.PayoutSettings(ctx, t)
	if err != nil {
		return s, "", err
	}
	company, err := h.Store.Company(ctx, t.Company)
	return s, company.Currency, err
}

func rolesTicked(roles []models.Role) map[string]bool {
	on := map[string]bool{}
	for _, r := range roles {
		on[string(r)] = true
	}
	return on
}

func (h *House) showPayoutSettings(c echo.Context, se models.Session, status int, v views.AdminPayoutSettings) error {
	s, currency, err := h.payoutSettings(c.Request().Context(), se.Tenant())
	if err != nil {
		return err
	}
	v.Currency, v.May, v.Next = currency.Code(), admins.takes(se.Role), nextDraw(s, h.Now())
	if v.Frame, err = h.adminFrame(c, se, "/admin/settings/payments", "Payouts"); err != nil {
		return err
	}
	v.Sentence = "When partners' invoices are drawn up, who approves and pays them, and what they say."
	return show(c, status, views.AdminPayoutSettingsPage(v), nil)
}

// nextDraw says when the schedule draws up next, and what.
func nextDraw(s models.PayoutSettings, now time.Time) string {
	day, has := s.DrawsNext(now)
	if !has {
		return "Invoices are drawn up when somebody asks for it, on the page Invoices."
	}
	return "Draws up on " + views.Day(day) + " what is payable up to " + views.Day(day.AddDate(0, 0, -1)) + "."
}

// adminPayoutSettingsSave keeps what was typed.
func (h *House) adminPayoutSettingsSave(c echo.Context, se models.Session) error {
	v := views.AdminPayoutSettings{Schedule: c.FormValue("schedule"), Weekday: c.FormValue("weekday"), Day: strings.TrimSpace(c.FormValue("day")),
		Minimum: strings.TrimSpace(c.FormValue("minimum")), FourEyes: strings.TrimSpace(c.FormValue("four_eyes_above")), Cooling: strings.TrimSpace(c.FormValue("cooling_days")),
		Approve: ticked(c, "approve"), Pay: ticked(c, "pay"), Self: c.FormValue("self_billing") == "yes", Reverse: c.FormValue("reverse_charge") == "yes", TaxNote: c.FormValue("tax_note")}
	_, currency, err := h.payoutSettings(c.Request().Context(), se.Tenant())
	if err != nil {
		return err
	}
	s, err := settingsTyped(v, se.Tenant(), currency)
	if err == nil {
		err = h.Payouts.SaveSettings(c.Request().Context(), s, actor(se))
	}
	var wrong bool
	if v.Wrong, wrong = wrongFields(err); wrong {
		return h.showPayoutSettings(c, se, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	return goTo(c, "/admin/settings/payouts", "settings-saved", 0)
}

func ticked(c echo.Context, name string) map[string]bool {
	return map[string]bool{"admin": c.FormValue(name+"_admin") == "yes", "finance": c.FormValue(name+"_finance") == "yes"}
}

// settingsTyped reads the form. What cannot be read is a FieldErrors; what is out of bounds the rules refuse.
func settingsTyped(v views.AdminPayoutSettings, t models.Tenant, currency models.Currency) (models.PayoutSettings, error) {
	s := models.PayoutSettings{Tenant: t, Schedule: models.Schedule(v.Schedule), Day: 1, SelfBilling: v.Self, ReverseCharge: v.Reverse, TaxNote: v.TaxNote,
		ApproveRoles: rolesGiven(v.Approve), PayRoles: rolesGiven(v.Pay)}
	var wrong models.FieldErrors
	number := func(field, text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			wrong = append(wrong, models.FieldError{Field: field, Message: "give a whole number"})
		}
		return n
	}
	switch s.Schedule {
	case models.Weekly:
		s.Day = number("weekday", v.Weekday)
	case models.Monthly, models.Quarterly:
		s.Day = number("day", v.Day)
	}
	s.CoolingDays = number("cooling_days", v.Cooling)
	money := func(field, text string) *int64 {
		if text == "" {
			return nil
		}
		m, err := models.ParseMoney(text, currency)
		if err != nil {
			wrong = append(wrong, models.FieldError{Field: field, Message: err.Error()})
		}
		return &m.Minor
	}
	s.FourEyesAbove = money("four_eyes_above", v.FourEyes)
	if least := money("minimum", v.Minimum); least != nil {
		s.Minimum = *least
	}
	if len(wrong) > 0 {
		return s, wrong
	}
	return s, nil
}

func rolesGiven(on map[string]bool) []models.Role {
	var roles []models.Role
	for _, r := range []models.Role{models.Admin, models.Finance} {
		if on[string(r)] {
			roles = append(roles, r)
		}
	}
	return roles
}

// adminPartnerMinimum gives a partner a minimum of their own, or leaves them the company's.
func (h *House) adminPartnerMinimum(c echo.Context, se models.Session) error {
	p, _, err := h.partnerDue(c, se)
	if err != nil {
		return err
	}
	var minimum *int64
	typed := strings.TrimSpace(c.FormValue("minimum"))
	if typed != "" {
		m, wrong := models.ParseMoney(typed, p.Currency)
		if minimum = &m.Minor; wrong != nil {
			err = models.Invalid("minimum", wrong.Error())
		}
	}
	if err == nil {
		err = h.Payouts.SetMinimum(c.Request().Context(), se.Tenant(), p.ID, minimum, actor(se))
	}
	if wrong, refused := wrongFields(err); refused {
		return h.showPartnerWith(c, se, http.StatusUnprocessableEntity, views.AdminPartner{Minimum: views.MinimumForm{Minimum: typed, Wrong: wrong}}, views.NewCodeForm{})
	} else if err != nil {
		return err
	}
	return goTo(c, "/admin/partners/"+p.ID.String(), "minimum-saved", 0)
}

// minimumOf fills in a partner's own minimum, and what holds without one.
func (h *House) minimumOf(ctx context.Context, se models.Session, v *views.AdminPartner) error {
	own, err := h.Store.PartnerMinimums(ctx, se.Tenant(), []models.PartnerID{v.Partner.ID})
	if err != nil {
		return err
	}
	s, currency, err := h.payoutSettings(ctx, se.Tenant())
	if err != nil {
		return err
	}
	m := &v.Minimum
	m.Currency, m.Company = v.Partner.Currency.Code(), "the company's, which is none."
	if s.Minimum > 0 {
		m.Company = "the company's, " + views.AmountText(models.Money{Minor: s.Minimum, Currency: currency}) + "."
	}
	if minor, has := own[v.Partner.ID]; has && m.Wrong == nil {
		m.Minimum = models.Money{Minor: minor, Currency: v.Partner.Currency}.Decimal()
	}
	if admins.takes(se.Role) {
		m.Post = "/admin/partners/" + v.Partner.ID.String() + "/minimum"
	}
	return nil
}
