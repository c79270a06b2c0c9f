package integrations_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// keptOf is the program's connection as it is kept; a new one when there is none.
func keptOf(t *testing.T, in *integrations.Integrations, c models.Caller) store.Integration {
	t.Helper()
	i, err := in.Store.Integration(context.Background(), c.Tenant, c.Program, models.SourceStripe)
	if errors.Is(err, models.ErrNotFound) {
		return store.Integration{Tenant: c.Tenant, Program: c.Program, Source: models.SourceStripe}
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// B18: what the doctor asks is what stripe-mock takes.
func TestStripeMockAcceptsWhatTheDoctorAsks(t *testing.T) {
	t.Parallel()
	judge := storetest.StripeMock(t)
	in, c := newIntegrations(t, judge.URL)
	i := keptOf(t, in, c)
	i.APIKey = "sk_test_1234567890"
	ctx := context.Background()
	if _, err := in.AccountOf(ctx, i.APIKey); err != nil {
		t.Error(err)
	}
	if _, err := in.Endpoints(ctx, i); err != nil {
		t.Error(err)
	}
	if _, err := in.NewestEvent(ctx, i); err != nil {
		t.Error(err)
	}
	if _, err := in.CanReceive(ctx, i.APIKey, "acct_1032D82eZvKYlo2C"); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"GET /v1/account", "GET /v1/accounts/acct_1032D82eZvKYlo2C", "GET /v1/webhook_endpoints", "GET /v1/events"} {
		if !slices.Contains(judge.Calls(), want) {
			t.Errorf("%s was not called: %v", want, judge.Calls())
		}
	}
}

// MONEY.md 3.3: an endpoint that leads to the program at another host is found, too; what its version may not know is not missing.
func TestEndpointsAreFoundByTheirProgram(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	path := "/v1/integrations/stripe/" + c.Program.String() + "/webhook"
	all := endpointsOf(t, base)[0]["enabled_events"].([]any)
	form := "url=https://tunnel.example" + path + "&api_version=2023-10-16"
	for _, event := range all {
		if e := event.(string); e != "refund.failed" && e != "invoice.overpaid" && e != "coupon.deleted" {
			form += "&enabled_events[]=" + e
		}
	}
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints", form)
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints", "url=https://other.example/hook&enabled_events[]=*")
	found, err := in.Endpoints(context.Background(), keptOf(t, in, c))
	slices.SortFunc(found, func(a, b integrations.Endpoint) int { return strings.Compare(a.URL, b.URL) })
	if err != nil || len(found) != 2 || found[0].URL != in.Webhook(c.Program, models.SourceStripe) || len(found[0].Missing) > 0 || !found[0].Enabled ||
		found[1].URL != "https://tunnel.example"+path || !slices.Equal(found[1].Missing, []string{"coupon.deleted"}) || found[1].Version != "2023-10-16" {
		t.Errorf("%+v, %v", found, err)
	}
}

// B18: without the right there is a plain no, and a failure of Stripe's is one that passes.
func TestWhatMayNotBeLookedAtIsForbidden(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, someKey}, Rights: map[string][]string{someKey: {}}})
	i := keptOf(t, in, c)
	i.APIKey = someKey
	ctx := context.Background()
	if _, err := in.Endpoints(ctx, i); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("endpoints: %v", err)
	}
	if _, err := in.NewestEvent(ctx, store.Integration{APIKey: someKey}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("events: %v", err)
	}
	stripe.Fail(sandbox.Fault{Path: "/v1/events", Status: 500, Times: 1})
	if _, err := in.NewestEvent(ctx, store.Integration{APIKey: shopKey}); !errors.Is(err, models.ErrLater) {
		t.Errorf("events: %v", err)
	}
	if at, err := in.NewestEvent(ctx, store.Integration{APIKey: shopKey}); err != nil || !at.IsZero() {
		t.Errorf("no events: %v, %v", at, err)
	}
	if at, err := in.StripeClock(ctx); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("the clock shows %v, %v", at, err)
	}
	in.StripeBase = "http://127.0.0.1:1"
	if _, err := in.StripeClock(ctx); !errors.Is(err, models.ErrLater) {
		t.Errorf("the clock of nobody: %v", err)
	}
}
