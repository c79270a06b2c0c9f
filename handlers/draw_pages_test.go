package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// settingsForm is what the form of the payout settings sends when nothing is changed, with changes.
func settingsForm(change ...string) url.Values {
	form := url.Values{"schedule": {"manual"}, "weekday": {"1"}, "day": {"1"}, "minimum": {""}, "four_eyes_above": {""}, "cooling_days": {"3"}, "self_billing": {"yes"}, "tax_note": {""},
		"approve_admin": {"yes"}, "approve_finance": {"yes"}, "pay_admin": {"yes"}, "pay_finance": {"yes"}}
	for n := 0; n < len(change); n += 2 {
		form.Set(change[n], change[n+1])
	}
	return form
}

const settingsAt = "/admin/settings/payouts"

// F105, B17: an owner or an admin sets how partners are paid; what was typed stays beside what is wrong with it; others see it; the
// next day of the schedule is shown.
func TestPayoutSettingsAreSetOnAPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, finance := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Finance)
	wants(t, "at first", w.words(owner, settingsAt), "Invoices are drawn up when somebody asks for it", "The owner always may.")
	wrong := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, settingsAt, settingsForm("schedule", "monthly", "day", "31", "minimum", "2,5x", "cooling_days", "many", "tax_note", "kept as typed")))
	for _, typed := range []string{`value="31"`, `value="2,5x"`, `value="many"`, "kept as typed"} {
		if !strings.Contains(wrong, typed) {
			t.Errorf("%s is not there any more", typed)
		}
	}
	wants(t, "wrong", textOf(t, wrong), "Give a whole number.")
	wants(t, "out of bounds", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, settingsAt, settingsForm("schedule", "monthly", "day", "31")))), "Give a day from 1 to 28, which every month has.")
	w.expect(http.StatusForbidden, finance, settingsAt, settingsForm())
	form := settingsForm("schedule", "monthly", "day", "1", "minimum", "25.00", "four_eyes_above", "500", "cooling_days", "7", "tax_note", "VAT reverse charge")
	form.Del("pay_admin")
	saved := w.after(owner, w.ask(owner, settingsAt, form))
	next := time.Date(w.clock.Year(), w.clock.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	wants(t, "saved", saved, "The settings were saved.", "Draws up on "+next.Format("2 January 2006")+" what is payable up to "+next.AddDate(0, 0, -1).Format("2 January 2006")+".")
	wants(t, "to others", w.words(finance, settingsAt), "Each month, on day 1", "25.00", "500.00", "The owner, admins, finance", "The owner, finance", "7 days", "VAT reverse charge", "The owner and admins can change this.")
	s, err := w.Store.PayoutSettings(t.Context(), w.caller.Tenant)
	if err != nil || s.Minimum != 2500 || *s.FourEyesAbove != 50000 || s.CoolingDays != 7 || len(s.PayRoles) != 2 || s.ReverseCharge || !s.SelfBilling {
		t.Errorf("%+v, %v", s, err)
	}
}

// B14: a partner's own minimum is set on the partner's page; who is below it is shown as waiting before anything is drawn up.
func TestAPartnersOwnMinimumIsSetOnTheirPage(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	owner, page := w.as(w.caller.Tenant, models.Owner), "/admin/partners/"+w.ann.ID.String()
	wrong := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, page+"/minimum", url.Values{"minimum": {"lots"}}))
	if !strings.Contains(wrong, `value="lots"`) {
		t.Error("what was typed is gone")
	}
	wants(t, "set", w.after(owner, w.ask(owner, page+"/minimum", url.Values{"minimum": {"20.01"}})), "The minimum was saved.")
	preview := "/admin/invoices/new?until=" + w.clock.Format(time.DateOnly)
	text := w.words(owner, preview)
	wants(t, "the preview", text, "Waits: below the minimum of 20.01 USD")
	lacks(t, "the preview", text, "Draw up 1")
	wants(t, "nothing", w.after(owner, w.ask(owner, "/admin/invoices", url.Values{"until": {w.clock.Format(time.DateOnly)}})), "no invoice was drawn up")
	w.expect(http.StatusSeeOther, owner, page+"/minimum", url.Values{"minimum": {""}})
	wants(t, "without one", w.words(owner, preview), "Draw up 1 invoice, 20.00 USD")
}

