package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"portal/models"
	"portal/store"
)

// SetBilling keeps who an invoice is from or to: a partner, or the company itself when Partner is nil (F101).
func (p *Payouts) SetBilling(ctx context.Context, b models.BillingDetails, who models.Actor) error {
	var wrong models.FieldErrors
	say := func(field, message string) { wrong = append(wrong, models.FieldError{Field: field, Message: message}) }
	if b.Name = strings.Join(strings.Fields(b.Name), " "); b.Name == "" || utf8.RuneCountInString(b.Name) > 200 {
		say("name", "give the name as it stands on invoices, in 200 characters at most")
	}
	if b.Address = addressLines(b.Address); b.Address == "" || utf8.RuneCountInString(b.Address) > 500 {
		say("address", "give street, postal code and town, in 500 characters at most")
	}
	if models.CountryName(b.Country) == "" {
		say("country", "choose a country")
	}
	number, err := models.ParseTaxNumber(b.Country, b.TaxNumber)
	var fields models.FieldErrors
	if errors.As(err, &fields) {
		wrong = append(wrong, fields...)
	}
	if len(wrong) > 0 {
		return wrong
	}
	b.TaxNumber, b.ID, b.SetBy, b.SetAt = number, models.NewID[models.DetailsID](p.now()), who.Name, p.now()
	object := b.Company.String()
	if b.Partner != nil {
		object = b.Partner.String()
	}
	return p.inTurn(ctx, b.Tenant, func(tx *store.Store) error {
		if err := tx.AddBilling(ctx, b); err != nil {
			return err
		}
		return tx.Audited(ctx, b.Company, who, "billing.changed", object, "", p.now())
	})
}

// addressLines are the lines of an address that say something.
func addressLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// SetBank keeps where a partner gets money that is paid outside Stripe, and tells the partner's people, at the address that stood before
// too. Nothing is paid to it before the cooling-off time is over: the first details wait like later ones, for whoever takes an account
// over may give them first. The same details again change nothing (F101, B17).
func (p *Payouts) SetBank(ctx context.Context, typed models.BankDetails, who models.Actor) (models.BankDetails, error) {
	b, err := models.ParseBank(typed)
	if err != nil {
		return b, err
	}
	return b, p.inTurn(ctx, b.Tenant, func(tx *store.Store) error {
		before, err := tx.Bank(ctx, b.Tenant, b.Partner)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		if err == nil && before.Numbers == b.Numbers && before.Holder == b.Holder && before.Country == b.Country {
			b = before
			return nil
		}
		settings, err := tx.PayoutSettings(ctx, b.Tenant)
		if err != nil {
			return err
		}
		b.ID, b.SetBy, b.SetAt = models.NewID[models.DetailsID](p.now()), who.Name, p.now()
		b.HoldsUntil = b.SetAt.AddDate(0, 0, settings.CoolingDays)
		if err := tx.AddBank(ctx, b); err != nil {
			return err
		}
		if err := p.tellBank(ctx, tx, b, before.Last4); err != nil {
			return err
		}
		return tx.Audited(ctx, b.Company, who, "bank.changed", b.Partner.String(), fmt.Sprintf("%s account in %s ending %s, held until %s",
			b.Kind, b.Country, b.Last4, b.HoldsUntil.Format(time.DateOnly)), p.now())
	})
}

// tellBank mails that bank details changed to the partner's address and to everybody who signs in for the partner.
func (p *Payouts) tellBank(ctx context.Context, tx *store.Store, b models.BankDetails, last4Before string) error {
	partner, err := tx.Partner(ctx, b.Tenant, b.Partner)
	if err != nil {
		return err
	}
	company, err := tx.Company(ctx, b.Company)
	if err != nil {
		return err
	}
	to, err := tx.PeopleOfPartner(ctx, b.Tenant, b.Partner)
	if err != nil {
		return err
	}
	if partner.Email != nil && !slices.ContainsFunc(to, func(p models.Person) bool { return models.NormalEmail(p.Email) == models.NormalEmail(*partner.Email) }) {
		to = append(to, models.Person{Email: *partner.Email, Name: partner.Name})
	}
	return tx.QueueMail(ctx, b.Tenant, models.BankChanged(company, b, last4Before), to, p.now())
}

// EndHold lets be paid at once to a partner's new bank details, for a reason (B17).
func (p *Payouts) EndHold(ctx context.Context, t models.Tenant, partner models.PartnerID, reason string, who models.Actor) error {
	reason, err := reasonIn(reason, "say how you know that the details are the partner's, in 500 characters at most")
	if err != nil {
		return err
	}
	return p.inTurn(ctx, t, func(tx *store.Store) error {
		b, err := tx.Bank(ctx, t, partner)
		if err != nil {
			return err
		}
		if !p.now().Before(b.HoldsUntil) {
			return models.Refuse(models.ErrConflict, "The wait is over already: these bank details can be paid to.")
		}
		if err := tx.EndBankHold(ctx, b, p.now()); err != nil {
			return err
		}
		return tx.Audited(ctx, t.Company, who, "bank.hold_ended", partner.String(), reason, p.now())
	})
}

// cooled refuses what is paid outside Stripe to a partner whose bank details are too new. What was paid on a day before they changed went
// to no new account.
func (p *Payouts) cooled(ctx context.Context, tx *store.Store, i models.Invoice, paidAt time.Time) error {
	b, err := tx.Bank(ctx, i.Tenant, i.Partner)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if !p.now().Before(b.HoldsUntil) || paidAt.Before(b.SetAt.UTC().Truncate(24*time.Hour)) {
		return nil
	}
	return models.Refuse(models.ErrConflict, HoldWords(i.PartnerName, b))
}

// HoldWords says why nothing is paid to new bank details yet, and what can be done.
func HoldWords(partner string, b models.BankDetails) string {
	const day = "2 January 2006, 15:04"
	return fmt.Sprintf("The bank details of %s were given on %s UTC and may be paid to from %s UTC on. Ask %s, by another way than e-mail, whether they are right; an owner can end the wait on the partner's page.",
		partner, b.SetAt.UTC().Format(day), b.HoldsUntil.UTC().Format(day), partner)
}

// SetDebtor keeps the account that a company pays from, for its bank's files. It is an IBAN: other banks take no such file.
func (p *Payouts) SetDebtor(ctx context.Context, d models.DebtorAccount, who models.Actor) error {
	if models.CountryName(d.Country) != "" && !models.ReachedBySEPA(d.Country) {
		return models.Invalid("country", "choose a country of the SEPA area; a CSV file, for banks elsewhere, names no account that pays")
	}
	b, err := models.ParseBank(models.BankDetails{Holder: d.Holder, Country: d.Country, Numbers: d.Numbers})
	if err != nil {
		return err
	}
	d.Holder, d.Numbers, d.Last4, d.Country = b.Holder, b.Numbers, b.Last4, b.Country
	d.ID, d.SetBy, d.SetAt = models.NewID[models.DetailsID](p.now()), who.Name, p.now()
	return p.inTurn(ctx, d.Tenant, func(tx *store.Store) error {
		if err := tx.AddDebtor(ctx, d); err != nil {
			return err
		}
		return tx.Audited(ctx, d.Company, who, "account.changed", d.Company.String(), "ending "+d.Last4, p.now())
	})
}
