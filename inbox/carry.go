package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// outcome is how an event ended, or the question it must ask first, or what it counts without but would like to be shown.
type outcome struct {
	status   models.EventStatus
	because  *string
	ask      *models.Question
	waitsFor []string
	wants    []models.Want
}

// carry takes one event through the rules: find the money it tells of, keep what it says, decide, book.
// The tenant's queue is locked, so nobody else decides about the tenant's money meanwhile.
func (in *Inbox) carry(ctx context.Context, tx *store.Store, e tidings) (outcome, error) {
	if errors.Is(e.err, models.ErrInvalid) {
		return outcome{status: models.EventFailed, because: new(e.err.Error())}, nil
	} else if e.err != nil {
		return outcome{}, e.err
	}
	if sources.InCatalog(e.Type) {
		if err := tx.Enqueue(ctx, models.KeepCatalog{Company: e.Company, Mode: e.Mode, Event: e.ID}, nil); err != nil {
			return outcome{}, err
		}
	}
	news := e.news
	if news.Silent != "" {
		return outcome{status: models.EventIgnored, because: &news.Silent}, nil
	}
	if err := in.again(ctx, tx, e.Event); err != nil {
		return outcome{}, err
	}
	if news.Ask != nil {
		settled, err := in.invoiceKnown(ctx, tx, e.Tenant, *news.Ask)
		if err != nil {
			return outcome{}, err
		}
		if !settled {
			return outcome{ask: news.Ask, waitsFor: known(*news.Ask)}, nil
		}
	}
	told, err := in.apply(ctx, tx, e.Event, news)
	if err != nil {
		return outcome{}, err
	}
	if len(news.Tellings)+len(news.Reversals) == 0 {
		return outcome{status: models.EventDone, because: new("Kept. It tells of " + strings.Join(subjectsOf(news.Facts), ", ") + " and counts no money.")}, nil
	}
	return in.end(ctx, tx, e.Event, told)
}

// apply keeps what the news says of each payment that it touches, and settles it, and then what its facts concern. It
// gives those it told of, as they are now, with what the provider could still show that would matter to them.
func (in *Inbox) apply(ctx context.Context, tx *store.Store, e models.Event, news models.News) (all []told, err error) {
	err = in.counted(ctx, tx, e.Tenant, func(ctx context.Context) error {
		all, err = in.applyEach(ctx, tx, e, news)
		return err
	})
	return all, err
}

func (in *Inbox) applyEach(ctx context.Context, tx *store.Store, e models.Event, news models.News) ([]told, error) {
	concerned, err := in.keepFacts(ctx, tx, e.Tenant, news.Facts)
	if err != nil {
		return nil, err
	}
	var all []told
	var own []models.PaymentID
	for _, ids := range touched(news) {
		payment, err := in.meet(ctx, tx, e, ids, news)
		if err != nil {
			return nil, err
		}
		now, err := in.settleAsking(ctx, tx, e.Tenant, payment)
		if err != nil {
			return nil, err
		}
		now.wants = wantedBy(news, now.wants)
		own, all = append(own, payment), append(all, now)
	}
	return all, in.settleTouched(ctx, tx, e.Tenant, concerned, own)
}

// invoiceKnown tells whether the money of a charge is known already and something has settled its invoice.
func (in *Inbox) invoiceKnown(ctx context.Context, tx *store.Store, t models.Tenant, q models.Question) (bool, error) {
	ids, err := tx.PaymentsWithAlias(ctx, t, known(q))
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		tellings, err := tx.Tellings(ctx, t, id)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(tellings, func(l models.Telling) bool { return l.InvoiceKnown }) {
			return true, nil
		}
	}
	return false, nil
}

// touched groups the news by money: each group is the ids of one payment.
func touched(n models.News) [][]string {
	var groups [][]string
	add := func(ids []string) {
		kept := groups[:0:0]
		for _, g := range groups {
			if slices.ContainsFunc(g, func(id string) bool { return slices.Contains(ids, id) }) {
				ids = append(ids, g...)
			} else {
				kept = append(kept, g)
			}
		}
		slices.Sort(ids)
		groups = append(kept, slices.Compact(ids))
	}
	for _, l := range n.Tellings {
		add(l.Aliases())
	}
	for _, r := range n.Reversals {
		add(slices.Clone(r.Of))
	}
	return groups
}

