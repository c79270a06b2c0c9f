package inbox

import (
	"context"
	"fmt"

	"portal/models"
	"portal/store"
)

// pricedAtOnce is how many payments an entered rate prices before the call returns; the job sees to the others.
const pricedAtOnce = 500

// EnterRate keeps a rate by hand and prices at once what waited for it, on both sides of the company: rates are not of
// one mode. It gives how many commissions were priced. What cannot be a rate is a FieldErrors.
func (in *Inbox) EnterRate(ctx context.Context, company models.CompanyID, rate models.Rate, who models.Actor) (int, error) {
	if err := in.Rates.Enter(ctx, in.Store, company, who, rate); err != nil {
		return 0, err
	}
	waiting, err := in.Store.WaitingFor(ctx, company, rate.From, rate.To, pricedAtOnce+1)
	if err != nil {
		return 0, err
	}
	priced := 0
	for _, w := range waiting[:min(len(waiting), pricedAtOnce)] {
		n, err := in.price(ctx, w)
		if err != nil { // the job tries again; one payment's trouble is not another's
			in.Log.Error("a payment could not be priced", "payment", w.Payment, "error", err)
		}
		priced += n
	}
	if len(waiting) <= pricedAtOnce {
		return priced, nil
	}
	return priced, in.Store.InTx(ctx, func(tx *store.Store) error { return tx.Enqueue(ctx, models.FetchRates{}, nil) })
}

// price settles a payment anew and tells how many of its commissions wait no longer.
func (in *Inbox) price(ctx context.Context, w store.WaitingPayment) (int, error) {
	priced := 0
	err := in.alone(ctx, w.Tenant, func(tx *store.Store) error {
		before, err := in.waitingOf(ctx, tx, w)
		if err != nil {
			return err
		}
		if err := in.settle(ctx, tx, w.Tenant, w.Payment); err != nil {
			return fmt.Errorf("settle payment %s anew: %w", w.Payment, err)
		}
		after, err := in.waitingOf(ctx, tx, w)
		priced = before - after
		return err
	})
	return priced, err
}

func (in *Inbox) waitingOf(ctx context.Context, tx *store.Store, w store.WaitingPayment) (int, error) {
	list, err := tx.CommissionsOf(ctx, w.Tenant, w.Payment)
	n := 0
	for _, c := range list {
		if c.Status == models.Waiting {
			n++
		}
	}
	return n, err
}
