package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"portal/sandbox"
)

// batch is a platform that settles in euros, with a charge of its own and two partners.
func batch(t *testing.T, card string, amount int64) (s *sandbox.Sandbox, sc *client.API, ch *stripe.Charge, one, two string) {
	t.Helper()
	s = open(t, sandbox.Options{})
	s.AddAccount(sandbox.Account{ID: platform, Name: "Portal", SecretKeys: []string{platformKey}, Settles: []string{"eur"}})
	sc = stripeAt(t, s, platformKey, time.Minute)
	return s, sc, charged(t, sc, card, amount, "eur"), receiver(t, s, sc), receiver(t, s, sc)
}

// charged is a charge of the platform, with its balance transaction.
func charged(t *testing.T, sc *client.API, card string, amount int64, currency string) *stripe.Charge {
	t.Helper()
	p := &stripe.PaymentIntentParams{Amount: &amount, Currency: &currency, PaymentMethod: &card, Confirm: stripe.Bool(true)}
	p.AddExpand("latest_charge.balance_transaction")
	return must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(p)).LatestCharge
}

func transfer(ch *stripe.Charge, to string, amount int64, key string) *stripe.TransferParams {
	p := &stripe.TransferParams{Amount: &amount, Currency: stripe.String("eur"), Destination: &to, TransferGroup: stripe.String("batch_1")}
	if ch != nil {
		p.SourceTransaction = &ch.ID
	}
	if key != "" {
		p.SetIdempotencyKey(key)
	}
	p.AddMetadata("invoice", "1")
	return p
}

// MONEY.md 4.4: transfers of one charge go at once, are never more than the charge, and arrive when its money does.
func TestTransfersOfAChargeAreNeverMoreThanTheCharge(t *testing.T) {
	t.Parallel()
	s, sc, ch, one, two := batch(t, "pm_card_visa", 10000)
	if b := ch.BalanceTransaction; b.Amount != 10000 || b.Fee != 320 || b.Net != 9680 || b.Status != "pending" || b.AvailableOn != start.AddDate(0, 0, 2).Unix() {
		t.Fatalf("balance transaction %+v", b)
	}
	tr := must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, one, 6000, "")))
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, two, 3000, "")))
	if e := refused(t, second(sc.Transfers.New(transfer(ch, two, 1001, ""))), 400, ""); !strings.Contains(e.Msg, "10,000") && !strings.Contains(e.Msg, "100.00") {
		t.Error(e.Msg)
	}
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, two, 1000, "")))
	if moved := s.Moved(); moved[one]["eur"] != 6000 || moved[two]["eur"] != 4000 {
		t.Fatalf("moved %v", moved)
	}
	if has := s.Balances(); has[one]["eur"] != (sandbox.Balance{Pending: 6000}) || has[platform]["eur"] != (sandbox.Balance{Pending: -320}) {
		t.Fatalf("balances %v", has)
	}
	pi := transfer(ch, one, 1, "")
	pi.SourceTransaction = &ch.PaymentIntent.ID
	refused(t, second(sc.Transfers.New(pi)), 400, "resource_missing")

	must[[]sandbox.Sold](t)(s.Advance(platform, start.AddDate(0, 0, 2)))
	there := &stripe.BalanceParams{}
	there.SetStripeAccount(one)
	if b := must[*stripe.Balance](t)(sc.Balance.Get(there)); b.Available[0].Amount != 6000 || b.Available[0].Currency != "eur" || b.Pending[0].Amount != 0 {
		t.Errorf("balance %+v", b.Available)
	}
	if b := must[*stripe.BalanceTransaction](t)(sc.BalanceTransactions.Get(ch.BalanceTransaction.ID, nil)); b.Status != "available" {
		t.Errorf("it is %s", b.Status)
	}
	list := sc.Transfers.List(&stripe.TransferListParams{Destination: &two, TransferGroup: stripe.String("batch_1")})
	n := 0
	for ; list.Next(); n++ {
	}
	if n != 2 || list.Err() != nil || tr.Metadata["invoice"] != "1" {
		t.Error(n, list.Err(), tr.Metadata)
	}
}

func second[T any](_ T, err error) error { return err }

// MONEY.md 4.4: without a charge there must be available money, in the transfer's currency; a lack of it is saved for the key.
func TestATransferWithoutAChargeNeedsAvailableMoney(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	refused(t, second(sc.Transfers.New(transfer(nil, one, 1000, "k"))), 400, "balance_insufficient")
	charged(t, sc, "pm_card_bypassPending", 2000, "eur")
	refused(t, second(sc.Transfers.New(transfer(nil, one, 1000, "k"))), 400, "balance_insufficient")
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(nil, one, 1000, "l")))
	refused(t, second(sc.Transfers.New(transfer(nil, one, 1000, ""))), 400, "balance_insufficient") // the fee is gone from it
	if has := s.Balances()[one]["eur"]; has.Available != 1000 {
		t.Error(has)
	}
	refused(t, second(sc.Transfers.New(transfer(nil, "acct_none", 100, ""))), 400, "resource_missing")
	if err := s.RestrictAccount(one); err != nil {
		t.Fatal(err)
	}
	refused(t, second(sc.Transfers.New(transfer(nil, one, 100, ""))), 400, "insufficient_capabilities_for_transfer")
}

