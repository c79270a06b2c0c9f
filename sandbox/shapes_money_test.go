package sandbox_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"portal/sandbox"
)

// of calls the API with the platform's key, for a connected account when one is named.
func of(t *testing.T, s *sandbox.Sandbox, account, method, path string, pairs ...string) (int, map[string]any) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return call(t, s, method, path, form, "Authorization", "Bearer "+platformKey, "Stripe-Account", account)
}

// MONEY.md 4.4-4.7: the answers of all that moves money are as Stripe describes them, and so are the events of it.
func TestWhatMovesMoneyIsAsStripeDescribesIt(t *testing.T) {
	t.Parallel()
	s, stripe := open(t, sandbox.Options{}), readSpec(t)
	s.AddAccount(sandbox.Account{ID: platform, Name: "Portal", SecretKeys: []string{platformKey}, Settles: []string{"eur"}})
	do := func(account, method, path string, pairs ...string) map[string]any {
		t.Helper()
		status, body := of(t, s, account, method, path, pairs...)
		schema := stripe.answer(method, path)
		if status != 200 || schema == nil {
			t.Fatalf("%s %s: %d, described %v: %v", method, path, status, schema != nil, body)
		}
		for _, f := range stripe.faults(body, schema, method+" "+path) {
			t.Error(f)
		}
		return body
	}
	post := func(path string, pairs ...string) map[string]any {
		t.Helper()
		return do("", "POST", path, pairs...)
	}
	to := post("/v1/accounts", "type", "express", "country", "DE", "capabilities[transfers][requested]", "true")["id"].(string)
	if err := s.Onboard(to, sandbox.Complete); err != nil {
		t.Fatal(err)
	}
	pay := func(card string, more ...string) map[string]any {
		t.Helper()
		return post("/v1/payment_intents", append([]string{"amount", "10000", "currency", "eur", "confirm", "true", "payment_method", card}, more...)...)
	}
	alone, onward := pay("pm_card_visa"), pay("pm_card_bypassPending", "transfer_data[destination]", to, "application_fee_amount", "500")
	pay("pm_card_visa", "currency", "gbp")
	debit := ""
	for _, token := range []string{"pm_usBankAccount", "pm_sepaDebit"} {
		for _, ok := range []bool{false, true} {
			pi := pay(token)
			debit = pi["latest_charge"].(string)
			do("", "GET", "/v1/charges/"+pi["latest_charge"].(string))
			if err := s.Settle(platform, pi["id"].(string), ok); err != nil {
				t.Fatal(err)
			}
			do("", "GET", "/v1/payment_intents/"+pi["id"].(string))
			do("", "GET", "/v1/charges/"+pi["latest_charge"].(string)+"?expand[]=balance_transaction")
		}
	}
	tr := post("/v1/transfers", "amount", "6000", "currency", "eur", "destination", to, "source_transaction", alone["latest_charge"].(string), "metadata[invoice]", "1")
	post("/v1/transfers/"+tr["id"].(string), "metadata[attempt]", "2", "description", "for November")
	rev := post("/v1/transfers/"+tr["id"].(string)+"/reversals", "amount", "1000", "metadata[why]", "dispute")
	do("", "GET", "/v1/transfers/"+tr["id"].(string)+"/reversals/"+rev["id"].(string))
	do("", "GET", "/v1/transfers/"+tr["id"].(string)+"/reversals")
	post("/v1/refunds", "payment_intent", onward["id"].(string), "amount", "3000", "reverse_transfer", "true", "refund_application_fee", "true")
	post("/v1/refunds", "payment_intent", onward["id"].(string), "amount", "1000", "refund_application_fee", "true")
	must[string](t)(s.Dispute(platform, sandbox.Dispute{Of: alone["latest_charge"].(string), Amount: 500}))
	debited := must[string](t)(s.Dispute(platform, sandbox.Dispute{Of: debit, Reason: "insufficient_funds"}))
	do("", "GET", "/v1/disputes/"+debited)
	if err := s.FailRefund(platform, "", start); err != nil {
		t.Fatal(err)
	}
	must[string](t)(s.PayOut(to, "eur", "account_closed"))
	if err := s.ReplaceBank(to, "eur"); err != nil {
		t.Fatal(err)
	}
	must[string](t)(s.PayOut(to, "EUR", ""))

	for _, account := range []string{platform, to} {
		do(account, "GET", "/v1/balance")
		for _, list := range []string{"balance_transactions", "charges", "refunds", "transfers", "application_fees", "payouts", "events"} {
			for _, o := range do(account, "GET", "/v1/"+list+"?limit=100")["data"].([]any) {
				do(account, "GET", "/v1/"+list+"/"+at(o, "id").(string))
				if e := at(o, "data", "object"); e != nil {
					check(t, stripe, e.(map[string]any))
				}
			}
		}
	}
	do("", "GET", "/v1/accounts/"+to)
	do("", "GET", "/v1/payment_intents/"+onward["id"].(string)+"?expand[]=latest_charge.balance_transaction&expand[]=latest_charge.transfer.destination_payment.balance_transaction")

	told := map[string]bool{}
	kinds, _ := at(stripe.paths["/v1/webhook_endpoints"]["post"], "requestBody", "content", "application/x-www-form-urlencoded", "schema", "properties", "enabled_events", "items", "enum").([]any)
	for _, account := range []string{platform, to} {
		_, list := of(t, s, account, "GET", "/v1/events?limit=100")
		for _, e := range list["data"].([]any) {
			kind := at(e, "type").(string)
			told[kind] = true
			if !slices.Contains(kinds, any(kind)) && !slices.Contains(younger, kind) {
				t.Errorf("no endpoint can ask for %s", kind)
			}
		}
	}
	for kind := range strings.FieldsSeq(`transfer.created transfer.updated transfer.reversed application_fee.created application_fee.refunded payment_intent.processing charge.pending
		payment_intent.payment_failed charge.failed payout.created payout.paid payout.failed account.external_account.created account.external_account.updated charge.dispute.funds_withdrawn`) {
		if !told[kind] {
			t.Errorf("%s was not told, only %v", kind, slices.Sorted(maps.Keys(told)))
		}
	}
}
