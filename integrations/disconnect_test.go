package integrations_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// kept is the connection as it is kept.
func kept(t *testing.T, in *integrations.Integrations, c models.Caller) store.Integration {
	t.Helper()
	i, err := in.Store.Integration(context.Background(), c.Tenant, c.Program, models.SourceStripe)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// MONEY.md 3.3, issue 4, 1.1: disconnecting deletes the endpoint that we made and no other one, and forgets all secrets; again changes nothing.
func TestDisconnectingDeletesOurEndpointAlone(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints", "url=https://elsewhere.example/&enabled_events[]=*&metadata[portal_program]="+c.Program.String())
	save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	save(t, in, c, integrations.Change{WebhookSecret: ptr(storetest.Secret)}) // the one before is still taken
	if n := len(endpointsOf(t, base)); n != 2 {
		t.Fatalf("%d endpoints", n)
	}
	for range 2 {
		if left, err := in.Disconnect(context.Background(), c, models.SourceStripe, models.Actor{}); left || err != nil {
			t.Fatalf("left %v, %v", left, err)
		}
		if list := endpointsOf(t, base); len(list) != 1 || list[0]["url"] != "https://elsewhere.example/" {
			t.Errorf("endpoints %v", list)
		}
		if i := kept(t, in, c); i.Status != "not_connected" || i.APIKey+i.WebhookSecret+i.FormerSecret != "" || i.FormerUntil != nil || i.Account != nil {
			t.Errorf("kept %+v", i)
		}
	}
	if again := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)}); again.Status != "connected" || again.WebhookSecret == "" || len(endpointsOf(t, base)) != 2 {
		t.Errorf("connected again: %+v", again)
	}
}

// MONEY.md 3.2, 3.3: a key that Stripe refuses cannot delete, and that is said; without an answer nothing changes.
func TestDisconnectingWithoutStripe(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	for _, path := range []string{"/v1/webhook_endpoints", "/v1/webhook_endpoints/*"} {
		for _, status := range []int{429, 500} {
			stripe.Fail(sandbox.Fault{Path: path, Status: status, Times: 1})
			_, err := in.Disconnect(context.Background(), c, models.SourceStripe, models.Actor{})
			if !errors.Is(err, models.ErrLater) || !strings.Contains(err.Error(), "Nothing was changed") || kept(t, in, c).APIKey == "" {
				t.Errorf("%s %d: %v", path, status, err)
			}
		}
	}
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{"sk_test_rolled_0001"}})
	if left, err := in.Disconnect(context.Background(), c, models.SourceStripe, models.Actor{}); !left || err != nil {
		t.Errorf("left %v, %v", left, err)
	}
	if i := kept(t, in, c); i.Status != "not_connected" || i.APIKey != "" {
		t.Errorf("kept %+v", i)
	}
}

// MONEY.md 3.3: a secret given by hand after the key is of an endpoint made by hand: what that is not told of is named then, and Stripe's silence does
// not keep the secret out.
func TestASecretByHandLooksAtItsEndpoint(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	stripe.Fail(sandbox.Fault{Path: "/v1/webhook_endpoints", Method: http.MethodPost, Status: 400, Times: 2})
	if i := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)}); i.WebhookSecret != "" || !slices.Contains(i.MissingEvents, "invoice.paid") {
		t.Fatalf("kept %+v", i)
	}
	stripe.Fail(sandbox.Fault{Path: "/v1/webhook_endpoints", Status: 500, Times: 1})
	if i := save(t, in, c, integrations.Change{WebhookSecret: ptr("whsec_while_stripe_is_down")}); i.WebhookSecret != "whsec_while_stripe_is_down" {
		t.Errorf("kept %+v", i)
	}
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints", "url="+in.Webhook(c.Program, models.SourceStripe)+"&enabled_events[]=invoice.paid")
	if i := save(t, in, c, integrations.Change{WebhookSecret: ptr(storetest.Secret)}); slices.Contains(i.MissingEvents, "invoice.paid") || !slices.Contains(i.MissingEvents, "refund.created") {
		t.Errorf("missing %v", i.MissingEvents)
	}
}

// MONEY.md 3.2: a connection whose key Stripe refuses is mended by a new key, not by a secret.
func TestABrokenConnectionIsMendedByAKey(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	broken := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	broken.Status = "broken"
	if err := in.Store.SaveIntegration(context.Background(), broken, storetest.Day); err != nil {
		t.Fatal(err)
	}
	if i := save(t, in, c, integrations.Change{WebhookSecret: ptr(storetest.Secret)}); i.Status != "broken" {
		t.Errorf("a secret made it %s", i.Status)
	}
	if i := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)}); i.Status != "connected" {
		t.Errorf("a key made it %s", i.Status)
	}
}
