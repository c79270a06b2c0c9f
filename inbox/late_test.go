package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sources"
	"portal/store/storetest"
)

// F86, D10: after a link by hand, an event about an old payment does not attribute it.
func TestALinkByHandDoesNotReachBackWhenAnOldPaymentIsHeardOfAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	past := sale()
	past.Partner, past.Email = "", "finance@x.com"
	h.post(past.Invoice(storetest.Old))
	h.drain()
	lead := h.lead("john", "john@x.com")
	if _, err := h.ChangeCustomer(context.Background(), lead, inbox.CustomerChange{StripeID: ptr("cus_1")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	h.post(past.Charge(storetest.Old))
	h.drain()
	if got := h.commissions(); len(got) != 0 {
		t.Errorf("an old payment earned %s", got[0].Amount)
	}
}

// D14: what the API sets holds for a payment of the same second, which is all that Stripe tells of time.
func TestWhatTheAPISetsHoldsForAPaymentOfTheSameSecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Now = func() time.Time { return storetest.Day.Add(300 * time.Millisecond) }
	if _, err := h.AddCustomer(context.Background(), h.caller.Tenant, "john", inbox.CustomerChange{Email: ptr("ann@example.com"), Partner: ptr("PARTNER_A")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	s := sale()
	s.Partner, s.PaidAt = "", storetest.Day
	h.post(s.Invoice(storetest.Old))
	h.drain()
	if h.only().PartnerKey != "PARTNER_A" {
		t.Error("the payment is not attributed")
	}
}

// D14: a partner created active counts for payments of any date, also for those that are there already.
func TestAPartnerWhoComesLateEarnsWhatNamedThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	s.Partner = "LATE"
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	late := models.Partner{Tenant: h.caller.Tenant, ID: models.NewID[models.PartnerID](storetest.Day), Key: "LATE", Name: "Late", Currency: "usd",
		Status: models.PartnerActive, Active: models.Spans{{}}, CreatedAt: storetest.Day}
	if err := h.AddPartner(context.Background(), late, somebody); err != nil {
		t.Fatal(err)
	}
	if c := h.only(); c.PartnerKey != "LATE" || c.Amount.String() != "20.00 USD" {
		t.Errorf("commission %+v", c)
	}
}

// D14: a program's first rules count for payments of any date; later versions from the moment they are saved.
func TestFirstRulesCountForPaymentsThatAreThereAlready(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.Store.DB().Exec(`DELETE FROM rule_sets`); err != nil {
		t.Fatal(err)
	}
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	if len(h.commissions()) != 0 {
		t.Fatal("earned without a rule")
	}
	for _, value := range []string{"10", "30"} {
		if err := h.SaveRules(context.Background(), h.caller, []models.Rule{{Type: "percent", Value: value, Recurring: "always"}}, somebody); err != nil {
			t.Fatal(err)
		}
		if c := h.only(); c.Amount.String() != "10.00 USD" {
			t.Errorf("after rules of %s %%: %s", value, c.Amount)
		}
	}
}

// F98, D9: whether refunds take back by themselves is frozen at the moment of sale.
func TestSwitchingRefundsToManualGivesNothingBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Refund(storetest.Old, 10000))
	h.drain()
	program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
	if err != nil {
		t.Fatal(err)
	}
	program.Refunds = "manual"
	if err := h.Store.SaveProgram(context.Background(), program, storetest.Day); err != nil {
		t.Fatal(err)
	}
	h.post(s.Charge(storetest.Old))
	next := sale()
	next.N, next.Renewal, next.PaidAt = 2, true, s.PaidAt.Add(time.Hour)
	h.post(next.Invoice(storetest.Old), next.Refund(storetest.Old, 10000))
	h.drain()
	got := h.commissions()
	if len(got) != 2 || got[0].Amount.Minor != 0 || got[1].Amount.String() != "20.00 USD" {
		t.Errorf("%s of the old sale, %s of the new one", got[0].Amount, got[1].Amount)
	}
}

