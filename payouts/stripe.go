package payouts

import (
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/models"
)

// Stripe is the Bank: the platform's own account.
type Stripe struct{ api *client.API }

// NewStripe reaches the platform's Stripe with its secret key. Base is Stripe's own address when it is empty.
func NewStripe(secretKey, base string) Stripe {
	config := &stripe.BackendConfig{MaxNetworkRetries: stripe.Int64(2), LeveledLogger: &stripe.LeveledLogger{}, HTTPClient: &http.Client{Timeout: patience}}
	if base != "" {
		config.URL = stripe.String(base)
	}
	return Stripe{client.New(secretKey, &stripe.Backends{
		API:     stripe.GetBackendWithConfig(stripe.APIBackend, config),
		Connect: stripe.GetBackendWithConfig(stripe.ConnectBackend, config),
		Uploads: stripe.GetBackendWithConfig(stripe.UploadsBackend, config),
	})}
}

// KeyMode is the side whose money a secret key moves; empty when there is no key.
func KeyMode(secretKey string) models.Mode {
	switch {
	case secretKey == "":
		return ""
	case strings.HasPrefix(secretKey, "sk_live_") || strings.HasPrefix(secretKey, "rk_live_"):
		return models.Live
	}
	return models.Test
}
