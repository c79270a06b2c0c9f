package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/handlers"
	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store"
)

// The demo's company: a year of sales, renewals, refunds and payouts, made by the same code that serves real ones. The
// sandbox posts signed events, the inbox keeps and carries them, invoices are drawn up, approved and paid. Chance is
// seeded, so every machine makes the same year on the same day.

type demoPartner struct {
	key, name, country string
	currency           models.Currency // what the partner is paid in
	sells              models.Currency // what the partner's customers pay in
	account            bool            // has connected a Stripe account
}

var demoPartners = []demoPartner{
	{"NORA", "Nora Lindqvist", "US", "usd", "usd", true},
	{"ATLAS", "Atlas Media", "US", "usd", "usd", true},
	{"KENJI", "Kenji Tanaka", "US", "usd", "usd", false},
	{"BRIGHT", "Bright Reviews", "DE", "eur", "eur", true},
	{"MAPLE", "Maple and Company", "FR", "eur", "usd", true},
}

var (
	firstNames = strings.Fields("Ada Ben Carla Dmitri Elif Fatima Goran Hana Ivo Jana Karim Lucia Marek Nadia Otto Priya Quentin Rosa Stefan Tomas Uma Vera Wim Xenia Yusuf Zoe")
	firms      = strings.Fields("acorn birch cobalt delta ember fjord garnet harbor indigo juniper kestrel lagoon meadow nimbus orchid pebble quartz river summit tundra umber velvet willow zephyr")
	plans      = []int64{2900, 9900, 29900}
)

// subscriber is one made-up subscription.
type subscriber struct {
	order   sandbox.Order
	ends    time.Time
	next    time.Time
	id      string
	renewed int
	stray   bool // came without a partner although somebody may have brought them
}

// seeder makes the history.
type seeder struct {
	*demo
	caller   models.Caller
	finance  models.Actor
	chance   *rand.Rand
	people   []*subscriber
	partners map[string]models.Partner
}

// seed makes everything from an empty database.
func (d *demo) seed(ctx context.Context) error {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(-1, 0, 0)
	s := &seeder{demo: d, chance: rand.New(rand.NewPCG(2026, 11)), finance: models.Actor{Name: signIns[1].Email}, partners: map[string]models.Partner{}}
	d.at(first)
	defer d.clock.still.Store(nil)
	if err := d.store.FasterWrites(ctx, true); err != nil {
		return err
	}
	if err := s.company(ctx, first); err != nil {
		return fmt.Errorf("make the company: %w", err)
	}
	d.sandbox.DeliverBy(func(_ string, h http.Header, body []byte) int { return s.deliver(ctx, h, body) })
	defer d.sandbox.DeliverBy(nil)
	s.plan(first, today)
	for day := first; !day.After(today); day = day.AddDate(0, 0, 1) {
		if err := s.live(ctx, day, today); err != nil {
			return fmt.Errorf("live through %s: %w", day.Format(time.DateOnly), err)
		}
	}
	if err := errors.Join(s.schedule(ctx), d.store.FasterWrites(ctx, false)); err != nil {
		return err
	}
	return d.store.Audited(ctx, s.caller.Company, models.Actor{Name: "Portal"}, "demo.made", s.caller.Company.String(), "", time.Now())
}

// at sets the demo's clock to a moment, never into the future.
func (d *demo) at(moment time.Time) {
	if now := time.Now(); moment.After(now) {
		moment = now
	}
	d.clock.still.Store(&moment)
}

// company makes the company, its people, partners and connection.
func (s *seeder) company(ctx context.Context, now time.Time) error {
	company := models.Company{ID: models.NewID[models.CompanyID](now), Name: "Lumen Analytics", Currency: "usd"}
	program := models.Program{Company: company.ID, ID: models.NewID[models.ProgramID](now), Name: "Lumen partners", Currency: "usd"}
	s.caller = models.Caller{Tenant: models.Tenant{Company: company.ID, Mode: models.Test}, Program: program.ID, KeyName: "demo"}
	owner := models.Actor{Name: signIns[0].Email}
	err := s.store.InTx(ctx, func(tx *store.Store) error {
		rule := models.Rule{Type: "percent", Value: "20", Recurring: "always"}
		return errors.Join(tx.Audited(ctx, company.ID, models.Actor{Name: "Portal"}, "demo.begun", company.ID.String(), "", now),
			tx.AddCompany(ctx, company, now), tx.AddProgram(ctx, program, now),
			tx.SaveRules(ctx, s.caller.Tenant, program.ID, []models.Rule{rule}, owner.Name, now),
			s.person(ctx, tx, signIns[0], "Olivia Marsh", store.Place{Company: company.ID, Mode: "both", Role: models.Owner}),
			s.person(ctx, tx, signIns[1], "Farid Haddad", store.Place{Company: company.ID, Mode: "both", Role: models.Finance}))
	})
	if err != nil {
		return err
	}
	for _, p := range demoPartners {
		if err := s.partner(ctx, p, now); err != nil {
			return err
		}
	}
	nora := s.partners["NORA"].ID
	if err := s.person(ctx, s.store, signIns[2], "Nora Lindqvist", store.Place{Company: company.ID, Mode: "test", Role: models.PartnerMember, Partner: &nora}); err != nil {
		return err
	}
	if err := s.papers(ctx, owner); err != nil {
		return err
	}
	if _, err := s.house.Payouts.SaveCard(ctx, s.caller.Tenant, "pm_card_visa"); err != nil {
		return err
	}
	key := shopKey
	_, err = s.house.Integrations.Save(ctx, s.caller, models.SourceStripe, integrations.Change{APIKey: &key}, owner)
	return err
}

