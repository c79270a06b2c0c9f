package integrations

import (
	"encoding/json"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// F33, MONEY.md 3.5: the calls that make a partner's code in Stripe and end it are ones that its published API takes. stripe-mock
// answers every look-up with a code in use, so these are made without one.
func TestStripeMockAcceptsWhatMakesAndEndsACode(t *testing.T) {
	t.Parallel()
	judge := storetest.StripeMock(t)
	in := &Integrations{StripeBase: judge.URL, Now: time.Now}
	s := in.stripe("sk_test_1234567890")
	until := time.Now().Add(time.Hour)
	partner := models.Partner{Key: "NORA"}
	for _, code := range []NewCode{{Code: "NORA"}, {Code: "NORA20", FirstTime: true, Minimum: &models.Money{Minor: 100, Currency: "usd"}, Most: 2, Until: &until}} {
		var made json.RawMessage
		if err := s.post(t.Context(), "/v1/promotion_codes", code.form(models.Caller{}, partner, models.Coupon{ID: "COUPON"}), &made); err != nil {
			t.Errorf("%s: %v", code.Code, err)
		}
	}
	var ended json.RawMessage
	if err := s.post(t.Context(), "/v1/promotion_codes/promo_1", ending(), &ended); err != nil {
		t.Error(err)
	}
}
