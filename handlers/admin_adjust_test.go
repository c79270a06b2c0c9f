package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portal/models"
	"portal/rates"
	"portal/store/storetest"
)

// owes takes a deduction from ann, so that she owes it.
func (w *companyWorld) owes(minor int64) {
	w.t.Helper()
	a := models.Adjustment{Tenant: w.caller.Tenant, ID: models.NewID[models.AdjustmentID](w.clock), Partner: w.ann.ID, Program: &w.caller.Program, Minor: -minor, Currency: "usd", Reason: "Paid twice"}
	if _, err := w.Inbox.Adjust(w.t.Context(), a, signer); err != nil {
		w.t.Fatal(err)
	}
}

// decidedWriteOff is one that was refused.
func (w *companyWorld) decidedWriteOff() string {
	w.t.Helper()
	w.owes(100)
	somebody := func() models.Actor {
		return models.Actor{Person: new(models.NewID[models.PersonID](w.clock)), Name: "x"}
	}
	made, err := w.Inbox.AskWriteOff(w.t.Context(), w.caller.Tenant, w.ann.ID, models.Money{Minor: 100, Currency: "usd"}, "why", somebody())
	if err == nil {
		_, err = w.Inbox.RefuseWriteOff(w.t.Context(), w.caller.Tenant, made.ID, somebody())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID.String()
}

func (w *companyWorld) due(p models.Partner) string {
	w.t.Helper()
	m, err := w.Store.Balance(w.t.Context(), w.caller.Tenant, models.DueTo(p.ID), p.Currency)
	if err != nil {
		w.t.Fatal(err)
	}
	return m.String()
}

// Issue 3, point 6: a bonus is booked by a form, seen by the partner with its reason, on the invoice, and undone by a
// booking the other way.
func TestABonusIsBookedByAFormAndSeenByThePartner(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	finance, ann := w.as(w.caller.Tenant, models.Finance), w.signedIn("partner", w.ann.Tenant, models.PartnerMember, &w.ann.ID)
	partner := "/admin/partners/" + w.ann.ID.String()
	wants(t, "the form", w.words(finance, partner+"/adjust"), "Partner ANN_KEY is due 0.00 USD now.", "Amount in USD", "Partner ANN_KEY sees it among the earnings")
	typed := url.Values{"kind": {"bonus"}, "amount": {"50"}, "reason": {"Best month, says jane@shop.example"}}
	sent := w.press(finance, partner+"/adjust", "/adjust", typed)
	page := w.after(finance, sent)
	wants(t, "the partner's page", page, "The bonus was booked.", "Bonuses and deductions", "Bonus Best month, says jane@shop.example finance@", "Ready to be invoiced 50.00 USD Undo", "Due 50.00 USD")
	for _, path := range []string{"/partner", "/partner/earnings"} {
		wants(t, path, w.words(ann, path), "Bonus from Acme Best month, says j***@s…", "50.00 USD Ready to be invoiced")
	}
	wants(t, "the partner's home", w.words(ann, "/partner"), "Earned this month 50.00 USD", "Due 50.00 USD")

	w.drawUp()
	invoice := w.invoicePage()
	wants(t, "the invoice", w.words(finance, invoice), "Bonus Made on 20 November 2026 Best month, says jane@shop.example 50.00 USD", "Approve 50.00 USD")
	wants(t, "the partner's invoice", w.words(ann, strings.Replace(invoice, "/admin/", "/partner/", 1)), "Bonus from Acme 50.00 USD Best month, says j***@s…", "Total 50.00 USD")
	wants(t, "the earnings", w.words(ann, "/partner/earnings"), "50.00 USD On an invoice", "Invoice")

	var undo string
	for _, n := range parsed(t, bodyOf(t, w.expect(http.StatusOK, finance, partner, nil))) {
		if n.Data == "a" && strings.Contains(attribute(n, "href"), "?undo=adj_") {
			undo = attribute(n, "href")
		}
	}
	wants(t, "undone", w.after(finance, w.press(finance, undo, "/adjust", url.Values{"kind": {"deduction"}, "reason": {"Undoes it"}})), "The deduction was booked.", "owes 50.00 USD now. It comes off the next invoice.",
		"Deduction Undoes it", "−50.00 USD")
	prefilled := bodyOf(t, w.expect(http.StatusOK, finance, undo, nil))
	wants(t, "the prefilled form", prefilled, `value="50.00"`, `<option value="deduction" selected>`, "Undoes the bonus of 20 November 2026: Best month")
}

// P46: the same form pressed twice, or sent again by a browser that came back, books once.
func TestAFormThatIsSentTwiceBooksOnce(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, path := w.as(w.caller.Tenant, models.Owner), "/admin/partners/"+w.ann.ID.String()+"/adjust"
	form := url.Values{"once": {models.NewID[models.AdjustmentID](w.clock).String()}, "kind": {"bonus"}, "amount": {"50"}, "reason": {"Best month"}}
	for range 2 {
		w.expect(http.StatusSeeOther, owner, path, form)
	}
	form.Set("amount", "60")
	wants(t, "with another amount", textOf(t, bodyOf(t, w.expect(http.StatusConflict, owner, path, form))), "This form was sent before and booked something else")
	if due := w.due(w.ann); due != "50.00 USD" {
		t.Errorf("due %s", due)
	}
}

func TestWhatIsWrongWithAnAdjustmentIsSaidBesideItsField(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	owner, path := w.as(w.caller.Tenant, models.Owner), "/admin/partners/"+w.ann.ID.String()+"/adjust"
	for words, form := range map[string]url.Values{
		"Must be above zero":       {"kind": {"bonus"}, "amount": {"-5"}, "reason": {"<b>kept</b>"}},
		"Must be a decimal number": {"kind": {"deduction"}, "amount": {"12,50"}, "reason": {"<b>kept</b>"}},
		"Has more decimals than":   {"kind": {"bonus"}, "amount": {"1.234"}, "reason": {"<b>kept</b>"}},
		"Must not be zero, and at": {"kind": {"bonus"}, "amount": {"99999999999999"}, "reason": {"<b>kept</b>"}},
		"Choose a bonus or a":      {"kind": {"gift"}, "amount": {"5"}, "reason": {"<b>kept</b>"}},
		"Say why, in 500":          {"kind": {"bonus"}, "amount": {"5"}, "reason": {"<b>kept</b>" + strings.Repeat("x", 500)}},
		"Choose a program":         {"kind": {"bonus"}, "amount": {"5"}, "reason": {"<b>kept</b>"}, "program": {"zzz"}},
	} {
		page := bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, path, form))
		wants(t, words, page, words, "&lt;b&gt;kept&lt;/b&gt;", `value="`+form.Get("amount")+`"`, "autofocus")
		if strings.Contains(page, "<b>kept") {
			t.Errorf("%s: what was typed runs", words)
		}
	}
	wants(t, "no reason", bodyOf(t, w.expect(http.StatusUnprocessableEntity, owner, path, url.Values{"kind": {"bonus"}, "amount": {"5"}})), "Say why: Partner ANN_KEY sees it")
	if due := w.due(w.ann); due != "0.00 USD" {
		t.Errorf("due %s", due)
	}
}

