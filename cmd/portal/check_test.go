package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/doctor"
	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/rates"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
)

// patient is an installation in which all is well: a database, a Stripe, a mail server, and one connected program.
type patient struct {
	*testing.T
	store  *store.Store
	stripe *sandbox.Sandbox
	caller models.Caller
	skew   time.Duration // of Stripe's clock
	api    string
	config map[string]string
}

const (
	patientKey    = "rk_test_patient_shop_key_0001"
	patientLive   = "sk_live_patient_shop_key_0002"
	patientSecret = "whsec_patient_platform_secret"
	patientRing   = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// needed are the rights that Portal asks for.
var needed = strings.Fields(`rak_charge_read rak_payment_intent_read rak_invoice_read rak_subscription_read rak_customer_read rak_checkout_session_read rak_product_read
	rak_plan_read rak_event_read rak_dispute_read rak_credit_note_read rak_webhook_write rak_coupon_write rak_promotion_code_write`)

func newPatient(t *testing.T) *patient {
	t.Helper()
	address := storetest.URL(t)
	p := &patient{T: t, store: storetest.OpenAt(t, address)}
	var err error
	if p.stripe, err = sandbox.Open(sandbox.Options{Deliver: func(string, http.Header, []byte) int { return http.StatusOK }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.stripe.Close() })
	handler := p.stripe.API()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(p.skew).UTC().Format(http.TimeFormat))
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.api = server.URL
	p.account("acct_shop", needed, patientKey)
	p.account("acct_platform", nil, platformKey)
	p.caller = storetest.Company(t, p.store)
	p.sql(`DELETE FROM integrations`)
	p.connect(p.caller, patientKey)
	p.event("evt_1", models.EventDone, nil, time.Now().Add(-time.Minute))
	fx := rates.Rates{Store: p.store, Now: time.Now}
	if _, err := fx.Keep(context.Background(), rates.Of(time.Now().AddDate(0, 0, -1))); err != nil {
		t.Fatal(err)
	}
	p.config = map[string]string{"server.public_url": "https://portal.example", "database.url": address, "stripe.api_base": p.api, "stripe.secret_key": platformKey,
		"stripe.webhook_secret": patientSecret, "mail.smtp_url": "smtp://" + mailServer(t), "mail.from": "portal@acme.example"}
	return p
}

// mailServer is one that greets and says goodbye.
func mailServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mail.example\r\n")
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				_, _ = io.WriteString(conn, "250 mail.example\r\n")
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// account makes an account of these keys known; rights are those of its restricted keys, nil for all.
func (p *patient) account(id string, rights []string, keys ...string) {
	a := sandbox.Account{ID: id, SecretKeys: keys, Rights: map[string][]string{}}
	for _, key := range keys {
		if rights != nil {
			a.Rights[key] = rights
		}
	}
	p.stripe.AddAccount(a)
}

