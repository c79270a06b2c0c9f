package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/doctor"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
)

const patientClient = "ca_patient_portal_0001"

// authorising is a patient whose companies may connect by OAuth, and whose program did.
func authorising(t *testing.T) *patient {
	t.Helper()
	p := newPatient(t)
	p.stripe.AddAccount(sandbox.Account{ID: "acct_platform", SecretKeys: []string{platformKey}, App: sandbox.App{ClientID: patientClient}})
	for key, value := range map[string]string{"stripe.client_id": patientClient, "stripe.connect_base": p.api, "stripe.connect_webhook_secret": patientSecret} {
		p.config[key] = value
	}
	p.hears(integrations.ConnectEvents()...)
	return p
}

// hears has the platform's Stripe send events of connected accounts here, in place of those before.
func (p *patient) hears(events ...string) {
	p.Helper()
	at := p.platform("GET", "/v1/webhook_endpoints", nil)
	if old := at["data"].([]any); len(old) > 0 {
		p.platform("DELETE", "/v1/webhook_endpoints/"+old[0].(map[string]any)["id"].(string), nil)
	}
	if len(events) > 0 {
		p.platform("POST", "/v1/webhook_endpoints", url.Values{"url": {"https://portal.example/v1/stripe/connect/webhook"}, "connect": {"true"}, "api_version": {"2023-10-16"}, "enabled_events[]": events})
	}
}

// platform calls Stripe with the platform's key.
func (p *patient) platform(method, path string, form url.Values) (answer map[string]any) {
	p.Helper()
	req, err := http.NewRequest(method, p.api+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+platformKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		p.Fatalf("%s %s: %d %v, %v", method, path, res.StatusCode, answer, err)
	}
	return answer
}

// MONEY.md 3.3: the platform's Connect endpoint is there, and told of all that is needed, the end of an access included.
func TestCheckLooksAtTheConnectEndpoint(t *testing.T) {
	t.Parallel()
	p := authorising(t)
	for _, c := range []struct {
		events  []string
		verdict doctor.Verdict
		found   string
	}{{integrations.ConnectEvents(), doctor.OK, "to https://portal.example/v1/stripe/connect/webhook"}, {[]string{"*"}, doctor.OK, "to https://portal.example/"},
		{integrations.Events(), doctor.Failed, "is not told of account.updated, account.application.deauthorized, payout.paid, payout.failed."}, {nil, doctor.Failed, "has no endpoint for its connected accounts"}} {
		p.hears(c.events...)
		if f := p.finding("Connect endpoint"); f.Verdict != c.verdict || !strings.Contains(f.Found, c.found) {
			t.Errorf("%d events: %+v", len(c.events), f)
		}
	}
}

// byOAuth connects the program by OAuth, to an account that let the platform in or never did.
func (p *patient) byOAuth(account, status string, revoked *time.Time) {
	p.Helper()
	at := time.Now().Add(-time.Hour)
	i := store.Integration{Tenant: p.caller.Tenant, Program: p.caller.Program, Source: models.SourceStripe, Status: status, Account: &account,
		OAuth: store.OAuth{Connected: true, Scope: "read_write", GrantedAt: &at, RevokedAt: revoked}}
	if err := p.store.SaveIntegration(context.Background(), i, time.Now()); err != nil {
		p.Fatal(err)
	}
}

// MONEY.md 3.1, B18: what companies need to connect with Stripe's page is there and of one mode, and belongs together, or the check says what does not.
func TestCheckLooksAtConnectWithStripe(t *testing.T) {
	t.Parallel()
	p := authorising(t)
	for name, c := range map[string]struct {
		set     map[string]string
		verdict doctor.Verdict
		found   string
	}{
		"all is there":           {nil, doctor.OK, "Companies connect with Stripe's page in test mode."},
		"it is not wanted":       {map[string]string{"stripe.client_id": "", "stripe.connect_webhook_secret": ""}, doctor.OK, "It is not set up"},
		"no client id":           {map[string]string{"stripe.client_id": ""}, doctor.Failed, "and no client id"},
		"no client id at all":    {map[string]string{"stripe.client_id": "acct_platform"}, doctor.Failed, "it must begin with ca_"},
		"the other mode's":       {map[string]string{"stripe.client_id": "ca_live_portal"}, doctor.Failed, "do not belong together"},
		"nobody hears":           {map[string]string{"stripe.connect_webhook_secret": ""}, doctor.Failed, "fetched every six hours only"},
		"Stripe does not answer": {map[string]string{"stripe.connect_base": "http://127.0.0.1:1"}, doctor.Warning, "Stripe did not say"},
	} {
		before := map[string]string{}
		for key, value := range c.set {
			before[key], p.config[key] = p.config[key], value
		}
		if f := p.finding("Connect with Stripe"); f.Verdict != c.verdict || !strings.Contains(f.Found, c.found) || (f.Verdict != doctor.OK) != (f.Do != "" && f.Where != "") {
			t.Errorf("%s: %+v", name, f)
		}
		for key, value := range before {
			p.config[key] = value
		}
	}
}

// Issue 4, 1.8: a connection by OAuth that works is found well, one that the company took away or that cannot be used any more is named.
func TestCheckLooksAtAConnectionByOAuth(t *testing.T) {
	t.Parallel()
	p := authorising(t)
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	p.byOAuth("acct_shop", "broken", &at)
	if f := p.finding("Access"); f.Verdict != doctor.Failed || !strings.Contains(f.Found, "took Portal's access to acct_shop away, as Stripe said on 2 November 2026") {
		t.Errorf("%+v", f)
	}
	made, err := p.stripe.Grant("acct_shop", "acct_platform", "read_write")
	if err != nil || !made {
		t.Fatal(made, err)
	}
	p.byOAuth("acct_shop", "connected", nil)
	r, err := p.report()
	if err != nil || r.Failed+r.Warnings > 0 || !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool {
		return f.Name == "Access" && f.Found == "Stripe lets Portal into acct_shop."
	}) {
		t.Errorf("%v: %+v", err, r.Findings)
	}
	p.config["stripe.client_id"] = ""
	if f := p.finding("Access"); f.Verdict != doctor.Failed || !strings.Contains(f.Found, "no client id with a secret key of test mode any more") {
		t.Errorf("%+v", f)
	}
}

func (p *patient) finding(name string) doctor.Finding {
	p.Helper()
	r, _ := p.report()
	p.pageShows(r)
	for _, f := range r.Findings {
		if f.Name == name {
			return f
		}
	}
	p.Fatal(fmt.Errorf("no finding of %s in %+v", name, r.Findings))
	return doctor.Finding{}
}
