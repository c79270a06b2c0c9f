package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/integrations"
	"portal/models"
	"portal/sandbox"
	"portal/store"
	"portal/store/storetest"
	"portal/views"
)

const (
	connectKey = "sk_test_connect_key_9876"
	fewKey     = "rk_test_few_rights_key_5432"
)

// newConnectionWorld is a company that was never connected, and a shop's account at the sandbox.
func newConnectionWorld(t *testing.T) (w *companyWorld, owner *http.Cookie) {
	t.Helper()
	w = newCompanyWorld(t)
	granted := slices.DeleteFunc(integrations.Rights(), func(right string) bool { return right == "rak_dispute_read" || right == "rak_promotion_code_write" })
	w.stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{connectKey, fewKey}, Rights: map[string][]string{fewKey: granted}})
	if _, err := w.Store.DB().Exec(`DELETE FROM integrations WHERE program_id = $1`, w.caller.Program); err != nil {
		t.Fatal(err)
	}
	return w, w.as(w.caller.Tenant, models.Owner)
}

// is keeps a connection as it is to be shown.
func (w *companyWorld) is(i store.Integration) {
	w.t.Helper()
	i.Tenant, i.Program, i.Source = w.caller.Tenant, w.caller.Program, models.SourceStripe
	if i.Status == "" {
		i.Status = "connected"
	}
	if err := w.Store.SaveIntegration(w.t.Context(), i, w.clock); err != nil {
		w.t.Fatal(err)
	}
}

// connects saves a key on the page and gives the page that comes then.
func (w *companyWorld) connects(who *http.Cookie, key string) string {
	w.t.Helper()
	answer := w.expect(http.StatusSeeOther, who, connectionAt+"/key", url.Values{"api_key": {key}})
	return bodyOf(w.t, w.ask(who, connectionAt, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) }))
}

func (w *companyWorld) hook() string {
	return "http://localhost:8080/v1/integrations/stripe/" + w.caller.Program.String() + "/webhook"
}

// F8, F29, MONEY.md 3.2: from nothing to healthy by one key, which is never shown again; then what came in is counted.
func TestAKeyConnectsOnThePage(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	before := w.words(owner, connectionAt)
	wants(t, "not connected", before, "Not connected", "Stripe is not connected", "Connect with an API key", "rk_test_", w.hook(), "invoice.paid, invoice.payment_failed", "Signing secret")
	lacks(t, "not connected", before, "Disconnect", "What came in")
	wants(t, "home", w.words(owner, "/admin"), "Stripe is not connected")

	page := w.connects(owner, "  "+connectKey+"\n")
	said := textOf(t, page)
	wants(t, "connected", said, "The key was checked and saved", "Connected", "acct_shop", "ends in 9876", "Last delivery None yet", w.hook(), "Disconnect Stripe")
	lacks(t, "connected", page, connectKey, "Rights that the key lacks", "Events that do not come", "API key connects", "not connected")
	lacks(t, "home", w.words(owner, "/admin"), "connect it", "the connection to Stripe")
	i, err := w.Store.Integration(t.Context(), w.caller.Tenant, w.caller.Program, models.SourceStripe)
	if err != nil || i.APIKey != connectKey || i.WebhookSecret == "" {
		t.Fatalf("kept %+v, %v", i, err)
	}
	wants(t, "connected", said, "ends in "+i.WebhookSecret[len(i.WebhookSecret)-4:])
	lacks(t, "connected", page, i.WebhookSecret)
}

// Issue 4, 1.3: the last delivery, how many came on each day, and what became of them, with the way to those.
func TestTheConnectionPageCountsWhatCameIn(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	viewer := w.as(w.caller.Tenant, models.Viewer)
	w.sell(w.sale(1, 3, "cus_1", "one@shop.example", "ANN_KEY"))
	w.clock = w.clock.AddDate(0, 0, 1)
	w.post([]byte(`{"id":"evt_odd","object":"event","type":"charge.refunded","created":1,"livemode":false,"data":{"object":{}}}`))
	page := bodyOf(t, w.expect(http.StatusOK, viewer, connectionAt, nil))
	wants(t, "what came", textOf(t, page), "Last delivery Just now charge.refunded", "Events in 14 days 3", "21 November 2026 Events 1", "20 November 2026 Events 2", "8 November 2026 Events 0")
	if n := strings.Count(textOf(t, page), " November 2026 Events "); n != 14 {
		t.Errorf("%d days are counted", n)
	}
	wants(t, "what came", page, `href="/admin/events?status=pending"`, `href="/admin/events?status=failed"`, `href="/admin/events/evn_`)
	days, err := w.Store.DeliveryDays(t.Context(), w.caller.Tenant, w.anotherCompany().Program, models.SourceStripe, w.clock.AddDate(0, 0, -5), w.clock)
	if err != nil || slices.ContainsFunc(days, func(d store.DeliveryDay) bool { return d.Came != 0 }) {
		t.Errorf("another program heard %v, %v", days, err)
	}
}