// MONEY.md 2.4, adaptive pricing in the old shape: the refund comes in the customer's currency and counts by its share.
func TestARefundInTheCustomersCurrencyCountsByItsShare(t *testing.T) {
	t.Parallel()
	for range 2 {
		h := newHouse(t)
		s := sale()
		s.OneOff, s.Currency, s.Gross = true, "eur", 9200
		session := strings.Replace(string(s.Session(storetest.Old)), `"currency":"eur"`,
			`"currency":"eur","currency_conversion":{"amount_total":10000,"amount_subtotal":10000,"source_currency":"usd","fx_rate":"0.92"}`, 1)
		h.post([]byte(session), s.Charge(storetest.Old), s.Refund(storetest.Old, 4600))
		h.drain()
		if c := h.only(); c.Amount.String() != "10.00 USD" {
			t.Errorf("half back leaves %s", c.Amount)
		}
		h.post(s.Refund(storetest.Old, 9200))
		h.drain()
		if c := h.only(); c.Amount.Minor != 0 {
			t.Errorf("all back leaves %s", c.Amount)
		}
	}
}

// One company's poisonous event, or slow provider, does not keep another company's money waiting.
func TestOneCompanysTroubleIsNotAnothers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	poison := sale()
	poison.N, poison.Email = 9, strings.Repeat("x", 6000)+"@example.com"
	h.post(poison.Session(storetest.Old))
	other := storetest.Company(t, h.Store)
	storetest.Partner(t, h.Store, other.Tenant, "PARTNER_A", "usd")
	release := make(chan struct{})
	h.Ask = func(context.Context, models.Tenant, models.ProgramID, models.SourceName, models.Question) (sources.Answer, error) {
		<-release
		return sources.Answer{}, models.Refuse(models.ErrLater, "slow")
	}
	slow := sale()
	slow.OneOff = true
	h.post(slow.Charge(storetest.New))
	ctx, stop := context.WithCancel(context.Background())
	wake := make(chan struct{})
	ended := make(chan struct{})
	go func() { h.Work(ctx, wake); close(ended) }()
	body := sale().Session(storetest.Old)
	if err := h.Accept(ctx, other.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day), body); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		left, err := h.Store.Events(ctx, other.Tenant, models.EventPending, storetest.FirstPage())
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("another company's event still waits")
		}
	}
	close(release)
	stop()
	<-ended
}

// A customer whose key or id was changed by hand does not make later payments of the old one fail.
func TestAKeyThatIsTakenDoesNotLoseAPayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old))
	h.drain()
	c, err := h.Store.CustomerByStripeID(context.Background(), h.caller.Tenant, "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ChangeCustomer(context.Background(), c, inbox.CustomerChange{StripeID: ptr("cus_9")}, "api", somebody); err != nil {
		t.Fatal(err)
	}
	s.N, s.PaidAt, s.Renewal, s.Email = 2, s.PaidAt.Add(time.Hour), true, "else@example.com"
	h.post(s.Invoice(storetest.Old))
	h.drain()
	if got := h.payments(); len(got) != 2 {
		t.Errorf("%d payments", len(got))
	}
}

// D14: of two sales in one second one is the first.
func TestOfTwoSalesInOneSecondOneIsTheFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.Store.SaveRules(context.Background(), h.caller.Tenant, h.caller.Program, []models.Rule{{Type: "percent", Value: "20", Recurring: "first"}}, "t", storetest.Day.AddDate(-2, 0, 0)); err != nil {
		t.Fatal(err)
	}
	a, b := sale(), sale()
	b.N = 2
	h.post(b.Session(storetest.Old), b.Invoice(storetest.Old), a.Session(storetest.Old), a.Invoice(storetest.Old))
	h.drain()
	var earned int
	for _, c := range h.commissions() {
		if c.Amount.Minor > 0 {
			earned++
		}
	}
	if earned != 1 {
		t.Errorf("%d first sales", earned)
	}
}

