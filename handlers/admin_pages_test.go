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
	"portal/store/storetest"
)

// paymentPage is where the payment of a sale is shown.
func (w *companyWorld) paymentPage(s storetest.Sold) string {
	w.t.Helper()
	p, err := w.Store.PaymentByAlias(w.t.Context(), w.caller.Tenant, fmt.Sprintf("in_%d", s.N))
	if err != nil {
		w.t.Fatal(err)
	}
	return "/admin/payments/" + p.ID.String()
}

func TestThePaymentPageShowsEachStepAndWhatCameLater(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	sale := w.sale(1, 40, "cus_1", "one@shop.example", "ANN_KEY")
	sale.Tax = 2000
	w.sell(sale)
	w.post(sale.Refund(storetest.Old, 5000))
	viewer := w.as(w.caller.Tenant, models.Viewer)
	page := bodyOf(t, w.expect(http.StatusOK, viewer, w.paymentPage(sale), nil))
	words := textOf(t, page)
	p := w.payments()[0]
	for _, s := range append(p.Steps.V, w.earningsOf(w.ann)[0].Steps...) {
		wants(t, "the page", words, questionOf(s.Rule), began(s.Because))
	}
	wants(t, "the page", words, "one@shop.example", "Partly refunded", "Collected 100.00 USD", "Counted on 80.00 USD", "Refunded 50.00 USD",
		"The customer got money back 50.00 USD refunded", "−8.00 USD", "Left after that 8.00 USD", "Owed by the program → Due to Partner ANN_KEY", "16.00 USD",
		"in_1", "ch_1", "pi_1", "cs_1", "cus_1", "Found by Metadata")
	if n := strings.Count(page, "Decided here"); n != 1 {
		t.Errorf("%d steps are marked as deciding", n)
	}
	deciding := words[:strings.Index(words, "Decided here")]
	if asked := strings.LastIndex(deciding, "names ANN_KEY"); asked < strings.LastIndex(deciding, "?") {
		t.Errorf("another step is marked: %s", deciding)
	}
}

// B13: a dispute is seen on the payment's page and on the partner's, with what it means for the commission.
func TestADisputeIsSaidOnThePages(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	sale := w.sale(1, 40, "cus_1", "one@shop.example", "ANN_KEY")
	w.sell(sale)
	w.post(sale.Charge(storetest.Old), sale.Dispute(10000, "needs_response", 24*time.Hour))
	viewer := w.as(w.caller.Tenant, models.Viewer)
	wants(t, "while it is open", w.words(viewer, w.paymentPage(sale)), "Disputed", "The customer's bank disputes the payment 100.00 USD", "Is the payment disputed?",
		"Held, the payment is disputed", "Due to Partner ANN_KEY → Held for Partner ANN_KEY")
	w.post(sale.Dispute(10000, "lost", 48*time.Hour))
	wants(t, "when it is lost", w.words(viewer, w.paymentPage(sale)), "Lost in a dispute 100.00 USD", "−20.00 USD", "Left after that 0.00 USD")
}

func TestAPaymentWithoutAPartnerSaysThatAndWhatWentBack(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	sale := w.sale(1, 40, "", "", "NOBODY")
	w.sell(sale)
	w.post(sale.Refund(storetest.Old, 10000))
	words := w.words(w.as(w.caller.Tenant, models.Owner), w.paymentPage(sale))
	wants(t, "the page", words, "The code NOBODY is no partner's key. Who earned this payment, and why", `says "NOBODY", which is no partner's key`,
		"No partner key in the metadata of charge, invoice, subscription, customer", "The metadata of the payment intent is not known", "No question found a partner Decided here", "The customer got money back",
		"no commission was earned", "Partner No partner", "The payment came without a customer", "Refunded 100.00 USD")
}

func TestAPaymentWithoutAPartnerBeginsWithTheFinding(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for n, c := range []struct{ code, customer, want string }{
		{"ANN_KEYS", "cus_1", "The code ANN_KEYS is no partner's key. Did you mean ANN_KEY?"},
		{"bob_key", "cus_2", "The code bob_key is no partner's key. Did you mean BOB_KEY?"},
		{"CARL", "cus_3", "The code CARL is no partner's key. Who earned"},
		{"two words", "cus_4", "What came as a code cannot be a partner's key."},
		{"", "cus_5", "No code came with this payment and the customer is not linked."},
		{"", "", "No code came with this payment, and no customer either."},
	} {
		sale := w.sale(n+1, 40, c.customer, "", c.code)
		w.sell(sale)
		wants(t, c.code, w.words(owner, w.paymentPage(sale)), c.want)
	}
	w.settledClock()
	home := w.words(owner, "/admin")
	wants(t, "home", home, "6 payments have no partner 3 came without any code. 3 named a code that is no partner's.") // what cannot be a key counts as none
}

