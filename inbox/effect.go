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

// effect does something to a customer's payments from a moment on, and tells what it changed, and which commissions shrank:
// it looks at those payments before and after, and notes every entry that is written meanwhile, on others' payments too.
func (in *Inbox) effect(ctx context.Context, tx *store.Store, c models.Customer, from since, act func(context.Context) error) (e models.Effect, shrunk []models.CommissionID, err error) {
	before, err := in.picture(ctx, tx, c, from)
	if err != nil {
		return e, nil, err
	}
	seen := &noting{map[models.CommissionID]*noted{}, map[models.InvoiceID]*models.InvoiceEffect{}}
	if err := act(context.WithValue(ctx, notingKey{}, seen)); err != nil {
		return e, nil, err
	}
	after, err := in.picture(ctx, tx, c, from)
	if err != nil {
		return e, nil, err
	}
	shrunk = seen.shrunk()
	paid, err := tx.EntriesPaid(ctx, c.Tenant, shrunk)
	if err != nil {
		return e, nil, err
	}
	e.Changes, e.Alike = changes(before, after, paid)
	others, err := seen.beside(ctx, tx, c.Tenant, after, paid)
	if err != nil {
		return e, nil, err
	}
	e.Changes = append(e.Changes, others...)
	if e.Partners, err = seen.partners(ctx, tx, c.Tenant); err != nil {
		return e, nil, err
	}
	for _, id := range slices.SortedFunc(maps.Keys(seen.invoices), func(a, b models.InvoiceID) int { return cmp.Compare(a.String(), b.String()) }) {
		e.Invoices = append(e.Invoices, *seen.invoices[id])
	}
	return e, shrunk, nil
}

// noting is what a piece of work writes, for telling its effect.
type noting struct {
	entries  map[models.CommissionID]*noted
	invoices map[models.InvoiceID]*models.InvoiceEffect
}

// noted is a commission as it was written last, and what its entries came to.
type noted struct {
	models.Commission
	more int64
}

type notingKey struct{}

// noteEntry notes an entry, where somebody wants to know.
func noteEntry(ctx context.Context, c models.Commission, e models.Entry) {
	seen, wanted := ctx.Value(notingKey{}).(*noting)
	if !wanted {
		return
	}
	if seen.entries[c.ID] == nil {
		seen.entries[c.ID] = &noted{}
	}
	n := seen.entries[c.ID]
	n.Commission, n.more = c, n.more+e.Amount.Minor
}

// noteInvoice notes that an invoice shrank, where somebody wants to know.
func noteInvoice(ctx context.Context, i models.Invoice, before models.Money) {
	seen, wanted := ctx.Value(notingKey{}).(*noting)
	if !wanted {
		return
	}
	if seen.invoices[i.ID] == nil {
		seen.invoices[i.ID] = &models.InvoiceEffect{ID: i.ID, Number: i.Number, Name: i.PartnerName, Before: before}
	}
	seen.invoices[i.ID].After, seen.invoices[i.ID].Status = i.Total(), i.Status
}

func (n *noting) shrunk() []models.CommissionID {
	var ids []models.CommissionID
	for id, c := range n.entries {
		if c.more < 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// partners sum by partner and currency what all entries came to.
func (n *noting) partners(ctx context.Context, tx *store.Store, t models.Tenant) ([]models.PartnerEffect, error) {
	type of struct {
		partner  models.PartnerID
		currency models.Currency
	}
	sums := map[of]models.PartnerEffect{}
	for _, c := range n.entries {
		if c.more != 0 {
			key := of{c.Partner, c.Amount.Currency}
			sum := sums[key]
			sum.Payments++
			sum.Amount = models.Money{Minor: sum.Amount.Minor + c.more, Currency: c.Amount.Currency}
			sums[key] = sum
		}
	}
	var list []models.PartnerEffect
	for key, sum := range sums {
		p, err := tx.Partner(ctx, t, key.partner)
		if err != nil {
			return nil, err
		}
		sum.Partner, sum.Key, sum.Name = p.ID, p.Key, p.Name
		list = append(list, sum)
	}
	slices.SortFunc(list, func(a, b models.PartnerEffect) int {
		return cmp.Or(cmp.Compare(b.Amount.Minor, a.Amount.Minor), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return list, nil
}

// beside are the changes of payments that are not in the picture: others of a partner's month, whose tier is another now.
func (n *noting) beside(ctx context.Context, tx *store.Store, t models.Tenant, after picture, paid map[models.CommissionID]string) ([]models.Change, error) {
	var ids []models.PaymentID
	of := map[models.PaymentID]*noted{}
	for _, c := range n.entries {
		if _, pictured := after.earned[c.Payment]; !pictured && c.more != 0 {
			ids, of[c.Payment] = append(ids, c.Payment), c
		}
	}
	rows, err := tx.PaymentsByID(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	var list []models.Change
	for _, p := range rows {
		c := of[p.ID]
		if p.Partner == nil || *p.Partner != c.Partner {
			continue
		}
		now := models.Share{Partner: c.Partner, Key: *p.PartnerKey, Name: *p.PartnerName, Amount: &c.Amount, Rate: c.Rate, PayableOn: &c.PayableOn, Status: c.Status}
		was := now
		was.Amount = &models.Money{Minor: c.Amount.Minor - c.more, Currency: c.Amount.Currency}
		list = append(list, models.Change{Payment: p.ID, Key: p.Key, PaidAt: p.PaidAt, Gross: p.Money(p.Gross), Before: was, After: now, WasPaid: paid[c.ID] != ""})
	}
	return list, nil
}

// picture is who earns a customer's payments, and what, at one moment.
type picture struct {
	payments []store.PaymentRow
	earned   map[models.PaymentID][]store.CommissionRow
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
