package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/models"
	"portal/store/storetest"
)

// F33, F60: a partner's codes by the API: given, listed, taken away; the same text in another case is the same code.
func TestAPICodesStandForPartners(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	w.call("POST", "/v1/partners", `{"key":"B"}`).is(201)
	a := w.call("POST", "/v1/codes", `{"code":" Save20 ","partner":{"key":"A"}}`).is(201).has(`{"code":"Save20","partner":{"key":"A"},"created_at":"2026-11-20T12:00:00Z"}`)
	hasExactly(t, "a code", a.body, "code partner created_at stripe_id active_in_stripe")
	w.call("POST", "/v1/codes", `{"code":"SAVE20","partner":{"key":"B"}}`).is(409)
	w.call("POST", "/v1/codes", `{"code":"50% off","partner":{"key":"B"}}`).is(201)
	for body, field := range map[string]string{`{"partner":{"key":"A"}}`: "code", `{"code":"","partner":{"key":"A"}}`: "code", `{"code":"x"}`: "partner", `{"code":"x","partner":{"key":"C"}}`: "partner.key",
		`{"code":"` + strings.Repeat("x", 201) + `","partner":{"key":"A"}}`: "code", `{"code":"a\nb","partner":{"key":"A"}}`: "code", `{"code":"x","partner":{"key":"A"},"until":1}`: "until"} {
		w.call("POST", "/v1/codes", body).is(422).names(field)
	}
	if got := w.walk("codes?", "asc", 1, "code"); got != "Save20 50% off" {
		t.Errorf("listed %s", got)
	}
	w.as(apiOtherKey, "DELETE", "/v1/codes/save20", "").is(404)
	w.as(apiLiveKey, "DELETE", "/v1/codes/save20", "").is(404)
	w.call("DELETE", "/v1/codes/SAVE20", "").is(200).has(`{"code":"Save20","partner":{"key":"A"}}`)
	w.call("DELETE", "/v1/codes/SAVE20", "").is(404)
	w.call("DELETE", "/v1/codes/50%25%20off", "").is(200)
	if got := w.walk("codes?", "asc", 50, "code"); got != "" {
		t.Errorf("still listed: %s", got)
	}
	w.call("POST", "/v1/codes", `{"code":"SAVE20","partner":{"key":"B"}}`).is(201)
}

// D13, F80: a posted transaction finds the partner of its click; a coupon of a sale finds its own, and says so.
func TestAPITransactionsAreFoundByClickAndCoupon(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	a, err := w.Store.PartnerByKey(t.Context(), w.caller.Tenant, "A")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Inbox.Clicked(t.Context(), models.Click{Tenant: w.caller.Tenant, ID: "clk_1", Partner: a.ID, At: storetest.Day.AddDate(0, 0, -1)}); err != nil {
		t.Fatal(err)
	}
	w.call("POST", "/v1/transactions", `{"key":"order-1","amount":1,"click_id":"clk_1"}`).is(201).has(`{"partner":{"key":"A"},"attributed_by":"click"}`)
	w.call("POST", "/v1/transactions", `{"key":"order-1","amount":1,"click_id":"clk_1"}`).is(200)
	w.call("POST", "/v1/transactions", `{"key":"order-1","amount":1,"click_id":"clk_2"}`).is(409)
	w.call("POST", "/v1/transactions", `{"key":"order-2","amount":1,"click_id":"clk_2"}`).is(201).has(`{"partner":null,"attributed_by":null}`)
	w.call("POST", "/v1/codes", `{"code":"promo_1","partner":{"key":"A"}}`).is(201)
	c := storetest.NewCase(storetest.New, 1)
	c.At = storetest.Day
	w.hear(c.Event("checkout.session.completed", 0, c.Session("payment", 10000, 0, "discounts", []any{map[string]any{"coupon": "COUP", "promotion_code": "promo_1"}})))
	w.call("GET", "/v1/transactions/pi_1", "").is(200).has(`{"partner":{"key":"A"},"attributed_by":"coupon"}`)
}

// Codes on a partner's page: added, refused beside the field with what was typed, and removed; a viewer only reads them.
func TestAPartnersCodesAreAddedAndRemovedOnTheirPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, viewer, page := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Viewer), "/admin/partners/"+w.ann.ID.String()
	wants(t, "no codes", w.words(owner, page), "No coupon or promotion code stands for this partner", "New code")
	answer := w.expect(http.StatusSeeOther, owner, page+"/codes", url.Values{"code": {"<b>Save20</b>"}})
	said := bodyOf(t, w.ask(owner, page, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) }))
	wants(t, "added", said, "The code was added", "&lt;b&gt;Save20&lt;/b&gt;")
	for typed, word := range map[string]string{"<B>SAVE20</B>": "This code stands for a partner already", "  ": "Must be 1 to 200 printable characters"} {
		wants(t, "refused", bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/codes", url.Values{"code": {typed}})), word, `aria-invalid="true"`)
	}
	wants(t, "kept", bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/codes", url.Values{"code": {"<B>SAVE20</B>"}})), `value="&lt;B&gt;SAVE20&lt;/B&gt;"`)
	wants(t, "a viewer", w.words(viewer, page), "<b>Save20</b>")
	lacks(t, "a viewer", w.words(viewer, page), "New code", "Remove")
	w.expect(http.StatusUnprocessableEntity, owner, "/admin/partners/"+w.bob.ID.String()+"/codes/remove", url.Values{"code": {"<b>Save20</b>"}})
	answer = w.expect(http.StatusSeeOther, owner, page+"/codes/remove", url.Values{"code": {"<b>Save20</b>"}})
	said = bodyOf(t, w.ask(owner, page, nil, func(r *http.Request) { r.AddCookie(given(answer, "flash")) }))
	wants(t, "removed", said, "The code was removed", "No coupon or promotion code stands for this partner")
	audit, err := w.Store.AuditOf(t.Context(), w.caller.Company, w.ann.ID.String())
	if err != nil || len(audit) != 2 || audit[1].Action != "code.removed" {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

// F33, MONEY.md 3.5: with create_in_stripe the code is made in Stripe, and goes by what customers type or by its id; what is
// wrong with it names the field.
func TestAPICodesAreMadeInStripe(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.Integrations.Inbox = w.Inbox
	w.call("POST", "/v1/partners", `{"key":"A"}`).is(201)
	give := `{"code":"SAVE20","partner":{"key":"A"},"create_in_stripe":true}`
	w.call("POST", "/v1/codes", give).is(409)
	w.call("PUT", "/v1/integrations/stripe", `{"api_key":"`+apiShopKey+`"}`).is(200)
	if err := w.Integrations.MakeCoupon(t.Context(), w.caller, models.Coupon{Name: "Deal", PercentOff: "20", Duration: "once"}, models.Actor{}); err != nil {
		t.Fatal(err)
	}
	made := w.call("POST", "/v1/codes", give).is(201).has(`{"code":"SAVE20","partner":{"key":"A"},"active_in_stripe":true}`)
	hasExactly(t, "a code in Stripe", made.body, "code partner created_at stripe_id active_in_stripe")
	w.call("POST", "/v1/codes", give).is(201) // it is theirs already
	w.call("POST", "/v1/codes", `{"code":"SAVE 20","partner":{"key":"A"},"create_in_stripe":true}`).is(422).names("code")
	w.call("GET", "/v1/codes", "").is(200)
	w.call("DELETE", "/v1/codes/save20", "").is(200).has(`{"code":"SAVE20"}`)
	w.call("DELETE", "/v1/codes/save20", "").is(404)
}
