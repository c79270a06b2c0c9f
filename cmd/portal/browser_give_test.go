package main

import "testing"

// Issue 3, point 6, P17, P18: a payment given by hand, with a reason, and given again: both partners keep their lines, and
// the reason stands where the decision stands. It works without JavaScript.
func (s site) givenByHand(t *testing.T) {
	const customer, give = "tilda@birch-given.example", "Give the payment"
	owner := s.visitor(t)
	owner.withoutScript()
	owner.signIn(signIns[0])
	owner.sells(customer, "", "80.00")
	owner.isShown("/admin/payments", customer)
	owner.pressAt(row(customer) + "//a")
	payment := ask[string](owner, "location.pathname")
	owner.isShown(payment, "No partner", "Counted on 80.00 USD")

	owner.unfold("Give it to a partner")
	owner.fill(give, "Reason", "She called us")
	owner.refused(give, "Partner", "", "choose the partner")
	owner.keeps(give, "Reason", "She called us")
	owner.fill(give, "Partner", "NORA")
	owner.press(give)
	owner.sees("Given to NORA by hand", "She called us", "Commission 16.00 USD")

	owner.unfold("Give it to another partner")
	owner.fill(give, "Partner", "MAPLE")
	owner.fill(give, "Reason", "It was Maple after all")
	owner.press(give)
	owner.sees("Given to MAPLE by hand", "It was Maple after all", "What Maple and Company earned", "What Nora Lindqvist earned", "−16.00 USD")

	nora := s.visitor(t)
	nora.signIn(signIns[2])
	nora.open("/partner/earnings")
	nora.pressAt(`//tbody/tr//a[.="Why"]`)
	nora.sees("By what is known now, this sale was not brought by you", "You earn 0.00 USD", "−16.00 USD", "It was Maple after all")
}
