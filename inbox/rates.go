package inbox

import (
	"context"
	"slices"

	"portal/models"
	"portal/store"
)

// pricedAtOnce is how many payments an entered rate prices before the call returns; the job sees to the others.
const pricedAtOnce = 500

// EnterRate keeps a rate by hand and prices at once what waited for it, on both sides of the company: rates are not of
// one mode. It gives of how many payments the commissions were priced. What cannot be a rate is a FieldErrors.
func (in *Inbox) EnterRate(ctx context.Context, company models.CompanyID, rate models.Rate, who models.Actor) (int, error) {
	if err := in.Rates.Enter(ctx, in.Store, company, who, rate); err != nil {
		return 0, err
	}
	waited, err := in.Store.WaitingFor(ctx, company, rate.From, rate.To, pricedAtOnce+1)
	if err != nil || len(waited) == 0 {
		return 0, err
	}
	for _, w := range waited[:min(len(waited), pricedAtOnce)] {
		if err := in.settleAll(ctx, w.Tenant, []models.PaymentID{w.Payment}); err != nil { // the job tries again; one payment's trouble is not another's
			in.Log.Error("a payment could not be priced", "payment", w.Payment, "error", err)
		}
	}
	wait, err := in.Store.WaitingFor(ctx, company, rate.From, rate.To, 2*pricedAtOnce)
	if err != nil {
		return 0, err
	}
	priced := 0
	for _, w := range waited {
		if !slices.Contains(wait, w) {
			priced++
		}
	}
	if len(waited) <= pricedAtOnce {
		return priced, nil
	}
	return priced, in.Store.InTx(ctx, func(tx *store.Store) error { return tx.Enqueue(ctx, models.FetchRates{}, nil) })
}
