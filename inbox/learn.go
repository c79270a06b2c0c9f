package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"portal/attribution"
	"portal/models"
	"portal/store"
)

// learned is what is known of a payment's customer, subscription, intent and discounts beside the payment itself.
type learned struct {
	byAnswer models.Clues  // what was asked for; it counts only where nothing that came by itself finds a partner
	wants    []models.Want // what nobody has told, and the provider could show
	weighed  bool          // what of it is worth a question is on the payment
}

// learn adds to a payment's clues what is known of whom and what it came with, as it was when it was paid (D2, D3, D14).
func (in *Inbox) learn(ctx context.Context, tx *store.Store, p *told) error {
	p.learned = &learned{}
	if err := in.learnMetadata(ctx, tx, p); err != nil {
		return err
	}
	return in.learnDiscounts(ctx, tx, p)
}

// learnMetadata looks in the places whose metadata did not come with the payment.
func (in *Inbox) learnMetadata(ctx context.Context, tx *store.Store, p *told) error {
	wanted := metadataOf(p.Payment)
	if len(wanted) == 0 {
		return nil
	}
	var subjects []string
	for _, w := range wanted {
		subjects = append(subjects, w.ID)
	}
	facts, err := tx.FactsAt(ctx, p.Tenant, subjects, p.PaidAt)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		known := knownOf(facts, w.ID, p.PaidAt)
		for _, clue := range known.bySession {
			if slices.Contains(p.Aliases, known.session) {
				break // the payment's own session has said it
			}
			if clue.Name == "client_reference" {
				p.Clues.Carried = append(p.Clues.Carried, clue)
			} else {
				p.Clues.Metadata = append(p.Clues.Metadata, clue)
			}
		}
		if slices.Contains(p.Knows, w.Kind) {
			continue
		}
		p.Clues.Metadata = append(p.Clues.Metadata, known.byEvent...)
		p.learned.byAnswer.Metadata = append(p.learned.byAnswer.Metadata, known.byAnswer...)
		if !known.told {
			p.learned.wants = append(p.learned.wants, w)
			p.Unknown = append(p.Unknown, w.Kind)
		}
	}
	return nil
}

// metadataOf are the objects beside a payment that have metadata of their own.
func metadataOf(p models.Payment) []models.Want {
	var list []models.Want
	for _, id := range p.Aliases {
		if strings.HasPrefix(id, "pi_") && !slices.Contains(p.Knows, "payment_intent") {
			list = append(list, models.Want{Kind: "payment_intent", ID: id})
		}
	}
	if p.Subscription != "" {
		list = append(list, models.Want{Kind: "subscription", ID: p.Subscription})
	}
	if p.Customer.StripeID != "" {
		list = append(list, models.Want{Kind: "customer", ID: p.Customer.StripeID})
	}
	return list
}

// learnDiscounts finds out which codes stand behind the discounts of which only an id came. What one is read as may be
// an id again: a discount is of a promotion code, and that has a text.
func (in *Inbox) learnDiscounts(ctx context.Context, tx *store.Store, p *told) error {
	unread := p.Clues.Unread
	for round := 0; round < 3 && len(unread) > 0; round++ {
		facts, err := tx.FactsAt(ctx, p.Tenant, unread, p.PaidAt)
		if err != nil {
			return err
		}
		var next []string
		for _, id := range unread {
			known := knownOf(facts, id, p.PaidAt)
			for _, clue := range known.byEvent {
				next = take(&p.Clues, clue, next)
			}
			for _, clue := range known.byAnswer {
				next = take(&p.learned.byAnswer, clue, next)
			}
			if w := discountAt(id, p.Payment); !known.told && w.ID != "" && !slices.Contains(p.learned.wants, w) {
				p.learned.wants = append(p.learned.wants, w)
			}
		}
		p.Clues.Unread = append(slices.Clone(p.Clues.Unread), next...)
		unread = next
	}
	return nil
}

// take adds a discount's clue, or what of it is still to be read.
func take(c *models.Clues, clue models.Clue, unread []string) []string {
	if clue.Name == "unread" {
		return append(unread, clue.Value)
	}
	c.Coupons = append(c.Coupons, clue)
	return unread
}

// discountAt is where Stripe shows what a discount stands for; a discount's own id is shown with its invoice.
func discountAt(id string, p models.Payment) models.Want {
	switch {
	case strings.HasPrefix(id, "promo_"):
		return models.Want{Kind: "promotion_code", ID: id}
	case strings.HasPrefix(id, "cs_"):
		return models.Want{Kind: "session", ID: id}
	}
	for _, alias := range p.Aliases {
		if strings.HasPrefix(alias, "in_") {
			return models.Want{Kind: "discounts", ID: alias}
		}
	}
	return models.Want{}
}