// MONEY.md 3.2, 3.3, 6: rights and events that are missing are named, each with what it costs, and with the page on which Stripe makes a key that
// has them.
func TestWhatAConnectionLacksIsNamedWithWhatItCosts(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	page := w.connects(owner, fewKey)
	said := textOf(t, page)
	wants(t, "rights missing", said, "Connected, with gaps", "The key lacks 2 rights", "rak_dispute_read", "No missed disputes will be seen", "rak_promotion_code_write", "Portal cannot make codes")
	lacks(t, "rights missing", said, "rak_charge_read", "Events that do not come")
	wants(t, "rights missing", page, `href="https://dashboard.stripe.com/test/apikeys/create?name=Portal&amp;permissions%5B%5D=rak_charge_read&amp;`)
	wants(t, "home", w.words(owner, "/admin"), "The connection to Stripe has gaps")

	w.is(store.Integration{APIKey: connectKey, WebhookSecret: storetest.Secret, MissingEvents: []string{"charge.dispute.created", "charge.refunded", "a.new_one"}})
	said = w.words(owner, connectionAt)
	wants(t, "events missing", said, "Connected, with gaps", "Stripe does not send 3 events", "No disputes will be seen", "charge.dispute.created", "Refunds are told once instead of twice")
	w.is(store.Integration{APIKey: connectKey, WebhookSecret: storetest.Secret, MissingEvents: []string{"charge.refunded", "refund.created"}})
	wants(t, "events missing", w.words(owner, connectionAt), "No refunds will be seen")
}

// Issue 4, "Done when"; MONEY.md 3.2: with each single right taken away from the key, the page names exactly that one.
func TestThePageNamesExactlyTheRightThatWasTaken(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	all := integrations.Rights()
	for n, taken := range all {
		w.stripe.AddAccount(sandbox.Account{ID: "acct_shop", SecretKeys: []string{connectKey, fewKey}, Rights: map[string][]string{fewKey: slices.Delete(slices.Clone(all), n, n+1)}})
		said := textOf(t, w.connects(owner, fewKey))
		wants(t, "without "+taken, said, "The key lacks 1 right", taken)
		lacks(t, "without "+taken, said, slices.Delete(slices.Clone(all), n, n+1)...)
	}
}

// Every right and every event that Portal asks for has words for what is lost without it.
func TestEveryRightAndEventHasItsCost(t *testing.T) {
	t.Parallel()
	for _, name := range integrations.Rights() {
		if models.RightWord(name) == "" || models.RightCost(name) == "" {
			t.Errorf("%s has no words", name)
		}
	}
	for _, name := range integrations.Events() {
		if gaps := views.EventGaps([]string{name}); len(gaps) != 1 || gaps[0].Cost == "" {
			t.Errorf("%s costs %v", name, gaps)
		}
	}
	if link, err := url.Parse(integrations.KeyPage(models.Live)); err != nil || link.Path != "/apikeys/create" || !slices.Equal(link.Query()["permissions[]"], integrations.Rights()) {
		t.Errorf("the live side's key page is %v, %v", link, err)
	}
}

// MONEY.md 3.2: a key whose secret nobody knows, one that Stripe refuses, and a secret without a key are each said, and on the first page too.
func TestAConnectionThatDoesNotWorkSaysSo(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	for _, s := range []struct {
		is         store.Integration
		want, home []string
	}{
		{store.Integration{APIKey: connectKey}, []string{"No events come in", "There is no signing secret", "Signing secret None"}, []string{"No events come in from Stripe"}},
		{store.Integration{APIKey: connectKey, WebhookSecret: storetest.Secret, Status: "broken"}, []string{"Broken", "Stripe refuses the API key that ends in 9876", "Connect a new API key"}, []string{"is broken"}},
		{store.Integration{WebhookSecret: storetest.Secret}, []string{"Connected", "No API key is connected", "Connect an API key", "Not known"}, nil},
		{store.Integration{APIKey: connectKey, WebhookSecret: storetest.Secret, FormerSecret: "whsec_former_secret", FormerUntil: new(w.clock.Add(time.Hour))}, []string{"The one before is taken until 20 November 2026"}, nil},
	} {
		w.is(s.is)
		page := bodyOf(t, w.expect(http.StatusOK, owner, connectionAt, nil))
		wants(t, "the page", textOf(t, page), s.want...)
		lacks(t, "the page", page, connectKey, storetest.Secret, "whsec_former_secret")
		wants(t, "home", w.words(owner, "/admin"), s.home...)
	}
	// What Stripe refused stands with the events that wait for it.
	c := storetest.NewCase(storetest.New, 7)
	w.Inbox.Ask = w.Integrations.Ask
	w.post(c.Event("charge.succeeded", 0, c.Charge(5000)))
	wants(t, "what waits", w.words(owner, connectionAt), "Why events wait:")
}

