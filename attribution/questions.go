package attribution

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
)

// The metadata that may name a partner: the places in the order of D3, and in each the names in the order of D1. What a
// session gave the subscription or the customer which it made stands behind their own (D2).
var (
	places  = []string{"charge", "payment_intent", "session", "invoice", "subscription", "subscription_session", "customer", "customer_session"}
	carried = []string{"subscription_session", "customer_session"}
	names   = []string{"partner_key", "partnero_partner"}
)

// byHand asks whether a person gave the payment to a partner, which settles it whatever came with it. A payment about
// which nobody said anything is not asked.
func byHand(p models.Payment, l Lookups) answer {
	if p.Choice == nil {
		return answer{}
	}
	partner, known := l.Linked[p.Choice.Partner]
	if !known {
		return passed(models.ByHand, models.NoMatch, "given by hand to a partner that is not known here")
	}
	a := passed(models.ByHand, models.Matched, fmt.Sprintf("given to %s by hand on %s: %s", partner.Key, day(p.Choice.At), p.Choice.Reason))
	a.partner, a.by, a.settled = &partner, models.ByHand, true
	return a
}

// apiCall asks whether the call itself names a partner. A payment that no such call brought is not asked (F80).
func apiCall(p models.Payment, l Lookups) answer {
	if p.Clues.Partner == "" {
		return answer{}
	}
	return named(models.ByAPI, "the API call", p.Clues.Partner, p, l)
}

// customerID asks whether the customer is linked, found by the provider's id or the API's key (F61, F81).
func customerID(p models.Payment, l Lookups) answer {
	if l.ByID == nil && p.Customer.StripeID == "" && p.Customer.Key == "" {
		return passed(models.ByCustomerID, models.Skipped, "no customer id came with the payment")
	}
	return linked(models.ByCustomerID, "the customer", l.ByID, p, l)
}

// email asks whether a customer with the same e-mail is linked (F82).
func email(p models.Payment, l Lookups) answer {
	if l.ByEmail == nil && p.Customer.Email == "" {
		return passed(models.ByEmail, models.Skipped, "no e-mail came with the payment")
	}
	return linked(models.ByEmail, "a customer with the same e-mail", l.ByEmail, p, l)
}

// metadata asks every place of D3, and in each every name of D1, until one names an active partner (F73, F74).
func metadata(p models.Payment, l Lookups) answer {
	if len(p.Clues.Metadata) == 0 {
		return unnamed(p)
	}
	var tried answer
	var unknown []string
	for _, place := range placesOf(p.Clues.Metadata) {
		clues := cluesAt(place, p.Clues.Metadata)
		switch {
		case len(clues) > 0:
		case slices.Contains(p.Unknown, place):
			unknown = append(unknown, place)
		case !slices.Contains(carried, place):
			tried.steps = append(tried.steps, models.Step{Rule: string(models.ByMetadata), Verdict: models.NoMatch,
				Because: "no partner key in the metadata of the " + spoken(place)})
		}
		for _, clue := range clues {
			a := named(models.ByMetadata, "metadata "+clue.Name+" on the "+spoken(place), clue.Value, p, l)
			a.steps = append(tried.steps, a.steps...)
			if a.settled {
				a.place = place
				a.steps = slices.Insert(a.steps, len(a.steps)-1, notKnown(unknown)...)
				return a
			}
			tried = a
		}
	}
	tried.steps = append(tried.steps, notKnown(unknown)...)
	return tried
}

// notKnown says of which places nobody has told the metadata.
func notKnown(places []string) []models.Step {
	if len(places) == 0 {
		return nil
	}
	return []models.Step{{Rule: string(models.ByMetadata), Verdict: models.Skipped, Because: "the metadata of the " + spoken(strings.Join(places, ", ")) + " is not known"}}
}

// unnamed is the answer about metadata that names nobody in any place.
func unnamed(p models.Payment) answer {
	looked := slices.DeleteFunc(slices.Clone(places), func(place string) bool {
		return slices.Contains(carried, place) || slices.Contains(p.Unknown, place)
	})
	a := passed(models.ByMetadata, models.Skipped, "no metadata came that names a partner, on "+spoken(strings.Join(looked, ", ")))
	a.steps = append(a.steps, notKnown(p.Unknown)...)
	return a
}

// clientReference asks whether the client reference, set by the payment-link script, names a partner (D4), or else that of
// the session that made the subscription or the customer (D2).
func clientReference(p models.Payment, l Lookups) answer {
	var tried answer
	if p.Clues.ClientReference != "" {
		tried = named(models.ByClientReference, "the client reference", p.Clues.ClientReference, p, l)
	}
	for _, clue := range p.Clues.Carried {
		if tried.settled {
			break
		}
		a := named(models.ByClientReference, "the client reference on the "+spoken(clue.Place), clue.Value, p, l)
		a.steps = append(tried.steps, a.steps...)
		tried = a
	}
	if tried.steps == nil {
		return passed(models.ByClientReference, models.Skipped, "no client reference came with the payment")
	}
	return tried
}