func TestAMistypedKeyIsFoundByCaseOrByOneLetter(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"NORAA": "NORA", "NOR": "NORA", "NOAR": "", "NURA": "NORA", "ANORA": "NORA", "nora": "NORA", "Atlas": "ATLAS", "NORAAA": "", "": "", "N": ""} {
		if got := meantBy(code, []string{"ATLAS", "NORA"}); got != want {
			t.Errorf("%q may be meant as %q, want %q", code, got, want)
		}
	}
}

func TestAPaymentThatNoRuleCoversSaysSoBehindItsDecision(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	key := "BOB_KEY"
	if err := w.Store.SaveRules(t.Context(), w.caller.Tenant, w.caller.Program, []models.Rule{{Partner: &key, Type: "percent", Value: "10", Recurring: "always"}}, "test", w.clock.AddDate(0, 0, -50)); err != nil {
		t.Fatal(err)
	}
	sale := w.sale(1, 40, "cus_1", "one@shop.example", "ANN_KEY")
	w.sell(sale)
	wants(t, "the page", w.words(w.as(w.caller.Tenant, models.Owner), w.paymentPage(sale)), "an active partner Decided here Which rule covers this payment?", "No rule of version 2 covers base 100.00 USD")
}

func TestWhatStrangersWriteIsShownAndNeverRun(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>@shop.example`
	sale := w.sale(1, 40, "cus_1", evil, `<svg onload=alert(3)>`)
	w.sell(sale)
	w.post(storetest.Sold{N: 2, Gross: 1, Currency: "usd", PaidAt: w.clock}.Charge(storetest.Old), []byte(`{"id":"evt_evil","type":"<b>evil</b>","object":"event","livemode":false,"created":1,"data":{"object":{"x":"</pre><script>alert(4)</script>"}}}`), []byte("\xff\xfe</pre><script>alert(5)</script>"))
	p := models.Partner{Tenant: w.caller.Tenant, ID: models.NewID[models.PartnerID](w.clock), Key: "EVIL", Name: `<script>alert(6)</script>`, Currency: "usd", Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: w.clock}
	if err := w.Store.AddPartner(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	owner := w.as(w.caller.Tenant, models.Owner)
	paths := []string{"/admin", "/admin/payments", w.paymentPage(sale), "/admin/events", "/admin/partners", "/admin/partners/" + p.ID.String(), "/admin/payments?partner=EVIL",
		"/?next=" + url.QueryEscape(`/admin"><script>alert(7)</script>`)}
	events, err := w.Store.Events(t.Context(), w.caller.Tenant, "", storetest.FirstPage())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		paths = append(paths, "/admin/events/"+e.ID.String())
	}
	for _, path := range paths {
		answer := w.ask(owner, path, nil)
		for _, n := range parsed(t, bodyOf(t, answer)) {
			if n.Data == "script" && n.FirstChild != nil || n.Data == "img" {
				t.Errorf("%s: a <%s> got in", path, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s=%q> got in", path, n.Data, a.Key, a.Val)
				}
			}
		}
	}
	wants(t, "the payment's page", w.words(owner, w.paymentPage(sale)), `"><script>alert(1)</script>`)
}

