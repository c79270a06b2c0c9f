package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// joins keeps somebody who may sign in with a password, as owner of the company.
func (w *companyWorld) joins(email, password string) models.Person {
	w.t.Helper()
	p := models.Person{ID: models.NewID[models.PersonID](w.clock), Email: email, Name: "Olivia", Password: HashPassword(password)}
	if err := w.Store.AddPerson(w.t.Context(), p, w.clock); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Store.AddPlace(w.t.Context(), p.ID, store.Place{Company: w.caller.Company, Mode: "both", Role: models.Owner}, w.clock); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func credentials(email, password string) url.Values {
	return url.Values{"email": {email}, "password": {password}}
}

// given is the cookie of a name that an answer sets; nil when it sets none.
func given(r *http.Response, name string) *http.Cookie {
	for _, c := range r.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestSigningInGivesACookieThatNoScriptAndNoOtherSiteCanUse(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	answer := w.expect(http.StatusSeeOther, nil, "/sign-in", credentials(" Olivia@ACME.example ", "correct horse"))
	cookie := given(answer, sessionCookie)
	if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure || len(cookie.Value) < 43 ||
		cookie.MaxAge != 14*24*60*60 {
		t.Errorf("the cookie is %+v", cookie)
	}
	if to := answer.Header.Get("Location"); to != "/admin" {
		t.Errorf("leads to %q", to)
	}
	wants(t, "/admin", w.words(cookie, "/admin"), "What needs you", "Olivia", "Owner", "Test mode")
}

func TestTheCookieIsSecureWhereTheSiteIs(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	w.PublicURL = "https://portal.example"
	w.House.PublicURL = "https://portal.example"
	if cookie := given(w.expect(http.StatusSeeOther, nil, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie); !cookie.Secure {
		t.Errorf("the cookie is %+v", cookie)
	}
}

func TestSigningInNeverKeepsATokenThatWasThereBefore(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	planted := &http.Cookie{Name: sessionCookie, Value: "a-token-that-an-attacker-knows-already-0123456"}
	first := given(w.expect(http.StatusSeeOther, planted, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie)
	if first.Value == planted.Value {
		t.Fatal("the planted token was taken")
	}
	w.expect(http.StatusSeeOther, planted, "/admin", nil)
	second := given(w.expect(http.StatusSeeOther, first, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie)
	if second.Value == first.Value {
		t.Error("signing in again kept the token")
	}
	w.expect(http.StatusSeeOther, first, "/admin", nil)
	w.expect(http.StatusOK, second, "/admin", nil)
}

func TestAForgedCookieIsNobody(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for name, value := range map[string]string{"empty": "", "made up": newToken(32), "one letter more": owner.Value + "A", "cut": owner.Value[:20], "not text": "%00\xff'--"} {
		answer := w.ask(&http.Cookie{Name: sessionCookie, Value: value}, "/admin", nil)
		if answer.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
}

func TestASessionEndsAfterFourteenDaysAndWithItsRole(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	cookie := given(w.expect(http.StatusSeeOther, nil, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie)
	w.clock = w.clock.Add(14*24*time.Hour - time.Minute)
	w.expect(http.StatusOK, cookie, "/admin", nil)
	w.clock = w.clock.Add(2 * time.Minute)
	w.expect(http.StatusSeeOther, cookie, "/admin", nil)
	cookie = given(w.expect(http.StatusSeeOther, nil, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie)
	if _, err := w.Store.DB().Exec(`DELETE FROM places`); err != nil {
		t.Fatal(err)
	}
	w.expect(http.StatusSeeOther, cookie, "/admin", nil)
}

func TestSigningOutEndsTheSessionOnTheServer(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	answer := w.expect(http.StatusSeeOther, owner, "/sign-out", url.Values{})
	if cookie := given(answer, sessionCookie); cookie == nil || cookie.MaxAge >= 0 {
		t.Errorf("the cookie stays: %+v", cookie)
	}
	w.expect(http.StatusSeeOther, owner, "/admin", nil)
	w.expect(http.StatusSeeOther, nil, "/sign-out", url.Values{})
}

func TestADatabaseThatCannotAnswerSignsNobodyOut(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	if _, err := w.Store.DB().Exec(`ALTER TABLE sessions RENAME TO elsewhere`); err != nil {
		t.Fatal(err)
	}
	w.expect(http.StatusInternalServerError, owner, "/admin", nil)
}

func TestTheModeIsTurnedForOneBrowser(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 5, "cus_1", "one@shop.example", "ANN_KEY"))
	one, other := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Owner)
	w.expect(http.StatusSeeOther, one, "/admin/mode", url.Values{"mode": {"live"}})
	live := w.words(one, "/admin/payments")
	wants(t, "the live side", live, "No payment has come yet", "Show test data")
	lacks(t, "the live side", live, "one@shop.example", "Test mode")
	wants(t, "the other browser", w.words(other, "/admin/payments"), "one@shop.example", "Test mode")
	w.expect(http.StatusNotFound, one, "/admin/payments/"+w.payments()[0].ID.String(), nil)
}
