package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"golang.org/x/net/html"

	"portal/sandbox"
)

const (
	refreshURL = "https://portal.test/again"
	returnURL  = "https://portal.test/back"
)

// pagesAt is a sandbox whose pages are reached under /sandbox, as Portal mounts them.
func pagesAt(t *testing.T, o sandbox.Options) (*sandbox.Sandbox, *client.API) {
	t.Helper()
	s := open(t, o)
	mux := http.NewServeMux()
	mux.Handle("/sandbox/", http.StripPrefix("/sandbox", s.Page()))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.SetPageURL(server.URL + "/sandbox/")
	return s, stripeAt(t, s, platformKey, time.Minute)
}

// visited is a page as a browser without JavaScript has it, or where it leads to.
type visited struct {
	t      *testing.T
	at     *url.URL
	status int
	leads  string
	doc    *html.Node
}

// visit opens an address. Leads within the sandbox are followed, those out of it are not.
func visit(t *testing.T, address string) visited {
	t.Helper()
	return goTo(t, http.MethodGet, address, nil)
}

func goTo(t *testing.T, method, address string, form url.Values) visited {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	home := r.URL.Host
	browser := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != home {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	doc, err := html.Parse(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return visited{t, res.Request.URL, res.StatusCode, res.Header.Get("Location"), doc}
}

// press sends the page's form with what stands in its fields, pairs of a name and a value instead of some of them.
func (v visited) press(pairs ...string) visited {
	v.t.Helper()
	form := url.Values{}
	for n := range v.doc.Descendants() {
		if n.Data == "input" {
			form.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return goTo(v.t, http.MethodPost, v.at.String(), form)
}

func (v visited) says(words ...string) visited {
	v.t.Helper()
	for _, want := range words {
		if !strings.Contains(text(v.doc), want) {
			v.t.Errorf("%s does not say %q: %s", v.at, want, text(v.doc))
		}
	}
	return v
}

func (v visited) ledTo(want string) {
	v.t.Helper()
	if v.status != http.StatusSeeOther || v.leads != want {
		v.t.Errorf("%s: %d, led to %q, not %q", v.at, v.status, v.leads, want)
	}
}

func questions(t *testing.T, sc *client.API, account string) *stripe.AccountLink {
	t.Helper()
	return must[*stripe.AccountLink](t)(sc.AccountLinks.New(&stripe.AccountLinkParams{Account: &account, Type: stripe.String("account_onboarding"),
		RefreshURL: stripe.String(refreshURL), ReturnURL: stripe.String(returnURL)}))
}

func stands(t *testing.T, sc *client.API, id string) *stripe.Account {
	t.Helper()
	return must[*stripe.Account](t)(sc.Accounts.GetByID(id, nil))
}

// MONEY.md 4.1: a new Express account can receive nothing and says what is missing; with a website or a description of what is
// sold that is not asked.
func TestANewAccountCanReceiveNothing(t *testing.T) {
	t.Parallel()
	s, sc := pagesAt(t, sandbox.Options{})
	id := account(t, sc)
	a := stands(t, sc, id)
	if a.DetailsSubmitted || a.ChargesEnabled || a.PayoutsEnabled || a.Capabilities.Transfers != "inactive" || a.Requirements.DisabledReason != "requirements.past_due" ||
		len(a.Requirements.CurrentlyDue) == 0 || len(a.Requirements.PastDue) == 0 || len(a.Requirements.EventuallyDue) == 0 || len(a.ExternalAccounts.Data) != 0 {
		t.Errorf("%+v", a)
	}
	due := strings.Join(a.Requirements.CurrentlyDue, " ")
	if strings.Contains(due, "business_profile.url") || !strings.Contains(due, "external_account") {
		t.Error(due)
	}
	bare := must[*stripe.Account](t)(sc.Accounts.New(&stripe.AccountParams{Type: stripe.String("express"), Country: stripe.String("US"),
		Capabilities: &stripe.AccountCapabilitiesParams{Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)}}}))
	if due := strings.Join(bare.Requirements.CurrentlyDue, " "); !strings.Contains(due, "business_profile.url") {
		t.Error(due)
	}
	_, err := sc.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("eur"), PaymentMethod: stripe.String("pm_card_visa"),
		Confirm: stripe.Bool(true), TransferData: &stripe.PaymentIntentTransferDataParams{Destination: &id}})
	refused(t, err, 400, "insufficient_capabilities_for_transfer")
	_, err = sc.LoginLinks.New(&stripe.LoginLinkParams{Account: &id})
	refused(t, err, 400, "")
	_, err = sc.Accounts.Update(id, &stripe.AccountParams{Country: stripe.String("FR")})
	refused(t, err, 400, "parameter_unknown")
	if err := s.Onboard("acct_nobody", sandbox.Complete); err == nil {
		t.Error("nobody was set up")
	}
}

