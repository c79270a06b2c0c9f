package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

func TestAPasswordIsKeptAsArgon2idAndFitsOnlyItself(t *testing.T) {
	t.Parallel()
	kept := HashPassword("correct horse")
	if !strings.HasPrefix(kept, "$argon2id$v=19$m=19456,t=2,p=1$") || kept == HashPassword("correct horse") {
		t.Errorf("kept as %s", kept)
	}
	if !isPassword(kept, "correct horse") {
		t.Error("the password does not fit its own hash")
	}
	for name, pair := range map[string][2]string{"another": {kept, "correct hors"}, "none": {kept, ""}, "no hash": {"", ""}, "text": {"correct horse", "correct horse"},
		"a hash without end": {"$argon2id$v=19$m=19456,t=2,p=1$AAAA$", ""}, "one that would take all memory": {"$argon2id$v=19$m=4294967295,t=2,p=1$AAAA$AAAA", "x"}} {
		if isPassword(pair[0], pair[1]) {
			t.Errorf("%s: fits", name)
		}
	}
}

func TestAWrongPasswordAndAnUnknownAddressGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	known := bodyOf(t, w.expect(http.StatusUnprocessableEntity, nil, "/sign-in", credentials("olivia@acme.example", "wrong")))
	unknown := bodyOf(t, w.expect(http.StatusUnprocessableEntity, nil, "/sign-in", credentials("nobody@acme.example", "wrong")))
	if strings.ReplaceAll(known, "olivia", "nobody") != unknown {
		t.Error("the answers differ")
	}
	wants(t, "the answer", known, wrongPassword, `value="olivia@acme.example"`)
	lacks(t, "the answer", known, `value="wrong"`)
}

func TestTenFailuresShutAnAddressForAQuarterOfAnHourWhetherItExistsOrNot(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"olivia@acme.example", "nobody@acme.example"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			w := newCompanyWorld(t)
			w.joins("olivia@acme.example", "correct horse")
			w.joins("other@acme.example", "correct horse")
			for range triesAddress {
				w.expect(http.StatusUnprocessableEntity, nil, "/sign-in", credentials(email, "wrong"))
			}
			answer := w.expect(http.StatusTooManyRequests, nil, "/sign-in", credentials(strings.ToUpper(email), "correct horse"))
			wants(t, "the answer", bodyOf(t, answer), tooMany)
			w.expect(http.StatusSeeOther, nil, "/sign-in", credentials("other@acme.example", "correct horse"))
			w.clock = w.clock.Add(triesWindow + time.Second)
			if answer := w.ask(nil, "/sign-in", credentials(email, "correct horse")); answer.StatusCode == http.StatusTooManyRequests {
				t.Error("the address is still shut after the window")
			}
		})
	}
}

func TestThirtyFailuresShutAMachineAndNoHeaderOfItsOwnOpensIt(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	from := func(machine, claims string) func(*http.Request) {
		return func(r *http.Request) {
			r.RemoteAddr = machine
			if claims != "" {
				r.Header.Set("X-Forwarded-For", claims)
			}
		}
	}
	for i := range triesMachine {
		w.ask(nil, "/sign-in", credentials(fmt.Sprintf("p%d@acme.example", i), "wrong"), from("203.0.113.7:1000", ""))
	}
	if answer := w.ask(nil, "/sign-in", credentials("olivia@acme.example", "correct horse"), from("203.0.113.7:1001", "198.51.100.1")); answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the same machine: %d", answer.StatusCode)
	}
	if answer := w.ask(nil, "/sign-in", credentials("olivia@acme.example", "correct horse"), from("203.0.113.8:1000", "")); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("another machine: %d", answer.StatusCode)
	}
}

func TestAPageAskedForSignedOutIsReachedAfterSigningIn(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	to := w.expect(http.StatusSeeOther, nil, "/admin/payments?show=refunded&partner=A", nil).Header.Get("Location")
	if to != "/?next=%2Fadmin%2Fpayments%3Fshow%3Drefunded%26partner%3DA" {
		t.Fatalf("leads to %q", to)
	}
	wants(t, "the form", bodyOf(t, w.expect(http.StatusOK, nil, to, nil)), `value="/admin/payments?show=refunded&amp;partner=A"`)
	form := credentials("olivia@acme.example", "correct horse")
	form.Set("next", "/admin/payments?show=refunded&partner=A")
	if to := w.expect(http.StatusSeeOther, nil, "/sign-in", form).Header.Get("Location"); to != "/admin/payments?show=refunded&partner=A" {
		t.Errorf("leads to %q", to)
	}
}

func TestSigningInNeverLeadsAway(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	for _, next := range []string{"https://evil.example/admin", "//evil.example/admin", `/\evil.example`, `\/evil.example`, "/admin\n.evil.example", "javascript:alert(1)",
		"/admin/..//evil.example\\", "http:/admin", "/sign-out", "/partner", "/administer", "", "\x00/admin", "/%5cevil.example"} {
		form := credentials("olivia@acme.example", "correct horse")
		form.Set("next", next)
		if to := w.expect(http.StatusSeeOther, nil, "/sign-in", form).Header.Get("Location"); to != "/admin" {
			t.Errorf("%q leads to %q", next, to)
		}
		lacks(t, fmt.Sprintf("the form of %q", next), bodyOf(t, w.expect(http.StatusOK, nil, "/?"+url.Values{"next": {next}}.Encode(), nil)), `value="https:`, `value="//`, `value="javascript`)
	}
}

func TestSigningInStartsOnTheLiveSideOnceItIsConnected(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	live := store.Integration{Tenant: models.Tenant{Company: w.caller.Company, Mode: models.Live}, Program: w.caller.Program, Source: models.SourceStripe, Status: "connected"}
	if err := w.Store.SaveIntegration(t.Context(), live, w.clock); err != nil {
		t.Fatal(err)
	}
	cookie := given(w.expect(http.StatusSeeOther, nil, "/sign-in", credentials("olivia@acme.example", "correct horse")), sessionCookie)
	lacks(t, "/admin", w.words(cookie, "/admin"), "Test mode")
}

func TestThePeopleOfTheDemoAreOnePressAway(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.joins("olivia@acme.example", "correct horse")
	w.SignIns = []SignIn{{Role: "Owner", Email: "olivia@acme.example", Password: "correct horse"}}
	page := bodyOf(t, w.expect(http.StatusOK, nil, "/", nil))
	wants(t, "the form", page, "Owner · olivia@acme.example", `value="correct horse"`)
	w.SignIns = nil
	lacks(t, "the form outside the demo", bodyOf(t, w.expect(http.StatusOK, nil, "/", nil)), "olivia", "demo")
}

func TestSomebodyWithoutAPlaceIsToldSo(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	p := models.Person{ID: models.NewID[models.PersonID](w.clock), Email: "gone@acme.example", Name: "Gone", Password: HashPassword("correct horse")}
	if err := w.Store.AddPerson(t.Context(), p, w.clock); err != nil {
		t.Fatal(err)
	}
	answer := w.expect(http.StatusForbidden, nil, "/sign-in", credentials("gone@acme.example", "correct horse"))
	wants(t, "the answer", bodyOf(t, answer), "not part of any company")
	if given(answer, sessionCookie) != nil {
		t.Error("got a session")
	}
}
