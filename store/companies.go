package store

import (
	"context"
	"fmt"
	"time"

	"portal/models"
)

// AddCompany keeps a new company and its two buckets.
func (s *Store) AddCompany(ctx context.Context, c models.Company, now time.Time) error {
	if err := s.do(ctx, `INSERT INTO companies (id, name, currency, created_at) VALUES ($1, $2, $3, $4)`,
		c.ID, c.Name, c.Currency, now); err != nil {
		return fmt.Errorf("keep company %s: %w", c.ID, err)
	}
	return s.do(ctx, `INSERT INTO buckets (company_id, bucket) VALUES ($1, 0), ($1, 1)`, c.ID)
}

// Company loads one.
func (s *Store) Company(ctx context.Context, id models.CompanyID) (models.Company, error) {
	var c models.Company
	if err := s.get(ctx, &c, `SELECT id, name, currency FROM companies WHERE id = $1`, id); err != nil {
		return c, fmt.Errorf("load company %s: %w", id, err)
	}
	return c, nil
}

// Companies lists every company of the installation.
func (s *Store) Companies(ctx context.Context) ([]models.Company, error) {
	var list []models.Company
	err := s.list(ctx, &list, `SELECT id, name, currency FROM companies ORDER BY id`)
	return list, err
}

// CompanyNamed finds a company by its name, for set-up.
func (s *Store) CompanyNamed(ctx context.Context, name string) (models.Company, error) {
	var c models.Company
	if err := s.get(ctx, &c, `SELECT id, name, currency FROM companies WHERE name = $1 ORDER BY id LIMIT 1`, name); err != nil {
		return c, fmt.Errorf("load company %q: %w", name, err)
	}
	return c, nil
}

const programColumns = `company_id, id, name, currency, attribution_model, hold_days, refunds, cookie_days, landing_url, coupon_beats_link,
	self_referral, count_shipping, count_out_of_band, created_at`

// AddProgram keeps a new program with the settings every program starts with.
func (s *Store) AddProgram(ctx context.Context, p models.Program, now time.Time) error {
	if err := s.do(ctx, onTape("program", `INSERT INTO programs (company_id, id, name, currency, created_at) VALUES ($2, $3, $4, $5, $1)`),
		now, p.Company, p.ID, p.Name, p.Currency); err != nil {
		return fmt.Errorf("keep program %s: %w", p.ID, err)
	}
	return s.do(ctx, `INSERT INTO program_directory (program_id, company_id) VALUES ($1, $2)`, p.ID, p.Company)
}

// Program loads one of a company's programs.
func (s *Store) Program(ctx context.Context, company models.CompanyID, id models.ProgramID) (models.Program, error) {
	if m := s.memory; m != nil && m.tenant.Company == company {
		return m.program(ctx, id)
	}
	var p models.Program
	if err := s.get(ctx, &p, `SELECT `+programColumns+` FROM programs WHERE company_id = $1 AND id = $2`, company, id); err != nil {
		return p, fmt.Errorf("load program %s: %w", id, err)
	}
	return p, nil
}

// LockProgram loads one and keeps others from changing it until the transaction ends.
func (s *Store) LockProgram(ctx context.Context, company models.CompanyID, id models.ProgramID) (models.Program, error) {
	var p models.Program
	if err := s.get(ctx, &p, `SELECT `+programColumns+` FROM programs WHERE company_id = $1 AND id = $2 FOR UPDATE`, company, id); err != nil {
		return p, fmt.Errorf("load program %s: %w", id, err)
	}
	return p, nil
}

// Programs lists a company's programs, the oldest first.
func (s *Store) Programs(ctx context.Context, company models.CompanyID) ([]models.Program, error) {
	var list []models.Program
	err := s.list(ctx, &list, `SELECT `+programColumns+` FROM programs WHERE company_id = $1 ORDER BY id LIMIT 200`, company)
	return list, err
}

