package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/store"
)

// ConnectPartner makes the Stripe account that a partner is paid on and remembers it. What else was changed of the partner
// while Stripe was asked stays.
func (p *Payouts) ConnectPartner(ctx context.Context, partner models.Partner) (models.Partner, error) {
	account, err := p.Bank.OpenAccount(ctx, partner)
	if err != nil {
		return partner, fmt.Errorf("open an account for %s: %w", partner.ID, err)
	}
	err = p.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.LockBucket(ctx, partner.Tenant); err != nil {
			return err
		}
		if partner, err = tx.Partner(ctx, partner.Tenant, partner.ID); err != nil {
			return err
		}
		partner.StripeAccount = &account
		return tx.SavePartner(ctx, partner, p.now())
	})
	return partner, err
}

// SaveCard keeps a company's card for its payouts.
func (p *Payouts) SaveCard(ctx context.Context, t models.Tenant, method string) (models.Card, error) {
	company, err := p.Store.Company(ctx, t.Company)
	if err != nil {
		return models.Card{}, err
	}
	before, err := p.Store.Card(ctx, t)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return models.Card{}, err
	}
	card, err := p.Bank.SaveCard(ctx, company, before.Customer, method)
	if err != nil {
		return card, fmt.Errorf("save a card for %s: %w", t.Company, err)
	}
	return card, p.Store.SaveCard(ctx, t, card)
}
