package payouts_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/store/storetest"
)

// attemptsOf are the tries to pay an invoice.
func (h *house) attemptsOf(i models.Invoice) []models.Attempt {
	h.t.Helper()
	list, err := h.Store.AttemptsOf(context.Background(), h.caller.Tenant, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// MONEY.md 4.5, F115: a card that asks keeps its payment; the card holder confirms on Stripe's page, and what Stripe then says
// counts. A holder who says no can try again, and giving up lets the invoice be paid with another card.
func TestAPaymentThatAsksIsConfirmedByTheCardHolderOrGivenUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, yes := range []bool{true, false} {
		h := newHouse(t)
		h.stripe.Bank("acct_platform", "usd", sandbox.BankAsks)
		i := h.approved()
		asks, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
		if err != nil || asks.Status != models.NeedsConfirmation || h.moved() != 0 {
			t.Fatalf("%s, %v", asks.Status, err)
		}
		if _, err := h.MarkPaid(ctx, h.caller.Tenant, i.ID, "wire", h.at, h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("marked as paid while it waits: %v", err)
		}
		page, err := h.Confirm(ctx, h.caller.Tenant, i.ID, "https://portal.example/back", h.who)
		if err != nil || !strings.HasPrefix(page, "http") {
			t.Fatalf("page %q, %v", page, err)
		}
		a := h.attemptsOf(i)[0]
		if err := h.stripe.Authenticate("acct_platform", *a.Intent, yes); err != nil {
			t.Fatal(err)
		}
		if err := h.Carry(ctx, h.caller.Tenant, a.ID); err != nil {
			t.Errorf("on return: %v", err)
		}
		if yes {
			if now := h.again(i); now.Status != models.Paid || h.moved() != 2000 {
				t.Errorf("confirmed: %s, %d moved", now.Status, h.moved())
			}
			continue
		}
		if now := h.again(i); now.Status != models.NeedsConfirmation || !strings.Contains(*now.Because, "did not confirm") {
			t.Errorf("refused by the holder: %s", now.Status)
		}
		if err := h.GiveUp(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
			t.Fatal(err)
		}
		h.card("pm_card_visa")
		if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid || h.moved() != 2000 {
			t.Errorf("after giving up: %s, %v", paid.Status, err)
		}
	}
}

// MONEY.md 4.5: a card that was lost is declined in generic words and not tried again; another one is.
func TestALostCardIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	card, err := h.Store.Card(ctx, h.caller.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.stripe.ReplaceCard("acct_platform", card.Method, "4000000000009987", 12, 2030); err != nil {
		t.Fatal(err)
	}
	i := h.approved()
	failed, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
	if err != nil || failed.Status != models.Failed || strings.Contains(*failed.Because, "lost") || !strings.Contains(*failed.Because, "Use another card") {
		t.Fatalf("%s %v, %v", failed.Status, failed.Because, err)
	}
	if _, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) || !strings.Contains(err.Error(), "another card") {
		t.Errorf("tried again: %v", err)
	}
	h.card("pm_card_visa")
	if paid, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); err != nil || paid.Status != models.Paid {
		t.Errorf("with another card: %s, %v", paid.Status, err)
	}
}