// MONEY.md 4.2: Stripe serves some countries, some only with the recipient agreement, and sends money over some borders only.
func TestAnAccountIsMadeWhereThePlatformCanPay(t *testing.T) {
	t.Parallel()
	s, sc := pagesAt(t, sandbox.Options{})
	s.AddAccount(sandbox.Account{ID: "acct_down_under", Country: "AU", SecretKeys: []string{"sk_test_down_under_01"}})
	far := stripeAt(t, s, "sk_test_down_under_01", time.Minute)
	for _, c := range []struct {
		from               *client.API
		country, agreement string
		code, says         string
	}{
		{sc, "US", "", "ok", ""}, {sc, "DE", "", "ok", ""}, {sc, "GB", "full", "ok", ""}, {sc, "CH", "", "ok", ""}, {far, "AU", "", "ok", ""},
		{sc, "IN", "recipient", "ok", ""}, {sc, "DE", "recipient", "ok", ""},
		{sc, "KP", "", "country_unsupported", "KP"}, {sc, "de", "", "country_unsupported", ""}, {sc, "KP", "recipient", "country_unsupported", ""},
		{sc, "IN", "", "", "`recipient`"}, {sc, "AU", "", "", "platform's region"}, {far, "US", "", "", "platform's region"}, {far, "IN", "recipient", "", "recipient"}, {sc, "US", "recipient", "", "recipient"},
	} {
		p := &stripe.AccountParams{Type: stripe.String("express"), Country: &c.country,
			Capabilities: &stripe.AccountCapabilitiesParams{Transfers: &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)}}}
		if c.agreement != "" {
			p.TOSAcceptance = &stripe.AccountTOSAcceptanceParams{ServiceAgreement: &c.agreement}
		}
		a, err := c.from.Accounts.New(p)
		if c.code == "ok" {
			if err != nil || a.Country != c.country {
				t.Errorf("%s %s: %v", c.country, c.agreement, err)
			}
			continue
		}
		if e := refused(t, err, 400, c.code); !strings.Contains(e.Msg, c.says) {
			t.Errorf("%s %s: %s", c.country, c.agreement, e.Msg)
		}
	}
}

