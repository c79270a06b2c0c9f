package handlers

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// webhook sends a body as a provider that holds a secret does.
func (w *companyWorld) webhook(path string, body []byte, secret string, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header = storetest.Signed(secret, body, w.clock)
	for _, f := range change {
		f(r)
	}
	answer := httptest.NewRecorder()
	w.site.ServeHTTP(answer, r)
	return answer.Result()
}

func TestAWebhookIsAnsweredAsTheContractSays(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.PlatformSecret = "whsec_platform_secret"
	body := w.sale(1, 1, "cus_1", "one@shop.example", "").Invoice(storetest.Old)
	ours := "/v1/integrations/stripe/" + w.caller.Program.String() + "/webhook"
	at := func(d time.Duration) func(*http.Request) {
		return func(r *http.Request) { r.Header = storetest.Signed(storetest.Secret, body, w.clock.Add(d)) }
	}
	unsigned := func(r *http.Request) { r.Header.Del("Stripe-Signature") }
	unknown := models.NewID[models.ProgramID](w.clock).String()
	for _, c := range []struct {
		name, path string
		body       []byte
		secret     string
		change     func(*http.Request)
		want       int
	}{
		{"kept", ours, body, storetest.Secret, nil, 200},
		{"a repeat", ours, body, storetest.Secret, nil, 200},
		{"not JSON, but signed", ours, []byte("hello"), storetest.Secret, nil, 200},
		{"without a signature", ours, body, storetest.Secret, unsigned, 400},
		{"signed by somebody else", ours, body, "whsec_other_secret", nil, 400},
		{"an old signature", ours, body, storetest.Secret, at(-6 * time.Minute), 400},
		{"a signature of the future", ours, body, storetest.Secret, at(6 * time.Minute), 400},
		{"an unknown program", strings.Replace(ours, w.caller.Program.String(), unknown, 1), body, storetest.Secret, nil, 404},
		{"no program", strings.Replace(ours, w.caller.Program.String(), "prg_1", 1), body, storetest.Secret, nil, 404},
		{"an unknown source", strings.Replace(ours, "/stripe/", "/other/", 1), body, storetest.Secret, nil, 404},
		{"a source that is not read by webhook", strings.Replace(ours, "/stripe/", "/api/", 1), body, storetest.Secret, nil, 404},
		{"over 1 MiB", ours, bytes.Repeat([]byte(" "), bodyLimit+1), storetest.Secret, nil, 413},
		{"exactly 1 MiB", ours, append(body, bytes.Repeat([]byte(" "), bodyLimit-len(body))...), storetest.Secret, nil, 200},
		{"the platform's", "/v1/stripe/webhook", body, "whsec_platform_secret", nil, 200},
		{"the platform's, with a company's secret", "/v1/stripe/webhook", body, storetest.Secret, nil, 400},
		{"a connected account's, with the platform's secret", "/v1/stripe/connect/webhook", body, "whsec_platform_secret", nil, 400},
	} {
		var change []func(*http.Request)
		if c.change != nil {
			change = append(change, c.change)
		}
		if answer := w.webhook(c.path, c.body, c.secret, change...); answer.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, answer.StatusCode, c.want, bodyOf(t, answer))
		}
	}
	w.PlatformSecret = ""
	if answer := w.webhook("/v1/stripe/webhook", body, ""); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("without a secret of the platform: %d", answer.StatusCode)
	}
	kept, err := w.Store.Events(t.Context(), w.caller.Tenant, "", storetest.FirstPage())
	if err != nil || len(kept) != 2 {
		t.Errorf("kept %d events, %v; want the sale and the one that is not JSON", len(kept), err)
	}
}

func TestAWebhookThatCannotBeKeptIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	if _, err := w.Store.DB().Exec(`ALTER TABLE events RENAME TO elsewhere`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = w.Store.DB().Exec(`ALTER TABLE elsewhere RENAME TO events`) })
	body := w.sale(1, 1, "cus_1", "one@shop.example", "").Invoice(storetest.Old)
	if answer := w.webhook("/v1/integrations/stripe/"+w.caller.Program.String()+"/webhook", body, storetest.Secret); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("answered %d", answer.StatusCode)
	}
}

func TestReadyMeansThatTheDatabaseAnswersWithTodaysSchema(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.expect(http.StatusOK, nil, "/healthz", nil)
	w.expect(http.StatusOK, nil, "/readyz", nil)
	if _, err := w.Store.DB().Exec(`UPDATE goose_db_version SET is_applied = false`); err != nil {
		t.Fatal(err)
	}
	w.expect(http.StatusServiceUnavailable, nil, "/readyz", nil)
	if _, err := w.Store.DB().Exec(`DROP TABLE goose_db_version`); err != nil {
		t.Fatal(err)
	}
	w.expect(http.StatusServiceUnavailable, nil, "/readyz", nil)
	w.expect(http.StatusOK, nil, "/healthz", nil)
}
