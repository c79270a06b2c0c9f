// Package books proves the books: that every balance is the sum of its postings, that every commission, invoice and
// payout equals what was booked for it, and that no transfer was touched since. It changes nothing.
package books

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"portal/commission"
	"portal/ledger"
	"portal/models"
	"portal/store"
)

// Report is the outcome of a proof.
type Report struct {
	OK          bool     `json:"ok"`
	Differences []string `json:"differences"`
	Tenants     []Side   `json:"companies"`
	Transfers   int      `json:"transfers"`
	Hash        string   `json:"hash"` // of payments, commissions, balances and invoices: the same news gives the same hash
}

// Side is one company's test or live side.
type Side struct {
	Company string          `json:"company"`
	Mode    models.Mode     `json:"mode"`
	Totals  []AccountsTotal `json:"totals"`
}

// AccountsTotal is what all accounts of one kind hold together.
type AccountsTotal struct {
	Account  string          `json:"account"`
	Amount   string          `json:"amount"`
	Currency models.Currency `json:"currency"`
}

// page is how many transfers are read at a time.
const page = 5000

// Prove reads everything in one snapshot and compares. An error means that it could not be read, not that it differs.
func Prove(ctx context.Context, s *store.Store) (Report, error) {
	r := Report{Differences: []string{}, Tenants: []Side{}}
	hash := sha256.New()
	err := s.Snapshot(ctx, func(tx *store.Store) error {
		tenants, err := tx.Tenants(ctx)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if err := r.prove(ctx, tx, t); err != nil {
				return fmt.Errorf("prove %s: %w", t.Company, err)
			}
			fmt.Fprintln(hash, t.Mode)
			if err := tx.Digested(ctx, t, func(line string) { fmt.Fprintln(hash, line) }); err != nil {
				return err
			}
		}
		return nil
	})
	r.OK, r.Hash = len(r.Differences) == 0, hex.EncodeToString(hash.Sum(nil))
	return r, err
}

func (r *Report) prove(ctx context.Context, tx *store.Store, t models.Tenant) error {
	company, err := tx.Company(ctx, t.Company)
	if err != nil {
		return err
	}
	differences, err := tx.Differences(ctx, t)
	if err != nil {
		return err
	}
	for _, d := range differences {
		r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: %s is %d, should be %d", company.Name, t.Mode, d.What, d.Is, d.Want))
	}
	side := Side{Company: company.Name, Mode: t.Mode, Totals: []AccountsTotal{}}
	totals, err := tx.BookTotals(ctx, t)
	if err != nil {
		return err
	}
	sums := map[models.Currency]int64{}
	for _, total := range totals {
		m := models.Money{Minor: total.Minor, Currency: total.Currency}
		side.Totals = append(side.Totals, AccountsTotal{total.Kind, m.Decimal(), m.Currency})
		sums[total.Currency] += total.Minor
	}
	for currency, sum := range sums {
		if sum != 0 {
			r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: all accounts in %s add up to %d, should be 0", company.Name, t.Mode, currency, sum))
		}
	}
	r.Tenants = append(r.Tenants, side)
	return errors.Join(r.payments(ctx, tx, t, company.Name), r.shares(ctx, tx, t, company.Name), r.digests(ctx, tx, t, company.Name))
}

// shares checks that each commission's share is what its refunds leave of it: no reversal without a booking.
func (r *Report) shares(ctx context.Context, tx *store.Store, t models.Tenant, name string) error {
	var after models.CommissionID
	for {
		list, err := tx.EarnedAfter(ctx, t, after, page)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			want := models.Money{Minor: e.First, Currency: e.Currency}
			if e.Refunds == "automatic" {
				want = commission.Remaining(want, models.Money{Minor: e.Gross, Currency: e.Currency}, e.Refunded)
			}
			if e.Share != want.Minor {
				r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: share of commission %s after refunds is %d, should be %d", name, t.Mode, e.ID, e.Share, want.Minor))
			}
			if amount, ok := turned(e); !ok {
				r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: amount of commission %s is %d, should be %s at its rate", name, t.Mode, e.ID, e.Amount, amount))
			}
		}
		after = list[len(list)-1].ID
	}
}

// turned tells whether a commission's amounts in the partner's currency are its shares at its frozen rate.
func turned(e store.Earned) (models.Money, bool) {
	if e.Rate == nil {
		return models.Money{}, true // one currency, which the sums have compared, or none yet
	}
	rate := models.Rate{From: e.Currency, To: e.To, Value: *e.Rate}
	amount, err := commission.Convert(models.Money{Minor: e.Share, Currency: e.Currency}, rate)
	earned, failed := commission.Convert(models.Money{Minor: e.First, Currency: e.Currency}, rate)
	return amount, err == nil && failed == nil && amount.Minor == e.Amount && earned.Minor == e.Earned
}

// digests checks each transfer against the digest it was booked with.
func (r *Report) digests(ctx context.Context, tx *store.Store, t models.Tenant, name string) error {
	after := ""
	for {
		transfers, err := tx.TransfersAfter(ctx, t, after, page)
		if err != nil || len(transfers) == 0 {
			return err
		}
		for _, tr := range transfers {
			if ledger.Digest(t, tr) != tr.Digest {
				r.Differences = append(r.Differences, fmt.Sprintf("%s, %s: transfer %s is not what was booked", name, t.Mode, tr.Key))
			}
		}
		r.Transfers += len(transfers)
		after = transfers[len(transfers)-1].Key
	}
}