// F105, F108: what was drawn up together is found again under Runs, with its sums, and approved as a whole; the list is narrowed to
// it, to a partner and to each state.
func TestARunIsFoundAgainAndApprovedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	w.sell(w.sale(2, 60, "cus_2", "two@shop.example", "BOB_KEY"))
	finance := w.as(w.caller.Tenant, models.Finance)
	wants(t, "what was drawn up", w.after(finance, w.ask(finance, "/admin/invoices", url.Values{"until": {w.clock.Format(time.DateOnly)}})), "approve all of them at once", "Approve 2 invoices")
	list, err := w.Store.Runs(t.Context(), w.caller.Tenant, store.Page{Limit: 5, Desc: true})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	at := runsAt + "/" + list[0].ID.String()
	wants(t, "the list of runs", w.words(finance, runsAt), "Done", "finance@")
	wants(t, "the run", w.words(finance, at), "Invoices drawn up 2 invoices", "Approve 2 invoices", "Wait for approval 2 invoices")
	wants(t, "its invoices", w.words(finance, "/admin/invoices?run="+list[0].ID.String()), "2 invoices not paid yet", "ANN_KEY", "BOB_KEY", "Run of ", "Approve 2 invoices")
	only := w.words(finance, "/admin/invoices?partner=ANN_KEY&status=review")
	wants(t, "one partner's", only, "1 invoice not paid yet, 20.00 USD", "ANN_KEY")
	lacks(t, "one partner's", only, "BOB_KEY")
	w.expect(http.StatusNotFound, finance, "/admin/invoices?partner=NOBODY", nil)
	w.expect(http.StatusNotFound, finance, "/admin/invoices?run=run_00", nil)
	w.expect(http.StatusConflict, finance, at+"/approve", url.Values{"seen": {"something else"}})
	wants(t, "approved", w.after(finance, w.press(finance, at, "/approve", nil)), "2 invoices were approved.", "Wait for approval 0 invoices")
	for status, word := range map[string]string{"needs_confirmation": "No payment waits for the card holder", "charged": "No payment is on its way", "refunded": "No payment has come back", "void": "No invoice is void"} {
		wants(t, status, w.words(finance, "/admin/invoices?status="+status), word)
	}
}

// F108: an invoice that is wrong is voided with a reason, and another one drawn up in its place; the two lead to each other, for
// the company and for the partner.
func TestAnInvoiceIsVoidedAndReissuedByForms(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	finance, partner := w.as(w.caller.Tenant, models.Finance), w.signedIn("Ann", w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	page := "/admin/invoices/" + i.ID.String()
	wants(t, "without a reason", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, page+"/void", url.Values{"reason": {""}, "then": {"void"}}))), "Say why, in 500 characters at most.")
	next := w.after(finance, w.press(finance, page, "/void", url.Values{"reason": {"The address was wrong"}, "then": {"reissue"}}))
	wants(t, "the new one", next, "Drawn up in place of an invoice that is void: TEST-2026-0001", "TEST-2026-0002", "Approve 20.00 USD")
	wants(t, "the void one", w.words(finance, page), "Another invoice was drawn up in its place: TEST-2026-0002", "It was over 20.00 USD", "The address was wrong", "one@shop.example")
	wants(t, "to the partner", w.words(partner, "/partner/invoices/"+i.ID.String()), "Another invoice was drawn up in its place: TEST-2026-0002", "The reason: The address was wrong.")
	w.expect(http.StatusConflict, finance, page+"/void", url.Values{"reason": {"again"}, "then": {"void"}})
}

// B20: a partner contests a line on the invoice; the company finds it on the invoice, in the list and in the count, and answers; the
// partner sees the answer beside the line. It holds no payment up.
func TestALineIsContestedAndAnsweredByForms(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.saveCard("pm_card_visa")
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	i := w.drawUp()[0]
	finance, viewer := w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Viewer)
	partner, other := w.signedIn("Ann", w.ann.Tenant, models.PartnerMember, &w.ann.ID), w.signedIn("Bob", w.bob.Tenant, models.PartnerMember, &w.bob.ID)
	page, own := "/admin/invoices/"+i.ID.String(), "/partner/invoices/"+i.ID.String()
	wants(t, "without words", textOf(t, bodyOf(t, w.press(partner, own, "/contest", url.Values{"words": {" "}}))), "Say why, in 500 characters at most.")
	wants(t, "sent", w.after(partner, w.press(partner, own, "/contest", url.Values{"words": {"That was 200, not 100."}})), "Sent. You see the answer here", "Waits for an answer", "“That was 200, not 100.”")
	lines, err := w.Store.InvoiceLines(t.Context(), i.Tenant, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"line": {lineName(lines[0])}, "words": {"Mine too."}}
	w.expect(http.StatusConflict, partner, own+"/contest", form)
	w.expect(http.StatusNotFound, other, own+"/contest", form)
	wants(t, "on the invoice", w.words(finance, page), "1 line is contested by the partner", "That was 200, not 100.", "Approve 20.00 USD")
	wants(t, "in the list", w.words(finance, "/admin/invoices"), "1 line contested")
	wants(t, "among the contests", w.words(viewer, contestsAt), "That was 200, not 100.", "Waits for an answer")
	open, err := w.Store.Contests(t.Context(), i.Tenant, models.ContestOpen, store.Page{Limit: 5, Desc: true})
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	at := contestsAt + "/" + open[0].ID.String()
	w.expect(http.StatusForbidden, viewer, at, url.Values{"answer": {"No."}})
	lacks(t, "a viewer's page", w.words(viewer, at), "Posting in")
	wrong := bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, at, url.Values{"amount": {"ten"}, "answer": {"You are right."}}))
	if !strings.Contains(wrong, `value="ten"`) || !strings.Contains(wrong, "You are right.") {
		t.Error("what was typed is gone")
	}
	wants(t, "approved beside it", w.after(finance, w.press(finance, page, "/approve", nil)), "1 invoice was approved")
	wants(t, "answered", w.after(finance, w.press(finance, at, "/contests/"+open[0].ID.String(), url.Values{"amount": {"20.00"}, "answer": {"You are right: 200."}})), "Answered. The partner can see it.", "20.00 USD")
	wants(t, "to the partner", w.words(partner, own), "Answered", "You are right: 200.", "20.00 USD", "Contest this line")
	if due := w.due(w.ann); due != "20.00 USD" {
		t.Errorf("due %s", due)
	}
	wants(t, "paid all the same", w.after(finance, w.press(finance, page, "/pay", nil)), "Paid. The partner can see it now.")
	wants(t, "kept", w.words(finance, contestsAt+"?status=answered"), "That was 200, not 100.")
}

