package inbox

import (
	"context"

	"portal/commission"
	"portal/models"
	"portal/store"
)

// past is what a commission must know of what came before a payment.
func (in *Inbox) past(ctx context.Context, tx *store.Store, p models.Payment, d models.Decision, look *lookedUp) (models.Past, error) {
	if d.Partner == nil {
		return models.Past{}, nil
	}
	customer := &look.customer
	if customer.IsZero() {
		customer = nil
	}
	past, err := in.firstSale(ctx, tx, p, customer, look.first)
	if err != nil {
		return past, err
	}
	sets, err := in.rules(ctx, tx, p.Tenant, p.Via)
	if err != nil {
		return past, err
	}
	if set, found := commission.Current(sets, p.PaidAt); found && commission.Tiered(set) {
		begin, _ := commission.MonthOf(p.PaidAt)
		past.Month, err = tx.CollectedBefore(ctx, p.Tenant, p.Via, d.Partner.ID, begin, p.PaidAt, p.Key)
	}
	return past, err
}

// firstSale finds the customer's first payment: one that went back whole is none, whenever it did (P19, MONEY.md 0, rule 1).
// Then the next that stands becomes the first, and the difference is booked, as after any fact that comes late (D14).
func (in *Inbox) firstSale(ctx context.Context, tx *store.Store, p models.Payment, customer *models.CustomerID, first store.First) (models.Past, error) {
	past := models.Past{FirstSale: first.PaidAt, FirstKey: first.Key}
	if customer == nil || !first.Returned || first.Key == p.Key {
		return past, nil
	}
	standing, err := tx.FirstStanding(ctx, p.Tenant, *customer, p.PaidAt, p.Key)
	if err != nil {
		return past, err
	}
	if past.WentBack = standing.Before; standing.Key == "" {
		past.FirstSale, past.FirstKey = &p.PaidAt, p.Key
	} else {
		past.FirstSale, past.FirstKey = standing.PaidAt, standing.Key
	}
	return past, nil
}
