package commission_test

import (
	"testing"
	"time"

	"portal/commission"
	"portal/models"
)

// Issue 3.7: each commission says when it is payable, and why not sooner.
func TestACommissionSaysWhenItIsPayable(t *testing.T) {
	held := models.Commission{Status: models.Held, HoldDays: 30, PayableOn: time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC), Earned: usd(2000), Amount: usd(2000)}
	with := func(change func(*models.Commission)) models.Commission { c := held; change(&c); return c }
	for name, c := range map[string]struct {
		commission models.Commission
		want       models.Step
	}{
		"held in case of a refund": {held, models.Step{Verdict: models.Computed, Because: "payable on 20 December 2026: 30 days after the payment, the refund window"}},
		"held for one day":         {with(func(c *models.Commission) { c.HoldDays = 1 }), models.Step{Verdict: models.Computed, Because: "payable on 20 December 2026: 1 day after the payment, the refund window"}},
		"no hold":                  {with(func(c *models.Commission) { c.HoldDays, c.Status, c.Matured = 0, models.Due, true }), models.Step{Verdict: models.Computed, Because: "payable at once: no hold"}},
		"disputed": {with(func(c *models.Commission) { c.Disputed = true }),
			models.Step{Verdict: models.Refused, Because: "not before the dispute is decided; then payable on 20 December 2026: 30 days after the payment, the refund window"}},
		"disputed when it was paid already": {with(func(c *models.Commission) { c.Disputed, c.Matured, c.Status = true, true, models.CommissionPaid }),
			models.Step{Verdict: models.Computed, Because: "payable on 20 December 2026: 30 days after the payment, the refund window"}},
		"waiting for a rate": {with(func(c *models.Commission) { c.Status, c.HoldDays = models.Waiting, 0 }),
			models.Step{Verdict: models.Skipped, Because: "waits for a rate; then payable at once: no hold"}},
		"all of it refunded": {with(func(c *models.Commission) { c.Amount.Minor, c.Status = 0, models.CommissionReversed }),
			models.Step{Verdict: models.Skipped, Because: "nothing is left to pay: all of it was taken back"}},
		"nothing earned": {with(func(c *models.Commission) { c.Amount.Minor, c.Earned.Minor = 0, 0 }), models.Step{Verdict: models.Skipped, Because: "there is nothing to pay"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Rule = "payable"
			amount := models.Step{Rule: "amount", Verdict: models.Computed, Because: "20.00 USD"}
			c.commission.Steps = []models.Step{amount, {Rule: "payable", Because: "what was said before"}}
			steps := commission.WithPayable(c.commission)
			if len(steps) != 2 || steps[0] != amount || steps[1] != c.want {
				t.Errorf("got %+v", steps)
			}
		})
	}
}