// MONEY.md 4.6: what the platform does not settle in becomes its default currency, and so no transfer of it can be in the first.
func TestAChargeInAnotherCurrencyIsConverted(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	ch := charged(t, sc, "pm_card_visa", 10000, "gbp")
	if b := ch.BalanceTransaction; b.Currency != "usd" || b.Amount != 12700 || b.ExchangeRate != 1.27 || b.Fee != 398 || b.Net != 12302 {
		t.Fatalf("balance transaction %+v", b)
	}
	p := transfer(ch, one, 1000, "")
	p.Currency = stripe.String("gbp")
	if e := refused(t, second(sc.Transfers.New(p)), 400, ""); !strings.Contains(e.Msg, "balance transaction (usd)") {
		t.Error(e.Msg)
	}
	p.Currency = stripe.String("usd")
	p.AddExpand("destination_payment.balance_transaction")
	tr := must[*stripe.Transfer](t)(sc.Transfers.New(p))
	if b := tr.DestinationPayment.BalanceTransaction; b.Currency != "eur" || b.Amount != 926 || s.Moved()[one]["usd"] != 1000 {
		t.Errorf("the partner received %+v", b)
	}
	refund := must[*stripe.Refund](t)(sc.Refunds.New(&stripe.RefundParams{Charge: &ch.ID}))
	if b := must[*stripe.BalanceTransaction](t)(sc.BalanceTransactions.Get(refund.BalanceTransaction.ID, nil)); b.Amount != -12700 || b.Type != "refund" {
		t.Errorf("refund %+v", b)
	}
}

// MONEY.md 4.7: a reversal takes back at most what is left, below nothing only where that is not refused.
func TestAReversalTakesBackAtMostWhatIsLeft(t *testing.T) {
	t.Parallel()
	s, sc, ch, one, two := batch(t, "pm_card_bypassPending", 10000)
	tr := must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, one, 6000, "")))
	back := func(amount int64, key string) (*stripe.TransferReversal, error) {
		p := &stripe.TransferReversalParams{ID: &tr.ID, Amount: &amount}
		if key != "" {
			p.SetIdempotencyKey(key)
		}
		return sc.TransferReversals.New(p)
	}
	rev := must[*stripe.TransferReversal](t)(back(1000, "once"))
	if again := must[*stripe.TransferReversal](t)(back(1000, "once")); again.ID != rev.ID {
		t.Error("one key reversed twice")
	}
	refused(t, second(back(5001, "")), 400, "")
	must[string](t)(s.PayOut(one, "eur", ""))
	if err := s.RefuseNegative(one, true); err != nil {
		t.Fatal(err)
	}
	refused(t, second(back(5000, "")), 400, "balance_insufficient")
	if err := s.RefuseNegative(one, false); err != nil {
		t.Fatal(err)
	}
	must[*stripe.TransferReversal](t)(back(5000, ""))
	refused(t, second(back(1, "")), 400, "")
	if has := s.Balances(); has[one]["eur"].Available != -5000 || has[platform]["eur"].Total() != 10000-320 || s.Moved()[one]["eur"] != 0 {
		t.Errorf("balances %v", has)
	}
	tr = must[*stripe.Transfer](t)(sc.Transfers.Get(tr.ID, nil))
	if !tr.Reversed || tr.AmountReversed != 6000 || len(tr.Reversals.Data) != 2 {
		t.Errorf("transfer %+v", tr)
	}
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, two, 10000, ""))) // what came back can go again
}

// MONEY.md 4.4: the fee of a destination charge is taken off the partner's money, and comes back in the share that is refunded.
func TestAnApplicationFeeComesBackWithTheRefund(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	cus, pm, _ := payer(t, s, sc, "pm_card_visa")
	p := pay(cus, pm, one, 1000, "")
	p.ApplicationFeeAmount = stripe.Int64(100)
	pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(p))
	if got := s.Moved()[one]["eur"]; got != 900 || s.Balances()[one]["eur"].Pending != 900 {
		t.Fatalf("%d moved", got)
	}
	must[*stripe.Refund](t)(sc.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, Amount: stripe.Int64(500), ReverseTransfer: stripe.Bool(true), RefundApplicationFee: stripe.Bool(true)}))
	fees := sc.ApplicationFees.List(&stripe.ApplicationFeeListParams{})
	if !fees.Next() || fees.ApplicationFee().AmountRefunded != 50 || fees.ApplicationFee().Account.ID != one || len(fees.ApplicationFee().Refunds.Data) != 1 {
		t.Fatalf("fee %+v", fees.ApplicationFee())
	}
	must[*stripe.Refund](t)(sc.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, ReverseTransfer: stripe.Bool(true)}))
	if got := s.Moved()[one]["eur"]; got != -50 || s.Balances()[one]["eur"].Pending != -50 {
		t.Errorf("%d moved: the fee of the second half stays with the platform", got)
	}
}

