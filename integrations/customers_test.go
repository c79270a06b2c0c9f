package integrations_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

func (s shop) customersSync(t *testing.T) models.Sync {
	t.Helper()
	y, err := s.Store.Sync(context.Background(), s.Tenant, s.Program, models.SyncOfCustomers)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func (s shop) carryCustomers(t *testing.T) models.Sync {
	t.Helper()
	if err := s.SyncCustomers(context.Background(), s.Tenant, s.Program); err != nil {
		t.Fatal(err)
	}
	return s.customersSync(t)
}

// F5, F32, MONEY.md 3.4: a program's customers are brought page by page, without a commission or a mail; the run can be
// paused and goes on where it was, also when the customer that it had come to is gone, and a second run finds nothing new.
func TestCustomersAreBroughtPausedAndGoOn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	stripe, base := newStripe(t)
	s := storetest.Open(t)
	now := time.Now()
	one := newShop(t, s, base, "https://one.example", func() time.Time { return now })
	for n := range 250 {
		askShop(t, base, http.MethodPost, "/v1/customers", fmt.Sprintf("email=c%d@example.com&name=C%d&metadata[partner_key]=PARTNER_A", n, n))
	}
	who := models.Actor{Name: "Ann"}
	start := func() {
		t.Helper()
		if err := one.StartCustomers(ctx, one.Caller, who); err != nil {
			t.Fatal(err)
		}
	}
	start()
	if err := one.StartCustomers(ctx, one.Caller, who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a second run beside the first: %v", err)
	}
	stripe.Fail(sandbox.Fault{Path: "/v1/customers", Status: http.StatusUnauthorized})
	if y := one.carryCustomers(t); y.State != models.SyncFailed || !strings.Contains(y.Because, "refuses the API key") || y.Seen != 0 {
		t.Errorf("a key that is refused: %+v", y)
	}
	steer := func(to models.SyncState) {
		t.Helper()
		if err := one.SteerCustomers(ctx, one.Caller, to, who); err != nil {
			t.Fatal(err)
		}
	}
	steer(models.SyncRunning)
	steer(models.SyncPaused)
	if y := one.carryCustomers(t); y.Seen != 0 || y.State != models.SyncPaused {
		t.Errorf("paused: %+v", y)
	}
	steer(models.SyncRunning)
	stripe.Fail(sandbox.Fault{Path: "/v1/customers", Status: 503, Times: 4})
	if y := one.carryCustomers(t); y.State != models.SyncRunning || !strings.Contains(y.Because, "503") {
		t.Errorf("Stripe in trouble: %+v", y)
	}
	now = now.Add(2 * time.Minute)
	if err := one.CarrySyncs(ctx); err != nil {
		t.Fatal(err)
	}
	var jobs int
	if err := s.DB().QueryRow(`SELECT count(*) FROM river_job WHERE kind = 'sync_customers'`).Scan(&jobs); err != nil || jobs < 4 {
		t.Errorf("%d jobs were promised, %v", jobs, err)
	}
	y := one.customersSync(t)
	y.Cursor, y.ReachedAt, y.Seen = "cus_gone", new(time.Now().Add(time.Hour)), 7
	if err := s.SaveSync(ctx, y); err != nil {
		t.Fatal(err)
	}
	if y := one.carryCustomers(t); y.State != models.SyncDone || y.Fresh != 250 || y.Seen != 257 || y.FinishedAt == nil || y.Because != "" {
		t.Errorf("brought: %+v", y)
	}
	list, err := s.Customers(ctx, one.Tenant, "c7@example.com", "", store.Page{Limit: 10})
	if err != nil || len(list) != 1 || list[0].Key != "stripe_"+*list[0].StripeID || *list[0].Name != "C7" {
		t.Errorf("kept %+v, %v", list, err)
	}
	start()
	if y := one.carryCustomers(t); y.State != models.SyncDone || y.Seen != 250 || y.Fresh+y.Updated != 0 || y.Expected != 257 {
		t.Errorf("brought again: %+v", y)
	}
	if got := one.books(t); got != "" {
		t.Errorf("a list of customers was booked:\n%s", got)
	}
	start()
	steer(models.SyncCancelled)
	if y := one.carryCustomers(t); y.State != models.SyncCancelled || y.Seen != 0 {
		t.Errorf("ended: %+v", y)
	}
	if err := one.SteerCustomers(ctx, one.Caller, models.SyncRunning, who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("an ended run goes on: %v", err)
	}
}

// F5: without a connection there is nothing to bring, and that is said.
func TestCustomersAreBroughtOnlyFromAConnection(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	if err := in.StartCustomers(context.Background(), c, models.Actor{}); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "Connect Stripe first") {
		t.Errorf("%v", err)
	}
}
