package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// tellReady tells those who may approve, but for the one who began it, that a run drew up invoices which wait for them.
func (p *Payouts) tellReady(ctx context.Context, tx *store.Store, r models.Run) error {
	if r.Invoices == 0 {
		return nil
	}
	sums, err := tx.SumsOfRun(ctx, r.Tenant, r.ID)
	if err != nil {
		return err
	}
	settings, err := tx.PayoutSettings(ctx, r.Tenant)
	if err != nil {
		return err
	}
	to, err := tx.PeopleOf(ctx, r.Company, settings.ApproveRoles...)
	if err != nil {
		return err
	}
	to = slices.DeleteFunc(to, func(m models.Person) bool { return r.Person != nil && m.ID == *r.Person })
	return p.tell(ctx, tx, r.Tenant, to, func(c models.Company) models.Message { return models.InvoicesReady(c, r.Invoices, sums) })
}

// tellApproved tells the partner what is coming.
func (p *Payouts) tellApproved(ctx context.Context, tx *store.Store, i models.Invoice) error {
	return p.tellPartner(ctx, tx, i, func(c models.Company) models.Message { return models.InvoiceApproved(c, i) })
}

// tellPaid tells the partner what was paid, how, and when it arrives.
func (p *Payouts) tellPaid(ctx context.Context, tx *store.Store, i models.Invoice) error {
	return p.tellPartner(ctx, tx, i, func(c models.Company) models.Message { return models.InvoicePaid(c, i) })
}

// tellTakenBack tells the partner that a payment they were told of does not stand any more.
func (p *Payouts) tellTakenBack(ctx context.Context, tx *store.Store, i models.Invoice, why string) error {
	return p.tellPartner(ctx, tx, i, func(c models.Company) models.Message { return models.PaymentTakenBack(c, i, why) })
}

// tellFailed tells those who may pay that payments did not go through, and why: one mail for all that failed together.
func (p *Payouts) tellFailed(ctx context.Context, tx *store.Store, because string, failed ...models.Invoice) error {
	return p.tellPayers(ctx, tx, failed, func(c models.Company) models.Message { return models.PaymentFailed(c, because, failed...) })
}

// TellAsked tells those who may pay that the card holder must confirm: one mail for all that wait for it.
func (p *Payouts) TellAsked(ctx context.Context, tx *store.Store, asked ...models.Invoice) error {
	return p.tellPayers(ctx, tx, asked, func(c models.Company) models.Message { return models.ConfirmationNeeded(c, asked...) })
}

// tellOutcome tells those who may pay what they must know of a charge of these invoices, as they stood before.
func (p *Payouts) tellOutcome(ctx context.Context, tx *store.Store, was models.AttemptStatus, o Outcome, of ...models.Invoice) error {
	switch {
	case o.State == DidNotGo:
		return p.tellFailed(ctx, tx, o.Because, of...)
	case o.State == Asks && was != models.AttemptAsks:
		return p.TellAsked(ctx, tx, of...)
	}
	return nil
}

func (p *Payouts) tellPartner(ctx context.Context, tx *store.Store, i models.Invoice, message func(models.Company) models.Message) error {
	to, err := tx.PartnerReaders(ctx, i.Tenant, i.Partner)
	if err != nil {
		return err
	}
	return p.tell(ctx, tx, i.Tenant, to, message)
}

func (p *Payouts) tellPayers(ctx context.Context, tx *store.Store, about []models.Invoice, message func(models.Company) models.Message) error {
	if len(about) == 0 {
		return nil
	}
	t := about[0].Tenant
	settings, err := tx.PayoutSettings(ctx, t)
	if err != nil {
		return err
	}
	to, err := tx.PeopleOf(ctx, t.Company, settings.PayRoles...)
	if err != nil {
		return err
	}
	return p.tell(ctx, tx, t, to, message)
}

