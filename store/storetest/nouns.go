package storetest

import (
	"context"
	"testing"
	"time"

	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Day is a fixed day on which most tests happen.
var Day = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Secret is the webhook secret of sample programs.
const Secret = "whsec_test_secret"

// Company keeps a company with one program, connected to Stripe in test mode by Secret, and the rule "20 %".
func Company(t testing.TB, s *store.Store) models.Caller {
	t.Helper()
	ctx := context.Background()
	long := Day.AddDate(-3, 0, 0)
	company := models.Company{ID: models.NewID[models.CompanyID](long), Name: "Acme", Currency: "usd"}
	program := models.Program{Company: company.ID, ID: models.NewID[models.ProgramID](long), Name: "Partners", Currency: "usd"}
	c := models.Caller{Tenant: models.Tenant{Company: company.ID, Mode: models.Test}, Program: program.ID, KeyName: "test key"}
	err := s.InTx(ctx, func(tx *store.Store) error {
		if err := tx.AddCompany(ctx, company, long); err != nil {
			return err
		}
		if err := tx.AddProgram(ctx, program, long); err != nil {
			return err
		}
		if err := tx.SaveRules(ctx, c.Tenant, program.ID, []models.Rule{{Type: "percent", Value: "20", Recurring: "always"}}, "test", long); err != nil {
			return err
		}
		return tx.SaveIntegration(ctx, store.Integration{Tenant: c.Tenant, Program: program.ID, Source: models.SourceStripe, Status: "connected", WebhookSecret: Secret}, long)
	})
	if err != nil {
		t.Fatalf("keep a sample company: %v", err)
	}
	return c
}

// Partner keeps an active partner of that key, paid in that currency.
func Partner(t testing.TB, s *store.Store, tenant models.Tenant, key string, currency models.Currency) models.Partner {
	t.Helper()
	email := key + "@partners.example"
	p := models.Partner{Tenant: tenant, ID: models.NewID[models.PartnerID](Day), Key: key, Name: "Partner " + key, Email: &email,
		Currency: currency, Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: Day.AddDate(-3, 0, 0)}
	if err := s.AddPartner(context.Background(), p); err != nil {
		t.Fatalf("keep a sample partner: %v", err)
	}
	return p
}

// FirstPage is a page that holds everything a test makes.
func FirstPage() store.Page { return store.Page{Limit: 100} }

// Stamped gives transfers their digests, as the rooms that book do.
func Stamped(t models.Tenant, transfers ...models.Transfer) []models.Transfer {
	return ledger.Stamp(t, transfers)
}
