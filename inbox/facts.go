package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"portal/attribution"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// keepFacts keeps what news says of customers, subscriptions and discounts, and lists the payments that it concerns.
func (in *Inbox) keepFacts(ctx context.Context, tx *store.Store, t models.Tenant, facts []models.Fact) ([]store.Touched, error) {
	var touched []store.Touched
	var answered []string
	for _, f := range facts {
		have, isNew, err := tx.KeepFact(ctx, t, f)
		if err != nil {
			return nil, err
		}
		if f.Kind == models.ByAnswer {
			answered = append(answered, factOn(f.Subject))
		}
		since, changes := changed(have, f)
		if !isNew || !changes {
			continue
		}
		more, err := tx.PaymentsTouched(ctx, t, f.Subject, since)
		if err != nil {
			return nil, fmt.Errorf("list the payments of %s: %w", f.Subject, err)
		}
		touched = append(touched, more...)
	}
	if len(answered) == 0 {
		return touched, nil
	}
	return touched, tx.WakeEvents(ctx, t, answered, in.Now())
}

func subjectsOf(facts []models.Fact) []string {
	var list []string
	for _, f := range facts {
		list = append(list, f.Subject)
	}
	return list
}

// changed tells whether a fact can change what is known beside those that are there, and for payments from when on: a
// word on the time before it reaches back to the fact before, or to the beginning.
func changed(have []models.Fact, f models.Fact) (since time.Time, changes bool) {
	var before, after *models.Fact
	for i, h := range have {
		switch {
		case h.Kind != f.Kind:
		case h.At.After(f.At):
			after = &have[i]
		default:
			before = &have[i]
		}
	}
	switch {
	case before != nil && f.Kind != models.ByAnswer:
		return f.At, !slices.Equal(before.Says, f.Says)
	case f.Kind == models.BySession:
		return f.At, true
	case before != nil:
		return before.At, !slices.Equal(before.Says, f.Says) || after != nil && !slices.Equal(after.Says, f.Says)
	case after != nil && f.Kind == models.ByEvent:
		return since, !after.BeforeKnown || !f.BeforeKnown || !slices.Equal(after.Before, f.Says) || !slices.Equal(f.Before, f.Says)
	}
	return since, len(f.Says)+len(f.Before) > 0 || len(have) > 0
}

// settleTouched decides anew what facts concern, but for payments that were just settled. Where the customer decides,
// the first payment of a customer brings the later ones with it.
func (in *Inbox) settleTouched(ctx context.Context, tx *store.Store, t models.Tenant, touched []store.Touched, but []models.PaymentID) error {
	var ids []models.PaymentID
	done := map[models.CustomerID]bool{}
	for _, p := range touched {
		if slices.Contains(but, p.ID) || p.Customer != nil && done[*p.Customer] {
			continue
		}
		if p.Customer != nil && !attribution.ByTransaction(p.Policy) {
			done[*p.Customer] = true
		}
		ids, but = append(ids, p.ID), append(but, p.ID)
	}
	return in.settleEach(ctx, tx, t, ids)
}

// cut are the invoices that have more lines than were told (P12).
func cut(tellings []models.Telling) []models.Want {
	var wants []models.Want
	for _, l := range tellings {
		if l.Cut {
			wants = append(wants, models.Want{Kind: "lines", ID: l.Object})
		}
	}
	return wants
}

// onTerms applies the settings that the payment began with: whether shipping earns, and whether what was paid outside the
// provider counts (MONEY.md 2.3, 2.4).
func (in *Inbox) onTerms(ctx context.Context, tx *store.Store, p *told) error {
	if !p.Counted {
		return nil
	}
	p.Base = p.BaseOn(p.Terms)
	if !p.Terms.NoOutside {
		return nil
	}
	if p.OutsideOpen {
		facts, err := tx.FactsAt(ctx, p.Tenant, []string{p.Key}, p.PaidAt)
		if err != nil {
			return err
		}
		if k := knownOf(facts, p.Key, p.PaidAt); k.told {
			p.Outside = len(k.byAnswer) > 0
		} else {
			p.wants = append(p.wants, models.Want{Kind: "invoice", ID: p.Key})
		}
	}
	if p.Outside {
		p.Counted, p.Gross.Minor, p.Base.Minor, p.Lines = false, 0, 0, nil
	}
	return nil
}

// unanswered are the wants that nobody was asked about for this event, and the sentences of what could not be had.
func unanswered(a sources.Answer, wants []models.Want) (left []models.Want, without []string) {
	for _, w := range wants {
		_, shown := a.Shown[w.String()]
		why, refused := a.Without[w.String()]
		if refused && !slices.Contains(without, why) {
			without = append(without, why)
		}
		if !shown && !refused {
			left = append(left, w)
		}
	}
	return left, without
}
