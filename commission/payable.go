package commission

import (
	"fmt"

	"portal/models"
)

// WithPayable are a commission's steps with one at their end that says when it is payable, and why not sooner.
func WithPayable(c models.Commission) []models.Step {
	var steps []models.Step
	for _, s := range c.Steps {
		if s.Rule != "payable" {
			steps = append(steps, s)
		}
	}
	return append(steps, payable(c))
}

func payable(c models.Commission) models.Step {
	when := "payable at once: no hold"
	if c.HoldDays > 0 {
		when = fmt.Sprintf("payable on %s: %s after the payment, the refund window", c.PayableOn.UTC().Format("2 January 2006"), plural(c.HoldDays, "day"))
	}
	step := models.Step{Rule: "payable", Verdict: models.Computed, Because: when}
	switch {
	case c.Status == models.Waiting:
		step.Verdict, step.Because = models.Skipped, "waits for a rate; then "+when
	case c.Amount.Minor == 0 && c.Earned.Minor == 0:
		step.Verdict, step.Because = models.Skipped, "there is nothing to pay"
	case c.Amount.Minor == 0:
		step.Verdict, step.Because = models.Skipped, "nothing is left to pay: all of it was taken back"
	case c.Disputed && !c.Matured:
		step.Verdict, step.Because = models.Refused, "not before the dispute is decided; then "+when
	}
	return step
}