// coupon asks whether a coupon or promotion code that took something off stands for a partner (F33, F60).
func coupon(p models.Payment, l Lookups) answer {
	if len(p.Clues.Coupons)+len(p.Clues.Unread) == 0 {
		return passed(models.ByCoupon, models.Skipped, "no coupon came with the payment")
	}
	var refused answer
	var seen []string
	for _, clue := range p.Clues.Coupons {
		partner, known := l.Codes[models.NormalCode(clue.Value)]
		what := fmt.Sprintf("the %s %q", spoken(clue.Name), clue.Value)
		switch {
		case !known:
			seen = append(seen, fmt.Sprintf("%q", clue.Value))
		case !partner.ActiveAt(p.PaidAt):
			refused.steps = append(refused.steps, models.Step{Rule: string(models.ByCoupon), Verdict: models.Refused,
				Because: fmt.Sprintf("%s stands for %s, which was not active on %s", what, partner.Key, day(p.PaidAt))})
		default:
			found := passed(models.ByCoupon, models.Matched, fmt.Sprintf("%s stands for %s, an active partner", what, partner.Key))
			found.steps = append(refused.steps, found.steps...)
			found.partner, found.by, found.links, found.settled = &partner, models.ByCoupon, true, true
			return found
		}
	}
	switch {
	case len(seen) > 0:
		refused.steps = append(refused.steps, models.Step{Rule: string(models.ByCoupon), Verdict: models.NoMatch, Because: strings.Join(seen, ", ") + " stands for no partner"})
	case refused.steps == nil:
		return passed(models.ByCoupon, models.NoMatch, "something was taken off, and which code did it is not known")
	}
	return refused
}

// click asks whether the customer came through a partner's link (F60).
func click(p models.Payment, l Lookups) answer {
	switch {
	case p.Clues.Click == "":
		return passed(models.ByClick, models.Skipped, "no click came with the payment")
	case l.Click == nil:
		return passed(models.ByClick, models.NoMatch, fmt.Sprintf("the click %q is not known", p.Clues.Click))
	case !l.Click.ActiveAt(p.PaidAt):
		return passed(models.ByClick, models.Refused, fmt.Sprintf("the click was on a link of %s, which was not active on %s", l.Click.Key, day(p.PaidAt)))
	}
	found := passed(models.ByClick, models.Matched, fmt.Sprintf("the click was on a link of %s, an active partner", l.Click.Key))
	found.partner, found.by, found.links, found.settled = l.Click, models.ByClick, true, true
	return found
}

// selfReferral looks at what a question found: a partner whose own address paid earns nothing, or is flagged, as the
// program says. A person's word and the API's stand (MONEY.md 2.6).
func selfReferral(p models.Payment, a answer) answer {
	own := p.Terms.SelfReferral != "" && a.partner != nil && a.by != models.ByHand && a.by != models.ByAPI &&
		a.partner.Email != nil && models.NormalEmail(*a.partner.Email) != "" && models.NormalEmail(*a.partner.Email) == models.NormalEmail(p.Customer.Email)
	switch {
	case !own:
	case p.Terms.SelfReferral == "flag":
		a.steps = append(a.steps, models.Step{Rule: "self_referral", Verdict: models.Flagged, Because: "the customer's address is that of " + a.partner.Key + ": flagged, and it earns"})
	default:
		a.steps = append(a.steps, models.Step{Rule: "self_referral", Verdict: models.Refused, Because: "the customer's address is that of " + a.partner.Key + ": nobody earns this payment"})
		a.partner, a.by, a.links = nil, "", false
	}
	return a
}

// linked answers from a link. A link always settles: its partner earns, or nobody does (F94).
func linked(by models.AttributedBy, who string, link *models.Link, p models.Payment, l Lookups) answer {
	if link == nil {
		return passed(by, models.NoMatch, who+" is not linked to a partner")
	}
	partner, known := l.Linked[link.Partner]
	a := passed(by, models.Refused, who+" is linked to a partner that is not known here: nobody earns this payment")
	a.settled = true
	switch {
	case known && partner.ActiveAt(p.PaidAt):
		a.partner, a.by = &partner, by
		a.steps[0].Verdict = models.Matched
		a.steps[0].Because = fmt.Sprintf("%s belongs to %s since %s", who, partner.Key, day(link.From))
	case known:
		a.steps[0].Because = fmt.Sprintf("%s belongs to %s, which was not active on %s: nobody earns this payment", who, partner.Key, day(p.PaidAt))
	}
	return a
}

// named answers from a partner key. Unknown, inactive and empty keys are passed over (F68, F69). A foreign value is
// quoted, so that what cannot be printed cannot harm.
func named(by models.AttributedBy, where, key string, p models.Payment, l Lookups) answer {
	partner, known := l.Partners[key]
	switch {
	case strings.TrimSpace(key) == "":
		return passed(by, models.Skipped, where+" is empty")
	case !known:
		return passed(by, models.NoMatch, fmt.Sprintf("%s says %q, which is no partner's key", where, key))
	case !partner.ActiveAt(p.PaidAt):
		return passed(by, models.Refused, fmt.Sprintf("%s names %s, which was not active on %s", where, key, day(p.PaidAt)))
	}
	found := passed(by, models.Matched, fmt.Sprintf("%s names %s, an active partner", where, key))
	found.partner, found.by, found.links, found.settled = &partner, by, true, true
	return found
}

// passed is an answer of one step that settles nothing.
func passed(by models.AttributedBy, verdict, because string) answer {
	return answer{steps: []models.Step{{Rule: string(by), Verdict: verdict, Because: because}}}
}

// placesOf is the order of D3, and behind it any other place, as it came.
func placesOf(clues []models.Clue) []string {
	all := slices.Clone(places)
	for _, clue := range clues {
		if !slices.Contains(all, clue.Place) {
			all = append(all, clue.Place)
		}
	}
	return all
}

// cluesAt are the clues of one place, in the order of D1.
func cluesAt(place string, clues []models.Clue) []models.Clue {
	var here []models.Clue
	for _, name := range names {
		for _, clue := range clues {
			if clue.Place == place && clue.Name == name {
				here = append(here, clue)
			}
		}
	}
	return here
}

// spoken is a place or a clue's name in words.
func spoken(word string) string {
	if of, session := strings.CutSuffix(word, "_session"); session {
		return "session that made the " + of
	}
	return strings.ReplaceAll(word, "_", " ")
}

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }
