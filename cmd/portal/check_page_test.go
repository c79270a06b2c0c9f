package main

import (
	"context"
	"crypto/rand"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"portal/doctor"
	"portal/handlers"
	"portal/integrations"
	"portal/models"
	"portal/store"
)

// pageShows holds the company's page against what the command found: each finding about the company stands there, and nothing
// of the machine's or of another company's does.
func (p *patient) pageShows(r doctor.Report) {
	p.Helper()
	ctx := context.Background()
	mode := models.Test
	for _, f := range r.Findings {
		if f.Verdict == doctor.Failed && f.Mode != nil {
			mode = models.Mode(*f.Mode)
		}
	}
	token := rand.Text()
	if err := p.store.OpenSession(ctx, token, models.Session{Person: p.person(), Company: p.caller.Company, Mode: mode, ExpiresAt: time.Now().Add(time.Hour)}, "a test", time.Now()); err != nil {
		p.Fatal(err)
	}
	in := &integrations.Integrations{Store: p.store, StripeBase: p.api, PublicURL: p.config["server.public_url"], Platform: p.app(), Now: time.Now}
	rounds := &doctor.Rounds{Doctor: &doctor.Doctor{Store: p.store, Integrations: in, Now: time.Now, Settings: doctor.Settings{PublicURL: p.config["server.public_url"],
		StripeBase: p.api, StripeKey: p.config["stripe.secret_key"], PublishableKey: p.config["stripe.publishable_key"], SMTPURL: p.config["mail.smtp_url"], MailFrom: p.config["mail.from"]}}}
	house := &handlers.House{Store: p.store, Integrations: in, Doctor: rounds, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "https://portal.example"}
	req := httptest.NewRequest(http.MethodGet, "/admin/doctor", nil)
	req.AddCookie(&http.Cookie{Name: "portal_session", Value: token})
	answer := httptest.NewRecorder()
	house.Handler().ServeHTTP(answer, req)
	page := html.UnescapeString(answer.Body.String())
	if answer.Code != http.StatusOK {
		p.Fatalf("the page is answered %d", answer.Code)
	}
	for _, f := range r.Findings {
		amiss := f.Verdict == doctor.Failed || f.Verdict == doctor.Warning
		if amiss && f.Mode != nil && *f.Mode == string(mode) && f.Name != "Mail to the company" && (!strings.Contains(page, f.Found) || strings.HasPrefix(f.Where, "/") && !strings.Contains(page, f.Do)) {
			p.Errorf("the page does not say: %s %s", f.Found, f.Do)
		}
	}
	for _, hidden := range []string{p.api, "127.0.0.1", "portal:secret", patientKey, patientLive, platformKey, patientSecret, patientRing[2:], "acct_platform", "No such mailbox"} {
		if strings.Contains(page, hidden) {
			p.Errorf("the page tells %s", hidden)
		}
	}
}

// app is what companies connect to by OAuth.
func (p *patient) app() integrations.Platform {
	return integrations.Platform{Key: p.config["stripe.secret_key"], ClientID: p.config["stripe.client_id"], Base: p.config["stripe.connect_base"], Hears: p.config["stripe.connect_webhook_secret"] != ""}
}

// person is somebody new who may look at the company.
func (p *patient) person() models.PersonID {
	p.Helper()
	who := models.Person{ID: models.NewID[models.PersonID](time.Now()), Email: rand.Text() + "@acme.example", Name: "Vera"}
	if err := errors.Join(p.store.AddPerson(context.Background(), who, time.Now()),
		p.store.AddPlace(context.Background(), who.ID, store.Place{Company: p.caller.Company, Mode: "both", Role: models.Viewer}, time.Now())); err != nil {
		p.Fatal(err)
	}
	return who.ID
}
