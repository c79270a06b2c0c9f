package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portal/doctor"
	"portal/integrations"
	"portal/localdb"
	"portal/store"
)

type checkCommand struct {
	configured
	JSON bool `name:"json" help:"Print one JSON object."`
}

// errNotWell ends the command with 1; what does not work was printed.
var errNotWell = errors.New("something that is configured does not work")

// Run looks at everything and changes nothing: the schema stays as it is, and no key ring is made.
func (c checkCommand) Run(ctx context.Context, std streams) error {
	report := c.look(ctx)
	return outcomeOf(std, c.JSON, report, nil, report.OK, errNotWell, func() error { return tellFindings(std.out, report) })
}

func (c checkCommand) look(ctx context.Context) doctor.Report {
	settings, err := c.load()
	if err != nil {
		return doctor.Unreadable(err)
	}
	d := &doctor.Doctor{Now: time.Now}
	ring, err := keyringThere(settings)
	d.NoKeys = err
	local, err := reach(ctx, settings, ring, d)
	if err != nil {
		d.NoStore = err
	}
	defer func() {
		if d.Store != nil {
			_ = d.Store.Close()
		}
		if local != nil {
			_ = local.Stop()
		}
	}()
	d.Settings = doctorSettings(settings)
	d.Integrations = &integrations.Integrations{Store: d.Store, StripeBase: settings.Stripe.APIBase, PublicURL: settings.Server.PublicURL, Platform: settings.platform(), Now: time.Now}
	if local != nil && d.Store != nil && settings.Stripe.APIBase == "" {
		inDemo(ctx, settings.Database.DataDir, d)
	}
	return d.Run(ctx)
}

// doctorSettings are what the doctor looks at in the configuration.
func doctorSettings(c config) doctor.Settings {
	return doctor.Settings{PublicURL: c.Server.PublicURL, StripeBase: c.Stripe.APIBase, StripeKey: c.Stripe.SecretKey, PublishableKey: c.Stripe.PublishableKey,
		SMTPURL: c.Mail.SMTPURL, MailFrom: c.Mail.From, HasPlatformSecret: c.Stripe.WebhookSecret != ""}
}

// reach opens the configured database, or the private one where there is one, as it is.
func reach(ctx context.Context, c config, ring store.Keyring, d *doctor.Doctor) (local *localdb.Server, err error) {
	url, direct := c.Database.URL, c.Database.DirectURL
	if url == "" {
		if _, err := os.Stat(filepath.Join(c.Database.DataDir, "postgres")); err != nil {
			return nil, fmt.Errorf("there is no database in %s yet: start portal serve", c.Database.DataDir)
		}
		if local, err = localdb.Join(ctx, c.Database.DataDir); err != nil {
			return nil, err
		}
		url, direct = local.URL(), local.URL()
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if direct != url {
		s, err := store.Open(ctx, direct, ring)
		if err != nil {
			return local, fmt.Errorf("database.direct_url: %w", err)
		}
		_ = s.Close()
	}
	d.Store, err = store.Open(ctx, url, ring)
	return local, err
}

// keyringThere is keyring, but makes none.
func keyringThere(c config) (store.Keyring, error) {
	if len(c.Secrets.Keys) == 0 {
		if _, err := os.Stat(filepath.Join(c.Database.DataDir, "secrets.keys")); err != nil {
			return store.Keyring{}, fmt.Errorf("there is no file secrets.keys in %s", c.Database.DataDir)
		}
	}
	return keyring(c)
}

// whereabouts are the addresses of a running demo, which nobody configured.
type whereabouts struct{ Portal, Stripe string }

func whereaboutsFile(dir string) string { return filepath.Join(dir, "demo.json") }

// leaveWord tells other commands where a demo is, until it ends.
func leaveWord(dir string, w whereabouts) (forget func(), err error) {
	text, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(whereaboutsFile(dir), text, 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("say where the demo is: %w", err)
	}
	return func() { _ = os.Remove(whereaboutsFile(dir)) }, nil
}

// inDemo has a demo's data looked at as the demo itself runs: with its own Stripe, or without any when it does not run.
func inDemo(ctx context.Context, dir string, d *doctor.Doctor) {
	if state, err := d.Store.DemoState(ctx); err != nil || state != "made" {
		return
	}
	d.NoStripe = "The demo is not running, and its Stripe lives inside it."
	text, err := os.ReadFile(whereaboutsFile(dir))
	var w whereabouts
	if err != nil || json.Unmarshal(text, &w) != nil || !answers(ctx, w.Stripe) {
		return
	}
	d.NoStripe, d.StripeBase, d.StripeKey, d.HasPlatformSecret = "", w.Stripe, platformKey, true
	d.Integrations.StripeBase, d.Integrations.PublicURL = w.Stripe, w.Portal
	d.Integrations.Platform = integrations.Platform{Key: platformKey, ClientID: platformClient, Calls: w.Stripe, Hears: true}
}

// answers tells whether anybody does, a killed demo's word being left behind.
func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return true
}

// tellFindings prints what was found, each group under its name.
func tellFindings(out io.Writer, r doctor.Report) error {
	group := ""
	for _, f := range r.Findings {
		if g := groupOf(f); g != group {
			group = g
			fmt.Fprintf(out, "%s\n", g)
		}
		fmt.Fprintf(out, "  %-8s %s: %s\n", f.Verdict, f.Name, f.Found)
		if f.Do != "" {
			fmt.Fprintf(out, "           %s (%s)\n", f.Do, f.Where)
		}
	}
	_, err := fmt.Fprintf(out, "%d checks, %d failed, %d warnings\n", r.Checks, r.Failed, r.Warnings)
	return err
}

// groupOf is what a finding is about.
func groupOf(f doctor.Finding) string {
	if f.Company == nil {
		return "The installation"
	}
	parts := []string{*f.Company}
	for _, part := range []*string{f.Program, f.Mode} {
		if part != nil {
			parts = append(parts, *part)
		}
	}
	return strings.Join(parts, ", ")
}
