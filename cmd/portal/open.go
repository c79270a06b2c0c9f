package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"portal/doctor"
	"portal/handlers"
	"portal/inbox"
	"portal/integrations"
	"portal/jobs"
	"portal/localdb"
	"portal/mail"
	"portal/payouts"
	"portal/rates"
	"portal/store"
)

// base is an open database, and the rooms that need nothing else.
type base struct {
	config config
	store  *store.Store
	local  *localdb.Server // nil when the database is somebody else's
	direct string
	log    *slog.Logger
}

// open reaches the configured database, or our own: starting it for serve and demo, joining the running one for the
// commands beside them. The schema is brought up to date.
func open(ctx context.Context, c config, private func(ctx context.Context, dir string, opts ...localdb.Option) (*localdb.Server, error)) (*base, error) {
	b := &base{config: c, direct: c.Database.DirectURL, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	url := c.Database.URL
	if url == "" {
		server, err := private(ctx, c.Database.DataDir)
		if err != nil {
			return nil, err
		}
		b.local, url, b.direct = server, server.URL(), server.URL()
	}
	if err := b.connect(ctx, url); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *base) connect(ctx context.Context, url string) error {
	ring, err := keyring(b.config)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx, b.direct); err != nil {
		return err
	}
	b.store, err = store.Open(ctx, url, ring)
	return err
}

// join is localdb.Join with the shape of localdb.Start.
func join(ctx context.Context, dir string, _ ...localdb.Option) (*localdb.Server, error) {
	return localdb.Join(ctx, dir)
}

func keyring(c config) (store.Keyring, error) {
	if len(c.Secrets.Keys) > 0 {
		return store.NewKeyring(c.Secrets.Keys)
	}
	return store.KeyringIn(c.Database.DataDir)
}

// close lets go of everything, our own PostgreSQL last.
func (b *base) close() error {
	var err error
	if b.store != nil {
		err = b.store.Close()
	}
	if b.local != nil {
		err = errors.Join(err, b.local.Stop())
	}
	return err
}

// rooms are the rooms of the house, wired.
type rooms struct {
	house *handlers.House
	jobs  *jobs.Jobs
	rates *rates.Rates
}

// fetchRates keeps the ECB's rates of the day. The first time it takes the last 90 days, so that recent sales find theirs.
func fetchRates(ctx context.Context, fx *rates.Rates, url string) error {
	known, err := fx.Known(ctx)
	if err != nil {
		return err
	}
	if !known {
		url = strings.Replace(url, "eurofxref-daily.xml", "eurofxref-hist-90d.xml", 1)
	}
	_, err = fx.Fetch(ctx, url)
	return err
}

// wire puts the rooms together around one clock.
func (b *base) wire(now func() time.Time) rooms {
	c := b.config
	providers := &integrations.Integrations{Store: b.store, StripeBase: c.Stripe.APIBase, PublicURL: c.Server.PublicURL, Pace: c.pace(), Platform: c.platform(), Now: now, Log: b.log}
	fx := &rates.Rates{Store: b.store, Now: now}
	in := &inbox.Inbox{Store: b.store, Now: now, Log: b.log, Ask: providers.Ask, Show: providers.Show, Rates: fx}
	providers.Inbox = in
	out := &payouts.Payouts{Store: b.store, Bank: payouts.NewStripe(c.Stripe.SecretKey, c.Stripe.APIBase), Mode: payouts.KeyMode(c.Stripe.SecretKey), Now: now, Log: b.log, FeePercent: c.Stripe.PayoutFeePercent}
	rounds := &doctor.Rounds{Doctor: &doctor.Doctor{Store: b.store, Integrations: providers, Settings: doctorSettings(c), Now: now}}
	return rooms{
		house: &handlers.House{Store: b.store, Inbox: in, Payouts: out, Integrations: providers, Doctor: rounds, Now: now, Log: b.log,
			PublicURL: c.Server.PublicURL, Version: version, PlatformSecret: c.Stripe.WebhookSecret, ConnectSecret: c.Stripe.ConnectWebhookSecret},
		jobs:  &jobs.Jobs{Store: b.store, Inbox: in, Payouts: out, Integrations: providers, Log: b.log, DirectURL: b.direct, Post: mail.Post{SMTPURL: c.Mail.SMTPURL, From: c.Mail.From, PublicURL: c.Server.PublicURL}, FetchRates: func(ctx context.Context) error { return fetchRates(ctx, fx, c.Rates.URL) }},
		rates: fx,
	}
}

type migrateCommand struct{ configured }

// Run brings the schema up to date.
func (m migrateCommand) Run(ctx context.Context, s streams) error {
	c, err := m.load()
	if err != nil {
		return err
	}
	b, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.out, "The schema is up to date."); err != nil {
		return errors.Join(err, b.close())
	}
	return b.close()
}