// F29: what is wrong with a key stands beside its field, and neither key nor secret comes back in the page.
func TestAWrongKeyIsRefusedBesideItsField(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	for typed, word := range map[string]string{"": "Must be a Stripe secret key", "pk_test_0123456789": "Is a publishable key", "sk_live_0123456789": "Is not a key of test mode",
		"sk_test_nobody_knows": "Is refused by Stripe", "sk_test_with a blank": "Must be a Stripe secret key"} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, connectionAt+"/key", url.Values{"api_key": {typed}}))
		wants(t, "a wrong key", page, word, `aria-invalid="true"`)
		if typed != "" {
			lacks(t, "a wrong key", page, typed)
		}
	}
	for typed, word := range map[string]string{" ": "Must not be empty", "sk_test_0123456789": "Must be a webhook signing secret"} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, connectionAt+"/secret", url.Values{"webhook_secret": {typed}}))
		wants(t, "a wrong secret", page, word, `aria-invalid="true"`)
	}
	wants(t, "afterwards", w.words(owner, connectionAt), "Not connected")
	w.expect(http.StatusSeeOther, owner, connectionAt+"/secret", url.Values{"webhook_secret": {" whsec_by_hand_0001 "}})
	page := bodyOf(t, w.expect(http.StatusOK, owner, connectionAt, nil))
	wants(t, "by hand", textOf(t, page), "Connected", "ends in 0001")
	lacks(t, "by hand", page, "whsec_by_hand_0001")
}

// Issue 4, bad input: when Stripe gives no answer the page says so, and nothing is kept or changed.
func TestWhenStripeIsDownThePageSaysSo(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	w.stripe.Fail(sandbox.Fault{Path: "/v1/account", Status: 500, Times: 1})
	page := bodyOf(t, w.expect(http.StatusServiceUnavailable, owner, connectionAt+"/key", url.Values{"api_key": {connectKey}}))
	wants(t, "Stripe is down", textOf(t, page), "Stripe answered 500. Nothing was kept; try again in a minute.", "Not connected")
	lacks(t, "Stripe is down", page, connectKey)

	w.connects(owner, connectKey)
	w.stripe.Fail(sandbox.Fault{Path: "/v1/webhook_endpoints/*", Method: http.MethodDelete, Times: 1})
	said := textOf(t, bodyOf(t, w.expect(http.StatusServiceUnavailable, owner, connectionAt+"/disconnect", url.Values{"sure": {"yes"}})))
	wants(t, "Stripe is down", said, "Nothing was changed; try again in a minute.", "ends in 9876")
}

