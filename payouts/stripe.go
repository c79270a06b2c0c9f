package payouts

import (
	"context"
	"fmt"
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

// SaveCard makes the company a customer of the platform, if it is none yet, and confirms the card for use while nobody is there (MONEY.md 4.3).
func (s Stripe) SaveCard(ctx context.Context, company models.Company, customer, method string) (models.Card, error) {
	if customer == "" {
		params := &stripe.CustomerParams{Name: stripe.String(company.Name)}
		params.Context = ctx
		params.AddMetadata("company", company.ID.String())
		made, err := s.api.Customers.New(params)
		if err != nil {
			return models.Card{}, fmt.Errorf("make a customer: %w", err)
		}
		customer = made.ID
	}
	setup := &stripe.SetupIntentParams{Customer: stripe.String(customer), PaymentMethod: stripe.String(method), Confirm: stripe.Bool(true),
		Usage: stripe.String(string(stripe.SetupIntentUsageOffSession)), PaymentMethodTypes: stripe.StringSlice([]string{"card"})}
	setup.Context = ctx
	setup.AddExpand("payment_method")
	intent, err := s.api.SetupIntents.New(setup)
	if err != nil {
		return models.Card{}, fmt.Errorf("set up the card: %w", err)
	}
	card := models.Card{Customer: customer, Method: method}
	if pm := intent.PaymentMethod; pm != nil {
		card.Method = pm.ID
		if pm.Card != nil {
			card.Brand, card.Last4 = string(pm.Card.Brand), pm.Card.Last4
		}
	}
	return card, nil
}

// OpenAccount makes an Express account that can receive transfers. The key makes a double click harmless (MONEY.md 4.1).
func (s Stripe) OpenAccount(ctx context.Context, p models.Partner) (string, error) {
	params := &stripe.AccountParams{
		Type: stripe.String(string(stripe.AccountTypeExpress)), Email: p.Email, Country: p.Country,
		Capabilities: &stripe.AccountCapabilitiesParams{Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)}},
	}
	params.Context = ctx
	params.AddMetadata("partner", p.ID.String())
	params.SetIdempotencyKey("account-" + p.ID.String())
	account, err := s.api.Accounts.New(params)
	if err != nil {
		return "", fmt.Errorf("make an account: %w", err)
	}
	return account.ID, nil
}