func TestTheListIsNarrowedByItsAddressAndWalkedByCursor(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	for n := 1; n <= 55; n++ {
		key := []string{"ANN_KEY", "BOB_KEY", ""}[n%3]
		w.sell(w.sale(n, n, fmt.Sprintf("cus_%d", n), fmt.Sprintf("c%d@shop.example", n), key))
	}
	w.post(w.sale(4, 4, "cus_4", "c4@shop.example", "").Refund(storetest.Old, 2500), w.sale(7, 7, "cus_7", "c7@shop.example", "").Refund(storetest.Old, 10000))
	owner := w.as(w.caller.Tenant, models.Owner)
	rows := func(path string) (customers []string, older string) {
		t.Helper()
		for _, n := range parsed(t, bodyOf(t, w.expect(http.StatusOK, owner, path, nil))) {
			for _, a := range n.Attr {
				if n.Data == "a" && a.Key == "rel" && a.Val == "next" {
					older = attribute(n, "href")
				}
			}
			if n.Data == "a" && n.Parent.Data == "td" && strings.Contains(n.FirstChild.Data, "@shop.example") {
				customers = append(customers, n.FirstChild.Data)
			}
		}
		return customers, older
	}
	first, older := rows("/admin/payments")
	second, end := rows(older)
	if len(first) != 50 || len(second) != 5 || end != "" || first[0] != "c1@shop.example" || second[4] != "c55@shop.example" {
		t.Errorf("pages of %d and %d rows: %v %v", len(first), len(second), first, second)
	}
	for path, want := range map[string]int{"?show=attributed": 37, "?show=unattributed": 18, "?show=partly-refunded": 1, "?show=refunded": 1,
		"?partner=ANN_KEY": 18, "?partner=ANN_KEY&show=unattributed": 0} {
		if got, _ := rows("/admin/payments" + path); len(got) != want {
			t.Errorf("%s lists %d, want %d", path, len(got), want)
		}
	}
	wants(t, "an empty list", w.words(owner, "/admin/payments?partner=ANN_KEY&show=unattributed"), "Every payment here has a partner", "Show all payments")
}

func TestHomeSaysWhatNeedsWhomAndHowTheMonthGoes(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "an empty house", w.words(owner, "/admin"), "Nothing waits for you", "0.00 USD", "No payment has come yet")
	w.sell(w.sale(1, 1, "cus_1", "one@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 35, "cus_2", "two@shop.example", "ANN_KEY"))
	w.sell(w.sale(3, 36, "cus_3", "three@shop.example", "ANN_KEY"))
	w.sell(w.sale(4, 2, "cus_4", "four@shop.example", ""))
	w.post([]byte("not JSON"))
	w.drawUp()
	w.settledClock()
	wants(t, "/admin", w.words(owner, "/admin"), "1 invoice waits for approval", "Review it", "1 payment has no partner It came without any code.", "1 event could not be read",
		"Revenue through partners 100.00 USD 50 % less than October up to this day", "Commissions earned 20.00 USD", "Paid to partners 0.00 USD", "one@shop.example")
	wants(t, "/admin for a viewer", w.words(w.as(w.caller.Tenant, models.Viewer), "/admin"), "1 invoice waits for approval", "Look at it")
}

func TestHomeSaysWhenTheProgramHasNoRule(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	const said = "The program has no rule yet: no payment earns anything"
	lacks(t, "with a rule", w.words(owner, "/admin"), said)
	live := w.caller.Tenant
	live.Mode = models.Live
	wants(t, "the live side, which has none", w.words(w.as(live, models.Viewer), "/admin"), said, "Set the rules")
	if err := w.Store.SaveRules(t.Context(), w.caller.Tenant, w.caller.Program, []models.Rule{}, "test", w.clock); err != nil {
		t.Fatal(err)
	}
	wants(t, "with all rules taken away", w.words(owner, "/admin"), said)
}

func TestThePartnersShowWhereTheirMoneyStands(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 1, "cus_1", "one@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 60, "cus_2", "two@shop.example", "ANN_KEY"))
	w.drawUp()
	w.sell(w.sale(3, 70, "cus_3", "three@shop.example", "ANN_KEY"))
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "/admin/partners", w.words(owner, "/admin/partners"), "Partner ANN_KEY ANN_KEY Active 20.00 USD Due 20.00 USD 20.00 USD Paid 0.00 USD", "Partner BOB_KEY BOB_KEY Active 0.00 USD")
	wants(t, "Ann's page", w.words(owner, "/admin/partners/"+w.ann.ID.String()), "Held, refund window 20.00 USD", "Due 20.00 USD", "On invoices 20.00 USD", "one@shop.example", "Held until",
		"TEST-2026-0001", "Not connected")
	lacks(t, "a viewer's list", w.words(w.as(w.caller.Tenant, models.Viewer), "/admin/partners"), "Add a partner")
}