func (p *patient) connect(c models.Caller, key string) {
	p.Helper()
	in := &integrations.Integrations{Store: p.store, StripeBase: p.api, PublicURL: "https://portal.example", Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if _, err := in.Save(context.Background(), c, models.SourceStripe, integrations.Change{APIKey: &key}, models.Actor{Name: "test"}); err != nil {
		p.Fatal(err)
	}
}

func (p *patient) sql(statement string, args ...any) {
	p.Helper()
	if _, err := p.store.DB().Exec(statement, args...); err != nil {
		p.Fatal(err)
	}
}

func (p *patient) event(id string, status models.EventStatus, because *string, at time.Time) {
	p.Helper()
	e := models.Event{Tenant: p.caller.Tenant, ID: models.NewID[models.EventID](at), Bucket: p.caller.Bucket(), Program: p.caller.Program, Source: models.SourceStripe,
		ProviderID: id, Type: "invoice.paid", Body: []byte(`{}`), ReceivedAt: at, Status: status, Because: because}
	if _, err := p.store.KeepEvent(context.Background(), e); err != nil {
		p.Fatal(err)
	}
}

// ask calls Stripe with the shop's key.
func (p *patient) ask(method, path string, form url.Values) map[string]any {
	p.Helper()
	req, err := http.NewRequest(method, p.api+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+patientKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		p.Fatalf("%s %s: %d %v %v", method, path, res.StatusCode, answer, err)
	}
	return answer
}

// endpoint is the path of the program's endpoint at Stripe, and the events that it is told of.
func (p *patient) endpoint() (path string, events []string) {
	p.Helper()
	one := p.ask("GET", "/v1/webhook_endpoints", nil)["data"].([]any)[0].(map[string]any)
	for _, e := range one["enabled_events"].([]any) {
		events = append(events, e.(string))
	}
	return "/v1/webhook_endpoints/" + one["id"].(string), events
}

// check runs the command as people do. The error is what ends it with 1.
func (p *patient) check(asJSON bool) (string, error) {
	p.Helper()
	sections := map[string]string{"secrets": fmt.Sprintf("keys = [%q]\n", patientRing)}
	for key, value := range p.config {
		section, name, _ := strings.Cut(key, ".")
		if key == "secrets.keys" {
			sections[section] = ""
		}
		sections[section] += fmt.Sprintf("%s = %s\n", name, map[bool]string{true: fmt.Sprintf("[%q]", value), false: fmt.Sprintf("%q", value)}[key == "secrets.keys"])
	}
	var text strings.Builder
	for section, lines := range sections {
		fmt.Fprintf(&text, "[%s]\n%s", section, lines)
	}
	path := filepath.Join(p.TempDir(), "portal.toml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		p.Fatal(err)
	}
	var out bytes.Buffer
	err := checkCommand{configured: configured{Config: path}, JSON: asJSON}.Run(context.Background(), streams{strings.NewReader(""), &out})
	for _, secret := range []string{patientKey, patientLive, platformKey, patientSecret, patientRing[2:]} {
		if strings.Contains(out.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
			p.Errorf("a secret is told: %s", secret)
		}
	}
	return out.String(), err
}

func (p *patient) report() (doctor.Report, error) {
	p.Helper()
	out, err := p.check(true)
	var r doctor.Report
	if bad := json.Unmarshal([]byte(out), &r); bad != nil {
		p.Fatalf("%v: %s", bad, out)
	}
	return r, err
}

// CONTRACT.md 2: where all is well and configured, nothing is found and the command ends with 0.
func TestCheckFindsNothingWhereAllIsWell(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	r, err := p.report()
	if err != nil || !r.OK || r.Failed > 0 || r.Warnings > 0 || r.Checks != len(r.Findings) || r.Checks < 20 {
		t.Errorf("%v: %d checks", err, r.Checks)
	}
	for _, f := range r.Findings {
		if f.Verdict != doctor.OK {
			t.Errorf("%s is %s: %s", f.Name, f.Verdict, f.Found)
		}
	}
	out, err := p.check(false)
	if err != nil || !strings.Contains(out, "The installation\n") || !strings.Contains(out, "Acme, Partners, test\n") ||
		!strings.HasSuffix(out, fmt.Sprintf("\n%d checks, 0 failed, 0 warnings\n", r.Checks)) {
		t.Errorf("%v: %s", err, out)
	}
}

// B18, F116, F117, F118, CONTRACT.md 2: each fault makes its own check fail, no other, says what was found, what to do and where, and
// ends the command with 1. What concerns a company stands on its page in the same words.
func TestEachPlantedFaultIsFound(t *testing.T) {
	t.Parallel()
	why := "The payment could not be read."
	for name, c := range map[string]struct {
		plant       func(p *patient)
		check, says string
	}{
		"a key that was revoked":      {func(p *patient) { p.account("acct_shop", nil, "sk_test_another_0000001") }, "API key", "is refused by Stripe"},
		"a right that was taken away": {func(p *patient) { p.account("acct_shop", without(needed, "rak_dispute_read"), patientKey) }, "Rights", "lacks rak_dispute_read."},
		"a key of the other side":     {wrongSide, "Key's side", "not one of test mode"},
		"a key of another account": {func(p *patient) {
			p.account("acct_shop", nil, "sk_test_another_0000001")
			p.account("acct_other", needed, patientKey)
		}, "Account", "acct_other now; acct_shop was connected"},
		"an endpoint that was deleted": {func(p *patient) { path, _ := p.endpoint(); p.ask("DELETE", path, nil) }, "Webhook endpoint", "no endpoint for this program"},
		"an endpoint that is disabled": {func(p *patient) { path, _ := p.endpoint(); p.ask("POST", path, url.Values{"disabled": {"true"}}) }, "Webhook endpoint", "is disabled"},
		"an event that is not told":    {eventMissing, "Webhook events", "charge.dispute.created (disputes are not seen)"},
		"a secret that was lost":       {func(p *patient) { p.sql(`UPDATE integrations SET webhook_secret = NULL`) }, "Webhook secret", "not kept"},
		"nothing comes for a week":     {silence, "Deliveries", "Stripe has news of"},
		"a secret that is another's":   {wrongSecret, "Webhook secret", "was not signed with the secret that is kept, and was refused."},
		"an event that failed":         {func(p *patient) { p.event("evt_2", models.EventFailed, &why, time.Now()) }, "Failed events", "1 event failed. The newest, invoice.paid: " + why},
		"an event that waits":          {func(p *patient) { p.event("evt_2", models.EventPending, &why, time.Now().Add(-2*time.Hour)) }, "Waiting events", "1 event has waited for more than an hour"},
		"rates that are old":           {func(p *patient) { p.sql(`UPDATE fx_rates SET day = day - 14`) }, "Exchange rates", "working days ago"},
		"a mail server that refuses":   {func(p *patient) { p.config["mail.smtp_url"] = "smtp://user:secret@127.0.0.1:1" }, "Mail", "connection refused"},
		"mail from nobody":             {func(p *patient) { p.config["mail.from"] = "Portal" }, "Mail", "not an e-mail address"},
		"a schema that is behind": {func(p *patient) {
			p.sql(`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
		}, "Schema", "older than this program"},
		"a clock that goes wrong":        {func(p *patient) { p.skew = 2 * time.Minute }, "Clock", "This machine's clock and Stripe's are"},
		"a sealed value of another ring": {func(p *patient) { p.sql(`UPDATE integrations SET api_key = set_byte(api_key, 0, 9)`) }, "Secrets", "key 09 is not in secrets.keys"},
		"a ring that is another": {func(p *patient) {
			p.config["secrets.keys"] = "1:HxECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		}, "Secrets", "does not open"},
		"a ring that cannot be read":            {func(p *patient) { p.config["secrets.keys"] = "no key" }, "Secrets", "cannot be read"},
		"a live connection, and only localhost": {func(p *patient) { live(p); p.config["server.public_url"] = "http://localhost:8080" }, "Public address", "leads nowhere from outside"},
		"a live connection, and no https":       {func(p *patient) { live(p); p.config["server.public_url"] = "http://portal.example" }, "Public address", "is not https"},
		"a platform's key that was revoked":     {func(p *patient) { p.account("acct_platform", nil, "sk_test_another_0000002") }, "Platform's Stripe", "is refused by Stripe"},
		"a platform's key of another kind":      {func(p *patient) { p.config["stripe.secret_key"] = "pk_test_publishable" }, "Platform's Stripe", "neither a secret nor a restricted key"},
		"a platform's keys of two sides":        {func(p *patient) { p.config["stripe.publishable_key"] = "pk_live_publishable" }, "Platform's Stripe", "does not belong to the secret key"},
		"a database that does not answer":       {func(p *patient) { p.config["database.url"] = "postgres://portal:secret@127.0.0.1:1/portal" }, "Database", "cannot be reached"},
		"a configuration with an unknown key":   {func(p *patient) { p.config["server.lisen"] = "x" }, "Configuration", "not a key that Portal knows"},
		"Stripe has trouble with one connection": {func(p *patient) {
			p.stripe.Fail(sandbox.Fault{Path: "/v1/webhook_endpoints", Method: "GET", Status: 500, Times: 9})
		}, "Webhook endpoint", "Stripe answered 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			c.plant(p)
			r, err := p.report()
			if !errors.Is(err, errNotWell) || r.OK || r.Failed != 1 {
				t.Errorf("%v: %d failed", err, r.Failed)
			}
			p.pageShows(r)
			for _, f := range r.Findings {
				if f.Verdict == doctor.Failed && (f.Name != c.check || !strings.Contains(f.Found, c.says) || f.Do == "" || f.Where == "") {
					t.Errorf("%s failed: %s %s (%s); want %s: %s", f.Name, f.Found, f.Do, f.Where, c.check, c.says)
				}
			}
		})
	}
}

// CONTRACT.md 2, MONEY.md 3.3: what costs no money, or what somebody has yet to do, is a warning, and the command ends with 0.
func TestWhatMayBeMeantSoIsAWarning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant       func(p *patient)
		check, says string
	}{
		"an endpoint at another host": {func(p *patient) { p.config["server.public_url"] = "https://other.example" }, "Webhook endpoint", "not to https://other.example/"},
		"an endpoint of another version": {func(p *patient) {
			path, events := p.endpoint()
			p.ask("DELETE", path, nil)
			p.ask("POST", "/v1/webhook_endpoints", url.Values{"url": {"https://portal.example/v1/integrations/stripe/" + p.caller.Program.String() + "/webhook"}, "enabled_events[]": events})
		}, "Webhook version", "of the account, which may change"},
		"an event that costs no money": {func(p *patient) {
			path, events := p.endpoint()
			p.ask("POST", path, url.Values{"enabled_events[]": without(events, "price.updated")})
		}, "Webhook events", "price.updated (its news is seen late)"},
		"an event of the other side": {func(p *patient) { p.hear(`{"id":"evt_live","object":"event","type":"invoice.paid","livemode":true}`) }, "Other side", "1 event of the last 30 days was of live mode, signed for the test side: it counts nowhere."},
		"something that nobody signed": {func(p *patient) {
			if p.hear(`{"id":"evt_3","object":"event","type":"invoice.paid","livemode":false}`, "whsec_another") {
				p.Error("it was taken")
			}
		}, "Webhook secret", "was not signed with the secret that is kept, and was refused."},
		"background work that stands still": {func(p *patient) {
			p.sql(`UPDATE integrations SET updated_at = updated_at - interval '3 days', healed_at = now() - interval '2 days'`)
		}, "Missed events", "it is due every six hours"},
		"events that had to be fetched": {func(p *patient) {
			p.sql(`UPDATE integrations SET updated_at = updated_at - interval '3 days', healed_at = now(), missed_at = now()`)
		}, "Missed events", "Portal had to fetch events that no webhook had brought. They count."},
		"a mail that nobody got": {func(p *patient) {
			p.sql(`INSERT INTO mails (company_id, id, mode, kind, recipient, name, facts, state, because, queued_at) VALUES ($1, gen_random_uuid(), 'test', 'x', 'olivia@acme.example', '', '', 'failed', 'No such mailbox.', now())`, p.caller.Company)
		}, "Mail to the company", "1 mail of the last 30 days could not be sent, the newest to olivia@acme.example"},
		"a customer without a name": {func(p *patient) {
			partner := storetest.Partner(p.T, p.store, p.caller.Tenant, "NORA", "usd")
			p.sql(`INSERT INTO customers (company_id, mode, id, key, created_at) VALUES ($1, 'test', gen_random_uuid(), 'nobody', now())`, p.caller.Company)
			p.sql(`INSERT INTO links (company_id, mode, customer_id, partner_id, linked_at, origin) SELECT company_id, mode, id, $1, created_at, 'api' FROM customers`, partner.ID)
		}, "Customers nobody can recognise", "1 customer of a partner has neither a Stripe customer id nor an e-mail address, such as nobody"},
		"nothing has come yet":    {func(p *patient) { p.sql(`DELETE FROM events`) }, "Deliveries", "No event has come yet."},
		"no rates":                {func(p *patient) { p.sql(`DELETE FROM fx_rates`) }, "Exchange rates", "None are known yet"},
		"no mail":                 {func(p *patient) { delete(p.config, "mail.smtp_url") }, "Mail", "No mail server"},
		"no platform":             {func(p *patient) { delete(p.config, "stripe.secret_key") }, "Platform's Stripe", "None is configured"},
		"no platform's webhook":   {func(p *patient) { delete(p.config, "stripe.webhook_secret") }, "Platform's webhook", "signing secret is not configured"},
		"neither key nor secret":  {func(p *patient) { p.sql(`UPDATE integrations SET api_key = NULL, webhook_secret = NULL`) }, "Webhook secret", "Neither a signing secret nor an API key"},
		"a program not connected": {func(p *patient) { p.sql(`DELETE FROM integrations`) }, "Connection", "No provider is connected yet."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			c.plant(p)
			r, err := p.report()
			if err != nil || r.Warnings != 1 {
				t.Errorf("%v: %d failed, %d warnings", err, r.Failed, r.Warnings)
			}
			p.pageShows(r)
			for _, f := range r.Findings {
				if bad := f.Verdict == doctor.Failed || f.Verdict == doctor.Warning; bad && (f.Name != c.check || !strings.Contains(f.Found, c.says) || f.Do == "" || f.Where == "") {
					t.Errorf("%s is %s: %s %s (%s); want %s: %s", f.Name, f.Verdict, f.Found, f.Do, f.Where, c.check, c.says)
				}
			}
		})
	}
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}

func wrongSide(p *patient) {
	kept, err := p.store.Integration(context.Background(), p.caller.Tenant, p.caller.Program, models.SourceStripe)
	if err != nil {
		p.Fatal(err)
	}
	kept.APIKey = patientLive
	if err := p.store.SaveIntegration(context.Background(), kept, time.Now()); err != nil {
		p.Fatal(err)
	}
}

func eventMissing(p *patient) {
	path, events := p.endpoint()
	p.ask("POST", path, url.Values{"enabled_events[]": without(without(events, "charge.dispute.created"), "price.updated")})
}

// soldBefore is a sale of two hours ago that Stripe tells of.
func soldBefore(p *patient) {
	if _, err := p.stripe.Sell("acct_shop", sandbox.Order{Email: "ann@example.com", Amount: 5000, At: time.Now().Add(-2 * time.Hour)}); err != nil {
		p.Fatal(err)
	}
}

func silence(p *patient) {
	p.sql(`UPDATE events SET received_at = received_at - interval '8 days'`)
	soldBefore(p)
}

// wrongSecret has Stripe sign with another secret than the one that is kept.
func wrongSecret(p *patient) {
	kept, err := p.store.Integration(context.Background(), p.caller.Tenant, p.caller.Program, models.SourceStripe)
	if err != nil {
		p.Fatal(err)
	}
	kept.WebhookSecret = "whsec_of_another_endpoint"
	if err := p.store.SaveIntegration(context.Background(), kept, time.Now()); err != nil {
		p.Fatal(err)
	}
	p.sql(`UPDATE events SET received_at = received_at - interval '5 hours'`)
	in := p.inbox()
	p.stripe.DeliverBy(func(_ string, h http.Header, body []byte) int {
		if err := in.Accept(context.Background(), p.caller.Program, models.SourceStripe, h, body); !errors.Is(err, models.ErrInvalid) {
			p.Errorf("it was taken: %v", err)
		}
		return http.StatusBadRequest
	})
	soldBefore(p)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if signs, err := p.store.SignsOf(context.Background(), p.caller.Tenant, p.caller.Program, models.SourceStripe); err != nil || signs.Refused != nil {
			return
		}
	}
	p.Error("nothing was refused")
}

func (p *patient) inbox() *inbox.Inbox {
	return &inbox.Inbox{Store: p.store, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// hear brings an event to the program's address, signed with the kept secret or with another. It tells whether it was taken.
func (p *patient) hear(body string, secret ...string) bool {
	p.Helper()
	kept, err := p.store.Integration(context.Background(), p.caller.Tenant, p.caller.Program, models.SourceStripe)
	if err != nil {
		p.Fatal(err)
	}
	head := storetest.Signed(append(secret, kept.WebhookSecret)[0], []byte(body), time.Now())
	return p.inbox().Accept(context.Background(), p.caller.Program, models.SourceStripe, head, []byte(body)) == nil
}

// live connects the program's live side, too.
func live(p *patient) {
	p.account("acct_live", nil, patientLive)
	c := p.caller
	c.Mode = models.Live
	p.connect(c, patientLive)
}

// CONTRACT.md 2: what is not configured is a warning or skipped, and ends the command with 0; nothing is made by looking.
func TestWhatIsNotConfiguredIsNoFailure(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if out, err := p.run("check"); err == nil || !strings.Contains(out, "there is no database in") {
		t.Errorf("before anything is made: %v: %s", err, out)
	}
	if left, _ := os.ReadDir(p.dir); len(left) > 0 {
		t.Errorf("check made %v", left)
	}
	p.setup()
	out, err := p.run("check")
	if err != nil || !strings.Contains(out, " 0 failed, ") || !strings.Contains(out, "No provider is connected yet.") || !strings.Contains(out, "(mail.smtp_url)") {
		t.Errorf("after setup: %v: %s", err, out)
	}
}

// Issue 4: beside the running demo all that is configured works; when it has ended, its Stripe is not asked.
func TestCheckIsContentWithTheDemo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	demo := p.start("demo")
	out, err := p.run("check", "--json")
	var r doctor.Report
	if bad := json.Unmarshal([]byte(out), &r); bad != nil || err != nil || r.Failed > 0 {
		t.Errorf("%v, %v: %s", err, bad, out)
	}
	for _, f := range r.Findings {
		if f.Verdict == doctor.Skipped {
			t.Errorf("beside the demo %q is skipped: %s", f.Name, f.Found)
		}
	}
	demo.kill() // and leaves word of where it was
	if out, err := p.run("check"); err != nil || !strings.Contains(out, "The demo is not running") {
		t.Errorf("afterwards: %v: %s", err, out)
	}
}
