package inbox_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/sources"
	"portal/store"
	"portal/store/storetest"
)

// The pitfalls of PITFALLS.md that concern Stripe money coming in and are shown by no other test. Not of this ground:
// P16 (there is no import), P22-P28, P30, P41, P42, P45 (money out, OAuth, sign-up), P32 (there is no second tier).

// P6: a refund takes down what the pages sum up too: the company's revenue, the partner's months and balance.
func TestARefundIsTakenOffEverySum(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old), s.Charge(storetest.Old))
	sums := func(want int64) {
		t.Helper()
		ctx, span := context.Background(), store.Span{From: storetest.Day.AddDate(0, 0, -20), Until: storetest.Day}
		turnover, err := h.Store.Turnovers(ctx, h.caller.Tenant, span)
		if err != nil || len(turnover) != 1 || turnover[0].Revenue != want || turnover[0].Earned != want/5 {
			t.Errorf("turnover %+v, %v", turnover, err)
		}
		months, err := h.Store.EarnedByMonth(ctx, h.caller.Tenant, h.partner.ID, span.From)
		if err != nil || len(months) != 1 || months[0].Minor != want/5 || h.balance().Held.Minor != want/5 {
			t.Errorf("months %+v, %v, balance %+v", months, err, h.balance())
		}
	}
	sums(10000)
	h.hear(s.Refund(storetest.Old, 2500))
	sums(7500)
}

// P9: wherever the machine stops on the way, and whether or not the database had heard by then, the sender is told, or the
// event is carried later: nothing is lost, and nothing counts twice.
func TestAFailureAtAnyStatementLosesNothing(t *testing.T) {
	t.Parallel()
	s := sale()
	s.OneOff = true
	body := s.Session(storetest.Old)
	for _, heard := range []bool{false, true} {
		address := storetest.URL(t)
		proof := storetest.OpenAt(t, address)
		live, wire := storetest.Wired(t, address)
		h := &house{t: t, Inbox: &inbox.Inbox{Store: proof}}
		for n, cut := 1, true; cut; n++ {
			h.caller = storetest.Company(t, proof)
			storetest.Partner(t, proof, h.caller.Tenant, "PARTNER_A", "usd")
			in := &inbox.Inbox{Store: live, Now: func() time.Time { return storetest.Day }, Log: slog.New(slog.DiscardHandler)}
			send := func() error {
				return in.Accept(context.Background(), h.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, storetest.Day), body)
			}
			wire.CutAt(n, heard)
			err := errors.Join(send(), in.Drain(context.Background()))
			if cut = wire.Mend(); err != nil && !cut {
				t.Fatalf("statement %d: not cut, and %v", n, err)
			}
			wire.CutAt(0, false)
			if err := errors.Join(send(), in.Drain(context.Background())); err != nil {
				t.Fatalf("statement %d, then again: %v", n, err)
			}
			if c := h.only(); c.Amount.String() != "20.00 USD" {
				t.Errorf("statement %d, heard %v: %s", n, heard, c.Amount)
			}
		}
	}
}

// P20, D16: a live event never touches the test side, even with the same ids.
func TestLiveAndTestMoneyOfTheSameIDsStayApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := sale()
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
	before := h.state()
	live := store.Integration{Tenant: models.Tenant{Company: h.caller.Company, Mode: models.Live}, Program: h.caller.Program, Source: models.SourceStripe, Status: "connected", WebhookSecret: "whsec_live_secret"}
	if err := h.Store.SaveIntegration(context.Background(), live, storetest.Day); err != nil {
		t.Fatal(err)
	}
	refund := []byte(strings.NewReplacer(`"livemode":false`, `"livemode":true`, `"evt_`, `"evt_live_`).Replace(string(s.Refund(storetest.Old, 10000))))
	if err := h.Accept(context.Background(), h.caller.Program, models.SourceStripe, storetest.Signed("whsec_live_secret", refund, storetest.Day), refund); err != nil {
		t.Fatal(err)
	}
	h.drain()
	if after := h.state(); after != before {
		t.Errorf("a live refund changed the test side:\n%s\n%s", before, after)
	}
}

// P43: while Stripe is asked no transaction is open: the same company's other money is decided meanwhile.
func TestNothingIsLockedWhileStripeIsAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Ask = func(ctx context.Context, _ models.Tenant, _ models.ProgramID, _ models.SourceName, q models.Question) (sources.Answer, error) {
		ctx, end := context.WithTimeout(ctx, 5*time.Second)
		defer end()
		_, _, err := h.Transact(ctx, h.caller, inbox.Transaction{Key: "order-7", Amount: "1", AmountUnits: "usd", Partner: "PARTNER_A", CustomerKey: "ann", CreateCustomer: true})
		return sources.Answer{Intent: q.Intent}, err
	}
	s := sale()
	s.OneOff, s.Named = true, map[string]string{"charge": "PARTNER_A"}
	h.hear(s.Charge(storetest.New))
	h.earns("order-7 PARTNER_A 0.20, pi_1 PARTNER_A 20.00")
}

// P44, P47: what names no program is refused, not answered and thrown away; what is not signed is nobody's.
func TestAnEventOfNobodyIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := sale().Session(storetest.Old)
	good := storetest.Signed(storetest.Secret, body, storetest.Day)
	if err := h.Accept(context.Background(), models.NewID[models.ProgramID](storetest.Day), models.SourceStripe, good, body); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("of an unknown program: %v", err)
	}
	if err := h.Accept(context.Background(), h.caller.Program, models.SourceStripe, nil, body); !errors.Is(err, models.ErrInvalid) {
		t.Errorf("unsigned: %v", err)
	}
	if events, err := h.Store.Events(context.Background(), h.caller.Tenant, "", storetest.FirstPage()); err != nil || len(events) != 0 {
		t.Errorf("%d events were kept, %v", len(events), err)
	}
}
