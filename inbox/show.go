package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// patience is how long an event waits before the provider is asked for what would only be good to know: most often
// another event of the same sale brings it.
const patience = 3 * time.Second

// wantedBy are the wants that this news can make use of: the lines of an invoice are read with the invoice, and what else
// is shown matters only to money that the news tells of.
func wantedBy(news models.News, wants []models.Want) []models.Want {
	return slices.DeleteFunc(slices.Clone(wants), func(w models.Want) bool {
		return !slices.ContainsFunc(news.Tellings, func(l models.Telling) bool { return w.Kind != "lines" || l.Object == w.ID })
	})
}

// end is how an event ends whose money counts: done, with what could not be learned, or set aside until the provider has
// shown what would matter.
func (in *Inbox) end(ctx context.Context, tx *store.Store, e models.Event, payments []told) (outcome, error) {
	done := outcome{status: models.EventDone}
	var wants []models.Want
	for _, p := range payments {
		wants = append(wants, p.wants...)
		if p.Outside && p.Terms.NoOutside {
			done.because = new("Not counted: it was paid outside Stripe, and the program does not count that.")
		}
	}
	if len(wants) == 0 || in.Show == nil {
		return done, nil
	}
	answer, err := sources.ReadAnswer(e.Answer)
	if err != nil {
		return done, err
	}
	left, without := unanswered(answer, wants)
	if left, err = in.askable(ctx, tx, e, left); err != nil {
		return done, err
	}
	if len(left) > 0 {
		has, err := tx.HasKey(ctx, e.Tenant, e.Program, models.SourceStripe)
		if err != nil || has {
			return outcome{wants: left}, err
		}
		without = append(without, "no API key is connected to ask for "+inWords(left))
	}
	if len(without) > 0 {
		done.because = new("Counted. Not learned: " + strings.Join(without, "; ") + ".")
	}
	return done, nil
}

// askable leaves out the discounts while no code stands for any partner.
func (in *Inbox) askable(ctx context.Context, tx *store.Store, e models.Event, wants []models.Want) ([]models.Want, error) {
	if !slices.ContainsFunc(wants, isDiscount) {
		return wants, nil
	}
	any, err := tx.AnyCodes(ctx, e.Tenant)
	if err != nil || any {
		return wants, err
	}
	return slices.DeleteFunc(wants, isDiscount), nil
}

// finish keeps how an event ended. One that would like to be shown more waits a little, then asks; its money counts meanwhile.
func (in *Inbox) finish(ctx context.Context, tx *store.Store, e models.Event, end outcome) (*question, error) {
	if len(end.wants) == 0 {
		return nil, tx.FinishEvent(ctx, e, end.status, end.because, in.now())
	}
	aside := store.Parked{Because: "Counted. Stripe is still to show " + inWords(end.wants) + ".", Counted: new(in.now())}
	if e.Tries == 0 {
		aside.WaitsFor, aside.Until = factsOn(end.wants), in.Now().Add(patience)
		return nil, tx.ParkEvent(ctx, e, aside)
	}
	aside.WaitsFor, aside.Until = waitsFor(e, end.wants), in.Now().Add(time.Minute)
	return &question{Event: e, wants: end.wants}, tx.ParkEvent(ctx, e, aside)
}

// factsOn are what lets an event go on that has not asked yet: a fact about what it would like to be shown.
func factsOn(wants []models.Want) []string {
	var names []string
	for _, w := range wants {
		names = append(names, factOn(w.ID))
	}
	return names
}

func factOn(subject string) string { return "fact " + subject }

// waitsFor is what lets an event go on that asks: its own answer, or another event's about the same.
func waitsFor(e models.Event, wants []models.Want) []string {
	names := append(factsOn(wants), e.ID.String())
	for _, w := range wants {
		names = append(names, w.ID)
	}
	return names
}

func inWords(wants []models.Want) string {
	words := map[string]string{"customer": "the metadata of customer %s", "subscription": "the metadata of subscription %s",
		"payment_intent": "the metadata of payment intent %s", "promotion_code": "the code of %s", "session": "the discounts of %s",
		"discounts": "the discounts of %s", "invoice": "how %s was paid", "lines": "all lines of %s"}
	var all []string
	for _, w := range wants {
		all = append(all, fmt.Sprintf(words[w.Kind], w.ID))
	}
	return strings.Join(all, ", ")
}

// show asks the provider and keeps the answer with the event, or parks the event with the reason.
func (in *Inbox) show(ctx context.Context, q question) error {
	answer, err := in.Show(ctx, q.Tenant, q.Program, models.SourceStripe, q.wants)
	if err != nil {
		in.Log.Info("a question to the provider stays open", "event", q.ID, "because", err)
		return in.Store.ParkEvent(ctx, q.Event, store.Parked{Because: "Counted. " + sentence(err), WaitsFor: waitsFor(q.Event, q.wants), Until: in.Now().Add(backoff(q.Tries))})
	}
	answer.Aside = true
	if err := in.keepAnswer(ctx, q.Event, answer); err != nil {
		return err
	}
	return in.Store.WakeEvents(ctx, q.Tenant, []string{q.ID.String()}, in.Now())
}

// keepAnswer adds an answer to what was answered about the event before.
func (in *Inbox) keepAnswer(ctx context.Context, e models.Event, answer sources.Answer) error {
	before, err := sources.ReadAnswer(e.Answer)
	if err != nil {
		return err
	}
	kept, err := json.Marshal(before.And(answer))
	if err != nil {
		return fmt.Errorf("keep the answer for %s: %w", e.ID, err)
	}
	return in.Store.KeepAnswer(ctx, e, kept)
}

// distinct leaves of questions that are the same only the first: its answer lets the others go on.
func distinct(asked []question) []question {
	seen := map[string]bool{}
	return slices.DeleteFunc(asked, func(q question) bool {
		about := q.Program.String() + " " + cmp.Or(q.Intent, q.Charge)
		for _, w := range q.wants {
			about += " " + w.String()
		}
		again := seen[about]
		seen[about] = true
		return again
	})
}
