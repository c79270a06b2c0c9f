package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portal/doctor"
	"portal/integrations"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// What a company's people are shown is of their company and of the side they look at, and of the installation only what they
// may know, however broken it is.
func TestACompanysPeopleAreToldOnlyWhatIsTheirs(t *testing.T) {
	t.Parallel()
	s := newSide(t)
	other := storetest.Company(t, s.store)
	s.sql(`UPDATE companies SET name = 'Rival' WHERE id = $1`, other.Company)
	s.sql(`UPDATE integrations SET api_key = set_byte(coalesce(api_key, '\x0101'), 0, 9) WHERE company_id = $1`, other.Company)
	s.sale("in_1", 1, nil, `[]`)
	d := &doctor.Doctor{Store: s.store, NoKeys: errors.New("secrets.keys[0]: hush"), NoStripe: "Stripe is not asked here.", Now: func() time.Time { return storetest.Day },
		Integrations: &integrations.Integrations{Store: s.store},
		Settings:     doctor.Settings{PublicURL: "http://10.0.0.5", StripeKey: "sk_live_hush", SMTPURL: "smtp://hush:hush@127.0.0.1:1", MailFrom: "hush@portal.example"}}
	r, err := d.For(context.Background(), s.caller.Tenant)
	if err != nil || found(r, "Payments without a partner").Verdict != doctor.Warning || found(r, "Rules").Verdict != doctor.OK || found(r, "Webhook secret").Verdict != doctor.OK {
		t.Fatalf("%v, %+v", err, r)
	}
	if f := found(r, "Mail"); f.Verdict != doctor.Failed || f.Found != "Portal cannot send mail, so nobody is told when something breaks." || f.Do != "Tell whoever runs this Portal." || f.Where != "" {
		t.Errorf("%+v", f)
	}
	for _, f := range r.Findings {
		said := strings.Join([]string{f.Found, f.Do, f.Where}, " ")
		for _, hidden := range []string{"hush", "127.0.0.1", "Rival", other.Company.String(), "smtp", "secrets.keys", "live mode"} {
			if strings.Contains(said, hidden) {
				t.Errorf("%s tells %s: %s", f.Name, hidden, said)
			}
		}
		if f.Mode != nil && *f.Mode != "test" || f.CompanyID != nil && *f.CompanyID != s.caller.Company.String() {
			t.Errorf("%s is of %s, %s", f.Name, *f.CompanyID, *f.Mode)
		}
	}
	live := s.caller.Tenant
	live.Mode = models.Live
	r, err = d.For(context.Background(), live)
	if f := found(r, "Connection"); err != nil || f.Verdict != doctor.Warning || !strings.Contains(f.Found, "not connected on this side") || found(r, "Public address").Verdict != doctor.OK || found(r, "Payments without a partner").Verdict != doctor.OK {
		t.Errorf("the live side, which has nothing: %v, %+v", err, f)
	}
}

// A database that breaks off in the middle costs a finding, and its own words stay out of the page.
func TestAFaultOfTheMachineIsNotExplainedToACompany(t *testing.T) {
	t.Parallel()
	s := newSide(t)
	s.sql(`ALTER TABLE invoices RENAME COLUMN drawn_at TO away`)
	now := func() time.Time { return storetest.Day }
	d := &doctor.Doctor{Store: s.store, NoStripe: "Stripe is not asked here.", Now: now, Integrations: &integrations.Integrations{Store: s.store}}
	r, err := d.For(context.Background(), s.caller.Tenant)
	f := found(r, "Invoices to approve")
	if err != nil || f.Verdict != doctor.Failed || f.Found != "It could not be looked at." || strings.Contains(f.Do, "log") || f.Where != "" {
		t.Errorf("%v, %+v", err, f)
	}
}

// A Stripe that hangs costs a page a few seconds, and what hangs on it is not looked at; the rest is.
func TestAStripeThatHangsCostsAPageSeconds(t *testing.T) {
	t.Parallel()
	s := newSide(t)
	hang := make(chan struct{})
	stripe := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(func() { close(hang); stripe.Close() })
	now := func() time.Time { return storetest.Day }
	i := store.Integration{Tenant: s.caller.Tenant, Program: s.caller.Program, Source: models.SourceStripe, Status: "connected", APIKey: "sk_test_hangs", WebhookSecret: "whsec_1"}
	if err := s.store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	d := &doctor.Doctor{Store: s.store, Now: now, Integrations: &integrations.Integrations{Store: s.store, StripeBase: stripe.URL, Now: now}}
	began := time.Now()
	r, err := d.For(context.Background(), s.caller.Tenant)
	if took := time.Since(began); err != nil || took > 12*time.Second {
		t.Errorf("%v after %s", err, took)
	}
	if f := found(r, "API key"); f.Verdict != doctor.Failed || found(r, "Rights").Verdict != doctor.Skipped || found(r, "Rules").Verdict != doctor.OK {
		t.Errorf("%+v", f)
	}
}

// A page that is loaded over and over by many asks Stripe once in a moment, for each side.
func TestManyLooksAreOneRound(t *testing.T) {
	t.Parallel()
	s := newSide(t)
	var asked atomic.Int64
	stripe := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/account" && r.Header.Get("Authorization") != "Bearer " {
			asked.Add(1)
		}
		_, _ = w.Write([]byte(`{"id":"acct_1","data":[]}`))
	}))
	t.Cleanup(stripe.Close)
	now := func() time.Time { return storetest.Day }
	i := store.Integration{Tenant: s.caller.Tenant, Program: s.caller.Program, Source: models.SourceStripe, Status: "connected", APIKey: "sk_test_one", WebhookSecret: "whsec_1", Account: new("acct_1")}
	if err := s.store.SaveIntegration(context.Background(), i, storetest.Day); err != nil {
		t.Fatal(err)
	}
	rounds := &doctor.Rounds{Doctor: &doctor.Doctor{Store: s.store, Now: now, Integrations: &integrations.Integrations{Store: s.store, StripeBase: stripe.URL, Now: now}}}
	once, err := rounds.Doctor.For(context.Background(), s.caller.Tenant)
	if err != nil || asked.Load() == 0 {
		t.Fatalf("%v, asked %d times", err, asked.Load())
	}
	one := asked.Swap(0)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if r, err := rounds.For(context.Background(), s.caller.Tenant); err != nil || r.Checks != once.Checks {
				t.Errorf("%v, %d checks", err, r.Checks)
			}
		})
	}
	all.Wait()
	if asked.Load() != one {
		t.Errorf("Stripe was asked %d times for twenty looks, %d times for one", asked.Load(), one)
	}
}
