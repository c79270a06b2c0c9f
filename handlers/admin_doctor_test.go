package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/doctor"
	"portal/models"
	"portal/store"
	"portal/store/storetest"
)

// B18, F116, F117, F118, F119, F120, F121, F122, F123, F124: the documents' check-lists are run by the machine. What is amiss
// stands above with what to do and a link to where, what is well is folded, and what people ask is answered beside it.
func TestTheDoctorSaysWhatIsAmissAndWhere(t *testing.T) {
	t.Parallel()
	w, owner := newConnectionWorld(t)
	before := w.words(owner, doctorAt)
	wants(t, "not connected", before, "Stripe is not connected on this side", "Connect it; it takes a minute.", "Open the connection", "The program has 1 rule")
	w.connects(owner, connectKey)
	w.is(store.Integration{APIKey: connectKey, WebhookSecret: storetest.Secret})
	w.sell(w.sale(1, 1, "cus_1", "stranger@shop.example", ""))
	w.clock = w.clock.AddDate(0, 0, 1)
	w.Doctor = &doctor.Rounds{Doctor: w.Doctor.Doctor} // a while later
	page := bodyOf(t, w.expect(http.StatusOK, w.as(w.caller.Tenant, models.Viewer), doctorAt, nil))
	words := textOf(t, page)
	wants(t, "the page", words, "1 payment of the last 30 days found no partner.", "Look whether they paid with another address than they signed up with", "See these payments",
		"It has them all.", "Stripe tells of all that Portal reads.", "Partners: rules and connection", "Payments, partners and invoices", "Portal itself",
		"Does a link count for what was paid before? No, from its moment on.", "Must customers be linked one by one? No.", "Who takes commission back after a refund?", "Never the secrets of a payment method")
	wants(t, "the page", page, `href="/admin/unattributed"`, `href="/admin/connection`, `href="/admin/backfills"`, `href="/admin/links"`)
	lacks(t, "the page", page, connectKey, platformKey, "/admin/rates")
	amiss, well := strings.Index(words, "found no partner."), strings.Index(words, "checks are well")
	if amiss < 0 || well < 0 || strings.Contains(page[strings.Index(page, "<details"):strings.Index(page, "</details>")], "found no partner") {
		t.Errorf("what is amiss is folded: %s", words)
	}
	for _, folded := range []string{"It has them all.", "Stripe takes it."} {
		at := strings.Index(page, folded)
		if at < 0 || strings.LastIndex(page[:at], "<details") < strings.LastIndex(page[:at], "</details>") {
			t.Errorf("%q is not folded", folded)
		}
	}
	w.expect(http.StatusSeeOther, owner, "/admin/mode", url.Values{"mode": {"live"}})
	live := w.words(owner, doctorAt)
	wants(t, "the live side", live, "Stripe is not connected on this side", "Portal's own Stripe is not set up for this side")
	lacks(t, "the live side", live, "leads nowhere from outside")
	w.expect(http.StatusSeeOther, owner, "/admin/mode", url.Values{"mode": {"test"}})
	wants(t, "the connection", bodyOf(t, w.expect(http.StatusOK, owner, connectionAt, nil)), `href="/admin/doctor"`)
	w.expect(http.StatusSeeOther, owner, connectionAt+"/disconnect", url.Values{"sure": {"yes"}})
	w.Doctor = &doctor.Rounds{Doctor: w.Doctor.Doctor}
	wants(t, "disconnected", w.words(owner, doctorAt), "Stripe is disconnected on this side, so no payment comes in by itself.", "Open the connection")
}

// F123: a partner whose account Stripe lets receive nothing is named before the payment fails.
func TestTheDoctorNamesPartnersWhoCannotBePaid(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.saveCard("pm_card_visa")
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	w.drawUp()
	owner := w.as(w.caller.Tenant, models.Owner)
	wants(t, "before", w.words(owner, doctorAt), "Stripe lets the partners who wait longest receive what they are due.")
	if err := w.stripe.RestrictAccount(*w.ann.StripeAccount); err != nil {
		t.Fatal(err)
	}
	w.Doctor = &doctor.Rounds{Doctor: w.Doctor.Doctor} // a while later
	wants(t, "restricted", w.words(owner, doctorAt), "Stripe lets the account receive nothing yet of ANN_KEY.", "Have them finish what Stripe asks of them")
}

