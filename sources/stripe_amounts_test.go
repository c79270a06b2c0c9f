package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"portal/models"
)

// invoiceOf reads an invoice made of a few fields.
func invoiceOf(t testing.TB, fields string) models.Telling {
	t.Helper()
	body := `{"id":"evt_1","type":"invoice.paid","created":1710000000,"data":{"object":{"id":"in_1","currency":"usd","status":"paid",` + fields + `}}}`
	n, err := Stripe{}.Read(models.Event{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", fields, err)
	}
	return n.Tellings[0]
}

// MONEY.md 2.3: scaled by what was paid, rounded half to even once, never below zero, never into the tax.
func TestTheBaseOfAnInvoiceIsRoundedOnceAndClamped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields      string
		gross, base int64
	}{
		{`"amount_paid":5,"total":10,"total_excluding_tax":5,"total_taxes":[{"amount":5}]`, 5, 2},
		{`"amount_paid":7,"total":10,"total_excluding_tax":5,"total_taxes":[{"amount":5}]`, 7, 4},
		{`"amount_paid":12,"total":12,"total_excluding_tax":null,"total_taxes":[{"amount":1},{"amount":1}]`, 12, 10},
		{`"amount_paid":12,"total":12,"total_tax_amounts":[{"amount":2}]`, 12, 10},
		{`"amount_paid":12,"total":12,"tax":2`, 12, 10},
		{`"amount_paid":12,"total":12`, 12, 12},
		{`"amount_paid":70,"total":70,"total_excluding_tax":100,"total_taxes":[{"amount":20}]`, 70, 50}, // a credit grant
		{`"amount_paid":10,"total":10,"total_excluding_tax":10,"total_taxes":[{"amount":11}]`, 10, 0},
		{`"amount_paid":10,"total":10,"total_excluding_tax":-3`, 10, 0},
		{`"amount_paid":10,"total":10,"total_excluding_tax":12,"total_taxes":[{"amount":-2}]`, 10, 10},
		{`"amount_paid":999999999999999,"total":999999999999999,"total_excluding_tax":999999999999998,"total_taxes":[{"amount":1}]`, 999999999999999, 999999999999998},
		{`"amount_paid":10,"total":10,"total_excluding_tax":9,"total_taxes":[{"amount":9223372036854775807},{"amount":9223372036854775807}]`, 10, 0},
		{`"amount_paid":0,"total":-500,"total_excluding_tax":-500`, 0, 0},
	} {
		got := invoiceOf(t, c.fields)
		if got.Gross.Minor != c.gross || got.Base.Minor != c.base || got.Counts != (c.gross > 0) {
			t.Errorf("%s: gross %d, base %d, counts %v; want %d, %d", c.fields, got.Gross.Minor, got.Base.Minor, got.Counts, c.gross, c.base)
		}
	}
}

// P38: where net and tax make up the total, the base is the exact share of the net to within half a unit.
func TestTheBaseIsTheNetShareOfTheCash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		net, tax := rapid.Int64Range(0, 1e12).Draw(rt, "net"), rapid.Int64Range(0, 1e12).Draw(rt, "tax")
		total := net + tax
		paid := rapid.Int64Range(0, total).Draw(rt, "paid")
		got := invoiceOf(t, fmt.Sprintf(`"amount_paid":%d,"total":%d,"total_excluding_tax":%d,"total_taxes":[{"amount":%d}]`, paid, total, net, tax))
		if paid == 0 {
			return
		}
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(paid), big.NewInt(net)), big.NewInt(total))
		off := exact.Sub(exact, new(big.Rat).SetInt64(got.Base.Minor))
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			rt.Fatalf("base %d is off by %s", got.Base.Minor, off)
		}
	})
}

// Issue 2, "Bad input": each field of each sample, replaced by each kind of nonsense.
func TestNoFieldOfAnyEventCanBreakTheReader(t *testing.T) {
	t.Parallel()
	nonsense := []any{nil, "", "x", true, -1, 0.5, json.Number("92233720368547758070"), json.Number("9223372036854775807"), json.Number("1e400"), []any{}, []any{nil}, map[string]any{}}
	for _, name := range sampleNames(t) {
		e := sample(t, name)
		o, err := parse(name, e.Body)
		if err != nil {
			t.Fatal(err)
		}
		eachField(o.fields, nonsense, func() {
			body, err := json.Marshal(o.fields)
			if err != nil {
				t.Fatal(err)
			}
			n, err := Stripe{}.Read(models.Event{Body: body, Answer: e.Answer})
			if err != nil && !errors.Is(err, models.ErrInvalid) {
				t.Fatalf("%s: %v", body, err)
			}
			for _, one := range n.Tellings {
				if one.Base.Minor < 0 || one.Base.Minor > one.Gross.Minor || one.Counts && !one.Gross.Currency.Known() {
					t.Fatalf("%s: %+v", body, one)
				}
			}
		})
	}
}

// eachField puts each value in the place of each field, however deep, calls do, and puts the field back.
func eachField(at any, values []any, do func()) {
	switch at := at.(type) {
	case map[string]any:
		for name, was := range at {
			for _, v := range values {
				at[name] = v
				do()
			}
			at[name] = was
			eachField(was, values, do)
		}
	case []any:
		for _, item := range at {
			eachField(item, values, do)
		}
	}
}

func BenchmarkStripeRead(b *testing.B) {
	e := sample(b, "invoice_discounts_old")
	for b.Loop() {
		if _, err := (Stripe{}).Read(e); err != nil {
			b.Fatal(err)
		}
	}
}
