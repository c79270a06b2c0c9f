package inbox

import (
	"portal/commission"
	"portal/models"
)

// CheckRules tells what is wrong with a list of rules as FieldErrors, whose fields are named like data[0].value; nil
// when they can be saved.
func CheckRules(rules []models.Rule) error { return commission.Validate(rules) }
