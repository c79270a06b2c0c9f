package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"portal/models"
	"portal/store"
)

// Offer is what paying several invoices at once would do, before anything is done.
type Offer struct {
	Card   models.Card
	Groups []OfferGroup
	Not    []OfferNot
}

// OfferGroup is the invoices of one currency that can be paid.
type OfferGroup struct {
	Currency models.Currency
	Sum      models.Money // what the partners get
	Fee      models.Money
	Invoices []models.Invoice
	Charges  int // of the card
}

// OfferNot is an invoice that cannot be paid now.
type OfferNot struct {
	Invoice models.Invoice
	Because string // with what to do
}

// Offer works out what paying these invoices would do. It asks Stripe how the partners' accounts stand, and moves nothing.
func (p *Payouts) Offer(ctx context.Context, t models.Tenant, list []models.Invoice) (Offer, error) {
	answers, err := p.ask(ctx, t, list)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{}
	if o.Card, err = p.Store.Card(ctx, t); err != nil && !errors.Is(err, models.ErrNotFound) {
		return o, err
	}
	var able []models.Invoice
	for _, i := range list {
		because, err := p.hindrance(ctx, p.Store, i, answers)
		switch {
		case err != nil:
			return o, err
		case because != "":
			o.Not = append(o.Not, OfferNot{i, because})
		default:
			able = append(able, i)
		}
	}
	for _, parcel := range p.parcels(able, answers.settles) {
		c := parcel.invoices[0].Currency
		n := slices.IndexFunc(o.Groups, func(g OfferGroup) bool { return g.Currency == c })
		if n < 0 {
			o.Groups = append(o.Groups, OfferGroup{Currency: c, Sum: models.Money{Currency: c}, Fee: models.Money{Currency: c}})
			n = len(o.Groups) - 1
		}
		g := &o.Groups[n]
		g.Sum.Minor, g.Fee.Minor, g.Charges, g.Invoices = g.Sum.Minor+parcel.sum, g.Fee.Minor+parcel.fee, g.Charges+1, append(g.Invoices, parcel.invoices...)
	}
	return o, nil
}

// answers is what Stripe says before several invoices are paid.
type answers struct {
	settles  []models.Currency
	accounts map[models.PartnerID]string // why a partner's account cannot be paid; empty when it can
}

// ask reads the accounts of all partners, some at a time, and in which currencies the platform keeps money.
func (p *Payouts) ask(ctx context.Context, t models.Tenant, list []models.Invoice) (answers, error) {
	a := answers{accounts: map[models.PartnerID]string{}}
	if p.Mode != t.Mode {
		return a, nil
	}
	_, err := p.Card(ctx, t)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return a, err
	}
	if a.settles, err = p.Bank.Settles(ctx); err != nil {
		return a, fmt.Errorf("%w: %w", models.ErrLater, err)
	}
	at := map[models.PartnerID]string{}
	for _, i := range list {
		partner, err := p.Store.Partner(ctx, t, i.Partner)
		if err != nil {
			return a, err
		}
		if partner.StripeAccount != nil {
			at[i.Partner] = *partner.StripeAccount
		}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	turn := make(chan struct{}, 8)
	for partner, account := range at {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			stands, err := p.Bank.ReadAccount(ctx, account)
			because := stands.CannotReceive()
			if err != nil {
				because = "Stripe could not be asked how the partner's account stands. Try again in a minute."
			}
			mu.Lock()
			defer mu.Unlock()
			a.accounts[partner] = because
		})
	}
	all.Wait()
	return a, nil
}

// hindrance says why an invoice cannot be paid now, with what to do; empty when it can.
func (p *Payouts) hindrance(ctx context.Context, tx *store.Store, i models.Invoice, a answers) (string, error) {
	err := p.approved(ctx, tx, i)
	if err == nil {
		_, _, err = p.byCard(ctx, tx, i, p.Fee(i.Total()))
	}
	var no models.Refusal
	switch {
	case errors.As(err, &no):
		return no.Sentence, nil
	case err != nil:
		return "", err
	}
	return a.accounts[i.Partner], nil
}

// parcel is the invoices that one charge pays.
type parcel struct {
	invoices []models.Invoice
	sum, fee int64
}

// parcels puts invoices together: all of a currency in which the platform settles in one charge, as far as Stripe takes one; others
// each alone (MONEY.md 4.4).
func (p *Payouts) parcels(list []models.Invoice, settles []models.Currency) []parcel {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b models.Invoice) int {
		if a.Currency != b.Currency {
			return map[bool]int{true: -1, false: 1}[a.Currency < b.Currency]
		}
		return 0
	})
	var all []parcel
	for _, i := range list {
		if n := len(all) - 1; n >= 0 && all[n].invoices[0].Currency == i.Currency && slices.Contains(settles, i.Currency) {
			sum := all[n].sum + i.TotalMinor
			if fee := p.Fee(models.Money{Minor: sum, Currency: i.Currency}).Minor; sum+fee <= mostOf(i.Currency) {
				all[n] = parcel{append(all[n].invoices, i), sum, fee}
				continue
			}
		}
		all = append(all, parcel{[]models.Invoice{i}, i.TotalMinor, p.Fee(i.Total()).Minor})
	}
	return all
}
