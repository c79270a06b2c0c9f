package payouts

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"portal/models"
	"portal/store"
)

// Here refuses a side whose money the platform's Stripe does not move: its key has one mode.
func (p *Payouts) Here(mode models.Mode) error {
	switch p.Mode {
	case mode:
		return nil
	case "":
		return models.Refuse(models.ErrConflict, noStripe)
	}
	return models.Refuse(models.ErrConflict, fmt.Sprintf("This Portal pays through Stripe on the %s side only, and this is the %s side.", p.Mode, mode))
}

// home keeps the platform's country once Stripe has told it.
type home struct{ country atomic.Pointer[string] }

// Home is the country of the platform's own Stripe account.
func (p *Payouts) Home(ctx context.Context) (string, error) {
	if known := p.home.country.Load(); known != nil {
		return *known, nil
	}
	country, err := p.Bank.Home(ctx)
	if err == nil {
		p.home.country.Store(&country)
	}
	return country, err
}

// OpenAccount makes the account on which a partner is paid, in a country that cannot be changed later, or gives the one there is.
// It is written down before Stripe is asked: twice at once or after a crash, the same account comes back (MONEY.md 4.1).
func (p *Payouts) OpenAccount(ctx context.Context, partner models.Partner, country string, who models.Actor) (models.PayoutAccount, error) {
	none := models.PayoutAccount{}
	if err := p.Here(partner.Mode); err != nil {
		return none, err
	}
	platform, err := p.Home(ctx)
	if err != nil {
		return none, err
	}
	recipient, served := Serves(platform, country)
	if !served {
		return none, models.Invalid("country", unserved(country))
	}
	var a models.PayoutAccount
	again := true
	err = p.inTurn(ctx, partner.Tenant, func(tx *store.Store) error {
		a, err = tx.PayoutAccount(ctx, partner.Tenant, partner.ID)
		if !errors.Is(err, models.ErrNotFound) {
			return err
		}
		again = false
		a = models.PayoutAccount{Tenant: partner.Tenant, Partner: partner.ID, Country: country, Recipient: recipient, BegunBy: who.Name, BegunAt: p.now()}
		if err := tx.BeginAccount(ctx, a); err != nil {
			return err
		}
		a, err = tx.PayoutAccount(ctx, partner.Tenant, partner.ID)
		return err
	})
	if err != nil || a.Account != nil {
		return a, err
	}
	return p.endOpening(context.WithoutCancel(ctx), a, again, who)
}

// endOpening has Stripe make an account that was written down; one whose answer may have been lost is looked up first.
func (p *Payouts) endOpening(ctx context.Context, a models.PayoutAccount, again bool, who models.Actor) (models.PayoutAccount, error) {
	partner, err := p.Store.Partner(ctx, a.Tenant, a.Partner)
	if err != nil {
		return a, err
	}
	n, err := p.newAccount(ctx, a, partner)
	if err != nil {
		return a, err
	}
	at, read, found := p.now(), Account{}, false
	if again {
		if read, found, err = p.Bank.FindAccount(ctx, n); err != nil {
			return a, err
		}
	}
	if !found {
		read, err = p.Bank.OpenAccount(ctx, n)
	}
	if err != nil && !errors.Is(err, models.ErrLater) {
		return a, errors.Join(err, p.Store.DropAccount(ctx, a, p.now()))
	} else if err != nil {
		return a, err
	}
	return p.opened(ctx, a, read, at, who)
}

func (p *Payouts) newAccount(ctx context.Context, a models.PayoutAccount, partner models.Partner) (NewAccount, error) {
	company, err := p.Store.Company(ctx, a.Company)
	if err != nil {
		return NewAccount{}, err
	}
	programs, err := p.Store.Programs(ctx, a.Company)
	if err != nil {
		return NewAccount{}, err
	}
	n := NewAccount{Key: fmt.Sprintf("account-%s-%s-%d", a.Partner, a.Country, a.Number), Partner: partner, Country: a.Country, Recipient: a.Recipient, BegunAt: a.BegunAt,
		Product: "Brings customers to " + company.Name + " as a partner, and earns commission on their payments."}
	for _, program := range programs {
		if program.LandingURL != nil && n.URL == "" {
			n.URL = *program.LandingURL
		}
	}
	return n, nil
}

