package payouts_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/payouts"
	"portal/sandbox"
	"portal/sources"
	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a company with a card and a partner with an account at the sandbox, and 20.00 USD due to the partner.
type house struct {
	*payouts.Payouts
	t       testing.TB
	inbox   *inbox.Inbox
	stripe  *sandbox.Sandbox
	api     string // the sandbox's address
	caller  models.Caller
	partner models.Partner
	at      time.Time
	who     models.Actor
}

func newHouse(t testing.TB) *house {
	t.Helper()
	ctx := context.Background()
	s := storetest.Open(t)
	h := &house{t: t, caller: storetest.Company(t, s), at: storetest.Day, who: models.Actor{Name: "fin@example.com"}}
	now := func() time.Time { return h.at }
	h.stripe = openSandbox(t, now)
	api := httptest.NewServer(h.stripe.API())
	t.Cleanup(api.Close)
	h.api = api.URL
	h.Payouts = &payouts.Payouts{Store: s, Bank: payouts.NewStripe("sk_test_platform_key", api.URL), Mode: models.Test, Now: now, Log: slog.New(slog.DiscardHandler)}
	h.inbox = &inbox.Inbox{Store: s, Now: now, Log: slog.New(slog.DiscardHandler), Ask: nobody}
	country := "US"
	h.partner = storetest.Partner(t, s, h.caller.Tenant, "PARTNER_A", "usd")
	h.partner.Country = &country
	var err error
	if h.partner, err = h.ConnectPartner(ctx, h.partner); err != nil {
		t.Fatalf("connect the partner: %v", err)
	}
	h.onboard(h.partner)
	h.card("pm_card_visa")
	h.sell(1, 10000)
	return h
}

// onboard answers Stripe's questions for a partner, so that they can receive.
func (h *house) onboard(p models.Partner) {
	h.t.Helper()
	if err := h.stripe.Onboard(*p.StripeAccount, sandbox.Complete); err != nil {
		h.t.Fatalf("set up the partner's account: %v", err)
	}
}

func openSandbox(t testing.TB, now func() time.Time) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Open(sandbox.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddAccount(sandbox.Account{ID: "acct_platform", Name: "Portal", SecretKeys: []string{"sk_test_platform_key"}})
	return s
}

func nobody(context.Context, models.Tenant, models.ProgramID, models.SourceName, models.Question) (sources.Answer, error) {
	return sources.Answer{}, models.Refuse(models.ErrLater, "nobody to ask")
}

func (h *house) card(method string) {
	h.t.Helper()
	if _, err := h.SaveCard(context.Background(), h.caller.Tenant, method); err != nil {
		h.t.Fatalf("save a card: %v", err)
	}
}

// sold is the n-th sale, 40 days ago, so that its hold has ended.
func (h *house) sold(n int, gross int64) storetest.Sold {
	return storetest.Sold{N: n, Customer: "cus_1", Email: "ann@example.com", Partner: "PARTNER_A", Gross: gross, Currency: "usd",
		PaidAt: storetest.Day.AddDate(0, 0, -40).Add(time.Duration(n) * time.Minute)}
}

func (h *house) sell(n int, gross int64) {
	h.t.Helper()
	s := h.sold(n, gross)
	h.hear(s.Session(storetest.Old), s.Invoice(storetest.Old))
}

func (h *house) hear(bodies ...[]byte) {
	h.t.Helper()
	ctx := context.Background()
	for _, body := range bodies {
		if err := h.inbox.Accept(ctx, h.caller.Program, models.SourceStripe, storetest.Signed(storetest.Secret, body, h.at), body); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := h.inbox.Drain(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// draw draws up the one invoice there is.
func (h *house) draw() models.Invoice {
	h.t.Helper()
	list, err := h.DrawUp(context.Background(), h.caller.Tenant, h.at, 0, h.who)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("drew up %+v, %v", list, err)
	}
	return list[0]
}

func (h *house) approved() models.Invoice {
	h.t.Helper()
	i, err := h.Approve(context.Background(), h.caller.Tenant, h.draw().ID, h.who)
	if err != nil {
		h.t.Fatalf("approve: %v", err)
	}
	return i
}

func (h *house) again(i models.Invoice) models.Invoice {
	h.t.Helper()
	now, err := h.Store.Invoice(context.Background(), h.caller.Tenant, i.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return now
}

func (h *house) balance() models.Balance {
	h.t.Helper()
	list, err := h.Store.BalancesOf(context.Background(), h.caller.Tenant, h.partner.ID)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("balances %+v, %v", list, err)
	}
	return list[0]
}

func (h *house) moved() int64 { return h.stripe.Moved()[*h.partner.StripeAccount]["usd"] }

// noGaps fails unless the invoices have the numbers from one to n, each once (P29).
func (h *house) noGaps(n int) {
	h.t.Helper()
	var numbers, first, last int
	if err := h.Store.DB().QueryRow(`SELECT count(DISTINCT number), coalesce(min(split_part(number, '-', 3)::int), 0), coalesce(max(split_part(number, '-', 3)::int), 0) FROM invoices`).
		Scan(&numbers, &first, &last); err != nil {
		h.t.Fatal(err)
	}
	if numbers != n || n > 0 && (first != 1 || last != n) {
		h.t.Errorf("%d numbers from %d to %d, want %d without a gap", numbers, first, last, n)
	}
}

func fileOrder(kind models.BankFileKind, again bool, ids []models.InvoiceID) payouts.FileOrder {
	return payouts.FileOrder{Kind: kind, Invoices: ids, Again: again}
}
