package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// Refresh asks Stripe how the account of a partner stands, and gives it. Without one it is ErrNotFound; one whose making had no
// answer is looked up and made.
func (p *Payouts) Refresh(ctx context.Context, t models.Tenant, partner models.PartnerID) (models.PayoutAccount, error) {
	a, err := p.Store.PayoutAccount(ctx, t, partner)
	if err != nil {
		return a, err
	}
	if err := p.Here(t.Mode); err != nil {
		return a, err
	}
	return p.refresh(ctx, a)
}

func (p *Payouts) refresh(ctx context.Context, a models.PayoutAccount) (models.PayoutAccount, error) {
	if a.Account == nil {
		return p.endOpening(ctx, a, true, models.Actor{Name: a.BegunBy})
	}
	at := p.now() // before Stripe is asked: what is read later holds
	read, err := p.Bank.ReadAccount(ctx, *a.Account)
	if err != nil {
		return a, err
	}
	err = p.Store.InTx(ctx, func(tx *store.Store) error {
		isNew, err := tx.KeepAccountState(ctx, a, read.AccountState, at)
		if err != nil || !isNew || a.CanReceive() == read.CanReceive() && a.Rejected() == read.Rejected() {
			return err
		}
		said := "it can be paid"
		if why := read.CannotReceive(); why != "" {
			said = why
		}
		return tx.Audited(ctx, a.Company, models.Actor{Name: "Stripe"}, "account.changed", a.Partner.String(), said, at)
	})
	if err != nil {
		return a, err
	}
	return p.Store.PayoutAccount(ctx, a.Tenant, a.Partner)
}

// HearOfAccount reads an account anew of which an event told. It may come late, twice and in any order (MONEY.md 1.3).
func (p *Payouts) HearOfAccount(ctx context.Context, mode models.Mode, account string) error {
	if p.Mode != mode {
		return nil
	}
	list, err := p.Store.AccountsCalled(ctx, mode, account)
	if err != nil {
		return err
	}
	return p.each(ctx, list)
}

// once is how often Stripe is asked about what it says nothing of by itself, and lost how long an answer may take that it does not.
const (
	once = 24 * time.Hour
	lost = 2 * time.Minute
	many = 500 // at a time
)

// ReadAccounts asks once a day about the accounts that cannot receive yet, and ends the making of those whose answer was lost.
func (p *Payouts) ReadAccounts(ctx context.Context) error {
	if p.Mode == "" {
		return nil
	}
	begun, err := p.Store.AccountsBegun(ctx, p.Mode, p.now().Add(-lost), many)
	if err != nil {
		return err
	}
	unable, err := p.Store.AccountsUnable(ctx, p.Mode, p.now().Add(-once), many)
	if err != nil {
		return err
	}
	return p.each(ctx, append(begun, unable...))
}

func (p *Payouts) each(ctx context.Context, list []models.PayoutAccount) error {
	var failed []error // one partner's trouble is not another's
	for _, a := range list {
		if _, err := p.refresh(ctx, a); err != nil {
			failed = append(failed, fmt.Errorf("read the account of %s: %w", a.Partner, err))
		}
	}
	return errors.Join(failed...)
}

// OnboardingLink leads a partner to Stripe's questions. It works once and for minutes, and is never mailed.
func (p *Payouts) OnboardingLink(ctx context.Context, t models.Tenant, partner models.PartnerID, back, again string) (string, error) {
	a, err := p.usable(ctx, t, partner)
	if err != nil {
		return "", err
	}
	return p.Bank.OnboardingLink(ctx, *a.Account, back, again)
}

// LoginLink leads a partner to their dashboard at Stripe, once they have answered its questions.
func (p *Payouts) LoginLink(ctx context.Context, t models.Tenant, partner models.PartnerID) (string, error) {
	a, err := p.usable(ctx, t, partner)
	if err != nil {
		return "", err
	}
	if !a.Submitted {
		return "", models.Refuse(models.ErrConflict, "Stripe has a page for you once you have answered its questions. Go on with them first.")
	}
	return p.Bank.LoginLink(ctx, *a.Account)
}

// usable is a partner's account that can still be used.
func (p *Payouts) usable(ctx context.Context, t models.Tenant, partner models.PartnerID) (models.PayoutAccount, error) {
	a, err := p.Store.PayoutAccount(ctx, t, partner)
	switch {
	case errors.Is(err, models.ErrNotFound) || err == nil && a.Account == nil:
		return a, models.Refuse(models.ErrConflict, "You have no Stripe account here yet. Choose your country first.")
	case err != nil:
		return a, err
	case a.Rejected():
		return a, models.Refuse(models.ErrConflict, "Stripe rejected this account, and that is final. Give your bank details instead.")
	case a.Gone:
		return a, models.Refuse(models.ErrConflict, "This account is closed at Stripe. Use another one.")
	}
	return a, p.Here(t.Mode)
}
