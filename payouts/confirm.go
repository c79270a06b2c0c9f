package payouts

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/store"
)

// Asking is a payment that waits for the card holder: of one invoice, or of several that one charge pays.
type Asking struct {
	Amount   models.Money // with the fee
	Fee      models.Money
	Invoices int
	Method   string
	order    Order
	attempt  models.Attempt
}

// Asking finds what waits for the card holder of an invoice. Nothing is an ErrConflict.
func (p *Payouts) Asking(ctx context.Context, t models.Tenant, id models.InvoiceID) (Asking, error) {
	list, err := p.Store.AttemptsOf(ctx, t, id)
	if err != nil {
		return Asking{}, err
	}
	for _, a := range list {
		if a.Status != models.AttemptAsks || a.Intent == nil {
			continue
		}
		if a.Charge == nil {
			o, err := p.order(ctx, a)
			return Asking{models.Money{Minor: a.Amount + a.Fee, Currency: a.Currency}, models.Money{Minor: a.Fee, Currency: a.Currency}, 1, a.Method, o, a}, err
		}
		c, err := p.Store.Charge(ctx, t, *a.Charge)
		if err != nil {
			return Asking{}, err
		}
		all, err := p.Store.AttemptsOfCharge(ctx, t, c.ID)
		return Asking{models.Money{Minor: c.Amount, Currency: c.Currency}, models.Money{Minor: c.Fee, Currency: c.Currency}, len(all), c.Method, orderOfCharge(c, len(all)), a}, err
	}
	return Asking{}, models.Refuse(models.ErrConflict, "Nothing of this invoice waits for a confirmation any more.")
}

// Confirm confirms what waits for the card holder of an invoice, who is there. It gives the page on which the card's bank asks;
// empty when it does not ask any more. Back is where that page leads in the end (MONEY.md 4.5).
func (p *Payouts) Confirm(ctx context.Context, t models.Tenant, id models.InvoiceID, back string, who models.Actor) (page string, err error) {
	return p.answer(ctx, t, id, "invoice.confirm", who, func(o Order) (Outcome, error) { return p.Bank.Confirm(ctx, o, back) })
}

// GiveUp cancels what waits for the card holder of an invoice, so that it can be paid again.
func (p *Payouts) GiveUp(ctx context.Context, t models.Tenant, id models.InvoiceID, who models.Actor) error {
	_, err := p.answer(ctx, t, id, "invoice.given_up", who, func(o Order) (Outcome, error) { return p.Bank.Cancel(ctx, o) })
	return err
}

func (p *Payouts) answer(ctx context.Context, t models.Tenant, id models.InvoiceID, action string, who models.Actor, ask func(Order) (Outcome, error)) (string, error) {
	w, err := p.Asking(ctx, t, id)
	if err != nil {
		return "", err
	}
	err = p.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(p.mayPay(ctx, tx, t, who), tx.Audited(ctx, t.Company, who, action, id.String(), w.Amount.String(), p.now()))
	})
	if err != nil {
		return "", err
	}
	outcome, err := ask(w.order)
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", models.ErrLater, w.order.ID, err)
	}
	if w.attempt.Charge != nil {
		err = p.endedCharge(context.WithoutCancel(ctx), t, *w.attempt.Charge, outcome)
	} else {
		err = p.ended(context.WithoutCancel(ctx), w.attempt, outcome)
	}
	if errors.Is(err, models.ErrLater) {
		err = nil // the page shows that it is under way
	}
	return outcome.Page, err
}
