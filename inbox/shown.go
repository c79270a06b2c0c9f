package inbox

import (
	"context"
	"errors"
	"fmt"

	"portal/commission"
	"portal/models"
	"portal/store"
)

// shown turns a counted payment into the company's display currency (F110). The rate is frozen when it is first known;
// without one the payment is shown in its own currency, and waits (D11).
func (in *Inbox) shown(ctx context.Context, tx *store.Store, row store.PaymentRow, p told) error {
	had, turned := row.Shown()
	if !p.Counted || p.Gross.Currency == row.CompanyCurrency && !turned {
		if !turned && !row.ShownWaits {
			return nil
		}
		return tx.SaveShown(ctx, p.Tenant, p.ID, nil, false)
	}
	n := store.Shown{Rate: had.Rate}
	if !turned || !had.Rate.For(p.Gross.Currency, p.PaidAt) {
		rate, err := in.rate(ctx, tx, p.Company, p.Gross.Currency, row.CompanyCurrency, p.PaidAt)
		if errors.Is(err, models.ErrLater) {
			return tx.SaveShown(ctx, p.Tenant, p.ID, nil, true)
		} else if err != nil {
			return err
		}
		n.Rate = rate
	}
	for _, part := range []struct {
		of models.Money
		to *models.Money
	}{{p.Gross, &n.Gross}, {p.Base, &n.Base}, {models.Money{Minor: p.back.Total, Currency: p.Gross.Currency}, &n.Refunded}} {
		var err error
		if *part.to, err = commission.Convert(part.of, n.Rate); err != nil {
			return fmt.Errorf("show payment %s in %s: %w", p.ID, n.Rate.To.Code(), err)
		}
	}
	if turned && n == had {
		return nil
	}
	return tx.SaveShown(ctx, p.Tenant, p.ID, &n, false)
}
