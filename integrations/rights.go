package integrations

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"portal/models"
)

// right is one that Portal needs of a restricted key, and the call that shows whether the key has it: a list of one, or
// for a right to write, making something out of nothing, which is refused as incomplete (MONEY.md 3.2).
type right struct{ name, path string }

var needed = []right{
	{"rak_charge_read", "/v1/charges"},
	{"rak_payment_intent_read", "/v1/payment_intents"},
	{"rak_invoice_read", "/v1/invoices"},
	{"rak_subscription_read", "/v1/subscriptions"},
	{"rak_customer_read", "/v1/customers"},
	{"rak_checkout_session_read", "/v1/checkout/sessions"},
	{"rak_product_read", "/v1/products"},
	{"rak_plan_read", "/v1/prices"},
	{"rak_event_read", "/v1/events"},
	{"rak_dispute_read", "/v1/disputes"},
	{"rak_credit_note_read", "/v1/credit_notes"},
	{"rak_webhook_write", "/v1/webhook_endpoints"},
	{"rak_coupon_write", "/v1/coupons"},
	{"rak_promotion_code_write", "/v1/promotion_codes"},
}

// Rights are the names of all that Portal needs a restricted key to be allowed, as Stripe calls them (MONEY.md 3.2).
func Rights() []string {
	var names []string
	for _, r := range needed {
		names = append(names, r.name)
	}
	return names
}

// KeyPage is Stripe's page on which a restricted key of a mode is made, filled in with exactly our rights (MONEY.md 3.2).
func KeyPage(mode models.Mode) string {
	return dashboard(mode) + "apikeys/create?" + url.Values{"name": {"Portal"}, "permissions[]": Rights()}.Encode()
}

// HooksPage is Stripe's page of an account's webhook endpoints in a mode (F8).
func HooksPage(mode models.Mode) string { return dashboard(mode) + "webhooks" }

func dashboard(mode models.Mode) string {
	if mode == models.Test {
		return "https://dashboard.stripe.com/test/"
	}
	return "https://dashboard.stripe.com/"
}

// missingRights are those that the key lacks, by Stripe's names. A secret key has them all.
func (s stripeAPI) missingRights(ctx context.Context) ([]string, error) {
	if !strings.HasPrefix(s.key, "rk_") {
		return nil, nil
	}
	lacks := make([]bool, len(needed))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for n, r := range needed {
		group.Go(func() (err error) {
			lacks[n], err = s.lacks(ctx, r)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var missing []string
	for n, r := range needed {
		if lacks[n] {
			missing = append(missing, r.name)
		}
	}
	return missing, nil
}

// lacks tells whether the key lacks a right. What is neither a yes nor a no is an error: it is not known.
func (s stripeAPI) lacks(ctx context.Context, r right) (bool, error) {
	var err error
	var any struct{}
	if strings.HasSuffix(r.name, "_write") {
		err = s.post(ctx, r.path, nil, &any)
	} else {
		err = s.get(ctx, pinned, r.path, url.Values{"limit": {"1"}}, &any)
	}
	var no refusal
	switch {
	case err == nil:
		return false, nil
	case !errors.As(err, &no):
		return false, err
	case no.Status == http.StatusForbidden:
		return true, nil
	case no.Status == http.StatusBadRequest || no.Status == http.StatusNotFound: // it was let in
		return false, nil
	}
	return false, err
}
