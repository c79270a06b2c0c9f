package main

import (
	"strings"
	"testing"
	"time"
)

// Issue 2, "Done when": the whole story in a real browser; its forms also without JavaScript; axe finds nothing serious.
func TestInARealBrowser(t *testing.T) {
	s := newSite(t)
	t.Run("a sale in the sandbox becomes the partner's paid invoice", s.story)
	t.Run("a payment is given to a partner by hand, and to another one", s.givenByHand)
	t.Run("a code is given to a partner, and removed", s.codes)
	t.Run("what finance books by hand", s.hand)
	t.Run("axe finds nothing serious on any page, light and dark, wide and narrow", s.accessible)
	t.Run("every form works without JavaScript", s.withoutScript)
	t.Run("payments without a partner are linked, by file too, and backfilled", s.inbox)
	t.Run("customers are brought from Stripe, and a rule is made for a product", s.rulesAndCustomers)
	t.Run("Stripe is disconnected, connected by a key and by OAuth, and its access taken away", s.connection) // the last: nothing comes in after it
}

// inDays is a day counted from today, as a date field sends it.
func inDays(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }

// day is inDays in words.
func day(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format("2 January 2006") }

// afterTheHold is later than what was sold today is held: an invoice drawn up until then gathers it.
func afterTheHold() string { return inDays(31) }

// Parts of pages.
const (
	anyInvoice   = `//main//a[starts-with(@href, "/admin/invoices/")]`
	decidingStep = `//li[contains(., "Decided here")]`
)

func fact(label string) string {
	return `//dt[normalize-space(.)="` + label + `"]/following-sibling::dd`
}

func (s site) story(t *testing.T) {
	const customer = "rosalind@meadow-browser.example"
	owner := s.visitor(t)
	owner.signIn(signIns[0])
	if !ask[bool](owner, `document.documentElement.classList.contains("js")`) {
		t.Error("Portal's own script does not run")
	}

	heldUntil := time.Now().UTC().AddDate(0, 0, 30).Format("2 January 2006")
	owner.sells(customer, "NORA", "100.00")
	took := owner.isShown("/admin/payments", customer)
	owner.pressAt(row(customer) + `//td[contains(@class, "money")]`) // the whole row leads to the payment
	payment := ask[string](owner, "location.pathname")
	// Until the session's event has come after the charge's, nobody has earned it.
	took += owner.isShown(payment, "100.00 USD", "Held until "+heldUntil, "20 % of each payment", "Base 100.00 USD: 20.00 USD")
	if took > 2*time.Second {
		t.Errorf("the sale showed after %v only", took)
	}
	if step := owner.textAt(decidingStep); !strings.Contains(step, "Does metadata name a partner? Yes.") || !strings.Contains(step, "names NORA") {
		owner.failf("the deciding step is %q", step)
	}

	owner.refundsHalf(customer)
	owner.isShown(payment, "What came later", "−10.00 USD", "Left after that 10.00 USD", "Partly refunded", "Refunded 50.00 USD")

	owner.open("/admin/invoices/new")
	owner.fill("Show what that gathers", "Payable up to and including", afterTheHold())
	owner.press("Show what that gathers")
	owner.sees("that is still held for refunds")
	owner.press("Draw up ")
	owner.sees("Waiting for your approval", "Nora Lindqvist")

	finance := s.visitor(t)
	finance.signIn(signIns[1])
	finance.open(payment)
	finance.pressAt(anyInvoice)
	invoice := ask[string](finance, "location.pathname")
	finance.sees(customer, "For Nora Lindqvist", "Waiting for your approval", "Earned Sale 100.00 USD 20.00 USD", "50.00 USD refunded Sale 100.00 USD −10.00 USD")
	finance.press("Approve ")
	finance.sees("Approved, ready to pay", "Approved "+signIns[1].Email)
	total := finance.textAt(fact("Total"))
	finance.unfold("Pay " + total)
	finance.sees("Nora Lindqvist, Stripe account", "Visa ending 4242")
	finance.press("Pay " + total + " now")
	finance.isShown(invoice, "Went through")
	if state := finance.textAt("//h1"); !strings.HasSuffix(state, " Paid") {
		finance.failf("the invoice is %q", state)
	}
	if reference := finance.attribute(fact("Reference")+"//button", "data-copy"); !strings.HasPrefix(reference, "pi_") {
		finance.failf("the reference is %q", reference)
	}
	finance.open("/sandbox/?account=" + platformAccount)
	if charge := finance.textAt(`//tbody/tr[contains(., "ch_")]`); !strings.Contains(charge, total) || !strings.Contains(charge, "Paid") {
		finance.failf("the platform's latest charge is %q, not of %s", charge, total)
	}
	s.nora(t, customer, total)
}

// nora sees what she earned of the sale, why, and that it is paid; and never who the customer is.
func (s site) nora(t *testing.T, customer, total string) {
	nora := s.visitor(t)
	nora.signIn(signIns[2])
	masked := func() {
		t.Helper()
		nora.sees("r***@m…")
		if html := ask[string](nora, "document.documentElement.outerHTML"); strings.Contains(html, customer) || strings.Contains(html, "meadow-browser") {
			nora.failf("the page tells the customer's address")
		}
	}
	masked()
	nora.open("/partner/earnings")
	masked()
	latest := nora.textAt(`//tbody/tr`)
	for _, words := range []string{"10.00 USD", "20.00 USD at first", "r***@m…", "Paid out"} {
		if !strings.Contains(latest, words) {
			nora.failf("the latest earning is %q, without %q", latest, words)
		}
	}
	nora.pressAt(`//tbody/tr//a[.="Why"]`)
	masked()
	nora.sees("You earn 10.00 USD", "At first 20.00 USD", "Does the sale carry a partner code in its metadata? Yes.", "20 % of each payment", "−10.00 USD", "Paid out")
	nora.pressAt(`//main//a[starts-with(@href, "/partner/invoices/")]`)
	masked()
	nora.sees("Total "+total, "Paid on ", "by Stripe")
}

func (s site) withoutScript(t *testing.T) {
	const first, second = "bruno@quarry-plain.example", "selma@quarry-plain.example"
	owner := s.visitor(t)
	owner.withoutScript()
	owner.signsInAtTheSecondTry()
	if ask[bool](owner, `document.documentElement.classList.contains("js")`) {
		t.Fatal("JavaScript runs")
	}

	owner.open("/sandbox/")
	owner.fill("Make the sale", "email", first)
	owner.fill("Make the sale", "amount", "a hundred")
	owner.refused("Make the sale", "amount", "a hundred", "Give an amount")
	owner.keeps("Make the sale", "email", first)
	owner.sells(first, "NORA", "100.00")
	owner.sells(second, "MAPLE", "50.00")
	owner.isShown("/admin/payments?partner=NORA", first)
	owner.isShown("/admin/payments?partner=MAPLE", second)
	owner.refundsHalf(first)
	owner.open("/admin/payments")
	owner.fill("Show", "Partner", "NORA")
	owner.press("Show")
	owner.pressAt(row(first) + "//a")
	payment := ask[string](owner, "location.pathname")
	owner.isShown(payment, "Left after that 10.00 USD")

	owner.open("/admin/invoices")
	owner.press("Draw up invoices")
	owner.fill("Show what that gathers", "Payable up to and including", "1999-12-31")
	owner.refused("Show what that gathers", "Payable up to and including", "1999-12-31", "Give a day")
	owner.fill("Show what that gathers", "Payable up to and including", afterTheHold())
	owner.press("Show what that gathers")
	owner.sees("Nora Lindqvist", "Maple and Company")
	owner.press("Draw up ")
	owner.sees("Waiting for your approval")

	owner.open(payment)
	owner.pressAt(anyInvoice)
	owner.press("Approve ")
	owner.unfold("Mark as paid elsewhere")
	owner.fill("Mark as paid", "Reference", "Transfer 4711")
	owner.fill("Mark as paid", "Paid on", "1999-12-31")
	owner.refused("Mark as paid", "Paid on", "1999-12-31", "Give a day")
	owner.keeps("Mark as paid", "Reference", "Transfer 4711")
	owner.fill("Mark as paid", "Paid on", inDays(0))
	owner.press("Mark as paid")
	owner.sees("Paid elsewhere", "Transfer 4711", "by "+signIns[0].Email)

	owner.open("/admin/invoices?status=review")
	if status := owner.press("Approve the ticked ones"); status != 422 {
		owner.failf("none ticked is answered %d", status)
	}
	owner.sees("Tick at least one invoice.")
	ask[bool](owner, `document.querySelectorAll("main input[type=checkbox]").forEach(box => box.click()) ?? true`)
	owner.press("Approve the ticked ones")
	owner.open("/admin/payments")
	owner.pressAt(row(second) + "//a")
	owner.pressAt(anyInvoice)
	total := owner.textAt(fact("Total"))
	owner.unfold("Pay " + total)
	owner.press("Pay " + total + " now")
	owner.isShown(ask[string](owner, "location.pathname"), "Went through")

	owner.addsAPartner()
	owner.press("Switch to live data")
	owner.open("/admin/payments")
	owner.sees("No payment has come yet")
	owner.press("Show test data")
	owner.press("Sign out")
	owner.sees("Sign in")
	owner.open("/admin")
	owner.sees("E-mail address")
}

// signsInAtTheSecondTry mistypes the password first.
func (v *visitor) signsInAtTheSecondTry() {
	v.t.Helper()
	v.open("/admin/invoices")
	v.fill("Sign in", "E-mail address", signIns[0].Email)
	v.fill("Sign in", "Password", "demo-owner-2025")
	if status := v.press("Sign in"); status != 422 {
		v.failf("a wrong password is answered %d", status)
	}
	v.sees("do not belong together")
	v.keeps("Sign in", "E-mail address", signIns[0].Email)
	v.fill("Sign in", "Password", signIns[0].Password)
	v.press("Sign in")
	v.sees("What partners are to be paid") // the page that was asked for
}

// addsAPartner chooses a key that cannot be, then one that is taken, then a free one.
func (v *visitor) addsAPartner() {
	v.t.Helper()
	const add = "Add the partner"
	v.open("/admin/partners")
	v.press("Add a partner")
	v.fill(add, "Name", "Plain Words")
	v.fill(add, "Paid in", "eur")
	for key, wrong := range map[string]string{"two words": "without spaces", "NORA": "another partner has this key"} {
		v.fill(add, "Key", key)
		v.refused(add, "Key", key, wrong)
	}
	v.keeps(add, "Name", "Plain Words")
	v.keeps(add, "Paid in", "eur")
	v.fill(add, "Key", "PLAIN")
	v.press(add)
	v.sees("Plain Words", "PLAIN", "EUR")
}

// refused presses the button of a form and sees that one field is refused: what was typed stays, and the reason stands
// with the field, also for those who cannot see it.
func (v *visitor) refused(button, label, typed, reason string) {
	v.t.Helper()
	if status := v.press(button); status != 422 {
		v.failf("%q is answered %d", typed, status)
	}
	v.keeps(button, label, typed)
	at := field(button, label)
	if v.attribute(at, "aria-invalid") != "true" {
		v.failf("%s is not said to be wrong", label)
	}
	said := v.textAt(`//*[@id="` + strings.Fields(v.attribute(at, "aria-describedby"))[0] + `"]`)
	if !strings.Contains(strings.ToLower(said), strings.ToLower(reason)) {
		v.failf("%s is refused with %q, without %q", label, said, reason)
	}
}

// keeps sees that a field still holds what was typed.
func (v *visitor) keeps(button, label, typed string) {
	v.t.Helper()
	if got := v.typed(button, label); got != typed {
		v.failf("%s holds %q, not %q", label, got, typed)
	}
}
