package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// SaveCard keeps a company's card for its payouts, in place of the one before, without Stripe's page.
func (p *Payouts) SaveCard(ctx context.Context, t models.Tenant, method string) (models.Card, error) {
	payer, err := p.customer(ctx, t)
	if err != nil {
		return models.Card{}, err
	}
	card, err := p.Bank.SaveCard(ctx, payer.Customer, method)
	if err != nil {
		return card, fmt.Errorf("save a card for %s: %w", t.Company, err)
	}
	return card, p.take(ctx, t, SetUp{Customer: payer.Customer, Status: "complete", BegunAt: p.now().Truncate(time.Second), Card: card}, models.Actor{Name: "Portal"})
}

// customer is a company as a customer of the platform's Stripe, made once: it is written down before Stripe is asked, and looked up
// when the answer was lost.
func (p *Payouts) customer(ctx context.Context, t models.Tenant) (models.Payer, error) {
	payer, err := p.Store.Payer(ctx, t)
	again := err == nil
	if errors.Is(err, models.ErrNotFound) {
		err = p.Store.BeginPayer(ctx, t, p.now())
	}
	if err != nil || payer.Customer != "" {
		return payer, err
	}
	company, err := p.Store.Company(ctx, t.Company)
	if err != nil {
		return payer, err
	}
	id, found := "", false
	if again {
		if id, found, err = p.Bank.FindCustomer(ctx, t, payer.BegunAt); err != nil {
			return payer, err
		}
	}
	if !found {
		if id, err = p.Bank.OpenCustomer(context.WithoutCancel(ctx), t, company.Name); err != nil {
			return payer, err
		}
	}
	return p.payer(context.WithoutCancel(ctx), t, func(_ *store.Store, one *models.Payer) error {
		if one.Customer == "" {
			one.Customer = id
		}
		return nil
	})
}

// payer changes how a company pays, alone.
func (p *Payouts) payer(ctx context.Context, t models.Tenant, change func(*store.Store, *models.Payer) error) (models.Payer, error) {
	var one models.Payer
	err := p.inTurn(ctx, t, func(tx *store.Store) (err error) {
		if one, err = tx.Payer(ctx, t); err != nil {
			return err
		}
		if err := change(tx, &one); err != nil {
			return err
		}
		return tx.SavePayer(ctx, one)
	})
	return one, err
}

// CardPage opens a page of Stripe's on which a company saves a card (F102).
func (p *Payouts) CardPage(ctx context.Context, t models.Tenant, back, cancel string, who models.Actor) (string, error) {
	if err := p.Here(t.Mode); err != nil {
		return "", err
	}
	payer, err := p.customer(ctx, t)
	if err != nil {
		return "", err
	}
	if payer.Session != "" { // of two pages the older one would be ignored
		if err := p.closePage(ctx, payer); err != nil {
			return "", err
		}
	}
	session, url, err := p.Bank.CardPage(ctx, t, payer.Customer, back, cancel)
	if err != nil {
		return "", err
	}
	_, err = p.payer(ctx, t, func(_ *store.Store, one *models.Payer) error {
		one.Session, one.SessionBy = session, who.Name
		return nil
	})
	return url, err
}

// closePage ends the page that was opened before, so that no card is saved on it any more. One on which a card was saved counts.
func (p *Payouts) closePage(ctx context.Context, payer models.Payer) error {
	set, err := p.EndCardPage(ctx, payer.Tenant, payer.Session, models.Actor{Name: or(payer.SessionBy, "Stripe")})
	if err == nil && set.Status == "open" {
		err = p.Bank.CloseCardPage(ctx, payer.Session)
	}
	return err
}

// EndCardPage reads what became of a page on which a card was to be saved, and keeps the card. The page must have been this company's
// own. How it stands is SetUp's; it may be asked any number of times.
func (p *Payouts) EndCardPage(ctx context.Context, t models.Tenant, id string, who models.Actor) (SetUp, error) {
	if err := p.Here(t.Mode); err != nil {
		return SetUp{}, err
	}
	payer, err := p.Store.Payer(ctx, t)
	if err != nil {
		return SetUp{}, notYours(err)
	}
	set, err := p.Bank.ReadSetUp(ctx, id)
	if err != nil {
		return set, err
	}
	if set.Customer != payer.Customer {
		return set, notYours(nil)
	}
	return set, p.take(ctx, t, set, who)
}

func notYours(err error) error {
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	return models.Refuse(models.ErrConflict, "That page of Stripe's belongs to another company. Nothing was changed.")
}

// take keeps a card that was saved: of two, the one that Stripe began to save later. Then it is made the default, and others are taken
// off the customer, unless a payment by one of them is under way.
func (p *Payouts) take(ctx context.Context, t models.Tenant, set SetUp, who models.Actor) error {
	isNew := false
	payer, err := p.payer(ctx, t, func(tx *store.Store, one *models.Payer) error {
		switch {
		case set.Status == "open":
			return nil
		case one.SetUpAt != nil && set.BegunAt.Before(*one.SetUpAt), set.Status == "expired":
			return nil
		case set.Card.Method == one.Method, set.Card.Customer != one.Customer:
			return nil // known, or taken off since
		}
		isNew = true
		one.Card, one.SetUpAt, one.SavedBy, one.SavedAt, one.ReadAt, one.Lost, one.Session = set.Card, &set.BegunAt, who.Name, new(p.now()), new(p.now()), "", ""
		return tx.Audited(ctx, t.Company, who, "card.saved", one.Customer, set.Card.Brand+" ending "+set.Card.Last4, p.now())
	})
	if err != nil || !isNew {
		return err
	}
	p.useCard(ctx, payer)
	return nil
}

// useCard tells Stripe which card is the company's. What fails is done again when the card is next read.
func (p *Payouts) useCard(ctx context.Context, payer models.Payer) {
	pays, err := p.Store.PaysNow(ctx, payer.Tenant)
	if err == nil && !pays {
		err = p.Bank.UseCard(context.WithoutCancel(ctx), payer.Card)
	}
	if err != nil {
		p.Log.Warn("a card that is not used stays at Stripe", "company", payer.Company, "error", err)
	}
}

// RemoveCard takes a company's card away. It is refused while a payment is under way.
func (p *Payouts) RemoveCard(ctx context.Context, t models.Tenant, who models.Actor) error {
	if err := p.Here(t.Mode); err != nil {
		return err
	}
	payer, err := p.payer(ctx, t, func(tx *store.Store, one *models.Payer) error {
		if one.Method == "" {
			return models.Refuse(models.ErrConflict, "No card is saved.")
		}
		pays, err := tx.PaysNow(ctx, t)
		if err != nil {
			return err
		}
		if pays {
			return models.Refuse(models.ErrConflict, "A payment by this card is under way. Remove the card when it has ended, or replace it now.")
		}
		said := one.Brand + " ending " + one.Last4
		one.Card = models.Card{Customer: one.Customer}
		return tx.Audited(ctx, t.Company, who, "card.removed", one.Customer, said, p.now())
	})
	if err != nil {
		return err
	}
	p.useCard(ctx, payer)
	return nil
}