// tell queues a message to each, in the transaction that causes it.
func (p *Payouts) tell(ctx context.Context, tx *store.Store, t models.Tenant, to []models.Person, message func(models.Company) models.Message) error {
	if len(to) == 0 {
		return nil
	}
	company, err := tx.Company(ctx, t.Company)
	if err != nil {
		return err
	}
	return tx.QueueMail(ctx, t, message(company), to, p.now())
}

// Remind says what is to be said without anybody doing anything: each partner to whom money is due and who gave no way to be paid
// is told so, at most once a week.
func (p *Payouts) Remind(ctx context.Context) error {
	list, err := p.Store.Unreachables(ctx)
	if err != nil {
		return err
	}
	var failed []error // one partner's trouble is not another's
	for _, u := range list {
		missing := "where the money goes. Connect a Stripe account, or give your bank details."
		if u.Begun {
			missing = "what Stripe still asks you for. Your page says what that is."
		}
		if err := p.TellOnboarding(ctx, u.Tenant, u.Partner, u.Due, missing); err != nil {
			failed = append(failed, fmt.Errorf("remind %s: %w", u.Partner, err))
		}
	}
	return errors.Join(append(failed, p.remindOfCards(ctx))...)
}

// remindOfCards tells the companies whose card ends soon.
func (p *Payouts) remindOfCards(ctx context.Context) error {
	list, err := p.Store.CardsEnding(ctx, p.now(), p.now().AddDate(0, 0, 31))
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		if err := p.TellCardExpiring(ctx, c.Tenant, c.Brand, c.Last4, c.ExpYear, time.Month(c.ExpMonth)); err != nil {
			failed = append(failed, fmt.Errorf("remind %s of its card: %w", c.Company, err))
		}
	}
	return errors.Join(failed...)
}

// TellOnboarding tells a partner to whom money is due what is missing before it can be paid, at most once a week.
func (p *Payouts) TellOnboarding(ctx context.Context, t models.Tenant, partner models.PartnerID, due []models.Money, missing string) error {
	if len(due) == 0 {
		return nil
	}
	return p.once(ctx, t, "onboarding/"+partner.String(), 7*24*time.Hour, func(tx *store.Store) error {
		to, err := tx.PartnerReaders(ctx, t, partner)
		if err != nil {
			return err
		}
		return p.tell(ctx, tx, t, to, func(c models.Company) models.Message { return models.OnboardingIncomplete(c, due, missing) })
	})
}

// TellCardExpiring tells a company's people that the card which pays its partners ends with a month: when a month is left, and when
// a week is left, once each. It may be called every day.
func (p *Payouts) TellCardExpiring(ctx context.Context, t models.Tenant, brand, last4 string, year int, month time.Month) error {
	end := time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	about := fmt.Sprintf("card/%s/%d-%02d", last4, year, month)
	switch left := end.Sub(p.now()); {
	case left <= 0 || left > 31*24*time.Hour:
		return nil
	case left > 7*24*time.Hour:
		about += "/month"
	default:
		about += "/week"
	}
	const never = 100 * 365 * 24 * time.Hour
	return p.once(ctx, t, about, never, func(tx *store.Store) error {
		to, err := tx.PeopleOf(ctx, t.Company, models.Owner, models.Admin, models.Finance)
		if err != nil {
			return err
		}
		return p.tell(ctx, tx, t, to, func(c models.Company) models.Message {
			return models.CardExpiring(c, strings.ToUpper(brand[:min(len(brand), 1)])+brand[min(len(brand), 1):], last4, end.AddDate(0, -1, 0))
		})
	})
}

// once runs fn in a transaction unless it was said already, and not as long as again ago.
func (p *Payouts) once(ctx context.Context, t models.Tenant, about string, again time.Duration, fn func(tx *store.Store) error) error {
	return p.Store.InTx(ctx, func(tx *store.Store) error {
		if say, err := tx.Remind(ctx, t, about, again, p.now()); err != nil || !say {
			return err
		}
		return fn(tx)
	})
}
