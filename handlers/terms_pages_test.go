package handlers

import (
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// Issue 3.7, B1, B19: both sides read which tier a sale reached, by which version of the rules, since when it is decided so,
// when it is payable and why not sooner.
func TestBothSidesReadTheTermsOfACommission(t *testing.T) {
	t.Parallel()
	w := newCompanyWorld(t)
	rule := models.Rule{Type: "percent", Value: "20", Recurring: "always", TierBy: "sales", Tiers: []models.Tier{{From: "2", Value: "25"}}}
	if err := w.Store.SaveRules(t.Context(), w.caller.Tenant, w.caller.Program, []models.Rule{rule}, "test", w.clock.AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	second := w.sale(2, 1, "cus_2", "two@shop.example", "ANN_KEY")
	w.sell(w.sale(1, 2, "cus_1", "one@shop.example", "ANN_KEY"))
	w.sell(second)
	viewer := w.as(w.caller.Tenant, models.Viewer)
	terms := []string{"20 % (25 % from the 2nd sale in a month on) of each payment, rule version 2",
		"The 2nd sale in November 2026: 25 % from the 2nd on, rule version 2", "When is it payable, and why not sooner?",
		"Payable on 19 December 2026: 30 days after the payment, the refund window", "Decided on 20 November 2026 by rule version 2", "25.00 USD"}
	wants(t, "the company's page", w.words(viewer, w.paymentPage(second)), append(terms, "Has the partner's month reached a tier of the rule?")...)
	var mine string
	for _, c := range w.earningsOf(w.ann) {
		if c.PaymentKey == "in_2" {
			mine = "/partner/earnings/" + c.ID.String()
		}
	}
	me := w.signInAs(w.ann)
	_, words := w.read(me, mine)
	wants(t, "the partner's page", words, append(terms, "Has your month reached a tier of the rule?")...)
	w.post(second.Charge(storetest.Old), second.Dispute(10000, "needs_response", time.Hour))
	why := "Not before the dispute is decided; then payable on 19 December 2026"
	wants(t, "the company's page", w.words(viewer, w.paymentPage(second)), why)
	_, words = w.read(me, mine)
	wants(t, "the partner's page", words, why)
}