// Issue 4, 1.1, 1.3: disconnecting is asked about first, deletes our endpoint, forgets the secrets, keeps what came, and twice is as once. A webhook after it is 400.
func TestDisconnectingKeepsWhatCame(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	w.connects(owner, connectKey)
	i, err := w.Store.Integration(t.Context(), w.caller.Tenant, w.caller.Program, models.SourceStripe)
	if err != nil {
		t.Fatal(err)
	}
	sold := w.sale(1, 3, "cus_1", "one@shop.example", "ANN_KEY").Invoice(storetest.Old)
	post := func(want int) {
		t.Helper()
		if answer := w.webhook(strings.TrimPrefix(w.hook(), w.PublicURL), sold, i.WebhookSecret); answer.StatusCode != want {
			t.Errorf("a webhook is answered %d, not %d", answer.StatusCode, want)
		}
	}
	post(http.StatusOK)
	if err := w.Inbox.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, connectionAt+"/disconnect", url.Values{}))
	wants(t, "asked", asked, `<details class="panel !mt-0" id="disconnect" open>`, "Disconnect now", "Payments, commissions, invoices and events stay as they are")
	for _, word := range []string{"Stripe is disconnected", "Stripe was not connected"} {
		answer := w.expect(http.StatusSeeOther, owner, connectionAt+"/disconnect", url.Values{"sure": {"yes"}})
		said := textOf(t, bodyOf(t, w.ask(owner, connectionAt, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) })))
		wants(t, "disconnected", said, word, "Not connected", "Connect with an API key", "Events in 14 days 1")
		lacks(t, "disconnected", said, "acct_shop", "9876")
	}
	w.Inbox = &inbox.Inbox{Store: w.Store, Now: w.Now, Log: w.Log} // the old one may believe for a second what it read
	post(http.StatusBadRequest)
	if len(w.payments()) != 1 {
		t.Error("the payment is gone")
	}
	log, err := w.Store.AuditOf(t.Context(), w.caller.Company, w.caller.Program.String())
	if ended := slices.DeleteFunc(log, func(a models.Audit) bool { return a.Action != "integration.disconnected" }); err != nil || len(ended) != 1 {
		t.Errorf("audited %v, %v", ended, err)
	}
}

// A viewer looks and changes nothing; nobody reaches the program of another company, by form or by address.
func TestWhoMayChangeAConnection(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	viewer, stranger := w.as(w.caller.Tenant, models.Viewer), w.as(w.anotherCompany().Tenant, models.Owner)
	wants(t, "a viewer", w.words(viewer, connectionAt), "An owner or an admin of the company connects it here")
	w.connects(owner, connectKey)
	page := bodyOf(t, w.expect(http.StatusOK, viewer, connectionAt, nil))
	wants(t, "a viewer", textOf(t, page), "ends in 9876", w.hook())
	lacks(t, "a viewer", page, "/admin/connection/", "Disconnect")
	for path, form := range map[string]url.Values{"/key": {"api_key": {connectKey}}, "/secret": {"webhook_secret": {"whsec_stranger"}}, "/disconnect": {"sure": {"yes"}}} {
		w.expect(http.StatusForbidden, viewer, connectionAt+path, form)
		form.Set("program", w.caller.Program.String())
		w.expect(http.StatusNotFound, stranger, connectionAt+path, form)
	}
	w.expect(http.StatusNotFound, stranger, connectionAt+"?program="+w.caller.Program.String(), nil)
	wants(t, "afterwards", w.words(owner, connectionAt), "Connected", "ends in 9876")
}

// F114, F115, D16: each side has a connection of its own, and the test side names the cards to pay with.
func TestTestAndLiveAreConnectedApart(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	live := w.caller.Tenant
	live.Mode = models.Live
	other := w.as(live, models.Owner)
	w.connects(owner, connectKey)
	wants(t, "test", w.words(owner, connectionAt), "4242 4242 4242 4242", "4000 0000 0000 9995", "4000 0025 0000 3155", "4000 0000 0000 0002", "4000 0000 0000 3220", "the test side of Partners")
	page := bodyOf(t, w.expect(http.StatusOK, other, connectionAt, nil))
	wants(t, "live", textOf(t, page), "Not connected", "rk_live_", "the live side of Partners")
	lacks(t, "live", page, "4242", "9876", "dashboard.stripe.com/test")
}

// A company with several programs picks one; each has its own address and its own connection.
func TestEachProgramHasItsOwnConnection(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	second := models.Program{Company: w.caller.Company, ID: models.NewID[models.ProgramID](w.clock), Name: "Resellers", Currency: "usd"}
	if err := w.Store.AddProgram(t.Context(), second, w.clock); err != nil {
		t.Fatal(err)
	}
	at := connectionAt + "?program=" + second.ID.String()
	page := bodyOf(t, w.expect(http.StatusOK, owner, at, nil))
	wants(t, "the second", page, "of Resellers", "/v1/integrations/stripe/"+second.ID.String()+"/webhook", `name="program" value="`+second.ID.String()+`"`)
	answer := w.expect(http.StatusSeeOther, owner, connectionAt+"/key", url.Values{"api_key": {connectKey}, "program": {second.ID.String()}})
	if got := answer.Header.Get("Location"); got != at {
		t.Errorf("led to %s", got)
	}
	wants(t, "the second", w.words(owner, at), "ends in 9876")
	wants(t, "the first", w.words(owner, connectionAt), "Not connected")
	wants(t, "home", w.words(owner, "/admin"), "Partners: Stripe is not connected")
}
