package handlers

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"portal/models"
)

// apiMoney is an amount as answers show it.
type apiMoney struct {
	Amount   string `json:"amount" example:"99.99" doc:"A decimal in major units, with exactly the currency's digits."`
	Currency string `json:"currency" example:"usd" doc:"An ISO code in lower case."`
}

func apiMoneyOf(m models.Money) apiMoney { return apiMoney{m.Decimal(), string(m.Currency)} }

// apiDecimal is an amount in a request: a number or a string, kept as it was written and never a float.
type apiDecimal string

// UnmarshalJSON takes a string's text or a number's own digits.
func (d *apiDecimal) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	*d = apiDecimal(text)
	return nil
}

// Schema is either type.
func (apiDecimal) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}}}
}

// in reads the amount in a currency. More decimals than it has are an error, not a rounding (D12).
func (d apiDecimal) in(c models.Currency, w *apiWrong, field string) models.Money {
	m, err := models.ParseMoney(string(d), c)
	if err != nil {
		w.say(field, err.Error())
	}
	return m
}
