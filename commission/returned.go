package commission

import (
	"cmp"
	"math/big"
	"slices"

	"portal/models"
)

// Back is how much of a payment went back, and whether more of it is at stake.
type Back struct {
	Total    int64            // in the payment's smallest unit, never more than its gross
	Refunded int64            // the part of Total that refunds and credit notes took
	Lost     int64            // the part of Total that disputes took
	Held     bool             // a dispute is open: the commission is not payable
	Disputed bool             // a dispute is open or was lost
	Parts    map[string]int64 // by key; they add up to Total
}

// Returned counts what went back of a payment from the states of its reversals (MONEY.md 2.5). Charges are what each
// charge of the payment took: a reversal counts by its share of that, so that another currency (adaptive pricing) or
// a surplus (an overpaid invoice) changes nothing.
func Returned(gross models.Money, charges map[string]models.Money, reversals []models.Reversal) Back {
	b := Back{Parts: map[string]int64{}}
	left := gross.Minor
	for _, charge := range chargesOf(reversals) {
		group := slices.DeleteFunc(slices.Clone(reversals), func(r models.Reversal) bool { return r.Charge != charge })
		slices.SortFunc(group, func(x, y models.Reversal) int { return cmp.Or(x.Made.Compare(y.Made), cmp.Compare(x.Key, y.Key)) })
		took, known := charges[charge]
		if !known {
			took = gross
		}
		amounts, whole := amountsOf(group, took)
		scaled := share(gross, took, whole)
		for i, part := range Split(models.Money{Minor: min(scaled, left), Currency: gross.Currency}, amounts) {
			b.add(group[i], part.Minor)
			left -= part.Minor
		}
	}
	return b
}

func (b *Back) add(r models.Reversal, counted int64) {
	b.Parts[r.Key] = counted
	b.Total += counted
	if r.Kind == models.Dispute {
		b.Lost += counted
		b.Disputed = b.Disputed || r.State != models.Rests
	} else {
		b.Refunded += counted
	}
	b.Held = b.Held || r.State == models.Holds
}

func chargesOf(reversals []models.Reversal) []string {
	var charges []string
	for _, r := range reversals {
		charges = append(charges, r.Charge)
	}
	slices.Sort(charges)
	return slices.Compact(charges)
}

// amountsOf is what each reversal of a charge took of it, as weights, and all together, which is never more than the
// charge took. A charge's own total tells of the refunds up to its time: it counts for those that were not told by
// themselves, and takes back what was told but never was revenue, such as the released rest of an authorisation.
func amountsOf(group []models.Reversal, took models.Money) (weights []int64, whole int64) {
	for _, r := range group {
		var amount int64
		switch {
		case r.Amount.Currency != took.Currency && r.Kind == models.Dispute && r.State == models.Takes:
			amount = took.Minor // nothing tells its share: banks dispute a charge as a whole
		case r.Amount.Currency != took.Currency:
		case r.Kind == models.RefundTotal:
			amount = r.Amount.Minor - toldIn(r, group)
		case r.State == models.Takes:
			amount = r.Amount.Minor
		}
		weights = append(weights, max(amount, 0))
		whole += amount
	}
	return weights, min(max(whole, 0), took.Minor)
}

// toldIn sums the refunds that a charge's total holds and that were told by themselves: made by then, and not failed by then.
func toldIn(total models.Reversal, group []models.Reversal) int64 {
	var sum int64
	for _, r := range group {
		if r.Kind == models.Refund && !r.Made.After(total.At) && (r.State == models.Takes || r.At.After(total.At)) {
			sum += r.Amount.Minor
		}
	}
	return sum
}

// share is the part of the gross that an amount of what a charge took stands for.
func share(gross, took models.Money, amount int64) int64 {
	if took.Currency == gross.Currency && took.Minor <= gross.Minor {
		return min(amount, gross.Minor)
	}
	part, err := gross.Times(big.NewInt(amount), big.NewInt(took.Minor))
	if err != nil {
		return 0 // a charge that took nothing has nothing to give back
	}
	return min(part.Minor, gross.Minor)
}
