package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"portal/doctor"
	"portal/integrations"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// companyWorld is a partnerWorld whose company has people of every role, a card, and the sandbox as its bank.
type companyWorld struct {
	*partnerWorld
	stripe *sandbox.Sandbox
	site   http.Handler
}

const platformKey = "sk_test_platform_0123456789"

func newCompanyWorld(t testing.TB) *companyWorld {
	t.Helper()
	w := &companyWorld{partnerWorld: newPartnerWorld(t)}
	var err error
	if w.stripe, err = sandbox.Open(sandbox.Options{Now: w.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.stripe.Close() })
	w.stripe.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{platformKey}})
	bank := httptest.NewServer(w.stripe.API())
	t.Cleanup(bank.Close)
	w.Payouts.Bank, w.Payouts.Mode = payouts.NewStripe(platformKey, bank.URL), models.Test
	w.Integrations = &integrations.Integrations{Store: w.Store, StripeBase: bank.URL, PublicURL: w.PublicURL, Now: w.Now, Log: w.Log}
	w.Doctor = &doctor.Rounds{Doctor: &doctor.Doctor{Store: w.Store, Integrations: w.Integrations, Now: w.Now, Settings: doctor.Settings{PublicURL: w.PublicURL, StripeBase: bank.URL, StripeKey: platformKey}}}
	w.site = w.Handler()
	return w
}

// saveCard saves a card for the company and connects a partner, so that it can be paid with one click.
func (w *companyWorld) saveCard(method string) {
	w.t.Helper()
	ctx := context.Background()
	if _, err := w.Payouts.SaveCard(ctx, w.caller.Tenant, method); err != nil {
		w.t.Fatal(err)
	}
	partner, err := w.Payouts.ConnectPartner(ctx, w.ann)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ann = partner
	if err := w.stripe.Onboard(*partner.StripeAccount, sandbox.Complete); err != nil {
		w.t.Fatal(err)
	}
}

// as signs somebody with a role of a company in, and gives the cookie.
func (w *companyWorld) as(t models.Tenant, role models.Role) *http.Cookie {
	w.t.Helper()
	return w.signedIn(string(role), t, role, nil)
}

// signedIn gives a person a place, when they have none, and a session of their own.
func (w *companyWorld) signedIn(name string, t models.Tenant, role models.Role, partner *models.PartnerID) *http.Cookie {
	w.t.Helper()
	ctx := context.Background()
	email := strings.ReplaceAll(name, " ", "-") + "@" + t.Company.String() + ".example"
	person, err := w.Store.PersonByEmail(ctx, email)
	if err != nil {
		person = models.Person{ID: models.NewID[models.PersonID](w.clock), Email: email, Name: name, Password: "x"}
		place := store.Place{Company: t.Company, Mode: "both", Role: role, Partner: partner}
		if partner != nil {
			place.Mode = string(t.Mode)
		}
		if err := errors.Join(w.Store.AddPerson(ctx, person, w.clock), w.Store.AddPlace(ctx, person.ID, place, w.clock)); err != nil {
			w.t.Fatal(err)
		}
	}
	token := newToken(32)
	se := models.Session{Person: person.ID, Company: t.Company, Partner: partner, Mode: t.Mode, ExpiresAt: w.clock.AddDate(1, 0, 0)}
	if err := w.Store.OpenSession(ctx, token, se, "test", w.clock); err != nil {
		w.t.Fatal(err)
	}
	return &http.Cookie{Name: sessionCookie, Value: token}
}

// anotherCompany is somebody else's company in the same installation, with a partner of its own.
func (w *companyWorld) anotherCompany() models.Caller { return storetest.Company(w.t, w.Store) }

// ask sends a request as a browser on our own pages does. A form makes it a POST.
func (w *companyWorld) ask(cookie *http.Cookie, path string, form url.Values, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	for _, f := range change {
		f(r)
	}
	answer := httptest.NewRecorder()
	w.site.ServeHTTP(answer, r)
	return answer.Result()
}

// bodyOf is all that was answered.
func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// expect fails unless a request is answered with a status, and gives the answer.
func (w *companyWorld) expect(status int, cookie *http.Cookie, path string, form url.Values) *http.Response {
	w.t.Helper()
	r := w.ask(cookie, path, form)
	if r.StatusCode != status {
		w.t.Fatalf("%s: %d, want %d: %s", path, r.StatusCode, status, bodyOf(w.t, r))
	}
	return r
}

// words is what a page says.
func (w *companyWorld) words(cookie *http.Cookie, path string) string {
	w.t.Helper()
	return textOf(w.t, bodyOf(w.t, w.expect(http.StatusOK, cookie, path, nil)))
}

// payments lists the company's payments, the newest first.
func (w *companyWorld) payments() []store.PaymentRow {
	w.t.Helper()
	list, err := w.Store.Payments(context.Background(), w.caller.Tenant, store.PaymentFilter{}, store.Page{Limit: 200, Desc: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