// MONEY.md 4.5: a card that was removed in Stripe charges nothing, and the sentence says what to do.
func TestACardThatWasRemovedInStripeMovesNothing(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	card, err := h.Store.Card(ctx, h.caller.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.stripe.RemoveCard("acct_platform", card.Method); err != nil {
		t.Fatal(err)
	}
	h.stripe.Fail(sandbox.Fault{Method: "GET", Path: "/v1/payment_methods/*", Status: 500, Times: 3}) // it is not noticed before
	i := h.approved()
	failed, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
	if _, known := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(known, models.ErrConflict) || !strings.Contains(known.Error(), "no card") {
		t.Errorf("once it is noticed: %v", known)
	}
	if err != nil || failed.Status != models.Failed || !strings.Contains(*failed.Because, "Save a card again") || h.stripe.Charges("acct_platform") != 0 {
		t.Errorf("%s %v, %v", failed.Status, failed.Because, err)
	}
}

// MONEY.md 4.5: a debit that is under way is waited for; nothing can be paid beside it.
func TestADebitThatIsProcessingIsWaitedFor(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.card("pm_usBankAccount")
	i := h.approved()
	open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
	if err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if _, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who); !errors.Is(err, models.ErrConflict) {
		t.Errorf("paid again meanwhile: %v", err)
	}
	a := h.attemptsOf(i)[0]
	if err := h.stripe.Settle("acct_platform", *a.Intent, true); err != nil {
		t.Fatal(err)
	}
	if err := h.Heard(ctx, "payment_intent", *a.Intent); err != nil || h.again(i).Status != models.Paid {
		t.Errorf("%s, %v", h.again(i).Status, err)
	}
}

// MONEY.md 4.4: the fee is the company's where the installation says so; the partner receives the whole invoice.
func TestTheFeeIsAddedToWhatTheCompanyPays(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.FeePercent = "2.9"
	paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
	if err != nil || paid.Status != models.Paid {
		t.Fatalf("%s, %v", paid.Status, err)
	}
	a := h.attemptsOf(paid)[0]
	if a.Fee != 58 || a.Received == nil || *a.Received != 2000 {
		t.Errorf("fee %d, received %v", a.Fee, a.Received)
	}
	for m, want := range map[models.Money]int64{{Minor: 2000, Currency: "usd"}: 58, {Minor: 1000, Currency: "jpy"}: 29, {Minor: 50, Currency: "usd"}: 1,
		{Minor: 100000, Currency: "ugx"}: 2900, {Minor: 120000, Currency: "ugx"}: 3500, {Minor: 5120, Currency: "kwd"}: 150} {
		if got := h.Fee(m).Minor; got != want {
			t.Errorf("fee of %s: %d, want %d", m, got, want)
		}
	}
}

// MONEY.md 4.6, P15, P34: what cannot be charged as it is, is refused before Stripe is called.
func TestAmountsThatStripeDoesNotChargeAreRefusedBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor    int64
		currency models.Currency
		want     string
	}{
		{49, "usd", "under"}, {50, "usd", ""}, {99_999_999, "usd", ""}, {100_000_000, "usd", "over"}, {999_999_999, "inr", ""}, {49, "jpy", "under"}, {50, "jpy", ""},
		{5124, "kwd", "steps"}, {5120, "kwd", ""}, {550, "ugx", "steps"}, {500, "ugx", ""}, {501, "isk", "steps"}, {12345, "huf", "under"}, {17545, "huf", ""}, {5000, "ghs", "does not charge"},
	} {
		err := payouts.Chargeable(models.Money{Minor: c.minor, Currency: c.currency})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d %s: %v, want %q", c.minor, c.currency, err, c.want)
		}
	}
}

// MONEY.md 4.7, P2: a payment that is taken back is whole again on both sides; what it paid is payable again, or given up.
func TestAPaymentIsTakenBackAndPayableAgainOrGivenUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, again := range []bool{true, false} {
		h := newHouse(t)
		paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Refund(ctx, h.caller.Tenant, paid.ID, " ", again, h.who); !errors.Is(err, models.ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		back, err := h.Refund(ctx, h.caller.Tenant, paid.ID, "It was the wrong partner", again, h.who)
		if err != nil || back.Status != models.Refunded || h.stripe.Moved()[*h.partner.StripeAccount]["usd"] != 0 {
			t.Fatalf("%s, %v, %v", back.Status, err, h.stripe.Moved())
		}
		if _, err := h.Refund(ctx, h.caller.Tenant, paid.ID, "again", again, h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("twice: %v", err)
		}
		want := int64(0)
		if again {
			want = 2000
		}
		if b := h.balance(); b.Due.Minor != want || b.Paid.Minor != 0 || b.Invoiced.Minor != 0 {
			t.Errorf("again %v: balance %+v", again, b)
		}
		storetest.CheckBooks(t, h.Store)
		if again {
			if next := h.draw(); next.TotalMinor != 2000 {
				t.Errorf("the next invoice comes to %s", next.Total())
			}
		}
	}
}

