package books_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portal/books"
	"portal/inbox"
	"portal/ledger"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// booked is a database with one sale, booked, drawn up and half refunded.
func booked(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.OpenUnproved(t)
	c := storetest.Company(t, s)
	storetest.Partner(t, s, c.Tenant, "PARTNER_A", "usd")
	in := &inbox.Inbox{Store: s, Now: func() time.Time { return storetest.Day }, Log: slog.New(slog.DiscardHandler)}
	for n, key := range []string{"a", "b"} {
		if _, _, err := in.Transact(context.Background(), c, inbox.Transaction{Key: key, Amount: []string{"100", "50"}[n], AmountUnits: "usd", Partner: "PARTNER_A"}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// CONTRACT.md 2: any one stored amount that was changed is found and named.
func TestAnyChangedAmountIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	for statement, named := range map[string]string{
		`UPDATE balances SET minor = minor + 1 WHERE account LIKE 'held/%'`:                                                                                "balance held/",
		`UPDATE transfers SET amount = amount + 1 WHERE key IN (SELECT min(key) FROM transfers)`:                                                           "is not what was booked",
		`UPDATE transfers SET cause = 'else' WHERE key IN (SELECT min(key) FROM transfers)`:                                                                "is not what was booked",
		`DELETE FROM transfers WHERE key IN (SELECT min(key) FROM transfers)`:                                                                              "entry commission/",
		`UPDATE commissions SET amount = amount + 1 WHERE id IN (SELECT id FROM commissions LIMIT 1)`:                                                      "commission cms_",
		`UPDATE commission_entries SET amount = amount + 1 WHERE commission_id IN (SELECT id FROM commissions LIMIT 1)`:                                    "entry commission/",
		`UPDATE payments SET refunded = 7 WHERE key = 'a'`:                                                                                                 "refunds of payment a",
		`UPDATE payments SET partner_id = NULL WHERE key = 'a'`:                                                                                            "decision on commission",
		`UPDATE commission_entries SET partner_id = gen_random_uuid()`:                                                                                     "partner of entry",
		`UPDATE commission_entries SET payable_on = '2020-01-01'`:                                                                                          "partner of entry",
		`UPDATE commissions SET earned = 99999`:                                                                                                            "earned of commission",
		`UPDATE commissions SET share = share - 1`:                                                                                                         "share of commission",
		`UPDATE commissions SET matured = true`:                                                                                                            "state of commission",
		`UPDATE payments SET gross = gross + 10000, refunded = 5000 WHERE key = 'a'`:                                                                       "share of commission",
		`INSERT INTO transfers SELECT company_id, mode, 'attempt/x/paid', from_account, to_account, 1, currency, cause, at, digest FROM transfers LIMIT 1`: "cause of transfer attempt/x/paid",
		`UPDATE payments SET steps = '[]' WHERE key = 'a'`:                                                                                                 "decision on commission",
	} {
		s := booked(t)
		if r, err := books.Prove(context.Background(), s); err != nil || !r.OK {
			t.Fatalf("before: %+v, %v", r, err)
		}
		if _, err := s.DB().Exec(statement); err != nil {
			t.Fatal(err)
		}
		r, err := books.Prove(context.Background(), s)
		if err != nil || r.OK || !strings.Contains(strings.Join(r.Differences, "\n"), named) {
			t.Errorf("%s: %v, %v; want it to name %q", statement, r.Differences, err, named)
		}
	}
}

// The hash is of what happened, not of when Portal heard of it or what it calls it.
func TestTheSameNewsGivesTheSameHash(t *testing.T) {
	t.Parallel()
	one, err := books.Prove(context.Background(), booked(t))
	if err != nil {
		t.Fatal(err)
	}
	two, err := books.Prove(context.Background(), booked(t))
	if err != nil || one.Hash != two.Hash || one.Hash == "" {
		t.Errorf("%s and %s, %v", one.Hash, two.Hash, err)
	}
	if len(one.Tenants) != 1 || one.Tenants[0].Mode != models.Test || one.Transfers != 2 {
		t.Errorf("%+v", one)
	}
}

// byHand is a database with a bonus on an invoice, a deduction, and a debt written off by a second person.
func byHand(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.OpenUnproved(t)
	c := storetest.Company(t, s)
	p := storetest.Partner(t, s, c.Tenant, "PARTNER_A", "usd")
	in := &inbox.Inbox{Store: s, Now: func() time.Time { return storetest.Day }, Log: slog.New(slog.DiscardHandler)}
	ctx, fay, finn := context.Background(), somebody("fay"), somebody("finn")
	adjust := func(minor int64) {
		a := models.Adjustment{Tenant: c.Tenant, ID: models.NewID[models.AdjustmentID](storetest.Day), Partner: p.ID, Program: &c.Program, Minor: minor, Currency: "usd", Reason: "why"}
		if _, err := in.Adjust(ctx, a, fay); err != nil {
			t.Fatal(err)
		}
	}
	adjust(5000)
	i := models.Invoice{Tenant: c.Tenant, ID: models.NewID[models.InvoiceID](storetest.Day), Number: "TEST-1", Partner: p.ID, Currency: "usd", TotalMinor: 5000,
		Status: models.InReview, Until: storetest.Day, DrawnAt: storetest.Day}
	if err := errors.Join(s.AddInvoices(ctx, c.Tenant, []models.Invoice{i}, storetest.Day), s.Book(ctx, c.Tenant, ledger.Stamp(c.Tenant, ledger.Drawn(i)))); err != nil {
		t.Fatal(err)
	}
	adjust(-3000)
	w, err := in.AskWriteOff(ctx, c.Tenant, p.ID, models.Money{Minor: 2000, Currency: "usd"}, "gone", fay)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.ApproveWriteOff(ctx, c.Tenant, w.ID, finn); err != nil {
		t.Fatal(err)
	}
	return s
}

func somebody(name string) models.Actor {
	return models.Actor{Person: new(models.NewID[models.PersonID](storetest.Day)), Name: name}
}

// CONTRACT.md 2, issue 3: what was booked by hand is proved too, and a changed amount is named.
func TestAChangedAdjustmentOrWriteOffIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	for statement, named := range map[string]string{
		`UPDATE adjustments SET amount = amount + 1 WHERE kind = 'bonus'`:                                              "adjustment/adj_",
		`UPDATE adjustments SET amount = -amount WHERE kind = 'deduction'`:                                             "adjustment/adj_",
		`UPDATE adjustments SET amount = amount - 1 WHERE kind = 'write_off'`:                                          "write-off wof_",
		`UPDATE adjustments SET currency = 'eur' WHERE kind = 'deduction'`:                                             "adjustment/adj_",
		`UPDATE adjustments SET invoice_id = NULL WHERE kind = 'bonus'`:                                                "invoice TEST-1",
		`UPDATE adjustments SET program_id = NULL WHERE kind = 'deduction'`:                                            "adjustment/adj_",
		`DELETE FROM adjustments WHERE kind = 'deduction'`:                                                             "cause of transfer adjustment/adj_",
		`DELETE FROM transfers WHERE key IN (SELECT 'adjustment/adj_' || replace(id::text, '-', '') FROM adjustments)`: "adjustment/adj_",
		`UPDATE transfers SET amount = amount + 1 WHERE key LIKE 'adjustment/%'`:                                       "is not what was booked",
		`UPDATE write_offs SET amount = amount + 1`:                                                                    "write-off wof_",
		`UPDATE balances SET minor = minor + 1 WHERE account LIKE 'write-off/%'`:                                       "balance write-off/",
		`UPDATE invoices SET total = total - 5000`:                                                                     "invoice TEST-1",
	} {
		s := byHand(t)
		if r, err := books.Prove(context.Background(), s); err != nil || !r.OK {
			t.Fatalf("before: %+v, %v", r, err)
		}
		if _, err := s.DB().Exec(statement); err != nil {
			t.Fatal(err)
		}
		r, err := books.Prove(context.Background(), s)
		if err != nil || r.OK || !strings.Contains(strings.Join(r.Differences, "\n"), named) {
			t.Errorf("%s: %v, %v; want it to name %q", statement, r.Differences, err, named)
		}
	}
}

// An adjustment is part of what the hash covers: another amount, or another reason, is another state.
func TestTheHashCoversWhatWasBookedByHand(t *testing.T) {
	t.Parallel()
	s := byHand(t)
	before, err := books.Prove(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().Exec(`UPDATE adjustments SET reason = 'another' WHERE kind = 'bonus'`); err != nil {
		t.Fatal(err)
	}
	if after, err := books.Prove(context.Background(), s); err != nil || after.Hash == before.Hash {
		t.Errorf("%s stays, %v", after.Hash, err)
	}
}
