package payouts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"portal/models"
	"portal/store"
)

// SaveSettings keeps how a company pays its partners. Owners always may approve and pay, whatever is asked. A schedule that
// changes begins with its next day: it draws up nothing for days gone by. What is wrong is a FieldErrors.
func (p *Payouts) SaveSettings(ctx context.Context, s models.PayoutSettings, who models.Actor) error {
	s.ApproveRoles, s.PayRoles, s.TaxNote = withOwner(s.ApproveRoles), withOwner(s.PayRoles), strings.TrimSpace(s.TaxNote)
	if wrong := wrongSettings(s); len(wrong) > 0 {
		return wrong
	}
	return p.inTurn(ctx, s.Tenant, func(tx *store.Store) error {
		before, err := tx.PayoutSettings(ctx, s.Tenant)
		if err != nil {
			return err
		}
		s.DrawnUntil = before.DrawnUntil
		if until, has := lastPeriod(s, p.now()); has && (s.Schedule != before.Schedule || s.Day != before.Day) && (s.DrawnUntil == nil || until.After(*s.DrawnUntil)) {
			s.DrawnUntil = &until
		}
		company, err := tx.Company(ctx, s.Company)
		if err != nil {
			return err
		}
		changed := changes(before, s, company.Currency)
		if len(changed) == 0 {
			return nil
		}
		if err := tx.SavePayoutSettings(ctx, s); err != nil {
			return fmt.Errorf("save the payout settings of %s: %w", s.Company, err)
		}
		return tx.Audited(ctx, s.Company, who, "payout_settings.changed", s.Company.String(), strings.Join(changed, "; "), p.now())
	})
}

// withOwner is the roles that may be given, the owner's always, each once.
func withOwner(roles []models.Role) []models.Role {
	all := []models.Role{models.Owner, models.Admin, models.Finance}
	return slices.DeleteFunc(all, func(r models.Role) bool { return r != models.Owner && !slices.Contains(roles, r) })
}

// most bounds an amount that somebody types, in the smallest unit.
const most = 999_999_999_999

func wrongSettings(s models.PayoutSettings) models.FieldErrors {
	var wrong models.FieldErrors
	refuse := func(when bool, field, message string) {
		if when {
			wrong = append(wrong, models.FieldError{Field: field, Message: message})
		}
	}
	last := map[models.Schedule]int{models.NoSchedule: 28, models.Weekly: 7, models.Monthly: 28, models.Quarterly: 28}[s.Schedule]
	refuse(last == 0, "schedule", "choose one of the schedules")
	refuse(s.Schedule == models.Weekly && (s.Day < 1 || s.Day > last), "weekday", "choose a day of the week")
	refuse(s.Schedule != models.Weekly && last > 0 && (s.Day < 1 || s.Day > last), "day", "give a day from 1 to 28, which every month has")
	refuse(s.Minimum < 0 || s.Minimum > most, "minimum", "must be zero or above")
	refuse(s.FourEyesAbove != nil && (*s.FourEyesAbove < 0 || *s.FourEyesAbove > most), "four_eyes_above", "must be zero or above")
	refuse(s.CoolingDays < 0 || s.CoolingDays > 60, "cooling_days", "give a number of days from 0 to 60")
	refuse(utf8.RuneCountInString(s.TaxNote) > 500 || !utf8.ValidString(s.TaxNote) || strings.ContainsFunc(s.TaxNote, hidden), "tax_note", "use 500 characters at most")
	return wrong
}

// reasonIn brings a reason that somebody gave onto one line; otherwise says what is asked for.
func reasonIn(text, otherwise string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || utf8.RuneCountInString(text) > 500 || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
		return "", models.Invalid("reason", otherwise)
	}
	return text, nil
}

// hidden tells a character that nobody can see and that ends no line.
func hidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

// changes says what is set otherwise than before, for the audit row.
func changes(before, now models.PayoutSettings, currency models.Currency) []string {
	var list []string
	note := func(what string, was, is any) {
		if w, i := fmt.Sprint(was), fmt.Sprint(is); w != i {
			list = append(list, what+" from "+shownAs(w)+" to "+shownAs(i))
		}
	}
	four := func(s models.PayoutSettings) any {
		if s.FourEyesAbove == nil {
			return "none"
		}
		return models.Money{Minor: *s.FourEyesAbove, Currency: currency}
	}
	note("schedule", before.Schedule, now.Schedule)
	note("day", before.Day, now.Day)
	note("minimum", models.Money{Minor: before.Minimum, Currency: currency}, models.Money{Minor: now.Minimum, Currency: currency})
	note("four eyes above", four(before), four(now))
	note("who approves", before.ApproveRoles, now.ApproveRoles)
	note("who pays", before.PayRoles, now.PayRoles)
	note("cooling-off days", before.CoolingDays, now.CoolingDays)
	note("self-billing", before.SelfBilling, now.SelfBilling)
	note("reverse charge", before.ReverseCharge, now.ReverseCharge)
	note("tax note", before.TaxNote, now.TaxNote)
	return list
}

func shownAs(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// SetMinimum gives a partner a minimum of their own, in their currency; nil leaves them the company's.
func (p *Payouts) SetMinimum(ctx context.Context, t models.Tenant, id models.PartnerID, minimum *int64, who models.Actor) error {
	if minimum != nil && (*minimum < 0 || *minimum > most) {
		return models.Invalid("minimum", "must be zero or above")
	}
	return p.inTurn(ctx, t, func(tx *store.Store) error {
		partner, err := tx.Partner(ctx, t, id)
		if err != nil {
			return err
		}
		if err := tx.SetPartnerMinimum(ctx, t, id, minimum); err != nil {
			return fmt.Errorf("set the minimum of %s: %w", id, err)
		}
		note := "the company's"
		if minimum != nil {
			note = models.Money{Minor: *minimum, Currency: partner.Currency}.String()
		}
		return tx.Audited(ctx, t.Company, who, "partner.minimum", id.String(), note, p.now())
	})
}
