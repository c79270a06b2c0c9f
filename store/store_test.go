package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// DESIGN.md 3: transfers are never changed or deleted; a correction is another transfer.
func TestNoStatementChangesOrDeletesATransfer(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	changes := regexp.MustCompile(`(?i)(update|delete\s+from|truncate)\s+transfers`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := changes.Find(text); found != nil {
			t.Errorf("%s: %s", file, found)
		}
	}
}

// P29: invoice numbers have no gaps and no repeats, however many are drawn at once.
func TestInvoiceNumbersHaveNoGapsUnderConcurrency(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	c := storetest.Company(t, s)
	var (
		mu   sync.Mutex
		seen = map[int]bool{}
		all  sync.WaitGroup
	)
	for n := range 40 {
		all.Go(func() {
			err := s.InTx(context.Background(), func(tx *store.Store) error {
				number, err := tx.TakeInvoiceNumbers(context.Background(), c.Tenant, 2026, 1)
				if err != nil {
					return err
				}
				if n%4 == 3 {
					return errors.New("given up")
				}
				mu.Lock()
				defer mu.Unlock()
				if seen[number] {
					t.Errorf("number %d twice", number)
				}
				seen[number] = true
				return nil
			})
			if (err != nil) != (n%4 == 3) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for n := 1; n <= 30; n++ {
		if !seen[n] {
			t.Errorf("number %d is missing", n)
		}
	}
}

// P46: balances move with their transfers, however many book at once, and a transfer booked again changes nothing.
func TestBookingManyAtOnceLosesNothing(t *testing.T) {
	t.Parallel()
	s := storetest.OpenUnproved(t)
	c := storetest.Company(t, s)
	from, to := models.Owes(c.Program), models.DueTo(models.NewID[models.PartnerID](storetest.Day))
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			tr := models.Transfer{Key: fmt.Sprintf("test/%d", n%25), From: from, To: to, Amount: models.Money{Minor: 3, Currency: "usd"}, Cause: "test", At: storetest.Day}
			if err := s.InTx(context.Background(), func(tx *store.Store) error {
				return tx.Book(context.Background(), c.Tenant, storetest.Stamped(c.Tenant, tr))
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if b, err := s.Balance(context.Background(), c.Tenant, to, "usd"); err != nil || b.Minor != 75 {
		t.Errorf("balance %v, %v", b, err)
	}
}

// Issue 2: secrets are sealed for one place with the first key, and every key of the ring opens.
func TestSecretsOpenWithAnyKeyOfTheRingAndNowhereElse(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t)
	one, two := "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "2:HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	ctx := context.Background()
	open := func(keys ...string) *store.Store {
		ring, err := store.NewKeyring(keys)
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(ctx, address, ring)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	c := storetest.Company(t, open(one))
	rotated := open(two, one)
	if i, err := rotated.Integration(ctx, c.Tenant, c.Program, models.SourceStripe); err != nil || i.WebhookSecret != storetest.Secret {
		t.Errorf("with a new first key: %+v, %v", i, err)
	}
	if _, err := open(two).Integration(ctx, c.Tenant, c.Program, models.SourceStripe); err == nil {
		t.Error("opened without its key")
	}
	if _, err := rotated.DB().Exec(`UPDATE integrations SET api_key = webhook_secret`); err != nil {
		t.Fatal(err)
	}
	if _, err := rotated.Integration(ctx, c.Tenant, c.Program, models.SourceStripe); err == nil {
		t.Error("a secret moved to another column opens")
	}
	for _, bad := range []string{"", "1:short", "0:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "x"} {
		if _, err := store.NewKeyring([]string{bad}); err == nil {
			t.Errorf("key %q was taken", bad)
		}
	}
}

// Two processes that start at once on an empty data directory end with the same key.
func TestTheKeyFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := store.KeyringIn(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
	if info, err := os.Stat(filepath.Join(dir, "secrets.keys")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// Migrations run by several at once wait for each other.
func TestMigratingTwiceAtOnceIsHarmless(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := store.Migrate(context.Background(), address); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if current, err := storetest.OpenAt(t, address).SchemaCurrent(context.Background()); err != nil || !current {
		t.Errorf("%v, %v", current, err)
	}
}