// opened keeps the account that Stripe made. What else was changed of the partner while Stripe was asked stays.
func (p *Payouts) opened(ctx context.Context, a models.PayoutAccount, read Account, at time.Time, who models.Actor) (models.PayoutAccount, error) {
	err := p.inTurn(ctx, a.Tenant, func(tx *store.Store) error {
		now, err := tx.PayoutAccount(ctx, a.Tenant, a.Partner)
		if err != nil || now.Account != nil {
			a = now
			return err
		}
		partner, err := tx.Partner(ctx, a.Tenant, a.Partner)
		if err != nil {
			return err
		}
		partner.StripeAccount = &read.ID
		if err := errors.Join(tx.SavePartner(ctx, partner, p.now()), tx.NameAccount(ctx, now, read.ID),
			tx.Audited(ctx, a.Company, who, "account.opened", a.Partner.String(), read.ID+" in "+read.Country, p.now())); err != nil {
			return err
		}
		if _, err := tx.KeepAccountState(ctx, now, read.AccountState, at); err != nil {
			return err
		}
		a, err = tx.PayoutAccount(ctx, a.Tenant, a.Partner)
		return err
	})
	return a, err
}

// ConnectPartner makes the account that a partner is paid on, in the partner's country or the platform's, and remembers it.
func (p *Payouts) ConnectPartner(ctx context.Context, partner models.Partner) (models.Partner, error) {
	country, err := p.Home(ctx)
	if err != nil {
		return partner, fmt.Errorf("open an account for %s: %w", partner.ID, err)
	}
	if partner.Country != nil {
		country = *partner.Country
	}
	if _, err := p.OpenAccount(ctx, partner, country, models.Actor{Name: "Portal"}); err != nil {
		return partner, fmt.Errorf("open an account for %s: %w", partner.ID, err)
	}
	return p.Store.Partner(ctx, partner.Tenant, partner.ID)
}

// Leave puts a partner's account aside, so that another can be opened: while nothing was ever paid to it, and Stripe has not rejected
// its owner. It is deleted at Stripe.
func (p *Payouts) Leave(ctx context.Context, t models.Tenant, partner models.PartnerID, who models.Actor) error {
	a, err := p.leave(ctx, t, partner, mayLeave, who)
	if err != nil || a.Account == nil || a.Gone {
		return err
	}
	if err := p.Bank.CloseAccount(context.WithoutCancel(ctx), *a.Account); err != nil {
		p.Log.Warn("an account that nobody uses stays at Stripe", "account", *a.Account, "error", err)
	}
	return nil
}

// LetLeave puts a partner's account aside for the company, also one that was paid to: it stays at Stripe. It is refused while a payment
// is under way to it, and after a rejection, which is final.
func (p *Payouts) LetLeave(ctx context.Context, t models.Tenant, partner models.PartnerID, who models.Actor) error {
	_, err := p.leave(ctx, t, partner, func(ctx context.Context, tx *store.Store, a models.PayoutAccount) error {
		if a.Rejected() {
			return models.Refuse(models.ErrConflict, "Stripe rejected this account, and that is final: another one would be rejected too. Pay to bank details instead.")
		}
		busy, err := tx.AccountPaidNow(ctx, t, *a.Account)
		if err == nil && busy {
			err = models.Refuse(models.ErrConflict, "A payment to this account is under way. Let the partner use another one when it has ended.")
		}
		return err
	}, who)
	return err
}

func (p *Payouts) leave(ctx context.Context, t models.Tenant, partner models.PartnerID, may func(context.Context, *store.Store, models.PayoutAccount) error, who models.Actor) (models.PayoutAccount, error) {
	var a models.PayoutAccount
	if err := p.Here(t.Mode); err != nil {
		return a, err
	}
	err := p.inTurn(ctx, t, func(tx *store.Store) error {
		var err error
		if a, err = tx.PayoutAccount(ctx, t, partner); err != nil || a.Account == nil {
			return err
		}
		if err := may(ctx, tx, a); err != nil {
			return err
		}
		owner, err := tx.Partner(ctx, t, partner)
		if err != nil {
			return err
		}
		owner.StripeAccount = nil
		return errors.Join(tx.SavePartner(ctx, owner, p.now()), tx.LeaveAccount(ctx, a, p.now()),
			tx.Audited(ctx, t.Company, who, "account.left", partner.String(), *a.Account+" in "+a.Country, p.now()))
	})
	return a, err
}

// MayLeave tells whether another account may take this one's place; a Refusal says why not.
func (p *Payouts) MayLeave(ctx context.Context, a models.PayoutAccount) error {
	return mayLeave(ctx, p.Store, a)
}

func mayLeave(ctx context.Context, s *store.Store, a models.PayoutAccount) error {
	if a.Rejected() {
		return models.Refuse(models.ErrConflict, "Stripe rejected this account, and that is final: another one would be rejected too. Give your bank details instead.")
	}
	used, err := s.AccountUsed(ctx, a.Tenant, *a.Account)
	if err == nil && used {
		err = models.Refuse(models.ErrConflict, "You were paid on this account before, so it cannot be exchanged here. Ask the company that pays you.")
	}
	return err
}
