package sources

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"portal/models"
)

// API reads the transactions that a company's own code posts (F43, F80).
type API struct{}

// Transaction is a posted transaction as it is kept. Its amount is in major units (D12).
type Transaction struct {
	Key            string    `json:"key"`
	Amount         string    `json:"amount"`
	AmountUnits    string    `json:"amount_units"` // the currency
	Action         string    `json:"action"`       // sale
	Partner        string    `json:"partner"`      // the key
	CustomerKey    string    `json:"customer_key"`
	CustomerEmail  string    `json:"customer_email"`
	CustomerName   string    `json:"customer_name"`
	ProductID      string    `json:"product_id"`
	ProductType    string    `json:"product_type"`
	CreateCustomer bool      `json:"create_customer"`
	ClickID        string    `json:"click_id,omitempty"` // of a visit through a partner's link
	PaidAt         time.Time `json:"paid_at"`
}

// Verify refuses: an API call is proved by its key before it comes here.
func (API) Verify([]string, http.Header, []byte, time.Time) (models.Event, error) {
	return models.Event{}, errUnsigned
}

// Read retells a kept transaction. Its error is a models.FieldErrors that names the posted field.
func (API) Read(e models.Event) (models.News, error) {
	var t Transaction
	if err := json.Unmarshal(e.Body, &t); err != nil {
		return models.News{}, models.Invalid("body", "is not a transaction")
	}
	telling, err := t.Tell()
	if err != nil {
		return models.News{}, fmt.Errorf("transaction %s: %w", clip(t.Key), err)
	}
	if !e.Program.IsZero() {
		telling.Program = &e.Program
	}
	if t.PaidAt.IsZero() { // Portal itself sets it before it keeps a transaction
		return models.News{}, fmt.Errorf("transaction %s: %w", clip(t.Key), models.Invalid("paid_at", "is missing"))
	}
	a, err := ReadAnswer(e.Answer)
	if err != nil {
		return models.News{}, err
	}
	n := models.News{}
	switch {
	case telling.InvoiceKnown:
	case a.Aside:
		n.Ask = &models.Question{Charge: telling.Charge, Intent: telling.Intent}
	default:
		telling.InvoiceKnown, telling.Invoice = true, a.Invoice
		telling.Intent = cmp.Or(telling.Intent, a.Intent)
	}
	n.Tellings = []models.Telling{telling}
	return withShown(n, e.Answer)
}

// Tell is what a transaction says of its money. Its error is a models.FieldErrors that names the posted field.
func (t Transaction) Tell() (models.Telling, error) {
	amount, err := t.money()
	if err != nil {
		return models.Telling{}, err
	}
	telling := models.Telling{
		Source: models.SourceAPI, Object: "api:" + t.Key, Rank: rankAPI, At: t.PaidAt.UTC(), PaidAt: t.PaidAt.UTC(),
		Counts: amount.Minor > 0, Kind: models.Sale, Gross: amount, Base: amount,
		Lines:    []models.Line{{Product: clean(t.ProductID), ProductType: clean(t.ProductType), Net: amount.Minor}},
		Customer: t.customer(), Clues: models.Clues{Partner: clean(t.Partner), Click: clean(t.ClickID)}, Body: t.digest(amount),
	}
	t.identify(&telling)
	return telling, nil
}

func (t Transaction) money() (models.Money, error) {
	if word(t.Key) == "" {
		return models.Money{}, models.Invalid("key", "must be 1 to 255 printable characters")
	}
	if t.Action != "" && t.Action != "sale" {
		return models.Money{}, models.Invalid("action", "must be sale")
	}
	currency, err := models.ParseCurrency(t.AmountUnits)
	if err != nil {
		return models.Money{}, models.Invalid("amount_units", "is not a currency that Portal knows; use an ISO code such as usd")
	}
	amount, err := models.ParseMoney(t.Amount, currency)
	if err != nil {
		return models.Money{}, models.Invalid("amount", err.Error())
	}
	if amount.Minor < 0 {
		return models.Money{}, models.Invalid("amount", "must not be negative")
	}
	if amount.Minor > most {
		return models.Money{}, models.Invalid("amount", "is larger than any payment can be")
	}
	return amount, nil
}

// identify names the money by its key. A Stripe id is taken as one, so that the call meets the webhook of the same
// money (F44, MONEY.md 2.1). A payment intent's or charge's id leaves open whether an invoice stands behind it.
func (t Transaction) identify(telling *models.Telling) {
	prefix, _, _ := strings.Cut(t.Key, "_")
	switch prefix {
	case "in":
		telling.Invoice, telling.InvoiceKnown = t.Key, true
	case "cs":
		telling.Session, telling.InvoiceKnown = t.Key, true
	case "pi":
		telling.Intent = t.Key
	case "ch", "py":
		telling.Charge = t.Key
	default:
		telling.Key, telling.InvoiceKnown = t.Key, true
	}
}

// customer takes cus_… and stripe_cus_… for the customer of that Stripe id (CONTRACT.md 5).
func (t Transaction) customer() models.PaymentCustomer {
	c := models.PaymentCustomer{Key: clean(t.CustomerKey), Email: clean(t.CustomerEmail), Name: clean(t.CustomerName), FindOnly: !t.CreateCustomer}
	if id := strings.TrimPrefix(c.Key, "stripe_"); strings.HasPrefix(id, "cus_") {
		c.Key, c.StripeID = "", id
	}
	return c
}

// digest tells a repeat from a contradiction. The way an amount is written, and when it came, make no difference.
func (t Transaction) digest(amount models.Money) string {
	t.Amount, t.AmountUnits, t.PaidAt = amount.Decimal(), string(amount.Currency), time.Time{}
	if t.Action == "" {
		t.Action = "sale"
	}
	content, _ := json.Marshal(t) // strings and a flag cannot fail
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