// P25: a part that somebody takes back in Stripe's dashboard is that part, never the whole: it is due again.
func TestAPartialReversalIsDueAgainAndThePaymentStands(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
	if err != nil {
		t.Fatal(err)
	}
	a := h.attemptsOf(paid)[0]
	h.post("/v1/transfers/"+*a.Transfer+"/reversals", "amount=500")
	for range 2 { // told twice
		if err := h.Heard(ctx, "transfer", *a.Transfer); err != nil {
			t.Fatal(err)
		}
	}
	if now := h.again(paid); now.Status != models.Paid || !strings.Contains(*now.Because, "5.00 USD") {
		t.Errorf("%s %v", now.Status, now.Because)
	}
	if b := h.balance(); b.Due.Minor != 500 || b.Paid.Minor != 1500 {
		t.Errorf("balance %+v", b)
	}
}

// P24, MONEY.md 4.7: a dispute takes the money back from the partner, and one that is won sends it again, under a new key; a lost
// one lets the invoice be paid again. Nothing else is touched.
func TestADisputeOfThePayoutTakesItBackAndAWonOneSendsItAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for end, want := range map[string]models.InvoiceStatus{"won": models.Paid, "lost": models.Failed} {
		h := newHouse(t)
		paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
		if err != nil {
			t.Fatal(err)
		}
		a := h.attemptsOf(paid)[0]
		dispute, err := h.stripe.Dispute("acct_platform", sandbox.Dispute{Of: *a.ChargedBy})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Heard(ctx, "charge", *a.ChargedBy); err != nil {
			t.Fatal(err)
		}
		if now := h.again(paid); now.Status != models.Charged || h.balance().Invoiced.Minor != 2000 || h.balance().Due.Minor != 0 {
			t.Errorf("while it is open: %s, %+v", now.Status, h.balance())
		}
		if err := h.stripe.MoveDispute("acct_platform", dispute, end, h.at); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := h.Heard(ctx, "charge", *a.ChargedBy); err != nil {
				t.Fatal(err)
			}
		}
		if now := h.again(paid); now.Status != want {
			t.Errorf("%s: %s", end, now.Status)
		}
		if got := len(h.stripe.Moves("acct_platform")); end == "won" && got != 4 { // charge, transfer, reversal, transfer
			t.Errorf("%d moves", got)
		}
	}
}

