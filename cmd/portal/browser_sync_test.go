package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// F5, F17, F32: without JavaScript an owner brings the customers from Stripe, and adds a rule for a product that Stripe
// knows by its name, which says so on the list.
func (s site) rulesAndCustomers(t *testing.T) {
	const save = "Save the rule"
	owner := s.visitor(t)
	owner.withoutScript()
	owner.signIn(signIns[0])
	owner.open("/admin/customers/sync")
	owner.press("Bring customers from Stripe")
	owner.isShown("/admin/customers/sync", "Done", "Bring them again")
	owner.isShown("/admin/rules/new?covers=products", "Lumen", "a month")
	owner.fill(save, "How much", "120")
	owner.press(save)
	owner.sees("Choose at least one product", "Must be a percentage")
	owner.fill(save, "How much", "0.5")
	owner.do("tick Lumen", chromedp.Click(`(//label[contains(., "Lumen")])[1]`, chromedp.NodeVisible))
	owner.press(save)
	owner.sees("The rules were saved", "Partners earn 0.5 % of each payment, for Lumen.")
	owner.unfold("Remove: Partners earn 0.5 %")
	owner.press("Remove this rule: Partners earn 0.5 %")
	owner.sees("The rules were saved")
}