// B14: a debt is shown with the partner, asked to be written off by one person and approved by another, on pages.
func TestAWriteOffIsAskedForByOneAndApprovedByAnother(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.owes(2000)
	finance, owner, viewer := w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Owner), w.as(w.caller.Tenant, models.Viewer)
	partner := "/admin/partners/" + w.ann.ID.String()
	wants(t, "the partner's page", w.words(finance, partner), "Partner ANN_KEY owes 20.00 USD now. It comes off the next invoice.", "Ask to write it off")
	lacks(t, "a viewer's page", w.words(viewer, partner), "Ask to write it off", "Bonus or deduction")
	wants(t, "the form", bodyOf(t, w.expect(http.StatusOK, finance, partner+"/write-off", nil)), `value="20.00"`)
	refused := bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, partner+"/write-off", url.Values{"amount": {"20.01"}, "reason": {"He closed"}}))
	wants(t, "too much", refused, "at most the 20.00 USD that Partner ANN_KEY owes", `value="20.01"`, "He closed")
	wants(t, "asked", w.after(finance, w.press(finance, partner+"/write-off", "/write-off", url.Values{"amount": {"15"}, "reason": {"He closed"}})),
		"Another person must approve or refuse the write-off.", "asked to write off 15.00 USD: “He closed” Another person decides", "Write-offs 1 waiting")
	lacks(t, "asked already", w.words(finance, partner), "Ask to write it off")
	wants(t, "the form again", w.words(finance, partner+"/write-off"), "asked to write off 15.00 USD already")

	wants(t, "who asked", w.words(finance, "/admin/write-offs"), "To write off 15.00 USD", "Due to the partner now −20.00 USD", "Reason He closed", "You asked for it. Another person must approve or refuse it.")
	lacks(t, "who asked", bodyOf(t, w.expect(http.StatusOK, finance, "/admin/write-offs", nil)), `/approve"`, `/refuse"`)
	wants(t, "a viewer", w.words(viewer, "/admin/write-offs"), "Waits for an owner")
	wants(t, "home", w.words(owner, "/admin"), "1 write-off waits for another person")
	open, err := w.Store.OpenWriteOffs(t.Context(), w.caller.Tenant, nil)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	wants(t, "approved by who asked", textOf(t, bodyOf(t, w.expect(http.StatusConflict, finance, "/admin/write-offs/"+open[0].ID.String()+"/approve", url.Values{}))), "You asked for this write-off.")
	wants(t, "approved", w.after(owner, w.press(owner, "/admin/write-offs", "/approve", nil)), "Written off. The partner can see it.", "No write-off waits", "Partner ANN_KEY He closed finance@", "Written off owner@")
	if due := w.due(w.ann); due != "-5.00 USD" {
		t.Errorf("due %s", due)
	}
	wants(t, "the partner's side", w.words(w.signedIn("partner", w.ann.Tenant, models.PartnerMember, &w.ann.ID), "/partner/earnings"), "Debt written off by Acme He closed", "15.00 USD")
}

