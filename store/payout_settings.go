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

// Scheduled lists the tenants that have a schedule.
func (s *Store) Scheduled(ctx context.Context) ([]models.Tenant, error) {
	var list []models.Tenant
	err := s.list(ctx, &list, `SELECT company_id, mode FROM payout_settings WHERE schedule <> 'manual' ORDER BY company_id, mode LIMIT 100000`)
	return list, err
}

// PartnerMinimums loads the own minimums of these partners, in their currencies; who has none is left out.
func (s *Store) PartnerMinimums(ctx context.Context, t models.Tenant, partners []models.PartnerID) (map[models.PartnerID]int64, error) {
	var rows []struct {
		Partner models.PartnerID `db:"partner_id"`
		Minimum int64            `db:"minimum"`
	}
	if err := s.list(ctx, &rows, `SELECT partner_id, minimum FROM partner_minimums WHERE company_id = $1 AND mode = $2 AND partner_id = ANY($3::uuid[]) ORDER BY partner_id`,
		t.Company, t.Mode, pq.Array(uuids(partners))); err != nil {
		return nil, fmt.Errorf("load partners' minimums: %w", err)
	}
	all := map[models.PartnerID]int64{}
	for _, r := range rows {
		all[r.Partner] = r.Minimum
	}
	return all, nil
}

// SetPartnerMinimum keeps a partner's own minimum, in the partner's currency; nil forgets it.
func (s *Store) SetPartnerMinimum(ctx context.Context, t models.Tenant, partner models.PartnerID, minimum *int64) error {
	if minimum == nil {
		return s.do(ctx, `DELETE FROM partner_minimums WHERE company_id = $1 AND mode = $2 AND partner_id = $3`, t.Company, t.Mode, partner)
	}
	return s.do(ctx, `INSERT INTO partner_minimums (company_id, mode, partner_id, minimum) VALUES ($1, $2, $3, $4)
		ON CONFLICT (company_id, mode, partner_id) DO UPDATE SET minimum = excluded.minimum`, t.Company, t.Mode, partner, *minimum)
}
