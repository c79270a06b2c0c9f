package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/lib/pq"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// A column that a migration adds is one that a batch must write too: whoever adds it meets this test.
func TestMemoryKnowsEveryColumnOfTheTablesItWrites(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for table, known := range store.MemoryWrites() {
		var columns []string
		if err := s.DB().QueryRow(`SELECT array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`, table).
			Scan(pq.Array(&columns)); err != nil {
			t.Fatal(err)
		}
		for _, column := range columns {
			if !slices.Contains(known, column) {
				t.Errorf("%s.%s: memory does not write it (store/memory_write.go)", table, column)
			}
		}
		for _, column := range known {
			if !slices.Contains(columns, column) {
				t.Errorf("%s.%s: there is no such column", table, column)
			}
		}
	}
}

// Whatever a text holds, it comes out of an array as it went in.
func TestTextsInAnArrayComeOutAsTheyWentIn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	texts := []string{"", "NULL", "null", `"`, `\`, `\\"`, "{}", "{a,b}", ",", " a ", "é, 日本", "\n\t", `'`, `$1`, "a\u00a0b"}
	var out []string
	if err := s.DB().QueryRow(`SELECT $1::text[]`, store.ArrayOf(texts)).Scan(pq.Array(&out)); err != nil || !slices.Equal(out, texts) {
		t.Errorf("%q came out as %q, %v", texts, out, err)
	}
}

// remembered is a company with two customers, the second of which has an id, and two payments, and what is done in a batch.
func remembered(t *testing.T, do func(context.Context, *store.Store, *mix) error) (*store.Store, *mix) {
	t.Helper()
	s, m := newMix(t)
	err := s.InTx(context.Background(), func(tx *store.Store) error {
		ctx, id := context.Background(), "cus_1"
		for n := range 2 {
			c := models.Customer{Tenant: m.Tenant, ID: m.customers[n], Key: string(rune('a' + n)), CreatedAt: storetest.Day}
			if n == 1 {
				c.StripeID = &id
			}
			err := errors.Join(tx.AddCustomer(ctx, c), tx.AddPayment(ctx, m.Tenant, m.payments[n], m.Program, models.SourceStripe, string(rune('p'+n)), models.Terms{}, storetest.Day))
			if err != nil {
				return err
			}
		}
		link := models.Link{Customer: m.customers[0], Partner: m.partners[0], From: storetest.Day, Origin: "event", Payment: &m.payments[0], PayKey: "in_1"}
		if err := tx.AddLink(ctx, m.Tenant, link); err != nil {
			return err
		}
		return tx.Remembering(ctx, m.Tenant, store.About{Told: []string{"in_2"}}, func() error { return do(ctx, tx, m) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

// A payment is not held to belong to the partner by a link that it made itself: so a link must know which made it.
func TestALinkThatIsMadeAnewIsOfThePaymentThatMadeIt(t *testing.T) {
	t.Parallel()
	s, m := remembered(t, func(ctx context.Context, tx *store.Store, m *mix) error {
		link := models.Link{Customer: m.customers[0], Partner: m.partners[1], From: storetest.Day, Origin: "event", Payment: &m.payments[1], PayKey: "in_1"}
		return errors.Join(tx.ForgetLinks(ctx, m.Tenant, link.Customer, storetest.Day, ""), tx.AddLink(ctx, m.Tenant, link))
	})
	links, err := s.LinksOf(context.Background(), m.Tenant, m.customers[0])
	if err != nil || len(links) != 1 || links[0].Partner != m.partners[1] || *links[0].Payment != m.payments[1] {
		t.Errorf("%+v, %v", links, err)
	}
}

// Whichever of two customers was made first: an id of the provider's passes from one to the other.
func TestAnIdPassesFromOneCustomerToAnother(t *testing.T) {
	t.Parallel()
	s, m := remembered(t, func(ctx context.Context, tx *store.Store, m *mix) error {
		of, err := tx.CustomerByStripeID(ctx, m.Tenant, "cus_1")
		if err != nil {
			return err
		}
		to, err := tx.Customer(ctx, m.Tenant, m.customers[0])
		to.StripeID, of.StripeID = of.StripeID, nil
		return errors.Join(err, tx.SaveCustomer(ctx, of), tx.SaveCustomer(ctx, to))
	})
	if c, err := s.CustomerByStripeID(context.Background(), m.Tenant, "cus_1"); err != nil || c.ID != m.customers[0] {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAPaymentIsTouchedByAnIdThatItWasJustGiven(t *testing.T) {
	t.Parallel()
	remembered(t, func(ctx context.Context, tx *store.Store, m *mix) error {
		err := tx.ClaimAliases(ctx, m.Tenant, m.payments[0], []string{"in_2"})
		touched, failed := tx.PaymentsTouched(ctx, m.Tenant, "in_2", storetest.Day)
		if len(touched) != 1 || touched[0].ID != m.payments[0] {
			t.Errorf("%+v", touched)
		}
		return errors.Join(err, failed)
	})
}

func TestASavepointIsUndoneToItsBeginningWhateverWasUndoneInside(t *testing.T) {
	t.Parallel()
	s, m := remembered(t, func(ctx context.Context, tx *store.Store, m *mix) error {
		err := tx.Savepoint(ctx, func() error {
			c, err := tx.Customer(ctx, m.Tenant, m.customers[0])
			c.Name = new("Ann")
			return errors.Join(err, tx.SaveCustomer(ctx, c), tx.Savepoint(ctx, func() error { return errUndone }))
		})
		if !errors.Is(err, errUndone) {
			t.Error(err)
		}
		return nil
	})
	if c, err := s.Customer(context.Background(), m.Tenant, m.customers[0]); err != nil || c.Name != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
