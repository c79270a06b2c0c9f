package integrations_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// connectedTo is a connection by key to a server that answers everything with 200 and a text.
func connectedTo(t *testing.T, body string) (*integrations.Integrations, models.Caller) {
	t.Helper()
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	t.Cleanup(odd.Close)
	s := storetest.Open(t)
	c := storetest.Company(t, s)
	now := func() time.Time { return storetest.Day.Add(48 * time.Hour) }
	in := &integrations.Integrations{Store: s, StripeBase: odd.URL, Now: now, Log: slog.New(slog.DiscardHandler), Inbox: &inbox.Inbox{Store: s, Now: now, Log: slog.New(slog.DiscardHandler)}}
	i := store.Integration{Tenant: c.Tenant, Program: c.Program, Source: models.SourceStripe, Status: "connected", Account: ptr("acct_shop"), APIKey: shopKey, WebhookSecret: storetest.Secret}
	if err := s.SaveIntegration(t.Context(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	return in, c
}

// Issue 4, bad input: JSON that is no list is not taken for an empty one. What is known stays, and what did not come is asked for again.
func TestWhatIsNoListIsNotTakenForAnEmptyOne(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, body := range map[string]string{"nothing in it": `{"id": "acct_shop"}`, "null": `{"id": "acct_shop", "data": null}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, c := connectedTo(t, body)
			if err := in.Store.KeepProducts(ctx, c, []models.Product{{ID: "prod_1", Name: "Plan", Active: true, ToldAt: storetest.Day}}); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(in.SyncCatalog(ctx, c.Tenant, c.Program), in.Heal(ctx)); err != nil {
				t.Fatal(err)
			}
			known, err := in.Store.ProductsNamed(ctx, c, []string{"prod_1"})
			if err != nil || known["prod_1"].Gone {
				t.Errorf("the product is %+v, %v", known["prod_1"], err)
			}
			y, err := in.Store.Sync(ctx, c.Tenant, c.Program, models.SyncOfCatalog)
			if err != nil || y.State != models.SyncFailed || !strings.Contains(y.Because, "could not be read") {
				t.Errorf("the sync is %q, because %q, %v", y.State, y.Because, err)
			}
			i, err := in.Store.Integration(ctx, c.Tenant, c.Program, models.SourceStripe)
			if err != nil || i.Healed.To != nil {
				t.Errorf("all events are said to be here up to %v, %v", i.Healed.To, err)
			}
		})
	}
}

// Issue 4, bad input: a list that goes on after the thing that it was to go on after would never end.
func TestAListThatGoesInCirclesEnds(t *testing.T) {
	t.Parallel()
	in, c := connectedTo(t, `{"id": "acct_shop", "has_more": true, "data": [{"id": "prod_1", "name": "Plan"}]}`)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := in.SyncCatalog(ctx, c.Tenant, c.Program); err != nil {
		t.Fatal(err)
	}
	if y, err := in.Store.Sync(ctx, c.Tenant, c.Program, models.SyncOfCatalog); err != nil || y.State != models.SyncFailed {
		t.Errorf("the sync is %q, %v", y.State, err)
	}
}

// MONEY.md 3.2, issue 4: an answer without an account is none, and what is pasted along with a key and not seen is told at its field.
func TestAKeyIsNotKeptOnAnAnswerWithoutAnAccount(t *testing.T) {
	t.Parallel()
	in, c := connectedTo(t, `{"data": []}`)
	if _, err := in.Save(t.Context(), c, models.SourceStripe, integrations.Change{APIKey: ptr("sk_test_another_1")}, models.Actor{Name: "ann"}); !errors.Is(err, models.ErrLater) {
		t.Errorf("answered %v", err)
	}
	if i, err := in.Store.Integration(t.Context(), c.Tenant, c.Program, models.SourceStripe); err != nil || i.APIKey != shopKey || *i.Account != "acct_shop" {
		t.Errorf("kept %v, %v", i.Account, err)
	}
	for _, key := range []string{"sk_test_a\u200bb", "sk_test_\u200b", "sk_test_a\x00b", "sk_test_a\u00a0b", "sk_test_a\x7f"} {
		_, err := in.Save(t.Context(), c, models.SourceStripe, integrations.Change{APIKey: &key}, models.Actor{Name: "ann"})
		var fields models.FieldErrors
		if !errors.As(err, &fields) || fields[0].Field != "api_key" {
			t.Errorf("%q was answered %v", key, err)
		}
	}
}

// Issue 4, "no retry storm": an event of the catalog that nobody can read is not tried over and over; the next sync tells the truth.
func TestAnUnreadableEventOfTheCatalogIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	in, c := connectedTo(t, `{}`)
	body := []byte(`{"id": "evt_1", "object": "event", "type": "product.updated", "created": 1700000000, "livemode": false, "data": {"object": {"id": "prod_1", "name": {"no": "text"}}}}`)
	if err := in.Inbox.Accept(ctx, c.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, in.Now()), body); err != nil {
		t.Fatal(err)
	}
	e, err := in.Store.EventByProviderID(ctx, c.Company, models.SourceStripe, "evt_1")
	if err == nil {
		err = in.KeepCatalogEvent(ctx, c.Tenant, e.ID)
	}
	if err != nil {
		t.Error(err)
	}
}