// D14, P49: a partner who was paused and came back keeps what was earned before, also when a refund has it decided anew.
func TestAPauseTakesNothingOfWhatWasEarnedBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.post(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old))
	h.drain()
	h.partner.Turn(models.PartnerPaused, storetest.Day.AddDate(0, 0, -1))
	h.partner.Turn(models.PartnerActive, storetest.Day)
	if err := h.Store.SavePartner(context.Background(), h.partner, storetest.Day); err != nil {
		t.Fatal(err)
	}
	h.post(s.Refund(storetest.Old, 5000))
	h.drain()
	if c := h.only(); c.Amount.String() != "10.00 USD" || c.Earned.String() != "20.00 USD" {
		t.Errorf("%s of %s", c.Amount, c.Earned)
	}
}

// MONEY.md 2.4, row Out of band: where money paid outside Stripe does not count, a call for it is told so.
func TestACallForMoneyThatDoesNotCountIsToldSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	program, err := h.Store.Program(context.Background(), h.caller.Company, h.caller.Program)
	if err != nil {
		t.Fatal(err)
	}
	program.CountOutOfBand = false
	if err := h.Store.SaveProgram(context.Background(), program, storetest.Day); err != nil {
		t.Fatal(err)
	}
	s := sale()
	s.Outside = true
	h.post(s.Invoice(storetest.Old))
	h.drain()
	call := inbox.Transaction{Key: "in_1", Amount: "100.00", AmountUnits: "usd", Partner: "PARTNER_A", CustomerKey: "cus_1", CreateCustomer: true}
	for range 2 {
		if _, _, err := h.Transact(context.Background(), h.caller, call); !errors.Is(err, models.ErrConflict) || len(h.payments()) != 0 || len(h.commissions()) != 0 {
			t.Errorf("%v, %d payments", err, len(h.payments()))
		}
	}
}

// B9: a call that counts at once keeps its place and its time on the tape, although Stripe's answer ends it hours later.
func TestATurnKeepsItsTimeWhenTheAnswerComesLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	clock := storetest.Day
	h.Now = func() time.Time { return clock }
	h.silent, h.invoices["pi_1"] = true, "in_1"
	call := inbox.Transaction{Key: "pi_1", Amount: "100.00", AmountUnits: "usd", Partner: "PARTNER_A", CustomerKey: "cus_1", CreateCustomer: true}
	if _, _, err := h.Transact(context.Background(), h.caller, call); err != nil {
		t.Fatal(err)
	}
	h.drain()
	h.silent, clock = false, clock.Add(3*time.Hour)
	h.drain()
	if got := h.only(); got.PaymentKey != "in_1" {
		t.Fatalf("not joined: %s", got.PaymentKey)
	}
	tape, err := h.Store.Tape(context.Background(), h.caller.Company, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, turn := range tape {
		if turn.Kind == "event" && !turn.At.Equal(storetest.Day) || turn.Kind == "again" && !turn.At.Equal(clock) {
			t.Errorf("%s at %s", turn.Kind, turn.At)
		}
	}
}

// D14: a partner created active counts for payments of any date, also for those that another had because nobody had the key:
// what the other earned is taken back, and both see it.
func TestAPartnerWhoComesLateGetsWhatAnotherHadInTheirPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	s.OneOff, s.Named = true, map[string]string{"charge": "LATE"}
	h.hear(s.Session(storetest.Old), s.Charge(storetest.Old))
	if c := h.only(); c.PartnerKey != "PARTNER_A" || c.Amount.String() != "20.00 USD" {
		t.Fatalf("before: %s earns %s", c.PartnerKey, c.Amount)
	}
	late := models.Partner{Tenant: h.caller.Tenant, ID: models.NewID[models.PartnerID](storetest.Day), Key: "LATE", Name: "Late", Currency: "usd", CreatedAt: storetest.Day}
	late.Begin(models.PartnerActive)
	if err := h.AddPartner(context.Background(), late, somebody); err != nil {
		t.Fatal(err)
	}
	earns := map[string]string{}
	for _, c := range h.commissions() {
		earns[c.PartnerKey] = c.Amount.String()
	}
	if p := h.payments()[0]; *p.PartnerKey != "LATE" || earns["LATE"] != "20.00 USD" || earns["PARTNER_A"] != "0.00 USD" {
		t.Errorf("the payment is %s's, and they earn %v", *p.PartnerKey, earns)
	}
}