func TestAWriteOffOfMoreThanIsOwedByThenCanOnlyBeRefused(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.owes(2000)
	finance, owner := w.as(w.caller.Tenant, models.Finance), w.as(w.caller.Tenant, models.Owner)
	w.press(finance, "/admin/partners/"+w.ann.ID.String()+"/write-off", "/write-off", url.Values{"amount": {"20"}, "reason": {"He closed"}})
	w.owes(-500)
	wants(t, "the list", w.words(owner, "/admin/write-offs"), "Partner ANN_KEY owes less by now", "Refuse")
	lacks(t, "the list", bodyOf(t, w.expect(http.StatusOK, owner, "/admin/write-offs", nil)), `/approve"`)
	open, err := w.Store.OpenWriteOffs(t.Context(), w.caller.Tenant, nil)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	wants(t, "approved", textOf(t, bodyOf(t, w.expect(http.StatusConflict, owner, "/admin/write-offs/"+open[0].ID.String()+"/approve", url.Values{}))), "would make it more than zero")
	wants(t, "refused", w.after(owner, w.press(owner, "/admin/write-offs", "/refuse", nil)), "The write-off was refused.", "Refused owner@")
	if due := w.due(w.ann); due != "-15.00 USD" {
		t.Errorf("due %s", due)
	}
}