// MONEY.md 4.4, 6, P22, P23, P26: a run pays all of a currency by one charge and a transfer each. An account that was restricted
// meanwhile leaves its invoice charged, with the reason; it is delivered later, or given back to the company.
func TestARunChargesOnceAndDeliversToEach(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, deliver := range []bool{true, false} {
		h := newHouse(t)
		other := storetest.Partner(t, h.Store, h.caller.Tenant, "PARTNER_B", "usd")
		other.Country = new("US")
		other, err := h.ConnectPartner(ctx, other)
		if err != nil {
			t.Fatal(err)
		}
		h.onboard(other)
		s := h.sold(7, 30000)
		s.Partner, s.Customer, s.Email = "PARTNER_B", "cus_7", "bob@example.com"
		h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
		list, err := h.DrawUp(ctx, h.caller.Tenant, h.at, 0, h.who)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		var seen []payouts.Seen
		for _, i := range list {
			if _, err := h.Approve(ctx, h.caller.Tenant, i.ID, h.who); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, payouts.Seen{Invoice: i.ID, Minor: i.TotalMinor})
		}
		card, err := h.Store.Card(ctx, h.caller.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.PayMany(ctx, h.caller.Tenant, seen, "pm_other", h.who); !errors.Is(err, models.ErrConflict) {
			t.Errorf("with another card than was shown: %v", err)
		}
		run, err := h.PayMany(ctx, h.caller.Tenant, seen, card.Method, h.who)
		if err != nil {
			t.Fatal(err)
		}
		h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/transfers", Status: 500, Times: 2}) // nobody is delivered to yet
		if err := h.CarryPayRun(ctx, h.caller.Tenant, run.ID); !errors.Is(err, models.ErrLater) {
			t.Errorf("carried: %v", err)
		}
		if err := h.stripe.RestrictAccount(*other.StripeAccount); err != nil {
			t.Fatal(err)
		}
		h.at = h.at.Add(10 * time.Minute)
		_ = h.CarryAll(ctx)
		var stuck models.Invoice
		for _, i := range list {
			now := h.again(i)
			if want := map[bool]models.InvoiceStatus{true: models.Charged, false: models.Paid}[now.Partner == other.ID]; now.Status != want {
				t.Errorf("%s of %s is %s", now.Number, now.PartnerKey, now.Status)
			}
			if now.Partner == other.ID {
				stuck = now
			}
		}
		if stuck.Because == nil || h.stripe.Charges("acct_platform") != 1 {
			t.Fatalf("%v, %d charges", stuck.Because, h.stripe.Charges("acct_platform"))
		}
		want := models.Failed
		if deliver {
			h.onboard(other)
			want = models.Paid
			stuck, err = h.SendAgain(ctx, h.caller.Tenant, stuck.ID, h.who)
		} else {
			stuck, err = h.GiveBack(ctx, h.caller.Tenant, stuck.ID, "The account is closed", h.who)
		}
		if err != nil || stuck.Status != want {
			t.Errorf("%s, %v", stuck.Status, err)
		}
		storetest.CheckBooks(t, h.Store)
	}
}

// MONEY.md 4.7, P28: a bank that sends a payout back is kept and told; the invoice stays paid.
func TestABankThatSendsAPayoutBackLeavesTheInvoicePaid(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	h.card("pm_card_bypassPending")
	paid, err := h.Pay(ctx, h.caller.Tenant, h.approved().ID, h.who)
	if err != nil || paid.Status != models.Paid {
		t.Fatalf("%s, %v", paid.Status, err)
	}
	id, err := h.stripe.PayOut(*h.partner.StripeAccount, "usd", "account_closed")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.HeardOfPayout(ctx, *h.partner.StripeAccount, id); err != nil {
			t.Fatal(err)
		}
	}
	list, err := h.Store.BankPayouts(ctx, h.caller.Tenant, h.partner.ID, 10)
	if err != nil || len(list) != 1 || list[0].Status != "failed" || list[0].Failure != "account_closed" || list[0].Minor != 2000 || h.again(paid).Status != models.Paid {
		t.Errorf("%+v, %v", list, err)
	}
}

// MONEY.md 4.5: another request under the same key is waited for, and one with other parameters is no payment of ours.
func TestAKeyInUseIsWaitedFor(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), context.Background()
	i := h.approved()
	h.stripe.Fail(sandbox.Fault{Method: "POST", Path: "/v1/payment_intents", Status: 409, Times: 3})
	open, err := h.Pay(ctx, h.caller.Tenant, i.ID, h.who)
	if err != nil || open.Status != models.Processing {
		t.Fatalf("%s, %v", open.Status, err)
	}
	if err := h.Carry(ctx, h.caller.Tenant, h.attemptsOf(i)[0].ID); err != nil || h.again(i).Status != models.Paid || h.stripe.Charges("acct_platform") != 1 {
		t.Errorf("%s, %v", h.again(i).Status, err)
	}
}

// post does something in Stripe's dashboard.
func (h *house) post(path, form string) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.api+path, strings.NewReader(form))
	if err != nil {
		h.t.Fatal(err)
	}
	r.SetBasicAuth("sk_test_platform_key", "")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		h.t.Fatalf("POST %s: %d", path, answer.StatusCode)
	}
}
