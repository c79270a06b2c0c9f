package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"portal/models"
)

// Issue 4: what is one company's, or of one mode, is nothing to another: not a page, and not a change.
func TestTheNewPagesOfAnotherCompanyAreNotThere(t *testing.T) {
	t.Parallel()
	w, owner := newPastWorld(t)
	at := w.expect(http.StatusSeeOther, owner, importsAt, url.Values{"since": {w.clock.AddDate(0, 0, -5).Format(time.DateOnly)}}).Header.Get("Location")
	other := w.anotherCompany()
	ours, ann := w.caller.Program.String(), "/admin/partners/"+w.ann.ID.String()
	before := w.auditRows()
	for name, who := range map[string]*http.Cookie{"a stranger": w.as(other.Tenant, models.Owner), "the other mode": w.as(models.Tenant{Company: w.caller.Company, Mode: models.Live}, models.Owner)} {
		w.expect(http.StatusNotFound, who, at, nil)
		for _, do := range []string{"/enter", "/pause", "/resume", "/cancel"} {
			w.expect(http.StatusNotFound, who, at+do, url.Values{"commissions": {"yes"}})
		}
		w.expect(http.StatusNotFound, who, ann+"/codes/new", url.Values{"new_code": {"MINE"}})
		w.expect(http.StatusNotFound, who, ann+"/codes/end", url.Values{"code": {"promo_1"}})
		lacks(t, name, w.words(who, importsAt), "Listing")
		if name == "the other mode" {
			continue
		}
		asked := url.Values{"program": {ours}}
		for _, page := range []string{rulesAt, rulesAt + "/new", rulesAt + "/edit", couponsAt, syncAt, reconciliationAt, connectionAt, importsAt} {
			w.expect(http.StatusNotFound, who, withQuery(page, asked), nil)
		}
		for _, form := range []string{rulesAt, rulesAt + "/remove", couponsAt + "/choose", couponsAt + "/make", "/admin/catalog", syncAt, syncAt + "/steer", reconciliationAt,
			importsAt, connectionAt + "/stripe", connectionAt + "/key", connectionAt + "/secret", connectionAt + "/disconnect"} {
			w.expect(http.StatusNotFound, who, form, url.Values{"program": {ours}, "sure": {"yes"}, "since": {"2026-01-01"}, "do": {"cancel"}, "version": {"1"}, "n": {"0"}, "coupon": {"x"}})
		}
	}
	if after := w.auditRows(); after != before {
		t.Errorf("%d changes were made", after-before)
	}
}

func (w *companyWorld) auditRows() (n int) {
	w.t.Helper()
	if err := w.Store.DB().QueryRow(`SELECT count(*) FROM audit WHERE action NOT LIKE 'signed%'`).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// Issue 4, bad input: what no database can keep as text is refused in a sentence wherever it is typed.
func TestWhatIsNoTextIsRefusedOnTheNewPages(t *testing.T) {
	t.Parallel()
	w, owner := newPastWorld(t)
	_, version := w.rules()
	for _, odd := range []string{"a\x00b", "a\xffb"} {
		rule := func(field string) url.Values {
			f := url.Values{"version": {strconv.Itoa(version)}, "covers": {"products"}, "product": {"prod_1"}, "type": {"percent"}, "value": {"10"}, "recurring": {"always"}}
			f.Set(field, odd)
			return f
		}
		typed := url.Values{"covers": {"type"}, "product_type": {odd}, "version": {strconv.Itoa(version)}, "type": {"percent"}, "value": {"10"}, "recurring": {"always"}}
		for name, form := range map[string]struct {
			path string
			form url.Values
		}{
			"product":      {rulesAt, rule("product")},
			"partner":      {rulesAt, rule("partner")},
			"search":       {rulesAt, url.Values{"version": {strconv.Itoa(version)}, "do": {"search"}, "search": {odd}}},
			"product type": {rulesAt, typed},
			"coupon":       {couponsAt + "/choose", url.Values{"coupon": {odd}}},
			"name":         {couponsAt + "/make", url.Values{"name": {odd}, "kind": {"percent"}, "off": {"10"}, "duration": {"once"}}},
			"new code":     {"/admin/partners/" + w.ann.ID.String() + "/codes/new", url.Values{"new_code": {odd}}},
			"code":         {"/admin/partners/" + w.ann.ID.String() + "/codes/end", url.Values{"code": {odd}}},
			"since":        {importsAt, url.Values{"since": {odd}}},
			"key":          {connectionAt + "/key", url.Values{"api_key": {"sk_test_" + odd}}},
			"secret":       {connectionAt + "/secret", url.Values{"webhook_secret": {"whsec_" + odd}}},
		} {
			answer := w.ask(owner, form.path, form.form)
			if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusUnprocessableEntity && answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s %q: answered %d: %s", name, odd, answer.StatusCode, textOf(t, bodyOf(t, answer)))
			}
		}
		answer := w.ask(owner, withQuery(connectionAt+"/stripe/callback", url.Values{"state": {odd}, "code": {odd}, "error": {odd}}), nil)
		if answer.StatusCode != http.StatusSeeOther {
			t.Errorf("the callback answered %d", answer.StatusCode)
		}
	}
}
