package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"portal/handlers"
	"portal/localdb"
	"portal/rates"
	"portal/sandbox"
	"portal/store"
)

type demoCommand struct{ configured }

// The sandbox's accounts: the company's own Stripe, and the platform's, which pays partners.
const (
	shopAccount, shopKey         = "acct_shop", "sk_test_sandbox_shop_0001"
	shopRestricted               = "rk_test_sandbox_shop_0002" // a key from which the sandbox can take rights
	platformAccount, platformKey = "acct_platform", "sk_test_sandbox_platform_0001"
	platformClient               = "ca_sandbox_portal_0001"
)

// free are accounts that nobody is connected to yet: somebody may connect one by OAuth.
var free = []sandbox.Account{
	{ID: "acct_birch", Name: "Birch Software", SecretKeys: []string{"sk_test_sandbox_birch_0001"}},
	{ID: "acct_quarry", Name: "Quarry Goods", Country: "DE", DefaultCurrency: "eur", SecretKeys: []string{"sk_test_sandbox_quarry_0001"}},
}

// clock is the demo's: it stands still on made-up days while history is made, and then goes with the real one.
type clock struct{ still atomic.Pointer[time.Time] }

func (c *clock) now() time.Time {
	if at := c.still.Load(); at != nil {
		return *at
	}
	return time.Now()
}

// demo is a running demo: the house, with a Stripe of its own.
type demo struct {
	*base
	rooms
	clock    *clock
	sandbox  *sandbox.Sandbox
	listener net.Listener
}

// Run serves a made-up company. The history is made once and kept in the data directory.
func (d demoCommand) Run(ctx context.Context, std streams) error {
	c, err := d.load()
	if err != nil {
		return err
	}
	if c.Database.URL != "" {
		return errors.New("demo keeps its data in a PostgreSQL of its own: leave database.url empty")
	}
	listener, err := net.Listen("tcp", c.Server.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Server.Listen, err)
	}
	defer func() { _ = listener.Close() }()
	b, err := open(ctx, c, localdb.Start)
	if err != nil {
		return err
	}
	return errors.Join(runDemo(ctx, b, listener, std), b.close())
}

func runDemo(ctx context.Context, b *base, listener net.Listener, std streams) error {
	t := &clock{}
	journal := filepath.Join(b.config.Database.DataDir, "sandbox.jsonl")
	made, err := b.demoMade(ctx, journal)
	if err != nil {
		return err
	}
	stripe, err := sandbox.Open(sandbox.Options{Journal: journal, Now: t.now, PageURL: b.config.Server.PublicURL + "/sandbox", Partners: []string{"NORA", "ATLAS", "KENJI", "MAPLE (usd)", "BRIGHT (eur)"}})
	if err != nil {
		return err
	}
	defer func() { _ = stripe.Close() }()
	stripe.AddAccount(sandbox.Account{ID: shopAccount, Name: "Lumen Analytics", SecretKeys: []string{shopKey, shopRestricted}})
	stripe.AddAccount(sandbox.Account{ID: platformAccount, Name: "Portal", SecretKeys: []string{platformKey}, Settles: []string{"usd", "eur", "gbp"},
		App: sandbox.App{ClientID: platformClient, Redirects: []string{b.config.Server.PublicURL + "/admin/connection/stripe/callback"}}})
	for _, account := range free {
		stripe.AddAccount(account)
	}
	api, err := serveStripe(stripe)
	if err != nil {
		return err
	}
	defer func() { _ = api.Close() }()
	forget, err := leaveWord(b.config.Database.DataDir, whereabouts{Portal: "http://" + listener.Addr().String(), Stripe: "http://" + api.Addr().String()})
	if err != nil {
		return err
	}
	defer forget()
	b.config.Stripe.APIBase, b.config.Stripe.SecretKey = "http://"+api.Addr().String(), platformKey
	b.config.Stripe.ClientID, b.config.Stripe.ConnectBase = platformClient, b.config.Server.PublicURL+"/sandbox"
	r := b.wire(t.now)
	r.house.Integrations.Platform.Calls = b.config.Stripe.APIBase                                                        // the browser's way there may not be ours
	r.jobs.FetchRates = func(ctx context.Context) error { return keepRates(ctx, r.rates, time.Now().AddDate(0, 0, -1)) } // works without a network, for ever
	d := &demo{base: b, rooms: r, clock: t, sandbox: stripe, listener: listener}
	d.house.Integrations.PublicURL = d.here() // where the sandbox reaches this Portal
	if err := d.prepare(ctx, made, std); err != nil {
		return err
	}
	return run(ctx, d.rooms, listener, true)
}

// keepRates keeps the made-up rates of a day, as a published file brings them. There are none for a weekend.
func keepRates(ctx context.Context, fx *rates.Rates, day time.Time) error {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		return nil
	}
	_, err := fx.Keep(ctx, rates.Of(day))
	return err
}

// serveStripe answers as Stripe does, on an address of its own.
func serveStripe(s *sandbox.Sandbox) (net.Listener, error) {
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox: %w", err)
	}
	server := &http.Server{Handler: s.API(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(api) }() // ends when the listener is closed
	return api, nil
}

// demoMade tells whether the history was made. One that was broken off is cleared away, with the sandbox's part of it.
func (b *base) demoMade(ctx context.Context, journal string) (bool, error) {
	state, err := b.store.DemoState(ctx)
	if err != nil || state != "begun" {
		return state == "made", err
	}
	if err := os.Remove(journal); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, fmt.Errorf("begin the demo anew: %w", err)
	}
	return false, errors.Join(b.store.Clear(ctx), store.Migrate(ctx, b.direct))
}

// prepare makes the history at the first start, and tells the sandbox where this Portal listens.
func (d *demo) prepare(ctx context.Context, made bool, std streams) (err error) {
	if began := time.Now(); !made {
		fmt.Fprintln(std.out, "Making a year of history …")
		if err := d.seed(ctx); err != nil {
			return fmt.Errorf("make the demo's history: %w", err)
		}
		debug.FreeOSMemory() // the year took more than the days after it will
		fmt.Fprintf(std.out, "… done in %.1f s.\n", time.Since(began).Seconds())
	}
	if d.house.PlatformSecret, d.house.ConnectSecret, err = d.tellSandbox(ctx); err != nil {
		return err
	}
	d.house.Integrations.Platform.Hears = true
	d.house.Sandbox, d.house.SignIns = d.sandbox.Page(), signIns
	fmt.Fprintf(std.out, "\nPortal serves %s\nThe sandbox, where you make sales and refunds: %s/sandbox/\n\n", d.config.Server.PublicURL, d.config.Server.PublicURL)
	for _, who := range signIns {
		fmt.Fprintf(std.out, "  %-8s %-24s %s\n", who.Role, who.Email, who.Password)
	}
	_, err = fmt.Fprintln(std.out)
	return err
}

// signIns are the made-up people who may sign in.
var signIns = []handlers.SignIn{
	{Role: "Owner", Email: "olivia@lumen.example", Password: "demo-owner-2026"},
	{Role: "Finance", Email: "farid@lumen.example", Password: "demo-finance-2026"},
	{Role: "Partner", Email: "nora@partners.example", Password: "demo-partner-2026"},
}