// A refund whose share of the transfer is less than half a cent takes nothing back of it.
func TestAShareOfNothingIsNotReversed(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	cus, pm, _ := payer(t, s, sc, "pm_card_visa")
	p := pay(cus, pm, one, 1000, "")
	p.TransferData.Amount = stripe.Int64(10)
	pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(p))
	re := must[*stripe.Refund](t)(sc.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, Amount: stripe.Int64(1), ReverseTransfer: stripe.Bool(true)}))
	if re.TransferReversal != nil || s.Moved()[one]["eur"] != 10 {
		t.Errorf("moved %v", s.Moved())
	}
	must[*stripe.Refund](t)(sc.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, ReverseTransfer: stripe.Bool(true)}))
	if s.Moved()[one]["eur"] != 0 {
		t.Errorf("moved %v", s.Moved())
	}
}

// MONEY.md 4.5: a debit is under way until the bank answers, and cannot be asked or cancelled meanwhile.
func TestADebitIsUnderWayUntilTheBankAnswers(t *testing.T) {
	t.Parallel()
	s, sc, _, one, _ := batch(t, "pm_card_visa", 10000)
	for _, token := range []string{"pm_usBankAccount", "pm_sepaDebit"} {
		cus, _, _ := payer(t, s, sc, token)
		before := s.Charges(platform)
		pi := must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(pay(cus, token, one, 1000, "")))
		if pi.Status != stripe.PaymentIntentStatusProcessing || s.Charges(platform) != before {
			t.Fatalf("it is %s", pi.Status)
		}
		refused(t, second(sc.PaymentIntents.Confirm(pi.ID, nil)), 400, "payment_intent_unexpected_state")
		refused(t, second(sc.PaymentIntents.Cancel(pi.ID, nil)), 400, "payment_intent_unexpected_state")
		refused(t, second(sc.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})), 400, "")
		refused(t, second(sc.Transfers.New(transfer(pi.LatestCharge, one, 100, ""))), 400, "")
		if err := s.Settle(platform, pi.ID, false); err != nil {
			t.Fatal(err)
		}
		pi = must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Get(pi.ID, nil))
		if pi.Status != stripe.PaymentIntentStatusRequiresPaymentMethod || pi.LastPaymentError.Code != "insufficient_funds" {
			t.Fatalf("intent %+v", pi)
		}
		pi = must[*stripe.PaymentIntent](t)(sc.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(token)}))
		if err := s.Settle(platform, pi.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(platform, pi.ID, true); err == nil {
			t.Error("it ended twice")
		}
		if s.Charges(platform) != before+1 {
			t.Errorf("%d charges", s.Charges(platform))
		}
	}
	if got := s.Moved()[one]["eur"]; got != 2000 {
		t.Errorf("%d moved", got)
	}
}

