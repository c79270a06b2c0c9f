package doctor

import (
	"context"
	"slices"

	"portal/models"
	"portal/store"
)

// subjects are every company's sides and programs that are in use. Without a database that can be read there are none.
func (d *Doctor) subjects(ctx context.Context, before []Finding) ([]subject, []Finding) {
	readable := slices.ContainsFunc(before, func(f Finding) bool { return f.Name == "Schema" && f.Verdict == OK })
	if !readable {
		return nil, nil
	}
	companies, err := d.Store.Companies(ctx)
	var all []subject
	for _, company := range companies {
		if err == nil {
			var of []subject
			of, err = d.of(ctx, company)
			all = append(all, of...)
		}
	}
	if err != nil {
		f := failed("The companies could not be listed: "+err.Error(), "Run the check again; if it stays, look at Portal's log.").at(itself)
		f.Name = "Companies"
		return all, []Finding{f}
	}
	return all, nil
}

// of are one company's subjects: each side in use with its money, and each program on it.
func (d *Doctor) of(ctx context.Context, company models.Company) ([]subject, error) {
	programs, err := d.Store.Programs(ctx, company.ID)
	if err != nil {
		return nil, err
	}
	connected, err := d.Store.Connected(ctx, company.ID)
	if err != nil {
		return nil, err
	}
	var all []subject
	for _, mode := range []models.Mode{models.Live, models.Test} {
		t := models.Tenant{Company: company.ID, Mode: mode}
		used, err := d.Store.InUse(ctx, t)
		if err != nil {
			return nil, err
		}
		if !used {
			continue
		}
		all = append(all, subject{company: company, mode: mode, checks: d.money(t)})
		for _, program := range programs {
			all = append(all, subject{company: company, mode: mode, program: program, checks: d.program(ctx, t, program, connected)})
		}
	}
	if len(connected) == 0 {
		all = append(all, subject{company: company, checks: []check{{"Connection", "", func(context.Context) (Finding, error) {
			return warning("No provider is connected yet.", "Connect the company's Stripe.").at(page), nil
		}}}})
	}
	return all, nil
}

// program are the checks of a program's side: of its rules, and of its connection.
func (d *Doctor) program(ctx context.Context, t models.Tenant, program models.Program, connected []store.Connected) []check {
	checks := d.rules(t, program)
	for _, c := range connected {
		if c.Program != program.ID || c.Mode != t.Mode || c.Source != models.SourceStripe {
			continue
		}
		if c.Status == "not_connected" {
			return append(checks, check{"Connection", "", func(context.Context) (Finding, error) {
				if d.people {
					return warning("Stripe is disconnected on this side, so no payment comes in by itself.", "Connect it again; what was paid meanwhile is fetched then.").at(pageOf(program)), nil
				}
				return skipped("Stripe is disconnected."), nil
			}})
		}
		return append(checks, (&connection{Doctor: d, tenant: t, program: program, saved: c.Saved}).checks(ctx)...)
	}
	if d.people {
		checks = append(checks, check{"Connection", "", func(context.Context) (Finding, error) {
			return warning("Stripe is not connected on this side, so no payment comes in by itself.", "Connect it; it takes a minute.").at(pageOf(program)), nil
		}})
	}
	return checks
}