// F110-F113, D11: what waits for a rate is listed with the days of which one may be, and entering it prices it at once.
func TestARateIsEnteredForWhatWaitsAndPricesIt(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.Inbox.Rates = &rates.Rates{Store: w.Store, Now: w.Now}
	cy := storetest.Partner(t, w.Store, w.caller.Tenant, "CY_KEY", "eur")
	if _, err := w.Inbox.Rates.Keep(t.Context(), rates.Of(w.clock.AddDate(0, 0, -1))); err != nil {
		t.Fatal(err)
	}
	s := w.sale(1, 2, "cus_1", "jane@shop.example", "CY_KEY")
	s.Currency = "kwd"
	w.sell(s)
	finance := w.as(w.caller.Tenant, models.Finance)
	wants(t, "home", w.words(finance, "/admin"), "1 commission waits for an exchange rate", "Exchange rates 1 waiting")
	wants(t, "the page", w.words(finance, "/admin/rates"), "Partner CY_KEY in_1 waits since 20 November 2026", "KWD to EUR dated 8 to 18 November 2026", "2.000 KWD", "Nobody has entered a rate",
		"One euro is: CHF", "USD 1.16 19 November 2026 Made-up snapshot")
	var enter string
	for _, n := range parsed(t, bodyOf(t, w.expect(http.StatusOK, finance, "/admin/rates", nil))) {
		if n.Data == "a" && strings.Contains(attribute(n, "href"), "from=kwd") {
			enter = attribute(n, "href")
		}
	}
	enter, _, _ = strings.Cut(enter, "#")
	wants(t, "the prefilled form", bodyOf(t, w.expect(http.StatusOK, finance, enter, nil)), `value="KWD"`, `value="EUR"`, `value="2026-11-18"`, "1 KWD is how many EUR")
	for field, form := range map[string]url.Values{
		"date": {"from": {"kwd"}, "to": {"eur"}, "date": {"2026-11-21"}, "rate": {"2.8"}},
		"rate": {"from": {"kwd"}, "to": {"eur"}, "date": {"2026-11-18"}, "rate": {"2,8"}},
		"from": {"from": {"dinar"}, "to": {"eur"}, "date": {"2026-11-18"}, "rate": {"2.8"}},
		"to":   {"from": {"kwd"}, "to": {"kwd"}, "date": {"2026-11-18"}, "rate": {"2.8"}},
	} {
		wants(t, field, bodyOf(t, w.expect(http.StatusUnprocessableEntity, finance, "/admin/rates", form)), `id="`+field+`-wrong"`, `value="`+form.Get("rate")+`"`)
	}
	wants(t, "entered", w.after(finance, w.press(finance, enter, "/admin/rates", url.Values{"rate": {"2.8"}})), "The rate was entered, and 1 commission that waited was priced with it.",
		"Nothing waits", "1 KWD = 2.8 EUR", "finance@")
	if c := w.earningsOf(cy)[0]; c.Amount.String() != "5.60 EUR" || c.Status != models.Held {
		t.Errorf("%s %s", c.Amount, c.Status)
	}
	wants(t, "the same again", w.after(finance, w.press(finance, enter, "/admin/rates", url.Values{"rate": {"2.9"}})), "The rate was entered. Nothing waited for it.", "1 KWD = 2.9 EUR")
	if c := w.earningsOf(cy)[0]; c.Amount.String() != "5.60 EUR" {
		t.Errorf("priced again: %s", c.Amount)
	}
}

func TestAnApprovalIsWithdrawnByItsButton(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	w.sell(w.sale(1, 60, "cus_1", "one@shop.example", "ANN_KEY"))
	w.drawUp()
	finance, page := w.as(w.caller.Tenant, models.Finance), w.invoicePage()
	w.press(finance, page, "/approve", nil)
	wants(t, "withdrawn", w.after(finance, w.press(finance, page, "/withdraw", nil)), "The approval was withdrawn.", "Waiting for your approval", "Approval withdrawn", "Approve 20.00 USD")
	wants(t, "again", textOf(t, bodyOf(t, w.expect(http.StatusConflict, finance, page+"/withdraw", url.Values{}))), "Only an approval that nothing was paid on can be withdrawn")
	lacks(t, "a viewer", bodyOf(t, w.expect(http.StatusOK, w.as(w.caller.Tenant, models.Viewer), page, nil)), "/withdraw")
}
