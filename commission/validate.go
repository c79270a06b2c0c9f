package commission

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"portal/models"
)

// checks look at one rule each. A new one is a function and a line here.
var checks = []func(models.Rule) models.FieldErrors{partnerShape, productShape, valueShape, recurringShape, tiersShape}

// Validate tells what is wrong with a list of rules as FieldErrors, whose fields are named like data[0].value; nil
// when all is well. Two rules for the same thing are refused: the second would never win.
func Validate(rules []models.Rule) error {
	var wrong models.FieldErrors
	seen := map[string]int{}
	for i, rule := range rules {
		for _, check := range checks {
			for _, e := range check(rule) {
				wrong = append(wrong, models.FieldError{Field: fmt.Sprintf("data[%d].%s", i, e.Field), Message: e.Message})
			}
		}
		if first, twice := seen[scope(rule)]; twice {
			wrong = append(wrong, models.FieldError{Field: fmt.Sprintf("data[%d]", i), Message: fmt.Sprintf("covers the same as data[%d]; keep one of them", first)})
			continue
		}
		seen[scope(rule)] = i
	}
	if wrong == nil {
		return nil
	}
	return wrong
}

func scope(r models.Rule) string {
	var parts []string
	for _, asked := range []*string{r.Partner, r.Product, r.ProductType} {
		if asked == nil {
			parts = append(parts, "any")
			continue
		}
		parts = append(parts, fmt.Sprintf("%q", *asked))
	}
	return strings.Join(parts, " ")
}

func partnerShape(r models.Rule) models.FieldErrors {
	if r.Partner != nil && !models.IsPartnerKey(*r.Partner) {
		return models.FieldErrors{{Field: "partner", Message: "must be a partner's key: up to 200 letters, digits, _ and -; or null for every partner"}}
	}
	return nil
}

func productShape(r models.Rule) models.FieldErrors {
	var wrong models.FieldErrors
	if r.Product != nil && !isWord(*r.Product) {
		wrong = append(wrong, models.FieldError{Field: "product", Message: "must be the provider's product id, up to 200 characters, or null for every product"})
	}
	if r.ProductType != nil && !isWord(*r.ProductType) {
		wrong = append(wrong, models.FieldError{Field: "product_type", Message: "must be a product type, up to 200 characters, or null for every type"})
	}
	return wrong
}

func isWord(text string) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= 200 && !strings.ContainsFunc(text, unicode.IsControl)
}

func valueShape(r models.Rule) models.FieldErrors {
	if wrong := kindShape(r); wrong != nil {
		return wrong
	}
	if wrong := wrongValue(r, r.Value); wrong != "" {
		return models.FieldErrors{{Field: "value", Message: wrong}}
	}
	return nil
}

// kindShape checks what the rule's values are read by.
func kindShape(r models.Rule) models.FieldErrors {
	switch {
	case r.Type != "percent" && r.Type != "fixed":
		return models.FieldErrors{{Field: "type", Message: "must be percent or fixed"}}
	case r.Type == "fixed" && !models.Currency(r.Currency).Known():
		return models.FieldErrors{{Field: "currency", Message: "must be the currency of the fixed value, an ISO code in lower case such as usd"}}
	}
	return nil
}

// wrongValue says what is wrong with a value of the rule's kind, its own or a tier's; empty when all is well.
func wrongValue(r models.Rule, value string) string {
	if r.Type == "percent" {
		if _, ok := parsePercent(value); !ok {
			return "must be a percentage from 0 to 100 with at most 4 decimals, such as 12.5"
		}
		return ""
	}
	switch amount, err := models.ParseMoney(value, models.Currency(r.Currency)); {
	case err != nil:
		return err.Error()
	case amount.Minor < 0:
		return "must not be below zero"
	}
	return ""
}

func recurringShape(r models.Rule) models.FieldErrors {
	_, err := parseMonths(r.Recurring)
	if r.Recurring == "always" || r.Recurring == "first" || err == nil {
		return nil
	}
	return models.FieldErrors{{Field: "recurring", Message: fmt.Sprintf("must be always, first, or a number of months from 1 to %d", mostMonths)}}
}
