package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"portal/models"
)

// linkKey names one link.
type linkKey struct {
	customer models.CustomerID
	at       int64
	origin   string
	payment  string
	batch    models.BackfillID // zero: none
}

func keyOfLink(l models.Link) linkKey {
	return linkKey{l.Customer, l.From.UnixMicro(), l.Origin, l.PayKey, l.Batch}
}

func (m *memory) linksOf(ctx context.Context, id models.CustomerID) ([]models.Link, error) {
	k, err := m.customer(ctx, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if !k.linked {
		if k.links, err = m.direct.LinksOf(ctx, m.tenant, id); err != nil {
			return nil, err
		}
		k.linked = true
	}
	list := slices.Clone(k.links)
	for i, l := range list {
		if l.Payment == nil {
			continue
		}
		if p, ok := m.payments[*l.Payment]; ok {
			list[i].Guest = p.CustomerRef == ""
		}
	}
	return list, nil
}

func (m *memory) addLink(ctx context.Context, l models.Link) error {
	if _, err := m.linksOf(ctx, l.Customer); err != nil {
		return err
	}
	k, err := m.customer(ctx, l.Customer)
	if err != nil {
		return err
	}
	if l.Payment != nil { // whether it is a guest's
		if _, err := m.payment(ctx, *l.Payment); err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	at := slices.IndexFunc(k.links, func(o models.Link) bool { return keyOfLink(o) == keyOfLink(l) })
	if at >= 0 {
		k.links[at].Partner, k.links[at].Program = l.Partner, l.Program
		l = k.links[at]
	} else {
		k.links = append(k.links, l)
		slices.SortStableFunc(k.links, func(a, b models.Link) int {
			return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.PayKey, b.PayKey), a.Batch.Compare(b.Batch), cmp.Compare(a.Origin, b.Origin))
		})
	}
	m.links[keyOfLink(l)] = &l
	return nil
}

func (m *memory) forgetLinks(ctx context.Context, id models.CustomerID, since time.Time, key string) error {
	if _, err := m.linksOf(ctx, id); err != nil {
		return err
	}
	k := m.customers[id]
	if k == nil { // there is no such customer
		return nil
	}
	from := place{since.UnixMicro(), key}
	k.links = slices.DeleteFunc(k.links, func(l models.Link) bool {
		gone := l.Origin == "event" && !(place{l.From.UnixMicro(), l.PayKey}).before(from)
		if gone {
			m.links[keyOfLink(l)] = nil
		}
		return gone
	})
	return nil
}