// CompanyOfProgram finds whose program a public id names.
func (s *Store) CompanyOfProgram(ctx context.Context, id models.ProgramID) (models.CompanyID, error) {
	var company models.CompanyID
	if err := s.get(ctx, &company, `SELECT company_id FROM program_directory WHERE program_id = $1`, id); err != nil {
		return company, fmt.Errorf("find program %s: %w", id, err)
	}
	return company, nil
}

// SaveProgram keeps changed settings.
func (s *Store) SaveProgram(ctx context.Context, p models.Program, now time.Time) error {
	return s.do(ctx, onTape("program", `UPDATE programs SET name = $4, currency = $5, attribution_model = $6, hold_days = $7, refunds = $8,
		cookie_days = $9, landing_url = $10, coupon_beats_link = $11, self_referral = $12, count_shipping = $13, count_out_of_band = $14
		WHERE company_id = $2 AND id = $3`),
		now, p.Company, p.ID, p.Name, p.Currency, p.AttributionModel, p.HoldDays, p.Refunds, p.CookieDays, p.LandingURL,
		p.CouponBeatsLink, p.SelfReferral, p.CountShipping, p.CountOutOfBand)
}

// RuleSets loads every version of a program's rules in one mode, the oldest first.
func (s *Store) RuleSets(ctx context.Context, t models.Tenant, program models.ProgramID) ([]models.RuleSet, error) {
	if m := s.remembers(t); m != nil {
		if sets, ok := m.rules[program]; ok {
			return sets, nil
		}
	}
	var rows []struct {
		Version   int                   `db:"version"`
		ValidFrom *time.Time            `db:"valid_from"`
		Rules     asJSON[[]models.Rule] `db:"rules"`
	}
	err := s.apart().list(ctx, &rows, `SELECT version, valid_from, rules FROM rule_sets
		WHERE company_id = $1 AND program_id = $2 AND mode = $3 ORDER BY version`, t.Company, program, t.Mode)
	var sets []models.RuleSet
	for _, r := range rows {
		sets = append(sets, models.RuleSet{Version: r.Version, ValidFrom: r.ValidFrom, Rules: r.Rules.V})
	}
	if m := s.remembers(t); m != nil && err == nil {
		m.rules[program] = sets
	}
	return sets, err
}

// SaveRules keeps a new version of a program's rules. The first version counts for payments of any date (D14).
func (s *Store) SaveRules(ctx context.Context, t models.Tenant, program models.ProgramID, rules []models.Rule, by string, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		if err := tx.do(ctx, `SELECT 1 FROM programs WHERE company_id = $1 AND id = $2 FOR UPDATE`, t.Company, program); err != nil {
			return err
		}
		return tx.do(ctx, onTape("rules", `INSERT INTO rule_sets (company_id, program_id, mode, version, valid_from, rules, saved_by, saved_at)
			SELECT $2, $3, $4, count(*) + 1, CASE WHEN count(*) > 0 THEN $1::timestamptz END, $5, $6, $1
			FROM rule_sets WHERE company_id = $2 AND program_id = $3 AND mode = $4`),
			now, t.Company, program, t.Mode, asJSON[[]models.Rule]{rules}, by)
	})
}

// Audited keeps who changed what. The object is named as people see it.
func (s *Store) Audited(ctx context.Context, company models.CompanyID, who models.Actor, action, object, note string, now time.Time) error {
	type row = models.EventID
	return s.apart().do(ctx, `INSERT INTO audit (company_id, id, at, person_id, actor, action, object, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		company, models.NewID[row](now), now, who.Person, who.Name, action, object, note)
}

// AuditOf lists what was changed on one object, the oldest first.
func (s *Store) AuditOf(ctx context.Context, company models.CompanyID, object string) ([]models.Audit, error) {
	var list []models.Audit
	err := s.list(ctx, &list, `SELECT at, actor, action, object, note FROM audit WHERE company_id = $1 AND object = $2 ORDER BY at, id LIMIT 200`, company, object)
	return list, err
}
