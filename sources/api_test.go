package sources

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"portal/models"
)

// posted is the transaction of F80 and F43-F49.
func posted() Transaction {
	return Transaction{
		Key: "order-7", Amount: "99.99", AmountUnits: "usd", Action: "sale", Partner: "PARTNER_A",
		CustomerKey: "user_1", CustomerEmail: "ada@example.com", ProductID: "prod_1", ProductType: "monthly",
		CreateCustomer: true, PaidAt: time.Unix(1710000000, 0).UTC(),
	}
}

func read(t *testing.T, tr Transaction) (models.News, error) {
	t.Helper()
	body, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	return API{}.Read(models.Event{Source: models.SourceAPI, Body: body})
}

func TestATransactionIsToldWhole(t *testing.T) {
	t.Parallel()
	n, err := read(t, posted())
	if err != nil {
		t.Fatal(err)
	}
	got := n.Tellings[0]
	if len(got.Body) != 64 {
		t.Errorf("digest %q", got.Body)
	}
	got.Body = ""
	at, amount := time.Unix(1710000000, 0).UTC(), models.Money{Minor: 9999, Currency: "usd"}
	want := models.Telling{
		Source: models.SourceAPI, Object: "api:order-7", Rank: 5, At: at, PaidAt: at, Counts: true, InvoiceKnown: true,
		Key: "order-7", Kind: models.Sale, Gross: amount, Base: amount,
		Lines:    []models.Line{{Product: "prod_1", ProductType: "monthly", Net: 9999}},
		Customer: models.PaymentCustomer{Key: "user_1", Email: "ada@example.com"},
		Clues:    models.Clues{Partner: "PARTNER_A"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// F44, MONEY.md 2.1: a Stripe id as key is the alias by which the call and the webhook of one sale meet.
func TestAKeyThatIsAStripeIDNamesTheStripeMoney(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]models.Telling{
		"in_1":    {Invoice: "in_1", InvoiceKnown: true},
		"pi_1":    {Intent: "pi_1"},
		"ch_1":    {Charge: "ch_1"},
		"py_1":    {Charge: "py_1"},
		"cs_1":    {Session: "cs_1", InvoiceKnown: true},
		"order_1": {Key: "order_1", InvoiceKnown: true},
		"chx":     {Key: "chx", InvoiceKnown: true},
	} {
		tr := posted()
		tr.Key = key
		got, err := tr.Tell()
		same := got.Invoice == want.Invoice && got.Intent == want.Intent && got.Charge == want.Charge && got.Session == want.Session && got.Key == want.Key
		if err != nil || !same || got.InvoiceKnown != want.InvoiceKnown {
			t.Errorf("%s: %v, %+v", key, err, got)
		}
	}
}

// F49, F50, CONTRACT.md 5: cus_123 and stripe_cus_123 are one customer.
func TestACustomerKeyOfStripeIsItsID(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]models.PaymentCustomer{
		"cus_123":        {StripeID: "cus_123", FindOnly: true},
		"stripe_cus_123": {StripeID: "cus_123", FindOnly: true},
		"stripe_1":       {Key: "stripe_1", FindOnly: true},
		"user_1":         {Key: "user_1", FindOnly: true},
	} {
		if got := (Transaction{CustomerKey: key}).customer(); got != want {
			t.Errorf("%s: %+v", key, got)
		}
	}
}

// CONTRACT.md 5: the same key and body again is a repeat, however its amount is written and whenever it comes.
func TestTheDigestTellsARepeatFromAContradiction(t *testing.T) {
	t.Parallel()
	digest := func(change func(*Transaction)) string {
		tr := posted()
		change(&tr)
		got, err := tr.Tell()
		if err != nil {
			t.Fatal(err)
		}
		return got.Body
	}
	first := digest(func(*Transaction) {})
	for name, change := range map[string]func(*Transaction){
		"another time":    func(tr *Transaction) { tr.PaidAt = tr.PaidAt.Add(time.Hour) },
		"a capital code":  func(tr *Transaction) { tr.AmountUnits = "USD" },
		"a leading zero":  func(tr *Transaction) { tr.Amount = "099.99" },
		"no action given": func(tr *Transaction) { tr.Action = "" },
	} {
		if digest(change) != first {
			t.Errorf("%s is not a repeat", name)
		}
	}
	for name, change := range map[string]func(*Transaction){
		"another amount":   func(tr *Transaction) { tr.Amount = "99.98" },
		"another currency": func(tr *Transaction) { tr.AmountUnits = "eur" },
		"another partner":  func(tr *Transaction) { tr.Partner = "PARTNER_B" },
		"another customer": func(tr *Transaction) { tr.CustomerEmail = "" },
	} {
		if digest(change) == first {
			t.Errorf("%s is taken for a repeat", name)
		}
	}
}

// D12, issue 2 "Bad input": the error names the posted field, and nothing is rounded.
func TestBadTransactionsNameTheField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		field  string
		change func(*Transaction)
	}{
		"no key":             {"key", func(tr *Transaction) { tr.Key = "" }},
		"a long key":         {"key", func(tr *Transaction) { tr.Key = string(make([]byte, 300)) }},
		"three decimals":     {"amount", func(tr *Transaction) { tr.Amount = "9.999" }},
		"a decimal of a yen": {"amount", func(tr *Transaction) { tr.Amount, tr.AmountUnits = "9.9", "jpy" }},
		"no amount":          {"amount", func(tr *Transaction) { tr.Amount = "" }},
		"a negative amount":  {"amount", func(tr *Transaction) { tr.Amount = "-1" }},
		"a huge amount":      {"amount", func(tr *Transaction) { tr.Amount = "92233720368547758070" }},
		"an exponent":        {"amount", func(tr *Transaction) { tr.Amount = "1e3" }},
		"unknown currency":   {"amount_units", func(tr *Transaction) { tr.AmountUnits = "zzz" }},
		"another action":     {"action", func(tr *Transaction) { tr.Action = "lead" }},
	} {
		tr := posted()
		c.change(&tr)
		_, err := read(t, tr)
		var fields models.FieldErrors
		if !errors.As(err, &fields) || !errors.Is(err, models.ErrInvalid) || fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (API{}).Read(models.Event{Body: []byte("{")}); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("a broken body: %v", err)
	}
	if _, err := (API{}).Verify(nil, nil, nil, time.Time{}); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("an API call came in as a webhook: %v", err)
	}
}
