package main

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
)

// demoAddresses say where the demo's partners live, as it stands on invoices; those in Europe have a VAT number.
var demoAddresses = map[string]struct{ name, address, tax string }{
	"NORA":   {"Nora Lindqvist", "48 Harbor Street\nPortland, OR 97209", ""},
	"ATLAS":  {"Atlas Media LLC", "1200 Congress Avenue\nAustin, TX 78701", ""},
	"KENJI":  {"Kenji Tanaka", "77 Beale Street\nSan Francisco, CA 94105", ""},
	"BRIGHT": {"Bright Reviews GmbH", "Torstraße 120\n10119 Berlin", "DE136695976"},
	"MAPLE":  {"Maple and Company SARL", "12 rue des Érables\n69002 Lyon", "FR40303265045"},
}

// papers gives the company and its partners what invoices bear, the company the account that it pays from, and the partner who has no
// Stripe account a bank account: what people of a real company have entered in their first days.
func (s *seeder) papers(ctx context.Context, owner models.Actor) error {
	pay, t := s.house.Payouts, s.caller.Tenant
	err := pay.SetBilling(ctx, models.BillingDetails{Tenant: t, Name: "Lumen Analytics Inc.", Address: "500 Mission Street, Floor 4\nSan Francisco, CA 94105", Country: "US"}, owner)
	for _, p := range demoPartners {
		d, id := demoAddresses[p.key], s.partners[p.key].ID
		err = errors.Join(err, pay.SetBilling(ctx, models.BillingDetails{Tenant: t, Partner: &id, Name: d.name, Address: d.address, Country: p.country, TaxNumber: d.tax}, models.Actor{Name: d.name}))
	}
	_, bank := pay.SetBank(ctx, models.BankDetails{Tenant: t, Partner: s.partners["KENJI"].ID, Holder: "Kenji Tanaka", Country: "US",
		Numbers: models.BankNumbers{Routing: "110000000", Account: "000123456789"}}, models.Actor{Name: "Kenji Tanaka"})
	debtor := pay.SetDebtor(ctx, models.DebtorAccount{Tenant: t, Holder: "Lumen Analytics Inc.", Country: "DE", Numbers: models.BankNumbers{IBAN: "DE89370400440532013000"}}, owner)
	if err := errors.Join(err, bank, debtor); err != nil {
		return fmt.Errorf("enter billing details and bank accounts: %w", err)
	}
	return nil
}

// schedule has invoices drawn up each month from now on. The year's were drawn up by hand.
func (s *seeder) schedule(ctx context.Context) error {
	settings := models.DefaultPayoutSettings(s.caller.Tenant)
	settings.Schedule, settings.Day, settings.TaxNote = models.Monthly, 1, "Thank you for bringing us customers."
	return s.house.Payouts.SaveSettings(ctx, settings, models.Actor{Name: signIns[0].Email})
}