// F114, F115, item 7: every page of the test side says that it is, to a company's people and to partners; no page of the live
// side does. The switch is the company's: a partner's account is of one side. The test cards stand where one connects and looks.
func TestEveryPageOfTheTestSideCarriesTheBanner(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	ids := strings.NewReplacer(w.matrixIDs(w.drawUp()[0])...)
	live := w.caller.Tenant
	live.Mode = models.Live
	owner, there := w.as(w.caller.Tenant, models.Owner), w.as(live, models.Owner)
	partner := w.signedIn("Ann", w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	shown := map[string]int{}
	for _, r := range (&House{}).routes() {
		side := strings.Split(r.path, "/")[1]
		if r.method != http.MethodGet || side != "admin" && side != "partner" || strings.HasSuffix(r.path, ".csv") || strings.HasSuffix(r.path, ".pdf") { // a paper says it too: TestALongListGoesOnOverPages
			continue
		}
		path := ids.Replace(withBraces(r.path, side))
		who := map[string]*http.Cookie{"admin": owner, "partner": partner}[side]
		answer := w.ask(who, path, nil)
		if answer.StatusCode != http.StatusOK { // leads back to a page
			continue
		}
		page := bodyOf(t, answer)
		shown[side]++
		wants(t, path, textOf(t, page), "Test mode. No real money moves.")
		if may := strings.Contains(page, `action="/admin/mode"`); may != (side == "admin") {
			t.Errorf("%s: the switch stands there: %v", path, may)
		}
		if side == "admin" {
			if answer := w.ask(there, path, nil); answer.StatusCode == http.StatusOK {
				page := bodyOf(t, answer)
				lacks(t, path+" live", page, "No real money moves", "4242 4242", "Test cards")
				wants(t, path+" live", page, `name="mode" value="test"`)
			}
		}
	}
	if shown["admin"] < 20 || shown["partner"] < 5 {
		t.Errorf("looked at %v pages", shown)
	}
	for _, path := range []string{connectionAt, doctorAt} {
		wants(t, path, w.words(owner, path), "Test cards", "Succeeds 4242 4242 4242 4242", "Is declined 4000 0000 0000 0002", "4000 0000 0000 3220")
	}
}

// withBraces names a route's parts as the matrix does.
func withBraces(path, side string) string {
	noun := map[string]string{"payments": "payment", "links": "file", "backfills": "backfill", "partners": "partner", "write-offs": "writeoff", "invoices": "invoice", "events": "event", "earnings": "commission", "runs": "run", "contests": "contest"}
	parts := strings.Split(path, "/")
	for n := 3; n < len(parts); n++ {
		if parts[n] == ":id" {
			parts[n] = fmt.Sprintf("{%s}", noun[parts[n-1]])
		}
	}
	return strings.Join(parts, "/")
}

// F114: the switch turns one browser to the other side, and nothing of one side is seen on the other.
func TestTheSwitchTurnsOneBrowserToTheOtherSide(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	owner, second := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Owner)
	wants(t, "test", w.words(owner, "/admin/payments"), "one@shop.example")
	w.expect(http.StatusSeeOther, owner, "/admin/mode", url.Values{"mode": {"live"}})
	lacks(t, "live", w.words(owner, "/admin/payments"), "one@shop.example", "No real money moves")
	wants(t, "the other browser", w.words(second, "/admin/payments"), "one@shop.example", "Test mode.")
	w.expect(http.StatusSeeOther, owner, "/admin/mode", url.Values{"mode": {"test"}})
	wants(t, "test again", w.words(owner, "/admin/payments"), "one@shop.example", "Test mode.")
	if list, err := w.Store.Payments(t.Context(), models.Tenant{Company: w.caller.Company, Mode: models.Live}, store.PaymentFilter{}, store.Page{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("%d live payments, %v", len(list), err)
	}
}