// F99: an owner answers Stripe's questions on its page. Each way out stands as it should, and is told to Connect endpoints.
func TestAnOwnerAnswersStripesQuestions(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	told := 0
	s, sc := pagesAt(t, sandbox.Options{Deliver: func(_ string, _ http.Header, body []byte) int {
		var e struct{ Type, Account string }
		if json.Unmarshal(body, &e) == nil && e.Type == "account.updated" && e.Account != "" {
			mu.Lock()
			told++
			mu.Unlock()
		}
		return 200
	}})
	must[*stripe.WebhookEndpoint](t)(sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("http://portal.test/connect"), Connect: stripe.Bool(true), EnabledEvents: stripe.StringSlice([]string{"account.updated"})}))
	id := account(t, sc)
	page := visit(t, questions(t, sc, id).URL).says("made-up Stripe", id, "Germany", "Leave now and go on later")
	if page.status != 200 {
		t.Fatal(page.status)
	}
	if again := page.press("go", "complete", "bank", "12 34"); again.status != 422 || attr(control(t, again.doc, "id", "bank"), "value") != "12 34" {
		t.Errorf("%d %s", again.status, text(again.doc))
	} else {
		again.says("Give one of the test numbers")
	}
	page.press("go", "incomplete", "bank", "").ledTo(returnURL)
	if a := stands(t, sc, id); a.DetailsSubmitted || a.Requirements.DisabledReason != "requirements.past_due" || strings.Contains(strings.Join(a.Requirements.CurrentlyDue, " "), "first_name") {
		t.Errorf("incomplete: %+v", a.Requirements)
	}
	page.press("go", "complete").ledTo(refreshURL) // it was sent already

	visit(t, questions(t, sc, id).URL).press("go", "pending", "bank", "DE89 3704 0044 0532 0130 00").ledTo(returnURL)
	if a := stands(t, sc, id); !a.DetailsSubmitted || a.PayoutsEnabled || a.Capabilities.Transfers != "pending" || a.Requirements.DisabledReason != "requirements.pending_verification" || len(a.Requirements.CurrentlyDue) != 0 {
		t.Errorf("pending: %+v", a)
	}
	if err := s.VerifyAccount(id); err != nil {
		t.Fatal(err)
	}
	a := stands(t, sc, id)
	if !a.PayoutsEnabled || !a.ChargesEnabled || a.Capabilities.Transfers != "active" || a.Requirements.DisabledReason != "" || len(a.ExternalAccounts.Data) != 1 {
		t.Errorf("complete: %+v", a)
	} else if b := a.ExternalAccounts.Data[0].BankAccount; b.Last4 != "3000" || b.Currency != "eur" || b.BankName != "STRIPE TEST BANK" {
		t.Errorf("%+v", b)
	}
	if err := s.Onboard(id, sandbox.PapersDue); err != nil {
		t.Fatal(err)
	}
	if a := stands(t, sc, id); a.Capabilities.Transfers != "active" || a.Requirements.CurrentDeadline != start.AddDate(0, 0, 14).Unix() || len(a.Requirements.CurrentlyDue) != 1 {
		t.Errorf("a paper is due: %+v", a.Requirements)
	}
	if err := s.RestrictAccount(id); err != nil {
		t.Fatal(err)
	}
	if a := stands(t, sc, id); len(a.Requirements.Errors) != 1 || a.Capabilities.Transfers != "inactive" {
		t.Errorf("restricted: %+v", a.Requirements)
	}
	visit(t, questions(t, sc, id).URL).press("go", "rejected", "bank", "").ledTo(returnURL)
	if a := stands(t, sc, id); a.Requirements.DisabledReason != "rejected.other" || a.PayoutsEnabled {
		t.Errorf("rejected: %+v", a.Requirements)
	}
	visit(t, questions(t, sc, id).URL).says("This is final").press("go", "complete").ledTo(returnURL)
	if outcome, ok := s.Standing(id); !ok || outcome != sandbox.Rejected {
		t.Errorf("a rejected account became %q", outcome)
	}
	flush(t, s)
	mu.Lock()
	defer mu.Unlock()
	if told != 7 { // made, incomplete, pending, verified, paper due, restricted, rejected
		t.Errorf("told %d times", told)
	}
}

