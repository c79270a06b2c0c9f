package views

import (
	"fmt"
	"strings"
	"time"

	"portal/models"
)

var brands = map[string]string{"amex": "American Express", "diners": "Diners Club", "discover": "Discover", "jcb": "JCB", "mastercard": "Mastercard", "unionpay": "UnionPay", "visa": "Visa", "eftpos_au": "Eftpos"}

// BrandName is what a card's brand is called.
func BrandName(brand string) string {
	if name := brands[brand]; name != "" {
		return name
	}
	if brand == "" {
		return "Card"
	}
	return strings.ToUpper(brand[:1]) + brand[1:]
}

// CardMonth is a card's last month.
func CardMonth(c models.Card) string {
	return fmt.Sprintf("%s %d", time.Month(c.ExpMonth), c.ExpYear)
}
