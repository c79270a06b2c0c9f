package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// Book keeps transfers and moves the balances with them. A transfer whose key was booked before changes nothing.
func (s *Store) Book(ctx context.Context, t models.Tenant, transfers []models.Transfer) error {
	if m := s.remembers(t); m != nil {
		m.transfers = append(m.transfers, transfers...)
		return nil
	}
	if len(transfers) == 0 {
		return nil
	}
	statement, args, err := manyRows(t, writeTransfers, transferFields, transfers)
	if err == nil {
		err = s.do(ctx, statement, args...)
	}
	if err != nil {
		return fmt.Errorf("book %s: %w", transfers[0].Key, err)
	}
	return nil
}

// Balance is what an account holds in one currency.
func (s *Store) Balance(ctx context.Context, t models.Tenant, account models.Account, c models.Currency) (models.Money, error) {
	var minor int64
	err := s.get(ctx, &minor, `SELECT coalesce((SELECT minor FROM balances WHERE company_id = $1 AND mode = $2 AND account = $3 AND currency = $4), 0)`,
		t.Company, t.Mode, account, c)
	return models.Money{Minor: minor, Currency: c}, err
}

// BalancesOf lists where a partner's money stands, by currency.
func (s *Store) BalancesOf(ctx context.Context, t models.Tenant, partner models.PartnerID) ([]models.Balance, error) {
	all, err := s.BalancesOfAll(ctx, t, []models.PartnerID{partner})
	return all[partner], err
}

// BalancesOfAll is BalancesOf for each of these partners.
func (s *Store) BalancesOfAll(ctx context.Context, t models.Tenant, partners []models.PartnerID) (map[models.PartnerID][]models.Balance, error) {
	var accounts []string
	for _, p := range partners {
		for _, a := range []models.Account{models.HeldFor(p), models.DueTo(p), models.PaidByStripe(p), models.PaidManually(p)} {
			accounts = append(accounts, string(a))
		}
	}
	var rows []struct {
		Account  string          `db:"account"`
		Currency models.Currency `db:"currency"`
		Minor    int64           `db:"minor"`
	}
	err := s.list(ctx, &rows, `SELECT account, currency, minor FROM balances WHERE company_id = $1 AND mode = $2 AND account = ANY($3)
		UNION ALL
		SELECT 'invoice/ptr_' || replace(i.partner_id::text, '-', ''), i.currency, sum(b.minor)::bigint FROM invoices i
		JOIN balances b ON b.company_id = i.company_id AND b.mode = i.mode AND b.account IN ('invoice/inv_' || replace(i.id::text, '-', ''), 'charged/inv_' || replace(i.id::text, '-', ''))
		WHERE i.company_id = $1 AND i.mode = $2 AND i.partner_id = ANY($4::uuid[]) AND b.minor <> 0 GROUP BY i.partner_id, i.currency
		ORDER BY 2, 1`, t.Company, t.Mode, pq.Array(accounts), pq.Array(uuids(partners)))
	if err != nil {
		return nil, fmt.Errorf("balances of %d partners: %w", len(partners), err)
	}
	all := map[models.PartnerID][]models.Balance{}
	for _, r := range rows {
		kind, whose, _ := strings.Cut(r.Account, "/")
		id, err := models.ParseID[models.PartnerID](whose)
		if err != nil {
			return nil, fmt.Errorf("read account %s: %w", r.Account, err)
		}
		all[id] = standsOn(all[id], kind, models.Money{Minor: r.Minor, Currency: r.Currency})
	}
	return all, nil
}

// standsOn adds what one kind of account holds to a list of balances in the order of currencies.
func standsOn(list []models.Balance, kind string, m models.Money) []models.Balance {
	if len(list) == 0 || list[len(list)-1].Currency != m.Currency {
		zero := models.Money{Currency: m.Currency}
		list = append(list, models.Balance{Currency: m.Currency, Held: zero, Due: zero, Invoiced: zero, Paid: zero})
	}
	b := &list[len(list)-1]
	switch kind {
	case "held":
		b.Held.Minor += m.Minor
	case "due":
		b.Due.Minor += m.Minor
	case "invoice":
		b.Invoiced.Minor += m.Minor
	default:
		b.Paid.Minor += m.Minor
	}
	return list
}

// TransfersOf lists what was booked for one cause, in the order of time.
func (s *Store) TransfersOf(ctx context.Context, t models.Tenant, cause string) ([]models.Transfer, error) {
	return s.transfers(ctx, `company_id = $1 AND mode = $2 AND cause = $3 ORDER BY at, key LIMIT 10000`, t.Company, t.Mode, cause)
}

// TransfersAfter walks all transfers of a tenant by key, for the proof.
func (s *Store) TransfersAfter(ctx context.Context, t models.Tenant, key string, limit int) ([]models.Transfer, error) {
	return s.transfers(ctx, `company_id = $1 AND mode = $2 AND key > $3 ORDER BY key LIMIT $4`, t.Company, t.Mode, key, limit)
}

func (s *Store) transfers(ctx context.Context, where string, args ...any) ([]models.Transfer, error) {
	var rows []struct {
		Key      string          `db:"key"`
		From     models.Account  `db:"from_account"`
		To       models.Account  `db:"to_account"`
		Amount   int64           `db:"amount"`
		Currency models.Currency `db:"currency"`
		Cause    string          `db:"cause"`
		At       time.Time       `db:"at"`
		Digest   []byte          `db:"digest"`
	}
	if err := s.list(ctx, &rows, `SELECT key, from_account, to_account, amount, currency, cause, at, digest FROM transfers WHERE `+where, args...); err != nil {
		return nil, fmt.Errorf("list transfers: %w", err)
	}
	list := make([]models.Transfer, 0, len(rows))
	for _, r := range rows {
		tr := models.Transfer{Key: r.Key, From: r.From, To: r.To, Cause: r.Cause, At: r.At, Amount: models.Money{Minor: r.Amount, Currency: r.Currency}}
		copy(tr.Digest[:], r.Digest)
		list = append(list, tr)
	}
	return list, nil
}
