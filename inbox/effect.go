package inbox

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"portal/models"
	"portal/store"
)

// picture is who earns a customer's payments, and what, at one moment.
type picture struct {
	payments []store.PaymentRow
	earned   map[models.PaymentID][]store.CommissionRow
}

// effect does something to a customer's payments from a moment on, and tells what it changed: it looks before and after.
func (in *Inbox) effect(ctx context.Context, tx *store.Store, c models.Customer, from since, act func() error) (e models.Effect, changed []models.CommissionID, err error) {
	before, err := in.picture(ctx, tx, c, from)
	if err != nil {
		return e, nil, err
	}
	all := before.commissions()
	gathering, err := tx.InvoicesGathering(ctx, c.Tenant, all)
	if err != nil {
		return e, nil, err
	}
	paid, err := tx.EntriesPaid(ctx, c.Tenant, all)
	if err != nil {
		return e, nil, err
	}
	if err := act(); err != nil {
		return e, nil, err
	}
	after, err := in.picture(ctx, tx, c, from)
	if err != nil {
		return e, nil, err
	}
	e.Changes, e.Alike = changes(before, after, paid)
	e.Partners, changed = partnerEffects(before, after)
	e.Invoices, err = invoiceEffects(ctx, tx, c.Tenant, gathering)
	return e, changed, err
}

// picture reads the payments of a customer, and of all who share an address with them, from a moment on.
func (in *Inbox) picture(ctx context.Context, tx *store.Store, c models.Customer, from since) (s picture, err error) {
	group, err := in.kin(ctx, tx, c)
	if err != nil {
		return s, err
	}
	rows, err := tx.PaymentsOfCustomers(ctx, c.Tenant, slices.Collect(maps.Keys(group)), from.at, from.key)
	if err != nil {
		return s, fmt.Errorf("list the payments of %s: %w", c.ID, err)
	}
	s.payments = slices.DeleteFunc(rows, func(p store.PaymentRow) bool { return !p.Counted })
	var ids []models.PaymentID
	for _, p := range s.payments {
		ids = append(ids, p.ID)
	}
	s.earned, err = tx.CommissionsOfAll(ctx, c.Tenant, ids)
	return s, err
}

func (s picture) commissions() []models.CommissionID {
	var ids []models.CommissionID
	for _, list := range s.earned {
		for _, c := range list {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// share is who earns a payment, and what.
func (s picture) share(p store.PaymentRow) (models.Share, models.CommissionID) {
	if p.Partner == nil {
		return models.Share{}, models.CommissionID{}
	}
	share := models.Share{Partner: *p.Partner, Key: *p.PartnerKey, Name: *p.PartnerName}
	for _, c := range s.earned[p.ID] {
		if c.Partner != *p.Partner {
			continue
		}
		share.Status, share.Rate = c.Status, c.Rate
		if c.Status != models.Waiting {
			share.Amount, share.PayableOn = &c.Amount, &c.PayableOn
		}
		return share, c.ID
	}
	return share, models.CommissionID{}
}

// changes are the payments whose partner, or what the partner earns, is another one; and how many are alike.
func changes(before, after picture, paid map[models.CommissionID]string) (list []models.Change, alike int) {
	was := map[models.PaymentID]store.PaymentRow{}
	for _, p := range before.payments {
		was[p.ID] = p
	}
	for _, p := range after.payments {
		old, commission := before.share(was[p.ID])
		now, _ := after.share(p)
		if old.Partner == now.Partner && old.Status == now.Status && (old.Amount == nil) == (now.Amount == nil) && (old.Amount == nil || *old.Amount == *now.Amount) {
			alike++
			continue
		}
		c := models.Change{Payment: p.ID, Key: p.Key, PaidAt: p.PaidAt, Gross: p.Money(p.Gross), Before: old, After: now, WasPaid: paid[commission] != ""}
		if steps := p.Steps.V; p.Partner == nil && len(steps) > 0 {
			c.Nobodies = steps[len(steps)-1].Because
		}
		list = append(list, c)
	}
	return list, alike
}

// partnerEffects sum by partner and currency what all commissions come to more, or less; and list those that shrink.
func partnerEffects(before, after picture) (list []models.PartnerEffect, shrunk []models.CommissionID) {
	type of struct {
		partner  models.PartnerID
		currency models.Currency
	}
	sums := map[of]*models.PartnerEffect{}
	add := func(c store.CommissionRow, minor int64) {
		key := of{c.Partner, c.Amount.Currency}
		if sums[key] == nil {
			sums[key] = &models.PartnerEffect{Partner: c.Partner, Key: c.PartnerKey, Amount: models.Money{Currency: c.Amount.Currency}}
		}
		sums[key].Amount.Minor += minor
		sums[key].Payments++
	}
	old := map[models.CommissionID]int64{}
	for _, list := range before.earned {
		for _, c := range list {
			old[c.ID] = c.Amount.Minor
		}
	}
	names := map[models.PartnerID]string{}
	for _, p := range slices.Concat(before.payments, after.payments) {
		if p.Partner != nil {
			names[*p.Partner] = *p.PartnerName
		}
	}
	for _, list := range after.earned {
		for _, c := range list {
			if more := c.Amount.Minor - old[c.ID]; more != 0 {
				add(c, more)
				if more < 0 {
					shrunk = append(shrunk, c.ID)
				}
			}
		}
	}
	for key, e := range sums {
		e.Name = cmp.Or(names[key.partner], e.Key)
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b models.PartnerEffect) int {
		return cmp.Or(cmp.Compare(b.Amount.Minor, a.Amount.Minor), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return list, shrunk
}

// invoiceEffects are the invoices that are not what they were.
func invoiceEffects(ctx context.Context, tx *store.Store, t models.Tenant, before []models.Invoice) ([]models.InvoiceEffect, error) {
	var ids []models.InvoiceID
	was := map[models.InvoiceID]models.Invoice{}
	for _, i := range before {
		ids, was[i.ID] = append(ids, i.ID), i
	}
	now, err := tx.InvoicesByID(ctx, t, ids)
	if err != nil {
		return nil, fmt.Errorf("load %d invoices: %w", len(ids), err)
	}
	var list []models.InvoiceEffect
	for _, i := range now {
		if old := was[i.ID]; old.TotalMinor != i.TotalMinor || old.Status != i.Status {
			list = append(list, models.InvoiceEffect{ID: i.ID, Number: i.Number, Name: i.PartnerName, Before: old.Total(), After: i.Total(), Status: i.Status})
		}
	}
	return list, nil
}