// B17: above the limit the first approval is kept and said, another person approves too, and the amount is typed before it is paid.
func TestAboveTheLimitTwoPeopleApproveAndTheAmountIsTyped(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.saveCard("pm_card_visa")
	owner, finance := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Finance)
	w.expect(http.StatusSeeOther, owner, settingsAt, settingsForm("four_eyes_above", "10.00"))
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	page := "/admin/invoices/" + w.drawUp()[0].ID.String()
	wants(t, "first", w.after(finance, w.press(finance, page, "/approve", nil)), "Your approval is kept.", "Needs a second approval", "You approved it. Another person must approve it too")
	w.expect(http.StatusConflict, w.as(w.caller.Tenant, models.Finance), page+"/approve", url.Values{"seen": {"20.00"}}) // another browser of the same person
	wants(t, "second", w.after(owner, w.press(owner, page, "/approve", nil)), "1 invoice was approved", "Type the amount to confirm")
	wants(t, "another amount", textOf(t, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, page+"/pay", url.Values{"amount": {"2.00"}}))), "That is not the amount. Nothing was paid; type 20.00.")
	if n := w.stripe.Charges("acct_platform"); n != 0 {
		t.Errorf("%d charges", n)
	}
	wants(t, "paid", w.after(finance, w.press(finance, page, "/pay", url.Values{"amount": {"20.00"}})), "Paid. The partner can see it now.")
}

// F108: who may not pay gets 403 with a sentence, and the page offers nothing of it but says who may.
func TestAPayerWithoutTheRoleIsForbidden(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.saveCard("pm_card_visa")
	owner, finance, admin := w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Admin)
	form := settingsForm()
	form.Del("pay_finance")
	form.Del("approve_admin")
	w.expect(http.StatusSeeOther, owner, settingsAt, form)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	page := "/admin/invoices/" + w.drawUp()[0].ID.String()
	review := w.words(admin, page)
	wants(t, "an admin reviews", review, "Only the owner and finance may approve invoices.")
	lacks(t, "an admin reviews", review, "Approve 20.00 USD", "Void it")
	for _, deed := range []string{"/approve", "/void"} {
		wants(t, deed, textOf(t, bodyOf(t, w.expect(http.StatusForbidden, admin, page+deed, url.Values{"seen": {"20.00"}, "reason": {"no"}}))), "Your role here may not approve invoices.")
	}
	w.expect(http.StatusSeeOther, finance, page+"/approve", url.Values{"seen": {"20.00"}})
	shown := w.words(finance, page)
	wants(t, "finance looks", shown, "Only the owner and admins may pay invoices.")
	lacks(t, "finance looks", shown, "Pay 20.00 USD", "Mark as paid")
	for _, deed := range []string{"/pay", "/mark-paid"} {
		w.expect(http.StatusForbidden, finance, page+deed, url.Values{"paid_at": {w.clock.Format(time.DateOnly)}, "reference": {"wire 1"}})
	}
	w.expect(http.StatusForbidden, admin, page+"/withdraw", url.Values{})
	wants(t, "an admin pays", w.after(admin, w.press(admin, page, "/pay", nil)), "Paid. The partner can see it now.")
}