// MONEY.md 4.1: a link is used once and lives for minutes; then it leads to where a new one is made.
func TestALinkIsUsedOnce(t *testing.T) {
	t.Parallel()
	now := start
	var mu sync.Mutex
	s, sc := pagesAt(t, sandbox.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	id := account(t, sc)
	link := questions(t, sc, id)
	if link.ExpiresAt <= start.Unix() || link.ExpiresAt > start.Add(10*time.Minute).Unix() {
		t.Errorf("expires at %d", link.ExpiresAt)
	}
	if v := visit(t, link.URL); v.status != 200 {
		t.Fatal(v.status)
	}
	visit(t, link.URL).ledTo(refreshURL)
	late := questions(t, sc, id)
	mu.Lock()
	now = now.Add(6 * time.Minute)
	mu.Unlock()
	visit(t, late.URL).ledTo(refreshURL)
	if v := visit(t, late.URL+"x"); v.status != http.StatusGone {
		t.Error(v.status)
	}
	for _, p := range []*stripe.AccountLinkParams{
		{Account: &id, Type: stripe.String("account_onboarding"), ReturnURL: stripe.String(returnURL)},
		{Account: &id, Type: stripe.String("account_onboarding"), ReturnURL: stripe.String("/back"), RefreshURL: stripe.String(refreshURL)},
		{Account: &id, Type: stripe.String("account_update"), ReturnURL: stripe.String(returnURL), RefreshURL: stripe.String(refreshURL)},
		{Account: stripe.String("acct_nobody"), Type: stripe.String("account_onboarding"), ReturnURL: stripe.String(returnURL), RefreshURL: stripe.String(refreshURL)},
	} {
		if _, err := sc.AccountLinks.New(p); err == nil {
			t.Errorf("%+v made a link", p)
		}
	}
	if err := s.Onboard(id, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	home := must[*stripe.LoginLink](t)(sc.LoginLinks.New(&stripe.LoginLinkParams{Account: &id}))
	dashboard := visit(t, home.URL).says("Your Stripe account", "Ready", "•••• 3000", "Nothing yet")
	dashboard.press("bank", "000111111116").says("•••• 1116")
	if b := stands(t, sc, id).ExternalAccounts.Data; len(b) != 1 || b[0].BankAccount.Last4 != "1116" {
		t.Errorf("%+v", b)
	}
	if v := visit(t, home.URL); v.status != http.StatusGone {
		t.Error("a login link was used twice")
	}
	if a := must[*stripe.Account](t)(sc.Accounts.Del(id, nil)); !a.Deleted {
		t.Error("not deleted")
	}
	_, err := sc.Accounts.GetByID(id, nil)
	refused(t, err, 403, "account_invalid")
	if v := dashboard.press(); v.status != http.StatusGone {
		t.Error(v.status)
	}
}

func TestAPersonDecidesForStripeOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	get, post := browser(t, s)
	sc := stripeAt(t, s, platformKey, time.Minute)
	id := account(t, sc)
	if err := s.Onboard(id, sandbox.Pending); err != nil {
		t.Fatal(err)
	}
	if words := text(get("/sandbox/?account=" + platform)); !strings.Contains(words, "Being verified") || !strings.Contains(words, id) {
		t.Fatal(words)
	}
	if _, doc := post("/sandbox/accounts", url.Values{"account": {platform}, "connected": {id}, "outcome": {"complete"}}); !strings.Contains(text(doc), "The account is now: ready.") {
		t.Error(text(doc))
	}
	if outcome, _ := s.Standing(id); outcome != sandbox.Complete {
		t.Error(outcome)
	}
	if r, _ := post("/sandbox/accounts", url.Values{"account": {platform}, "connected": {"acct_nobody"}, "outcome": {"complete"}}); r.StatusCode != 422 {
		t.Error(r.StatusCode)
	}
}

func TestAReopenedSandboxKnowsHowAccountsAndSessionsStand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "journal")
	s, sc := pagesAt(t, sandbox.Options{Journal: file})
	id, gone := account(t, sc), account(t, sc)
	if err := s.Onboard(id, sandbox.Pending); err != nil {
		t.Fatal(err)
	}
	must[*stripe.Account](t)(sc.Accounts.Del(gone, nil))
	used := questions(t, sc, account(t, sc))
	visit(t, used.URL)
	session := newSession(t, sc, "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, sc = pagesAt(t, sandbox.Options{Journal: file})
	if outcome, ok := s.Standing(id); !ok || outcome != sandbox.Pending {
		t.Errorf("%q", outcome)
	}
	if _, ok := s.Standing(gone); ok {
		t.Error("a deleted account is back")
	}
	again := must[*stripe.CheckoutSession](t)(sc.CheckoutSessions.Get(session.ID, nil))
	u, _ := url.Parse(again.URL)
	fresh := questions(t, sc, id) // at the new address
	at, _ := url.Parse(fresh.URL)
	u.Host = at.Host
	visit(t, u.String()).press("name", "Ann").ledTo("https://portal.test/done?s=" + session.ID)
	old, _ := url.Parse(used.URL)
	old.Host = at.Host
	visit(t, old.String()).ledTo(refreshURL)
}
