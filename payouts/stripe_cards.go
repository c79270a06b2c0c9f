package payouts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"portal/models"
)

// SaveCard confirms a card for use while nobody is there (MONEY.md 4.3).
func (s Stripe) SaveCard(ctx context.Context, customer, method string) (models.Card, error) {
	setup := &stripe.SetupIntentParams{Customer: stripe.String(customer), PaymentMethod: stripe.String(method), Confirm: stripe.Bool(true),
		Usage: stripe.String(string(stripe.SetupIntentUsageOffSession)), PaymentMethodTypes: stripe.StringSlice([]string{"card"})}
	setup.Context = ctx
	setup.AddExpand("payment_method")
	intent, err := s.api.SetupIntents.New(setup)
	if err != nil {
		return models.Card{}, fmt.Errorf("set up the card: %w", err)
	}
	card := cardRead(intent.PaymentMethod)
	card.Customer = customer
	return card, nil
}

// cardRead tells a payment method as Portal knows it.
func cardRead(pm *stripe.PaymentMethod) models.Card {
	var c models.Card
	if pm == nil {
		return c
	}
	c.Method = pm.ID
	if pm.Customer != nil {
		c.Customer = pm.Customer.ID
	}
	if pm.Card != nil {
		c.Brand, c.Last4, c.ExpMonth, c.ExpYear = string(pm.Card.Brand), pm.Card.Last4, int(pm.Card.ExpMonth), int(pm.Card.ExpYear)
	}
	return c
}

// OpenCustomer makes a company a customer. The key makes a double click harmless.
func (s Stripe) OpenCustomer(ctx context.Context, t models.Tenant, name string) (string, error) {
	params := &stripe.CustomerParams{Name: stripe.String(name)}
	params.Context = ctx
	params.AddMetadata("company", t.Company.String())
	params.AddMetadata("mode", string(t.Mode))
	params.SetIdempotencyKey("customer-" + t.Company.String() + "-" + string(t.Mode))
	made, err := s.api.Customers.New(params)
	if err != nil {
		return "", saying("make a customer", err)
	}
	return made.ID, nil
}

// FindCustomer looks among the customers that were made since for the company's.
func (s Stripe) FindCustomer(ctx context.Context, t models.Tenant, since time.Time) (string, bool, error) {
	params := &stripe.CustomerListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix() - 600}}
	params.Context, params.Limit = ctx, stripe.Int64(100)
	all := s.api.Customers.List(params)
	for all.Next() {
		if c := all.Customer(); c.Metadata["company"] == t.Company.String() && c.Metadata["mode"] == string(t.Mode) {
			return c.ID, true, nil
		}
	}
	if err := all.Err(); err != nil {
		return "", false, saying("look a customer up", err)
	}
	return "", false, nil
}

// CardPage opens a Checkout session in setup mode.
func (s Stripe) CardPage(ctx context.Context, t models.Tenant, customer, back, cancel string) (session, url string, err error) {
	params := &stripe.CheckoutSessionParams{Mode: stripe.String(string(stripe.CheckoutSessionModeSetup)), Customer: stripe.String(customer),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}), SuccessURL: stripe.String(back), CancelURL: stripe.String(cancel)}
	params.Context = ctx
	params.AddMetadata("company", t.Company.String())
	params.AddMetadata("mode", string(t.Mode))
	made, err := s.api.CheckoutSessions.New(params)
	if err != nil {
		return "", "", saying("open a page to save a card", err)
	}
	return made.ID, made.URL, nil
}

// CloseCardPage expires a session.
func (s Stripe) CloseCardPage(ctx context.Context, session string) error {
	params := &stripe.CheckoutSessionExpireParams{}
	params.Context = ctx
	if _, err := s.api.CheckoutSessions.Expire(session, params); err != nil {
		return saying("close "+session, err)
	}
	return nil
}

// ReadSetUp reads a session or a set-up.
func (s Stripe) ReadSetUp(ctx context.Context, id string) (SetUp, error) {
	if !strings.HasPrefix(id, "cs_") {
		params := &stripe.SetupIntentParams{}
		params.Context = ctx
		params.AddExpand("payment_method")
		intent, err := s.api.SetupIntents.Get(id, params)
		if err != nil {
			return SetUp{}, saying("read "+id, err)
		}
		return setUpRead(intent), nil
	}
	params := &stripe.CheckoutSessionParams{}
	params.Context = ctx
	params.AddExpand("setup_intent.payment_method")
	session, err := s.api.CheckoutSessions.Get(id, params)
	if err != nil {
		return SetUp{}, saying("read "+id, err)
	}
	if session.Mode != stripe.CheckoutSessionModeSetup || session.SetupIntent == nil {
		return SetUp{}, models.Refuse(models.ErrConflict, "That page of Stripe's saves no card.")
	}
	set := setUpRead(session.SetupIntent)
	if session.Status == stripe.CheckoutSessionStatusExpired {
		set.Status = "expired"
	}
	return set, nil
}

// setUpRead tells the saving of a card as Portal knows it.
func setUpRead(intent *stripe.SetupIntent) SetUp {
	set := SetUp{Status: "open", BegunAt: time.Unix(intent.Created, 0).UTC()}
	if intent.Customer != nil {
		set.Customer = intent.Customer.ID
	}
	switch intent.Status {
	case stripe.SetupIntentStatusSucceeded:
		set.Status, set.Card = "complete", cardRead(intent.PaymentMethod)
	case stripe.SetupIntentStatusCanceled:
		set.Status = "expired"
	}
	if e := intent.LastSetupError; e != nil {
		set.Because = "The last card was not taken: " + e.Msg
	}
	return set
}

// ReadCard reads a saved card.
func (s Stripe) ReadCard(ctx context.Context, method string) (models.Card, error) {
	params := &stripe.PaymentMethodParams{}
	params.Context = ctx
	pm, err := s.api.PaymentMethods.Get(method, params)
	switch {
	case isGone(err):
		return models.Card{Method: method}, nil
	case err != nil:
		return models.Card{}, saying("read card "+method, err)
	}
	return cardRead(pm), nil
}

// UseCard makes a card the customer's default, and takes all others off. Without a method it takes all off.
func (s Stripe) UseCard(ctx context.Context, c models.Card) error {
	if c.Method != "" {
		params := &stripe.CustomerParams{InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: stripe.String(c.Method)}}
		params.Context = ctx
		if _, err := s.api.Customers.Update(c.Customer, params); err != nil {
			return fmt.Errorf("make %s the default: %w", c.Method, err)
		}
	}
	listed := &stripe.PaymentMethodListParams{Customer: stripe.String(c.Customer), Type: stripe.String("card")}
	listed.Context, listed.Limit = ctx, stripe.Int64(100)
	var others []string
	all := s.api.PaymentMethods.List(listed)
	for all.Next() {
		if pm := all.PaymentMethod(); pm.ID != c.Method {
			others = append(others, pm.ID)
		}
	}
	if err := all.Err(); err != nil {
		return fmt.Errorf("list the cards of %s: %w", c.Customer, err)
	}
	for _, id := range others {
		params := &stripe.PaymentMethodDetachParams{}
		params.Context = ctx
		if _, err := s.api.PaymentMethods.Detach(id, params); err != nil && !isGone(err) {
			return fmt.Errorf("take %s off: %w", id, err)
		}
	}
	return nil
}
