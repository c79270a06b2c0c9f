package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portal/books"
	"portal/models"
	"portal/payouts"
	"portal/store"
	"portal/store/storetest"
)

// undone is a database with an invoice that was marked as paid, and then not.
func undone(t *testing.T) *store.Store {
	t.Helper()
	s, ctx, fay := byHand(t), context.Background(), models.Actor{Name: "API key"}
	tenants, err := s.Tenants(ctx)
	if err != nil || len(tenants) != 1 {
		t.Fatal(tenants, err)
	}
	list, err := s.Invoices(ctx, tenants[0], nil, "", storetest.FirstPage())
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	out := &payouts.Payouts{Store: s, Now: func() time.Time { return storetest.Day }}
	for _, step := range []func() (models.Invoice, error){
		func() (models.Invoice, error) { return out.Approve(ctx, tenants[0], list[0].ID, fay) },
		func() (models.Invoice, error) {
			return out.MarkPaid(ctx, tenants[0], list[0].ID, "wire 7", storetest.Day, fay)
		},
		func() (models.Invoice, error) { return out.Undo(ctx, tenants[0], list[0].ID, "typo", fay) },
	} {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// CONTRACT.md 2, F107: a payment that was undone has its booking and one back; one without the other is named.
func TestAnUndonePaymentWithoutItsBookingsIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	for statement, named := range map[string]string{
		`UPDATE attempts SET status = 'succeeded'`:            "of invoice TEST-1",
		`UPDATE attempts SET status = 'failed'`:               "cause of transfer attempt/att_",
		`UPDATE attempts SET amount = amount + 1`:             "undone attempt att_",
		`DELETE FROM transfers WHERE key LIKE '%/undone'`:     "undone attempt att_",
		`DELETE FROM transfers WHERE key LIKE 'attempt%paid'`: "undone attempt att_",
	} {
		s := undone(t)
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
