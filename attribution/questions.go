package attribution

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
)

// The metadata that may name a partner: the places in the order of D3, and in each the names in the order of D1.
var (
	places = []string{"charge", "payment_intent", "session", "invoice", "subscription", "customer"}
	names  = []string{"partner_key", "partnero_partner"}
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
		return passed(models.ByMetadata, models.Skipped, "no metadata came that names a partner, on "+spoken(strings.Join(places, ", ")))
	}
	var tried answer
	for _, place := range placesOf(p.Clues.Metadata) {
		clues := cluesAt(place, p.Clues.Metadata)
		if len(clues) == 0 {
			tried.steps = append(tried.steps, models.Step{Rule: string(models.ByMetadata), Verdict: models.NoMatch,
				Because: "no partner key in the metadata of the " + spoken(place)})
		}
		for _, clue := range clues {
			a := named(models.ByMetadata, "metadata "+clue.Name+" on the "+spoken(place), clue.Value, p, l)
			a.steps = append(tried.steps, a.steps...)
			if a.settled {
				return a
			}
			tried = a
		}
	}
	return tried
}

// clientReference asks whether the client reference, set by the payment-link script, names a partner (D4).
func clientReference(p models.Payment, l Lookups) answer {
	if p.Clues.ClientReference == "" {
		return passed(models.ByClientReference, models.Skipped, "no client reference came with the payment")
	}
	return named(models.ByClientReference, "the client reference", p.Clues.ClientReference, p, l)
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

func spoken(word string) string { return strings.ReplaceAll(word, "_", " ") }

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }
