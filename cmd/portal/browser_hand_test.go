package main

import (
	"fmt"
	"testing"
)

// hand walks what finance does by hand: a bonus that comes on the invoice, a debt that a second person writes off, and a
// rate for a commission that waits (issue 3, points 4, 6 and 8). It leaves one of each undone, for axe to look at.
func (s site) hand(t *testing.T) {
	finance, owner := s.visitor(t), s.visitor(t)
	finance.signIn(signIns[1])
	owner.signIn(signIns[0])
	finance.bonusOnAnInvoice()
	finance.asksToWriteOff("Atlas Media", "5000.00", "100.00")
	finance.open("/admin/write-offs")
	finance.sees("To write off 100.00 USD", "You asked for it. Another person must approve or refuse it.")
	owner.open("/admin/write-offs")
	owner.press("Write off 100.00")
	owner.sees("Written off. The partner can see it.", "No write-off waits", "Atlas Media", signIns[0].Email)
	finance.asksToWriteOff("Atlas Media", "", "50.00")
	finance.entersARate(owner)
}

// partnerNamed opens the page of a partner.
func (v *visitor) partnerNamed(name string) {
	v.t.Helper()
	v.open("/admin/partners")
	v.pressAt(row(name) + "//a")
}

// books books a bonus or a deduction on the page of a partner.
func (v *visitor) books(kind, amount, reason string) {
	v.t.Helper()
	const book = "Book it"
	v.press("Bonus or deduction")
	v.fill(book, "What", kind)
	v.fill(book, "Reason", reason)
	v.fill(book, "amount", "twelve")
	v.refused(book, "amount", "twelve", "decimal number")
	v.keeps(book, "Reason", reason)
	v.fill(book, "amount", amount)
	v.press(book)
}

func (v *visitor) bonusOnAnInvoice() {
	v.t.Helper()
	v.partnerNamed("Kenji Tanaka")
	v.books("bonus", "75.00", "Thank you for the workshop")
	v.sees("The bonus was booked.", "Thank you for the workshop", "Ready to be invoiced")
	partner := ask[string](v, "location.pathname")
	v.open("/admin/invoices/new?until=" + inDays(0))
	v.press("Draw up ")
	v.open(partner)
	v.pressAt(row("Thank you for the workshop") + `//a[starts-with(@href, "/admin/invoices/")]`)
	v.sees("For Kenji Tanaka", "Waiting for your approval")
	if line := v.textAt(row("Thank you for the workshop")); line != "Bonus "+day(0)+" Thank you for the workshop 75.00 USD" {
		v.failf("the invoice's line is %q", line)
	}
	v.press("Approve ")
	v.unfold("More actions")
	v.press("Withdraw approval")
	v.sees("The approval was withdrawn.", "Waiting for your approval")
}

// asksToWriteOff takes a deduction, unless its amount is empty, and asks to write off a part of what the partner then owes.
func (v *visitor) asksToWriteOff(name, deduction, amount string) {
	v.t.Helper()
	const send = "Ask for approval"
	v.partnerNamed(name)
	if deduction != "" {
		v.books("deduction", deduction, "Paid twice")
	}
	v.sees(name+" owes ", "It comes off the next invoice.")
	v.press("Ask to write it off")
	v.fill(send, "Reason", "The agency has closed")
	v.fill(send, "amount", "99999999")
	v.refused(send, "amount", "99999999", "at most the")
	v.keeps(send, "Reason", "The agency has closed")
	v.fill(send, "amount", amount)
	v.press(send)
	v.sees("Another person must approve or refuse the write-off.", fmt.Sprintf("asked to write off %s USD: “The agency has closed”", amount))
}

// entersARate prices a sale in a currency that nobody publishes.
func (v *visitor) entersARate(seller *visitor) {
	v.t.Helper()
	const sale, enter = "Make the sale", "Enter the rate"
	for email, currency := range map[string]string{"amal@dune-browser.example": "aed", "khalid@dune-browser.example": "kwd"} {
		seller.open("/sandbox/")
		for field, value := range map[string]string{"email": email, "partner": "NORA", "amount": "400.00", "tax": "", "currency": currency} {
			seller.fill(sale, field, value)
		}
		seller.press(sale)
	}
	v.isShown("/admin/rates", "AED to USD", "KWD to USD", "80.00 AED")
	v.pressAt(row("AED to USD") + `//a[contains(., "Enter a rate")]`)
	v.fill(enter, "rate", "0,25")
	v.refused(enter, "rate", "0,25", "decimal number above zero")
	v.keeps(enter, "From", "AED")
	v.fill(enter, "rate", "0.25")
	v.press(enter)
	v.sees("The rate was entered, and 1 commission that waited was priced with it.", "1 AED = 0.25 USD", signIns[1].Email)
	v.open("/admin/payments?partner=NORA")
	v.pressAt(row("amal@dune-browser.example") + "//a")
	v.sees("20.00 USD", "1 AED is 0.25 USD (by hand, "+inDays(0)+")")
}
