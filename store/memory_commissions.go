package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"portal/models"
)

type keptCommission struct {
	models.Commission
	made           time.Time
	isNew, changed bool
	listed         bool // the entries are known
	entries        []keptEntry
}

type keptEntry struct {
	models.Entry
	payable      time.Time
	isNew, moved bool
}

func (m *memory) commissionsOf(ctx context.Context, id models.PaymentID) (*keptPayment, error) {
	p, err := m.payment(ctx, id)
	if err != nil || p.earned {
		return p, err
	}
	rows, err := m.direct.CommissionsOf(ctx, m.tenant, id)
	if err != nil {
		return p, err
	}
	for _, r := range rows {
		m.earn(p, &keptCommission{Commission: r.Commission})
	}
	p.earned = true
	return p, nil
}

func (m *memory) earn(p *keptPayment, c *keptCommission) {
	p.earnings = append(p.earnings, c)
	slices.SortFunc(p.earnings, func(a, b *keptCommission) int { return a.ID.Compare(b.ID) }) // a clock may go back
	m.commissions[c.ID] = c
}

func (m *memory) keepCommission(ctx context.Context, c models.Commission, now time.Time) error {
	p, err := m.commissionsOf(ctx, c.Payment)
	if err != nil {
		return err
	}
	c.Steps, c.DecidedAt = slices.Clone(c.Steps), &now
	if k, ok := m.commissions[c.ID]; ok {
		if slices.Equal(k.Steps, c.Steps) {
			c.DecidedAt = k.DecidedAt
		}
		k.Commission, k.changed = c, true
	} else {
		m.earn(p, &keptCommission{Commission: c, made: now, isNew: true, changed: true, listed: true})
	}
	return nil
}

// entriesOf finds a commission and its entries; nil when there is none.
func (m *memory) entriesOf(ctx context.Context, id models.CommissionID) (*keptCommission, error) {
	c := m.commissions[id]
	if c == nil {
		found, err := m.direct.commissions(ctx, `c.id = $3 ORDER BY c.id LIMIT 1`, m.tenant.Company, m.tenant.Mode, id)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		if _, err := m.commissionsOf(ctx, found[0].Payment); err != nil {
			return nil, err
		}
		c = m.commissions[id]
	}
	if c.listed {
		return c, nil
	}
	return c, m.loadEntries(ctx, []*keptCommission{c})
}

// told are the entries as they are decided about.
func (c *keptCommission) told() (list []models.Entry) {
	if c == nil {
		return nil
	}
	for _, e := range c.entries {
		list = append(list, e.Entry)
	}
	return list
}

// invoiced tells whether an invoice gathers any of the entries.
func (c *keptCommission) invoiced() bool {
	return slices.ContainsFunc(c.entries, func(e keptEntry) bool { return e.Invoice != nil })
}

func (m *memory) addEntry(ctx context.Context, c models.Commission, e models.Entry) error {
	k, err := m.entriesOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if k == nil {
		return fmt.Errorf("commission %s: %w", c.ID, models.ErrNotFound)
	}
	k.entries = append(k.entries, keptEntry{Entry: e, payable: c.PayableOn, isNew: true})
	return nil
}

func (m *memory) moveEntries(ctx context.Context, c models.Commission) error {
	k, err := m.entriesOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if k == nil {
		return fmt.Errorf("commission %s: %w", c.ID, models.ErrNotFound)
	}
	for i, e := range k.entries {
		if e.Invoice == nil && !e.payable.Equal(c.PayableOn) {
			k.entries[i].payable, k.entries[i].moved = c.PayableOn, true
		}
	}
	return nil
}

func (m *memory) loadEntries(ctx context.Context, of []*keptCommission) error {
	if len(of) == 0 {
		return nil
	}
	byID := map[models.CommissionID]*keptCommission{}
	for _, c := range of {
		byID[c.ID], c.listed = c, true
	}
	var rows []struct {
		Commission models.CommissionID `db:"commission_id"`
		Payable    time.Time           `db:"payable_on"`
		entryRow
	}
	if err := m.direct.list(ctx, &rows, `SELECT commission_id, payable_on, seq, kind, amount, currency, because, at, invoice_id FROM commission_entries
		WHERE company_id = $1 AND mode = $2 AND commission_id = ANY($3::uuid[]) ORDER BY commission_id, seq`, m.tenant.Company, m.tenant.Mode,
		column(of, func(c *keptCommission) string { return uuidOf(c.ID) })); err != nil {
		return err
	}
	for _, r := range rows {
		c := byID[r.Commission]
		c.entries = append(c.entries, keptEntry{Entry: r.told(c.ID), payable: r.Payable})
	}
	return nil
}
