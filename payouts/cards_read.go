package payouts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portal/models"
	"portal/store"
)

// Card loads the card a company pays with, as Stripe has it now: one that was taken off there is ErrNotFound. When Stripe does not
// answer, what was known before holds.
func (p *Payouts) Card(ctx context.Context, t models.Tenant) (models.Card, error) {
	payer, err := p.Store.Payer(ctx, t)
	if err != nil {
		return payer.Card, err
	}
	if _, err := p.readCard(ctx, payer); err != nil {
		p.Log.Info("Stripe did not say how a card stands", "company", t.Company, "error", err)
	}
	return p.Store.Card(ctx, t)
}

// HearOfCard reads anew what an event told of: a page on which a card was saved, or a card.
func (p *Payouts) HearOfCard(ctx context.Context, object, customer string) error {
	if p.Mode == "" {
		return nil
	}
	payers, err := p.Store.PayersCalled(ctx, p.Mode, customer, object)
	if err != nil {
		return err
	}
	for _, payer := range payers {
		if strings.HasPrefix(object, "pm_") {
			_, failed := p.readCard(ctx, payer)
			err = errors.Join(err, failed)
			continue
		}
		_, failed := p.EndCardPage(ctx, payer.Tenant, object, models.Actor{Name: or(payer.SessionBy, "Stripe")})
		err = errors.Join(err, failed)
	}
	return err
}

// ReadCards asks once a day about every company's card, and about the pages from which nobody came back.
func (p *Payouts) ReadCards(ctx context.Context) error {
	if p.Mode == "" {
		return nil
	}
	payers, err := p.Store.PayersToRead(ctx, p.Mode, p.now().Add(-once), many)
	if err != nil {
		return err
	}
	var failed []error
	for _, payer := range payers {
		now, err := p.readCard(ctx, payer)
		if err == nil && now.Customer != "" {
			p.useCard(ctx, now)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("read the card of %s: %w", payer.Company, err))
		}
	}
	return errors.Join(failed...)
}

// readCard asks Stripe about a company's page and card, and keeps what it says. A card that was taken off is lost.
func (p *Payouts) readCard(ctx context.Context, payer models.Payer) (models.Payer, error) {
	if payer.Customer == "" || p.Mode != payer.Mode {
		return payer, nil
	}
	if payer.Session != "" {
		if err := p.lookAtPage(ctx, payer); err != nil {
			return payer, err
		}
	}
	at := p.now()
	var card models.Card
	if payer.Method != "" {
		var err error
		if card, err = p.Bank.ReadCard(ctx, payer.Method); err != nil {
			return payer, err
		}
	}
	return p.payer(ctx, payer.Tenant, func(tx *store.Store, one *models.Payer) error {
		switch {
		case one.Method != payer.Method: // another one meanwhile
			return nil
		case one.Method != "" && card.Customer != one.Customer:
			said := one.Brand + " ending " + one.Last4
			one.Lost, one.Card = "The "+said+" was removed in Stripe.", models.Card{Customer: one.Customer}
			if err := tx.Audited(ctx, payer.Company, models.Actor{Name: "Stripe"}, "card.lost", one.Customer, said, at); err != nil {
				return err
			}
		case one.Method != "":
			one.Card = card
		}
		one.ReadAt = &at
		return nil
	})
}

// lookAtPage ends a page from which nobody came back.
func (p *Payouts) lookAtPage(ctx context.Context, payer models.Payer) error {
	set, err := p.EndCardPage(ctx, payer.Tenant, payer.Session, models.Actor{Name: or(payer.SessionBy, "Stripe")})
	if err != nil || set.Status == "open" {
		return err
	}
	_, err = p.payer(ctx, payer.Tenant, func(_ *store.Store, one *models.Payer) error {
		if one.Session == payer.Session {
			one.Session = ""
		}
		return nil
	})
	return err
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