// MONEY.md 4.7: what the bank sends back is in the balance again, and its account is disabled until there is another.
// MONEY.md 4.6: payouts of forints are whole.
func TestAPayoutThatFailsComesBack(t *testing.T) {
	t.Parallel()
	s, sc, ch, one, _ := batch(t, "pm_card_bypassPending", 10000)
	if err := s.SettleIn(one, "huf"); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 100)
	s.DeliverBy(func(_ string, _ http.Header, body []byte) int {
		told <- string(body)
		return 200
	})
	must[*stripe.WebhookEndpoint](t)(sc.WebhookEndpoints.New(&stripe.WebhookEndpointParams{URL: stripe.String("http://portal.test/connect"), Connect: stripe.Bool(true),
		EnabledEvents: stripe.StringSlice([]string{"payout.created", "payout.failed", "payout.paid"})}))
	if _, err := s.PayOut(one, "eur", ""); err == nil {
		t.Error("nothing was paid out")
	}
	must[*stripe.Transfer](t)(sc.Transfers.New(transfer(ch, one, 6000, "")))
	id := must[string](t)(s.PayOut(one, "eur", "account_closed"))
	get := &stripe.PayoutParams{}
	get.SetStripeAccount(one)
	po := must[*stripe.Payout](t)(sc.Payouts.Get(id, get))
	if po.Status != "failed" || po.FailureCode != "account_closed" || po.FailureMessage == "" || po.FailureBalanceTransaction == nil || s.Balances()[one]["eur"].Available != 6000 {
		t.Fatalf("payout %+v", po)
	}
	if a := must[*stripe.Account](t)(sc.Accounts.GetByID(one, nil)); a.ExternalAccounts.Data[0].BankAccount.Status != "errored" {
		t.Errorf("bank account %+v", a.ExternalAccounts.Data[0])
	}
	if _, err := s.PayOut(one, "eur", ""); err == nil {
		t.Error("a disabled bank account was paid")
	}
	if err := s.ReplaceBank(one, "eur"); err != nil {
		t.Fatal(err)
	}
	paid := must[string](t)(s.PayOut(one, "eur", ""))
	of := &stripe.BalanceTransactionListParams{Payout: &paid}
	of.SetStripeAccount(one)
	types := map[stripe.BalanceTransactionType]int64{}
	for lines := sc.BalanceTransactions.List(of); lines.Next(); {
		types[lines.BalanceTransaction().Type] += lines.BalanceTransaction().Net
	}
	if len(types) != 2 || types["payment"] != 6000 || types["payout"] != -6000 {
		t.Errorf("the payout took %v", types)
	}
	flush(t, s)
	if len(told) != 4 {
		t.Errorf("%d webhooks", len(told))
	}
	if first := <-told; !strings.Contains(first, fmt.Sprintf(`"account":%q`, one)) {
		t.Error(first)
	}
	p := pay("", "pm_card_bypassPending", one, 123456, "")
	p.Customer, p.Currency = nil, stripe.String("huf")
	must[*stripe.PaymentIntent](t)(sc.PaymentIntents.New(p))
	must[string](t)(s.PayOut(one, "huf", ""))
	if has := s.Balances()[one]; has["huf"].Available != 56 || has["eur"].Available != 0 {
		t.Errorf("balances %v", has)
	}
	if _, err := s.PayOut(one, "eur", "nonsense"); err == nil {
		t.Error("a failure that does not exist")
	}
}

// MONEY.md 4.5: transfers and reversals fail as every other call does when a test wants it, and their keys are kept alike.
func TestFaultsAndKeysOfTransfers(t *testing.T) {
	t.Parallel()
	s, sc, ch, one, _ := batch(t, "pm_card_visa", 10000)
	s.Fail(sandbox.Fault{Method: "POST", Path: "/v1/transfers", Status: 500, After: true})
	for range 2 { // done, and the failure is saved
		refused(t, second(sc.Transfers.New(transfer(ch, one, 1000, "a"))), 500, "")
	}
	list := sc.Transfers.List(&stripe.TransferListParams{Destination: &one})
	if !list.Next() || list.Transfer().Metadata["invoice"] != "1" {
		t.Fatal("it cannot be found")
	}
	tr := list.Transfer().ID
	refused(t, second(sc.Transfers.New(transfer(ch, one, 2000, "a"))), 400, "")
	s.Fail(sandbox.Fault{Method: "POST", Path: "/v1/transfers/*/reversals", Status: 503, Times: 2})
	back := &stripe.TransferReversalParams{ID: &tr}
	back.SetIdempotencyKey("b")
	for range 2 { // not begun, so nothing is saved
		refused(t, second(sc.TransferReversals.New(back)), 503, "")
	}
	must[*stripe.TransferReversal](t)(sc.TransferReversals.New(back))
	if s.Moved()[one]["eur"] != 0 {
		t.Errorf("moved %v", s.Moved())
	}
}

// MONEY.md 4.6: the least and the most that can be charged, and currencies whose amounts have steps.
func TestWhatStripeCharges(t *testing.T) {
	t.Parallel()
	s := open(t, sandbox.Options{})
	for amount, codes := range map[string][3]string{ // least, less, and the code of less
		"usd": {"50", "49", "amount_too_small"}, "krw": {"50", "49", "amount_too_small"}, "zar": {"50", "49", "amount_too_small"}, "huf": {"17500", "17499", "amount_too_small"},
		"kwd": {"5120", "5124", "parameter_invalid_integer"}, "isk": {"50000", "50050", "parameter_invalid_integer"}, "ugx": {"500000", "500001", "parameter_invalid_integer"},
		"vnd": {"12500", "12499", "amount_too_small"}, "idr": {"999999999999", "1000000000000", "amount_too_large"}, "eur": {"99999999", "100000000", "amount_too_large"}} {
		for i, n := range codes[:2] {
			status, body := of(t, s, "", "POST", "/v1/payment_intents", "amount", n, "currency", amount)
			if ok := status == 200; ok != (i == 0) || !ok && at(body, "error", "code") != codes[2] {
				t.Errorf("%s %s: %d %v", n, amount, status, body["error"])
			}
		}
	}
}