// meet finds or begins the payment that these ids name, merges payments that turn out to be one, and keeps what the
// news says of it (MONEY.md 2.1).
func (in *Inbox) meet(ctx context.Context, tx *store.Store, e models.Event, ids []string, news models.News) (models.PaymentID, error) {
	t := e.Tenant
	found, err := tx.PaymentsWithAlias(ctx, t, ids)
	if err != nil {
		return models.PaymentID{}, err
	}
	var payment models.PaymentID
	var former []store.PaymentRow
	if len(found) == 0 {
		payment = models.NewID[models.PaymentID](in.Now())
		terms, err := in.termsFor(ctx, tx, e)
		if err != nil {
			return payment, err
		}
		if err := tx.AddPayment(ctx, t, payment, e.Program, e.Source, ids[0], terms, in.Now()); err != nil {
			return payment, fmt.Errorf("begin a payment for %s: %w", ids[0], err)
		}
	} else {
		payment = found[0]
		for _, other := range found[1:] {
			gone, err := in.merge(ctx, tx, t, other, payment)
			if err != nil {
				return payment, err
			}
			former = append(former, gone)
		}
	}
	if err := tx.ClaimAliases(ctx, t, payment, ids); err != nil {
		return payment, fmt.Errorf("claim the ids of %s: %w", payment, err)
	}
	if err := tx.WakeEvents(ctx, t, ids, in.Now()); err != nil {
		return payment, err
	}
	if err := in.keepNews(ctx, tx, t, payment, ids, news); err != nil {
		return payment, err
	}
	for _, gone := range former { // when all is kept that tells when the one payment was made, which may be theirs
		if gone.Customer == nil {
			continue
		}
		if err := in.redecideFormer(ctx, tx, t, *gone.Customer, since{gone.PaidAt, gone.Key}); err != nil { // also forgets whom it tied the customer to
			return payment, err
		}
	}
	return payment, nil
}

// keepNews keeps the newest of what each object tells, and the newest state of each reversal.
func (in *Inbox) keepNews(ctx context.Context, tx *store.Store, t models.Tenant, payment models.PaymentID, ids []string, news models.News) error {
	here := func(aliases []string) bool {
		return slices.ContainsFunc(aliases, func(id string) bool { return slices.Contains(ids, id) })
	}
	have, err := tx.Tellings(ctx, t, payment)
	if err != nil {
		return err
	}
	for _, l := range news.Tellings {
		more := true
		if old := slices.IndexFunc(have, func(h models.Telling) bool { return h.Object == l.Object }); old >= 0 {
			l, more = sources.Joined(have[old], l)
		}
		if !more || !here(l.Aliases()) {
			continue
		}
		if err := tx.KeepTelling(ctx, t, payment, l); err != nil {
			return fmt.Errorf("keep what %s tells: %w", l.Object, err)
		}
	}
	gone, err := tx.Reversals(ctx, t, payment)
	if err != nil {
		return err
	}
	for _, r := range news.Reversals {
		old := slices.IndexFunc(gone, func(g models.Reversal) bool { return g.Key == r.Key })
		if !here(r.Of) || old >= 0 && !sources.NewerReversal(gone[old], r) {
			continue
		}
		if err := tx.KeepReversal(ctx, t, payment, r); err != nil {
			return fmt.Errorf("keep reversal %s: %w", r.Key, err)
		}
	}
	return nil
}

// merge joins a payment to another that turned out to be the same money: its ids and tellings move, and what it earned is
// taken back by bookings. It gives the payment as it was: whom it linked is to be decided anew without it.
func (in *Inbox) merge(ctx context.Context, tx *store.Store, t models.Tenant, from, into models.PaymentID) (store.PaymentRow, error) {
	gone, err := tx.Payment(ctx, t, from)
	if err != nil {
		return gone, err
	}
	if err := in.moved(ctx, tx, t, placeOfRow(gone), nil); err != nil {
		return gone, err
	}
	if err := tx.MergePayments(ctx, t, from, into); err != nil {
		return gone, err
	}
	earned, err := tx.EarnedFrom(ctx, t, from)
	if err != nil {
		return gone, err
	}
	for _, c := range earned {
		if err := in.takeBack(ctx, tx, c, "the same money is counted as another payment"); err != nil {
			return gone, err
		}
	}
	return gone, nil
}