func TestAPartnerIsAddedAndWhatIsWrongIsSaidBesideItsField(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	typed := url.Values{"name": {"Carla"}, "key": {"with space"}, "email": {"carla"}, "currency": {"xxx"}}
	page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/partners", typed))
	wants(t, "the form", page, `value="Carla"`, `value="with space"`, `value="carla"`, "Use 1 to 200 letters", "Write an address", "Choose the currency", `aria-invalid="true"`)
	wants(t, "a key that is taken", bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/partners",
		url.Values{"name": {"Carla"}, "key": {"ANN_KEY"}, "currency": {"usd"}})), "Another partner has this key already", "required autofocus")
	answer := w.expect(http.StatusSeeOther, owner, "/admin/partners", url.Values{"name": {" Carla "}, "key": {"CARLA"}, "email": {"carla@partners.example"}, "currency": {"eur"}})
	to := answer.Header.Get("Location")
	said := bodyOf(t, w.ask(owner, to, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) }))
	wants(t, to, textOf(t, said), "The partner was added", "Carla", "Active", "EUR", "0.00 EUR")
	p, err := w.Store.PartnerByKey(t.Context(), w.caller.Tenant, "CARLA")
	if err != nil || p.Status != models.PartnerActive || !p.ActiveAt(w.clock.AddDate(-9, 0, 0)) || p.Name != "Carla" {
		t.Errorf("kept as %+v, %v", p, err)
	}
	audit, err := w.Store.AuditOf(t.Context(), w.caller.Company, p.ID.String())
	if err != nil || len(audit) != 1 || !strings.HasPrefix(audit[0].Actor, "owner@") {
		t.Errorf("audit is %v, %v", audit, err)
	}
}

func TestAFlashIsAKnownSentenceOrNothing(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	for value, want := range map[string]string{"drawn.3": "3 invoices were drawn up", "approved.1": "1 invoice was approved"} {
		wants(t, value, textOf(t, bodyOf(t, w.ask(owner, "/admin", nil, flashed(value)))), want)
	}
	plain := bodyOf(t, w.ask(owner, "/admin", nil))
	for _, value := range []string{"You were robbed", "drawn", "drawn.<b>", ".", "drawn.99999999999999999999"} {
		if bodyOf(t, w.ask(owner, "/admin", nil, flashed(value))) != plain {
			t.Errorf("%q is said", value)
		}
	}
}

func flashed(value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "flash", Value: value}) }
}

func TestEventsAreListedByStatusAndShownAsTheyCame(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 1, "cus_1", "one@shop.example", "ANN_KEY"))
	w.post([]byte("this is not JSON"))
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "/admin/events", w.words(owner, "/admin/events"), "invoice.paid", "checkout.session.completed", "Counted", "Could not be read")
	failed := w.words(owner, "/admin/events?status=failed")
	lacks(t, "the failed ones", failed, "invoice.paid")
	wants(t, "an empty list", w.words(owner, "/admin/events?status=pending"), "No event waits", "Show all events")
	list, err := w.Store.Events(t.Context(), w.caller.Tenant, models.EventFailed, store.Page{Limit: 5})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	wants(t, "the failed one", w.words(owner, "/admin/events/"+list[0].ID.String()), "this is not JSON", "This is not JSON.", "16 bytes")
}

// Issue 3.6: an admin gives a payment to a partner by hand; what is left out is said beside the field, and kept.
func TestAPaymentIsGivenToAPartnerByHand(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	sale := w.sale(1, 40, "cus_1", "one@shop.example", "")
	w.sell(sale)
	owner, page := w.as(w.caller.Tenant, models.Owner), w.paymentPage(sale)
	lacks(t, "a viewer", bodyOf(t, w.expect(http.StatusOK, w.as(w.caller.Tenant, models.Viewer), page, nil)), page+"/partner")
	wants(t, "no reason", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/partner", url.Values{"partner": {"ANN_KEY"}, "reason": {" "}}))), "Say why")
	wants(t, "no partner", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/partner", url.Values{"partner": {""}, "reason": {"she called"}}))), "Choose the partner who earned it")
	w.expect(http.StatusSeeOther, owner, page+"/partner", url.Values{"partner": {"ANN_KEY"}, "reason": {"she called"}})
	wants(t, "given", w.words(owner, page), "Did a person give it to a partner?", "she called", "Found by A person's decision", "20.00 USD")
}
