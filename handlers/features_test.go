package handlers

import (
	"context"
	"testing"
	"time"

	"portal/models"
	"portal/store/storetest"
)

// F64, F65: the attribution model is a setting of the program, changed and saved on its own; it acts on payments that
// come from then on, and those that are there stay as they are.
func TestTheAttributionModelIsASettingOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, shape := range []storetest.Shape{storetest.Old, storetest.New} {
		w := newAPIWorld(t)
		for _, partner := range []string{"A", "B"} {
			w.call("POST", "/v1/partners", `{"key":"`+partner+`"}`).is(201)
		}
		sell := func(letter, partner string, after time.Duration) {
			t.Helper()
			c := storetest.NewCase(shape, 1).Later(letter, after)
			body := c.Event("checkout.session.completed", 0, c.Session("payment", 10000, 0, "metadata", map[string]any{"partner_key": partner}))
			if err := w.Inbox.Accept(context.Background(), w.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, w.now()), body); err != nil {
				t.Fatal(err)
			}
			if err := w.Inbox.Drain(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		earned := func(letter, partner string) {
			t.Helper()
			w.call("GET", "/v1/transactions/cs_1"+letter, "").is(200).has(`{"partner":{"key":"` + partner + `"}}`)
		}
		w.call("GET", "/v1/program", "").is(200).has(`{"attribution_model":"customer"}`)
		sell("a", "A", 0)
		sell("b", "B", time.Hour)
		w.call("PATCH", "/v1/program", `{"attribution_model":"transaction"}`).is(200).has(`{"attribution_model":"transaction","hold_days":30,"refunds":"automatic"}`)
		sell("c", "B", 2*time.Hour)
		earned("a", "A")
		earned("b", "A")
		earned("c", "B")
		w.call("PATCH", "/v1/program", `{"attribution_model":"customer"}`).is(200)
		sell("d", "B", 3*time.Hour)
		earned("c", "B")
		earned("d", "A")
	}
}

// F113: amount_units is needed only where the currency is not the program's.
func TestATransactionIsInTheProgramsCurrencyUnlessItSaysOtherwise(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	w.call("PATCH", "/v1/program", `{"currency":"eur"}`).is(200)
	w.call("POST", "/v1/transactions", `{"key":"own","amount":99.99}`).is(201).has(`{"gross":{"amount":"99.99","currency":"eur"},"base":{"amount":"99.99","currency":"eur"}}`)
	w.call("POST", "/v1/transactions", `{"key":"other","amount":"99.99","amount_units":"usd"}`).is(201).has(`{"gross":{"amount":"99.99","currency":"usd"},"base":{"amount":"99.99","currency":"usd"}}`)
}

// F96: what a rule of 0 % earns was not taken back by anybody; what a refund took was.
func TestACommissionOfNothingWasNotTakenBack(t *testing.T) {
	t.Parallel()
	c := models.Commission{Status: models.CommissionReversed, Earned: models.Money{Currency: "usd"}}
	if words := commissionWords(c, storetest.Day); words != "Nothing to earn" {
		t.Errorf("0.00 at first is %q", words)
	}
	c.Earned.Minor = 2000
	if words := commissionWords(c, storetest.Day); words != "Taken back" {
		t.Errorf("20.00 at first is %q", words)
	}
}
