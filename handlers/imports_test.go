package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sandbox"
	"portal/store"
)

// newPastWorld is a company that has just connected a shop which has sold before.
func newPastWorld(t *testing.T) (w *companyWorld, owner *http.Cookie) {
	t.Helper()
	w, owner = newConnectionWorld(t)
	w.Integrations.Inbox = &inbox.Inbox{Store: w.Store, Now: w.Now, Log: w.Log, Ask: w.Integrations.Ask}
	for day := 10; day > 0; day-- {
		order := sandbox.Order{Email: "ann@shop.example", Amount: 5000, Partner: "ANN_KEY", Told: sandbox.ByMetadata, At: w.clock.AddDate(0, 0, -day)}
		if _, err := w.stripe.Sell("acct_shop", order); err != nil {
			t.Fatal(err)
		}
	}
	w.connects(owner, connectKey)
	return w, owner
}

// carries does an import's own work.
func (w *companyWorld) carries(at string) {
	w.t.Helper()
	id, err := models.ParseID[models.ImportID](at[strings.LastIndex(at, "/")+1:])
	if err == nil {
		err = w.Integrations.CarryImport(w.t.Context(), w.caller.Tenant, id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// MONEY.md 3.4, B11: what was paid before the connection is asked for, seen, and brought in on a page, without commissions
// unless they are chosen; the payment's own page says why it earns nothing.
func TestPastPaymentsAreBroughtInOnAPage(t *testing.T) {
	t.Parallel()
	w, owner := newPastWorld(t)
	viewer := w.as(w.caller.Tenant, models.Viewer)
	wants(t, "the connection", bodyOf(t, w.expect(http.StatusOK, owner, connectionAt, nil)), `href="/admin/imports"`)
	lacks(t, "a viewer", bodyOf(t, w.expect(http.StatusOK, viewer, importsAt, nil)), `method="post" action="/admin/imports"`)
	wants(t, "the form", bodyOf(t, w.expect(http.StatusOK, owner, importsAt, nil)), `value="`+w.clock.AddDate(0, 0, -30).Format(time.DateOnly)+`"`)
	for _, typed := range []string{"", "yesterday", "2099-01-01", "1999-01-01"} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, importsAt, url.Values{"since": {typed}}))
		wants(t, typed, page, `id="since-wrong"`)
		if typed != "" {
			wants(t, typed, page, `value="`+typed+`"`)
		}
	}
	at := w.expect(http.StatusSeeOther, owner, importsAt, url.Values{"since": {w.clock.AddDate(0, 0, -5).Format(time.DateOnly)}}).Header.Get("Location")
	wants(t, "under way", bodyOf(t, w.expect(http.StatusOK, viewer, at, nil)), "Listing paid invoices, list 1 of 6", `hx-get="`+at+`"`)
	wants(t, "a second one", bodyOf(t, w.expect(http.StatusConflict, owner, importsAt, url.Values{"since": {"2026-01-01"}})), "is open already")
	w.expect(http.StatusSeeOther, owner, at+"/pause", url.Values{})
	wants(t, "paused", w.words(owner, at), "Paused", "Go on")
	w.expect(http.StatusSeeOther, owner, at+"/resume", url.Values{})
	w.carries(at)
	seen := w.words(owner, at)
	wants(t, "seen", seen, "Listed, nothing counted yet", "Charges without an invoice Count 5 Here already 0 250.00 USD", "Customers with a partner 1", "With commissions 50.00 USD", "Bring in")
	lacks(t, "a viewer", bodyOf(t, w.expect(http.StatusOK, viewer, at, nil)), at+"/enter")
	w.expect(http.StatusSeeOther, owner, at+"/enter", url.Values{"commissions": {"no"}})
	w.carries(at)
	if err := w.Integrations.Inbox.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	wants(t, "done", w.words(viewer, at), "Done", "10 objects were brought in; none of them was here before.", "earns nothing")
	payments := w.payments()
	if len(payments) != 5 {
		t.Fatalf("%d payments", len(payments))
	}
	wants(t, "a payment", w.words(owner, "/admin/payments/"+payments[0].ID.String()), "Was it paid before the connection?", "Paid before Portal was connected, and imported without commission")
	if answer := w.expect(http.StatusSeeOther, owner, at+"/cancel", url.Values{}); !strings.Contains(answer.Header.Get("Set-Cookie"), "import-moved") {
		t.Error("an import that is done was cancelled")
	}
	wants(t, "the list", w.words(owner, importsAt), "Done", "1 import")
}

// B11: the page of the reconciliation says what Stripe lists beside what is here, what was healed, and what differs still.
func TestTheReconciliationPageSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	w, owner := newPastWorld(t)
	viewer := w.as(w.caller.Tenant, models.Viewer)
	wants(t, "never", w.words(viewer, reconciliationAt), "Nothing has been compared yet")
	w.clock = w.clock.AddDate(0, 0, 40)
	if _, err := w.stripe.Sell("acct_shop", sandbox.Order{Email: "bob@shop.example", Amount: 7000, At: w.clock.AddDate(0, 0, -39)}); err != nil {
		t.Fatal(err)
	}
	connection := store.Connection{Tenant: w.caller.Tenant, Program: w.caller.Program, Source: models.SourceStripe}
	w.stripe.Fail(sandbox.Fault{Path: "/v1/charges", Status: http.StatusForbidden, Times: 1})
	if err := w.Integrations.ReconcileOne(t.Context(), connection); err == nil {
		t.Error("compared without a right")
	}
	wants(t, "waits", w.words(viewer, reconciliationAt), "could not be made", "lacks a right")
	w.clock = w.clock.Add(time.Minute)
	if err := w.Integrations.ReconcileOne(t.Context(), connection); err != nil {
		t.Fatal(err)
	}
	wants(t, "healed", w.words(owner, reconciliationAt), "All that Stripe lists is here.", "1 object was missing", "Healed", "70.00 USD not here", "Compare now")
	lacks(t, "a viewer", w.words(viewer, reconciliationAt), "Compare now")
	w.expect(http.StatusSeeOther, owner, reconciliationAt, url.Values{})
}
