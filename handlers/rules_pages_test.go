package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"portal/integrations"
	"portal/models"
	"portal/sandbox"
)

func (w *companyWorld) rules() (list []models.Rule, version int) {
	w.t.Helper()
	sets, err := w.Store.RuleSets(w.t.Context(), w.caller.Tenant, w.caller.Program)
	if err != nil || len(sets) == 0 {
		w.t.Fatalf("%d versions of the rules, %v", len(sets), err)
	}
	return sets[len(sets)-1].Rules, sets[len(sets)-1].Version
}

// F17: a rule for products is added by their names, changed and removed; each save is a version with an audit row, and a
// rule whose product Stripe does not know, or sells no more, says so.
func TestProductRulesAreAddedChangedAndRemovedOnTheirPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, viewer := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Viewer)
	amount := int64(4900)
	if err := w.Store.KeepProducts(t.Context(), w.caller, []models.Product{{ID: "prod_gold", Name: "Gold", Active: true}, {ID: "prod_old", Name: "Old plan"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.KeepPrices(t.Context(), w.caller, []models.Price{{ID: "price_1", Product: "prod_gold", Minor: &amount, Currency: "usd", Every: "month", Active: true}}); err != nil {
		t.Fatal(err)
	}
	wants(t, "the form", w.words(owner, "/admin/rules/new?covers=products"), "Gold", "prod_gold 49.00 USD a month", "Old plan Not sold any more")
	_, version := w.rules()
	form := func(n string, more url.Values) url.Values {
		f := url.Values{"n": {n}, "version": {strconv.Itoa(version)}, "covers": {"products"}, "type": {"percent"}, "value": {"30"}, "recurring": {"months"}, "months": {"12"}, "currency": {"USD"}}
		for name, values := range more {
			f[name] = values
		}
		return f
	}
	w.expect(http.StatusSeeOther, owner, "/admin/rules", form("", url.Values{"product": {"prod_gold", "prod_old", "prod_gone"}}))
	list, version := w.rules()
	if len(list) != 4 || *list[1].Product != "prod_gold" || list[1].Value != "30" || list[1].Recurring != "12" {
		t.Fatalf("rules %+v", list)
	}
	wants(t, "the list", w.words(owner, "/admin/rules"), "Partners earn 20 % of each payment.", "Partners earn 30 % of each payment, for Gold, in a customer's first 12 months.",
		"prod_old Not sold any more", "prod_gone Not known in Stripe", "Add product rule")
	lacks(t, "a viewer", w.words(viewer, "/admin/rules"), "Remove", "Change", "Add")
	wants(t, "changing", bodyOf(t, w.expect(http.StatusOK, owner, "/admin/rules/edit?n=1&version="+strconv.Itoa(version), nil)), `value="prod_gold" checked`, `value="30"`)
	w.expect(http.StatusSeeOther, owner, "/admin/rules", form("1", url.Values{"version": {strconv.Itoa(version)}, "covers": {"all"}, "partner": {w.ann.Key}, "type": {"fixed"}, "value": {"5.00"}, "recurring": {"first"}}))
	wants(t, "changed", w.words(owner, "/admin/rules"), w.ann.Name+" earns 5.00 USD for the first payment of a customer.")
	wants(t, "seen before it was changed", bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/rules/remove", url.Values{"n": {"1"}, "version": {strconv.Itoa(version)}})), "Somebody changed the rules meanwhile")
	_, version = w.rules()
	w.expect(http.StatusSeeOther, owner, "/admin/rules/remove", url.Values{"n": {"1"}, "version": {strconv.Itoa(version)}})
	if list, _ = w.rules(); len(list) != 3 || list[1].Partner != nil {
		t.Errorf("rules %+v", list)
	}
	audit, err := w.Store.AuditOf(t.Context(), w.caller.Company, w.caller.Program.String())
	if err != nil || len(audit) != 3 || audit[0].Action != "rules.saved" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

// F17: what is wrong with a rule is said beside its field, what was typed stays, and nothing is saved; a search keeps all of it.
func TestARuleThatCannotBeStaysAsItWasTyped(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner := w.as(w.caller.Tenant, models.Owner)
	if err := w.Store.KeepProducts(t.Context(), w.caller, []models.Product{{ID: "prod_gold", Name: "Gold", Active: true}, {ID: "prod_silver", Name: "Silver", Active: true}}); err != nil {
		t.Fatal(err)
	}
	before, version := w.rules()
	for _, c := range []struct {
		form url.Values
		says string
	}{{url.Values{"value": {"120"}}, "Must be a percentage"}, {url.Values{"value": {"1"}, "recurring": {"months"}, "months": {"x"}}, "Give a whole number of months"},
		{url.Values{"value": {"1"}}, "Another rule covers the same already"}, {url.Values{"value": {"1"}, "covers": {"products"}}, "Choose at least one product"},
		{url.Values{"value": {"1"}, "product": {"prod_gold"}}, "These are ticked, but the rule is not for products"},
		{url.Values{"value": {"1"}, "partner": {"NOBODY"}}, "There is no such partner"}, {url.Values{"value": {"1"}, "type": {"fixed"}, "currency": {"xxx"}}, "Give a currency such as USD"},
		{url.Values{"value": {"<b>"}, "covers": {"type"}}, "Must be a product type"}} {
		form := url.Values{"version": {strconv.Itoa(version)}, "covers": {"all"}, "type": {"percent"}, "recurring": {"always"}}
		for name, values := range c.form {
			form[name] = values
		}
		body := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/rules", form))
		wants(t, c.says, textOf(t, body), c.says)
		wants(t, c.says, body, map[bool]string{true: `value="&lt;b&gt;"`, false: `value="` + c.form.Get("value") + `"`}[c.form.Get("value") == "<b>"])
	}
	if now, _ := w.rules(); len(now) != len(before) {
		t.Errorf("rules %+v", now)
	}
	found := bodyOf(t, w.expect(http.StatusOK, owner, "/admin/rules", url.Values{"version": {strconv.Itoa(version)}, "do": {"search"}, "search": {"silv"}, "covers": {"products"}, "product": {"prod_gold"}, "value": {"7"}}))
	wants(t, "searched", found, `value="prod_gold" checked`, `value="prod_silver"`, `value="7"`, `value="silv"`)
}

// F5, F32: the page of customers says how far they have been brought, and lets it be paused, gone on with and ended.
func TestThePageOfCustomersShowsHowFarTheyAre(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, viewer := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Viewer)
	y := models.Sync{Tenant: w.caller.Tenant, Program: w.caller.Program, Kind: models.SyncOfCustomers, MadeBy: "Ann", StartedAt: w.clock, BeatAt: w.clock, Seen: 1200, Fresh: 1000, Updated: 5}
	for _, c := range []struct {
		state    models.SyncState
		expected int
		because  string
		says     []string
	}{{models.SyncRunning, 0, "", []string{"1,200 customers read so far", "Pause Cancel Refresh"}}, {models.SyncRunning, 4000, "Stripe answered 503.", []string{"Customers read: 1,200 of 4,000", "Stripe answered 503."}},
		{models.SyncPaused, 0, "", []string{"Paused", "Go on"}}, {models.SyncFailed, 0, "Stripe refuses the API key.", []string{"Stopped", "Stripe refuses the API key.", "Go on"}},
		{models.SyncDone, 0, "", []string{"Done", "New 1,000", "Known 195", "Bring them again"}}, {models.SyncCancelled, 0, "", []string{"Cancelled", "Bring them again"}}} {
		y.State, y.Expected, y.Because = c.state, c.expected, c.because
		if y.FinishedAt = nil; c.state == models.SyncDone {
			y.FinishedAt = &w.clock
		}
		if err := w.Store.SaveSync(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		wants(t, string(c.state), w.words(owner, "/admin/customers/sync"), c.says...)
		lacks(t, string(c.state), w.words(viewer, "/admin/customers/sync"), "Cancel ", "Bring them again", "Go on")
	}
	y.State = models.SyncRunning
	if err := w.Store.SaveSync(t.Context(), y); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do     string
		want   models.SyncState
		status int
	}{{"pause", models.SyncPaused, 303}, {"resume", models.SyncRunning, 303}, {"nonsense", models.SyncRunning, 422}, {"cancel", models.SyncCancelled, 303}, {"resume", models.SyncCancelled, 422}} {
		w.expect(step.status, owner, "/admin/customers/sync/steer", url.Values{"do": {step.do}})
		if now, err := w.Store.Sync(t.Context(), w.caller.Tenant, w.caller.Program, y.Kind); err != nil || now.State != step.want {
			t.Errorf("%s: %s, %v, want %s", step.do, now.State, err, step.want)
		}
	}
}

// F33: a code for a partner is made from their page, and what is wrong with it is said there, with what was typed.
func TestACodeIsMadeInStripeFromThePartnersPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, page := w.as(w.caller.Tenant, models.Owner), "/admin/partners/"+w.ann.ID.String()
	connectShop(t, w)
	wants(t, "without a coupon", w.words(owner, page), "none was chosen yet")
	for field, form := range map[string]url.Values{"Give a percentage": {"name": {"Deal"}, "kind": {"percent"}, "off": {"200"}, "duration": {"once"}}, "Give a whole number": {"name": {"Deal"}, "kind": {"percent"}, "off": {"20"}, "duration": {"repeating"}, "months": {"x"}},
		"Give a currency": {"name": {"Deal"}, "kind": {"amount"}, "off": {"5"}, "currency": {"zz"}, "duration": {"once"}}} {
		wants(t, field, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, "/admin/coupons/make", form)), field, `value="Deal"`)
	}
	w.expect(http.StatusSeeOther, owner, "/admin/coupons/make", url.Values{"name": {"Deal"}, "kind": {"amount"}, "off": {"5"}, "currency": {"USD"}, "duration": {"once"}})
	bad := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/codes/new", url.Values{"new_code": {"NÖ"}, "minimum": {"abc"}, "most": {"0"}, "until": {"2020-01-01"}}))
	wants(t, "bad", bad, "May have letters a to z", "Give an amount", "Give a whole number", `value="NÖ"`, `value="abc"`)
	w.expect(http.StatusSeeOther, owner, page+"/codes/new", url.Values{"new_code": {"ANN5"}, "minimum": {"25"}, "most": {"3"}, "until": {w.clock.AddDate(1, 0, 0).Format(time.DateOnly)}, "first": {"yes"}})
	wants(t, "made", w.words(owner, page), "ANN5", "not used yet")
	wants(t, "the coupons", w.words(owner, "/admin/coupons"), "5.00 USD off once", "ANN5", w.ann.Name, "Active")
	codes, err := w.Store.CodesOf(t.Context(), w.caller.Tenant, w.ann.ID)
	if err != nil || len(codes) != 1 {
		t.Fatalf("codes %+v, %v", codes, err)
	}
	w.expect(http.StatusSeeOther, owner, page+"/codes/end", url.Values{"code": {codes[0].Code}})
	wants(t, "ended", w.words(owner, page), "ANN5 Inactive in Stripe")
	w.expect(http.StatusUnprocessableEntity, owner, "/admin/partners/"+w.bob.ID.String()+"/codes/end", url.Values{"code": {codes[0].Code}})
}

// connectShop connects the company's program to a Stripe account of its own in the sandbox.
func connectShop(t *testing.T, w *companyWorld) {
	t.Helper()
	w.stripe.AddAccount(sandbox.Account{ID: "acct_shop", Name: "Shop", SecretKeys: []string{apiShopKey}})
	w.Integrations.Inbox = w.Inbox
	if _, err := w.Integrations.Save(t.Context(), w.caller, models.SourceStripe, integrations.Change{APIKey: new(apiShopKey)}, models.Actor{}); err != nil {
		t.Fatal(err)
	}
}