// holding is what facts say of one subject at a moment.
type holding struct {
	byEvent, byAnswer, bySession []models.Clue
	session                      string // which said it
	told                         bool   // nobody need be asked
}

// knownOf reads the facts of one subject at a moment, in their order: what the last event before it says, else what the
// first one after it says of the time before. What events told goes before what was asked for: that is what was shown
// soonest after the moment, and the only word on it. A session's word holds from the session on.
func knownOf(facts []models.Fact, subject string, moment time.Time) holding {
	var k holding
	var event bool
	for _, f := range facts {
		if f.Subject != subject {
			continue
		}
		after := f.At.After(moment)
		switch {
		case f.Kind == models.BySession && !after:
			k.bySession, k.session = f.Says, f.Key
		case f.Kind == models.ByEvent && !after:
			k.byEvent, event = f.Says, true
		case f.Kind == models.ByEvent && !event && f.BeforeKnown:
			k.byEvent, event = f.Before, true
		case f.Kind == models.ByAnswer && !k.told:
			k.byAnswer, k.told = f.Says, !f.At.Before(moment)
		}
	}
	if event {
		k.byAnswer, k.told = nil, true
	}
	return k
}

// judge decides whose a payment is. What is known beside the payment is looked up only where it can matter; what was
// asked for is believed only where nothing that came by itself finds a partner, so that it makes no difference when, or
// whether, something was asked.
func (in *Inbox) judge(ctx context.Context, tx *store.Store, p *told, look *attribution.Lookups) (models.Decision, error) {
	d := attribution.Decide(p.Payment, *look)
	if p.learned == nil && mayLearn(p.Payment, d) {
		if err := in.relearn(ctx, tx, p, look); err != nil {
			return d, err
		}
		d = attribution.Decide(p.Payment, *look)
	}
	if p.learned == nil {
		return d, nil
	}
	if !p.learned.weighed {
		p.learned.weighed, p.wants = true, append(p.wants, worth(p, d)...)
	}
	answer := p.learned.byAnswer
	if !d.Open || len(answer.Metadata)+len(answer.Coupons) == 0 {
		return d, nil
	}
	p.Clues.Metadata = append(slices.Clone(p.Clues.Metadata), answer.Metadata...)
	p.Clues.Coupons = append(slices.Clone(p.Clues.Coupons), answer.Coupons...)
	p.learned.byAnswer = models.Clues{}
	if err := in.partnersFor(ctx, tx, p.Payment, look); err != nil {
		return d, err
	}
	return attribution.Decide(p.Payment, *look), nil
}

// relearn learns, and looks up whom the new clues name.
func (in *Inbox) relearn(ctx context.Context, tx *store.Store, p *told, look *attribution.Lookups) error {
	named, beside := len(p.Clues.Named()), len(p.Clues.Beside())
	if err := in.learn(ctx, tx, p); err != nil {
		return err
	}
	if named == len(p.Clues.Named()) && beside == len(p.Clues.Beside()) {
		return nil
	}
	return in.partnersFor(ctx, tx, p.Payment, look)
}

// mayLearn tells whether what is known beside the payment could change a decision: metadata was asked for and did not
// settle it in a place that goes first, or discounts were asked for of which only an id came. What an intent was begun
// with gives way to what came with the payment.
func mayLearn(p models.Payment, d models.Decision) bool {
	asked := func(by models.AttributedBy) bool {
		return slices.ContainsFunc(d.Steps, func(s models.Step) bool { return s.Rule == string(by) })
	}
	first := []string{"charge", "payment_intent", "session", "invoice"}
	if slices.Contains(p.Knows, "subscription") {
		first = append(first, "subscription")
	}
	return asked(models.ByMetadata) && !slices.Contains(first, d.Place) || asked(models.ByCoupon) && len(p.Clues.Unread) > 0
}

// worth is what of the unknown could still change a decision, and so is worth a question to the provider: metadata while
// it is open, discounts while it is open or where coupons go first.
func worth(p *told, d models.Decision) []models.Want {
	if !p.Counted {
		return nil
	}
	first := attribution.AsksCouponsFirst(p.Policy) && d.By != models.ByHand && d.By != models.ByAPI
	return slices.DeleteFunc(slices.Clone(p.learned.wants), func(w models.Want) bool {
		return !d.Open && !(first && isDiscount(w))
	})
}

func isDiscount(w models.Want) bool {
	return w.Kind == "promotion_code" || w.Kind == "session" || w.Kind == "discounts"
}