func (s *seeder) person(ctx context.Context, tx *store.Store, who handlers.SignIn, name string, place store.Place) error {
	p := models.Person{ID: models.NewID[models.PersonID](s.clock.now()), Email: who.Email, Name: name, Password: handlers.HashPassword(who.Password)}
	if err := tx.AddPerson(ctx, p, s.clock.now()); err != nil {
		return err
	}
	return tx.AddPlace(ctx, p.ID, place, s.clock.now())
}

func (s *seeder) partner(ctx context.Context, d demoPartner, now time.Time) error {
	email := strings.ToLower(d.key) + "@partners.example"
	p := models.Partner{Tenant: s.caller.Tenant, ID: models.NewID[models.PartnerID](now), Key: d.key, Name: d.name, Email: &email,
		Currency: d.currency, Country: &d.country, Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: now}
	if err := s.store.AddPartner(ctx, p); err != nil {
		return err
	}
	if d.account {
		var err error
		if p, err = s.house.Payouts.ConnectPartner(ctx, p); err != nil {
			return err
		}
		if err := s.sandbox.Onboard(*p.StripeAccount, sandbox.Complete); err != nil {
			return fmt.Errorf("set up the account of %s: %w", d.key, err)
		}
	}
	s.partners[d.key] = p
	return nil
}

// endpoint makes a webhook endpoint at the sandbox, over HTTP as at Stripe, and gives its signing secret.
func (d *demo) endpoint(key, path string, connect bool, events ...string) (string, error) {
	made, err := d.stripe(key).WebhookEndpoints.New(&stripe.WebhookEndpointParams{Connect: &connect,
		URL: stripe.String(d.here() + path), EnabledEvents: stripe.StringSlice(events), APIVersion: stripe.String("2023-10-16")})
	if err != nil {
		return "", fmt.Errorf("make a webhook endpoint: %w", err)
	}
	return made.Secret, nil
}

// here is where the sandbox reaches this Portal.
func (d *demo) here() string { return "http://" + d.listener.Addr().String() }

func (d *demo) stripe(key string) *client.API {
	config := &stripe.BackendConfig{URL: stripe.String(d.config.Stripe.APIBase), LeveledLogger: &stripe.LeveledLogger{}}
	return client.New(key, &stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, config)})
}

// tellSandbox points the endpoints at this start's address, and gives the fresh secrets of the platform's own and of its Connect endpoint.
func (d *demo) tellSandbox(_ context.Context) (platformSecret, connectSecret string, err error) {
	shop := d.stripe(shopKey)
	for list := shop.WebhookEndpoints.List(&stripe.WebhookEndpointListParams{}); list.Next(); {
		e := list.WebhookEndpoint()
		_, path, _ := strings.Cut(e.URL, "/v1/")
		if _, err := shop.WebhookEndpoints.Update(e.ID, &stripe.WebhookEndpointParams{URL: stripe.String(d.here() + "/v1/" + path)}); err != nil {
			return "", "", fmt.Errorf("move a webhook endpoint: %w", err)
		}
	}
	platform := d.stripe(platformKey)
	for list := platform.WebhookEndpoints.List(&stripe.WebhookEndpointListParams{}); list.Next(); {
		if _, err := platform.WebhookEndpoints.Del(list.WebhookEndpoint().ID, nil); err != nil {
			return "", "", fmt.Errorf("drop a webhook endpoint: %w", err)
		}
	}
	if platformSecret, err = d.endpoint(platformKey, "/v1/stripe/webhook", false, append(payouts.PlatformEvents(), inbox.CardEvents...)...); err != nil {
		return "", "", err
	}
	connectSecret, err = d.endpoint(platformKey, "/v1/stripe/connect/webhook", true, integrations.ConnectEvents()...)
	return platformSecret, connectSecret, err
}

// deliver hands a signed event to the inbox, as the webhook's handler does.
func (s *seeder) deliver(ctx context.Context, h http.Header, body []byte) int {
	if err := s.house.Inbox.Accept(ctx, s.caller.Program, models.SourceStripe, h, body); err != nil {
		return http.StatusBadRequest
	}
	return http.StatusOK
}
