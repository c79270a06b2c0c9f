package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"portal/models"
)

// Place is an account in one currency: where a balance stands.
type Place struct {
	Account  models.Account
	Currency models.Currency
}

// The faults of a transfer that Post refuses beside ErrOverflow.
var (
	ErrNotAboveZero = errors.New("the amount is not above zero")
	ErrOneAccount   = errors.New("both accounts are the same")
	ErrNoCurrency   = errors.New("the currency is not known")
)

// Post adds transfers to balances, which must not be nil. It stops at the first that is refused, names it, and has posted those before it.
func Post(balances map[Place]int64, transfers []models.Transfer) error {
	for _, t := range transfers {
		if err := post(balances, t); err != nil {
			return fmt.Errorf("post transfer %s: %w", t.Key, err)
		}
	}
	return nil
}

func post(balances map[Place]int64, t models.Transfer) error {
	currency := t.Amount.Currency
	switch {
	case !currency.Known():
		return ErrNoCurrency
	case t.Amount.Minor <= 0:
		return ErrNotAboveZero
	case t.From == t.To:
		return ErrOneAccount
	}
	from, to := Place{t.From, currency}, Place{t.To, currency}
	less, err := models.Money{Minor: balances[from], Currency: currency}.Sub(t.Amount)
	if err != nil {
		return fmt.Errorf("take from %s: %w", t.From, err)
	}
	more, err := models.Money{Minor: balances[to], Currency: currency}.Add(t.Amount)
	if err != nil {
		return fmt.Errorf("give to %s: %w", t.To, err)
	}
	balances[from], balances[to] = less.Minor, more.Minor
	return nil
}

// Digest is the sha256 of a transfer and its tenant, each field written with its length, so that no two transfers
// have the same text. Time counts in whole microseconds, which is what the database keeps.
func Digest(t models.Tenant, tr models.Transfer) [32]byte {
	var text strings.Builder
	for _, field := range []string{
		"transfer-1", t.Company.String(), string(t.Mode), tr.Key, string(tr.From), string(tr.To),
		fmt.Sprint(tr.Amount.Minor), string(tr.Amount.Currency), tr.Cause,
		tr.At.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano),
	} {
		fmt.Fprintf(&text, "%d:%s\n", len(field), field)
	}
	return sha256.Sum256([]byte(text.String()))
}
