package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"portal/models"
)

// PayoutSettings loads how a company pays its partners; the defaults when it has set nothing.
func (s *Store) PayoutSettings(ctx context.Context, t models.Tenant) (models.PayoutSettings, error) {
	var row struct {
		models.PayoutSettings
		Approve pq.StringArray `db:"approve_roles"`
		Pay     pq.StringArray `db:"pay_roles"`
	}
	err := s.get(ctx, &row, `SELECT company_id, mode, schedule, schedule_day, drawn_until, minimum, four_eyes_above, approve_roles, pay_roles, cooling_days,
		self_billing, reverse_charge, tax_note FROM payout_settings WHERE company_id = $1 AND mode = $2`, t.Company, t.Mode)
	if errors.Is(err, models.ErrNotFound) {
		return models.DefaultPayoutSettings(t), nil
	} else if err != nil {
		return row.PayoutSettings, fmt.Errorf("load the payout settings of %s: %w", t.Company, err)
	}
	row.ApproveRoles, row.PayRoles = rolesOf(row.Approve), rolesOf(row.Pay)
	return row.PayoutSettings, nil
}

// SavePayoutSettings keeps how a company pays its partners.
func (s *Store) SavePayoutSettings(ctx context.Context, p models.PayoutSettings) error {
	return s.do(ctx, `INSERT INTO payout_settings (company_id, mode, schedule, schedule_day, drawn_until, minimum, four_eyes_above, approve_roles, pay_roles,
			cooling_days, self_billing, reverse_charge, tax_note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (company_id, mode) DO UPDATE SET schedule = excluded.schedule, schedule_day = excluded.schedule_day, drawn_until = excluded.drawn_until,
		minimum = excluded.minimum, four_eyes_above = excluded.four_eyes_above, approve_roles = excluded.approve_roles, pay_roles = excluded.pay_roles,
		cooling_days = excluded.cooling_days, self_billing = excluded.self_billing, reverse_charge = excluded.reverse_charge, tax_note = excluded.tax_note`,
		p.Company, p.Mode, p.Schedule, p.Day, p.DrawnUntil, p.Minimum, p.FourEyesAbove, namesOf(p.ApproveRoles), namesOf(p.PayRoles),
		p.CoolingDays, p.SelfBilling, p.ReverseCharge, p.TaxNote)
}

func rolesOf(names []string) []models.Role {
	var roles []models.Role
	for _, n := range names {
		roles = append(roles, models.Role(n))
	}
	return roles
}

func namesOf(roles []models.Role) pq.StringArray {
	names := pq.StringArray{}
	for _, r := range roles {
		names = append(names, string(r))
	}
	return names
}
