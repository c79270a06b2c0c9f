package handlers

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store/storetest"
)

func TestAFormFromAnotherSiteIsRefusedAndWebhooksAreNot(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for name, head := range map[string]http.Header{
		"a modern browser":        {"Sec-Fetch-Site": {"cross-site"}},
		"a page of a sister site": {"Sec-Fetch-Site": {"same-site"}},
		"an older browser":        {"Sec-Fetch-Site": nil, "Origin": {"https://evil.example"}},
		"a page without origin":   {"Sec-Fetch-Site": nil, "Origin": {"null"}},
	} {
		answer := w.ask(owner, "/admin/partners", url.Values{"name": {"X"}, "key": {"X"}, "currency": {"usd"}}, func(r *http.Request) {
			for k, v := range head {
				r.Header[k] = v
			}
		})
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
		wants(t, name, textOf(t, bodyOf(t, answer)), "sent from another site")
	}
	if list, err := w.Store.Partners(t.Context(), w.caller.Tenant, storetest.FirstPage()); err != nil || len(list) != 2 {
		t.Errorf("partners are %v, %v", list, err)
	}
	ours := w.ask(owner, "/admin/mode", url.Values{"mode": {"test"}}, func(r *http.Request) {
		r.Header.Del("Sec-Fetch-Site")
		r.Header.Set("Origin", "http://localhost:8080")
	})
	if ours.StatusCode != http.StatusSeeOther {
		t.Errorf("our own page in an older browser: %d", ours.StatusCode)
	}
	body := w.sale(1, 1, "cus_1", "one@shop.example", "").Invoice(storetest.Old)
	if answer := w.webhook("/v1/integrations/stripe/"+w.caller.Program.String()+"/webhook", body, storetest.Secret, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); answer.StatusCode != http.StatusOK {
		t.Errorf("a webhook: %d", answer.StatusCode)
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.Sandbox = http.NotFoundHandler()
	w.site = w.Handler()
	for _, path := range []string{"/", "/admin", "/nothing", "/v1/program", "/static/app.css", "/sandbox/", "/healthz"} {
		head := w.ask(nil, path, nil).Header
		policy := head.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") == "" || len(head.Get("X-Request-Id")) < 8 {
			t.Errorf("%s: %v", path, head)
		}
	}
	if a, b := w.ask(nil, "/", nil).Header, w.ask(nil, "/", nil, func(r *http.Request) { r.Header.Set("X-Request-Id", "mine") }).Header; a.Get("X-Request-Id") == b.Get("X-Request-Id") || b.Get("X-Request-Id") == "mine" {
		t.Error("request ids are not our own")
	}
	if head := w.ask(nil, "/", nil).Header; head.Get("Cache-Control") != "no-store" || head.Get("Vary") == "" {
		t.Errorf("a page may be kept: %v", head)
	}
}

func TestPagesHoldNoScriptAndNoStyleOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	invoice := w.drawUp()[0]
	owner := w.as(w.caller.Tenant, models.Owner)
	for _, path := range []string{"/admin", "/admin/payments", "/admin/payments/" + w.payments()[0].ID.String(), "/admin/invoices/" + invoice.ID.String(), "/admin/partners/new"} {
		for _, n := range parsed(t, bodyOf(t, w.expect(http.StatusOK, owner, path, nil))) {
			if n.Data == "script" && n.FirstChild != nil || n.Data == "style" {
				t.Errorf("%s: an inline %s", path, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
					t.Errorf("%s: <%s %s>", path, n.Data, a.Key)
				}
			}
		}
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	w.expect(http.StatusRequestEntityTooLarge, owner, "/admin/partners", url.Values{"name": {strings.Repeat("x", bodyLimit+1)}})
	w.expect(http.StatusRequestEntityTooLarge, nil, "/sign-in", credentials("a@b.example", strings.Repeat("x", bodyLimit+1)))
}

func TestAFaultOfOursShowsNothingOfItselfAndIsLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	e := w.House.site()
	e.GET("/broken", func(echo.Context) error { panic("the secret of the panic") })
	w.site = w.fenced(e)
	answer := w.ask(nil, "/broken", nil)
	page := bodyOf(t, answer)
	if answer.StatusCode != http.StatusInternalServerError {
		t.Errorf("answered %d", answer.StatusCode)
	}
	lacks(t, "the page", page, "secret", "goroutine")
	id := answer.Header.Get("X-Request-Id")
	wants(t, "the page", page, id)
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "the secret of the panic") {
		t.Errorf("logged %d times: %s", n, log.String())
	}
}

func TestAnAddressThatIsNoneIsAPageToo(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for _, path := range []string{"/nothing", "/admin/nothing", "/admin/payments/nothing", "/admin/payments/pay_00000000000000000000000000000000",
		"/admin/invoices/%00", "/admin/partners/..%2f..", "/admin/payments?partner=NO_SUCH_PARTNER", "/admin/payments?partner=%00"} {
		wants(t, path, textOf(t, bodyOf(t, w.expect(http.StatusNotFound, owner, path, nil))), "There is nothing here")
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte("2026-01-01T00:00:00Z|" + strings.Repeat("z", 36)))
	for _, cursor := range []string{"made-up", forged} {
		w.expect(http.StatusUnprocessableEntity, owner, "/admin/payments?cursor="+cursor, nil)
	}
	w.expect(http.StatusMethodNotAllowed, owner, "/admin", url.Values{})
}

func TestHtmxIsLedToSignInByAHeader(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	answer := w.ask(nil, "/admin", nil, func(r *http.Request) { r.Header.Set("HX-Request", "true") })
	if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("HX-Redirect") != "/" {
		t.Errorf("answered %d %v", answer.StatusCode, answer.Header)
	}
}

func TestTheSandboxIsServedUnderItsOwnAddressInTheDemoAlone(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.expect(http.StatusNotFound, nil, "/sandbox/", nil)
	w.Sandbox = w.stripe.Page()
	w.site = w.Handler()
	w.expect(http.StatusSeeOther, nil, "/sandbox", nil)
	wants(t, "/sandbox/", bodyOf(t, w.expect(http.StatusOK, nil, "/sandbox/", nil)), `action="sales"`)
	w.expect(http.StatusUnprocessableEntity, nil, "/sandbox/sales", url.Values{"account": {"acct_platform"}})
	if answer := w.ask(nil, "/sandbox/sales", url.Values{}, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a sale from another site: %d", answer.StatusCode)
	}
}

func TestHeadIsAnsweredAsGet(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	if answer := w.ask(nil, "/healthz", nil, func(r *http.Request) { r.Method = http.MethodHead }); answer.StatusCode != http.StatusOK {
		t.Errorf("answered %d", answer.StatusCode)
	}
}
