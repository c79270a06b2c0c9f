package commission

import (
	"fmt"
	"math/big"
	"regexp"

	"portal/models"
)

var decimalText = regexp.MustCompile(`^[0-9]{1,40}(\.[0-9]{1,40})?$`)

// Convert turns an amount into a rate's other currency: exactly, with the exponents of the two, rounded half to even
// once (D11, MONEY.md 4.6). A negative amount becomes what its positive twin becomes. An amount of another currency
// than the rate's is ErrMixed, one beyond counting ErrOverflow; an unknown currency or a value that is no decimal above
// zero is an ErrInvalid.
func Convert(m models.Money, r models.Rate) (models.Money, error) {
	if m.Currency != r.From {
		return models.Money{}, fmt.Errorf("convert %s with a rate from %s: %w", m, r.From.Code(), models.ErrMixed)
	}
	if !r.From.Known() || !r.To.Known() {
		return models.Money{}, models.Invalid("currency", fmt.Sprintf("%q to %q: Portal does not know both", r.From, r.To))
	}
	value := new(big.Rat)
	if decimalText.MatchString(r.Value) {
		value.SetString(r.Value)
	}
	if value.Sign() == 0 {
		return models.Money{}, models.Invalid("rate", fmt.Sprintf("%q is not a decimal above zero", r.Value))
	}
	turned, err := m.Times(
		new(big.Int).Mul(value.Num(), tens(r.To.Exponent())),
		new(big.Int).Mul(value.Denom(), tens(r.From.Exponent())))
	if err != nil {
		return models.Money{}, fmt.Errorf("convert %s to %s: %w", m, r.To.Code(), err)
	}
	return models.Money{Minor: turned.Minor, Currency: r.To}, nil
}

// tens is ten to the power of n.
func tens(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
