package commission

import (
	"math/big"
	"slices"

	"portal/models"
)

// Remaining is what is left of a share after so much of what was collected went back, counted from the running
// total, so partial refunds in any number end in the same amount and a full one at exactly zero (MONEY.md 2.5, F96).
// It is never more than the share; the two amounts may be in different currencies.
func Remaining(share models.Money, gross models.Money, returned int64) models.Money {
	if returned <= 0 {
		return share
	}
	if returned >= gross.Minor {
		return models.Money{Currency: share.Currency}
	}
	left, _ := share.Times(big.NewInt(gross.Minor-returned), big.NewInt(gross.Minor)) // at most the share: it cannot overflow
	return left
}

// Split divides an amount by weights so that the parts always add up to the whole (P35): each part is rounded towards
// zero, and the units left over go to the largest remainders, of equals to the first. Negative weights count as zero;
// if all are zero, everything goes to the first. No weights give no parts.
func Split(whole models.Money, by []int64) []models.Money {
	if len(by) == 0 {
		return nil
	}
	weights, total := positive(by)
	parts, rests := make([]models.Money, len(by)), make([]*big.Int, len(by))
	left := whole.Minor
	for i, weight := range weights {
		share, rest := new(big.Int), new(big.Int)
		share.QuoRem(share.Mul(big.NewInt(whole.Minor), weight), total, rest)
		parts[i] = models.Money{Minor: share.Int64(), Currency: whole.Currency}
		rests[i] = rest.Abs(rest)
		left -= parts[i].Minor
	}
	for _, i := range byRest(rests) {
		switch {
		case left > 0:
			parts[i].Minor++
			left--
		case left < 0:
			parts[i].Minor--
			left++
		}
	}
	return parts
}

// positive are the weights without the negative ones, and their sum, which is above zero.
func positive(by []int64) ([]*big.Int, *big.Int) {
	weights, total := make([]*big.Int, len(by)), new(big.Int)
	for i, weight := range by {
		weights[i] = big.NewInt(max(weight, 0))
		total.Add(total, weights[i])
	}
	if total.Sign() == 0 {
		weights[0], total = big.NewInt(1), big.NewInt(1)
	}
	return weights, total
}

// byRest are the places of the remainders, the largest first.
func byRest(rests []*big.Int) []int {
	order := make([]int, len(rests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	return order
}
