package integrations_test

import (
	"context"
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

const someKey = "rk_test_some_key_5678"

// every right that Portal asks for, and the one to read the account.
var every = []string{"rak_charge_read", "rak_payment_intent_read", "rak_invoice_read", "rak_subscription_read", "rak_customer_read", "rak_checkout_session_read",
	"rak_product_read", "rak_plan_read", "rak_event_read", "rak_dispute_read", "rak_credit_note_read", "rak_webhook_write", "rak_coupon_write", "rak_promotion_code_write"}

func save(t testing.TB, in *integrations.Integrations, c models.Caller, change integrations.Change) store.Integration {
	t.Helper()
	if _, err := in.Save(context.Background(), c, models.SourceStripe, change, models.Actor{}); err != nil {
		t.Fatal(err)
	}
	kept, err := in.Store.Integration(context.Background(), c.Tenant, c.Program, models.SourceStripe)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// fresh is a program that was never connected.
func fresh(t *testing.T, base string) (*integrations.Integrations, models.Caller) {
	t.Helper()
	in, c := newIntegrations(t, base)
	in.PublicURL = "https://portal.example/"
	if _, err := in.Store.DB().Exec(`DELETE FROM integrations`); err != nil {
		t.Fatal(err)
	}
	return in, c
}

// MONEY.md 3.2, 6, F29: of a restricted key exactly the rights that it lacks are named, one by one.
func TestEachRightThatAKeyLacksIsNamed(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	for n := -1; n < len(every); n++ {
		granted, want := slices.Clone(every), []string(nil)
		if n >= 0 {
			granted, want = slices.Delete(granted, n, n+1), []string{every[n]}
		}
		stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, someKey}, Rights: map[string][]string{someKey: granted}})
		if kept := save(t, in, c, integrations.Change{APIKey: ptr(someKey)}); !slices.Equal(kept.MissingRights, want) || kept.Account == nil || *kept.Account != "acct_shop" {
			t.Errorf("without %v: %v are missing on %v", want, kept.MissingRights, kept.Account)
		}
	}
}

// MONEY.md 3.2: while the rights are looked at, a failure of Stripe's keeps nothing.
func TestRightsThatCannotBeLookedAtKeepNothing(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{someKey}, Rights: map[string][]string{someKey: every}})
	for _, path := range []string{"/v1/disputes", "/v1/webhook_endpoints"} {
		for _, status := range []int{429, 500} {
			stripe.Fail(sandbox.Fault{Path: path, Status: status, Times: 1})
			_, err := in.Save(context.Background(), c, models.SourceStripe, integrations.Change{APIKey: ptr(someKey)}, models.Actor{})
			if err == nil || !strings.Contains(err.Error(), "Nothing was kept") {
				t.Errorf("%s %d: %v", path, status, err)
			}
			if _, err := in.Store.Integration(context.Background(), c.Tenant, c.Program, models.SourceStripe); err == nil {
				t.Errorf("%s %d: a connection was kept", path, status)
			}
		}
	}
}

// F8-F16, MONEY.md 3.3: the endpoint is made with the key, once, pinned, told of all that Portal reads, and its secret is kept
// in the same step; one that learned of too little learns the rest.
func TestTheEndpointIsMadeOnce(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	kept := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	if !strings.HasPrefix(kept.WebhookSecret, "whsec_") || len(kept.MissingEvents) > 0 {
		t.Fatalf("secret %q, missing %v", kept.WebhookSecret, kept.MissingEvents)
	}
	again := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	list := endpointsOf(t, base)
	if len(list) != 1 || again.WebhookSecret != kept.WebhookSecret {
		t.Fatalf("%d endpoints after the key was saved twice", len(list))
	}
	e := list[0]
	if e["url"] != "https://portal.example/v1/integrations/stripe/"+c.Program.String()+"/webhook" || e["api_version"] != "2023-10-16" || len(e["enabled_events"].([]any)) < 40 {
		t.Errorf("the endpoint is %v", e)
	}
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints/"+e["id"].(string), "enabled_events[]=invoice.paid")
	if kept = save(t, in, c, integrations.Change{APIKey: ptr(shopKey)}); len(kept.MissingEvents) > 0 {
		t.Errorf("still missing: %v", kept.MissingEvents)
	}
}

// F9, MONEY.md 3.3: an endpoint that was made by hand is left as it is, and what it is not told of is named. A secret that was
// given by hand is used, and no endpoint is made.
func TestAnEndpointMadeByHandIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	_, base := newStripe(t)
	in, c := fresh(t, base)
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints", "url=https://portal.example/v1/integrations/stripe/"+c.Program.String()+"/webhook&enabled_events[]=invoice.paid&enabled_events[]=charge.refunded")
	kept := save(t, in, c, integrations.Change{APIKey: ptr(shopKey), WebhookSecret: ptr(storetest.Secret)})
	if kept.WebhookSecret != storetest.Secret || slices.Contains(kept.MissingEvents, "invoice.paid") || !slices.Contains(kept.MissingEvents, "charge.dispute.created") {
		t.Errorf("secret %q, missing %v", kept.WebhookSecret, kept.MissingEvents)
	}
	if list := endpointsOf(t, base); len(list) != 1 || len(list[0]["enabled_events"].([]any)) != 2 {
		t.Errorf("endpoints %v", list)
	}
}

// MONEY.md 3.3: where Stripe takes no endpoint, or the key may make none, the connection stands and says what will be missing.
func TestWithoutAnEndpointTheConnectionSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	in.PublicURL = "nowhere"
	if kept := save(t, in, c, integrations.Change{APIKey: ptr(shopKey)}); kept.WebhookSecret != "" || !slices.Contains(kept.MissingEvents, "invoice.paid") {
		t.Errorf("secret %q, missing %v", kept.WebhookSecret, kept.MissingEvents)
	}
	granted := slices.DeleteFunc(slices.Clone(every), func(right string) bool { return right == "rak_webhook_write" })
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{someKey}, Rights: map[string][]string{someKey: granted}})
	if kept := save(t, in, c, integrations.Change{APIKey: ptr(someKey)}); !slices.Equal(kept.MissingRights, []string{"rak_webhook_write"}) {
		t.Errorf("missing %v and %v", kept.MissingRights, kept.MissingEvents)
	}
}

// MONEY.md 3.3, F8: an endpoint of ours that the key may not mend any more keeps what it is told of: only what it lacks is missing.
func TestAnEndpointThatMayNotBeMendedLacksOnlyWhatItIsNotToldOf(t *testing.T) {
	t.Parallel()
	stripe, base := newStripe(t)
	in, c := fresh(t, base)
	save(t, in, c, integrations.Change{APIKey: ptr(shopKey)})
	askShop(t, base, http.MethodPost, "/v1/webhook_endpoints/"+endpointsOf(t, base)[0]["id"].(string), "enabled_events[]=invoice.paid&enabled_events[]=charge.refunded")
	granted := slices.Clone(every)
	granted[slices.Index(granted, "rak_webhook_write")] = "rak_webhook_read"
	stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{shopKey, someKey}, Rights: map[string][]string{someKey: granted}})
	kept := save(t, in, c, integrations.Change{APIKey: ptr(someKey)})
	if slices.Contains(kept.MissingEvents, "invoice.paid") || slices.Contains(kept.MissingEvents, "charge.refunded") || !slices.Contains(kept.MissingEvents, "charge.dispute.created") {
		t.Errorf("missing %v", kept.MissingEvents)
	}
}
