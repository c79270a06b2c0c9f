package handlers

import (
	"context"
	"slices"
	"strings"

	"portal/models"
	"portal/store"
	"portal/views"
)

// whyNobody says first of all why a payment has no partner, and whose key may have been meant.
func (h *House) whyNobody(ctx context.Context, p store.PaymentRow) ([]string, error) {
	codes, err := h.Store.UnknownCodes(ctx, p.Tenant, p.ID)
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		return []string{withoutCode(p)}, nil
	}
	said := []string{"The code " + codes[0] + " is no partner's key."}
	if len(codes) > 1 {
		said[0] = "The codes " + strings.Join(codes[:len(codes)-1], ", ") + " and " + codes[len(codes)-1] + " are no partner's key."
	}
	for _, code := range codes[:min(len(codes), 3)] {
		keys, err := h.Store.KeysOfLength(ctx, p.Tenant, len(code))
		if err != nil {
			return nil, err
		}
		if meant := meantBy(code, keys); meant != "" {
			said = append(said, "Did you mean "+meant+"?")
		}
	}
	return said, nil
}

// withoutCode says why a payment has no partner although no unknown key came with it.
func withoutCode(p store.PaymentRow) string {
	for _, s := range p.Steps.V {
		switch {
		case s.Verdict == models.Refused:
			return began(s.Because) + "."
		case s.Verdict == models.NoMatch && strings.HasSuffix(s.Because, "which is no partner's key"):
			return "What came as a code cannot be a partner's key."
		}
	}
	if p.Customer == nil {
		return "No code came with this payment, and no customer either."
	}
	return "No code came with this payment and the customer is not linked."
}

// meantBy finds the key that a mistyped code may have been meant to be: the one that differs only by case, else one that
// differs by one letter. Empty when there is none.
func meantBy(code string, keys []string) string {
	if i := slices.IndexFunc(keys, func(key string) bool { return strings.EqualFold(key, code) }); i >= 0 {
		return keys[i]
	}
	if i := slices.IndexFunc(keys, func(key string) bool { return models.OneLetterApart(key, code) }); i >= 0 {
		return keys[i]
	}
	return ""
}

// folded brings the questions to metadata that found nothing into one, at the place of the first.
func folded(steps []views.WhyStep) []views.WhyStep {
	const nothing = "No partner key in the metadata of the "
	var all []views.WhyStep
	first := -1
	for _, s := range steps {
		place, empty := strings.CutPrefix(s.Answer, nothing)
		switch {
		case empty && first >= 0:
			all[first].Answer += ", " + place
			continue
		case empty:
			first = len(all)
			s.Answer = strings.TrimSuffix(nothing, "the ") + place
		}
		all = append(all, s)
	}
	return all
}
